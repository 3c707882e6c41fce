/* Spells that come and go, and SES's own machine between them. */
#include "watch_story.h"

#include "base/dname.h"
#include "base/hash.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t story_roll(uint64_t *dice)
{
    *dice = hash_mix(*dice, 0x9e3779b97f4a7c15u);
    return *dice >> 8;
}

/* From blinks to days. */
static span_us duration(uint64_t *dice)
{
    uint64_t kind = story_roll(dice) % 10, roll = story_roll(dice);
    if (kind < 4)
        return SPAN_M(1 + roll % 20);
    if (kind < 7)
        return SPAN_M(20 + roll % 240);
    if (kind < 9)
        return SPAN_H(4 + roll % 30);
    return SPAN_H(30 + roll % 100);
}

static void spell_begin(struct spell *s, uint64_t dice, span_us gap)
{
    *s = (struct spell){.dice = dice, .gap = gap, .next = WHEN_NEVER};
    if (gap)
        s->next = STORY_START + (span_us)(story_roll(&s->dice) % (uint64_t)(2 * gap));
}

static void spell_change(struct spell *s)
{
    s->on = !s->on;
    s->form = (unsigned)(story_roll(&s->dice) % 3);
    if (s->on && s->is_long && s->form == 0)
        s->next += WATCH_FORGET + SPAN_H(150);
    else
        s->next += s->on ? duration(&s->dice)
                         : SPAN_M(1) + (span_us)(story_roll(&s->dice) % (uint64_t)(2 * s->gap));
}

struct lane_name story_lane(uint16_t lane)
{
    return lane ? (struct lane_name){TEXT("other"), TEXT("444455556666"), TEXT("eu-west-1")}
                : (struct lane_name){TEXT("main"), TEXT("111122223333"), TEXT("us-east-1")};
}

/* What the operator has set at SES: the name, and REJECT_MESSAGE in the second bit. */
static unsigned had_of(const struct story_identity *i)
{
    return (unsigned)i->spells[SPELL_OBEYED].on | (unsigned)i->spells[SPELL_REJECT].on << 1;
}

static void ses_set(struct story *s, struct story_identity *i)
{
    struct why why;
    i->had = had_of(i);
    enum ses_refusal refusal = ses_model_set(
        &s->ses, i->lane_number, text_of(i->name), text_of(i->mail_from[i->had & 1]),
        i->had & 2 ? BEHAVIOR_REJECT_MESSAGE : BEHAVIOR_USE_DEFAULT_VALUE, s->now, &why);
    assert(refusal == SES_ACCEPTED);
    (void)refusal;
}

static void ses_add(struct story *s, struct story_identity *i, enum mail_from_status status)
{
    struct why why;
    i->had = had_of(i);
    const struct ses_facts facts = {.verification = VERIFICATION_SUCCESS,
                                    .mail_from = text_of(i->mail_from[i->had & 1]),
                                    .behavior = i->had & 2 ? BEHAVIOR_REJECT_MESSAGE
                                                           : BEHAVIOR_USE_DEFAULT_VALUE,
                                    .status = status};
    if (ses_model_add(&s->ses, i->lane_number, text_of(i->name), &facts, s->now, &why) != OK) {
        fprintf(stderr, "%s\n", why.text);
        exit(1);
    }
}

