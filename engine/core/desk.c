/*
 * Jobs, queues, timers and the turn. Invariant: a job that is not final is in exactly one place: a
 * queue, a sweep, an inquiry, a write that is out, or the heap of timers.
 */
#include "desk_family.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static void lanes_init(struct desk *d)
{
    for (uint32_t i = 0; i < d->fleet->lanes_len; i++) {
        double own = d->fleet->accounts[d->fleet->lanes[i].account].rate_per_s;
        double rate = d->options.rate_per_s > 0 ? d->options.rate_per_s : own > 0 ? own : 1;
        for (int kind = 0; kind < CALL_KINDS; kind++)
            pace_init(&d->lanes[i].pace[kind], rate);
    }
}

static void uses_count(struct desk *d)
{
    for (uint32_t i = 0; i < d->fleet->choices_len; i++) {
        uint8_t *uses = &d->mail_from_uses[d->fleet->choices[i].mail_from];
        *uses = (uint8_t)(*uses + (*uses < UINT8_MAX));
    }
}

static void calls_init(struct desk *d)
{
    for (uint32_t i = 0; i < CALLS_IN_FLIGHT_MAX; i++) {
        arena_init(&d->all_calls[i].arena, HTTP_BODY_MAX * 4);
        desk_call_free(d, &d->all_calls[i]);
    }
}

struct desk *desk_init(struct arena *memory, const struct fleet *fleet,
                       const struct desk_options *options)
{
    struct desk *d = ARENA_NEW(memory, struct desk);
    if (!d)
        return NULL;
    d->fleet = fleet;
    d->options = *options;
    d->jobs = ARENA_ARRAY(memory, struct job, fleet->choices_len + 1);
    d->lanes = ARENA_ARRAY(memory, struct lane_desk, fleet->lanes_len + 1);
    d->sweeps = ARENA_ARRAY(memory, struct sweep, SWEEPS_MAX);
    d->asks = ARENA_ARRAY(memory, struct ask, ASKS_MAX);
    d->all_calls = ARENA_ARRAY(memory, struct call, CALLS_IN_FLIGHT_MAX);
    d->records = ARENA_ARRAY(memory, struct record, RECORDS_PER_TURN_MAX);
    d->mail_from_uses = ARENA_ARRAY(memory, uint8_t, fleet->names.len + 1);
    if (!d->jobs || !d->lanes || !d->sweeps || !d->asks || !d->all_calls || !d->records ||
        !d->mail_from_uses || !heap_init(&d->timers, fleet->choices_len))
        return NULL;
    if (!names_init(&d->seen, NAMES_BYTES_MAX)) {
        heap_clear(&d->timers);
        return NULL;
    }
    arena_init(&d->turn_text, SIZE_MAX);
    buf_init(&d->json, LINE_LEN_MAX * 4);
    buf_init(&d->json_dns, LINE_LEN_MAX * 4);
    lanes_init(d);
    uses_count(d);
    calls_init(d);
    sweeps_init(d);
    for (uint32_t i = 0; i < ASKS_MAX; i++)
        inquiry_init(&d->asks[i].inquiry);
    d->words_len = 1;
    d->by_state[JOB_NEW] = fleet->choices_len;
    for (uint32_t i = 0; i < fleet->choices_len; i++)
        d->jobs[i].deadline = WHEN_NEVER;
    return d;
}

void desk_clear(struct desk *d)
{
    if (!d)
        return;
    for (uint32_t i = 0; i < CALLS_IN_FLIGHT_MAX; i++)
        arena_clear(&d->all_calls[i].arena);
    for (uint32_t i = 0; i < ASKS_MAX; i++)
        inquiry_clear(&d->asks[i].inquiry);
    heap_clear(&d->timers);
    names_clear(&d->seen);
    arena_clear(&d->turn_text);
    buf_clear(&d->json);
    buf_clear(&d->json_dns);
}

void queue_push(struct desk *d, struct queue *q, uint32_t job, instant_us now)
{
    d->jobs[job].next = 0;
    if (q->last)
        d->jobs[q->last - 1].next = job + 1;
    else
        q->first = job + 1;
    q->last = job + 1;
    if (q->len++ == 0)
        q->since = now;
}

void queue_push_front(struct desk *d, struct queue *q, uint32_t job, instant_us now)
{
    d->jobs[job].next = q->first;
    q->first = job + 1;
    if (!q->last)
        q->last = job + 1;
    if (q->len++ == 0)
        q->since = now;
}

