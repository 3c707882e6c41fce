/*
 * SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012), for every hash
 * table whose keys others choose: names of a manifest or a plan, what SES and DNS say. Who does not
 * know the key of a table cannot choose names that meet in one place of it. The rounds, one for a
 * word and three at the end, are those that Rust and CPython give their tables. For no other
 * purpose.
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
 * program (AT_RANDOM, getauxval(3)). The same at each call, and another in each process, so nothing
 * that is printed, kept or sent may depend on it. */
struct siphash_key siphash_key_of_process(void);
/* Of a run: for tables whose collisions can be seen from outside, and must be the same when the run
 * is repeated from its seed. As secret as the seed. */
struct siphash_key siphash_key_of_seed(uint64_t seed);

uint64_t siphash(struct siphash_key key, const void *bytes, size_t len);
uint64_t siphash_pair(struct siphash_key key, uint64_t a, uint64_t b);

#endif
