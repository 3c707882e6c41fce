/*
 * The watcher stands between the engine and the world and holds both to their word after every
 * turn. What it finds is one sentence; the first one ends the run.
 *
 *   moves only along the table            at most one effect in flight per job
 *   calls of any second within the rate   no effect that was not kept
 *   nothing outside the manifest          done only after SES said Success
 *   counts that are what the jobs say     REJECT_MESSAGE only after Success
 *   no wave before the last is final      no first write once too many have failed
 *   at the end, SES holds what was wanted a look between a lost answer and the next write
 *   nobody waits beyond the deadline      nothing is sent once the journal has failed
 *   a look within the minute before       the value before is the one of that look
 *   what another operator has set stays   REJECT_MESSAGE only while the MX is there
 *   one of a lane is tightened first      a wave and a budget outlive the process
 *   what rejects mail waits for no DNS    a lane that has worked is never closed
 *   a paused run writes nothing           an order is kept once, or has changed nothing
 */
#ifndef MF_WATCHER_H
#define MF_WATCHER_H

#include "engine.h"
#include "order_watch.h"
#include "scene.h"
#include "scheduler/scheduler.h"

#define TURNS_KEPT 40

struct kept_row {
    struct record last; /* texts in the watcher's arena */
    bool known;
    bool intent_open;   /* an intent was kept and its write may be sent */
    uint8_t in_flight;  /* writes on their way */
    uint8_t cleared_at; /* restarts, when this process cleared to set anew; 0: it has not */
    bool must_read;     /* what SES holds is not known: an answer was lost, or a process died */
    bool said_success;  /* SES said Success for the wanted name, in an answer */
    bool started;       /* as waves count */
    bool reopened;      /* it was final, and is to begin again */
    instant_us kept_at; /* when the last record was durable */
    instant_us deadline_before; /* of the record before the last */
    bool planned;             /* its last record is a plan's, and the run is to go on from there */
    instant_us first_read_at; /* that this run remembers; 0: none */
    instant_us read_at;       /* the last one was sent then */
    struct text read_mail_from; /* and showed this; in the watcher's arena */
    enum behavior read_behavior;
};

/* The first identities of a lane that were tightened. */
struct tightened_seen {
    uint32_t written; /* REJECT_MESSAGE was sent so often */
    uint32_t first;   /* job */
    instant_us first_at;
    bool first_settled;      /* SES said Success long enough after that */
    instant_us fell_back_at; /* when that was heard */
    bool fell_back;          /* SES was seen to leave Success: nobody is tightened any more */
};

/* The waves of a run, worked out from its records alone. */
struct waves_seen {
    uint32_t index, started; /* of the wave that runs */
    uint32_t open;           /* written and not final, from earlier lives too */
    uint32_t expired;        /* of the wave that runs */
    uint32_t failed;         /* and not to begin again */
};

/* A record, as far as it is shown to somebody who wants to know how it came to a complaint. */
struct told {
    instant_us at;
    uint32_t job;
    enum job_state from, to;
    enum outcome outcome;
    bool is_intent;
};

/* Has SES answered a lane well in this run? What comes in a turn counts from the next one on. */
struct lane_seen {
    bool works, worked, closed;
};

struct watcher {
    const struct scene *scene;
    struct world *world;
    const struct scheduler *scheduler; /* of the life that is watched now */
    struct io inner;
    struct arena arena;
    struct kept_row *rows;
    struct orders orders;
    instant_us *sent_at; /* per lane and kind: the last one, and never before a change of pace */
    instant_us *sends;   /* per lane and kind: a ring of the last `rate` instants */
    uint32_t *sends_len;
    struct waves_seen waves;
    struct tightened_seen *tightened; /* per lane */
    struct lane_seen *lanes;
    uint32_t done_before; /* final when this life began */
    instant_us turn_at;   /* of the last turn, and how many there were at that instant */
    uint64_t turns_at;
    uint64_t digest; /* over all records */
    uint64_t turns, records, writes;
    span_us leaves_within; /* of the decision: a process may freeze, and a commit takes its time */
    span_us heard_within;  /* that too many have failed, by every process that carries the run */
    instant_us over_at;    /* when that was kept; 0: it was not */
    bool is_held_up;       /* processes die and freeze for minutes: a deadline may pass meanwhile */
    bool keeps_reopened;   /* a row that begins again has a record of it */
    uint64_t late;         /* rows that ended badly for that */
    uint64_t crash_at;     /* turn; 0: never */
    bool crash_keeps;      /* the crash comes after the turn's records are durable */
    bool crashed;
    char complaint[256];                /* empty: nothing found */
    struct told turns_told[TURNS_KEPT]; /* a ring of the last records */
};

bool watcher_init(struct watcher *w, const struct scene *scene, struct world *world);
void watcher_clear(struct watcher *w);
struct io watcher_io(struct watcher *w);
void watcher_turn(void *ctx, instant_us now); /* for engine_watch */
/* Another process goes on, after a crash or a pause: what was in flight is forgotten. */
void watcher_resume(struct watcher *w, bool reopens);
/* What was watched so far was a plan: its verdicts stay, its changes are still to be made. */
void watcher_planned(struct watcher *w);
/* Does the next process begin this row again? */
bool watcher_reopens(const struct watcher *w, uint32_t row, bool reopens);
/* More have failed than the manifest allows. */
bool watcher_is_over_budget(const struct watcher *w);
/* A process has ended of its own accord. pause: the reason that it gave, or NULL. True: another one
 * is to go on. */
bool watcher_paused(struct watcher *w, const struct scheduler *scheduler, const char *pause);
/* For who drives several processes that share a run: what each does, in the order in which it takes
 * effect. A record is durable; a write is sent; an answer is heard, by the world's clock; a lane
 * passes from one process to another. */
void watcher_keeps(struct watcher *w, const struct record *r);
void watcher_writes(struct watcher *w, const struct call *call);
void watcher_listens(struct watcher *w, const struct call *call);
void watcher_lane_passes(struct watcher *w, uint16_t lane);
void watcher_complain(struct watcher *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* It ended badly, after a deadline that passed while nobody could look. */
bool watcher_was_late(const struct watcher *w, uint32_t job);
/* After the end: does every job stand where its part must end? */
void watcher_end(struct watcher *w);

#endif
