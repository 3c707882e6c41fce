/*
 * Asks DNS about a job's MAIL FROM. A survey (survey.h) makes the questions; here the questions
 * become calls, and the results are judged and decided on.
 *
 * Lanes take turns with their first questions: a lane writes nothing before one of its rows is
 * judged, and questions about a large fleet take longer than a lane's writes. A turn is one row,
 * and twice as many with each round up to TURN_MAX, so that every lane has rows to write soon, also
 * one that comes late, and most names of a zone, which lie together in a manifest, are asked about
 * together.
 *
 * The receivers' view holds up no job: a resolver silent about SPF and DMARC is soon asked for
 * addresses of name servers alone.
 */
#include "base/dname.h"
#include "scheduler_internal.h"

#include <assert.h>
#include <string.h>

#define DENIAL_MIN     SPAN_M(1)  /* a shorter one is over before the next look */
#define TURN_MAX       256        /* rows: about half a second of questions */
#define WHOLE_LOOK     SPAN_M(15) /* as often as those who wait longest are looked at */
#define UNANSWERED_MAX 16 /* unanswered receivers' questions in a row: then no more are asked */

bool scheduler_asks_init(struct scheduler *d, struct arena *memory)
{
    uint32_t len = d->fleet->choices_len + 1;
    bool by_authority = d->options.authority_dns, waits = !d->options.rules.plan_only;
    d->dns_shown = ARENA_ARRAY(memory, uint16_t, len);
    if (by_authority && waits)
        d->waiting = ARENA_ARRAY(memory, struct waiting_look, len);
    if (!by_authority)
        d->mx_denied_s = ARENA_ARRAY(memory, uint32_t, len);
    return d->dns_shown && (d->waiting || d->mx_denied_s || (by_authority && !waits));
}

/* ---- turns ---- */

static void turn_begin(struct scheduler *d)
{
    struct judge_turns *t = &d->to_judge;
    t->left = t->first ? d->lanes[t->first - 1].judge_most : 0;
}

static void turns_join(struct scheduler *d, uint32_t lane, uint32_t most)
{
    struct judge_turns *t = &d->to_judge;
    d->lanes[lane].judge_next = 0;
    d->lanes[lane].judge_most = most;
    if (t->last)
        d->lanes[t->last - 1].judge_next = lane + 1;
    else
        t->first = lane + 1;
    t->last = lane + 1;
}

void judge_push(struct scheduler *d, uint32_t job, instant_us now)
{
    uint32_t lane = d->fleet->choices[job].lane;
    bool is_there = d->lanes[lane].judge.len > 0;
    queue_push(d, &d->lanes[lane].judge, job, now);
    d->to_judge.len++;
    if (is_there)
        return;
    turns_join(d, lane, 1);
    if (d->to_judge.first == lane + 1)
        turn_begin(d);
}

/* There is one. */
static uint32_t judge_pop(struct scheduler *d)
{
    struct judge_turns *t = &d->to_judge;
    assert(t->first && t->left > 0);
    uint32_t number = t->first - 1;
    struct lane_state *lane = &d->lanes[number];
    uint32_t job = queue_pop(d, &lane->judge);
    t->len--;
    t->left--;
    if (lane->judge.len && t->left)
        return job;
    t->first = lane->judge_next;
    if (!t->first)
        t->last = 0;
    if (lane->judge.len)
        turns_join(d, number, lane->judge_most < TURN_MAX ? 2 * lane->judge_most : TURN_MAX);
    turn_begin(d);
    return job;
}

/* ---- looks of one question ---- */

/* The type whose records the row needs, whatever else appears: while one server of the zone denies
 * them, the row cannot go on. 0: neither alone. */
static uint16_t type_awaited(const struct scheduler *d, uint32_t number, const struct judgement *j,
                             enum mx_status mx, enum spf_status spf)
{
    const struct policy *policy = fleet_policy_of(d->fleet, number);
    struct judgement best = *j;
    best.near_mx = best.near_spf = true;
    best.waits = 0;
    if (d->jobs[number].write == WRITE_TIGHTEN)
        return DNS_TYPE_MX;
    if (!judge_ready(&best, policy, mx, SPF_STATUS_OK) &&
        !judge_ready(&best, policy, MX_STATUS_MISSING, SPF_STATUS_OK) &&
        !judge_ready(&best, policy, MX_STATUS_TROUBLE, SPF_STATUS_OK))
        return DNS_TYPE_MX;
    if (!judge_ready(&best, policy, MX_STATUS_OK, spf) &&
        !judge_ready(&best, policy, MX_STATUS_OK, SPF_STATUS_MISSING) &&
        !judge_ready(&best, policy, MX_STATUS_OK, SPF_STATUS_TROUBLE))
        return DNS_TYPE_TXT;
    return 0;
}

