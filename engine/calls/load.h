/*
 * Load: at what rate a bucket may be called whose true rate nobody tells.
 *
 * Two things look alike from outside. A bucket whose rate is below ours refuses what is above it; a
 * service may also refuse a share of all calls whatever their rate. The first is answered by
 * slowing down, the second by going on. Controllers of the AIMD family (AIMD, CUBIC of the AWS
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
 *          the full rate each LOAD_HOLD or so, as BBR probes for bandwidth. A refused trial is
 * taken back at once.
 *
 * Example: wanted 1/s, the bucket gives 0.5/s. Served, refused, served, refused ...: the alarm
 * comes at the third refusal, 24 calls later 0.48/s are proved; six calls at 0.47/s are all served,
 * so it is a limit; trials at 0.68, 0.57, 0.52, 0.49 close the bracket. After that one call in 53
 * is refused: the trial at 1/s. With one call in five refused at random, the alarm leads to 0.7/s,
 * where the next few refusals say that slowing down has changed nothing, and calls go at 1/s again.
 *
 * Figures: the test core_pace prints them (`ctest -R core_pace -V`), over 20 seeds.
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
    double given_per_s;              /* the highest rate that the bucket is known to give */
    double refused_per_s;            /* the lowest above it that it is thought to refuse */
    double proved_per_s;             /* what MEASURE has proved: a refusal at a kept rate lowers it
                                        a little, never below this */
    double proved_above_per_s;       /* and the bound above that MEASURE found */
    double before_per_s;             /* the rate when MEASURE began */
    instant_us changed;              /* calls that left before say nothing of this rate */
    instant_us held;                 /* when calls went at the full rate last */
    instant_us refused_first, served_first, served_last, refused_last; /* of MEASURE; 0: none */
    double noise;    /* share of refusals that does not depend on our rate */
    double evidence; /* logarithm of the likelihood ratio, of the test that is going on */
    double share;    /* of refusals in MEASURE */
    uint32_t calls, refused, served; /* of the phase; served: of MEASURE's window, of a trial */
    uint32_t served_before;          /* of MEASURE's window, up to refused_last */
    uint32_t held_calls;             /* and the calls since then */
    uint32_t in_a_row;               /* refusals */
    uint32_t recheck;                /* calls until a remembered share is tested again */
    uint16_t trials;                 /* of the full rate that failed one after another */
    uint8_t phase;                   /* enum load_phase */
    bool halved, climbing;           /* by a blackout; a trial is a step of a bisection */
};

void load_init(struct load *l, double wanted_per_s);
/* An answer: of a call that left at sent_at, was it served? idle: it left later than the rate asked
 * for, so that it was served says nothing of the rate. */
void load_learn(struct load *l, instant_us sent_at, instant_us now, bool served, bool idle);

#endif
