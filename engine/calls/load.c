/* The controller explained in load.h, step by step. */
#include "load.h"

#include "base/bounds.h"

#include <math.h>

#define CUSUM_ALARM         5.0 /* at 20 % independent refusals one false alarm in some 10,000 calls */
#define CUSUM_RISE          0.1 /* of the served share: the rise an alarm is tuned for */
#define MESSAGE_INDEPENDENT 4.0 /* wrong once in fifty */
#define MESSAGE_LIMITED     4.0 /* wrong once in fifty */
#define VERIFY_CALLS        300
#define MEASURE_CALLS       24
#define MEASURE_SERVED      3
#define MEASURE_REFUSED     6
#define MEASURE_MAX         150 /* calls without MEASURE_REFUSED refusals: there is nothing to explain */
#define MARGIN              0.98
#define TRIAL_SHARE         0.5 /* of refusals in a trial above the limit */
#define TRIAL_FAILS         3.0
#define TRIAL_STEP          16 /* calls of a step of the bisection */
#define TRIAL_FULL          40
#define GENTLE_EACH                                                                                \
    32 /* each so many trials, one starts a little above the given rate, not at the full rate */
#define GENTLE_NOISY 8
#define GENTLE       1.1
#define HOLD_FAST    200 /* calls before the first trial of a fast lane, then twice as many */
#define TRIALS_FIRST 8
#define RECHECK      200
#define RECHECK_MAX  6400
#define NOISE_MEMORY 256.0

void load_init(struct load *l, double wanted_per_s)
{
    *l = (struct load){.wanted_per_s = wanted_per_s,
                       .rate_per_s = wanted_per_s,
                       .given_per_s = wanted_per_s,
                       .refused_per_s = wanted_per_s,
                       .noise = LOAD_NOISE,
                       .recheck = RECHECK};
}

static double lower_of(double a, double b)
{
    return a < b ? a : b;
}

void load_want(struct load *l, double wanted_per_s, instant_us now)
{
    struct load before = *l;
    bool is_slowed = l->rate_per_s < l->wanted_per_s;
    /* A trial goes at a rate that is not known to be given. What was taught above the rate that was
     * wanted until now still stands. */
    double taught = l->phase == LOAD_TRIAL            ? l->given_per_s
                    : is_slowed                       ? l->rate_per_s
                    : l->taught_per_s > l->rate_per_s ? l->taught_per_s
                                                      : 0;
    double rate = taught > 0 ? lower_of(taught, wanted_per_s) : wanted_per_s;
    load_init(l, wanted_per_s);
    l->taught_per_s = taught;
    l->rate_per_s = l->given_per_s = rate;
    l->noise = before.noise;
    l->proved_per_s = lower_of(before.proved_per_s, rate);
    l->proved_above_per_s = before.proved_above_per_s;
    l->held = l->changed = now;
}

void load_teach(struct load *l, double given_per_s, instant_us now)
{
    if (given_per_s <= 0 || given_per_s >= l->wanted_per_s)
        return;
    double rate = given_per_s < RATE_MIN ? RATE_MIN : given_per_s;
    l->taught_per_s = l->rate_per_s = l->given_per_s = rate;
    l->held = l->changed = now;
}

static double seconds(span_us span)
{
    return (double)span * 1e-6;
}

/* The evidence of one answer for refusals having the share `high` and not `low`. */
static double weight(bool served, double high, double low)
{
    return (served ? log((1 - high) / (1 - low)) : log(high / low));
}

static void enter(struct load *l, enum load_phase phase, double rate_per_s, instant_us now)
{
    if (l->rate_per_s >= l->wanted_per_s) {
        l->held = now;
        l->held_calls = 0;
    }
    l->phase = (uint8_t)phase;
    l->rate_per_s = rate_per_s < RATE_MIN          ? RATE_MIN
                    : rate_per_s > l->wanted_per_s ? l->wanted_per_s
                                                   : rate_per_s;
    l->changed = now;
    l->evidence = 0;
    l->calls = l->refused = l->served = 0;
}

static void cruise(struct load *l, double rate_per_s, instant_us now)
{
    l->climbing = false;
    enter(l, LOAD_CRUISE, rate_per_s, now);
}

/* --- measure ---------------------------------------------------------------------------------- */

static void window_open(struct load *l)
{
    l->refused_first = l->served_first = l->served_last = l->refused_last = 0;
    l->served = l->served_before = l->calls = l->refused = 0;
}

static void measure(struct load *l, instant_us now)
{
    l->before_per_s = l->rate_per_s;
    l->halved = false;
    enter(l, LOAD_MEASURE, l->rate_per_s, now);
    window_open(l);
}

/* The window begins at a refusal, when the bucket held less than a token, and the call after it. */
static void window_add(struct load *l, instant_us sent_at, bool served)
{
    l->calls++;
    l->refused += !served;
    if (!l->served_first) {
        if (!served)
            l->refused_first = sent_at;
        else if (l->refused_first)
            l->served_first = sent_at;
    }
    if (!l->served_first)
        return;
    if (served) {
        l->served++;
        l->served_last = sent_at;
    } else {
        l->served_before = l->served;
        l->refused_last = sent_at;
    }
}

