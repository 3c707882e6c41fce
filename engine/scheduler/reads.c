/*
 * Looks: read batches of up to a hundred jobs. A first look asks for verification and for MAIL
 * FROM, two calls with a bucket each; a later one asks for MAIL FROM alone. By the v2 API each job
 * is a read batch of its own, since v2 has no batched read.
 *
 * A read batch leaves when it is full, or when the oldest job has waited long enough. A call that
 * carries one job costs as much as one that carries a hundred, so long enough depends on who else
 * may come: every open job of the lane will want to look some day. A look waits for three tenths of
 * the time that it would take to look at all of them one by one, and never longer than COMPANY_MAX.
 * Example, at one call a second: while 3,000 jobs wait for their DNS, those whose records have come
 * are swept every eight minutes; of 100, every 30 s; and the last one is looked at at once.
 */
#include "scheduler_internal.h"

#include <string.h>

#define COMPANY_SHARE 0.3
#define COMPANY_MAX   SPAN_M(8)
#define V1_AGAIN      SPAN_H(1) /* after reads have fallen back in the middle of a run */

static uint32_t batch_max(enum api api)
{
    return api == API_V1 ? SES_BATCH_MAX : 1;
}

static enum call_kind part_kind(enum api api, enum read_kind kind, uint32_t part)
{
    if (api == API_V2)
        return CALL_GET;
    return kind == READ_FIRST && part == 0 ? CALL_READ_VERIFICATION : CALL_READ_MAIL_FROM;
}

static uint8_t parts_of(enum api api, enum read_kind kind)
{
    return api == API_V1 && kind == READ_FIRST ? 0x3 : 0x1;
}

/* Who may still come: while a wave runs, only those that are under way. */
static uint32_t company(const struct scheduler *d, const struct lane_state *lane, uint32_t there)
{
    uint32_t open = lane->open;
    if (!waves_may_start(&d->waves) && d->waves.open < open)
        open = d->waves.open;
    return open > there ? open - there : 0;
}

span_us reads_linger(const struct scheduler *d, const struct lane_state *lane, uint32_t there)
{
    if (batch_max(lane->read_api) == 1)
        return 0;
    double rate = lane->pace[CALL_READ_MAIL_FROM].load.rate_per_s;
    double span = 1e6 * COMPANY_SHARE * company(d, lane, there) / rate;
    return span < (double)COMPANY_MAX ? (span_us)span : COMPANY_MAX;
}

/* Looks after writes and before them share a read batch. */
static uint32_t gathered(const struct lane_state *lane, enum read_kind kind)
{
    return lane->read[kind].len + (kind == READ_AGAIN ? lane->read[READ_CONFIRM].len : 0);
}

static instant_us queue_due(const struct scheduler *d, const struct lane_state *lane,
                            enum read_kind kind, instant_us now)
{
    const struct queue *q = &lane->read[kind];
    uint32_t len = gathered(lane, kind);
    if (len == 0)
        return WHEN_NEVER;
    if (len >= batch_max(lane->read_api) || kind == READ_FIRST || len > q->len)
        return now; /* who is to be written has waited for company already */
    return q->since + reads_linger(d, lane, len);
}

void read_batches_init(struct scheduler *d)
{
    for (uint32_t i = READ_BATCHES_MAX; i > 0; i--) {
        d->read_batches[i - 1].next = d->read_batches_free;
        d->read_batches_free = i;
    }
}

static struct read_batch *read_batch_new(struct scheduler *d, uint16_t lane, enum read_kind kind,
                                         instant_us now)
{
    if (!d->read_batches_free)
        return NULL;
    struct read_batch *s = &d->read_batches[d->read_batches_free - 1];
    d->read_batches_free = s->next;
    *s = (struct read_batch){
        .lane = lane, .kind = kind, .api = d->lanes[lane].read_api, .wake = now};
    d->lanes[lane].read_batches_alive++;
    return s;
}

