/*
 * Judges a job: gathers the facts of the fleet, the lane survey and the job, and asks the rules.
 */
#include "scheduler_internal.h"

#include <assert.h>

void scheduler_judge_ses(struct scheduler *d, uint32_t number, const struct ses_facts *facts,
                         struct judgement *j)
{
    assert(number < d->fleet->choices_len);
    name_id wanted = d->fleet->choices[number].mail_from;
    struct judge_context around = {
        .set_by_us =
            d->jobs[number].writes > 0 || own_names_has(d->options.own, number, facts->mail_from),
        .is_written = d->jobs[number].writes > 0,
        .managed = managed_of_row(d->options.managed, d->fleet, number),
    };
    const struct lane_surveys *c = &d->surveys;
    const struct choice *choice = &d->fleet->choices[number];
    const struct lane_survey *lane = &c->lanes[choice->lane];
    if (advice_is_wanted(d))
        endpoint_differs(d, number, &around.endpoint);
    if (c->wanted && !d->options.sweep) {
        around.masking_identity = c->masking[number];
        around.mail_from_is_identity = c->senders[choice->mail_from] & SENDER_EXISTS;
        around.mail_from_forwards = c->senders[choice->mail_from] & SENDER_FORWARDS;
        around.mail_from_unasked = c->senders[choice->mail_from] & SENDER_UNASKED;
        around.domain_is_foreign = d->options.lane_survey && owners_is_foreign(d, number);
        around.account_known = lane->account_known;
        around.account_can_send = lane->can_send;
        around.account_in_sandbox = lane->in_sandbox;
        around.account_status = text_of(lane->status);
    }
    j->suffixes = d->options.suffixes;
    j->feedback_host = d->options.feedback_host;
    bool is_shared = d->mail_from_uses[wanted] > 1 || fleet_is_shared(d->fleet, number);
    judge_choice(j, d->fleet, number, wanted != MAIL_FROM_DEFAULT && is_shared);
    judge_ses(j, d->fleet, number, facts, &around);
}

void scheduler_judge_again(struct scheduler *d, uint32_t number, struct judgement *j)
{
    const struct job *job = &d->jobs[number];
    assert(job->seen_known);
    struct ses_facts ses = {.known = KNOWN_VERIFICATION | KNOWN_MAIL_FROM,
                            .verification = (enum verification)job->verification,
                            .mail_from = names_text(&d->seen, job->mail_from_seen),
                            .status = (enum mail_from_status)job->status_seen,
                            .behavior = (enum behavior)job->behavior_seen};
    scheduler_judge_ses(d, number, &ses, j);
    j->errors = 0; /* decided on at SES's answer */
    j->waits = 0;
    j->first_error[0] = '\0';
}

void scheduler_judge_fall_back(struct scheduler *d, uint32_t number, struct judgement *j)
{
    scheduler_judge_again(d, number, j);
    judge_finding(j, NULL, TIGHTEN_FALLS_BACK, SEVERITY_WARNING,
                  "SES left SUCCESS when REJECT_MESSAGE was set, so the identity was set back to "
                  "USE_DEFAULT_VALUE and no other of this account and Region is tightened");
    d->jobs[number].findings = j->found;
    tighten_fell_back(d, number);
}
