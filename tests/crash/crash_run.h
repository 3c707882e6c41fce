/*
 * A crash run: the engine in the simulated world with a real journal as its keeper, begun, cut
 * short and resumed as the program does it. It remembers what the journal has acknowledged and
 * which writes have left, so that a journal that is opened again can be held to its word.
 */
#ifndef MF_CRASH_RUN_H
#define MF_CRASH_RUN_H

#include "engine.h"
#include "journal/journal.h"
#include "scene.h"
#include "scheduler/scheduler.h"

struct crash_run_row {
    enum outcome outcome;
    enum behavior behavior_seen;
    struct text mail_from_seen; /* in the crash run's arena */
    struct text mail_from_before;
    bool is_final, before_known;
};

struct crash_run {
    struct scene scene;
    struct world *world;
    struct journal *journal; /* NULL: not open */
    struct run_head head;    /* id 0: no run was acknowledged yet */
    struct arena arena;
    uint64_t kept, kept_digest; /* records that keep() acknowledged, and a chain over them */
    uint32_t keeping;           /* records of the keep that has not returned; 0: none */
    uint32_t *sent;             /* per job: writes handed to the world */
    void (*in_world)(bool in);  /* told when the world is at work and when the engine; or NULL */
    /* Opens the journal for writing; NULL: in the file that is named. */
    enum err (*open)(void *ctx, struct journal **out, struct why *why);
    void *open_ctx;
    struct text *sent_last; /* per job: the MAIL FROM of the newest one; in arena */
};

/* A world without faults and a mixed fleet drawn from the seed. False: out of memory. */
bool crash_run_make(struct crash_run *v, uint64_t seed, uint32_t jobs);
void crash_run_clear(struct crash_run *v); /* closes the journal too */

/* Opens the journal and begins the run, or goes on with the one that is there; runs the engine to
 * its end; closes the journal. The first error comes back; the journal is then closed as well. */
enum err crash_run_go(struct crash_run *v, const char *file, struct why *why);

/* Opens the journal and holds it to what was acknowledged and sent. NULL: it kept its word; else
 * one sentence, which may be that of *why. */
const char *crash_run_audit(struct crash_run *v, const char *file, struct why *why);

/* The last row of every job, from the journal; rows has room for all. */
enum err crash_run_rows(struct crash_run *v, const char *file, struct crash_run_row *rows,
                        struct why *why);

/* Do both ends agree? A job whose write was cut off may be "done" where it was "unchanged". */
bool crash_run_same(const struct crash_run_row *a, const struct crash_run_row *b);

#endif