static void read_batch_drop_answers(struct scheduler *d, struct read_batch *s)
{
    for (int i = 0; i < 2; i++) {
        if (s->answers[i])
            scheduler_call_free(d, s->answers[i]);
        s->answers[i] = NULL;
    }
}

static void read_batch_free(struct scheduler *d, struct read_batch *s)
{
    read_batch_drop_answers(d, s);
    d->lanes[s->lane].read_batches_alive--;
    s->next = d->read_batches_free;
    d->read_batches_free = (uint32_t)(s - d->read_batches) + 1;
}

/* Marks parts to be sent. A read batch with any is in its lane's list, behind those that wait
 * already.
 */
static void read_batch_want(struct scheduler *d, struct read_batch *s, uint8_t parts)
{
    bool listed = s->to_send != 0;
    s->to_send |= parts;
    if (listed)
        return;
    uint32_t *link = &d->lanes[s->lane].read_batches;
    while (*link)
        link = &d->read_batches[*link - 1].next;
    *link = (uint32_t)(s - d->read_batches) + 1;
    s->next = 0;
}

static void read_batch_take(struct scheduler *d, struct read_batch *s, struct queue *q,
                            instant_us now)
{
    while (q->len && s->count < batch_max(s->api))
        s->jobs[s->count++] = queue_pop(d, q);
    q->since = now;
}

static void read_batch_gather(struct scheduler *d, uint16_t lane, enum read_kind kind,
                              instant_us now)
{
    struct read_batch *s = read_batch_new(d, lane, kind, now);
    read_batch_want(d, s, parts_of(s->api, kind));
    if (kind == READ_AGAIN)
        read_batch_take(d, s, &d->lanes[lane].read[READ_CONFIRM], now);
    read_batch_take(d, s, &d->lanes[lane].read[kind], now);
}

static struct call *read_batch_call(struct scheduler *d, struct read_batch *s, uint32_t part)
{
    struct call *call = scheduler_call_to(d, s->lane, part_kind(s->api, s->kind, part));
    call->owner = (uint32_t)(s - d->read_batches);
    call->part = part;
    call->attempt = s->attempts + 1u;
    call->count = s->count;
    for (uint32_t i = 0; i < s->count; i++) {
        struct job *job = &d->jobs[s->jobs[i]];
        call->identities[i] = fleet_identity(d->fleet, s->jobs[i]);
        job->calls = (uint16_t)(job->calls + (job->calls < UINT16_MAX));
    }
    s->to_send = (uint8_t)(s->to_send & ~(1u << part));
    s->out = (uint8_t)(s->out | 1u << part);
    return call;
}

static uint32_t read_batch_send(struct scheduler *d, struct read_batch *s, instant_us now,
                                struct call **calls, uint32_t max)
{
    uint32_t len = 0;
    for (uint32_t part = 0; part < 2 && len < max; part++) {
        struct pace *pace = &d->lanes[s->lane].pace[part_kind(s->api, s->kind, part)];
        if ((s->to_send & (1u << part)) && now >= s->wake && d->pool && pace_take(pace, now))
            calls[len++] = read_batch_call(d, s, part);
    }
    return len;
}

static uint32_t lane_send(struct scheduler *d, struct lane_state *lane, instant_us now,
                          struct call **calls, uint32_t max)
{
    uint32_t len = 0;
    for (uint32_t *link = &lane->read_batches; *link;) {
        struct read_batch *s = &d->read_batches[*link - 1];
        len += read_batch_send(d, s, now, calls + len, max - len);
        if (s->to_send)
            link = &s->next;
        else
            *link = s->next;
    }
    return len;
}

/* Reads that are in doubt wait; then one of them is the probe. 0: they are not. */
static instant_us doubted_until(const struct lane_state *lane)
{
    instant_us v1 = when_later(lane_doubted_until(lane, CALL_READ_VERIFICATION),
                               lane_doubted_until(lane, CALL_READ_MAIL_FROM));
    return lane->read_api == API_V1 ? v1 : lane_doubted_until(lane, CALL_GET);
}