void story_begin(struct story *s, uint64_t seed)
{
    static const span_us gaps[SPELLS] = {
        [SPELL_MX] = SPAN_H(150),         [SPELL_MX_FORM] = SPAN_H(7),
        [SPELL_SPF] = SPAN_H(300),        [SPELL_DMARC] = SPAN_H(400),
        [SPELL_TROUBLE] = SPAN_H(200),    [SPELL_ABSENT] = SPAN_H(1500),
        [SPELL_WISH] = SPAN_H(700),       [SPELL_OBEYED] = SPAN_H(700),
        [SPELL_REJECT] = SPAN_H(300),     [SPELL_DELETED] = SPAN_H(1500),
        [SPELL_UNVERIFIED] = SPAN_H(900), [SPELL_UNREAD] = SPAN_H(400),
        [SPELL_ADVISED] = SPAN_H(600)};
    static const span_us lane_gaps[LANE_SPELLS] = {SPAN_H(300), SPAN_H(600), SPAN_H(500)};
    struct ses_rules rules = ses_rules_default();
    struct why why;
    uint64_t dice = hash_mix(seed, 1);
    *s = (struct story){.seed = seed, .now = STORY_START};
    s->len = 1 + (uint32_t)(story_roll(&dice) % STORY_IDENTITIES);
    /* Each seed has its own misfortunes; a quarter of the kinds never come. */
    span_us pace = (span_us)(1 + story_roll(&dice) % 3);
    rules.watch_every = SPAN_M(5 + story_roll(&dice) % 60);
    if (ses_model_init(&s->ses, &rules, 4096, &why) != OK) {
        fprintf(stderr, "%s\n", why.text);
        exit(1);
    }
    for (uint16_t l = 0; l < STORY_LANES; l++) {
        uint16_t number;
        struct lane_name name = story_lane(l);
        if (!ses_model_lane(&s->ses, name.number, name.region, &number))
            exit(1);
        assert(number == l);
        for (int k = 0; k < LANE_SPELLS; k++)
            spell_begin(&s->lanes[l][k], story_roll(&dice),
                        story_roll(&dice) % 4 ? lane_gaps[k] * pace : 0);
    }
    for (uint32_t n = 0; n < s->len; n++) {
        struct story_identity *i = &s->identities[n];
        snprintf(i->name, sizeof i->name, "d%u.test", n);
        snprintf(i->mail_from[0], sizeof i->mail_from[0], "bounce.d%u.test", n);
        snprintf(i->mail_from[1], sizeof i->mail_from[1], "other.d%u.test", n);
        i->lane_number = (uint16_t)(story_roll(&dice) % STORY_LANES);
        i->lane = story_lane(i->lane_number);
        for (int k = 0; k < SPELLS; k++)
            spell_begin(&i->spells[k], story_roll(&dice),
                        story_roll(&dice) % 4 ? gaps[k] * (k == SPELL_MX_FORM ? 1 : pace) : 0);
        i->spells[SPELL_ABSENT].is_long = true;
        ses_add(s, i, story_roll(&dice) % 4 ? MAIL_FROM_SUCCESS : MAIL_FROM_PENDING);
    }
}

void story_end(struct story *s)
{
    ses_model_clear(&s->ses);
}

static bool ses_find(const struct story *s, const struct story_identity *i, uint32_t *id)
{
    return ses_model_find(&s->ses, i->lane_number, text_of(i->name), id);
}

static enum mx_status mx_now(const struct story_identity *i)
{
    static const enum mx_status forms[] = {MX_STATUS_MISSING, MX_STATUS_SEVERAL, MX_STATUS_FOREIGN};
    if (!i->spells[SPELL_MX].on)
        return MX_STATUS_OK;
    return forms[(i->spells[SPELL_MX].form + i->spells[SPELL_MX_FORM].form) % 3];
}

/* Operators follow their spells; one who finds that SES has failed sets it up again some time
 * later. */
static void operator_acts(struct story *s, struct story_identity *i)
{
    uint32_t id;
    if (!ses_find(s, i, &id))
        return;
    if (i->had != had_of(i))
        ses_set(s, i);
    enum mail_from_status status = ses_model_facts(&s->ses, id).status;
    if (status != MAIL_FROM_FAILED)
        i->restart_at = 0;
    else if (i->restart_at == 0)
        i->restart_at = s->now + duration(&i->spells[SPELL_OBEYED].dice);
    else if (s->now >= i->restart_at)
        ses_set(s, i);
    if (status != MAIL_FROM_TEMPORARY_FAILURE || i->spells[SPELL_DELETED].on)
        i->temporary_since = 0;
    else if (i->temporary_since == 0)
        i->temporary_since = s->now;
}