uint32_t queue_pop(struct desk *d, struct queue *q)
{
    assert(q->first);
    uint32_t job = q->first - 1;
    q->first = d->jobs[job].next;
    if (!q->first)
        q->last = 0;
    q->len--;
    d->jobs[job].next = 0;
    return job;
}

struct lane_desk *desk_lane_of(struct desk *d, uint32_t job)
{
    return &d->lanes[d->fleet->choices[job].lane];
}

struct situation desk_situation(struct desk *d, uint32_t job, instant_us now)
{
    const struct choice *choice = &d->fleet->choices[job];
    struct situation s = {.rules = &d->options.rules,
                          .job = &d->jobs[job],
                          .number = job,
                          .wanted = fleet_mail_from(d->fleet, job),
                          .policy = fleet_policy_of(d->fleet, job),
                          .now = now};
    if (choice->guarded == GUARD_NONE || choice->guarded == GUARD_SKIP)
        return s;
    s.guard = (enum guard)choice->guarded;
    s.expected = &d->fleet->expected[job];
    s.expected_mail_from = names_text(&d->fleet->names, s.expected->mail_from);
    s.or_mail_from = names_text(&d->fleet->names, s.expected->or_mail_from);
    if (s.job->before_known) {
        s.before_known = true;
        s.mail_from_before = names_text(&d->seen, s.job->mail_from_before);
    }
    return s;
}

struct call *desk_call_new(struct desk *d, enum call_kind kind)
{
    struct call *call = d->pool;
    if (!call)
        return NULL;
    d->pool = call->next;
    d->calls_out++;
    call->next = NULL;
    call->ticket = ++d->next_ticket;
    call->kind = kind;
    call->api = kind == CALL_SET ? d->options.write_api : d->options.read_api;
    call->mail_from = call->token = TEXT_NONE;
    return call;
}

void desk_call_free(struct desk *d, struct call *call)
{
    call->next = d->pool;
    d->pool = call;
}

uint8_t desk_word(struct desk *d, struct text word)
{
    if (word.len == 0)
        return 0;
    for (uint32_t i = 1; i < d->words_len; i++)
        if (text_eq(d->words[i], word))
            return (uint8_t)i;
    assert(d->words_len < WORDS_MAX); /* the words are the rules' own constants */
    d->words[d->words_len] = word;
    return (uint8_t)d->words_len++;
}

/* Where a job goes to wait for what its state wants. */
static void enqueue(struct desk *d, uint32_t job, instant_us now)
{
    struct lane_desk *lane = desk_lane_of(d, job);
    switch ((enum job_state)d->jobs[job].state) {
    case JOB_LOOKING: queue_push(d, &lane->look[LOOK_FIRST], job, now); break;
    case JOB_UNSURE:
    case JOB_FOLLOWING: queue_push(d, &lane->look[LOOK_AGAIN], job, now); break;
    case JOB_JUDGING:
    case JOB_WAITING_DNS: queue_push(d, &d->dns, job, now); break;
    case JOB_READY: queue_push(d, &lane->write, job, now); break;
    case JOB_NEW:
    case JOB_WRITING:
    case JOB_DONE:
    case JOB_STATES: break;
    }
}

static void set_deadline(struct job *job, const struct policy *policy, instant_us now)
{
    bool written = job->state == JOB_FOLLOWING && job->writes > 0;
    if (job->deadline == WHEN_NEVER || (written && job->looks == 0))
        job->deadline = now + policy->timeout_us;
}

static uint32_t clock_ms(const struct desk *d, instant_us now)
{
    span_us since = now - d->options.started;
    return since < 0 ? 1 : (uint32_t)(since / 1000 + 1);
}

static void finish_job(struct desk *d, struct job *job, enum outcome outcome, instant_us now)
{
    d->by_outcome[outcome]++;
    job->outcome = (uint8_t)outcome;
    job->finished_ms = clock_ms(d, now);
}

