/*
 * Judges DMARC of a MAIL FROM: would a pass of SPF count for the From domain? No finding here
 * refuses or waits: DMARC may pass by DKIM alone, and SES ignores DMARC.
 */
#include "judge.h"

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
    if (!new->has_record && !old->has_record)
        return DMARC_STATUS_MISSING;
    if (survey->alignment_differs)
        return DMARC_STATUS_DIFFERS;
    if (new->aligned)
        return DMARC_STATUS_OK;
    return is_strict(new) || is_strict(old) ? DMARC_STATUS_STRICT : DMARC_STATUS_NOT_ALIGNED;
}

void judge_dmarc(struct judgement *j, const struct fleet *f, uint32_t row,
                 const struct dmarc_survey *survey, enum dmarc_status *dmarc)
{
    const struct policy *policy = fleet_policy_of(f, row);
    struct text name = fleet_mail_from(f, row), from = identity_domain(fleet_identity(f, row));
    *dmarc = DMARC_STATUS_NONE;
    if (name.len == 0)
        return;
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
        return;
    }
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
