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
