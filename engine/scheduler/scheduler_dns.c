/*
 * What DNS says of a job's MAIL FROM: an inquiry for MX and TXT, then, when the record is there, a
 * survey of its SPF and one of DMARC. All three are pure machines that ask questions; here is where
 * the questions become calls.
 *
 * At most DNS_WINDOW questions are in flight; beyond a few hundred, UDP drops make a resolver
 * slower and answers false. Servers that belong to others are treated with manners.h. Nothing that
 * only the surveys want holds a job up: a resolver that stays silent is soon not asked any more.
 */
#include "base/dname.h"
#include "scheduler_internal.h"

#include <assert.h>

#define DENIAL_MIN  SPAN_M(1) /* a shorter one is over before the next look */
#define SILENCE_MAX 16 /* survey questions in a row without an answer: then no more surveys */

static struct text organizational_domain(void *ctx, struct text name)
{
    return suffix_registrable(ctx, name);
}

static struct ask *ask_new(struct scheduler *d)
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

static void ask_start(struct scheduler *d, struct ask *a, uint32_t job)
{
    a->job = job;
    a->stage = ASK_INQUIRY;
    a->surveyed = a->holding = false;
    inquiry_start(&a->inquiry, d->options.authority_dns ? INQUIRY_AUTHORITY : INQUIRY_RECURSIVE,
                  fleet_mail_from(d->fleet, job));
}

static bool ask_next(struct ask *a)
{
    switch (a->stage) {
    case ASK_INQUIRY: return inquiry_next(&a->inquiry, &a->question, &a->number);
    case ASK_SPF: return spf_survey_next(&a->spf, &a->question, &a->number);
    case ASK_DMARC: return dmarc_survey_next(&a->dmarc, &a->question, &a->number);
    }
    return false;
}

static void ask_reply(struct scheduler *d, struct ask *a, uint32_t number,
                      const struct dns_reply *reply)
{
    switch (a->stage) {
    case ASK_INQUIRY: inquiry_reply(&a->inquiry, number, reply); return;
    case ASK_SPF: spf_survey_reply(&a->spf, number, reply); break;
    case ASK_DMARC: dmarc_survey_reply(&a->dmarc, number, reply); break;
    }
    d->silence = reply->outcome == DNS_TIMED_OUT ? d->silence + 1 : 0;
}

/* A survey is worth its questions when a job is judged, and when its write is about to go out. */
static bool wants_survey(struct scheduler *d, const struct ask *a)
{
    struct judgement unheard = {.feedback_host = d->options.feedback_host};
    struct text mx, spf;
    const struct dns_facts *facts = inquiry_facts(&a->inquiry);
    if (!d->options.surveys || !d->options.suffixes || d->silence >= SILENCE_MAX ||
        facts->txt_state != DNS_FOUND)
        return false;
    judge_dns(&unheard, d->fleet, a->job, facts, &mx, &spf);
    return d->jobs[a->job].state == JOB_JUDGING ||
           judge_dns_ready(fleet_policy_of(d->fleet, a->job), mx, spf);
}

/* Goes on to the next stage when the present one has all its answers. False: the ask has ended. */
static bool ask_advance(struct scheduler *d, struct ask *a)
{
    if (a->out > 0)
        return true;
    switch (a->stage) {
    case ASK_INQUIRY:
        if (!a->inquiry.done)
            return true;
        if (!wants_survey(d, a))
            return false;
        a->stage = ASK_SPF;
        a->surveyed = true;
        spf_survey_start(&a->spf, fleet_mail_from(d->fleet, a->job));
        return true;
    case ASK_SPF:
        if (!a->spf.walk.done)
            return true;
        a->stage = ASK_DMARC;
        dmarc_survey_start(&a->dmarc, identity_domain(fleet_identity(d->fleet, a->job)),
                           fleet_mail_from(d->fleet, a->job), organizational_domain,
                           d->options.suffixes);
        return true;
    case ASK_DMARC: break;
    }
    return !a->dmarc.done;
}

/* The survey's first question is the inquiry's last answer: it is not asked twice, least of all of
 * a resolver that may not have heard yet. */
