/*
 * Duty: to read the clock for all of ses-sim. Invariant: neither clock goes backwards.
 */
#include "sim.h"

static instant_us clock_read(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return SPAN_S(t.tv_sec) + t.tv_nsec / 1000;
}

void clock_start(struct sim_clock *c, double scale, span_us skew)
{
    *c = (struct sim_clock){
        .start_real = clock_read(CLOCK_REALTIME),
        .start_monotonic = clock_read(CLOCK_MONOTONIC),
        .skew = skew,
        .scale = scale,
    };
}

instant_us clock_real(const struct sim_clock *c)
{
    return c->start_real + clock_read(CLOCK_MONOTONIC) - c->start_monotonic + c->skew;
}

instant_us clock_scaled(const struct sim_clock *c)
{
    double passed = (double)(clock_read(CLOCK_MONOTONIC) - c->start_monotonic);
    return c->start_real + (span_us)(passed * c->scale);
}

instant_us clock_begin(const struct sim_clock *c)
{
    return c->start_real;
}

struct timespec clock_wait(const struct sim_clock *c, instant_us due, long max_ms)
{
    double ms = (double)(due - clock_scaled(c)) / c->scale / 1e3;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    long whole = ms < 1 ? 1 : ms > (double)max_ms ? max_ms : (long)ms;
    until.tv_nsec += whole % 1000 * 1000000;
    until.tv_sec += whole / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return until;
}
