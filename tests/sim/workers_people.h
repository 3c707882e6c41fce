/*
 * People beside a simulated run: they give orders, and open a run again that has stopped. They use
 * a connection to the database that breaks as any other does.
 */
#ifndef MF_SIM_WORKERS_PEOPLE_H
#define MF_SIM_WORKERS_PEOPLE_H

#include "workers_worker.h"

#define ORDERS_GIVEN_MAX 8

struct people {
    struct process process; /* first */
    struct workers *workers;
    struct coroutine *coroutine;
    struct link link;
    struct journal *journal;
    struct order orders[ORDERS_GIVEN_MAX];
    instant_us due[ORDERS_GIVEN_MAX];
    uint32_t orders_len, given;
    uint32_t reopens, retries; /* of the run; of these with what had failed */
    bool is_over;              /* the run has ended, for good */
};

void people_begin(struct people *p, struct workers *workers);
bool people_say_over(const struct people *p);
bool people_have_ended(const struct people *p);
void people_end(struct people *p);

#endif
