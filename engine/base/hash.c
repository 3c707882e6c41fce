/* Bytes and numbers by the mixing of hash.h. */
#include "hash.h"

#include <string.h>

uint64_t hash_bytes(const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    uint64_t hash = len * 0x9e3779b97f4a7c15u, word;
    for (; len >= sizeof word; p += sizeof word, len -= sizeof word) {
        memcpy(&word, p, sizeof word);
        hash = hash_avalanche(hash ^ word) + 0x9e3779b97f4a7c15u;
    }
    word = 0;
    if (len)
        memcpy(&word, p, len);
    return hash_avalanche(hash ^ word);
}

double hash_unit(uint64_t seed, uint64_t job, uint64_t attempt)
{
    return (double)(hash_mix(hash_mix(seed, job), attempt) >> 11) * 0x1.0p-53;
}
