/*
 * Leases: who carries which lane of which run, in a journal that several workers share.
 *
 * A lane of SES (account number and Region) has one lease for all runs, since SES counts the calls
 * of an account and Region, whoever makes them. The oldest open run that has the lane is carried
 * first; a later run's lane waits for it. A run that publishes has one lease of its own, for the
 * whole run. A lease has a holder, an epoch that grows by one with each new holder, and an end by
 * the database's clock.
 *
 * What fences a write is not the lease that a worker believes in: it is the epoch inside the INSERT
 * of the intent (journal_fence()). The rest spares useless work.
 *
 * Each function is one transaction of its own and takes at most the store's limit of time.
 * ERR_AWAY: the database cannot be reached, and it is not known whether anything was done; each
 * function may then be called again. All of one journal's functions are called by one thread at a
 * time. Only a journal with journal_is_shared().
 *
 * Source of the rules: River's leader election (terms, trust counted from before the call), the
 * PostgreSQL manual, chapter 13.
 */
#ifndef MF_LEASES_H
#define MF_LEASES_H

#include "calls/call.h"
#include "journal.h"
#include "scheduler/waves.h"

#define WORKER_NAME_MAX 64
#define TEAM_LEN_MAX    64         /* a name of PostgreSQL and its NUL */
#define LEASE_RUN       UINT16_MAX /* instead of a lane: the whole run, which publishes */
#define LEASE_ACTIONS   CALL_ASK   /* actions of SES: the kinds before it */

/* A process that carries lanes. */
struct worker_self {
    const char *name; /* for people; two workers may have the same */
    const char *host;
    uint32_t pid;
    struct text version;
};

/* A lane of a run that a worker holds. */
struct lease {
    uint64_t run;
    uint16_t lane; /* row of fleet.lanes, or LEASE_RUN */
    uint64_t epoch;
};

struct lease_terms {
    span_us ttl;          /* of a claim or a renewal, from now on by the database's clock */
    span_us call_timeout; /* of this worker's calls: whoever takes over waits so long ... */
    span_us margin;       /* ... and this, where the holder did not resign */
};

/* What a lane is like when it is claimed. */
struct lease_claim {
    struct lease lease;
    span_us quiet; /* from now on: until then a call of the holder before may still arrive, so SES
                      is neither read nor written */
    uint32_t granted; /* starts granted to the lane in the running wave, used and unused */
    uint32_t wave;    /* its index: once another one runs, all of them were used */
    span_us next_call[LEASE_ACTIONS]; /* from now on; 0: at once */
    double rate_per_s[LEASE_ACTIONS]; /* learned by the holder before; 0: not known */
};

/* How a lane is left. */
enum lease_rest {
    LEASE_OPEN,    /* another worker may go on at once */
    LEASE_ENDED,   /* every identity of it is final */
    LEASE_STOPPED, /* paused by its waves, stopped or left: `resume` opens it again */
};
struct lease_left {
    enum lease_rest rest;
    span_us next_call[LEASE_ACTIONS]; /* from now on */
    double rate_per_s[LEASE_ACTIONS];
};

/* A run as all its workers see it. */
struct shared_run {
    enum run_state state;
    bool is_paused;     /* by a person, */
    struct order pause; /* by this order */
    bool stops;         /* a person has stopped it: its workers drain */
    double rate_per_s;  /* the newest pace that a person gave; 0: none */
    bool has_waves; /* starts are granted (leases_starts); otherwise the next is as it was begun */
    struct waves waves;
    uint32_t lanes, lanes_open, lanes_ended; /* by enum lease_rest; the others are stopped */
    uint32_t lanes_held;
};

/* A lane of a run, for people and for who looks for work. */
struct lease_view {
    uint64_t run;
    uint16_t lane;
    struct lane_name name; /* borrowed for the callback; of LEASE_RUN: empty */
    enum lease_rest rest;
    bool may_carry;     /* this role of the database may (row-level security, table carrier) */
    uint64_t waits_for; /* an earlier open run has the lane, or the run itself by an earlier row of
                           fleet.lanes; 0: none */
    /* The holder; worker 0: nobody. */
    uint64_t worker;
    struct text worker_name, worker_host; /* borrowed */
    uint32_t worker_pid;
    span_us held_for; /* since it was claimed */
    span_us left;     /* until it ends; negative: it has ended, and anybody may take it over */
    uint64_t epoch;
    /* Who could not carry it, last: empty: nobody has tried in vain since it was carried. */
    struct text tried_by, tried_why; /* borrowed */
    span_us tried_ago;
};

struct worker_view {
    uint64_t worker;
    struct text name, host, version, role; /* borrowed; role: of the database */
    uint32_t pid;
    span_us begun_ago, seen_ago;
    uint32_t lanes; /* that it holds */
};

bool journal_is_shared(const struct journal *j);

/* Enters a worker and gives it a number that no other ever has. */
enum err leases_worker_begin(struct journal *j, const struct worker_self *self, uint64_t *worker,
                             struct why *why);
/* It is gone; leases that it still holds end as if it had been killed. */
enum err leases_worker_end(struct journal *j, uint64_t worker, struct why *why);

/* Every lane of a run, or of all open runs (run 0), by run and lane, that this role may see. */
enum err leases_each(struct journal *j, uint64_t run,
                     bool (*fn)(void *ctx, const struct lease_view *view), void *ctx,
                     struct why *why);