static void ses_checks(struct story *s)
{
    struct ses_check check;
    while (ses_model_next_check(&s->ses, s->now, &check)) {
        struct text name = ses_model_name(&s->ses, check.id);
        struct story_identity *i = NULL;
        for (uint32_t n = 0; n < s->len; n++)
            if (text_eq(text_of(s->identities[n].name), name))
                i = &s->identities[n];
        assert(i);
        enum mx_status mx = mx_now(i);
        ses_model_mx_result(&s->ses, &check,
                            i->spells[SPELL_TROUBLE].on ? SES_MX_TROUBLE
                            : mx == MX_STATUS_OK        ? SES_MX_RIGHT
                            : mx == MX_STATUS_SEVERAL   ? SES_MX_SEVERAL
                                                        : SES_MX_NONE,
                            s->now);
        operator_acts(s, i);
    }
}

/* The instant of the next change of a spell. */
static instant_us spells_go(struct spell *spells, int len, instant_us now)
{
    instant_us next = WHEN_NEVER;
    for (int k = 0; k < len; k++) {
        while (spells[k].next <= now)
            spell_change(&spells[k]);
        next = when_earlier(next, spells[k].next);
    }
    return next;
}

void story_go(struct story *s, instant_us to)
{
    for (;;) {
        instant_us next = to;
        for (int l = 0; l < STORY_LANES; l++)
            next = when_earlier(next, spells_go(s->lanes[l], LANE_SPELLS, s->now));
        for (uint32_t n = 0; n < s->len; n++) {
            next = when_earlier(next, spells_go(s->identities[n].spells, SPELLS, s->now));
            operator_acts(s, &s->identities[n]);
        }
        ses_checks(s);
        next = when_earlier(next, ses_model_next_due(&s->ses));
        if (s->now >= to)
            return;
        s->now = when_later(s->now, when_earlier(next, to));
    }
}

bool story_is_wanted(const struct story *s, uint32_t i)
{
    return !s->identities[i].spells[SPELL_ABSENT].on;
}

static enum truth bad_if(bool bad)
{
    return bad ? TRUTH_BAD : TRUTH_WELL;
}

/* What SES shows. */
static void look_at_ses(struct story *s, struct story_identity *i,
                        const struct watch_wanted *wanted, struct watch_seen *seen,
                        enum truth truth[WATCH_KINDS])
{
    uint32_t id;
    seen->lane_is_unseen = s->lanes[i->lane_number][LANE_UNREAD].on;
    seen->is_read = !seen->lane_is_unseen && !i->spells[SPELL_UNREAD].on;
    if (!seen->lane_is_unseen)
        truth[WATCH_UNSEEN] = bad_if(!seen->is_read);
    if (!seen->is_read)
        return;
    seen->exists = ses_find(s, i, &id) && !i->spells[SPELL_DELETED].on;
    struct ses_facts facts = {.status = MAIL_FROM_NONE};
    if (seen->exists)
        facts = ses_model_facts(&s->ses, id);
    seen->mail_from = facts.mail_from;
    seen->behavior = facts.behavior;
    seen->status = facts.status;
    bool is_other = seen->exists && !text_eq(facts.mail_from, wanted->mail_from);
    bool rejects = facts.behavior == BEHAVIOR_REJECT_MESSAGE;
    truth[WATCH_IDENTITY_MISSING] = bad_if(!seen->exists);
    truth[WATCH_DRIFT_NAME] = bad_if(is_other);
    if (!is_other)
        truth[WATCH_DRIFT_BEHAVIOR] = bad_if(seen->exists && rejects);
    truth[WATCH_REJECTING] = bad_if(rejects && facts.status != MAIL_FROM_SUCCESS);
    truth[WATCH_STATUS_FAILED] = bad_if(facts.status == MAIL_FROM_FAILED);
    truth[WATCH_STATUS_TEMPORARY] = bad_if(facts.status == MAIL_FROM_TEMPORARY_FAILURE);
    truth[WATCH_STATUS_PENDING] = bad_if(facts.status == MAIL_FROM_PENDING);
    seen->verification_is_read = story_roll(&s->seed) % 3 == 0;
    seen->verification =
        i->spells[SPELL_UNVERIFIED].on ? VERIFICATION_FAILED : VERIFICATION_SUCCESS;
    if (!seen->exists)
        truth[WATCH_IDENTITY_UNVERIFIED] = TRUTH_WELL;
    else if (seen->verification_is_read)
        truth[WATCH_IDENTITY_UNVERIFIED] = bad_if(i->spells[SPELL_UNVERIFIED].on);
}