/* After a whole look. It holds no longer than what the resolver was asked on the way. */
static void denial_keep(struct scheduler *d, uint32_t number, const struct survey *s, uint16_t type,
                        instant_us now)
{
    struct denial denial;
    uint32_t ttl_s;
    if (!d->waiting)
        return;
    struct waiting_look *w = &d->waiting[number];
    *w = (struct waiting_look){0};
    if (d->jobs[number].state != JOB_WAITING_DNS || !type ||
        !inquiry_denial(&s->inquiry, type, &denial, &ttl_s) || denial.by.family != 4)
        return;
    span_us holds = SPAN_S(ttl_s) < WHOLE_LOOK ? SPAN_S(ttl_s) : WHOLE_LOOK;
    w->type = (uint8_t)type;
    w->state = (uint8_t)denial.state;
    w->port = denial.by.port;
    w->until_s = (uint32_t)((now + holds) / SPAN_S(1));
    memcpy(w->address, denial.by.address, sizeof w->address);
}

/* What the next look may be content with. The one at the deadline says why in the end. */
static const struct denial *denial_kept(const struct scheduler *d, uint32_t number, instant_us now,
                                        struct denial *out)
{
    const struct job *job = &d->jobs[number];
    const struct waiting_look *w = d->waiting ? &d->waiting[number] : NULL;
    if (!w || !w->type || job->state != JOB_WAITING_DNS || job->unlooked ||
        now >= SPAN_S(w->until_s) || now >= job->deadline)
        return NULL;
    *out = (struct denial){
        .by = {.family = 4, .port = w->port}, .type = w->type, .state = (enum dns_state)w->state};
    memcpy(out->by.address, w->address, sizeof w->address);
    return out;
}

/* ---- judging ---- */

/* The end of the resolver's negative cache entry for the MX; 0: unknown. */
static instant_us denied_until(const struct survey *s, instant_us now)
{
    span_us left = SPAN_S(survey_facts(s)->mx_denied_s);
    return left < DENIAL_MIN ? 0 : now + left;
}

/* Has the resolver's negative cache entry been renewed, so the job's reason is out of date?
 */
static bool denied_anew(const struct scheduler *d, uint32_t job, const struct survey *s,
                        instant_us now)
{
    instant_us until = denied_until(s, now);
    return until && until > SPAN_S(d->mx_denied_s[job]) + DENIAL_MIN;
}

static struct situation situation_asked(struct scheduler *d, uint32_t job, const struct survey *s,
                                        instant_us now)
{
    assert(d->jobs[job].state == JOB_JUDGING || d->jobs[job].state == JOB_WAITING_DNS);
    struct situation situation = scheduler_situation(d, job, now);
    situation.dns_same_until = s->inquiry.same_until;
    return situation;
}

static struct decision decide_dns(const struct situation *s, const struct judgement *j,
                                  enum mx_status mx, enum spf_status spf)
{
    struct dns_judged dns = {.errors = j->errors,
                             .ready = judge_ready(j, s->policy, mx, spf),
                             .mx_is_right =
                                 mx == MX_STATUS_OK && !(j->waits & FINDING_BIT(DNSSEC_BOGUS)),
                             .first_reason = j->first_error,
                             .mx = mx};
    return step_dns(s, &dns);
}

/* Is the name set already, so SES looks for the MX by itself? */
static struct judgement judgement_of(const struct scheduler *d, uint32_t number)
{
    const struct job *job = &d->jobs[number];
    struct text seen = names_text(&d->seen, job->mail_from_seen);
    bool is_set = seen.len && dname_eq(seen, fleet_mail_from(d->fleet, number));
    return (struct judgement){.feedback_host = d->options.feedback_host,
                              .ses_waits = is_set && job->status_seen != MAIL_FROM_SUCCESS};
}

/* Most answers repeat the last one: the job goes on waiting, and no sentence is made because none
 * would be read. */