/* A lane whose last call came to nothing has one read batch out at a time: what finds out that it
 * is back must not take the place of read batches that others have use for. */
static bool holds_back(const struct lane_state *lane)
{
    return (lane->unresponsive || doubted_until(lane) > 0) && lane->read_batches_alive > 0;
}

/* May another read batch be gathered? Only when its first call could leave at once: what waits in
 * the queue meanwhile finds company. */
static bool may_gather(const struct scheduler *d, uint16_t lane, enum read_kind kind,
                       instant_us now)
{
    const struct lane_state *l = &d->lanes[lane];
    return !l->closed && !holds_back(l) && now >= doubted_until(l) &&
           (kind != READ_FIRST || lane_survey_is_done(d, lane)) && d->read_batches_free &&
           d->pool && queue_due(d, l, kind, now) <= now &&
           pace_next(&l->pace[part_kind(l->read_api, kind, 0)]) <= now;
}

/* Reads that fell back in the middle of a run go by version 1 again for once. */
static void reads_try_v1(struct scheduler *d, struct lane_state *lane, instant_us now)
{
    if (!lane->v1_again_at || now < lane->v1_again_at || lane->read_batches_alive > 0)
        return;
    lane->v1_again_at = 0;
    lane->read_api = API_V1;
    lane->v1_worked = true; /* else the next refusal would be the last word */
    d->lane_changes++;
}

uint32_t scheduler_reads(struct scheduler *d, uint16_t lane, instant_us now, struct call **calls,
                         uint32_t max)
{
    reads_try_v1(d, &d->lanes[lane], now);
    uint32_t len = lane_send(d, &d->lanes[lane], now, calls, max);
    for (int kind = READ_AGAIN; kind >= READ_FIRST; kind--) {
        while (len < max && may_gather(d, lane, (enum read_kind)kind, now)) {
            if (kind == READ_AGAIN && batch_max(d->lanes[lane].read_api) > 1)
                ready_along(d, lane, now);
            read_batch_gather(d, lane, (enum read_kind)kind, now);
            len += lane_send(d, &d->lanes[lane], now, calls + len, max - len);
        }
    }
    return len;
}

static instant_us part_wake(const struct scheduler *d, const struct read_batch *s, uint32_t part)
{
    const struct pace *pace = &d->lanes[s->lane].pace[part_kind(s->api, s->kind, part)];
    return s->to_send & (1u << part) ? when_later(pace_next(pace), s->wake) : WHEN_NEVER;
}

instant_us scheduler_reads_wake(const struct scheduler *d, uint16_t lane, instant_us now)
{
    const struct lane_state *l = &d->lanes[lane];
    instant_us wake = WHEN_NEVER;
    for (uint32_t i = l->read_batches; i; i = d->read_batches[i - 1].next) {
        for (uint32_t part = 0; part < 2; part++) {
            instant_us at = part_wake(d, &d->read_batches[i - 1], part);
            wake = at < wake ? at : wake;
        }
    }
    for (int kind = READ_FIRST; kind <= READ_AGAIN && d->read_batches_free; kind++) {
        instant_us due = queue_due(d, l, (enum read_kind)kind, now);
        if (holds_back(l) || (kind == READ_FIRST && !lane_survey_is_done(d, lane)))
            continue;
        instant_us token = pace_next(&l->pace[part_kind(l->read_api, (enum read_kind)kind, 0)]);
        if (due != WHEN_NEVER)
            wake = when_earlier(wake, when_later(when_later(due, token), doubted_until(l)));
    }
    return wake;
}

/* What SES said of one job, from the parts of its read batch or, for what was not asked again, from
 * what the job knows. */
