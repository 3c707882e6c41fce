/*
 * The states of a MAIL FROM set-up and the times of MX look-ups; the diagram is in ses_model.h.
 * Invariant: an identity waits in m->checks exactly when the status is Pending, Success or
 * TemporaryFailure and no look-up of the present setting is out.
 */
#include "model/region.h"
#include "rules/feedback.h"
#include "ses_internal.h"

#include <assert.h>

enum ses_mx ses_mx_judge(const struct mx_fact *mx, uint32_t len)
{
    struct text region;
    if (len > 1)
        return SES_MX_SEVERAL;
    bool right = len == 1 && feedback_host_parse(TEXT_NONE, mx[0].exchange, &region) &&
                 region_has_ses(region);
    return right ? SES_MX_RIGHT : SES_MX_NONE;
}

static void enter(struct ses_identity *i, enum mail_from_status status, instant_us now)
{
    i->status = (uint8_t)status;
    i->since = now;
    i->reads = 0;
}

static span_us recheck_span(const struct ses_rules *rules, unsigned looks)
{
    span_us span = rules->recheck_first;
    for (; looks > 1 && span < rules->recheck_max; looks--)
        span *= 2;
    return span < rules->recheck_max ? span : rules->recheck_max;
}

/* The last check of a set-up falls exactly on the end of the 72 hours, never later. */
static instant_us next_read(const struct ses_rules *rules, const struct ses_identity *i,
                            instant_us now)
{
    if (i->status == MAIL_FROM_SUCCESS)
        return now + rules->watch_every;
    bool first = i->status == MAIL_FROM_PENDING && i->reads == 0;
    instant_us at = now + (first ? rules->detect_after : recheck_span(rules, i->reads));
    instant_us end = i->since + rules->give_up;
    return at < end ? at : end;
}

void ses_setup_watch(struct ses_model *m, uint32_t id, instant_us now)
{
    struct ses_identity *i = &m->identities[id];
    if (i->status == MAIL_FROM_NONE || i->status == MAIL_FROM_FAILED) {
        heap_drop(&m->checks, id);
        return;
    }
    heap_set(&m->checks, id, next_read(&m->rules, i, now));
}

void ses_setup_start(struct ses_model *m, uint32_t id, instant_us now)
{
    struct ses_identity *i = &m->identities[id];
    i->generation++;
    enter(i, i->mail_from == NAME_NONE ? MAIL_FROM_NONE : MAIL_FROM_PENDING, now);
    ses_setup_watch(m, id, now);
}

bool ses_model_next_check(struct ses_model *m, instant_us now, struct ses_check *check)
{
    uint32_t id;
    if (!heap_pop_due(&m->checks, now, &id))
        return false;
    const struct ses_identity *i = &m->identities[id];
    *check = (struct ses_check){id, i->generation, names_text(&m->names, i->mail_from)};
    return true;
}

instant_us ses_model_next_due(const struct ses_model *m)
{
    return heap_first(&m->checks);
}

void ses_model_mx_result(struct ses_model *m, const struct ses_check *check, enum ses_mx found,
                         instant_us now)
{
    assert(check->id < m->identities_len);
    struct ses_identity *i = &m->identities[check->id];
    if (i->generation != check->generation)
        return;
    i->reads = (uint8_t)(i->reads < UINT8_MAX ? i->reads + 1 : UINT8_MAX);
    bool lasts = i->status != MAIL_FROM_SUCCESS;
    if (found == SES_MX_RIGHT && lasts)
        enter(i, MAIL_FROM_SUCCESS, now);
    else if (found == SES_MX_SEVERAL && i->status == MAIL_FROM_PENDING)
        enter(i, MAIL_FROM_FAILED, now);
    else if (found != SES_MX_RIGHT && lasts && now - i->since >= m->rules.give_up)
        enter(i, MAIL_FROM_FAILED, now);
    else if ((found == SES_MX_NONE || found == SES_MX_SEVERAL) && !lasts)
        enter(i, MAIL_FROM_TEMPORARY_FAILURE, now);
    ses_setup_watch(m, check->id, now);
}
