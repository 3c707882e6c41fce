/*
 * Orders of people at random instants, and what must hold of them: each is answered, and what
 * changes something is kept once; nothing is written while a run is paused; and no two calls of one
 * action are nearer to each other than the pace in force allows. For both simulations.
 */
#ifndef MF_ORDER_WATCH_H
#define MF_ORDER_WATCH_H

#include "calls/event.h"
#include "scheduler/record.h"

#define ORDERS_MAX 12

struct orders {
    struct order list[ORDERS_MAX]; /* in the order of giving; the last ones end every pause */
    instant_us due[ORDERS_MAX];
    uint32_t len, given;
    uint32_t life;             /* those before were given to an earlier process */
    uint32_t kept[ORDERS_MAX]; /* records of each */
    double kept_rate_per_s;    /* of the newest pace that a journal would have; 0: none */
    instant_us paced_at;       /* when the pace in force began */
};

/* So many orders within the span after start; 0: none. */
void orders_draw(struct orders *o, uint64_t seed, uint32_t len, instant_us start, span_us within);
instant_us orders_due(const struct orders *o); /* WHEN_NEVER: all are given */
/* The next order as an event, if its time has come. */
bool orders_give(struct orders *o, instant_us now, struct event *event);
/* By the machine's answers: is the run paused, and how fast may it go? 0: as it was begun. */
bool orders_paused(const struct orders *o);
double orders_rate(const struct orders *o);
/* A complaint, or NULL. */
const char *orders_keep(struct orders *o, const struct record *r);
const char *orders_end(const struct orders *o); /* the process has ended by itself */
/* Another process goes on, after a crash or not: its run is not paused, and a kept pace holds. */
void orders_resume(struct orders *o);

#endif
