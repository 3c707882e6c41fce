#include "scene.h"

#include "base/bounds.h"
#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STRANGERS 5

static uint64_t draw(const struct scene *s, uint64_t what, uint64_t which)
{
    return hash_mix(hash_mix(s->options.seed, what), which);
}

static bool chance(const struct scene *s, uint64_t what, uint64_t which, unsigned percent)
{
    return draw(s, what, which) % 100 < percent;
}

/* "d7.test" for before "d", n 7. */
static bool name(struct fleet *f, name_id *id, const char *before, unsigned n)
{
    char text[64];
    int len = snprintf(text, sizeof text, "%s%u.test", before, n);
    return names_add(&f->names, (struct text){text, (size_t)len}, id);
}

static bool lanes_draw(struct scene *s)
{
    static const char *const regions[] = {"us-east-1", "eu-west-1"};
    struct fleet *f = &s->fleet;
    unsigned accounts = 1 + (unsigned)(draw(s, 1, 0) % 2),
             lanes = 1 + (unsigned)(draw(s, 1, 1) % 2);
    for (unsigned a = 0; a < accounts; a++) {
        struct account account = {0};
        uint16_t index, lane;
        name_id region;
        if (!name(f, &account.name, "account", a) || !fleet_account(f, account, &index))
            return false;
        for (unsigned r = 0; r < lanes; r++)
            if (!names_add(&f->names, text_of(regions[r]), &region) ||
                !fleet_lane(f, index, region, &lane))
                return false;
    }
    return true;
}

static bool job_draw(struct scene *s, uint32_t i)
{
    struct fleet *f = &s->fleet;
    enum part part = (enum part)(draw(s, 2, i) % PARTS);
    struct policy policy = {.require = (enum dns_require)(draw(s, 3, i) % 3),
                            .timeout_us = SPAN_H(24 + (int64_t)(draw(s, 3, 1) % 48))};
    struct choice choice = {.lane = (uint16_t)(draw(s, 4, i) % f->lanes_len), .line = i + 2};
    uint32_t row;
    if (s->slow_dns && chance(s, 3, 2, 50))
        policy.timeout_us = SPAN_H(24 * 13); /* SES gives up before it does, more than once */
    bool address = chance(s, 5, i, 30);
    policy.behavior = part == PART_TIGHT ? BEHAVIOR_REJECT_MESSAGE : BEHAVIOR_USE_DEFAULT_VALUE;
    choice.type = address ? IDENTITY_EMAIL_ADDRESS : IDENTITY_DOMAIN;
    choice.guarded = part == PART_GUARDED || part == PART_REVIEWED ? GUARD_REVIEWED : GUARD_NONE;
    s->parts[i] = (uint8_t)part;
    bool ok = name(f, &choice.identity, address ? "news@d" : "d", i) &&
              fleet_policy(f, policy, &choice.policy);
    if (part == PART_NOT_BELOW)
        ok = ok && name(f, &choice.mail_from, "bounce.e", i);
    else if (part != PART_CLEAR && part != PART_DEFAULT)
        ok = ok && name(f, &choice.mail_from, "bounce.d", i);
    if (part == PART_REVIEWED)
        f->expected[i].status = MAIL_FROM_UNKNOWN; /* the old name has a life of its own */
    return ok && fleet_choice(f, choice, &row) &&
           name(f, &f->expected[i].mail_from, part == PART_REVIEWED ? "old.d" : "reviewed.d", i);
}

/* Waves, half of which stop after a few failures too. */
static void waves_draw(struct scene *s)
{
    static const struct quota plans[][3] = {
        {{false, 1}, {true, 50}, {true, 100}},
        {{false, 3}, {true, 34}, {true, 100}},
        {{true, 10}, {false, 5}, {true, 30}},
        {{false, 1}, {false, 2}, {false, 6}},
    };
    struct fleet *f = &s->fleet;
    f->max_failures.value = -1;
    if (!s->options.waves)
        return;
    f->waves_len = (uint32_t)(draw(s, 8, 1) % 4);
    memcpy(f->waves, plans[draw(s, 8, 2) % 4], sizeof plans[0]);
    if (f->waves_len == 0 || chance(s, 8, 3, 50))
        f->max_failures = (struct quota){chance(s, 8, 4, 50), (double)(draw(s, 8, 5) % 4)};
}

