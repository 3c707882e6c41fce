/*
 * Duty: what goes wrong, and when. Invariant: the draw depends on nothing but the seed, the number
 * of the request and the fault, so one sequence of requests meets the same faults every time. An
 * outage is drawn by time instead: time is cut into spans of outage_lasts, and each of them is an
 * outage or is not.
 */
#include "base/hash.h"
#include "sim.h"

#include "base/count.h"

#include <stddef.h>
#include <stdlib.h>

static const struct {
    const char *name;
    size_t share; /* offset of a double in struct sim_faults */
} shares[] = {
    {"throttle", offsetof(struct sim_faults, throttle)},
    {"http500", offsetof(struct sim_faults, http500)},
    {"reset-before", offsetof(struct sim_faults, reset_before)},
    {"reset-after", offsetof(struct sim_faults, reset_after)},
    {"cut", offsetof(struct sim_faults, cut)},
    {"expired", offsetof(struct sim_faults, expired)},
    {"stale", offsetof(struct sim_faults, stale)},
    {"busy", offsetof(struct sim_faults, busy)},
    {"silent", offsetof(struct sim_faults, silent)},
    {"partial", offsetof(struct sim_faults, partial)},
    {"writer", offsetof(struct sim_faults, writer)},
    {"outage", offsetof(struct sim_faults, outage)},
};

#define SHARES (COUNT(shares))

static bool fault_set(struct sim_faults *f, struct text name, double value)
{
    for (size_t i = 0; i < SHARES; i++)
        if (text_eq(name, text_of(shares[i].name))) {
            *(double *)(void *)((char *)f + shares[i].share) = value;
            return value >= 0 && value <= 1;
        }
    if (text_eq(name, TEXT("delay")) && value >= 0 && value <= 60000)
        f->delay_ms = (unsigned)value;
    else if (text_eq(name, TEXT("skew")) && value >= -1e9 && value <= 1e9)
        f->skew = (span_us)(value * 1e6);
    else if (text_eq(name, TEXT("lag")) && value > 0 && value <= 86400)
        f->lag = (span_us)(value * 1e6);
    else if (text_eq(name, TEXT("outage-lasts")) && value >= 1 && value <= 86400)
        f->outage_lasts = (span_us)(value * 1e6);
    else
        return false;
    return true;
}

enum err sim_faults_parse(struct sim_faults *f, const char *spec, struct why *why)
{
    struct text rest = text_of(spec);
    while (rest.len) {
        struct text value = text_cut(&rest, ',');
        struct text whole = value, name = text_cut(&value, '=');
        char *end = NULL;
        double number = value.len ? strtod(value.at, &end) : 0;
        if (value.len == 0 || end != value.at + value.len || !fault_set(f, name, number))
            return why_set(
                why, ERR_INPUT,
                "--faults: '" TEXT_FMT
                "' is not one of throttle, http500, reset-before, reset-after, cut, "
                "expired, stale, busy, silent, partial, writer or outage=SHARE (0 to 1), "
                "delay=MS, skew, lag or "
                "outage-lasts=SECONDS",
                TEXT_ARG(whole));
    }
    return OK;
}

static bool befalls(const struct sim_faults *f, uint64_t number, uint64_t fault, double share)
{
    return share > 0 && hash_unit(f->seed, number, fault) < share;
}

static enum outage outage_at(const struct sim_faults *f, instant_us now)
{
    uint64_t span = (uint64_t)(now / f->outage_lasts);
    if (!befalls(f, span, 8, f->outage))
        return OUTAGE_NONE;
    return befalls(f, span, 9, 0.5) ? OUTAGE_ERRORS : OUTAGE_SILENCE;
}

struct misfortune sim_faults_draw(const struct sim_faults *f, uint64_t number, instant_us now)
{
    return (struct misfortune){
        .throttle = befalls(f, number, 1, f->throttle),
        .http500 = befalls(f, number, 2, f->http500),
        .reset_before = befalls(f, number, 3, f->reset_before),
        .reset_after = befalls(f, number, 4, f->reset_after),
        .cut = befalls(f, number, 5, f->cut),
        .expired = befalls(f, number, 6, f->expired),
        .stale = befalls(f, number, 7, f->stale),
        .busy = befalls(f, number, 10, f->busy),
        .silent = befalls(f, number, 11, f->silent),
        .partial = befalls(f, number, 12, f->partial),
        .writer = befalls(f, number, 13, f->writer),
        .outage = outage_at(f, now),
    };
}
