/*
 * Judges DMARC of a MAIL FROM: would a pass of SPF count for the From domain? No finding here
 * refuses or waits: DMARC may pass by DKIM alone, and SES ignores DMARC.
 */
#include "receivers.h"

#include "base/escape.h"

#define SHOWN_LEN_MAX 400 /* of a server's words: a name and a reason */

static const char *alignment_name(bool aligned)
{
    return aligned ? "aligned" : "not aligned";
}

/* An organizational domain, if every look-up on the way had an answer. */
static struct text or_unknown(struct text domain)
{
    return domain.len ? domain : TEXT("one that is not known");
}

static bool is_strict(const struct dmarc_verdict *v)
{
    return v->has_record && v->aspf_strict;
}

static void differ_judge(struct judgement *j, const struct policy *policy, struct text from,
                         struct text name, const struct dmarc_survey *survey)
{
    const struct dmarc_verdict *new = &survey->rfc9989, *old = &survey->rfc7489;
    judge_finding(j, policy, DMARC_VERDICTS_DIFFER, SEVERITY_WARNING,
                  "receivers disagree whether SPF of " TEXT_FMT " aligns with " TEXT_FMT
                  ": RFC 9989 says %s (organizational domains " TEXT_FMT " and " TEXT_FMT
                  "), RFC 7489 says %s (" TEXT_FMT " and " TEXT_FMT ")",
                  TEXT_ARG(name), TEXT_ARG(from), alignment_name(new->aligned),
                  TEXT_ARG(or_unknown(new->mail_from_organizational_domain)),
                  TEXT_ARG(or_unknown(new->from_organizational_domain)),
                  alignment_name(old->aligned),
                  TEXT_ARG(or_unknown(old->mail_from_organizational_domain)),
                  TEXT_ARG(or_unknown(old->from_organizational_domain)));
}

static void not_aligned_judge(struct judgement *j, const struct policy *policy, struct text from,
                              struct text name, const struct dmarc_survey *survey)
{
    const struct dmarc_verdict *new = &survey->rfc9989, *old = &survey->rfc7489;
    judge_finding(j, policy, DMARC_NOT_ALIGNED, SEVERITY_WARNING,
                  "SPF of " TEXT_FMT " does not align with " TEXT_FMT
                  ": the organizational domains are " TEXT_FMT " and " TEXT_FMT
                  " by RFC 9989, " TEXT_FMT " and " TEXT_FMT " by RFC 7489",
                  TEXT_ARG(name), TEXT_ARG(from),
                  TEXT_ARG(or_unknown(new->mail_from_organizational_domain)),
                  TEXT_ARG(or_unknown(new->from_organizational_domain)),
                  TEXT_ARG(or_unknown(old->mail_from_organizational_domain)),
                  TEXT_ARG(or_unknown(old->from_organizational_domain)));
}

enum dmarc_status judge_dmarc_status(const struct dmarc_survey *survey)
{
    const struct dmarc_verdict *new = &survey->rfc9989, *old = &survey->rfc7489;
    if (!survey->certain)
        return DMARC_STATUS_TROUBLE;
    if (survey->near.records && !(new->has_record && old->has_record))
        return DMARC_STATUS_SEVERAL;
    if (!new->has_record && !old->has_record)
        return DMARC_STATUS_MISSING;
    if (survey->alignment_differs)
        return DMARC_STATUS_DIFFERS;
    if (new->aligned)
        return DMARC_STATUS_OK;
    return is_strict(new) || is_strict(old) ? DMARC_STATUS_STRICT : DMARC_STATUS_NOT_ALIGNED;
}

static void several_judge(struct judgement *j, const struct policy *policy,
                          const struct dmarc_near *near, struct text found)
{
    struct buf other;
    buf_init(&other, 16 * NEAR_SHOWN_MAX);
    near_show(&other, near->other);
    judge_finding(
        j, policy, RECORD_NEAR_MISS, SEVERITY_WARNING,
        TEXT_FMT " has %u DMARC records, and receivers then ignore all of them: \"" TEXT_FMT
                 "\" and \"" TEXT_FMT "\". Keep one",
        TEXT_ARG(near->place), near->records, TEXT_ARG(found), TEXT_ARG(buf_text(&other)));
    buf_clear(&other);
}

static const char *place_name(enum dmarc_elsewhere elsewhere)
{
    switch (elsewhere) {
    case DMARC_AT_APEX: return "the domain itself";
    case DMARC_AT_MAIL_FROM: return "the MAIL FROM name ";
    case DMARC_AT_DOUBLED: return "the doubled name ";
    case DMARC_ELSEWHERE_NOT: break;
    }
    return "";
}

