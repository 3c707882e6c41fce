/*
 * The inventory in the live world, driven by the engine. Nothing is kept, since nothing is changed.
 */
#include "discover.h"
#include "engine.h"

#include "base/plural.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COST_TOLD_FROM 100 /* pairs of account and Region */
#define CALLS_A_SECOND                                                                             \
    200 /* as INVENTORY_CALLS_MAX out at once give, with connections to set up                     \
         */

struct discover_reading {
    struct discover *d;
    bool *cost_is_told; /* per lane */
};

static void on_turn(void *ctx, instant_us now)
{
    struct discover_reading *r = ctx;
    for (uint32_t lane = 0; lane < r->d->fleet.lanes_len; lane++) {
        /* One call an identity may take hours: a notice tells so when the first call leaves. */
        const struct discover *d = r->d;
        const struct inventory_lane *l = inventory_lane(d->inventory, lane);
        double rate = fleet_rate(&d->fleet, lane, d->access->rate_per_s);
        char span[WHEN_LEN];
        if (!r->cost_is_told[lane] && l->one_by_one && l->phase == INVENTORY_READING) {
            r->cost_is_told[lane] = true;
            notice_note(&d->notices,
                        "account " TEXT_FMT ", Region " TEXT_FMT ": %u %s read one by one%s%s: %u "
                        "calls of GetEmailIdentity, about %s at %.3g a second",
                        TEXT_ARG(discover_account(d, lane)), TEXT_ARG(discover_region(d, lane)),
                        l->rows_len, plural(l->rows_len, "identity is", "identities are"),
                        d->config->tags.len ? " for their tags"
                        : l->fell_back      ? ", since version 1 of the API is refused: "
                        : access_dkim(d->access) == DKIM_BY_IDENTITY ? " for their DKIM"
                                                                     : "",
                        l->fell_back ? l->denied : "", l->rows_len,
                        span_format((span_us)(1e6 * l->rows_len / rate), span), rate);
        }
    }
    if (r->d->progress)
        r->d->progress(r->d->progress_ctx, r->d, now);
}

/* One question to STS an account, and one list a pair: no more than that is certain. Hundreds of
 * accounts in every Region are thousands of calls, each in a bucket of its own. */
static void cost_tell(const struct discover *d)
{
    uint32_t accounts = 0, lanes = d->fleet.lanes_len, calls;
    char span[WHEN_LEN];
    for (uint32_t i = 0; i < lanes; i++)
        accounts += i == 0 || d->fleet.lanes[i].account != d->fleet.lanes[i - 1].account;
    calls = accounts + lanes;
    if (lanes < COST_TOLD_FROM)
        return;
    notice_note(
        &d->notices,
        "%u accounts, %u pairs of account and Region: at least %u calls, in buckets side by "
        "side, so about %s; what lives there is read in as many more as it takes",
        accounts, lanes, calls, span_format(SPAN_S(1 + calls / CALLS_A_SECOND), span));
}

static enum err read_on(struct discover_reading *r, const struct io *io, struct why *why)
{
    const struct machine machine = inventory_machine(r->d->inventory);
    const struct engine_watch watch = {.ctx = r, .turn = on_turn};
    instant_us began = io->now(io->world);
    cost_tell(r->d);
    enum engine_end end = ENGINE_ENDED;
    r->cost_is_told = calloc(r->d->fleet.lanes_len + 1, sizeof *r->cost_is_told);
    if (!r->cost_is_told)
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err = engine_run(&machine, io, &watch, &end, why);
    free(r->cost_is_told);
    r->d->stopped = end != ENGINE_ENDED;
    r->d->took = io->now(io->world) - began;
    return err;
}

enum err discover_read(struct discover *d, struct why *why)
{
    const char *api = d->access->read_api ? d->access->read_api : "auto";
    const struct inventory_options options = {
        .rate_per_s = d->access->rate_per_s,
        .read_api = strcmp(api, "v2") == 0 ? API_V2 : API_V1,
        .may_fall_back = strcmp(api, "auto") == 0,
        .with_tags = d->config->tags.len > 0,
        .dkim = access_dkim(d->access),
        .with_advice = strcmp(api, "v1") != 0,
        .wanted = discover_wants,
        .ctx = d,
    };
    d->inventory = inventory_new(&d->memory, &d->fleet, &options);
    if (!d->inventory)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++)
        if (d->lanes.trouble[i])
            inventory_close_lane(d->inventory, i, d->lanes.trouble[i]);
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++)
        if (!d->lanes.trouble[i] && !lanes_may_ask_caller(&d->lanes, i))
            inventory_ask_no_caller(d->inventory, d->fleet.lanes[i].account,
                                    "SES is asked at a custom endpoint, so STS is not asked");
    struct discover_reading r = {.d = d};
    const struct wire_config config = {.carriers = d->access->carriers,
                                       .lanes = d->lanes.list,
                                       .lanes_len = d->lanes.len,
                                       .secrets = d->lanes.secrets,
                                       .ca_bundle = text_of(d->access->ca_bundle),
                                       .call_timeout_us = d->access->call_timeout_us,
                                       .verbose = d->access->verbose};
    struct wire *wire = NULL;
    enum err err = wire_open(&wire, &config, why);
    if (err == OK)
        err = wire_opened(&d->owner, wire, why);
    if (err == OK) {
        struct io io = wire_io(wire);
        err = read_on(&r, &io, why);
    }
    wire_closing(&d->owner);
    wire_close(wire); /* calls still out come back, or are dropped */
    return err;
}
