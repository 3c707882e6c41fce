/*
 * Hashes for tables, for jitter and for digests of a run. Not for secrets.
 */
#ifndef MF_HASH_H
#define MF_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *bytes, size_t len);
/* Mixes value into hash; order matters. Start from any seed. */
uint64_t hash_mix(uint64_t hash, uint64_t value);

/* Jitter: a number in [0, 1) made from (seed, job, attempt) alone, so neither replay nor the number
 * of carriers can change the result. */
double hash_unit(uint64_t seed, uint64_t job, uint64_t attempt);

#endif
