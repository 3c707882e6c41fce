/* Draws zones, names and a world. */
#include "publish_scene.h"

#include "base/bounds.h"
#include "base/dname.h"
#include "base/hash.h"
#include "dns/message.h"
#include "rules/spf_merge.h"

#include <stdlib.h>
#include <string.h>

#define TTL_S        300
#define ACTS_MAX     400
#define HOST         "feedback-smtp.us-east-1.amazonses.com"
#define FOREIGN_SPF  "v=spf1 ip4:203.0.113.7 -all"
#define NAMES_AT_ALL 220

static const enum provider_kind kinds[SCENE_PROVIDERS] = {
    PROVIDER_ROUTE53, PROVIDER_ROUTE53, PROVIDER_RFC2136, PROVIDER_CLOUDFLARE, PROVIDER_RFC2136};

static uint64_t draw(const struct publish_scene *s, uint64_t what, uint64_t which)
{
    return hash_mix(hash_mix(hash_mix(s->options.seed, 1000), what), which);
}

static bool chance(const struct publish_scene *s, uint64_t what, uint64_t which, unsigned percent)
{
    return draw(s, what, which) % 100 < percent;
}

/* Provider 0 and 1 are one account in half of the scenes. */
static bool fleet_draw(struct publish_scene *s)
{
    struct fleet *f = &s->fleet;
    struct account accounts[2] = {{0}, {0}};
    uint16_t index, lane;
    name_id region;
    bool is_one = chance(s, 1, 0, 50);
    fleet_init(f);
    f->max_failures.value = NO_BOUND;
    if (!names_init(&f->names, NAMES_BYTES_MAX) ||
        !names_add(&f->names, TEXT("us-east-1"), &region))
        return false;
    for (unsigned i = 0; i < 2; i++)
        if (!names_add(&f->names, i ? TEXT("dns") : TEXT("mail"), &accounts[i].name) ||
            !fleet_account(f, accounts[i], &index))
            return false;
    if (!fleet_lane(f, 0, region, &lane))
        return false;
    for (unsigned i = 0; i < SCENE_PROVIDERS; i++) {
        struct text zones = arena_fmt(&s->texts, "*.p%u.test", i);
        struct provider p = {.kind = kinds[i],
                             .zones = &zones,
                             .zones_len = 1,
                             .account = (uint16_t)(is_one ? 0 : i % 2),
                             .token_env = TEXT("TOKEN"),
                             .server = arena_fmt(&s->texts, "192.0.2.%u", i)};
        if (!fleet_provider(f, &p, &index))
            return false;
        s->bucket[i] = i == 1 && is_one ? 0 : (uint8_t)i;
    }
    return true;
}

static bool zone_add(struct publish_scene *s, struct text name, uint32_t provider,
                     enum zone_bar bar, struct model_zone like, uint32_t *index)
{
    like.name = name;
    like.provider = provider;
    like.kind = provider == MODEL_NOBODY ? PROVIDER_RFC2136 : kinds[provider];
    like.bar = bar;
    return provider_model_zone(&s->model, &like, index);
}

static bool zone_delegate(struct publish_scene *s, struct text name, uint32_t first,
                          uint32_t second)
{
    return provider_model_delegate(&s->model, name, first, 0) &&
           provider_model_delegate(&s->model, name, second, 1);
}

