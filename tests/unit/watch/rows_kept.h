/*
 * A journal for tests of watching: rows by number in memory, each replaced by the next of its
 * number, as journal_watch_keep() does.
 */
#ifndef MF_ROWS_KEPT_H
#define MF_ROWS_KEPT_H

#include "watch/memory.h"

#define ROWS_KEPT_MAX 256

struct rows_kept {
    struct watch_identity_record identities[ROWS_KEPT_MAX]; /* number - 1; is_free: none */
    struct watch_problem_record problems[ROWS_KEPT_MAX];
    char texts[ROWS_KEPT_MAX][5][80];
    uint32_t identities_len, problems_len;
    uint64_t writes; /* rows kept so far */
};

/* The rows of *m that have changed; the caller calls watch_kept(). False: out of memory. */
bool rows_keep(struct rows_kept *to, struct watch_memory *m);
/* A memory as another process would open it; NULL: out of memory. */
struct watch_memory *rows_open(const struct rows_kept *from, const struct watch_policy *policy);

#endif
