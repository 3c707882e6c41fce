/*
 * SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012), for every hash
 * table with keys from outside: names of a manifest, a plan, SES or DNS. Without the key of a
 * table, an attacker cannot choose colliding names. The rounds, one for a word and three at the
 * end, are those of the tables in Rust and CPython. For no other purpose.
 *
 * OpenSSL has SipHash too, as EVP_MAC: 44 ns for a name of 28 bytes against 16 ns here, a handle
 * that can fail for every table, and none at all with its FIPS provider. The tests compare the two.
 *
 * Pure; any thread.
 */
#ifndef MF_SIPHASH_H
#define MF_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
    uint64_t words[2];
};

/* Of this process: made from the 16 random bytes that the kernel lays beside the arguments of each
 * program (AT_RANDOM, getauxval(3)). Constant in a process and different in each, so no printed,
 * kept or sent byte may depend on the key. */
struct siphash_key siphash_key_of_process(void);
/* Of a run: for tables with collisions visible from outside, so a run repeated from its seed
 * repeats the collisions. As secret as the seed. */
struct siphash_key siphash_key_of_seed(uint64_t seed);

uint64_t siphash(struct siphash_key key, const void *bytes, size_t len);
uint64_t siphash_pair(struct siphash_key key, uint64_t a, uint64_t b);

#endif
