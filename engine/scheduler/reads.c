/*
 * Reads of SES: read batches of up to a hundred jobs. A first read asks for verification, for MAIL
 * FROM and for DKIM, calls with a bucket each; a later read asks for MAIL FROM alone. By the v2 API
 * each job is a read batch, since v2 has no batched read. A plan whose lane survey lists
 * verification reads MAIL FROM from the first second, and puts aside what it has read until the
 * survey is done and the rows can be judged.
 *
 * A full read batch leaves at once; another when its oldest job has waited long enough. A call with
 * one job costs as much as a call with a hundred, so the wait depends on the number of jobs still
 * to come: every open job of the lane will need a read. A job waits three tenths of the time for
 * reading all open jobs one by one, at most COMPANY_MAX. Example, at one call a second: with 3,000
 * jobs waiting for DNS, jobs with new records are read every eight minutes; with 100, every 30 s;
 * and the last job at once.
 */
#include "scheduler_internal.h"

#include <assert.h>
#include <string.h>

#define COMPANY_SHARE 0.3
#define COMPANY_MAX   SPAN_M(8)
#define SETTLED_MAX   1000u /* rows a turn */

/* Of the next batch: of one job, where its verification or its DKIM is to be read by version 2. */
static enum api next_api(const struct scheduler *d, uint16_t lane, enum read_kind kind)
{
    const struct lane_state *l = &d->lanes[lane];
    const struct queue *q = &l->read[kind];
    bool by_get = kind == READ_FIRST && q->len && dkim_by_get(d, lane, q->first - 1);
    return kind == READ_SINGLE || by_get ? API_V2 : l->read_api;
}

/* First reads wait for the survey, by whose facts their rows are judged, or leave beside it. */
static bool may_look_first(const struct scheduler *d, uint16_t lane)
{
    return d->options.sweep || lane_survey_is_done(d, lane) || lane_survey_has_company(d, lane);
}

/* Only the first read asks for verification, unless the lane survey tells it or IAM refuses it. */
static enum call_kind first_kind(const struct scheduler *d, uint16_t lane, enum read_kind kind,
                                 instant_us now)
{
    assert(kind < READ_KINDS);
    const struct lane_state *l = &d->lanes[lane];
    if (next_api(d, lane, kind) == API_V2)
        return CALL_GET;
    bool is_told = verified_is_told(d, lane, now) || lane_survey_has_company(d, lane);
    const struct queue *q = &l->read[kind];
    bool asks = kind == READ_FIRST && (!is_told || (q->len && d->jobs[q->first - 1].whole));
    return asks && !reads_lack_verification(l) ? CALL_READ_VERIFICATION : CALL_READ_MAIL_FROM;
}

span_us reads_linger(const struct scheduler *d, const struct lane_state *lane, uint32_t there)
{
    if (batch_read_max(lane->read_api) == 1)
        return 0;
    if (d->options.detach && d->unlooked)
        return 0; /* the process ends after these looks */
    /* Jobs still to come: during a wave, only the started ones. */
    uint32_t open = lane->open - lane->held.len;
    if (!waves_may_start(&d->waves) && d->waves.open < open)
        open = d->waves.open;
    uint32_t company = open > there ? open - there : 0;
    double rate = lane->pace[CALL_READ_MAIL_FROM].load.rate_per_s;
    assert(rate > 0);
    double span = 1e6 * COMPANY_SHARE * company / rate;
    return span < (double)COMPANY_MAX ? (span_us)span : COMPANY_MAX;
}

static instant_us queue_due(const struct scheduler *d, const struct lane_state *lane,
                            enum read_kind kind, instant_us now)
{
    const struct queue *q = &lane->read[kind];
    /* Reads after writes and before writes share a read batch. */
    uint32_t len = q->len + (kind == READ_AGAIN ? lane->read[READ_CONFIRM].len : 0);
    if (len == 0)
        return WHEN_NEVER;
    if (len >= batch_read_max(lane->read_api) || kind <= READ_FIRST || len > q->len)
        return now; /* a job before its write has waited for company already */
    return q->since + reads_linger(d, lane, len);
}