static bool reply_from_facts(struct scheduler *d, struct ask *a)
{
    struct dns_reply reply = {.outcome = DNS_ANSWERED};
    struct text name = fleet_mail_from(d->fleet, a->job);
    if (a->stage != ASK_SPF || a->question.type != DNS_TYPE_TXT || !text_eq(a->question.name, name))
        return false;
    const struct dns_facts *facts = inquiry_facts(&a->inquiry);
    reply.message = (struct dns_message){.is_response = true,
                                         .recursion_available = true,
                                         .question = name,
                                         .question_type = DNS_TYPE_TXT,
                                         .records_len = facts->txt_len};
    reply.message.records = ARENA_ARRAY(&d->turn_text, struct dns_record, facts->txt_len + 1);
    if (!reply.message.records)
        return false;
    for (uint32_t i = 0; i < facts->txt_len; i++)
        reply.message.records[i] =
            (struct dns_record){.owner = name, .type = DNS_TYPE_TXT, .txt = facts->txt[i]};
    ask_reply(d, a, a->number, &reply);
    return true;
}

static bool reply_from_memo(struct scheduler *d, struct ask *a, instant_us now)
{
    const struct dns_reply *known =
        memo_is_shared(&a->question) ? memo_find(&d->memo, &a->question, now) : NULL;
    if (known)
        ask_reply(d, a, a->number, known);
    return known != NULL;
}

static struct call *ask_call(struct scheduler *d, struct ask *a)
{
    struct call *call = scheduler_call_new(d, CALL_ASK);
    call->owner = (uint32_t)(a - d->asks);
    call->part = a->number;
    call->question = a->question;
    a->out++;
    d->questions_out++;
    return call;
}

static void judge_surveys(struct scheduler *d, const struct ask *a, struct judgement *j,
                          struct text *spf)
{
    struct text dmarc = TEXT_NONE;
    if (!a->surveyed)
        return;
    judge_spf(j, d->fleet, a->job, &a->spf, spf);
    judge_dmarc(j, d->fleet, a->job, &a->dmarc, &dmarc);
    d->jobs[a->job].dmarc = scheduler_word(d, dmarc);
}

static struct situation situation_asked(struct scheduler *d, const struct ask *a, instant_us now)
{
    struct situation s = scheduler_situation(d, a->job, now);
    s.dns_same_until = a->inquiry.same_until;
    return s;
}

static struct decision decide_dns(const struct situation *s, const struct judgement *j,
                                  struct text mx, struct text spf)
{
    struct dns_judged dns = {.errors = j->errors,
                             .ready = judge_dns_ready(s->policy, mx, spf),
                             .mx_is_right = text_eq(mx, TEXT("ok")),
                             .first_reason = j->first_error,
                             .mx = mx};
    return step_dns(s, &dns);
}

/* Until when the resolver that said "no MX" will say so without looking; 0: nothing to tell. */
static instant_us denied_until(const struct ask *a, instant_us now)
{
    span_us left = SPAN_S(inquiry_facts(&a->inquiry)->mx_denied_s);
    return left < DENIAL_MIN ? 0 : now + left;
}

/* Has the resolver looked again and been sent away again, so that the job's reason is out of date?
 */
static bool denied_anew(const struct scheduler *d, const struct ask *a, instant_us now)
{
    instant_us until = denied_until(a, now);
    return until && until > SPAN_S(d->mx_denied_s[a->job]) + DENIAL_MIN;
}

/* Is the name set already, so that SES looks for its MX by itself? */
static struct judgement judgement_of(const struct scheduler *d, const struct ask *a)
{
    const struct job *job = &d->jobs[a->job];
    struct text seen = names_text(&d->seen, job->mail_from_seen);
    bool is_set = seen.len && dname_eq(seen, fleet_mail_from(d->fleet, a->job));
    return (struct judgement){.feedback_host = d->options.feedback_host,
                              .ses_waits = is_set && job->status_seen != MAIL_FROM_SUCCESS};
}

/* Most answers say what the last one said: the job goes on waiting, nobody reads a sentence about
 * it, and so none is made. */
static bool still_waits(struct scheduler *d, const struct ask *a, instant_us now)
{
    struct job *job = &d->jobs[a->job];
    struct situation s = situation_asked(d, a, now);
    struct judgement j = judgement_of(d, a);
    j.silent = true;
    struct text mx, spf;
    if (job->state != JOB_WAITING_DNS || a->surveyed)
        return false;
    judge_dns(&j, d->fleet, a->job, inquiry_facts(&a->inquiry), &mx, &spf);
    if (scheduler_word(d, mx) != job->mx || scheduler_word(d, spf) != job->spf ||
        denied_anew(d, a, now))
        return false;
    struct decision decision = decide_dns(&s, &j, mx, spf);
    if (decision.to != JOB_WAITING_DNS)
        return false;
    scheduler_apply(d, a->job, &decision, now, NULL);
    return true;
}