/* A zone of the scene and the zones of the model that it takes. */
static bool zone_draw(struct publish_scene *s, uint32_t number, struct text *name)
{
    struct scene_zone *z = &s->zones[number];
    uint32_t provider = (uint32_t)(draw(s, 2, number) % SCENE_PROVIDERS), force, spare;
    z->part = chance(s, 2, 100 + number, 55) ? ZONE_PLAIN
                                             : (enum zone_part)(draw(s, 3, number) % ZONE_PARTS);
    if (s->options.is_plain)
        z->part = ZONE_PLAIN;
    if (kinds[provider] == PROVIDER_RFC2136 &&
        (z->part == ZONE_TWINS || z->part == ZONE_IS_PRIVATE || z->part == ZONE_IS_LOCKED))
        z->part = ZONE_PLAIN; /* a server has one zone of a name, and nothing to say of it */
    *name = z->part == ZONE_ELSEWHERE ? arena_fmt(&s->texts, "z%u.elsewhere.test", number)
                                      : arena_fmt(&s->texts, "z%u.p%u.test", number, provider);
    struct model_zone like = {
        .lags = {SPAN_MS((int64_t)(draw(s, 4, number) % 3000)),
                 SPAN_S((int64_t)(draw(s, 5, number) % 90))},
        .silent = {z->part == ZONE_SILENT, z->part == ZONE_SILENT || z->part == ZONE_HALF_SILENT},
        .is_denied = z->part == ZONE_REFUSED};
    if (z->part == ZONE_DELETED)
        like.gone_at = PUBLISH_START + SPAN_MS((int64_t)(draw(s, 6, number) % 30000));
    z->provider = z->part == ZONE_ELSEWHERE ? MODEL_NOBODY : provider;
    bool is_ours = z->part != ZONE_ORPHAN && z->part != ZONE_IS_PRIVATE;
    enum zone_bar bar = z->part == ZONE_IS_LOCKED ? ZONE_LOCKED : ZONE_OPEN;
    if (z->part == ZONE_TWINS && (!zone_add(s, *name, provider, ZONE_PRIVATE, like, &spare) ||
                                  !zone_add(s, *name, provider, ZONE_OPEN, like, &spare)))
        return false;
    if (!zone_add(s, *name, is_ours ? z->provider : MODEL_NOBODY, bar, like, &force))
        return false;
    z->own =
        is_ours && z->part != ZONE_ELSEWHERE && z->part != ZONE_IS_LOCKED ? force : MODEL_NOBODY;
    if (!is_ours && !zone_add(s, *name, provider,
                              z->part == ZONE_IS_PRIVATE ? ZONE_PRIVATE : ZONE_OPEN, like, &spare))
        return false;
    bool by_server = kinds[provider] == PROVIDER_RFC2136;
    if (z->part == ZONE_ORPHAN && by_server)
        z->own = spare; /* the run cannot know, and is not seen anywhere */
    spare = force;
    if (z->part == ZONE_PARTLY && !zone_add(s, *name, MODEL_NOBODY, ZONE_OPEN, like, &spare))
        return false;
    if (z->part == ZONE_PARTLY && !by_server)
        z->own = MODEL_NOBODY;
    return zone_delegate(s, *name, force, spare);
}

static bool put(struct publish_scene *s, uint32_t zone, struct text name, uint16_t type,
                const char *data)
{
    return provider_model_add(&s->model, zone, name, type, type == DNS_TYPE_MX ? 10 : 0,
                              text_of(data), TTL_S, HAND_BEFORE, PUBLISH_START - SPAN_H(100));
}

/* What stands at the name, in every zone in force. */
static bool name_fill(struct publish_scene *s, enum name_part part, uint32_t zone, struct text name)
{
    uint32_t own;
    switch (part) {
    case NAME_FREE:
    case NAME_REFUSED:
    case NAME_PARTS: return true;
    case NAME_EQUAL:
        return put(s, zone, name, DNS_TYPE_MX, HOST) &&
               put(s, zone, name, DNS_TYPE_TXT, SPF_SES_RECORD);
    case NAME_HAS_MX: return put(s, zone, name, DNS_TYPE_MX, HOST);
    case NAME_HAS_TXT: return put(s, zone, name, DNS_TYPE_TXT, SPF_SES_RECORD);
    case NAME_FOREIGN_MX: return put(s, zone, name, DNS_TYPE_MX, "mail.example.test");
    case NAME_FOREIGN_SPF:
        return put(s, zone, name, DNS_TYPE_TXT, "site-verification=2") &&
               put(s, zone, name, DNS_TYPE_TXT, FOREIGN_SPF);
    case NAME_OTHER_TXT: return put(s, zone, name, DNS_TYPE_TXT, "site-verification=3");
    case NAME_ALIAS: return put(s, zone, name, DNS_TYPE_CNAME, "www.example.test");
    case NAME_WILDCARD:
        return put(s, zone, arena_fmt(&s->texts, "*." TEXT_FMT, TEXT_ARG(dname_parent(name))),
                   DNS_TYPE_MX, "mail.example.test");
    case NAME_APEX:
        return zone_add(s, name, MODEL_NOBODY, ZONE_OPEN, (struct model_zone){0}, &own) &&
               zone_delegate(s, name, own, own);
    }
    return true;
}