static void read_batch_free(struct scheduler *d, struct batch_read *b)
{
    assert(d->lanes[b->lane].read_batches_alive > 0);
    d->lanes[b->lane].read_batches_alive--;
    batch_read_free(&d->reads, b);
}

static void read_batch_take(struct scheduler *d, struct batch_read *b, struct queue *q,
                            instant_us now)
{
    struct queue *read = d->lanes[b->lane].read;
    bool is_first = q == &read[READ_FIRST];
    while (q->len && b->count < batch_read_max(b->api) &&
           (b->api == API_V2 || !is_first || !dkim_by_get(d, b->lane, q->first - 1))) {
        uint32_t row = queue_pop(d, q);
        if (is_first && verified_by_get(d, row, now))
            queue_push(d, &read[READ_SINGLE], row, now);
        else
            b->items[b->count++] = row;
    }
    q->since = now;
    assert(b->count <= batch_read_max(b->api));
}

/* A batch is free, and the first job of the queue belongs there (reads_sort()). */
static void read_batch_gather(struct scheduler *d, uint16_t lane, enum read_kind kind,
                              instant_us now)
{
    struct lane_state *l = &d->lanes[lane];
    uint8_t kinds = (uint8_t)BATCH_KIND(first_kind(d, lane, kind, now));
    if (kinds & BATCH_KIND(CALL_READ_VERIFICATION))
        kinds |= BATCH_KIND(CALL_READ_MAIL_FROM);
    struct batch_read *b = batch_read_new(&d->reads, lane, next_api(d, lane, kind), kinds, now);
    assert(b);
    l->read_batches_alive++;
    if (kind == READ_AGAIN)
        read_batch_take(d, b, &l->read[READ_CONFIRM], now);
    read_batch_take(d, b, &l->read[kind], now);
    assert(b->count > 0);
    if (kind == READ_FIRST)
        b->optional = dkim_kind(d, b);
    b->kinds |= b->optional;
    batch_read_want(&d->reads, &l->read_batches, b, b->kinds);
}

static void call_fill(void *ctx, const struct batch_read *b, struct call *call)
{
    struct scheduler *d = ctx;
    assert(b->count > 0);
    assert(call->count == b->count);
    way_taken(d, b->lane, call->kind);
    for (uint32_t i = 0; i < b->count; i++) {
        struct job *job = &d->jobs[b->items[i]];
        call->identities[i] = fleet_identity(d->fleet, b->items[i]);
        job->calls = (uint16_t)(job->calls + (job->calls < UINT16_MAX));
    }
}

static uint32_t lane_send(struct scheduler *d, struct lane_state *lane, instant_us now,
                          struct call **calls, uint32_t max)
{
    const struct batch_sender by = {lane->pace, d, call_fill};
    return batch_reads_send(&d->reads, &lane->read_batches, &by, now, calls, max);
}

/* Reads in doubt wait; then one read is the probe. 0: not in doubt. */
static instant_us doubted_until(const struct lane_state *lane, enum read_kind kind)
{
    instant_us v1 = when_later(lane_doubted_until(lane, CALL_READ_VERIFICATION),
                               lane_doubted_until(lane, CALL_READ_MAIL_FROM));
    bool is_v1 = kind != READ_SINGLE && lane->read_api == API_V1;
    return is_v1 ? v1 : lane_doubted_until(lane, CALL_GET);
}

/* A lane with a failed last call has one read batch out at a time: a probe of a failing lane must
 * not use up the read batches of other lanes. */
static bool holds_back(const struct lane_state *lane, enum read_kind kind)
{
    return (lane->unresponsive || doubted_until(lane, kind) > 0) && lane->read_batches_alive > 0;
}

