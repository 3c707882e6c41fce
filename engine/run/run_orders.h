/*
 * What people have ordered a run while it went on, by its journal: for status, for reports, and for
 * the run that goes on after a crash. A pause lasts as long as its process: who resumes a run that
 * was cut off means that it goes on. A pace stays.
 */
#ifndef MF_RUN_ORDERS_H
#define MF_RUN_ORDERS_H

#include "run.h"

struct run_orders {
    const struct order *list; /* in the order of keeping; in the arena */
    uint32_t len;
    const struct order *pause; /* in force, if the run has a living process; NULL: none */
    double rate_per_s;         /* of the newest pace; 0: none was given */
};

enum err run_orders_read(struct run_orders *out, struct journal *journal, uint64_t run,
                         struct arena *arena, struct why *why);
/* Of a run that is resumed without --rate: its kept pace is that of the scheduler and of the
 * publisher, r->kept_pace_per_s. */
enum err run_orders_resume(struct run *r, struct why *why);

#endif
