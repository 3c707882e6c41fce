/*
 * Load: finds the rate of a bucket with an unknown true rate.
 *
 * Two cases look alike from outside. A bucket with a lower rate than ours refuses the calls above;
 * a service may also refuse a share of all calls at any rate. The right answer to the first is
 * slowing down, to the second going on. Controllers of the AIMD family (AIMD, CUBIC of the AWS
 * SDKs' adaptive mode) take every refusal for load and starve on the second kind. Here refusals are
 * measured, then the explanation is tested:
 *
 * CRUISE   Refusals are watched by a CUSUM (Page 1954): has their share risen above the share that
 *          is known to be independent of our rate?
 * MEASURE  The rate stays, and what the bucket gives is measured. Served calls between two refusals
 *          bound its rate from both sides (an arrival and a service curve of network calculus):
 *          n calls served from refusal t0 on, the last at t1, prove a rate of (n - 1) / (t1 - t0).
 *          After LOAD_BLACKOUT refusals in a row the rate is halved first.
 * VERIFY   Calls go at the proved rate. A bucket refuses none of these; a share that is independent
 *          of the rate stays as it is. Wald's sequential probability ratio test (1945) decides
 *          after as few calls as the difference allows. Independent: the share is remembered, and
 *          the rate goes back up. Limited: the rate is kept.
 * TRIAL    From a kept rate up: by bisection first, until the bracket is LOAD_BRACKET wide; then to
 *          the full rate each LOAD_HOLD or so, as BBR probes for bandwidth. After a refused trial
 *          the kept rate returns at once.
 *
 * Example: wanted 1/s, the bucket gives 0.5/s. Served, refused, served, refused ...: the alarm
 * comes at the third refusal, 24 calls later 0.48/s are proved; six calls at 0.47/s are all served,
 * so it is a limit; trials at 0.68, 0.57, 0.52, 0.49 close the bracket. After that one call in 53
 * is refused: the trial at 1/s. With one call in five refused at random, the alarm leads to 0.7/s,
 * where the next few refusals say that slowing down has changed nothing, and calls go at 1/s again.
 *
 * Figures: the test calls_pace prints them (`ctest -R calls_pace -V`), over 20 seeds.
 */
#ifndef MF_LOAD_H
#define MF_LOAD_H

#include "base/when.h"

#define LOAD_NOISE      0.01 /* one refusal in a hundred is nobody's fault */
#define LOAD_BLACKOUT   12   /* refusals in a row: of 20 % independent ones, once in 10^8 calls */
#define LOAD_LOWEST     (1.0 / 30) /* how far blackouts alone slow calls down, a second */
#define LOAD_BRACKET    1.06
#define LOAD_HOLD       SPAN_S(112) /* between trials: a full bucket is found in two minutes */
#define LOAD_HOLD_MAX   SPAN_M(20)
#define LOAD_HOLD_CALLS 53 /* and so many calls, or trials alone were 2 % of refusals */

enum load_phase { LOAD_CRUISE, LOAD_MEASURE, LOAD_VERIFY, LOAD_TRIAL };

struct load {
    double wanted_per_s, rate_per_s; /* as configured; now */
    double given_per_s;              /* the highest rate known to be given by the bucket */
    double refused_per_s;            /* the lowest higher rate thought to be refused */
    double proved_per_s; /* the rate proved by MEASURE: a refusal at a kept rate lowers the rate a
                            little, never below */
    double proved_above_per_s; /* the upper bound found by MEASURE */
    double before_per_s;       /* the rate when MEASURE began */
    double taught_per_s; /* what the bucket gave when a person changed the wanted rate; 0: all */
    instant_us changed;  /* calls sent before tell nothing about this rate */
    instant_us held;     /* when calls went at the full rate last */
    instant_us refused_first, served_first, served_last, refused_last; /* of MEASURE; 0: none */
    double noise;                    /* share of refusals independent of our rate */
    double evidence;                 /* logarithm of the likelihood ratio of the present test */
    double share;                    /* of refusals in MEASURE */
    uint32_t calls, refused, served; /* of the phase; served: of MEASURE's window, of a trial */
    uint32_t served_before;          /* of MEASURE's window, up to refused_last */
    uint32_t held_calls;             /* and the calls since then */
    uint32_t in_a_row;               /* refusals */
    uint32_t recheck;                /* calls until a remembered share is tested again */
    uint16_t trials;                 /* of the full rate, failed one after another */
    uint8_t phase;                   /* enum load_phase */
    bool halved, climbing;           /* by a blackout; a trial is a step of a bisection */
};

void load_init(struct load *l, double wanted_per_s);
/* A person wants another rate from now on. Lower: at once. Higher: at once up to what the bucket
 * has taught, beyond that by trials. */
void load_want(struct load *l, double wanted_per_s, instant_us now);
/* Somebody else has learned what the bucket gives, at the same wanted rate. */
void load_teach(struct load *l, double given_per_s, instant_us now);
/* Takes the answer to a call sent at sent_at. idle: the call left later than the rate allowed, so a
 * served call tells nothing about the rate. */
void load_learn(struct load *l, instant_us sent_at, instant_us now, bool served, bool idle);

#endif
