/*
 * A copy of what a run has kept: the newest row of each job, its findings, every move in short, and
 * the newest record of each target. A live page is made of it while the run goes on, without the
 * journal.
 *
 * One thread makes live_kept of records, another takes them over. Neither waits for the other
 * longer than it takes to hand over a pointer; a lock is the caller's.
 */
#ifndef MF_LIVE_COPY_H
#define MF_LIVE_COPY_H

#include "model/publish_record.h"
#include "report.h"

/* A record with its texts, in memory of its own. A list by next. */
struct live_kept {
    struct live_kept *next;
    struct finding_note *notes; /* owned; of record.row.notes */
    struct record record;
    struct publish_record publish; /* RECORD_PUBLISH */
};

/* A move in short: what history.h and waiting.h look at. */
struct live_move {
    instant_us at;
    uint32_t job;
    uint8_t kind, from, state, outcome;
};

struct live_copy {
    uint32_t jobs, targets;
    struct live_kept **rows;      /* by job; NULL: no record. Owned */
    struct live_kept **published; /* by target. Owned */
    struct live_move *moves;      /* in the order of keeping. Owned */
    size_t moves_len, moves_cap;
    instant_us last; /* of the newest record; 0: none */
    bool failed;     /* out of memory: moves or rows are missing */
};

/* NULL: out of memory. To be freed with live_kept_free() or taken over by live_copy_take(). */
struct live_kept *live_kept_new(const struct record *r);
void live_kept_free(struct live_kept *kept); /* the whole list; NULL is fine */

/* False: out of memory. live_copy_clear() in every case. */
bool live_copy_init(struct live_copy *c, uint32_t jobs, uint32_t targets);
void live_copy_clear(struct live_copy *c);
/* Takes the list over, in its order. Records of other jobs and targets, and notes of lanes, are
 * dropped. */
void live_copy_take(struct live_copy *c, struct live_kept *kept);
/* All rows and moves of another source, into a copy that is fresh. ERR_NOMEM, or that of the
 * source. */
enum err live_copy_read(struct live_copy *c, const struct report_source *source, struct why *why);

/* c is borrowed. */
struct report_source live_copy_source(struct live_copy *c);
/* The newest record of each target that has one. */
enum err live_copy_published(void *copy, bool (*fn)(void *ctx, const struct publish_record *r),
                             void *ctx, struct why *why);

#endif