static struct ses_facts facts_of(struct scheduler *d, const struct read_batch *s, uint32_t i)
{
    struct job *job = &d->jobs[s->jobs[i]];
    struct ses_facts facts = {.verification = (enum verification)job->verification};
    for (int part = 0; part < 2; part++) {
        if (!s->answers[part])
            continue;
        const struct ses_facts *f = &s->answers[part]->facts[i];
        if (f->known & KNOWN_VERIFICATION)
            facts.verification = f->verification;
        if (f->known & KNOWN_MAIL_FROM) {
            facts.mail_from = f->mail_from;
            facts.status = f->mail_from.len ? f->status : MAIL_FROM_NONE;
            facts.behavior = f->behavior;
        }
        facts.known |= f->known;
    }
    return facts;
}

static void remember_seen(struct scheduler *d, struct job *job, const struct ses_facts *facts)
{
    job->mail_from_seen = scheduler_name(d, facts->mail_from);
    job->seen_known = true;
    job->verification = facts->verification;
    job->behavior_seen = facts->behavior;
    job->status_seen = (uint8_t)facts->status;
}

/* What the read leaves in the job's memory. An old copy leaves nothing but the time. */
static void remember(struct scheduler *d, struct job *job, const struct ses_facts *facts,
                     const struct decision *decision, instant_us sent_at, instant_us now)
{
    bool once_more = job->state == JOB_UNSURE && decision->to != JOB_DONE;
    bool before_write = job->state == JOB_READING || job->state == JOB_CONFIRMING || once_more;
    if (decision->stale) {
        if (!job->stale_since_s)
            job->stale_since_s = (uint32_t)((now + SPAN_S(1) - 1) / SPAN_S(1));
        return;
    }
    if (decision->outcome == OUTCOME_DRIFTED && job->accepted > 0) {
        job->status_seen = (uint8_t)facts->status; /* the value is not this run's */
        return;
    }
    remember_seen(d, job, facts);
    job->stale_since_s = 0;
    job->read_at_s = (uint32_t)(sent_at / SPAN_S(1));
    job->mx_seen = 0;
    if (job->accepted > 0 || decision->confirmed || !before_write ||
        (job->before_known && decision->outcome == OUTCOME_DRIFTED))
        return;
    job->before_known = true;
    job->mail_from_before = job->mail_from_seen;
    job->behavior_before = job->behavior_seen;
}

/* A read that does not show a lost write ends no row of failures: it would be tried for ever. */
static bool ends_failures(const struct job *job, const struct decision *decision)
{
    return job->state != JOB_CONFIRMING && (job->state != JOB_UNSURE || decision->to != JOB_READY);
}

/* A row that waits for newer reads moves nowhere: its reason is kept once, and once when it is
 * over. */
static void tell_waiting(struct scheduler *d, uint32_t number, const struct decision *decision,
                         instant_us now)
{
    struct job *job = &d->jobs[number];
    bool is_news = decision->stale != job->stale_told;
    job->stale_told = decision->stale;
    if (is_news && decision->to == (enum job_state)job->state)
        scheduler_record(d, number, RECORD_MOVE, decision->to, now, decision->reason, NULL);
}

static void job_read_done(struct scheduler *d, uint32_t number, const struct ses_facts *facts,
                          instant_us sent_at, instant_us now)
{
    struct situation s = scheduler_situation(d, number, now);
    struct judgement j = {.json = &d->json};
    struct job *job = &d->jobs[number];
    bool judged = job->state == JOB_READING;
    buf_reset(&d->json);
    if (judged)
        scheduler_judge_ses(d, number, facts, &j);
    struct decision decision = step_read(&s, facts, j.errors, j.first_error);
    if (decision.read_whole) {
        queue_push(d, &scheduler_lane_of(d, number)->read[READ_FIRST], number, now);
        return;
    }
    remember(d, job, facts, &decision, sent_at, now);
    if (ends_failures(job, &decision))
        job->attempts = 0;
    if (decision.confirmed)
        scheduler_accept(d, number, now);
    if (judged)
        job->findings = j.found;
    if (decision.fell_back)
        scheduler_judge_fall_back(d, number, &j);
    tell_waiting(d, number, &decision, now);
    scheduler_apply(d, number, &decision, now, judged || decision.fell_back ? &d->json : NULL);
}