static bool still_waits(struct scheduler *d, uint32_t number, const struct survey *s,
                        instant_us now, struct decision *decision)
{
    const struct job *job = &d->jobs[number];
    struct judgement j = judgement_of(d, number);
    enum mx_status mx;
    enum spf_status spf;
    if (job->state != JOB_WAITING_DNS)
        return false;
    j.silent = true;
    judge_dns(&j, d->fleet, number, survey_facts(s), &mx, &spf);
    if (mx != job->mx || spf != job->spf || d->dns_shown[number] != inquiry_digest(&s->inquiry) ||
        denied_anew(d, number, s, now))
        return false;
    struct situation situation = situation_asked(d, number, s, now);
    *decision = decide_dns(&situation, &j, mx, spf);
    return decision->to == JOB_WAITING_DNS;
}

/* A job is fully judged whenever sentences are made: the first time, when its reason changes, and
 * before its write. DMARC needs no record of the MAIL FROM. */
bool scheduler_survey_goes_on(void *ctx, uint32_t job, const struct survey *s, instant_us now)
{
    assert(job < ((const struct scheduler *)ctx)->fleet->choices_len);
    struct scheduler *d = ctx;
    struct decision decision;
    return d->options.surveys && d->options.suffixes && !s->inquiry.unchanged &&
           d->survey_pool->unanswered < UNANSWERED_MAX && !still_waits(d, job, s, now, &decision);
}

/* Trouble of the name itself is reported already: DMARC adds a verdict or no finding. */
static void judge_receivers(struct scheduler *d, uint32_t job, const struct survey *s,
                            struct judgement *j, enum spf_status *spf)
{
    enum dmarc_status dmarc = DMARC_STATUS_NONE;
    const struct dns_facts *facts = survey_facts(s);
    bool is_told = facts->mx_state == DNS_TROUBLE_STATE && facts->txt_state == DNS_TROUBLE_STATE;
    if (!s->has_receivers)
        return;
    const struct validation *v = &s->validation;
    const struct dnssec_view unseen = {.zone = v->is_bogus[VALIDATED_ZONE] ? v->zone : TEXT_NONE,
                                       .mx = v->is_bogus[VALIDATED_MX],
                                       .txt = v->is_bogus[VALIDATED_TXT]};
    judge_dnssec(j, fleet_policy_of(d->fleet, job), fleet_mail_from(d->fleet, job), &unseen);
    judge_spf(j, d->fleet, job, &s->spf, spf);
    if (s->from.len && (s->dmarc.certain || !is_told))
        judge_dmarc(j, d->fleet, job, &s->dmarc, &dmarc);
    d->jobs[job].dmarc = (uint8_t)dmarc;
}

static void survey_judge(struct scheduler *d, uint32_t number, const struct survey *s,
                         instant_us now)
{
    struct job *job = &d->jobs[number];
    assert(job->state == JOB_JUDGING || job->state == JOB_WAITING_DNS);
    struct situation situation = situation_asked(d, number, s, now);
    struct judgement j = judgement_of(d, number);
    enum mx_status mx = MX_STATUS_NONE;
    enum spf_status spf = SPF_STATUS_NONE;
    j.memory = &d->judging;
    arena_reset(&d->judging);
    j.mx_denied_until = denied_until(s, now);
    if (d->mx_denied_s)
        d->mx_denied_s[number] = (uint32_t)(j.mx_denied_until / SPAN_S(1));
    scheduler_judge_again(d, number, &j);
    judge_dns(&j, d->fleet, number, survey_facts(s), &mx, &spf);
    judge_receivers(d, number, s, &j, &spf);
    uint16_t shown = inquiry_digest(&s->inquiry);
    bool is_news = shown != d->dns_shown[number] || j.found != job->findings || mx != job->mx ||
                   spf != job->spf;
    d->dns_shown[number] = shown;
    job->findings = j.found;
    job->mx = (uint8_t)mx;
    job->spf = (uint8_t)spf;
    struct decision decision = decide_dns(&situation, &j, mx, spf);
    if (decision.to == JOB_READY && decision.write == WRITE_TIGHTEN)
        ready_mx_seen(d, number, now);
    bool still = job->state == JOB_WAITING_DNS && decision.to == JOB_WAITING_DNS;
    scheduler_apply(d, number, &decision, now, &j);
    denial_keep(d, number, s, type_awaited(d, number, &j, mx, spf), now);
    if (still && is_news) /* the sentence follows what DNS shows */
        scheduler_record(d, number, RECORD_MOVE, JOB_WAITING_DNS, now, decision.reason, &j);
}