void desk_apply(struct desk *d, uint32_t number, const struct decision *decision, instant_us now,
                const struct buf *findings_json)
{
    struct job *job = &d->jobs[number];
    enum job_state from = (enum job_state)job->state;
    bool moved = from != decision->to;
    bool quiet = decision->to == JOB_LOOKING || decision->to == JOB_JUDGING;
    if (!job->first_seen_ms)
        job->first_seen_ms = clock_ms(d, now);
    if (moved) {
        d->by_state[from]--;
        d->by_state[decision->to]++;
        job_move(job, decision->to);
    }
    job->action = (uint8_t)decision->action;
    job->write = (uint8_t)decision->write;
    job->restarts = (uint8_t)(job->restarts + decision->restart);
    if (decision->to == JOB_WAITING_DNS || decision->to == JOB_FOLLOWING) {
        job->looks = moved ? 0 : (uint8_t)(job->looks + (job->looks < UINT8_MAX));
        set_deadline(job, fleet_policy_of(d->fleet, number), now);
    }
    if (decision->to == JOB_DONE)
        finish_job(d, job, decision->outcome, now);
    if (moved && !quiet)
        desk_record(d, number, from == JOB_WRITING ? RECORD_ANSWER : RECORD_MOVE, from, now,
                    decision->reason, findings_json);
    if (decision->to == JOB_DONE)
        heap_drop(&d->timers, number);
    else if (decision->wait_us > 0)
        heap_set(&d->timers, number,
                 now + decision->wait_us < job->deadline ? now + decision->wait_us : job->deadline);
    else
        enqueue(d, number, now);
}

static void drop_queue(struct desk *d, struct queue *q, const char *reason, instant_us now)
{
    while (q->len && desk_has_room(d)) {
        uint32_t job = queue_pop(d, q);
        struct decision fail = {
            .to = JOB_DONE, .outcome = OUTCOME_FAILED, .action = (enum action)d->jobs[job].action};
        snprintf(fail.reason, sizeof fail.reason, "%s", reason);
        desk_apply(d, job, &fail, now, NULL);
    }
}

void desk_break_lane(struct desk *d, uint16_t lane, const char *reason, instant_us now)
{
    struct lane_desk *l = &d->lanes[lane];
    if (!l->broken)
        snprintf(l->reason, sizeof l->reason, "%s", reason);
    l->broken = true;
    drop_queue(d, &l->look[LOOK_FIRST], l->reason, now);
    drop_queue(d, &l->look[LOOK_AGAIN], l->reason, now);
    drop_queue(d, &l->write, l->reason, now);
}

static void start_job(struct desk *d, uint32_t number, instant_us now)
{
    struct job *job = &d->jobs[number];
    struct decision look = {.to = JOB_LOOKING,
                            .action = (enum action)job->action,
                            .write = (enum write_kind)job->write};
    desk_apply(d, number, &look, now, NULL);
}

void desk_start(struct desk *d, instant_us now)
{
    for (uint32_t i = 0; i < d->fleet->choices_len; i++) {
        if (d->jobs[i].state != JOB_NEW)
            continue;
        if (d->fleet->choices[i].guarded == GUARD_SKIP)
            queue_push(d, &d->skipped, i, now);
        else
            start_job(d, i, now);
    }
}

static void skip_some(struct desk *d, instant_us now)
{
    while (d->skipped.len && desk_has_room(d)) {
        struct decision skip = {.to = JOB_DONE, .outcome = OUTCOME_SKIPPED};
        snprintf(skip.reason, sizeof skip.reason,
                 "the plan has no change for it that could be reviewed: left alone");
        desk_apply(d, queue_pop(d, &d->skipped), &skip, now, NULL);
    }
}

static void restore_clock(struct desk *d, struct job *job, const struct job_row *row)
{
    job->deadline = row->deadline;
    job->first_seen_ms = row->first_seen ? clock_ms(d, row->first_seen) : 0;
    job->finished_ms = row->finished ? clock_ms(d, row->finished) : 0;
}

void desk_restore(struct desk *d, const struct record *record, bool reopen)
{
    const struct job_row *row = &record->row;
    struct job *job = &d->jobs[record->job];
    job->findings = row->findings;
    job->action = (uint8_t)row->action;
    job->writes = (uint16_t)row->writes;
    job->calls = (uint16_t)row->calls;
    job->restarts = (uint8_t)row->restarts;
    job->before_known = row->before_known;
    job->behavior_before = (uint8_t)row->behavior_before;
    job->seen_known = row->seen_known;
    job->behavior_seen = (uint8_t)row->behavior_seen;
    job->status_seen = (uint8_t)row->status_seen;
    job->verification = (uint8_t)row->verification;
    names_add(&d->seen, row->mail_from_before, &job->mail_from_before);
    names_add(&d->seen, row->mail_from_seen, &job->mail_from_seen);
    restore_clock(d, job, row);
    if (row->state == JOB_DONE && !reopen) {
        d->by_state[JOB_NEW]--;
        d->by_state[JOB_DONE]++;
        d->by_outcome[row->outcome]++;
        job->state = JOB_DONE;
        job->outcome = (uint8_t)row->outcome;
    } else if (row->state == JOB_DONE) {
        job->deadline = WHEN_NEVER;
        job->finished_ms = 0;
        job->restarts = 0;
    }
}