static void ask_close(struct scheduler *d, struct ask *a)
{
    a->used = false;
    d->asks_used--;
}

static void ask_end(struct scheduler *d, struct ask *a, instant_us now)
{
    if (still_waits(d, a, now)) {
        ask_close(d, a);
        return;
    }
    struct job *job = &d->jobs[a->job];
    struct situation s = situation_asked(d, a, now);
    struct judgement j = judgement_of(d, a);
    j.json = &d->json;
    struct text mx = TEXT_NONE, spf = TEXT_NONE;
    j.mx_denied_until = denied_until(a, now);
    if (d->mx_denied_s)
        d->mx_denied_s[a->job] = (uint32_t)(j.mx_denied_until / SPAN_S(1));
    buf_reset(&d->json);
    scheduler_judge_again(d, a->job, &j);
    judge_dns(&j, d->fleet, a->job, inquiry_facts(&a->inquiry), &mx, &spf);
    judge_surveys(d, a, &j, &spf);
    job->findings = j.found;
    job->mx = scheduler_word(d, mx);
    job->spf = scheduler_word(d, spf);
    struct decision decision = decide_dns(&s, &j, mx, spf);
    if (decision.to == JOB_READY && decision.write == WRITE_TIGHTEN)
        ready_mx_seen(d, a->job, now);
    scheduler_apply(d, a->job, &decision, now, &d->json);
    ask_close(d, a);
}

/* Sends what the ask wants to know, as far as window and manners allow. */
static uint32_t ask_send(struct scheduler *d, struct ask *a, instant_us now, struct call **calls,
                         uint32_t max)
{
    uint32_t len = 0;
    while (len < max && d->pool && d->questions_out < DNS_WINDOW) {
        if (!a->holding && !ask_next(a)) {
            if (a->out > 0)
                break;
            if (ask_advance(d, a))
                continue;
            ask_end(d, a, now);
            break;
        }
        a->holding = false;
        if (reply_from_facts(d, a) || reply_from_memo(d, a, now))
            continue;
        a->holding = !manners_take(d->manners, &a->question.server, now, &a->held_until);
        if (a->holding)
            break;
        calls[len++] = ask_call(d, a);
    }
    return len;
}

/* Those that are judged for the first time and those that wait for their records take turns: a
 * hundred thousand that wait must not keep back what could be written at once, nor the other way
 * round. */
static struct queue *next_asking(struct scheduler *d)
{
    bool judge = d->to_judge.len && !(d->to_judge_last && d->dns.len);
    d->to_judge_last = judge;
    return judge ? &d->to_judge : &d->dns;
}

static bool wants_to_ask(const struct scheduler *d)
{
    return d->to_judge.len || d->dns.len;
}

uint32_t scheduler_asks(struct scheduler *d, instant_us now, struct call **calls, uint32_t max)
{
    uint32_t len = 0;
    for (uint32_t i = 0; i < ASKS_MAX && d->asks_used && scheduler_has_room(d); i++)
        if (d->asks[i].used)
            len += ask_send(d, &d->asks[i], now, calls + len, max - len);
    while (len < max && wants_to_ask(d) && d->asks_used < ASKS_MAX && d->pool &&
           scheduler_has_room(d) && d->questions_out < DNS_WINDOW) {
        struct ask *a = ask_new(d);
        assert(a);
        ask_start(d, a, queue_pop(d, next_asking(d)));
        len += ask_send(d, a, now, calls + len, max - len);
    }
    return len;
}

instant_us scheduler_asks_wake(const struct scheduler *d, instant_us now)
{
    instant_us wake = WHEN_NEVER;
    if (!d->pool || d->questions_out >= DNS_WINDOW)
        return wake;
    if (wants_to_ask(d) && d->asks_used < ASKS_MAX)
        return now;
    for (uint32_t i = 0; i < ASKS_MAX && d->asks_used; i++)
        if (d->asks[i].used && d->asks[i].holding && d->asks[i].held_until < wake)
            wake = d->asks[i].held_until;
    return wake;
}

void scheduler_asked(struct scheduler *d, struct call *call)
{
    struct ask *a = &d->asks[call->owner];
    if (memo_is_shared(&call->question))
        memo_keep(&d->memo, &call->question, &call->dns, call->answered_at);
    manners_give(d->manners, &call->question.server);
    a->out--;
    d->questions_out--;
    ask_reply(d, a, call->part, &call->dns);
    scheduler_call_free(d, call);
}
