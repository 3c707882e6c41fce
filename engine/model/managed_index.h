/*
 * The MAIL FROM settings that infrastructure code manages, by identity, to be asked for each row of
 * a fleet. Made before a run; read-only until its end. Owns copies of what it is given.
 */
#ifndef MF_MANAGED_INDEX_H
#define MF_MANAGED_INDEX_H

#include "base/bounds.h"
#include "ses.h"

struct managed_index;

struct managed_index *managed_index_new(void);        /* NULL: out of memory */
void managed_index_free(struct managed_index *index); /* NULL is fine */

/* A resource that sets the MAIL FROM of an identity. */
struct managed_resource {
    struct text identity;
    struct text account, region; /* empty: not known; it is taken to be any */
    struct text mail_from;       /* empty: the default */
    enum behavior behavior;
    struct text address; /* as its tool prints it */
    struct text file;    /* that it was found in, for people */
};

/* False: out of memory. */
bool managed_index_add(struct managed_index *index, const struct managed_resource *resource);
/* What is asked for. account: twelve digits, or empty where it is not known, which fits any. */
struct managed_question {
    struct text identity, account, region;
    struct text mail_from; /* that is wanted; empty: the default */
    enum behavior behavior;
};
/* One that names account and Region goes before one that does not; of those alike, one that sets
 * what is not wanted. Borrowed from the index; NULL: none. index may be NULL. */
const struct managed_resource *managed_index_find(const struct managed_index *index,
                                                  const struct managed_question *asked);
/* Does the resource set what is wanted? */
bool managed_sets(const struct managed_resource *resource, struct text mail_from,
                  enum behavior behavior);

/* An identity in lower case, but for the local part of an address: to be compared. In out, cut to
 * NAME_LEN_MAX. */
struct text managed_identity(struct text identity, char out[NAME_LEN_MAX]);

#endif