bool desk_has_room(const struct desk *d)
{
    return d->records_len + RECORD_ROOM <= RECORDS_PER_TURN_MAX;
}

void desk_event(struct desk *d, const struct event *event, instant_us now)
{
    if (event->kind != EVENT_ANSWER) {
        d->draining = true;
        return;
    }
    d->calls_out--;
    switch (event->call->kind) {
    case CALL_ASK: desk_asked(d, event->call, now); break;
    case CALL_SET: desk_written(d, event->call, now); break;
    default: desk_looked(d, event->call, now); break;
    }
}

/* Every write is confirmed; what is left waits for others. */
static bool is_settled(const struct desk *d)
{
    uint32_t waiting = d->by_state[JOB_FOLLOWING] + d->by_state[JOB_WAITING_DNS];
    return waiting > 0 && waiting + d->by_state[JOB_DONE] == d->fleet->choices_len;
}

static void timers_fire(struct desk *d, instant_us now)
{
    uint32_t job;
    while (heap_pop_due(&d->timers, now, &job))
        enqueue(d, job, now);
}

uint32_t desk_decide(struct desk *d, instant_us now, struct call **calls, uint32_t max)
{
    uint32_t len = 0, lanes = d->fleet->lanes_len;
    skip_some(d, now);
    timers_fire(d, now);
    d->draining = d->draining || (d->options.detach && is_settled(d));
    for (uint32_t i = 0; i < lanes; i++) {
        uint16_t lane = (uint16_t)((d->lane_turn + i) % lanes);
        if (d->lanes[lane].broken)
            desk_break_lane(d, lane, "", now);
        if (!d->draining)
            len += desk_writes(d, &d->lanes[lane], now, calls + len, max - len);
        if (!d->draining)
            len += desk_looks(d, lane, now, calls + len, max - len);
    }
    if (lanes)
        d->lane_turn = (d->lane_turn + 1) % lanes;
    if (!d->draining)
        len += desk_asks(d, calls + len, max - len);
    return len;
}

const struct record *desk_records(const struct desk *d, uint32_t *len)
{
    *len = d->records_len;
    return d->records;
}

void desk_turn_end(struct desk *d)
{
    d->records_len = 0;
    arena_reset(&d->turn_text);
}

static instant_us earlier(instant_us a, instant_us b)
{
    return a < b ? a : b;
}

instant_us desk_wake(const struct desk *d, instant_us now)
{
    if (d->draining)
        return WHEN_NEVER;
    instant_us wake = heap_first(&d->timers);
    if (d->skipped.len)
        return now;
    if (d->dns.len && d->asks_used < ASKS_MAX && d->questions_out < DNS_WINDOW && d->pool)
        return now;
    for (uint32_t i = 0; i < d->fleet->lanes_len && d->pool; i++) {
        const struct lane_desk *lane = &d->lanes[i];
        if (lane->write.len)
            wake = earlier(wake, pace_next(&lane->pace[CALL_SET]));
        wake = earlier(wake, desk_look_wake(d, (uint16_t)i, now));
    }
    return wake;
}

bool desk_is_finished(const struct desk *d)
{
    if (d->calls_out > 0)
        return false;
    return d->draining || d->by_state[JOB_DONE] == d->fleet->choices_len;
}

bool desk_is_draining(const struct desk *d)
{
    return d->draining;
}

void desk_totals(const struct desk *d, struct desk_totals *t)
{
    *t = (struct desk_totals){.jobs = d->fleet->choices_len,
                              .calls_out = d->calls_out,
                              .earliest_deadline = heap_first(&d->timers)};
    memcpy(t->by_state, d->by_state, sizeof t->by_state);
    memcpy(t->by_outcome, d->by_outcome, sizeof t->by_outcome);
    for (uint32_t i = 0; i < d->fleet->lanes_len; i++) {
        for (int kind = 0; kind < CALL_KINDS; kind++) {
            t->calls[kind] += d->lanes[i].pace[kind].calls;
            t->throttled[kind] += d->lanes[i].pace[kind].throttled;
        }
    }
    t->writes = t->calls[CALL_SET];
}

const struct job *desk_job(const struct desk *d, uint32_t number)
{
    return &d->jobs[number];
}

const struct pace *desk_pace(const struct desk *d, uint16_t lane, enum call_kind kind)
{
    return &d->lanes[lane].pace[kind];
}
