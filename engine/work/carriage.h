/*
 * A carriage: the lanes of one run that this worker carries, from the claim to the end. It holds
 * what the deciding thread and the one that talks to the database tell each other, and decides
 * nothing of the run itself. Crash-only: whatever goes wrong with a lease or the database ends the
 * carriage, the journal has the truth, and the worker begins another one from there.
 *
 * The functions are pure (state, event, now); the lock that two threads need is the owner's. All
 * instants are of one clock.
 */
#ifndef MF_CARRIAGE_H
#define MF_CARRIAGE_H

#include "journal/leases.h"
#include "lease.h"
#include "scheduler/scheduler.h"

struct carriage_lane {
    uint16_t lane;      /* row of fleet.lanes */
    struct lease lease; /* epoch 0: lost or resigned */
    uint32_t granted;   /* brought along by the claim, ... */
    uint32_t wave;      /* ... of this wave */
    uint32_t asked;     /* starts to ask the database for, at the next look */
    bool waits;         /* some were asked for, and there is no answer yet */
    uint32_t unused;    /* starts to give back */
    uint32_t fresh;     /* granted since, not yet handed to the scheduler */
    bool has_ended;     /* it has been given back before the others */
};

struct carriage {
    uint64_t run;
    span_us ttl, call_timeout;
    instant_us trusted_until; /* 0: no trust: nothing is written */
    bool is_lost;             /* a lease has passed to another: leave at once */
    bool is_stopping;         /* drain: the worker ends, or the run was stopped elsewhere */
    bool view_known;
    struct shared_run view;      /* of the last look */
    uint32_t views;              /* looks so far */
    uint32_t views_taken;        /* by the scheduler */
    struct carriage_lane *lanes; /* the owner's memory */
    uint32_t lanes_len;
};

/* `at`, below: the place of a lane in c->lanes, as in the claims. */

void carriage_init(struct carriage *c, uint64_t run, const struct lease_claim *claims,
                   struct carriage_lane *lanes, uint32_t len, const struct lease_terms *terms,
                   instant_us asked_at);
/* The renewal that was asked for at `asked_at` is answered; lost: by place. */
void carriage_renewed(struct carriage *c, instant_us asked_at, const bool *lost);
/* What a look at the run has shown, and the starts that were granted to a lane. The look comes
 * after the grant, and both are told without a turn in between: rows get the number of the wave of
 * which the start is. */
void carriage_looked(struct carriage *c, const struct shared_run *view);
void carriage_granted(struct carriage *c, uint32_t at, uint32_t starts);
/* The starts that are to be asked for (> 0), or given back (< 0), at a look; 0: neither. They are
 * taken out of the carriage: the answer to those asked for is carriage_granted(), also of none, or
 * the end of the carriage. */
int32_t carriage_wants(struct carriage *c, uint32_t at);

/* Before the start: hands what the claim has brought along to the scheduler. */
void carriage_begin(struct carriage *c, struct scheduler *d, instant_us now);
/* The deciding thread, once a turn: hands news to the scheduler, and notes what it wants. */
void carriage_turn(struct carriage *c, struct scheduler *d, instant_us now);
/* Is there news that the scheduler has not been told? */
bool carriage_has_news(const struct carriage *c);
/* Before a turn's records are kept and its calls are sent: OK, or ERR_FENCED. is_write: a write is
 * among the calls. *send_until: for struct call's not_after, of this turn's calls. */
enum err carriage_may(const struct carriage *c, bool is_write, instant_us now,
                      instant_us *send_until, struct why *why);
/* The order that the scheduler has to take next so that it is steered as the run is: a pause, its
 * end, a pace, a stop. false: none. Such orders are kept already, and are kept by no worker. */
bool carriage_order(struct carriage *c, const struct scheduler *d, struct order *order);
/* Likewise of any machine that people steer. */
bool carriage_steers(const struct carriage *c, const struct steering *s, bool is_draining,
                     struct order *order);
/* All is final here, or drained: how each lane is to be left. */
enum lease_rest carriage_rest(const struct carriage *c, const struct scheduler *d, uint32_t at,
                              bool drained);

#endif
