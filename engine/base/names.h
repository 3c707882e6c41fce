/*
 * Interned names: every distinct text once, known by a number. A fleet of a million identities
 * repeats its domains, accounts and MAIL FROM names; interned, most of the fleet's memory is here.
 *
 * Only the deciding thread writes. The bytes never move, so other threads may read a text handed to
 * them for as long as the table lives.
 */
#ifndef MF_NAMES_H
#define MF_NAMES_H

#include "arena.h"
#include "siphash.h"

typedef uint32_t name_id;
#define NAME_NONE 0u /* the empty name */

struct names {
    struct arena bytes;
    const char **at; /* id -> bytes; a length stands before the bytes */
    uint64_t *slots; /* open addressing: half a hash and the id, or 0; see names.c */
    uint32_t len, cap, slots_len;
    struct siphash_key key; /* of the process; the order of the ids does not depend on the key */
};

bool names_init(struct names *n, size_t limit_bytes);
void names_clear(struct names *n);
/* Makes room for so many more names at once, and for few others: a table that doubles on its way
 * there is written anew at each step, and both lie in memory. False: out of memory. */
bool names_reserve(struct names *n, uint32_t more);
/* The id of t, new or known. The empty text is NAME_NONE. False: out of memory or of bounds
 * (NAME_LEN_MAX); *id is then NAME_NONE. */
bool names_add(struct names *n, struct text t, name_id *id);
/* names_add() in two halves, for millions of names: a large table misses the caches nearly every
 * time, and a slot prefetched some names ahead is in the cache in time. hash is names_hash(n,
 * t). */
uint32_t names_hash(const struct names *n, struct text t);
void names_prefetch(const struct names *n, uint32_t hash);
bool names_add_hashed(struct names *n, struct text t, uint32_t hash, name_id *id);
/* Keeps bytes without an id for as long as the table lives. names_adopt() gives the bytes an id
 * later and copies nothing. NULL: out of memory or of bounds, or t is empty. */
const char *names_stow(struct names *n, struct text t);
struct text names_stowed(const char *stowed);
bool names_adopt(struct names *n, const char *stowed, uint32_t hash, name_id *id);

name_id names_find(const struct names *n, struct text t);  /* NAME_NONE when absent */
struct text names_text(const struct names *n, name_id id); /* NUL-terminated too */

#endif