void scheduler_publishing(struct scheduler *d, uint32_t row)
{
    if (!scheduler_carries_row(d, row))
        return;
    d->publishing += !d->jobs[row].publishing;
    d->jobs[row].publishing = true;
}

void scheduler_published(struct scheduler *d, uint32_t row, instant_us now)
{
    assert(row < d->fleet->choices_len);
    struct job *job = &d->jobs[row];
    d->publishing -= job->publishing;
    job->publishing = false;
    if (job->state != JOB_WAITING_DNS)
        return;
    d->unlooked += !job->unlooked;
    job->unlooked = true;
    d->dns_shown[row] = 0; /* its reason is made anew */
    if (d->waiting)
        d->waiting[row] = (struct waiting_look){0};
    if (heap_has(&d->timers, row))
        heap_set(&d->timers, row, now);
}

static void survey_waits(struct scheduler *d, uint32_t number, const struct survey *s,
                         const struct decision *decision, instant_us now)
{
    scheduler_apply(d, number, decision, now, NULL);
    if (d->waiting)
        denial_keep(d, number, s, d->waiting[number].type, now);
}

static void survey_unchanged(struct scheduler *d, uint32_t number, const struct survey *s,
                             instant_us now)
{
    struct situation situation = situation_asked(d, number, s, now);
    if (now >= d->jobs[number].deadline)
        situation.dns_same_until = 0;
    struct decision decision = step_dns_denies(&situation);
    scheduler_apply(d, number, &decision, now, NULL);
}

static struct call *ask_call(struct scheduler *d, const struct survey_question *q)
{
    struct call *call = call_pool_take(&d->calls, CALL_ASK, 0, API_V1);
    assert(call);
    call->owner = q->slot;
    call->part = q->part;
    call->question = q->question;
    return call;
}

static uint32_t questions_send(struct scheduler *d, instant_us now, struct call **calls,
                               uint32_t max)
{
    struct survey_question q;
    uint32_t len = 0;
    while (len < max && d->calls.free && survey_pool_next(d->survey_pool, now, &q))
        calls[len++] = ask_call(d, &q);
    assert(len <= max);
    return len;
}

static void surveys_end(struct scheduler *d, instant_us now)
{
    const struct survey *s;
    uint32_t job;
    while (scheduler_has_room(d) && (s = survey_pool_take(d->survey_pool, &job)) != NULL) {
        struct decision decision;
        if (s->inquiry.unchanged)
            survey_unchanged(d, job, s, now);
        else if (!s->has_receivers && still_waits(d, job, s, now, &decision))
            survey_waits(d, job, s, &decision, now);
        else
            survey_judge(d, job, s, now);
    }
}

static bool wants_to_ask(const struct scheduler *d)
{
    return (d->to_judge.len || d->dns.len) && d->calls.free && survey_pool_has_room(d->survey_pool);
}

uint32_t scheduler_asks(struct scheduler *d, instant_us now, struct call **calls, uint32_t max)
{
    surveys_end(d, now);
    uint32_t len = questions_send(d, now, calls, max);
    surveys_end(d, now);
    while (len < max && scheduler_has_room(d) && wants_to_ask(d)) {
        /* Jobs judged for the first time and jobs waiting for records take turns: a hundred
         * thousand waiting jobs must not hold back jobs ready to be written, nor the other way
         * round. */
        assert(d->to_judge.len || d->dns.len);
        bool judge = d->to_judge.len && !(d->to_judge_last && d->dns.len);
        d->to_judge_last = judge;
        uint32_t job = judge ? judge_pop(d) : queue_pop(d, &d->dns);
        struct denial denial;
        survey_pool_start(d->survey_pool, job, fleet_mail_from(d->fleet, job),
                          identity_domain(fleet_identity(d->fleet, job)),
                          denial_kept(d, job, now, &denial), now);
        len += questions_send(d, now, calls + len, max - len);
        surveys_end(d, now);
    }
    assert(len <= max);
    return len;
}

instant_us scheduler_asks_wake(const struct scheduler *d, instant_us now)
{
    if (!d->calls.free)
        return WHEN_NEVER;
    return wants_to_ask(d) ? now : survey_pool_wake(d->survey_pool, now);
}

void scheduler_asked(struct scheduler *d, struct call *call, instant_us now)
{
    assert(call->kind == CALL_ASK);
    const struct survey_question q = {call->owner, call->part, call->question};
    survey_pool_reply(d->survey_pool, &q, &call->dns, now);
    call_pool_give(&d->calls, call);
}