/* Workers seen within the last day, the newest first. */
enum err leases_workers(struct journal *j, bool (*fn)(void *ctx, const struct worker_view *view),
                        void *ctx, struct why *why);

/* Claims those of the lanes of a run that are free: held by nobody, or past their end; open, of an
 * open run, waiting for no earlier run, and allowed to this role. claims has room for all;
 * *claimed: how many there are. */
enum err leases_claim(struct journal *j, uint64_t worker, uint64_t run, const uint16_t *lanes,
                      uint32_t len, const struct lease_terms *terms, struct lease_claim *claims,
                      uint32_t *claimed, struct why *why);
/* Prolongs what the worker holds, all in one statement, and says of each whether it is lost. Tells
 * of the worker itself that it is there: len 0 does no more.
 * left: as in leases_resign(), for whoever takes over without a word; NULL: unchanged. */
enum err leases_renew(struct journal *j, uint64_t worker, const struct lease *held, uint32_t len,
                      const struct lease_terms *terms, const struct lease_left *left, bool *lost,
                      struct why *why);
/* Gives a lane back, with an end at once. The run's state follows when no lane is open any more:
 * RUN_ENDED when all have ended, otherwise RUN_STOPPED. A lost one is left alone: OK. No call of
 * the lane may be out any more: whoever claims it next does not wait. */
enum err leases_resign(struct journal *j, uint64_t worker, const struct lease *lease,
                       const struct lease_left *left, instant_us at, struct why *why);
/* The worker could not carry the lane, and why, for people. Nothing is kept while another one holds
 * the lane. */
enum err leases_tried(struct journal *j, uint64_t worker, uint64_t run, uint16_t lane,
                      struct text sentence, struct why *why);
/* Whose credentials carry the lane: kept once, with its first worker. ERR_AUTH: they are of another
 * account or partition than those kept, or known to be of another account than the lane's. Of
 * LEASE_RUN nothing is kept. ERR_FENCED: the lease is lost. */
struct lane_caller {
    struct text account, partition, arn, begun_with;
};
enum err leases_caller(struct journal *j, const struct lease *lease,
                       const struct lane_caller *caller, struct why *why);

/* Starts for the lane: asks for more (wanted > 0) or gives unused ones back (< 0). *granted: how
 * many more it has now, fewer than wanted where the wave is full or paused. They are of the wave
 * that leases_run() shows hereafter, which does not end before they are used or given back.
 * ERR_FENCED: the lease is lost. */
enum err leases_starts(struct journal *j, const struct lease *lease, int32_t wanted,
                       uint32_t *granted, struct why *why);
enum err leases_run(struct journal *j, uint64_t run, struct shared_run *view, struct why *why);
/* Whose run it is, "": everybody's. ERR_GONE: there is no such run. */
enum err leases_team(struct journal *j, uint64_t run, char team[TEAM_LEN_MAX], struct why *why);

/* A person's order to a run that several workers carry: kept as a row and as its consequence in the
 * run, in one transaction; order->answer says what became of it. ORDER_STOP of a run that nobody
 * holds stops it at once. */
enum err leases_order(struct journal *j, uint64_t run, struct order *order, struct why *why);
/* resume: what was stopped is open again, a pause ends, and the position of the waves is worked out
 * anew from the rows, as a single process does it. reopens: also lanes that have ended, since bad
 * rows begin again. ERR_BUSY: somebody still holds one of its lanes. A lease that has ended is
 * taken from its holder, as in every function that changes a lane for want of a holder. */
enum err leases_reopen(struct journal *j, uint64_t run, bool reopens, struct why *why);
/* Where a run stands, to be read before its rows are. */
struct run_mark {
    uint64_t run;
    enum run_state state;
    uint64_t record; /* the number of its newest one; 0: none */
};
enum err leases_mark(struct journal *j, uint64_t run, struct run_mark *mark, struct why *why);
/* From here to the end of the transaction (journal_together()) nobody goes on with these runs,
 * whose numbers grow. ERR_BUSY: one of them stands elsewhere by now. */
enum err leases_hold_marked(struct journal *j, const struct run_mark *marks, uint32_t len,
                            struct why *why);
/* A new run is open to workers from here on: inside the transaction of journal_begin(), so between
 * journal_together() and journal_apart(), and after the rows that are known from the beginning. A
 * run that publishes has one lane, LEASE_RUN, the others those of the fleet, whose account numbers
 * are known (fleet_account_number()). */
enum err leases_open_run(struct journal *j, uint64_t run, const struct fleet *fleet,
                         struct why *why);

/* From here on journal_keep() of the run fences each record by the lease of its lane: one that is
 * stale is not kept, and nothing else of that call is: ERR_FENCED. An intent needs a lease that has
 * not ended, too, and an identity's first one waves that are not paused. Records that make
 * identities final count in the waves in the same transaction. Records of kind RECORD_ORDER are
 * left out: leases_order() has kept them. Without a fence a shared journal keeps records of a run
 * only in the transaction of its beginning: ERR_FENCED. */
struct fence {
    uint64_t run;
    const struct fleet *fleet;  /* borrowed until the journal is closed */
    const struct lease *leases; /* by lane of the fleet; epoch 0: not held. Of a run that publishes
                                   one alone, of LEASE_RUN. Borrowed likewise, and read each time */
};
enum err journal_fence(struct journal *j, const struct fence *fence, struct why *why);

#endif