static void world_draw(struct scene *s)
{
    struct world_options *w = &s->world;
    *w = (struct world_options){.start = SCENE_START,
                                .seed = s->options.seed,
                                .round_trip = SPAN_MS(20 + (int64_t)(draw(s, 6, 0) % 200)),
                                .time_out = SPAN_S(30),
                                .ses = ses_rules_default(),
                                .identities_max = s->fleet.choices_len + STRANGERS};
    w->ses.has_advice = true;
    w->ses.rate_per_s = s->rate_per_s;
    w->ses.burst = 2;
    w->ses.detect_after = SPAN_S(1 + (int64_t)(draw(s, 6, 1) % 300));
    w->dns = (struct dns_model_options){
        .seed = s->options.seed,
        .start = SCENE_START,
        .published = (double)(draw(s, 7, 0) % 3) / 2,
        .wrong_first = (double)(draw(s, 7, 1) % 3) / 4,
        .breaks = (double)(draw(s, 7, 2) % 3) / 4,
        .delay_min = SPAN_M(1),
        .delay_max = SPAN_H(1 + (int64_t)(draw(s, 7, 3) % 20)),
        .outage = SPAN_M(5 + (int64_t)(draw(s, 7, 4) % 120)),
        .lag_max = SPAN_M((int64_t)(draw(s, 7, 5) % 5)),
        .negative_ttl = SPAN_M((int64_t)(draw(s, 7, 6) % 60)),
        .right_host = TEXT("feedback-smtp.us-east-1.amazonses.com"),
        .foretells = chance(s, 7, 8, 30),
    };
    s->read_falls_back = s->read_api == API_V1 && chance(s, 6, 2, 30);
    if (s->read_falls_back) {
        w->v1_refused = draw(s, 6, 3);
        w->v1_refused_since =
            chance(s, 6, 4, 50) ? 0 : SCENE_START + SPAN_M(1 + (int64_t)(draw(s, 6, 5) % 600));
    }
    w->dkim_refused = chance(s, 6, 7, 20) ? draw(s, 6, 8) : 0;
    w->ses.set_restarts = chance(s, 6, 6, 25);
    if (s->options.others)
        w->operator=(struct operator_options){
            .seed = s->options.seed,
            .start = SCENE_START,
            .share = 0.2 + 0.2 * (double)(draw(s, 10, 0) % 3),
            .within = SPAN_M(1 + (int64_t)(draw(s, 10, 1) % 1500)),
        };
    if (s->slow_dns)
        w->dns.delay_max = SPAN_H(220);
    if (s->options.faults)
        faults_draw(&w->faults, s->options.seed);
    if (s->options.faults && s->options.waves && chance(s, 7, 7, 30))
        w->faults.share[FAULT_NOT_SENT] = 0.7; /* so that some run out of tries */
    if (s->options.faults && !s->options.spared && chance(s, 7, 9, 40))
        w->leaves_late = 0.1;
    for (int kind = 0; kind < FAULTS_LEN; kind++)
        if (s->options.spared & 1u << kind)
            w->faults.share[kind] = 0;
}

