/*
 * Inquiries: what DNS says of a job's MAIL FROM. At most DNS_WINDOW questions are in flight; beyond
 * a few hundred, UDP drops make a resolver slower and answers false.
 */
#include "desk_family.h"

#include <string.h>

static struct ask *ask_new(struct desk *d)
{
    for (uint32_t i = 0; i < ASKS_MAX; i++) {
        if (!d->asks[i].used) {
            d->asks[i].used = true;
            d->asks_used++;
            return &d->asks[i];
        }
    }
    return NULL;
}

static uint32_t ask_send(struct desk *d, struct ask *a, struct call **calls, uint32_t max)
{
    uint32_t len = 0;
    struct dns_question question;
    uint32_t number;
    while (len < max && d->pool && d->questions_out < DNS_WINDOW &&
           inquiry_next(&a->inquiry, &question, &number)) {
        struct call *call = desk_call_new(d, CALL_ASK);
        call->owner = (uint32_t)(a - d->asks);
        call->part = number;
        call->question = question;
        a->out++;
        d->questions_out++;
        calls[len++] = call;
    }
    return len;
}

uint32_t desk_asks(struct desk *d, struct call **calls, uint32_t max)
{
    uint32_t len = 0;
    for (uint32_t i = 0; i < ASKS_MAX && d->asks_used; i++)
        if (d->asks[i].used)
            len += ask_send(d, &d->asks[i], calls + len, max - len);
    while (len < max && d->dns.len && d->asks_used < ASKS_MAX && d->pool &&
           d->questions_out < DNS_WINDOW) {
        struct ask *a = ask_new(d);
        a->job = queue_pop(d, &d->dns);
        inquiry_start(&a->inquiry, d->options.authority_dns ? INQUIRY_AUTHORITY : INQUIRY_RECURSIVE,
                      fleet_mail_from(d->fleet, a->job));
        len += ask_send(d, a, calls + len, max - len);
    }
    return len;
}

static void job_asked(struct desk *d, uint32_t number, const struct dns_facts *dns, instant_us now)
{
    struct job *job = &d->jobs[number];
    struct situation s = desk_situation(d, number, now);
    struct judgement j = {.json = &d->json};
    struct text mx = TEXT_NONE, spf = TEXT_NONE;
    struct ses_facts ses = {.known = KNOWN_VERIFICATION | KNOWN_MAIL_FROM,
                            .verification = (enum verification)job->verification,
                            .mail_from = names_text(&d->seen, job->mail_from_seen),
                            .status = (enum mail_from_status)job->status_seen,
                            .behavior = (enum behavior)job->behavior_seen};
    buf_reset(&d->json);
    desk_judge_ses(d, number, &ses, &j);
    j.errors = 0; /* they were decided on when SES answered */
    j.first_error[0] = '\0';
    judge_dns(&j, d->fleet, number, dns, &mx, &spf);
    job->findings = j.found;
    job->mx = desk_word(d, mx);
    job->spf = desk_word(d, spf);
    struct decision decision =
        step_dns(&s, j.errors, judge_dns_ready(s.policy, mx, spf), j.first_error);
    desk_apply(d, number, &decision, now, &d->json);
}

void desk_asked(struct desk *d, struct call *call, instant_us now)
{
    struct ask *a = &d->asks[call->owner];
    inquiry_reply(&a->inquiry, call->part, &call->dns);
    desk_call_free(d, call);
    a->out--;
    d->questions_out--;
    if (!a->inquiry.done || a->out)
        return;
    a->used = false;
    d->asks_used--;
    job_asked(d, a->job, inquiry_facts(&a->inquiry), now);
}
