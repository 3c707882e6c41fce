/*
 * The runs of a journal that have not ended: stopped, cut off, or under way in another process.
 * Only one run at a time may change an identity, so a new run looks at what the others still have
 * open.
 */
#ifndef MF_UNFINISHED_H
#define MF_UNFINISHED_H

#include "run.h"

#define COMMON_TOLD 3 /* names in a sentence */

struct unfinished_run {
    uint64_t id;
    enum run_verb verb;
    enum run_state state;
    instant_us started;
    struct text options;        /* of its head; in the arena */
    uint32_t jobs, open;        /* identities, or names of a publishing: all, and those without an
                                   outcome */
    uint32_t common;            /* of the open ones, in the given fleet too */
    uint32_t rows[COMMON_TOLD]; /* the first of these, as rows of the given fleet */
};

struct unfinished {
    struct unfinished_run *at; /* the oldest first; in the arena */
    uint32_t len;
};

/* "identity", "identities", or "name", "names": what the run is about. */
const char *unfinished_noun(const struct unfinished_run *run, uint32_t count);
/* fleet: what a new run is about; NULL: none. An identity is common when account, Region and name
 * are: the account by its number, or by its name in the manifest where STS tells none. Lanes whose
 * callers nobody has asked for yet, and whose manifest demands no account, have none in common. */
enum err run_unfinished(struct journal *journal, const struct fleet *fleet, struct arena *arena,
                        struct unfinished *out, struct why *why);
/* The same of some rows of the fleet: those that are wanted, one for each; NULL: all. */
enum err run_unfinished_of(struct journal *journal, const struct fleet *fleet, const bool *wanted,
                           struct arena *arena, struct unfinished *out, struct why *why);

/* The run that a person means who names none: the one that a process carries out now, otherwise the
 * newest (0). */
enum err run_meant(struct journal *journal, uint64_t *id, struct why *why);

#endif
