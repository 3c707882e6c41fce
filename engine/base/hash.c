/* Mixing by the finalizer of splitmix64. */
#include "hash.h"

#include <string.h>

/* The finalizer of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit.
 */
static uint64_t avalanche(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t hash_mix(uint64_t hash, uint64_t value)
{
    return avalanche(hash + 0x9e3779b97f4a7c15u + avalanche(value));
}

uint64_t hash_bytes(const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    uint64_t hash = len * 0x9e3779b97f4a7c15u, word;
    for (; len >= sizeof word; p += sizeof word, len -= sizeof word) {
        memcpy(&word, p, sizeof word);
        hash = avalanche(hash ^ word) + 0x9e3779b97f4a7c15u;
    }
    word = 0;
    if (len)
        memcpy(&word, p, len);
    return avalanche(hash ^ word);
}

double hash_unit(uint64_t seed, uint64_t job, uint64_t attempt)
{
    return (double)(hash_mix(hash_mix(seed, job), attempt) >> 11) * 0x1.0p-53;
}
