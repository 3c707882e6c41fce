/*
 * Decides the change of each set. Foreign records are never replaced. Among MX, only slips without
 * any mail (amazonaws.com, a doubled zone, an impossible Region) and the null MX are replaced;
 * among TXT, only the one SPF record, by itself with SES merged in.
 */
#include "decide.h"

#include "base/dname.h"
#include "base/escape.h"
#include "rules/mx.h"
#include "rules/spf_merge.h"
#include "rules/spf_presence.h"

#define REASON_LEN_MAX 1024

/* The sentences of the judgements without any accepted finding, for the owners. */
static const struct policy strict = {.require = REQUIRE_MX_SPF};

static void block(struct records_verdict *v, struct arena *arena, struct text reason)
{
    v->action = RECORDS_BLOCKED;
    v->reason = arena_text(arena, reason);
}

static void block_for_trouble(struct records_verdict *v, struct arena *arena, const char *what,
                              struct text trouble)
{
    struct buf reason;
    buf_init(&reason, 4 * REASON_LEN_MAX + 64);
    buf_add_fmt(&reason, "%s: ", what);
    escape_terminal(&reason, text_slice(trouble, 0, REASON_LEN_MAX));
    block(v, arena, buf_text(&reason));
    buf_clear(&reason);
}

static void block_for_silence(struct records_verdict *v, struct arena *arena, struct text trouble)
{
    block_for_trouble(v, arena, "DNS gives no verdict", trouble);
    v->is_open = true;
}

/* ---- MX ---- */

static bool value_keep(struct records_verdict *v, struct arena *arena, uint16_t preference,
                       struct text data)
{
    struct records_value *value = &v->there[v->there_len++];
    *value = (struct records_value){.preference = preference, .data = arena_text(arena, data)};
    return value->data.at || data.len == 0;
}

static enum records_action mx_action(const struct judgement *j, enum mx_status status)
{
    if (j->errors & FINDING_BIT(MX_UNKNOWN_REGION))
        return RECORDS_REPLACE; /* a slip: no such host exists */
    switch (status) {
    case MX_STATUS_MISSING: return RECORDS_ADD;
    case MX_STATUS_OK:
    case MX_STATUS_UNKNOWN_REGION: return RECORDS_KEEP;
    case MX_STATUS_WRONG_SUFFIX:
    case MX_STATUS_NULL_MX: return RECORDS_REPLACE;
    default: return RECORDS_BLOCKED;
    }
}

static bool mx_decide(struct records_verdict *v, struct arena *arena, const struct survey *s,
                      struct text region, struct text feedback_host)
{
    const struct dns_facts *facts = survey_facts(s);
    struct judgement j = {.suffixes = s->options->suffixes, .feedback_host = feedback_host};
    enum mx_status status = mx_judge(&j, &strict, s->name, region, facts);
    v->action = mx_action(&j, status);
    if (facts->mx_state == DNS_TROUBLE_STATE && facts->cname.len == 0)
        block_for_silence(v, arena, facts->trouble);
    else if (v->action == RECORDS_BLOCKED)
        block(v, arena, text_of(j.first_error));
    if (v->action != RECORDS_KEEP && v->action != RECORDS_REPLACE)
        return true;
    v->there = ARENA_ARRAY(arena, struct records_value, facts->mx_len + 1u);
    bool kept = v->there != NULL;
    for (uint32_t i = 0; kept && i < facts->mx_len; i++)
        kept = value_keep(v, arena, facts->mx[i].preference, facts->mx[i].exchange);
    if (!kept)
        return false;
    /* A name outside host name rules could have a meaning in the syntax of a format. */
    bool plain = v->there_len == 1 &&
                 (v->there[0].data.len == 0 || dname_check(v->there[0].data) == DNAME_OK);
    if (!plain)
        block(v, arena, TEXT("its MX names something that is not a host"));
    return true;
}

/* ---- SPF ---- */