/* DMARC holds up no write, so a near miss of it is a warning. */
static void near_judge(struct judgement *j, const struct policy *policy, struct text from,
                       const struct dmarc_near *near)
{
    struct buf found, wanted;
    struct arena arena;
    buf_init(&found, 16 * NEAR_SHOWN_MAX);
    buf_init(&wanted, 16 * NEAR_SHOWN_MAX);
    arena_init(&arena, NEAR_ARENA_MAX);
    near_show(&found, near->found);
    escape_terminal(&wanted, near_dmarc_meant(near->found, &arena));
    if (near->records)
        several_judge(j, policy, near, buf_text(&found));
    else if (near->elsewhere != DMARC_ELSEWHERE_NOT)
        judge_finding(j, policy, RECORD_NEAR_MISS, SEVERITY_WARNING,
                      "the DMARC record of " TEXT_FMT " stands at %s" TEXT_FMT ": \"" TEXT_FMT
                      "\". Receivers look at _dmarc." TEXT_FMT " alone: publish it there instead%s",
                      TEXT_ARG(from), place_name(near->elsewhere),
                      TEXT_ARG(near->elsewhere == DMARC_AT_APEX ? TEXT_NONE : near->place),
                      TEXT_ARG(buf_text(&found)), TEXT_ARG(from),
                      near->elsewhere == DMARC_AT_DOUBLED
                          ? "; many panels want the name without its zone"
                          : "");
    else
        judge_finding(j, policy, RECORD_NEAR_MISS, SEVERITY_WARNING,
                      "the TXT record at " TEXT_FMT
                      " is meant as a DMARC record and misses: \"" TEXT_FMT
                      "\": %s. Publish TXT \"" TEXT_FMT "\" instead",
                      TEXT_ARG(near->place), TEXT_ARG(buf_text(&found)), near->fault,
                      TEXT_ARG(buf_text(&wanted)));
    buf_clear(&found);
    buf_clear(&wanted);
    arena_clear(&arena);
}

void receivers_judge_dmarc(struct judgement *j, const struct policy *policy, struct text from,
                           struct text name, const struct dmarc_survey *survey,
                           enum dmarc_status *dmarc)
{
    *dmarc = judge_dmarc_status(survey);
    if (*dmarc == DMARC_STATUS_TROUBLE) {
        /* A verdict on half of the records would be a guess. */
        struct buf shown;
        buf_init(&shown, 4 * SHOWN_LEN_MAX + 8);
        escape_terminal(&shown, text_slice(survey->trouble, 0, SHOWN_LEN_MAX));
        judge_finding(j, policy, DNS_TROUBLE, SEVERITY_WARNING,
                      "DNS gives no verdict on DMARC of " TEXT_FMT ": " TEXT_FMT, TEXT_ARG(from),
                      TEXT_ARG(buf_text(&shown)));
        buf_clear(&shown);
        if (survey->near.place.len) /* it misses, whatever the other servers have */
            near_judge(j, policy, from, &survey->near);
        return;
    }
    if (survey->near.place.len)
        near_judge(j, policy, from, &survey->near);
    if (survey->near.place.len && !survey->rfc9989.has_record && !survey->rfc7489.has_record)
        return;
    if (*dmarc == DMARC_STATUS_MISSING) {
        judge_finding(j, policy, DMARC_MISSING, SEVERITY_INFO,
                      "no DMARC record applies to " TEXT_FMT ": there is nothing to align for",
                      TEXT_ARG(from));
        return;
    }
    bool aligned_by_both = survey->rfc9989.aligned && survey->rfc7489.aligned;
    if (!aligned_by_both && (is_strict(&survey->rfc9989) || is_strict(&survey->rfc7489))) {
        const struct dmarc_verdict *v =
            is_strict(&survey->rfc9989) ? &survey->rfc9989 : &survey->rfc7489;
        judge_finding(j, policy, DMARC_STRICT_SPF, SEVERITY_WARNING,
                      "the DMARC record at _dmarc." TEXT_FMT " has aspf=s: SPF of " TEXT_FMT
                      " can never align with " TEXT_FMT ", only DKIM can",
                      TEXT_ARG(v->record_domain), TEXT_ARG(name), TEXT_ARG(from));
    }
    if (survey->alignment_differs)
        differ_judge(j, policy, from, name, survey);
    if (*dmarc == DMARC_STATUS_NOT_ALIGNED)
        not_aligned_judge(j, policy, from, name, survey);
}

void judge_dmarc(struct judgement *j, const struct fleet *f, uint32_t row,
                 const struct dmarc_survey *survey, enum dmarc_status *dmarc)
{
    struct text name = fleet_mail_from(f, row);
    *dmarc = DMARC_STATUS_NONE;
    if (name.len)
        receivers_judge_dmarc(j, fleet_policy_of(f, row), identity_domain(fleet_identity(f, row)),
                              name, survey, dmarc);
}
