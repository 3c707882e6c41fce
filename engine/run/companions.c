/* The companions of a run: each is told in turn, and only those that have begun. */
#include "run.h"

static bool has_companions(const struct run *r)
{
    return r->head.verb != RUN_PLAN && r->config.companions.len > 0;
}

enum err run_companions_begin(struct run *r, struct wire *wire, struct why *why)
{
    struct run_companions *c = &r->config.companions;
    enum err err = OK;
    c->begun = 0;
    while (has_companions(r) && c->begun < c->len && err == OK) {
        const struct run_companion *one = &c->at[c->begun];
        err = one->begin ? one->begin(one->ctx, r, wire, wire_now(wire), why) : OK;
        c->begun += err == OK;
    }
    return err;
}

void run_companions_turn(struct run *r, instant_us now)
{
    const struct run_companions *c = &r->config.companions;
    for (uint32_t i = 0; i < c->begun; i++)
        if (c->at[i].turn)
            c->at[i].turn(c->at[i].ctx, now);
}

instant_us run_companions_wake(const struct run *r, instant_us now)
{
    const struct run_companions *c = &r->config.companions;
    instant_us wake = WHEN_NEVER;
    for (uint32_t i = 0; i < c->begun; i++) {
        instant_us one = c->at[i].wake ? c->at[i].wake(c->at[i].ctx, now) : WHEN_NEVER;
        wake = one < wake ? one : wake;
    }
    return wake;
}

void run_companions_kept(const struct run *r, const struct record *records, uint32_t len)
{
    const struct run_companions *c = &r->config.companions;
    for (uint32_t i = 0; i < c->begun; i++)
        if (c->at[i].kept)
            c->at[i].kept(c->at[i].ctx, records, len);
}

void run_companions_end(struct run *r, bool failed, instant_us now)
{
    struct run_companions *c = &r->config.companions;
    for (; c->begun; c->begun--) {
        const struct run_companion *one = &c->at[c->begun - 1];
        if (one->end)
            one->end(one->ctx, r, failed, now);
    }
}
