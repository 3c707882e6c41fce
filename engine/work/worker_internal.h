/*
 * The worker's own structures, file by file:
 *
 *   worker.c     the life of a worker: beginning, rounds, stopping
 *   heartbeat.c  what is said to the database at each round about lanes that are held
 *   openings.c   lanes that nobody carries, and which of them this worker takes
 *   carrying.c   a carriage on its thread: from a run in the journal to its lanes' end
 *   carrying_claim.c  its claim, its turns as the leases see them, and how it leaves
 *
 * Two kinds of threads: the worker's own, which alone uses worker.shell's journal, and one for each
 * carriage, with a run, a journal and a wire of its own. They share what stands under the lock, and
 * nothing else; nobody waits for the database, or for anything else, under the lock.
 */
#ifndef MF_WORKER_INTERNAL_H
#define MF_WORKER_INTERNAL_H

#include "carriage.h"
#include "run/publishing.h"
#include "work.h"

#include <pthread.h>
#include <stdatomic.h>

/* Carriages at a time. Each has a thread that decides and those of its wire, a connection to the
 * database (which has 100 by default, and a pooler thousands) and the sockets of its lanes. */
#define CARRYINGS_MAX   64
#define COMPANY_FROM    8          /* so many carriages, and lanes that come free one by one ... */
#define COMPANY_FOR     SPAN_S(10) /* ... of a run that is carried here wait so long for others */
#define FAILING_MAX     256 /* more runs than are carried at a time: the oldest is forgotten */
#define TRIED_FOR       SPAN_S(60) /* a lane that could not be carried is not tried before */
#define FAILED_FOR      SPAN_S(5)  /* a run whose carriage has failed rests so long */
#define CLAIMED_FOR     SPAN_S(1)  /* and one of which nothing could be claimed, or is left */
#define FAILED_MAX      3          /* in a row: then its lanes count as tried in vain */
#define TOLD_MAX        64         /* sentences that are not said again */
#define TOLD_FOR        SPAN_M(10) /* within this time */
#define WORKER_HOST_MAX 128

#define LANE_NONE (LEASE_RUN - 1)

/* A lane that is given back later, by the worker's own thread: its carriage could not. */
struct leaving {
    struct lease lease;
    struct lease_left left;
    instant_us left_at; /* left counts from here */
    uint32_t unused;    /* starts to give back before */
    instant_us due;     /* not before: a write may be on its way */
    instant_us at;      /* of its end, by the run's clock; 0: it has none */
};

/* A lane of a run that this worker cannot carry for now. */
struct tried {
    uint64_t run;
    uint16_t lane;
    instant_us until;
};

/* A run whose carriage has failed. */
struct failing {
    uint64_t run;
    uint32_t count;
    instant_us until;
};

struct carrying {
    struct worker *worker;
    pthread_t thread;
    uint64_t id;      /* of the run */
    uint16_t *wanted; /* lanes that were free */
    uint32_t wanted_len;

    /* Under the lock. Instants of the carriage are the wire's. */
    struct carriage carriage;
    bool is_claimed;         /* the carriage is there, and its lanes are renewed */
    bool is_asked;           /* the renewal under way is about it, too */
    bool is_looked;          /* the look under way is about it; renewals come in between */
    span_us ahead;           /* of the wire's clock, before os_clock_boot() */
    struct lease_left *left; /* as carriage.lanes; of left_at, by os_clock_boot() */
    instant_us left_at;
    struct wire *wire;   /* to wake and to interrupt; NULL: there is none */
    unsigned interrupts; /* told to the wire */
    instant_us company;  /* of the worker's thread: lanes of the run wait since then; 0: none do */
    bool has_ended;      /* the thread can be joined */

    /* Of its own thread. */
    struct run run;
    struct access access;
    struct run_part part;
    struct lease_terms terms;
    struct lease_claim *claims;
    struct carriage_lane *lanes;
    struct publishing *publishing; /* of a run that publishes, and has no scheduler; or NULL */
    uint32_t claimed, lanes_max;
    bool *is_wanted, *is_held; /* by lane of the fleet */
    bool *is_new;              /* by lane of the fleet: its caller is not known yet */
    struct lease *leases;      /* by lane of the fleet: for the fence */
    struct fence fence;
    bool has_claimed; /* claim has come to its end: nobody need be told of wanted lanes */
    bool was_lost;    /* a lease had passed to another */
    struct order order;
    bool order_out;      /* the scheduler has it, and has not taken it */
    instant_us left_due; /* when left is worked out again */
    enum err err;
};

struct worker {
    struct work_config config;
    struct notices notices; /* any thread; what was said a moment ago is not said again */
    struct notices news;    /* any thread; each time */
    struct run shell;       /* its journal is the worker's own; no run of it is carried out */
    uint64_t number;
    char name[WORKER_NAME_MAX], host[WORKER_HOST_MAX];
    struct lease_terms terms;
    int eventfd;
    atomic_uint stops;
    instant_us renewed; /* the last renewal that was answered was asked for then */

    pthread_mutex_t lock;
    pthread_cond_t told_of; /* of a carrying, is_asked or is_looked is false again */
    struct tried *tried;    /* under the lock, and the three lists after it */
    uint32_t tried_len, tried_cap;
    struct leaving *leavings;
    uint32_t leavings_len, leavings_cap;
    struct failing failing[FAILING_MAX];
    struct work_end end;

    pthread_mutex_t telling; /* one sentence at a time */
    uint64_t told[TOLD_MAX];
    instant_us told_at[TOLD_MAX];
    uint32_t told_next;

    /* Of the worker's thread. */
    struct carrying *carryings[CARRYINGS_MAX];
    uint32_t carryings_len;
    instant_us renew_due;
    bool is_away;      /* the database cannot be reached, and that was told */
    uint32_t troubles; /* of the database, in a row, other than that */
    bool has_looked;   /* the last look at the openings is whole, and nothing has begun since */
    bool may_go_on;    /* by it: something is to be done here, now or later */
};

/* worker.c */
void worker_wake(struct worker *w); /* any thread */

/* heartbeat.c: each says what is due at `now`, by os_clock_boot(). */
enum err heartbeat_renew(struct worker *w, instant_us now, struct why *why);
enum err heartbeat_leave(struct worker *w, instant_us now, struct why *why);
enum err heartbeat_look(struct worker *w, struct why *why);
/* The lane is given back when `due` has come. Under the lock. False: out of memory, and the lease
 * runs out. */
bool leaving_add(struct worker *w, const struct leaving *leaving);
struct leaving *leaving_last(struct worker *w);

/* openings.c */
enum err openings_take(struct worker *w, instant_us now, struct why *why);
/* Under the lock. */
void tried_add(struct worker *w, uint64_t run, uint16_t lane, instant_us until);
void failing_note(struct worker *w, uint64_t run, bool failed, instant_us now);
uint32_t failing_count(const struct worker *w, uint64_t run); /* in a row */

/* carrying.c. Takes the lanes; false: there is no thread for it. */
bool carrying_start(struct worker *w, uint64_t run, const uint16_t *lanes, uint32_t len);
void carrying_free(struct carrying *c); /* its thread has been joined */
/* Under the lock: so many stops has the worker been told of. */
void carrying_interrupt(struct carrying *c, unsigned stops);

/* carrying_claim.c: the functions of struct run_part. */
void carrying_part(struct carrying *c);
/* A wanted lane could not be carried, and why: kept for people, and said here once. */
void carrying_tried(struct carrying *c, uint16_t lane, const char *sentence);

#endif