/* May another read batch be gathered? Only when its first call could leave at once: jobs waiting in
 * the queue meanwhile find company. */
static bool may_gather(const struct scheduler *d, uint16_t lane, enum read_kind kind,
                       instant_us now)
{
    const struct lane_state *l = &d->lanes[lane];
    return !l->closed && !holds_back(l, kind) && now >= doubted_until(l, kind) &&
           (kind > READ_FIRST || may_look_first(d, lane)) && d->reads.free && d->calls.free &&
           queue_due(d, l, kind, now) <= now &&
           pace_next(&l->pace[first_kind(d, lane, kind, now)]) <= now;
}

uint32_t scheduler_reads(struct scheduler *d, uint16_t lane, instant_us now, struct call **calls,
                         uint32_t max)
{
    struct lane_state *l = &d->lanes[lane];
    reads_try_again(d, lane, now);
    reads_sort(d, lane, now);
    uint32_t len = lane_send(d, l, now, calls, max);
    for (int kind = READ_AGAIN; kind >= READ_SINGLE; kind--) {
        while (len < max && may_gather(d, lane, (enum read_kind)kind, now)) {
            if (kind == READ_AGAIN && batch_read_max(l->read_api) > 1)
                ready_along(d, lane, now);
            read_batch_gather(d, lane, (enum read_kind)kind, now);
            len += lane_send(d, l, now, calls + len, max - len);
            reads_sort(d, lane, now);
        }
    }
    assert(len <= max);
    return len;
}

instant_us scheduler_reads_wake(const struct scheduler *d, uint16_t lane, instant_us now)
{
    const struct lane_state *l = &d->lanes[lane];
    instant_us wake = batch_reads_wake(&d->reads, l->read_batches, l->pace);
    if (l->single_reason[0] && l->read[READ_SINGLE].len)
        return now; /* the next turn has room for their records */
    for (int k = READ_SINGLE; k <= READ_AGAIN && d->reads.free; k++) {
        enum read_kind kind = (enum read_kind)k;
        instant_us due = queue_due(d, l, kind, now);
        bool is_early = kind <= READ_FIRST && !may_look_first(d, lane);
        if (holds_back(l, kind) || is_early)
            continue;
        instant_us token = pace_next(&l->pace[first_kind(d, lane, kind, now)]);
        if (due != WHEN_NEVER)
            wake = when_earlier(wake, when_later(when_later(due, token), doubted_until(l, kind)));
    }
    return wake;
}

/* SES's facts about one job, from the parts of the read batch, or for parts not asked again from
 * the job's memory. */
static struct ses_facts facts_of(struct scheduler *d, const struct batch_read *s, uint32_t i)
{
    assert(i < s->count);
    struct job *job = &d->jobs[s->items[i]];
    struct ses_facts facts = {.verification = (enum verification)job->verification};
    bool is_first = job->state == JOB_READING;
    if (is_first && !d->options.sweep && verified_surely(d, s->items[i], &facts.verification))
        facts.known = KNOWN_VERIFICATION;
    for (unsigned kind = 0; kind < BATCH_KINDS; kind++) {
        if (!s->answers[kind])
            continue;
        const struct ses_facts *f = &s->answers[kind]->facts[i];
        if (f->known & KNOWN_VERIFICATION) {
            job->whole = false;
            facts.verification = f->verification;
            verified_read(d, s->items[i], f->verification);
        }
        if (f->known & KNOWN_MAIL_FROM) {
            facts.mail_from = f->mail_from;
            facts.status = f->mail_from.len ? f->status : MAIL_FROM_NONE;
            facts.behavior = f->behavior;
            facts.left_out = f->left_out;
        }
        facts.known |= f->known;
    }
    /* A sweep judges without it, whoever tells it: of an identity that is not verified, too, its
     * DNS is looked at. */
    if (d->options.sweep && d->lanes[s->lane].read_api == API_V1)
        facts.known &= ~(unsigned)KNOWN_VERIFICATION;
    return facts;
}