/* Above this rate, the bucket would have had a token for the last refused call. A bucket of one
 * token wastes at most one interval's worth at each call that it serves. */
static double bound_above(const struct load *l)
{
    double n = l->served_before;
    double span = seconds(l->refused_last - l->served_first) - (n - 1) / l->rate_per_s;
    double above = l->refused_last > l->served_first && span > 0 ? n / span : l->before_per_s;
    return above < l->before_per_s ? above : l->before_per_s;
}

static void verify(struct load *l, instant_us now)
{
    double span = seconds(l->served_last - l->refused_first);
    l->refused_per_s = l->proved_above_per_s = bound_above(l);
    l->share = (double)l->refused / (double)l->calls;
    l->halved = false;
    l->proved_per_s = MARGIN * (l->served - 1) / span;
    if (l->proved_per_s > MARGIN * l->before_per_s)
        l->proved_per_s = MARGIN * l->before_per_s;
    enter(l, LOAD_VERIFY, l->proved_per_s, now);
}

static void learn_measure(struct load *l, instant_us sent_at, instant_us now, bool served,
                          bool idle)
{
    bool enough = l->served >= MEASURE_SERVED && l->refused >= MEASURE_REFUSED;
    if (idle && enough) {
        verify(l, now);
        return;
    }
    if (idle)
        window_open(l);
    window_add(l, sent_at, served);
    enough = l->served >= MEASURE_SERVED && l->refused >= MEASURE_REFUSED;
    if (l->halved && served && l->calls >= 2 && l->refused == 0) { /* the blackout is over */
        double rate = l->rate_per_s * 4 < l->before_per_s ? l->rate_per_s * 4 : l->before_per_s;
        l->halved = rate < l->before_per_s;
        enter(l, LOAD_MEASURE, rate, now);
        window_open(l);
    } else if (served && enough && l->calls >= MEASURE_CALLS)
        verify(l, now);
    else if (l->calls >= MEASURE_MAX && l->refused < MEASURE_REFUSED)
        cruise(l, l->rate_per_s, now);
}

/* --- trial ------------------------------------------------------------------------------------ */

static void trial(struct load *l, double rate_per_s, instant_us now)
{
    enter(l, LOAD_TRIAL, rate_per_s, now);
}

/* A lane of many calls a second need not wait for long: it would lose more than a trial costs. */
static bool held_long_enough(const struct load *l, instant_us now)
{
    double share = l->rate_per_s / l->wanted_per_s;
    unsigned doubled = l->trials < 16 ? l->trials : 16;
    span_us most = LOAD_HOLD, held = now - l->held;
    span_us early = (span_us)(1e6 * HOLD_FAST * (1u << doubled) / l->rate_per_s);
    uint32_t calls = share >= 0.45  ? LOAD_HOLD_CALLS
                     : share >= 0.1 ? LOAD_HOLD_CALLS * 3 / 2
                                    : LOAD_HOLD_CALLS * 5 / 2;
    if (share >= 0.3 && l->trials < TRIALS_FIRST)
        calls = calls < LOAD_HOLD_CALLS / 2 ? calls : LOAD_HOLD_CALLS / 2;
    return held >= LOAD_HOLD_MAX ||
           (held >= (early < most ? early : most) && l->held_calls >= calls);
}

static void try_higher(struct load *l, instant_us now)
{
    unsigned each = l->noise < 2 * LOAD_NOISE ? GENTLE_EACH : GENTLE_NOISY;
    bool gentle = l->trials % each == each - 1;
    l->climbing = false;
    if (gentle) {
        l->trials++;
        l->refused_per_s = l->wanted_per_s;
    }
    trial(l, gentle ? l->given_per_s * GENTLE : l->wanted_per_s, now);
}

static void bisect(struct load *l, instant_us now)
{
    if (held_long_enough(l, now))
        try_higher(l, now);
    else if (l->refused_per_s > l->given_per_s * LOAD_BRACKET) {
        l->climbing = true;
        trial(l, sqrt(l->refused_per_s * l->given_per_s), now);
    } else
        cruise(l, l->given_per_s, now);
}

/* The first call of a trial has the pause of the rate before, so it proves nothing. */
static void learn_trial(struct load *l, instant_us now, bool served, bool idle)
{
    bool full = l->rate_per_s >= l->wanted_per_s;
    uint32_t calls = full ? TRIAL_FULL : TRIAL_STEP;
    l->evidence += weight(served, TRIAL_SHARE, l->noise < 0.45 ? l->noise : 0.45);
    l->evidence = l->evidence < 0 ? 0 : l->evidence;
    l->served += served && !idle;
    if (l->evidence >= TRIAL_FAILS) {
        if (!full || l->climbing)
            l->refused_per_s = l->rate_per_s;
        if (full && l->trials < UINT16_MAX)
            l->trials++;
        enter(l, LOAD_CRUISE, l->given_per_s, now);
        bisect(l, now);
    } else if (l->served > calls) {
        l->given_per_s = l->rate_per_s;
        if (l->rate_per_s >= l->wanted_per_s) {
            l->trials = 0;
            cruise(l, l->wanted_per_s, now);
        } else if (l->refused_per_s < l->wanted_per_s)
            bisect(l, now);
        else {
            l->climbing = true;
            trial(l, l->wanted_per_s, now);
        }
    }
}