static bool target_draw(struct publish_scene *s, uint32_t number, uint32_t zone, struct text apex)
{
    struct publish_target *t = &s->targets[s->targets_len];
    enum zone_part zone_part = s->zones[zone].part;
    bool is_mixed = zone_part <= ZONE_TWINS && !s->options.is_plain && chance(s, 7, number, 60);
    enum name_part part = is_mixed ? (enum name_part)(draw(s, 8, number) % NAME_PARTS) : NAME_FREE;
    if (zone_part > ZONE_TWINS && zone_part != ZONE_PARTLY && chance(s, 7, number, 20))
        part = NAME_EQUAL;
    const struct model_delegation *d = provider_model_served(&s->model, apex);
    uint32_t in_force = d->zones[0];
    s->parts[s->targets_len] = (uint8_t)part;
    s->zone_of[s->targets_len] = zone;
    *t = (struct publish_target){
        .name = arena_fmt(&s->texts, "%s%u.%s" TEXT_FMT, part == NAME_REFUSED ? "refused" : "b",
                          number, part == NAME_WILDCARD ? "w." : "", TEXT_ARG(apex)),
        .ttl_s = TTL_S,
        .mx_preference = 10,
        .mx_exchange = TEXT(HOST),
        .txt = TEXT(SPF_SES_RECORD),
        .with_mx = true,
        .with_txt = true};
    if (part == NAME_WILDCARD)
        t->name = arena_fmt(&s->texts, "b.w%u." TEXT_FMT, number, TEXT_ARG(apex));
    struct choice choice = {.line = number + 2};
    bool added = names_add(&s->fleet.names, t->name, &choice.mail_from) &&
                 names_add(&s->fleet.names, apex, &choice.identity) &&
                 fleet_policy(&s->fleet, (struct policy){0}, &choice.policy) &&
                 fleet_choice(&s->fleet, choice, &t->row);
    s->targets_len++;
    return added && name_fill(s, part, in_force, t->name);
}

static bool names_draw(struct publish_scene *s)
{
    uint32_t zones = 1 + (uint32_t)(draw(s, 0, 1) % (chance(s, 0, 3, 25) ? 20 : 6));
    uint32_t most = s->options.names ? s->options.names : NAMES_AT_ALL;
    bool is_large = chance(s, 0, 2, 6);
    for (uint32_t zone = 0; zone < zones && s->targets_len < most; zone++) {
        uint32_t names = 1 + (uint32_t)(draw(s, 9, zone) % 4);
        struct text apex;
        if (zone == 0 && is_large)
            names += 130; /* more than a batch of some providers */
        if (!zone_draw(s, zone, &apex))
            return false;
        s->zones_len++;
        for (uint32_t i = 0; i < names && s->targets_len < most; i++)
            if (!target_draw(s, s->targets_len, zone, apex))
                return false;
    }
    return true;
}

static bool writers_draw(struct publish_scene *s)
{
    for (uint32_t i = 0; s->options.writers && i < s->targets_len; i++)
        for (uint32_t n = 0; n < 2; n++)
            if (chance(s, 10 + n, i, 15) &&
                !provider_model_plan(
                    &s->model, i, (enum model_act)(draw(s, 12 + n, i) % WRITER_ACTS),
                    PUBLISH_START + SPAN_MS((int64_t)(draw(s, 14 + n, i) % (n ? 120000 : 5000)))))
                return false;
    return true;
}

static void world_draw(struct publish_scene *s)
{
    struct world_options *w = &s->world;
    *w = (struct world_options){.start = PUBLISH_START,
                                .seed = s->options.seed,
                                .round_trip = SPAN_MS(10 + (int64_t)(draw(s, 20, 0) % 300)),
                                .time_out = SPAN_S(5 + (int64_t)(draw(s, 20, 1) % 20)),
                                .ses = ses_rules_default(),
                                .identities_max = 1,
                                .providers = &s->model};
    w->dns = (struct dns_model_options){
        .seed = s->options.seed, .start = PUBLISH_START, .published = 1, .right_host = TEXT(HOST)};
    if (s->options.faults)
        faults_draw(&w->faults, s->options.seed);
    if (s->options.faults && chance(s, 16, 9, 40))
        w->leaves_late = 0.1;
    w->faults.stale_max = SPAN_S(5);
    for (int kind = 0; kind < FAULTS_LEN; kind++)
        if (s->options.spared & 1u << kind)
            w->faults.share[kind] = 0;
}