/* Stores the read in the job's memory. An old copy stores only the time. */
static void remember(struct scheduler *d, struct job *job, const struct ses_facts *facts,
                     const struct decision *decision, instant_us sent_at, instant_us now)
{
    bool once_more = job->state == JOB_UNSURE && decision->to != JOB_DONE;
    bool before_write = job->state == JOB_READING || job->state == JOB_CONFIRMING || once_more;
    assert(sent_at <= now);
    if (decision->stale) {
        if (!job->stale_since_s)
            job->stale_since_s = (uint32_t)((now + SPAN_S(1) - 1) / SPAN_S(1));
        return;
    }
    if (decision->outcome == OUTCOME_DRIFTED && job->accepted > 0) {
        job->status_seen = (uint8_t)facts->status; /* the value is not this run's */
        return;
    }
    job->mail_from_seen = scheduler_name(d, facts->mail_from);
    job->seen_known = true;
    job->verification = facts->verification;
    job->behavior_seen = facts->behavior;
    job->status_seen = (uint8_t)facts->status;
    job->stale_since_s = 0;
    job->read_at_s = (uint32_t)(sent_at / SPAN_S(1));
    job->mx_seen = 0;
    /* A row ending here writes nothing: if the row begins again, the value of this read is compared
     * with the value before, like any other operator's. */
    if (job->accepted > 0 || decision->confirmed || !before_write ||
        (job->before_known && decision->to == JOB_DONE))
        return;
    job->before_known = true;
    job->mail_from_before = job->mail_from_seen;
    job->behavior_before = job->behavior_seen;
}

static void read_whole(struct scheduler *d, uint32_t number, instant_us now)
{
    d->jobs[number].whole = true;
    queue_push(d, &scheduler_lane_of(d, number)->read[READ_FIRST], number, now);
}

static void job_read_done(struct scheduler *d, uint32_t number, const struct ses_facts *facts,
                          instant_us sent_at, instant_us now)
{
    struct situation s = scheduler_situation(d, number, now);
    struct judgement j = {.memory = &d->judging};
    struct job *job = &d->jobs[number];
    assert(job->state == JOB_READING || job->state == JOB_CONFIRMING || job->state == JOB_UNSURE ||
           job->state == JOB_FOLLOWING);
    bool judged = job->state == JOB_READING;
    arena_reset(&d->judging);
    if (judged)
        scheduler_judge_ses(d, number, facts, &j);
    struct decision decision = step_read(&s, facts, j.errors, j.first_error);
    if (decision.read_whole) {
        read_whole(d, number, now);
        return;
    }
    remember(d, job, facts, &decision, sent_at, now);
    if (d->options.sweep && facts->known & KNOWN_MAIL_FROM && facts->mail_from.len == 0 &&
        s.wanted.len)
        verified_doubt(d, number);
    /* A read without a lost write does not reset the count of failures: otherwise the write would
       be tried for ever. */
    if (job->state != JOB_CONFIRMING && (job->state != JOB_UNSURE || decision.to != JOB_READY))
        job->attempts = 0;
    if (decision.confirmed)
        scheduler_accept(d, number, now);
    if (judged)
        job->findings = j.found;
    if (decision.fell_back)
        scheduler_judge_fall_back(d, number, &j);
    /* A row waiting for newer reads does not move: one record tells the beginning, one the end. */
    bool is_news = decision.stale != job->stale_told;
    job->stale_told = decision.stale;
    if (is_news && decision.to == (enum job_state)job->state)
        scheduler_record(d, number, RECORD_MOVE, decision.to, now, decision.reason, NULL);
    scheduler_apply(d, number, &decision, now, judged || decision.fell_back ? &j : NULL);
}

/* Of a plan: the list has not told after all which rows are verified, so they are read again, with
 * that. */