/* --- verify ----------------------------------------------------------------------------------- */

static void learn_verify(struct load *l, instant_us now, bool served)
{
    double share = l->share < 0.97 ? l->share : 0.97;
    l->evidence += weight(served, share, share / 4);
    l->calls++;
    l->refused += !served;
    bool late = l->calls >= VERIFY_CALLS || held_long_enough(l, now);
    if (l->evidence >= MESSAGE_INDEPENDENT || (late && l->evidence > 0)) {
        double verified = (double)l->refused / (double)l->calls;
        double noise = verified < l->share ? (verified + l->share) / 2 : l->share;
        l->noise = l->noise > 2 * LOAD_NOISE ? (l->noise + noise) / 2 : noise;
        l->noise = l->noise < LOAD_NOISE ? LOAD_NOISE : l->noise;
        l->given_per_s = l->before_per_s;
        if (l->before_per_s < l->wanted_per_s)
            trial(l, l->wanted_per_s, now);
        else
            cruise(l, l->wanted_per_s, now);
    } else if (l->evidence <= -MESSAGE_LIMITED || late) {
        l->noise = (double)l->refused / (double)(l->calls + 5);
        l->noise = l->noise < LOAD_NOISE ? LOAD_NOISE : l->noise;
        l->given_per_s = l->rate_per_s;
        l->trials = 0;
        l->recheck = RECHECK;
        bisect(l, now);
    }
}

/* --- cruise ----------------------------------------------------------------------------------- */

static void learn_cruise(struct load *l, instant_us now, bool served)
{
    bool slowed = l->rate_per_s < l->wanted_per_s;
    bool proved = slowed && l->rate_per_s <= l->proved_per_s, quiet = l->noise < 2 * LOAD_NOISE;
    double rise = l->noise + (1 - l->noise) * CUSUM_RISE;
    l->evidence += weight(served, rise, l->noise);
    l->evidence = l->evidence < 0 ? 0 : l->evidence;
    l->calls++;
    if (proved || (!slowed && l->noise > LOAD_NOISE)) {
        l->noise += ((served ? 0.0 : 1.0) - l->noise) / (proved ? NOISE_MEMORY / 4 : NOISE_MEMORY);
        l->noise = l->noise < LOAD_NOISE ? LOAD_NOISE : l->noise;
    }
    if (slowed && !served && quiet) {
        double lower = l->rate_per_s * MARGIN;
        l->refused_per_s = l->rate_per_s;
        l->rate_per_s = lower > l->proved_per_s ? lower : l->proved_per_s;
        l->given_per_s = l->rate_per_s;
    }
    if (l->evidence >= CUSUM_ALARM)
        measure(l, now);
    else if (proved && quiet && l->noise >= 2 * LOAD_NOISE) {
        l->given_per_s = l->rate_per_s;
        l->refused_per_s = l->proved_above_per_s;
        bisect(l, now);
    } else if (!slowed && l->noise > 4 * LOAD_NOISE && l->calls >= l->recheck) {
        l->recheck = l->recheck * 2 < RECHECK_MAX ? l->recheck * 2 : RECHECK_MAX;
        measure(l, now);
    }
}

void load_learn(struct load *l, instant_us sent_at, instant_us now, bool served, bool idle)
{
    if (sent_at < l->changed)
        return;
    l->in_a_row = served ? 0 : l->in_a_row + 1;
    if (l->in_a_row >= LOAD_BLACKOUT) {
        double lowest = l->wanted_per_s < LOAD_LOWEST ? l->wanted_per_s : LOAD_LOWEST;
        double rate = l->rate_per_s / 2 < lowest ? lowest : l->rate_per_s / 2;
        if (l->phase != LOAD_MEASURE)
            measure(l, now);
        enter(l, LOAD_MEASURE, rate < l->rate_per_s ? rate : l->rate_per_s, now);
        window_open(l);
        l->halved = true;
        l->in_a_row = 0;
        return;
    }
    bool slowed = l->rate_per_s < l->wanted_per_s;
    l->held_calls += slowed;
    bool refusing = l->phase == LOAD_MEASURE && l->calls < 8 * (l->refused + 1);
    if (slowed && l->phase != LOAD_VERIFY && !l->halved && !refusing && held_long_enough(l, now)) {
        try_higher(l, now);
        return;
    }
    switch ((enum load_phase)l->phase) {
    case LOAD_CRUISE: learn_cruise(l, now, served); break;
    case LOAD_MEASURE: learn_measure(l, sent_at, now, served, idle); break;
    case LOAD_VERIFY: learn_verify(l, now, served); break;
    case LOAD_TRIAL: learn_trial(l, now, served, idle); break;
    }
}
