/* A worker from inside, for workers_worker.c and workers_carriage.c. */
#ifndef MF_SIM_WORKERS_INSIDE_H
#define MF_SIM_WORKERS_INSIDE_H

#include "workers_worker.h"

struct sim_carriage {
    bool is_used;
    struct worker *worker;
    struct coroutine *coroutine;
    struct world_client *client; /* NULL: its process is dead */
    uint16_t wanted[JUDGED_LANES_MAX];
    uint32_t wanted_len;
    span_us ahead;   /* of its clock, before the world's */
    bool is_claimed; /* the members from here on are there */
    struct lease_claim claims[JUDGED_LANES_MAX];
    struct carriage carriage;
    struct carriage_lane lanes[JUDGED_LANES_MAX];
    struct lease_left left[JUDGED_LANES_MAX]; /* by place, for who takes over */
    instant_us left_at;
    instant_us claimed; /* by its own clock: when the answer to the claim was there */
    instant_us renewed; /* asked for, with success: by the world's clock, as left_at */
    bool is_asked;      /* the thread of leases talks about it just now */
    bool is_leaving;    /* its leases are not renewed any more */
    bool quits;         /* the carriage ends at its next step */
    /* Its own thread's. */
    struct link link;
    struct journal *journal;
    struct scheduler *scheduler;
    uint64_t client_number;
    struct lease leases[JUDGED_LANES_MAX]; /* by lane, for the fence */
    uint64_t epochs[JUDGED_LANES_MAX];     /* by lane, for the judge */
    bool carries[JUDGED_LANES_MAX];
    const struct record *keeping; /* just now */
    uint32_t keeping_len;
    bool has_kept;      /* an intent, in this turn */
    bool has_begun;     /* a turn: the next reading of the clock is its instant */
    instant_us decided; /* of the turn, by the world's clock */
    struct order order;
};

/* A lane that is given back when nothing of it can be on its way any more. */
struct sim_leaving {
    struct lease lease; /* epoch 0: none */
    struct lease_left left;
    instant_us left_at, due;
};

struct worker {
    struct process process; /* first */
    struct workers *all;
    uint32_t number;
    bool may_carry[JUDGED_LANES_MAX];
    struct coroutine *coroutine;
    struct link link;
    struct journal *journal;
    uint64_t id;
    uint64_t version; /* of the database, when it was looked at last */
    bool is_stopping;
    struct sim_carriage carriages[CARRIAGES_MAX];
    struct sim_leaving leavings[JUDGED_LANES_MAX * CARRIAGES_MAX];
};

/* Tries to carry c->wanted. */
void sim_carriage_begin(struct worker *w, struct sim_carriage *c);
/* There is news for it. */
void carriage_wake(struct sim_carriage *c);
/* It ends as if its leases were lost. */
void carriage_quit(struct sim_carriage *c);
/* What is left is told from now on, and some of it has passed. */
struct lease_left left_by(const struct lease_left *left, instant_us at, instant_us now);

#endif