/* The one existing SPF record: good, to be merged, or not to be touched. */
static void spf_weigh(struct records_verdict *v, struct arena *arena, const struct survey *s)
{
    const struct spf_walk *w = &s->spf.walk;
    enum spf_class class = spf_survey_class(&s->spf);
    if (w->authorizes_ses && (class == SPF_CLASS_VALID || class == SPF_CLASS_TEMPERROR))
        v->action = RECORDS_KEEP;
    else if (class == SPF_CLASS_PERMERROR)
        block_for_trouble(v, arena, "its SPF record is in error", w->reason);
    else if (class == SPF_CLASS_TEMPERROR)
        block_for_trouble(v, arena, "its SPF record cannot be followed", w->reason);
    else {
        struct why why = {""};
        v->action = RECORDS_REPLACE;
        enum err err = spf_merge_ses(v->there[v->replaced].data, arena, &v->merged, &why);
        if (err != OK)
            block(v, arena, err == ERR_NOMEM ? TEXT_NONE : text_of(why.text));
        else if (s->spf.walk.lookups >= SPF_LOOKUPS_MAX)
            block(
                v, arena,
                TEXT(
                    "its SPF record needs ten DNS lookups already, and include:amazonses.com would "
                    "be one more than receivers allow; shorten the record first"));
    }
}

static bool spf_decide(struct records_verdict *v, struct arena *arena, const struct survey *s)
{
    const struct dns_facts *facts = survey_facts(s);
    struct judgement j = {0};
    struct text record;
    if (facts->txt_state == DNS_TROUBLE_STATE) {
        block_for_silence(v, arena, facts->trouble);
        return true;
    }
    v->there = ARENA_ARRAY(arena, struct records_value, facts->txt_len + 1u);
    bool kept = v->there != NULL;
    for (uint32_t i = 0; kept && i < facts->txt_len; i++) {
        kept = value_keep(v, arena, 0, facts->txt[i]);
        for (uint32_t cut = 0; kept && cut < facts->cuts_len; cut++)
            if (text_eq(facts->cuts[cut].txt, facts->txt[i]))
                v->there[i].cuts = arena_text(arena, facts->cuts[cut].lengths);
        if (spf_record_is(facts->txt[i]))
            v->replaced = i;
    }
    if (!kept)
        return false;
    switch (spf_record_select(facts->txt, facts->txt_len, &record)) {
    case SPF_RECORD_NONE: v->action = RECORDS_ADD; break;
    case SPF_RECORD_ONE: spf_weigh(v, arena, s); break;
    case SPF_RECORD_SEVERAL:
        spf_presence_judge(&j, &strict, s->name, facts);
        block(v, arena, text_of(j.first_error));
        break;
    }
    return true;
}

/* ---- together ---- */

/* A wildcard's records vanish for this name as soon as any record is published there: so both
 * records are published, or neither. Faults of the wildcard's records do not matter. */
static void wildcard_leave(struct records_found *found, const struct dns_facts *facts)
{
    struct records_verdict *mx = &found->of[RECORDS_MX], *txt = &found->of[RECORDS_TXT];
    if (mx->action == RECORDS_KEEP && txt->action == RECORDS_KEEP)
        return;
    for (int type = 0; type < RECORDS_TYPES; type++) {
        struct records_verdict *v = &found->of[type];
        bool open = (type == RECORDS_MX ? facts->mx_state : facts->txt_state) == DNS_TROUBLE_STATE;
        if (v->action == RECORDS_BLOCKED && open)
            continue;
        if (type == RECORDS_TXT && v->action == RECORDS_KEEP)
            v->merged = v->there[v->replaced].data;
        v->action = RECORDS_ADD;
        v->there_len = 0;
    }
}

bool records_judge(struct records_found *found, struct arena *arena, const struct survey *s,
                   struct text region, struct text feedback_host)
{
    const struct dns_facts *facts = survey_facts(s);
    struct records_verdict *mx = &found->of[RECORDS_MX], *txt = &found->of[RECORDS_TXT];
    *found = (struct records_found){0};
    if (!mx_decide(mx, arena, s, region, feedback_host))
        return false;
    if (facts->cname.len && !facts->wildcard)
        *txt = *mx;
    else if (!spf_decide(txt, arena, s))
        return false;
    if (facts->wildcard)
        wildcard_leave(found, facts);
    return (mx->action != RECORDS_BLOCKED || mx->reason.len) &&
           (txt->action != RECORDS_BLOCKED || txt->reason.len);
}
