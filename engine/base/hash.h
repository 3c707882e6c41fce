/*
 * Hashes for tables, for jitter and for digests of a run. Not for secrets.
 */
#ifndef MF_HASH_H
#define MF_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The finalizer of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit.
 */
static inline uint64_t hash_avalanche(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t hash_bytes(const void *bytes, size_t len);

/* Mixes value into hash; order matters. Start from any seed. Inlined: some twenty of these make the
 * digest of a record. */
static inline uint64_t hash_mix(uint64_t hash, uint64_t value)
{
    return hash_avalanche(hash + 0x9e3779b97f4a7c15u + hash_avalanche(value));
}

/* Jitter: a number in [0, 1) made from (seed, job, attempt) alone, so neither replay nor the number
 * of carriers can change the result. */
double hash_unit(uint64_t seed, uint64_t job, uint64_t attempt);

#endif
