/* CLOCK_REALTIME once, CLOCK_BOOTTIME from then on. */
#include "os_clock.h"

#include <assert.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec t;
    int failed = clock_gettime(id, &t);
    assert(!failed);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* CLOCK_BOOTTIME goes on while the machine sleeps, unlike CLOCK_MONOTONIC: after a night in a bag
 * deadlines have passed and signatures still carry the right time. */
span_us os_clock_boot(void)
{
    return read_us(CLOCK_BOOTTIME);
}

void os_clock_open(struct os_clock *clock, instant_us not_before)
{
    clock->opened_boot_us = os_clock_boot();
    clock->opened_at = clock->opened_utc = read_us(CLOCK_REALTIME);
    atomic_init(&clock->ahead_us, 0);
    if (not_before)
        clock->opened_at = not_before;
}

static span_us passed(const struct os_clock *clock)
{
    return os_clock_boot() - clock->opened_boot_us;
}

instant_us os_clock_now(const struct os_clock *clock)
{
    return clock->opened_at + atomic_load(&clock->ahead_us) + passed(clock);
}

instant_us os_clock_utc(const struct os_clock *clock)
{
    return clock->opened_utc + passed(clock);
}

void os_clock_advance(struct os_clock *clock, instant_us utc)
{
    span_us behind = utc - os_clock_now(clock);
    if (behind > 0)
        atomic_fetch_add(&clock->ahead_us, behind);
}
