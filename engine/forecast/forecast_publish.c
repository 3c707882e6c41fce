/*
 * The publishing part of a rehearsal: the zone of a name is its organizational domain, or the
 * shortest name below that fits the patterns of a provider. No zone has records of the fleet, and
 * the publisher runs beside the scheduler.
 */
#include "forecast_internal.h"

#include "base/dname.h"
#include "publish/look.h"
#include "rules/feedback.h"
#include "rules/spf_merge.h"

#define TTL_S         300
#define MX_PREFERENCE 10

/* Empty: no provider writes a zone of the name, so it is left to the model of DNS owners. */
static struct text zone_of(const struct rehearsal *r, struct text name)
{
    struct text zone = TEXT_NONE;
    struct text end = suffix_registrable(r->suffixes, name);
    for (struct text above = dname_parent(name); end.len && above.len >= end.len;
         above = dname_parent(above))
        if (provider_of_zone(&r->fleet, above) < r->fleet.providers_len)
            zone = above;
    return zone;
}

static bool zone_add(struct rehearsal *r, struct rehearsed_publishing *p, struct text name)
{
    const struct fleet *f = &r->fleet;
    uint32_t provider = provider_of_zone(f, name), index;
    if (provider_model_served(&p->model, name))
        return true;
    const struct model_zone zone = {
        .name = name, .provider = provider, .kind = f->providers[provider].kind};
    if (!provider_model_zone(&p->model, &zone, &index))
        return false;
    r->forecast.zones_ours++;
    for (uint8_t server = 0; server < MODEL_SERVERS; server++)
        if (!provider_model_delegate(&p->model, name, index, server))
            return false;
    return true;
}

static bool target_add(struct rehearsal *r, struct rehearsed_publishing *p, uint32_t row,
                       struct text name)
{
    char host[FEEDBACK_HOST_LEN];
    struct publish_target *t = &p->targets[p->targets_len++];
    feedback_host_make(TEXT(FEEDBACK_PATTERN), fleet_mx_region(&r->fleet, row), host);
    *t = (struct publish_target){.name = name,
                                 .row = row,
                                 .ttl_s = TTL_S,
                                 .mx_preference = MX_PREFERENCE,
                                 .mx_exchange = arena_text(&r->memory, text_of(host)),
                                 .txt = TEXT(SPF_SES_RECORD),
                                 .with_mx = true,
                                 .with_txt = true};
    return t->mx_exchange.at != NULL;
}

/* A target for each name in a zone that some provider writes, and the zones. */
static bool targets_make(struct rehearsal *r, struct rehearsed_publishing *p)
{
    const struct fleet *f = &r->fleet;
    bool *seen = ARENA_ARRAY(&r->memory, bool, f->names.len + 1u);
    p->targets = ARENA_ARRAY(&r->memory, struct publish_target, f->choices_len + 1u);
    bool made = seen && p->targets;
    for (uint32_t row = 0; made && row < f->choices_len; row++) {
        name_id id = f->choices[row].mail_from;
        struct text name = names_text(&f->names, id);
        if (id == MAIL_FROM_DEFAULT || seen[id])
            continue;
        seen[id] = true;
        r->forecast.names++;
        struct text zone = zone_of(r, name);
        if (zone.len)
            made = zone_add(r, p, zone) && target_add(r, p, row, name);
    }
    return made;
}

enum err rehearsal_publish_open(struct rehearsal *r, struct why *why)
{
    const struct fleet *f = &r->fleet;
    struct rehearsed_publishing *p = ARENA_NEW(&r->memory, struct rehearsed_publishing);
    struct provider_model_options options = {.seed = r->config->seed};
    if (f->providers_len == 0)
        return why_set(why, ERR_INPUT,
                       "--publish: no provider of DNS is given: name under dns.publish who can "
                       "write which zones");
    if (f->providers_len > MODEL_PROVIDERS)
        return why_set(why, ERR_LIMIT, "--publish: a rehearsal takes %d providers, not %u",
                       MODEL_PROVIDERS, f->providers_len);
    for (uint32_t i = 0; i < f->providers_len; i++)
        options.bucket[i] = (uint8_t)publisher_bucket(f, i);
    bool made = p && provider_model_init(&p->model, &options) && targets_make(r, p);
    r->publishing = p;
    return made ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

enum err rehearsal_publish_join(struct rehearsal *r, struct scheduler *scheduler,
                                struct machine *machine, instant_us now, struct why *why)
{
    struct rehearsed_publishing *p = r->publishing;
    const struct publisher_options options = {
        .fleet = &r->fleet,
        .targets = p->targets,
        .targets_len = p->targets_len,
        .surveys = {.mode = INQUIRY_AUTHORITY, .above = true, .suffixes = r->suffixes},
        .feedback_host = TEXT(FEEDBACK_PATTERN),
        .seed = r->config->seed};
    if (!publish_beside_init(&p->beside, scheduler, &options, &r->memory))
        return why_set(why, ERR_NOMEM, "out of memory");
    publish_beside_start(&p->beside, machine, now);
    return OK;
}

void rehearsal_publish_end(struct rehearsal *r)
{
    if (!r->publishing)
        return;
    if (r->publishing->beside.publisher)
        publisher_totals(r->publishing->beside.publisher, &r->forecast.published);
    publish_beside_clear(&r->publishing->beside);
}

void rehearsal_publish_clear(struct rehearsal *r)
{
    if (r->publishing)
        provider_model_clear(&r->publishing->model);
    r->publishing = NULL;
}