static void first_read_done(struct scheduler *d, uint32_t number, const struct ses_facts *facts,
                            instant_us sent_at, instant_us now)
{
    if (facts->known & KNOWN_VERIFICATION)
        job_read_done(d, number, facts, sent_at, now);
    else
        queue_push(d, &scheduler_lane_of(d, number)->read[READ_FIRST], number, now);
}

/* --- beside the lane survey ------------------------------------------------------------------- */

/* What SES shows rests in the job until the survey is done. */
static void read_aside(struct scheduler *d, uint32_t number, const struct ses_facts *facts,
                       instant_us sent_at, instant_us now)
{
    struct job *job = &d->jobs[number];
    assert(d->options.rules.plan_only);
    job->mail_from_seen = scheduler_name(d, facts->mail_from);
    job->behavior_seen = facts->behavior;
    job->status_seen = (uint8_t)facts->status;
    job->read_at_s = (uint32_t)(sent_at / SPAN_S(1));
    job->whole = facts->left_out;
    queue_push(d, &scheduler_lane_of(d, number)->aside, number, now);
}

/* Where a list has told that the identity was there, an answer without it is news. */
static bool asks_whole(const struct scheduler *d, uint16_t lane, bool left_out)
{
    return left_out && !d->options.sweep && !reads_lack_verification(&d->lanes[lane]);
}

bool reads_may_settle(const struct scheduler *d, uint16_t lane)
{
    return d->lanes[lane].aside.len && lane_survey_is_done(d, lane);
}

void reads_settle(struct scheduler *d, uint16_t lane, instant_us now)
{
    struct queue *aside = &d->lanes[lane].aside;
    bool may = reads_may_settle(d, lane); /* from then on, until the lane ends */
    for (uint32_t len = 0; may && aside->len && len < SETTLED_MAX && scheduler_has_room(d); len++) {
        uint32_t number = queue_pop(d, aside);
        const struct job *job = &d->jobs[number];
        bool is_old = now - (instant_us)job->read_at_s * SPAN_S(1) >= TOLD_FOR;
        if (is_old || asks_whole(d, lane, job->whole)) {
            queue_push(d, &d->lanes[lane].read[READ_FIRST], number, now);
            continue;
        }
        struct ses_facts facts = {.known = KNOWN_MAIL_FROM,
                                  .mail_from = names_text(&d->seen, job->mail_from_seen),
                                  .status = (enum mail_from_status)job->status_seen,
                                  .behavior = job->behavior_seen};
        if (verified_surely(d, number, &facts.verification))
            facts.known |= KNOWN_VERIFICATION;
        first_read_done(d, number, &facts, (instant_us)job->read_at_s * SPAN_S(1), now);
    }
}

/* The lane is in passing trouble: its jobs read again afterwards. */
static void read_batch_put_back(struct scheduler *d, struct batch_read *s, instant_us now)
{
    assert(s->count > 0);
    assert(!s->out);
    for (uint32_t i = s->count; i > 0; i--) {
        uint32_t job = s->items[i - 1];
        enum read_kind kind = d->jobs[job].state == JOB_CONFIRMING ? READ_CONFIRM
                              : d->jobs[job].state == JOB_READING  ? READ_FIRST
                                                                   : READ_AGAIN;
        queue_push_front(d, &d->lanes[s->lane].read[kind], job, now);
    }
    read_batch_free(d, s);
}

static bool has_overdue(struct scheduler *d, const struct batch_read *b, instant_us now)
{
    bool is_overdue = false;
    for (uint32_t i = 0; i < b->count; i++)
        is_overdue = lane_is_overdue(d, b->items[i], now) || is_overdue;
    return is_overdue;
}

void reads_release_overdue(struct scheduler *d, uint16_t lane, instant_us now)
{
    uint32_t *list = &d->lanes[lane].read_batches;
    for (uint32_t next = *list; next;) {
        struct batch_read *b = &d->reads.batches[next - 1];
        next = b->next;
        if (b->out || !has_overdue(d, b, now))
            continue;
        batch_read_unlist(&d->reads, list, b);
        read_batch_put_back(d, b, now);
    }
}

