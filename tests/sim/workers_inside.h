/* A worker from inside, for workers_worker.c and workers_carriage.c. */
#ifndef MF_SIM_WORKERS_INSIDE_H
#define MF_SIM_WORKERS_INSIDE_H

#include "workers_worker.h"

struct sim_carriage {
    bool is_used;
    struct worker *worker;
    struct coroutine *coroutine;
    struct world_client *client; /* NULL: its process is dead */
    struct lease_claim claims[JUDGED_LANES_MAX];
    struct carriage carriage;
    struct carriage_lane lanes[JUDGED_LANES_MAX];
    struct lease_left left[JUDGED_LANES_MAX]; /* by place, for who takes over */
    instant_us claimed;                       /* when the answer to the claim was there */
    instant_us renewed;                       /* asked for, with success */
    bool is_leaving;                          /* its leases are not renewed any more */
    bool quits;                               /* the carriage ends at its next step */
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
    instant_us send_until;
    instant_us decided; /* of the turn, by the world's clock */
    struct order order;
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
};

void sim_carriage_begin(struct worker *w, struct sim_carriage *c, uint32_t claimed,
                        instant_us asked);
/* There is news for it. */
void carriage_wake(struct sim_carriage *c);
/* It ends as if its leases were lost. */
void carriage_quit(struct sim_carriage *c);

#endif
