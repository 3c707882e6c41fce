/* The rounds of SipHash, and the key of the process, given by the kernel at its start. */
#include "siphash.h"

#include <assert.h>
#include <endian.h>
#include <string.h>
#include <sys/auxv.h>

#define ROUNDS_EACH 1
#define ROUNDS_LAST 3

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static void rounds(uint64_t v[4], int count)
{
    for (int i = 0; i < count; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

static void word_take(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    rounds(v, ROUNDS_EACH);
    v[0] ^= word;
}

/* len is at most 8; missing bytes count as zeros. */
static uint64_t word_read(const unsigned char *p, size_t len)
{
    uint64_t word = 0;
    memcpy(&word, p, len);
    return le64toh(word);
}

uint64_t siphash(struct siphash_key key, const void *bytes, size_t len)
{
    uint64_t v[4] = {key.words[0] ^ 0x736f6d6570736575u, key.words[1] ^ 0x646f72616e646f6du,
                     key.words[0] ^ 0x6c7967656e657261u, key.words[1] ^ 0x7465646279746573u};
    const unsigned char *p = bytes, *end = p + len / 8 * 8;
    for (; p < end; p += 8)
        word_take(v, word_read(p, 8));
    uint64_t tail = len % 8 ? word_read(p, len % 8) : 0;
    word_take(v, (uint64_t)len << 56 | tail);
    v[2] ^= 0xff;
    rounds(v, ROUNDS_LAST);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t siphash_pair(struct siphash_key key, uint64_t a, uint64_t b)
{
    uint64_t words[2] = {htole64(a), htole64(b)};
    return siphash(key, words, sizeof words);
}

/* The stack protector uses the bytes too, so the key is a hash of the bytes. */
struct siphash_key siphash_key_of_process(void)
{
    struct siphash_key bytes;
    const void *random = (const void *)getauxval(AT_RANDOM); /* Linux gives it since 2.6.29 */
    assert(random);
    memcpy(&bytes, random, sizeof bytes);
    return (struct siphash_key){{siphash_pair(bytes, 0, 0), siphash_pair(bytes, 0, 1)}};
}

struct siphash_key siphash_key_of_seed(uint64_t seed)
{
    return (struct siphash_key){{seed, ~seed}};
}