/* IAM can confine version 2 to chosen identities, so one refusal tells nothing about other
 * identities; many refusals without a success do. Where the lane has worked they put the action in
 * doubt, and each identity is still judged by its own refusals. */
static enum verdict get_answered(struct scheduler *d, const struct call *call, enum verdict verdict,
                                 instant_us now)
{
    assert(call->kind == CALL_GET);
    struct lane_state *lane = &d->lanes[call->lane];
    if (verdict == VERDICT_OK) {
        lane->get_allowed = true;
        lane->gets_refused = 0;
    }
    if (verdict != VERDICT_REFUSED || !reply_is_access_denied(&call->reply) ||
        ++lane->gets_refused < GETS_REFUSED_MAX)
        return verdict;
    if (!lane->get_allowed && d->options.leaves_lanes) {
        char reason[REASON_LEN_MAX];
        step_words(&call->reply, "", reason);
        lane_leave(d, call->lane, reason);
    }
    if (lane->read_api == API_V1) {
        if (!lane->get_allowed)
            singles_close(d, call->lane, &call->reply);
        return verdict;
    }
    lane_doubt(d, call, now);
    bool waits = lane->worked && !d->options.rules.plan_only;
    return waits || lane->get_allowed ? verdict : VERDICT_DENIED;
}

static bool is_sure_of(const struct scheduler *d, const struct batch_read *s, instant_us now)
{
    const struct lane_state *lane = &d->lanes[s->lane];
    for (unsigned kind = 0; kind < BATCH_KINDS; kind++)
        if ((s->kinds & BATCH_KIND(kind)) && lane_is_sure(d, lane, (enum call_kind)kind, now))
            return true;
    return false;
}

/* Of a lane that cannot be carried from here nothing fails, where others may carry it. Where IAM
 * refuses single identities, the others have their turn first: it may refuse them, too. */
static bool read_batch_left(struct scheduler *d, struct batch_read *s, bool denied, instant_us now)
{
    struct lane_state *lane = &d->lanes[s->lane];
    struct situation situation = scheduler_situation(d, s->items[0], now);
    struct decision decision = step_read_failed(&situation, &s->failed_reply);
    bool is_refused = s->api == API_V2 && reply_is_access_denied(&s->failed_reply);
    if (!d->options.leaves_lanes)
        return false;
    if (decision.to == JOB_DONE && (denied || !lane->answered)) {
        lane_leave(d, s->lane, decision.reason);
        read_batch_put_back(d, s, now);
        return true;
    }
    if (!is_refused || denied || lane->get_allowed)
        return false;
    for (uint32_t i = 0; i < s->count; i++)
        scheduler_enqueue(d, s->items[i], now);
    read_batch_free(d, s);
    return true;
}

static void read_batch_refused(struct scheduler *d, struct batch_read *s, instant_us now)
{
    struct reply reply = s->failed_reply;
    struct lane_state *lane = &d->lanes[s->lane];
    enum retry next = s->failed_next;
    bool denied = next == RETRY_DENIED || next == RETRY_FALL_BACK;
    assert(next != RETRY_BY_PACE && next != RETRY_BACKOFF);
    if (dkim_get_refused(d, s, now)) {
        read_batch_put_back(d, s, now);
        return;
    }
    bool waits = lane->worked && !d->options.rules.plan_only;
    bool is_news = s->api == API_V2 || lane->allowed & s->denied || !reply_is_access_denied(&reply);
    bool doubted = denied && !is_sure_of(d, s, now) && is_news;
    if (waits && doubted) {
        read_batch_put_back(d, s, now);
    } else if (next == RETRY_FALL_BACK) {
        reads_fall_back(d, s->lane, s->denied, reply_is_foreign(&reply), now);
        read_batch_put_back(d, s, now);
    } else if (waits && (denied || next == RETRY_EXHAUSTED)) {
        read_batch_put_back(d, s, now);
    } else if (next == RETRY_SPLIT &&
               batch_read_split(&d->reads, &lane->read_batches, s, now) != NULL) {
        lane->read_batches_alive++; /* one name refused by SES must not fail ninety-nine others */
    } else if (!read_batch_left(d, s, denied, now)) {
        struct decision last = {0};
        assert(s->count > 0);
        for (uint32_t i = 0; i < s->count; i++) {
            struct situation situation = scheduler_situation(d, s->items[i], now);
            struct job *job = &d->jobs[s->items[i]];
            last = step_read_failed(&situation, &reply);
            job->attempts = (uint8_t)(job->attempts + (job->attempts < UINT8_MAX));
            scheduler_apply(d, s->items[i], &last, now, NULL);
        }
        if (last.to == JOB_DONE && (denied || !lane->answered))
            scheduler_close_lane(d, s->lane, last.reason, now);
        read_batch_free(d, s);
    }
}

