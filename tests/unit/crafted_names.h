/*
 * Names and pairs that meet under the hashes without a key (hash_bytes, hash_mix): all belong into
 * the first CRAFTED_HOMES places of a table of CRAFTED_PLACES, so one that many of them were put
 * into would have a single run of full places as long as there are of them. And what tells such a
 * table from a good one: the longest run.
 */
#ifndef MF_CRAFTED_NAMES_H
#define MF_CRAFTED_NAMES_H

#include "base/hash.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define CRAFTED_PLACES 65536u /* of a table for CRAFTED_MANY */
#define CRAFTED_HOMES  2048u
#define CRAFTED_MANY   20000u
#define CRAFTED_NAME   "aaaaaa.example"
/* Random names fill at most 55 places in a row (60 tables of 65,536 places, half full). */
#define CRAFTED_RUN_MAX 200u

static inline bool is_crafted(uint64_t hash)
{
    return (hash & (CRAFTED_PLACES - 1)) < CRAFTED_HOMES;
}

/* name begins as CRAFTED_NAME; it becomes the next one that is crafted, or the next at all. */
static inline struct text crafted_next(char name[sizeof CRAFTED_NAME], bool crafted)
{
    size_t len = strlen(name);
    do {
        char *c = name;
        while (*c == 'z')
            *c++ = 'a';
        (*c)++;
    } while (crafted && !is_crafted(hash_bytes(name, len)));
    return (struct text){name, len};
}

#endif
