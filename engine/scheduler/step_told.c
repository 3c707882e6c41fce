/*
 * Sentences of ends with DNS's reason: SES's status rarely tells the cause; the cause and the
 * remedy are in DNS.
 */
#include "step_internal.h"

#include <assert.h>
#include <stdio.h>

struct decision step_end_told(const struct situation *s, enum outcome outcome, const char *what,
                              const char *why)
{
    assert(what[0]);
    struct decision d = step_finish(s, outcome, what);
    if (why)
        snprintf(d.reason, sizeof d.reason, "%s%s%s", what,
                 *why ? "; in DNS: " : ", although DNS shows its records as they should be", why);
    return d;
}

struct decision step_expired(const struct situation *s, enum mail_from_status status,
                             const char *why)
{
    char what[160];
    bool left_loose = s->wanted.len > 0 && s->policy->behavior == BEHAVIOR_REJECT_MESSAGE &&
                      s->job->behavior_seen != BEHAVIOR_REJECT_MESSAGE;
    assert(s->now >= s->job->deadline);
    snprintf(what, sizeof what, "SES still says %s at the deadline%s",
             mail_from_status_name(status),
             left_loose ? ", so the behavior stays USE_DEFAULT_VALUE" : "");
    return step_end_told(s, OUTCOME_EXPIRED, what, why);
}

struct decision step_pending(const struct situation *s, enum mail_from_status status,
                             const char *why)
{
    assert(s->rules->plan_only);
    assert(why);
    struct decision d = step_finish(s, OUTCOME_PENDING, "");
    bool fails = status == MAIL_FROM_TEMPORARY_FAILURE;
    snprintf(d.reason, sizeof d.reason, "set already; SES says %s%s%s%s",
             mail_from_status_name(status),
             fails ? ": SES must see the MX again within 72 hours, or the set-up fails" : "",
             *why ? "; in DNS: " : ", and DNS shows its records as they should be", why);
    return d;
}