bool scene_make(struct scene *s, const struct scene_options *options)
{
    static const double rates[] = {1, 1, 5, 50};
    *s = (struct scene){.options = *options};
    fleet_init(&s->fleet);
    uint32_t jobs = options->jobs ? options->jobs : 1 + (uint32_t)(draw(s, 0, 0) % 40);
    if (!options->jobs && options->waves && chance(s, 0, 6, 10))
        jobs += 160; /* more than fit into the window of questions */
    s->rate_per_s = rates[draw(s, 0, 1) % 4];
    s->authority_dns = chance(s, 0, 2, 50);
    s->slow_dns = options->waves && chance(s, 0, 5, 30);
    s->read_api = chance(s, 0, 3, 20) ? API_V2 : API_V1;
    s->write_api = chance(s, 0, 4, 30) ? API_V1 : API_V2;
    s->dkim = (enum dkim_wish)(draw(s, 0, 7) % 3);
    s->heal_at = SCENE_START + SPAN_H(12);
    s->end_by = SCENE_START + SPAN_H(24 * 16);
    s->parts = calloc(jobs, 1);
    s->fleet.expected = calloc(jobs, sizeof *s->fleet.expected);
    if (!s->parts || !s->fleet.expected || !names_init(&s->fleet.names, NAMES_BYTES_MAX) ||
        !lanes_draw(s))
        return false;
    for (uint32_t i = 0; i < jobs; i++)
        if (!job_draw(s, i))
            return false;
    waves_draw(s);
    if (s->options.waves) /* one wave after the other may wait for what never comes */
        s->end_by += SPAN_H(24 * 120);
    world_draw(s);
    return true;
}

void scene_clear(struct scene *s)
{
    free(s->parts);
    fleet_clear(&s->fleet);
}

static struct ses_facts facts_at_start(const struct scene *s, uint32_t i)
{
    enum part part = (enum part)s->parts[i];
    struct ses_facts facts = {.verification = VERIFICATION_SUCCESS};
    if (part == PART_UNVERIFIED)
        facts.verification = VERIFICATION_PENDING;
    if (part == PART_LOOSE) {
        facts.mail_from = fleet_mail_from(&s->fleet, i);
        facts.status = MAIL_FROM_PENDING;
        facts.behavior = BEHAVIOR_REJECT_MESSAGE;
    }
    if (part == PART_AS_WANTED || part == PART_FAILED) {
        facts.mail_from = fleet_mail_from(&s->fleet, i);
        facts.status = part == PART_FAILED ? MAIL_FROM_FAILED : MAIL_FROM_SUCCESS;
        if (part == PART_AS_WANTED && s->options.waves && chance(s, 9, i, 50))
            facts.status = MAIL_FROM_TEMPORARY_FAILURE;
    }
    if (chance(s, 11, i, 40))
        facts.dkim = (enum dkim_status)(1 + draw(s, 12, i) % (DKIM_STATUSES - 1));
    return facts;
}

static bool add_job(const struct scene *s, struct world *w, uint32_t i)
{
    struct why why = {""};
    struct ses_facts facts = facts_at_start(s, i);
    char other[64];
    enum part part = (enum part)s->parts[i];
    if (part == PART_MISSING)
        return true;
    if (part == PART_CHANGE || part == PART_CLEAR || part == PART_REVIEWED) {
        int len = snprintf(other, sizeof other, "old.d%u.test", i);
        facts.mail_from = (struct text){other, (size_t)len};
        facts.status = MAIL_FROM_SUCCESS;
    }
    uint16_t lane = world_lane(w, s->fleet.choices[i].lane);
    return ses_model_add(world_ses(w), lane, fleet_identity(&s->fleet, i), &facts, SCENE_START,
                         &why) == OK;
}

static struct text stranger(unsigned i, char out[32])
{
    int len = snprintf(out, 32, "stranger%u.test", i);
    return (struct text){out, (size_t)len};
}

bool scene_populate(const struct scene *s, struct world *w)
{
    for (uint32_t i = 0; i < s->fleet.choices_len; i++)
        if (!add_job(s, w, i))
            return false;
    for (unsigned i = 0; i < STRANGERS; i++) {
        struct why why = {""};
        char text[32];
        struct ses_facts facts = {.verification = VERIFICATION_SUCCESS};
        if (ses_model_add(world_ses(w), 0, stranger(i, text), &facts, SCENE_START, &why) != OK)
            return false;
    }
    return true;
}

bool scene_strangers_untouched(const struct scene *s, struct world *w)
{
    (void)s;
    for (unsigned i = 0; i < STRANGERS; i++) {
        char text[32];
        uint32_t id;
        if (!ses_model_find(world_ses(w), 0, stranger(i, text), &id) ||
            ses_model_facts(world_ses(w), id).mail_from.len > 0)
            return false;
    }
    return true;
}
