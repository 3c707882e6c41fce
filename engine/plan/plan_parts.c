/* Names in plan files, shared by reader and writer. */
#include "plan_internal.h"

#include "plan_file.h"

bool plan_goes_for(enum outcome outcome)
{
    return outcome == OUTCOME_PLANNED || outcome == OUTCOME_WAITING_DNS ||
           outcome == OUTCOME_PENDING;
}

const char *plan_status_name(enum mail_from_status status)
{
    return status == MAIL_FROM_UNKNOWN ? "UNKNOWN" : mail_from_status_name(status);
}

bool plan_status_parse(struct text t, enum mail_from_status *out)
{
    *out = mail_from_status_parse(t);
    return text_eq(t, text_of(plan_status_name(*out)));
}

bool plan_verification_parse(struct text t, enum verification *out)
{
    *out = verification_parse(t);
    return text_eq(t, text_of(verification_name(*out)));
}

struct job_row plan_verdict_row(const struct plan_verdict *v, const struct fleet *fleet)
{
    struct job_row row = {.state = JOB_DONE,
                          .action = (enum action)v->action,
                          .outcome = (enum outcome)v->outcome,
                          .reason = v->reason,
                          .seen_known = v->seen_known,
                          .mail_from_seen = names_text(&fleet->names, v->mail_from_seen),
                          .behavior_seen = (enum behavior)v->behavior_seen,
                          .status_seen = (enum mail_from_status)v->status_seen,
                          .verification = (enum verification)v->verification,
                          .dkim = (enum dkim_status)v->dkim,
                          .mx = (enum mx_status)v->mx,
                          .spf = (enum spf_status)v->spf,
                          .dmarc = (enum dmarc_status)v->dmarc,
                          .notes = v->notes,
                          .calls = v->calls,
                          .first_seen = v->first_seen,
                          .finished = v->finished,
                          .deadline = WHEN_NEVER};
    for (uint32_t i = 0; i < v->notes.len; i++)
        row.findings |= FINDING_BIT(v->notes.at[i].rule);
    return row;
}