static instant_us sent_at_of(const struct read_batch *s)
{
    instant_us at = WHEN_NEVER;
    for (int part = 0; part < 2; part++)
        if (s->answers[part] && s->answers[part]->sent_at < at)
            at = s->answers[part]->sent_at;
    return at;
}

static void read_batch_finish(struct scheduler *d, struct read_batch *s, instant_us now)
{
    for (uint32_t i = 0; i < s->count; i++) {
        struct ses_facts facts = facts_of(d, s, i);
        job_read_done(d, s->jobs[i], &facts, sent_at_of(s), now);
    }
    read_batch_free(d, s);
}

static void read_batch_fail(struct scheduler *d, struct read_batch *s, enum verdict verdict,
                            const struct reply *reply, instant_us now)
{
    struct lane_state *lane = &d->lanes[s->lane];
    struct decision last = {0};
    for (uint32_t i = 0; i < s->count; i++) {
        struct situation situation = scheduler_situation(d, s->jobs[i], now);
        struct job *job = &d->jobs[s->jobs[i]];
        last = step_read_failed(&situation, reply);
        job->attempts = (uint8_t)(job->attempts + (job->attempts < UINT8_MAX));
        scheduler_apply(d, s->jobs[i], &last, now, NULL);
    }
    if (last.to == JOB_DONE && (verdict == VERDICT_DENIED || !lane->answered))
        scheduler_close_lane(d, s->lane, last.reason, now);
    read_batch_free(d, s);
}

/* The lane is in trouble that passes: its jobs look again when it does. */
static void read_batch_put_back(struct scheduler *d, struct read_batch *s, instant_us now)
{
    for (uint32_t i = s->count; i > 0; i--) {
        uint32_t job = s->jobs[i - 1];
        enum read_kind kind = d->jobs[job].state == JOB_CONFIRMING ? READ_CONFIRM
                              : d->jobs[job].state == JOB_READING  ? READ_FIRST
                                                                   : READ_AGAIN;
        queue_push_front(d, &d->lanes[s->lane].read[kind], job, now);
    }
    read_batch_free(d, s);
}

/* One name that SES will not have must not take ninety-nine others with it. */
static bool read_batch_split(struct scheduler *d, struct read_batch *s, instant_us now)
{
    struct read_batch *half = s->count > 1 ? read_batch_new(d, s->lane, s->kind, now) : NULL;
    if (!half)
        return false;
    half->api = s->api;
    half->count = s->count / 2;
    s->count -= half->count;
    memcpy(half->jobs, s->jobs + s->count, sizeof half->jobs[0] * half->count);
    read_batch_drop_answers(d, s);
    read_batch_want(d, half, parts_of(s->api, s->kind));
    read_batch_want(d, s, parts_of(s->api, s->kind));
    return true;
}

/* IAM does not let this lane read by version 1: its jobs look one by one from now on. Where that
 * had worked it may be allowed again, so it is tried again. */
static bool read_batch_falls_back(struct scheduler *d, struct read_batch *s,
                                  const struct reply *reply, instant_us now)
{
    struct lane_state *lane = &d->lanes[s->lane];
    if (!d->options.read_falls_back || s->api != API_V1 || !reply_is_access_denied(reply))
        return false;
    d->lane_changes += lane->read_api == API_V1;
    lane->read_api = API_V2;
    lane->v1_again_at = lane->v1_worked ? now + V1_AGAIN : 0;
    lane->v1_worked = false;
    for (int kind = 0; kind < CALL_ASK; kind++)
        lane->doubts[kind] = (struct doubt){0};
    read_batch_put_back(d, s, now);
    return true;
}