/* What became of one row of a batch. */
static void batch_row_done(struct scheduler *d, const struct batch_read *b, uint32_t i,
                           const struct ses_facts *facts, instant_us sent_at, instant_us now)
{
    uint32_t number = b->items[i];
    bool is_first =
        d->jobs[number].state == JOB_READING && d->options.rules.plan_only && !d->options.sweep;
    bool tells_all = b->kinds & (BATCH_KIND(CALL_READ_VERIFICATION) | BATCH_KIND(CALL_GET));
    if (is_first && !lane_survey_is_done(d, b->lane))
        read_aside(d, number, facts, sent_at, now);
    else if (!tells_all && asks_whole(d, b->lane, facts->left_out))
        read_whole(d, number, now);
    else if (is_first && !tells_all)
        first_read_done(d, number, facts, sent_at, now);
    else
        job_read_done(d, number, facts, sent_at, now);
}

void scheduler_read_done(struct scheduler *d, struct call *call, instant_us now)
{
    struct lane_state *lane = &d->lanes[call->lane];
    struct batch_read *b = batch_read_of(&d->reads, call);
    assert(b->lane == call->lane);
    const struct retry_rules rules = {.attempts_max = ATTEMPTS_MAX,
                                      .is_paced = true,
                                      .may_fall_back = d->options.read_falls_back};
    enum verdict verdict = verdict_after(scheduler_call_paced(d, call, now), b->attempts);
    verdict = retry_gone_is_told(call, verdict);
    if (call->kind == CALL_GET && (lane->read_api == API_V2 || reads_lack_verification(lane)))
        verdict = get_answered(d, call, verdict, now);
    if (call->kind == CALL_READ_DKIM)
        verdict = dkim_answered(d, call, verdict);
    enum batch_state state = batch_read_answered(&d->reads, &lane->read_batches, call, verdict,
                                                 &rules, d->options.rules.seed, now);
    if (b->missed & BATCH_KIND(call->kind))
        dkim_missed(d, call);
    if (verdict != VERDICT_OK)
        call_pool_give(&d->calls, call);
    switch (state) {
    case BATCH_WAITS: break;
    case BATCH_DONE: {
        instant_us sent_at = WHEN_NEVER; /* of its first call */
        for (unsigned kind = 0; kind < BATCH_KINDS; kind++)
            if (b->answers[kind])
                sent_at = when_earlier(sent_at, b->answers[kind]->sent_at);
        assert(!b->to_send);
        assert(!b->out);
        assert(sent_at <= now);
        dkim_taken(d, b);
        for (uint32_t i = 0; i < b->count; i++) {
            struct ses_facts facts = facts_of(d, b, i);
            batch_row_done(d, b, i, &facts, sent_at, now);
        }
        read_batch_free(d, b);
        break;
    }
    case BATCH_FAILED: read_batch_refused(d, b, now); break;
    }
}
