/*
 * Opens the one lane that asks, lets the engine drive the machine, and tells a person what came of
 * it. STS is asked in the Region that signs for the organization, which every account has.
 */
#include "organization_find.h"

#include "access/lanes.h"
#include "aws/settings.h"
#include "base/plural.h"
#include "engine.h"
#include "members.h"
#include "wire/wire.h"

#include <string.h>

struct finding_members {
    const struct organization_asking *asking;
    const struct organization_wish *wish;
    struct fleet fleet; /* one account, one lane */
    struct lanes lanes;
    struct aws_settings settings;
    struct endpoint endpoint;
    struct organization *machine;
    bool tags_are_told, is_stopped;
};

static struct text profile_of(const struct finding_members *f)
{
    return f->wish->profile.len ? f->wish->profile : text_of(f->asking->access->profile);
}

/* Where the organization is: in the partition of the Regions that are meant. */
static enum err endpoint_find(struct finding_members *f, struct why *why)
{
    const struct organization_asking *a = f->asking;
    struct text region = f->wish->region;
    const struct credential_request request = {.profile = profile_of(f),
                                               .profile_is_explicit = profile_of(f).len > 0};
    enum err err = aws_settings_read(&f->settings, &request, why);
    if (err == OK && !region.len)
        err = lanes_usual_region(a->access, f->wish->profile, a->memory, &region, why);
    if (err == OK && !region.len)
        region = TEXT("us-east-1");
    return err == OK ? aws_settings_endpoint(&f->settings, CLIENT_ORGANIZATIONS, region, TEXT_NONE,
                                             &f->endpoint, why)
                     : err;
}

static enum err lane_find(struct finding_members *f, struct why *why)
{
    struct account account = {0};
    uint16_t index, lane;
    name_id region;
    if (!names_init(&f->fleet.names, NAMES_BYTES_MAX) ||
        !names_add(&f->fleet.names, TEXT("organization"), &account.name) ||
        !names_add(&f->fleet.names, f->wish->profile, &account.profile) ||
        !names_add(&f->fleet.names, text_of(f->endpoint.region), &region) ||
        !fleet_account(&f->fleet, account, &index) || !fleet_lane(&f->fleet, index, region, &lane))
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err =
        lanes_open(&f->lanes, &f->fleet, f->asking->access, LANES_OF_SES, &f->asking->notices, why);
    if (err != OK)
        return err;
    struct aws_endpoints *at = &f->lanes.list[0].at;
    at->organizations = &f->endpoint;
    bool is_told = at->ses.is_open || at->sesv2.is_open || at->sts.is_open;
    if (f->endpoint.is_open && !is_told)
        lanes_plain_http_tell(&f->endpoint, &f->asking->notices);
    return OK;
}

/* Tags may take minutes: the cost is told before. */
static void on_turn(void *ctx, instant_us now)
{
    struct finding_members *f = ctx;
    uint32_t calls = organization_tag_calls(f->machine);
    char span[WHEN_LEN];
    (void)now;
    if (f->tags_are_told || organization_phase(f->machine) != ORGANIZATION_TAGGING)
        return;
    f->tags_are_told = true;
    notice_note(&f->asking->notices,
                "organization: the tags of %u %s are read one by one: %u calls of "
                "ListTagsForResource, about %s at %.3g a second",
                calls, plural(calls, "account", "accounts"), calls,
                span_format((span_us)(1e6 * calls / ORGANIZATION_RATE), span), ORGANIZATION_RATE);
}

static enum err ask(struct finding_members *f, struct why *why)
{
    const struct organization_asking *a = f->asking;
    const struct engine_watch watch = {.ctx = f, .turn = on_turn};
    const struct machine machine = organization_machine(f->machine);
    const struct wire_config config = {.carriers = 1,
                                       .lanes = f->lanes.list,
                                       .lanes_len = f->lanes.len,
                                       .secrets = f->lanes.secrets,
                                       .ca_bundle = text_of(a->access->ca_bundle),
                                       .call_timeout_us = a->access->call_timeout_us,
                                       .verbose = a->access->verbose};
    struct wire *wire = NULL;
    enum engine_end end = ENGINE_ENDED;
    enum err err = wire_open(&wire, &config, why);
    if (err == OK) {
        struct io io = wire_io(wire);
        err = engine_run(&machine, &io, &watch, &end, why);
    }
    wire_close(wire); /* calls still out come back, or are dropped */
    if (err == OK && end != ENGINE_ENDED)
        err = why_set(why, ERR_BUSY, "stopped before anything was begun");
    return err;
}

static void found_tell(const struct finding_members *f, const struct organization_found *found)
{
    const struct notices *n = &f->asking->notices;
    struct buf line;
    const struct {
        uint32_t len;
        const char *what;
    } left_out[] = {{found->inactive, "not active"},
                    {found->excluded, "excluded"},
                    {found->untagged, "without the tags"}};
    buf_init(&line, NOTICE_LEN_MAX);
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if (left_out[i].len)
            buf_add_fmt(&line, ", %u %s", left_out[i].len, left_out[i].what);
    notice_note(n, "organization: %u of %u %s%s are taken" TEXT_FMT "; %llu calls", found->len,
                found->listed, plural(found->listed, "account", "accounts"),
                f->wish->units_len ? " in those units" : "", TEXT_ARG(buf_text(&line)),
                (unsigned long long)organization_calls(f->machine));
    buf_clear(&line);
    for (uint32_t i = 0; i < f->wish->excluded_len; i++)
        if (!organization_has_excluded(f->machine, i))
            notice_note(n, "note: accounts_from: exclude: " TEXT_FMT " fits no account",
                        TEXT_ARG(f->wish->excluded[i]));
}

static enum err find(struct finding_members *f, struct organization_found *found, struct why *why)
{
    enum err err = endpoint_find(f, why);
    if (err == OK)
        err = lane_find(f, why);
    if (err == OK && f->lanes.trouble[0])
        err = lanes_lost(&f->lanes, &f->fleet, ERR_AUTH, why);
    if (err == OK) {
        f->machine = organization_new(f->asking->memory, f->wish, 1);
        err = f->machine ? ask(f, why) : why_set(why, ERR_NOMEM, "out of memory");
    }
    if (err != OK)
        return err;
    *found = *organization_found(f->machine);
    if (organization_phase(f->machine) != ORGANIZATION_FAILED) {
        found_tell(f, found);
        return OK;
    }
    *why = *organization_why(f->machine);
    return found->unit_missing ? ERR_INPUT : ERR_AUTH;
}

enum err organization_find(void *ctx, const struct organization_wish *wish,
                           struct organization_found *found, struct why *why)
{
    const struct organization_asking *asking = ctx;
    struct finding_members *f = ARENA_NEW(asking->memory, struct finding_members);
    if (!f)
        return why_set(why, ERR_NOMEM, "out of memory");
    *f = (struct finding_members){.asking = asking, .wish = wish};
    fleet_init(&f->fleet);
    enum err err = find(f, found, why);
    organization_clear(f->machine);
    lanes_close(&f->lanes);
    fleet_clear(&f->fleet);
    return err;
}