/* IAM can confine version 2 to chosen identities, so one refusal says nothing of the others; many
 * and nothing else say enough. */
static enum verdict get_refused(struct lane_state *lane, enum verdict verdict,
                                const struct reply *reply)
{
    if (verdict != VERDICT_REFUSED || !reply_is_access_denied(reply) || lane->get_allowed)
        return verdict;
    return ++lane->gets_refused < GETS_REFUSED_MAX ? verdict : VERDICT_DENIED;
}

static bool is_sure_of(const struct scheduler *d, const struct read_batch *s, instant_us now)
{
    const struct lane_state *lane = &d->lanes[s->lane];
    return lane_is_sure(d, lane, part_kind(s->api, s->kind, 0), now) ||
           lane_is_sure(d, lane, part_kind(s->api, s->kind, 1), now);
}

static void read_batch_refused(struct scheduler *d, struct read_batch *s, instant_us now)
{
    struct reply reply = s->fail_reply;
    struct lane_state *lane = &d->lanes[s->lane];
    enum verdict verdict = (enum verdict)s->fail_verdict;
    bool waits = lane->worked && !d->options.rules.plan_only;
    bool doubted = verdict == VERDICT_DENIED && !is_sure_of(d, s, now);
    bool is_news = s->api == API_V2 || lane->v1_worked || !reply_is_access_denied(&reply);
    s->failed = false;
    if (doubted && waits && is_news) {
        read_batch_put_back(d, s, now);
        return;
    }
    if (read_batch_falls_back(d, s, &reply, now))
        return;
    if (waits && (verdict == VERDICT_DENIED || verdict == VERDICT_AGAIN))
        read_batch_put_back(d, s, now);
    else if (verdict == VERDICT_DENIED || verdict == VERDICT_AGAIN || !read_batch_split(d, s, now))
        read_batch_fail(d, s, verdict, &reply, now);
}

static void part_failed(struct scheduler *d, struct read_batch *s, const struct call *call,
                        enum verdict verdict, instant_us now)
{
    uint8_t bit = (uint8_t)(1u << call->part);
    if (verdict == VERDICT_SLOW_DOWN) {
        read_batch_want(d, s, bit);
    } else if (verdict_is_retried(verdict) && s->attempts + 1 < ATTEMPTS_MAX) {
        s->attempts++;
        s->wake = now + backoff_span(BACKOFF_ERROR, d->options.rules.seed, s->jobs[0], s->attempts);
        read_batch_want(d, s, bit);
    } else {
        s->failed = true;
        s->fail_verdict = (uint8_t)(verdict_is_retried(verdict) ? VERDICT_AGAIN : verdict);
        s->fail_reply = call->reply;
    }
}

void scheduler_read_done(struct scheduler *d, struct call *call, instant_us now)
{
    struct read_batch *s = &d->read_batches[call->owner];
    enum verdict verdict = verdict_after(scheduler_call_paced(d, call, now), s->attempts);
    s->out = (uint8_t)(s->out & ~(1u << call->part));
    if (call->kind == CALL_GET)
        verdict = get_refused(&d->lanes[call->lane], verdict, &call->reply);
    if (verdict == VERDICT_GONE && call->kind == CALL_GET) {
        call->facts[0] = (struct ses_facts){.known = KNOWN_VERIFICATION | KNOWN_MAIL_FROM};
        verdict = VERDICT_OK;
    }
    if (verdict == VERDICT_OK) {
        d->lanes[call->lane].get_allowed |= call->kind == CALL_GET;
        s->answers[call->part] = call;
    } else {
        part_failed(d, s, call, verdict, now);
        scheduler_call_free(d, call);
    }
    if (s->out || s->to_send)
        return; /* the rest of the read batch is still to come */
    if (s->failed)
        read_batch_refused(d, s, now);
    else
        read_batch_finish(d, s, now);
}
