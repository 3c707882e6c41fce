/*
 * How much of a text needs no second look before it is written: as a rule all of it, and a large
 * report has a gigabyte of it. So eight bytes are looked at at a time.
 */
#ifndef MF_PLAIN_H
#define MF_PLAIN_H

#include "text.h"

#define PLAIN_EACH(byte) (0x0101010101010101u * (unsigned char)(byte))

/* Are all eight printable ASCII and none of the three? Each term has the highest bit of a byte set
 * where that byte is a character to be found, and else only in bytes above such a one. */
static inline bool plain_is_word(uint64_t word, char a, char b, char c)
{
    const uint64_t one = PLAIN_EACH(1);
    uint64_t found = word | (word - PLAIN_EACH(' ')) | (word + one); /* beyond ASCII, below, DEL */
    found |= (word ^ PLAIN_EACH(a)) - one;
    found |= (word ^ PLAIN_EACH(b)) - one;
    found |= (word ^ PLAIN_EACH(c)) - one;
    return !(found & PLAIN_EACH(0x80));
}

/* How many bytes t begins with that are printable ASCII and none of the three. */
static inline size_t plain_len(struct text t, char a, char b, char c)
{
    size_t len = 0;
    for (uint64_t word; len + sizeof word <= t.len; len += sizeof word) {
        memcpy(&word, t.at + len, sizeof word);
        if (!plain_is_word(word, a, b, c))
            break;
    }
    while (len < t.len && t.at[len] >= ' ' && t.at[len] <= '~' && t.at[len] != a &&
           t.at[len] != b && t.at[len] != c)
        len++;
    return len;
}

/* plain_len(t, ...) == t.len; the last bytes are looked at in a word, too. */
static inline bool plain_is(struct text t, char a, char b, char c)
{
    uint64_t word;
    uint32_t first, last;
    if (t.len < sizeof first)
        return plain_len(t, a, b, c) == t.len;
    if (t.len < sizeof word) {
        memcpy(&first, t.at, sizeof first);
        memcpy(&last, t.at + t.len - sizeof last, sizeof last);
        return plain_is_word((uint64_t)first << 32 | last, a, b, c);
    }
    for (size_t at = 0; at + sizeof word < t.len; at += sizeof word) {
        memcpy(&word, t.at + at, sizeof word);
        if (!plain_is_word(word, a, b, c))
            return false;
    }
    memcpy(&word, t.at + t.len - sizeof word, sizeof word);
    return plain_is_word(word, a, b, c);
}

#endif