static void look_at_dns(struct story *s, struct story_identity *i, struct watch_seen *seen,
                        enum truth truth[WATCH_KINDS])
{
    static const enum spf_status forms[] = {SPF_STATUS_MISSING, SPF_STATUS_SEVERAL,
                                            SPF_STATUS_WITHOUT_SES};
    bool blinks = story_roll(&s->seed) % 50 == 0;
    truth[WATCH_DNS_TROUBLE] = bad_if(i->spells[SPELL_TROUBLE].on || blinks);
    if (i->spells[SPELL_TROUBLE].on || blinks) {
        seen->mx = MX_STATUS_TROUBLE;
        seen->spf = SPF_STATUS_TROUBLE;
        seen->dmarc = DMARC_STATUS_TROUBLE;
        return;
    }
    const struct spell *spf = &i->spells[SPELL_SPF];
    seen->mx = mx_now(i);
    seen->spf = spf->on ? forms[spf->form] : SPF_STATUS_OK;
    seen->dmarc = i->spells[SPELL_DMARC].on ? DMARC_STATUS_STRICT : DMARC_STATUS_OK;
    truth[WATCH_MX_GONE] = bad_if(seen->mx == MX_STATUS_MISSING);
    truth[WATCH_MX_WRONG] = bad_if(seen->mx == MX_STATUS_SEVERAL || seen->mx == MX_STATUS_FOREIGN);
    truth[WATCH_SPF_GONE] = bad_if(spf->on && spf->form == 0);
    truth[WATCH_SPF_WRONG] = bad_if(spf->on && spf->form != 0);
    truth[WATCH_DMARC_NOT_ALIGNED] = bad_if(i->spells[SPELL_DMARC].on);
}

void story_look(struct story *s, uint32_t n, struct watch_wanted *wanted, struct watch_seen *seen,
                enum truth truth[WATCH_KINDS])
{
    struct story_identity *i = &s->identities[n];
    for (int k = 0; k < WATCH_KINDS; k++)
        truth[k] = TRUTH_NOTHING;
    *wanted = (struct watch_wanted){.mail_from = text_of(i->mail_from[i->spells[SPELL_WISH].on]),
                                    .needs_spf = true};
    *seen = (struct watch_seen){.is_read = false};
    look_at_ses(s, i, wanted, seen, truth);
    look_at_dns(s, i, seen, truth);
    if (seen->is_read) {
        seen->known = WATCH_BIT(WATCH_ADVISOR_OPEN);
        seen->shown = i->spells[SPELL_ADVISED].on ? seen->known : 0;
        truth[WATCH_ADVISOR_OPEN] = bad_if(i->spells[SPELL_ADVISED].on);
    }
}

void story_look_lane(struct story *s, uint16_t lane, struct watch_lane_seen *seen,
                     enum truth truth[WATCH_KINDS])
{
    const struct spell *spells = s->lanes[lane];
    for (int k = 0; k < WATCH_KINDS; k++)
        truth[k] = TRUTH_NOTHING;
    *seen = (struct watch_lane_seen){.is_read = !spells[LANE_UNREAD].on};
    truth[WATCH_UNSEEN] = bad_if(spells[LANE_UNREAD].on);
    if (!seen->is_read)
        return;
    seen->account_is_known = true;
    seen->can_send = !spells[LANE_STOPPED].on;
    truth[WATCH_ACCOUNT_CANNOT_SEND] = bad_if(spells[LANE_STOPPED].on);
    seen->known = WATCH_BIT(WATCH_ENDPOINT_REGIONS);
    seen->shown = spells[LANE_ADVISED].on ? seen->known : 0;
    truth[WATCH_ENDPOINT_REGIONS] = bad_if(spells[LANE_ADVISED].on);
}
