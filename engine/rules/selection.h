/*
 * The part of a fleet that a verb is about: --only, --exclude, --account, --region and --limit.
 * Values of one option are alternatives, options narrow each other: an identity is meant when one
 * of its --only patterns, one --account and one --region fit (an option that is not given fits
 * all) and no --exclude does. Pure, and the same for every verb.
 *
 * Patterns are globs (glob(7)) over the whole name; "*" takes dots too, capitals do not count. A
 * name fits by its A-labels or by its U-labels. An account fits by its name in the manifest or by
 * its twelve digits; "all" is every account or Region.
 */
#ifndef MF_SELECTION_H
#define MF_SELECTION_H

#include "base/arena.h"
#include "base/bounds.h"
#include "base/buf.h"
#include "model/fleet.h"

enum selection_kind {
    SELECT_ONLY,
    SELECT_EXCLUDE,
    SELECT_ACCOUNT,
    SELECT_REGION,
    SELECTION_KINDS,
};
const char *selection_option(enum selection_kind kind); /* "only" */

struct selection_value {
    enum selection_kind kind;
    const char *given;   /* as the user wrote the value */
    const char *pattern; /* the same with A-labels; NULL before selection_settle() */
};

struct selection {
    struct selection_value values[SELECTION_VALUES_MAX];
    uint32_t len;
    uint32_t limit; /* 0: none */
};

/* Adds a value, or the values of "a,b" for accounts and Regions; *given is borrowed for the life of
 * the selection, as parts of it. False: too many values, or an empty one. */
bool selection_add(struct selection *s, enum selection_kind kind, const char *given);
/* Once, after the last value: splits lists, and gives patterns their A-labels. False: out of
 * memory. */
bool selection_settle(struct selection *s, struct arena *arena);
bool selection_has(const struct selection *s, enum selection_kind kind);
/* Was "all" given? */
bool selection_is_every(const struct selection *s, enum selection_kind kind);
/* Does it choose among rows, by anything but a limit? */
bool selection_chooses(const struct selection *s);

/* Does the one account or Region fit the lane? */
bool selection_lane_fits(const struct selection_value *v, const struct fleet *f, uint32_t lane);
/* Is the account of the lane meant by --account? */
bool selection_takes_account(const struct selection *s, const struct fleet *f, uint32_t lane);

struct selection_found {
    uint32_t rows, kept;                 /* before, and after */
    uint32_t hits[SELECTION_VALUES_MAX]; /* of each value: rows that it fits */
};

/* Is the name meant by --only and --exclude? name: NUL-terminated. found: counts the hits; NULL:
 * nobody wants to know. */
bool selection_takes_name(const struct selection *s, const char *name,
                          struct selection_found *found);

/* keep[row] says whether the row of the fleet is meant. limit: at most so many, the first ones; 0:
 * all. */
void selection_mark(const struct selection *s, const struct fleet *f, uint32_t limit, bool *keep,
                    struct selection_found *found);

/* Appends the words of the command line again: "--only '*.example.com' --limit 10". The words are
 * for people: they are quoted, but not for a shell. */
void selection_write(const struct selection *s, struct buf *out);

#endif