bool publish_scene_make(struct publish_scene *s, const struct publish_scene_options *options)
{
    *s = (struct publish_scene){.options = *options};
    arena_init(&s->texts, SIZE_MAX);
    s->targets = calloc(NAMES_AT_ALL + 1, sizeof *s->targets);
    s->parts = calloc(NAMES_AT_ALL + 1, sizeof *s->parts);
    s->zone_of = calloc(NAMES_AT_ALL + 1, sizeof *s->zone_of);
    if (!s->targets || !s->parts || !s->zone_of || !fleet_draw(s))
        return false;
    struct provider_model_options model = {.seed = options->seed,
                                           .provoked =
                                               options->writers && chance(s, 15, 0, 60) ? 0.15 : 0,
                                           .targets = s->targets,
                                           .targets_len = NAMES_AT_ALL,
                                           .acts_max = ACTS_MAX,
                                           .stale = SPAN_S(4)};
    memcpy(model.bucket, s->bucket, sizeof model.bucket);
    if (options->faults && chance(s, 16, 0, 15))
        model.denied = 1u << draw(s, 16, 1) % SCENE_PROVIDERS;
    if (options->faults && chance(s, 16, 2, 10))
        model.closed = 1u << draw(s, 16, 3) % SCENE_PROVIDERS;
    if (!provider_model_init(&s->model, &model) || !names_draw(s))
        return false;
    s->model.options.targets_len = s->targets_len;
    s->merges_spf = chance(s, 17, 0, 40);
    s->is_dry = chance(s, 17, 1, 5);
    s->withdraws = chance(s, 17, 2, 50);
    if (options->faults && chance(s, 17, 3, 20))
        s->fleet.max_failures = (struct quota){false, (double)(draw(s, 17, 4) % 4)};
    s->heal_at = PUBLISH_START + SPAN_H(1);
    s->end_by = PUBLISH_START + SPAN_H(8);
    world_draw(s);
    return writers_draw(s);
}

void publish_scene_clear(struct publish_scene *s)
{
    provider_model_clear(&s->model);
    arena_clear(&s->texts);
    fleet_clear(&s->fleet);
    free(s->targets);
    free(s->parts);
    free(s->zone_of);
}

enum provider_kind publish_scene_kind(const struct publish_scene *s, uint32_t target)
{
    uint32_t provider = s->zones[s->zone_of[target]].provider;
    return provider == MODEL_NOBODY ? PROVIDER_RFC2136 : kinds[provider];
}

enum publish_state publish_scene_end(const struct publish_scene *s, uint32_t target)
{
    enum name_part part = (enum name_part)s->parts[target];
    bool by_server = publish_scene_kind(s, target) == PROVIDER_RFC2136;
    enum publish_state done = s->is_dry ? PUBLISH_READY : PUBLISH_DONE;
    switch (s->zones[s->zone_of[target]].part) {
    case ZONE_SILENT: return PUBLISH_FAILED;
    case ZONE_ORPHAN:
    case ZONE_PARTLY:
        if (part == NAME_EQUAL)
            return PUBLISH_UNCHANGED;
        return !by_server ? PUBLISH_PERSON : s->is_dry ? PUBLISH_READY : PUBLISH_FAILED;
    case ZONE_IS_PRIVATE:
    case ZONE_IS_LOCKED:
    case ZONE_ELSEWHERE: return part == NAME_EQUAL ? PUBLISH_UNCHANGED : PUBLISH_PERSON;
    case ZONE_REFUSED:
        return part == NAME_EQUAL ? PUBLISH_UNCHANGED : s->is_dry ? done : PUBLISH_REFUSED;
    case ZONE_HALF_SILENT:
        return part == NAME_EQUAL ? PUBLISH_UNCHANGED : s->is_dry ? done : PUBLISH_FAILED;
    default: break;
    }
    switch (part) {
    case NAME_EQUAL: return PUBLISH_UNCHANGED;
    case NAME_FOREIGN_MX:
    case NAME_ALIAS:
    case NAME_WILDCARD:
    case NAME_APEX: return PUBLISH_PERSON;
    case NAME_FOREIGN_SPF:
    case NAME_OTHER_TXT: return s->merges_spf ? done : PUBLISH_PERSON;
    case NAME_REFUSED: return s->is_dry ? done : PUBLISH_REFUSED;
    default: return done;
    }
}
