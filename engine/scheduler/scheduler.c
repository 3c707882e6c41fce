/*
 * Jobs, queues, timers and the turn. Invariant: an open job is in exactly one place: a queue, a
 * read batch, a survey, a write on its way, or the heap of timers.
 */
#include "scheduler_internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct lane_state *scheduler_lane_of(struct scheduler *d, uint32_t job)
{
    assert(job < d->fleet->choices_len);
    return &d->lanes[d->fleet->choices[job].lane];
}

bool scheduler_carries(const struct scheduler *d, uint32_t lane)
{
    assert(lane < d->fleet->lanes_len);
    return !d->options.lanes || d->options.lanes[lane];
}

bool scheduler_carries_row(const struct scheduler *d, uint32_t row)
{
    assert(row < d->fleet->choices_len);
    return scheduler_carries(d, d->fleet->choices[row].lane);
}

void scheduler_move(struct scheduler *d, uint32_t number, enum job_state to)
{
    struct lane_state *lane = scheduler_lane_of(d, number);
    struct job *job = &d->jobs[number];
    enum job_state from = (enum job_state)job->state;
    job_move(job, to);
    d->moves_made[from] = (uint16_t)(d->moves_made[from] | 1u << to);
    assert(d->by_state[from] > 0);
    assert(lane->by_state[from] > 0);
    d->by_state[from]--;
    d->by_state[to]++;
    lane->by_state[from]--;
    lane->by_state[to]++;
    lane->open -= to == JOB_DONE;
}

void scheduler_accept(struct scheduler *d, uint32_t number, instant_us now)
{
    struct job *job = &d->jobs[number];
    assert(job->writes > 0);
    assert(job->state != JOB_DONE);
    job->accepted = (uint8_t)(job->accepted + (job->accepted < UINT8_MAX));
    job->lost = false;
    job->attempts = 0;
    job->stale_since_s = 0;
    job->deadline = now + fleet_policy_of(d->fleet, number)->timeout_us;
}

struct situation scheduler_situation(struct scheduler *d, uint32_t job, instant_us now)
{
    const struct choice *choice = &d->fleet->choices[job];
    const struct lane_state *lane = scheduler_lane_of(d, job);
    struct situation s = {.rules = &d->options.rules,
                          .job = &d->jobs[job],
                          .number = job,
                          .wanted = fleet_mail_from(d->fleet, job),
                          .policy = fleet_policy_of(d->fleet, job),
                          .lane_worked = lane->worked,
                          .write_worked = lane->write_worked,
                          .left_loose = lane->tightening.canary == CANARY_BAD,
                          .company_us = reads_linger(d, lane, 0),
                          .now = now};
    s.mail_from_seen = names_text(&d->seen, s.job->mail_from_seen);
    s.mail_from_before = names_text(&d->seen, s.job->mail_from_before);
    if (lane->tightening.canary == CANARY_OUT && lane->tightening.job == job)
        s.settles_at = lane->tightening.settles_at;
    if (d->fleet->recent && d->fleet->recent[job].at_s) {
        s.recent = &d->fleet->recent[job];
        s.recent_mail_from = names_text(&d->fleet->names, s.recent->mail_from);
        s.recent_before = names_text(&d->fleet->names, s.recent->mail_from_before);
    }
    if (choice->guarded == GUARD_NONE || choice->guarded == GUARD_SKIP)
        return s;
    assert(d->fleet->expected); /* what a guard compares with */
    s.guard = (enum guard)choice->guarded;
    s.expected = &d->fleet->expected[job];
    s.expected_mail_from = names_text(&d->fleet->names, s.expected->mail_from);
    s.or_mail_from = names_text(&d->fleet->names, s.expected->or_mail_from);
    return s;
}

void scheduler_enqueue(struct scheduler *d, uint32_t job, instant_us now)
{
    struct lane_state *lane = scheduler_lane_of(d, job);
    d->lane_wake[d->fleet->choices[job].lane] = 0;
    if (lane->closed) {
        queue_push(d, &lane->write, job, now); /* the next visit drops the job there */
        return;
    }
    switch ((enum job_state)d->jobs[job].state) {
    case JOB_READING: queue_push(d, &lane->read[READ_FIRST], job, now); break;
    case JOB_UNSURE:
    case JOB_FOLLOWING: queue_push(d, &lane->read[READ_AGAIN], job, now); break;
    case JOB_JUDGING: judge_push(d, job, now); break;
    case JOB_WAITING_DNS: queue_push(d, &d->dns, job, now); break;
    case JOB_READY:
        if (ready_is_next(d, job, now))
            queue_push_front(d, ready_queue(d, job, now), job, now);
        else
            queue_push(d, ready_queue(d, job, now), job, now);
        break;
    case JOB_CONFIRMING: queue_push(d, &lane->read[READ_CONFIRM], job, now); break;
    case JOB_NEW:
    case JOB_WRITING:
    case JOB_DONE:
    case JOB_STATES: assert(false); /* no such job waits in a queue */
    }
}

static void finish_job(struct scheduler *d, struct job *job, enum outcome outcome)
{
    assert(job->state == JOB_DONE);
    assert(outcome != OUTCOME_OPEN);
    assert(outcome < OUTCOMES);
    d->by_outcome[outcome]++;
    job->outcome = (uint8_t)outcome;
    uint16_t lane = d->fleet->choices[job - d->jobs].lane;
    d->lanes[lane].bad += outcome_is_bad(outcome);
    d->lane_wake[lane] = 0; /* looks of the others wait less */
    starts_finish(d, (uint32_t)(job - d->jobs), outcome);
    tighten_ended(d, (uint32_t)(job - d->jobs));
}

/* The time of the next look. Long waits end on whole seconds, so many jobs share one turn. */
static instant_us next_attempt(const struct job *job, span_us wait_us, instant_us now)
{
    instant_us at = now + wait_us;
    assert(wait_us > 0);
    if (wait_us >= SPAN_S(30))
        at = (at + SPAN_S(1) - 1) / SPAN_S(1) * SPAN_S(1);
    return at < job->deadline ? at : job->deadline;
}

void scheduler_invariant(const struct scheduler *d, uint32_t number)
{
    job_invariant(&d->jobs[number]);
    lane_invariant(&d->lanes[d->fleet->choices[number].lane]);
    waves_invariant(&d->waves);
}

void scheduler_apply(struct scheduler *d, uint32_t number, const struct decision *decision,
                     instant_us now, const struct judgement *said)
{
    struct job *job = &d->jobs[number];
    enum job_state from = (enum job_state)job->state;
    bool moved = from != decision->to;
    assert(from != JOB_DONE);
    assert(decision->wait_us >= 0);
    assert((decision->to == JOB_DONE) == (decision->outcome != OUTCOME_OPEN));
    if (!job->first_seen)
        job->first_seen = now;
    d->unlooked -= job->unlooked;
    job->unlooked = decision->to == JOB_FOLLOWING &&
                    (from == JOB_NEW || tighten_settles(scheduler_lane_of(d, number), number, now));
    d->unlooked += job->unlooked;
    if (moved)
        scheduler_move(d, number, decision->to);
    if (from == JOB_WAITING_DNS)
        job->read_at_s = 0; /* the publisher of the records may have set the name as well */
    job->action = (uint8_t)decision->action;
    job->write = (uint8_t)decision->write;
    assert(!decision->restart || job->restarts < 3);
    job->restarts = (job->restarts + decision->restart) & 3u;
    if (decision->to == JOB_WAITING_DNS || decision->to == JOB_FOLLOWING) {
        job->reads = moved ? 0 : (uint8_t)(job->reads + (job->reads < UINT8_MAX));
        if (decision->foretold)
            job->reads = UINT8_MAX;
        if (job->deadline == WHEN_NEVER)
            job->deadline = now + fleet_policy_of(d->fleet, number)->timeout_us;
    }
    if (decision->to == JOB_DONE)
        finish_job(d, job, decision->outcome);
    /* Moves from one question to the next have no record. */
    bool quiet = decision->to == JOB_READING || decision->to == JOB_JUDGING ||
                 decision->to == JOB_CONFIRMING ||
                 (from == JOB_CONFIRMING && decision->to == JOB_READY) || from == JOB_NEW;
    if (moved && !(quiet && decision->to != JOB_DONE))
        scheduler_record(d, number, from == JOB_WRITING ? RECORD_ANSWER : RECORD_MOVE, from, now,
                         decision->reason, said);
    if (decision->to == JOB_DONE)
        heap_drop(&d->timers, number);
    else if (decision->wait_us > 0 && !scheduler_lane_of(d, number)->closed)
        heap_set(&d->timers, number, next_attempt(job, decision->wait_us, now));
    else
        scheduler_enqueue(d, number, now);
    scheduler_invariant(d, number);
}

void scheduler_drop_queue(struct scheduler *d, struct queue *q, enum outcome outcome,
                          const char *reason, instant_us now)
{
    assert(outcome != OUTCOME_OPEN);
    while (q->len && scheduler_has_room(d)) {
        uint32_t job = queue_pop(d, q);
        struct decision end = {
            .to = JOB_DONE, .outcome = outcome, .action = (enum action)d->jobs[job].action};
        snprintf(end.reason, sizeof end.reason, "%s", reason);
        scheduler_apply(d, job, &end, now, NULL);
    }
}

static void drop_writes(struct scheduler *d, struct lane_state *l, enum outcome outcome,
                        instant_us now)
{
    scheduler_drop_queue(d, &l->write, outcome, l->reason, now);
    scheduler_drop_queue(d, &l->start, outcome, l->reason, now);
    scheduler_drop_queue(d, &l->held, outcome, l->reason, now);
    scheduler_drop_queue(d, &l->tighten, outcome, l->reason, now);
    scheduler_drop_queue(d, &l->confirmed, outcome, l->reason, now);
}

void scheduler_close_lane(struct scheduler *d, uint16_t lane, const char *reason, instant_us now)
{
    struct lane_state *l = &d->lanes[lane];
    assert(l->closed || reason[0]);
    if (!l->closed)
        snprintf(l->reason, sizeof l->reason, "%s", reason);
    d->lane_changes += !l->closed;
    l->closed = true;
    for (int kind = 0; kind < READ_KINDS; kind++)
        scheduler_drop_queue(d, &l->read[kind], OUTCOME_FAILED, l->reason, now);
    scheduler_drop_queue(d, &l->aside, OUTCOME_FAILED, l->reason, now);
    drop_writes(d, l, OUTCOME_FAILED, now);
}

enum rows { ROWS_ALL, ROWS_OF_DOMAINS, ROWS_OF_ADDRESSES };

static void rows_start(struct scheduler *d, enum rows which, instant_us now)
{
    const struct decision look = {.to = JOB_READING};
    for (uint32_t i = 0; i < d->fleet->choices_len; i++) {
        bool is_address = identity_type_of(fleet_identity(d->fleet, i)) == IDENTITY_EMAIL_ADDRESS;
        if (d->jobs[i].state != JOB_NEW || !scheduler_carries_row(d, i) ||
            (which != ROWS_ALL && is_address != (which == ROWS_OF_ADDRESSES)))
            continue;
        if (d->fleet->choices[i].guarded == GUARD_SKIP)
            queue_push(d, &d->skipped, i, now);
        else
            scheduler_apply(d, i, &look, now, NULL);
    }
}

void scheduler_start(struct scheduler *d, instant_us now)
{
    starts_begin(d);
    lane_survey_start(d);
    /* What DKIM an address has is told by the row of its domain. What is written goes by the order
     * of the manifest. */
    if (d->options.dkim == DKIM_NOT_ASKED || !d->options.rules.plan_only) {
        rows_start(d, ROWS_ALL, now);
        return;
    }
    rows_start(d, ROWS_OF_DOMAINS, now);
    rows_start(d, ROWS_OF_ADDRESSES, now);
}

bool scheduler_has_room(const struct scheduler *d)
{
    return d->records_len + RECORD_ROOM <= RECORDS_PER_TURN_MAX;
}

/* A person's order. Every lane is visited in the next turn: what it waits for may have changed. */
static void order_take(struct scheduler *d, struct order *order, instant_us now)
{
    if (!steering_take(&d->steering, order, d->draining, now))
        return;
    scheduler_record_order(d, order);
    d->draining = d->draining || order->kind == ORDER_STOP || order->kind == ORDER_LEAVE;
    for (uint32_t i = 0; i < d->fleet->lanes_len; i++) {
        d->lane_wake[i] = scheduler_carries(d, i) ? 0 : WHEN_NEVER;
        for (int kind = 0; order->kind == ORDER_PACE && kind < CALL_KINDS; kind++)
            pace_want(&d->lanes[i].pace[kind], order->rate_per_s, now);
    }
}

void scheduler_event(struct scheduler *d, const struct event *event, instant_us now)
{
    assert(now >= d->latest);
    assert(event->kind != EVENT_ANSWER || event->call);
    assert(event->kind != EVENT_CONTROL || event->order);
    d->latest = now;
    if (event->kind == EVENT_CONTROL) {
        order_take(d, event->order, now);
        return;
    }
    if (event->kind != EVENT_ANSWER) {
        d->draining = true;
        return;
    }
    call_pool_returned(&d->calls);
    if (event->call->kind != CALL_ASK) {
        d->lane_wake[event->call->lane] = 0;
        way_given(d, event->call->lane, event->call->kind);
    }
    if (event->call->kind == CALL_ASK)
        scheduler_asked(d, event->call, now);
    else if (event->call->kind == CALL_SET)
        scheduler_written(d, event->call, now);
    else if (event->call->owner == SURVEY_OWNER)
        lane_survey_answered(d, event->call, now);
    else
        scheduler_read_done(d, event->call, now);
}

/* The wave is full: jobs that would begin wait for the end of those in it. */
static uint32_t held_by_wave(const struct scheduler *d)
{
    uint32_t held = 0;
    bool is_full = !waves_may_start(&d->waves);
    for (uint32_t i = 0; i < d->fleet->lanes_len; i++)
        held += d->lanes[i].held.len + (is_full && !d->lanes[i].starts ? d->lanes[i].start.len : 0);
    return held;
}

/* Every write is confirmed; the open jobs wait for other people, some through their wave. */
static bool is_settled(const struct scheduler *d)
{
    uint32_t waiting = d->by_state[JOB_FOLLOWING] + d->by_state[JOB_WAITING_DNS];
    uint32_t others = d->rows - d->by_state[JOB_DONE] - waiting;
    return waiting > 0 && d->unlooked == 0 && d->publishing == 0 &&
           d->by_state[JOB_READY] == others && held_by_wave(d) == others;
}

static bool has_queued(const struct lane_state *l)
{
    uint32_t looks = 0;
    for (int kind = 0; kind < READ_KINDS; kind++)
        looks += l->read[kind].len;
    return looks + l->write.len + l->start.len + l->held.len + l->tighten.len + l->confirmed.len +
               l->aside.len >
           0;
}

static instant_us lane_wake_of(const struct scheduler *d, uint16_t lane, instant_us now)
{
    const struct lane_state *l = &d->lanes[lane];
    if (l->closed && has_queued(l))
        return now;
    if (l->tightening.canary == CANARY_BAD && l->tighten.len)
        return now; /* the jobs end */
    if (lane_is_held(l, now))
        return lane_held_until(l);
    if (reads_may_settle(d, lane))
        return now; /* the next turn has room for their records */
    instant_us wake = ready_wake(d, lane, now);
    if (ways_for(d, lane, CALL_GET) == 0)
        return wake; /* an answer helps, and that is an event */
    wake = when_earlier(wake, scheduler_reads_wake(d, lane, now));
    return when_earlier(wake, lane_survey_wake(d, lane));
}

/* Updates the conditions of every lane's next instant outside the lane. True: some condition has
   changed. */
static bool lanes_changed(struct scheduler *d)
{
    bool may_start = waves_may_start(&d->waves);
    uint32_t company = may_start ? 0 : d->waves.open;
    bool changed = may_start != d->lanes_may_start || company != d->lanes_company;
    d->lanes_may_start = may_start;
    d->lanes_company = company;
    return changed;
}

/* Lanes without work are passed over until an event or their next instant: a run may have thousands
 * of lanes and millions of turns. */
static void lanes_set_wake(struct scheduler *d, instant_us now)
{
    bool all = lanes_changed(d);
    for (uint32_t i = 0; i < d->fleet->lanes_len; i++)
        if (scheduler_carries(d, i) && (all || d->lane_wake[i] <= now))
            d->lane_wake[i] = lane_wake_of(d, (uint16_t)i, now);
    d->out_of_calls = !d->calls.free || !d->reads.free || ways_are_short(d);
}

static uint32_t lane_visit(struct scheduler *d, uint16_t lane, instant_us now, struct call **calls,
                           uint32_t max)
{
    struct lane_state *l = &d->lanes[lane];
    uint32_t len = 0;
    d->lane_wake[lane] = 0;
    if (l->closed)
        scheduler_close_lane(d, lane, "", now);
    if (l->writes_closed)
        drop_writes(d, l, OUTCOME_SKIPPED, now);
    singles_end(d, lane, now);
    /* Once tightening has ended in the lane, the jobs waiting for it end. */
    while (l->tightening.canary == CANARY_BAD && l->tighten.len && scheduler_has_room(d)) {
        uint32_t job = queue_pop(d, &l->tighten);
        struct situation s = scheduler_situation(d, job, now);
        struct decision end = step_left_loose(&s);
        scheduler_apply(d, job, &end, now, NULL);
    }
    lane_end_overdue(d, lane, now);
    if (d->draining || lane_is_held(l, now))
        return 0;
    ready_confirm(d, lane, now);
    len += scheduler_writes(d, lane, now, calls + len, max - len);
    len += lane_survey_send(d, lane, now, calls + len, ways_within(d, lane, max - len));
    reads_settle(d, lane, now);
    len += scheduler_reads(d, lane, now, calls + len, ways_within(d, lane, max - len));
    return len;
}

/* Another wave has come: held jobs of its number may start. */
static void held_release(struct scheduler *d, instant_us now)
{
    for (uint32_t i = 0; i < d->fleet->lanes_len && d->held_until != d->waves.index; i++) {
        struct queue *held = &d->lanes[i].held;
        for (uint32_t left = held->len; left > 0; left--)
            scheduler_enqueue(d, queue_pop(d, held), now);
    }
    d->held_until = d->waves.index;
}

/* Between two turns. One lane in each turn is looked at, since a run may have thousands of lanes.
 */
static void turn_invariant(const struct scheduler *d)
{
    assert(d->by_state[JOB_DONE] <= d->rows);
    assert(d->timers.len <= d->rows - d->by_state[JOB_DONE]);
    assert(d->records_len <= RECORDS_PER_TURN_MAX);
    assert(d->calls.out <= d->calls.len);
    waves_invariant(&d->waves);
    if (d->fleet->lanes_len == 0)
        return;
    assert(d->lane_turn < d->fleet->lanes_len);
    const struct lane_state *lane = &d->lanes[d->lane_turn];
    lane_invariant(lane);
    lane_survey_invariant(&d->surveys.lanes[d->lane_turn]);
    assert(lane->by_state[JOB_WRITING] <= lane->calls_out);
}

uint32_t scheduler_decide(struct scheduler *d, instant_us now, struct call **calls, uint32_t max)
{
    uint32_t len = 0, lanes = d->fleet->lanes_len, job;
    assert(now >= d->latest);
    d->latest = now;
    while (d->skipped.len && scheduler_has_room(d)) {
        struct decision skip = {.to = JOB_DONE, .outcome = OUTCOME_SKIPPED};
        snprintf(skip.reason, sizeof skip.reason,
                 "the reviewed plan has no change for this identity, so it is left alone");
        scheduler_apply(d, queue_pop(d, &d->skipped), &skip, now, NULL);
    }
    while (heap_pop_due(&d->timers, now, &job))
        scheduler_enqueue(d, job, now);
    held_release(d, now);
    d->draining = d->draining || (d->options.detach && is_settled(d)) || starts_are_over(d);
    bool all = lanes_changed(d) || d->out_of_calls;
    for (uint32_t i = 0, lane = d->lane_turn; i < lanes; i++) {
        if (scheduler_carries(d, lane) && (all || d->lane_wake[lane] <= now))
            len += lane_visit(d, (uint16_t)lane, now, calls + len, max - len);
        lane = lane + 1 < lanes ? lane + 1 : 0;
    }
    if (lanes)
        d->lane_turn = (d->lane_turn + 1) % lanes;
    if (!d->draining)
        len += scheduler_asks(d, now, calls + len, max - len);
    d->draining = d->draining || starts_are_over(d); /* the last start was called off */
    lanes_set_wake(d, now);
    assert(len <= max);
    turn_invariant(d);
    return len;
}

const struct record *scheduler_records(const struct scheduler *d, uint32_t *len)
{
    *len = d->records_len;
    return d->records;
}

void scheduler_turn_end(struct scheduler *d)
{
    d->records_len = 0;
    arena_reset(&d->turn_text);
}

instant_us scheduler_wake(const struct scheduler *d, instant_us now)
{
    if (d->draining)
        return WHEN_NEVER;
    instant_us wake = heap_first(&d->timers);
    if (d->skipped.len || d->held_until != d->waves.index)
        return now; /* the next turn ends jobs, or lets those of another wave start */
    wake = when_earlier(wake, scheduler_asks_wake(d, now));
    for (uint32_t i = 0; i < d->fleet->lanes_len && d->calls.free; i++)
        wake = when_earlier(wake, d->lane_wake[i]);
    return wake;
}

bool scheduler_is_finished(const struct scheduler *d)
{
    if (d->calls.out > 0)
        return false;
    if (d->draining || d->by_state[JOB_DONE] < d->rows)
        return d->draining;
    for (uint32_t i = 0; d->options.sweep && i < d->fleet->lanes_len; i++)
        if (!lane_survey_is_done(d, (uint16_t)i))
            return false; /* which identities are verified is still to be told */
    return !advice_is_due(d);
}

bool scheduler_is_draining(const struct scheduler *d)
{
    return d->draining;
}

void scheduler_totals(const struct scheduler *d, struct scheduler_totals *t)
{
    *t = (struct scheduler_totals){.jobs = d->fleet->choices_len,
                                   .calls_out = d->calls.out,
                                   .earliest_deadline = heap_first(&d->timers)};
    memcpy(t->by_state, d->by_state, sizeof t->by_state);
    memcpy(t->by_outcome, d->by_outcome, sizeof t->by_outcome);
    memcpy(t->moves_made, d->moves_made, sizeof t->moves_made);
    for (uint32_t i = 0; i < d->fleet->lanes_len; i++) {
        for (int kind = 0; kind < CALL_KINDS; kind++) {
            t->calls[kind] += d->lanes[i].pace[kind].calls;
            t->throttled[kind] += d->lanes[i].pace[kind].throttled;
        }
    }
    t->writes = t->calls[CALL_SET];
}

void scheduler_lane_totals(const struct scheduler *d, uint16_t lane,
                           struct scheduler_lane_totals *t)
{
    assert(lane < d->fleet->lanes_len);
    const struct lane_state *l = &d->lanes[lane];
    *t = (struct scheduler_lane_totals){.bad = l->bad, .writes = l->pace[CALL_SET].calls};
    memcpy(t->by_state, l->by_state, sizeof t->by_state);
    for (int kind = 0; kind < CALL_ASK; kind++) {
        t->calls += l->pace[kind].calls;
        t->throttled += l->pace[kind].throttled;
    }
}

const struct job *scheduler_job(const struct scheduler *d, uint32_t number)
{
    assert(number < d->fleet->choices_len);
    return &d->jobs[number];
}

struct text scheduler_mail_from_seen(const struct scheduler *d, uint32_t number)
{
    assert(number < d->fleet->choices_len);
    return names_text(&d->seen, d->jobs[number].mail_from_seen);
}

const struct pace *scheduler_pace(const struct scheduler *d, uint16_t lane, enum call_kind kind)
{
    assert(lane < d->fleet->lanes_len);
    assert(kind < CALL_KINDS);
    return &d->lanes[lane].pace[kind];
}

uint32_t scheduler_lane_changes(const struct scheduler *d)
{
    return d->lane_changes;
}

const char *scheduler_pause_reason(const struct scheduler *d)
{
    return d->waves.paused ? d->waves.reason : NULL;
}

const struct waves *scheduler_waves(const struct scheduler *d)
{
    return &d->waves;
}

const struct steering *scheduler_steering(const struct scheduler *d)
{
    return &d->steering;
}

const struct order *scheduler_paused_by(const struct scheduler *d)
{
    return d->steering.is_paused ? &d->steering.pause : NULL;
}

const char *scheduler_lane_trouble(const struct scheduler *d, uint16_t lane)
{
    assert(lane < d->fleet->lanes_len);
    const struct lane_state *l = &d->lanes[lane];
    return l->closed || l->writes_closed ? l->reason : NULL;
}

bool scheduler_lane_is_closed(const struct scheduler *d, uint16_t lane)
{
    assert(lane < d->fleet->lanes_len);
    return d->lanes[lane].closed;
}

const char *scheduler_lane_left(const struct scheduler *d, uint16_t lane)
{
    assert(lane < d->fleet->lanes_len);
    return d->lanes[lane].left ? d->lanes[lane].reason : NULL;
}

bool scheduler_lane_is_over(const struct scheduler *d, uint16_t lane)
{
    assert(lane < d->fleet->lanes_len);
    const struct lane_survey *survey = &d->surveys.lanes[lane];
    const struct lane_state *l = &d->lanes[lane];
    return l->open == 0 && l->calls_out == 0 && survey->to_send == 0 && survey->out == 0;
}

const char *scheduler_lane_waits(const struct scheduler *d, uint16_t lane, instant_us now,
                                 instant_us *since)
{
    assert(lane < d->fleet->lanes_len);
    const struct lane_state *l = &d->lanes[lane];
    *since = lane_doubted_since(l) ? lane_doubted_since(l)
             : l->trouble_since    ? l->trouble_since
                                   : lane_starved_since(l, now);
    return *since && !l->closed ? l->trouble : NULL;
}

bool scheduler_lane_stays_loose(const struct scheduler *d, uint16_t lane)
{
    assert(lane < d->fleet->lanes_len);
    return d->lanes[lane].tightening.canary == CANARY_BAD;
}

static_assert(SURVEY_GAPS_MAX == SURVEY_GAPS, "scheduler.h does not show the lane survey");

const char *scheduler_survey_gap(const struct scheduler *d, uint16_t lane, unsigned gap)
{
    assert(lane < d->fleet->lanes_len);
    assert(gap < SURVEY_GAPS);
    const char *reason = d->surveys.lanes[lane].gaps[gap];
    return d->surveys.wanted && reason[0] ? reason : NULL;
}

bool scheduler_survey_gap_is_of_account(const struct scheduler *d, uint16_t lane, unsigned gap)
{
    assert(lane < d->fleet->lanes_len);
    assert(gap < SURVEY_GAPS);
    return d->surveys.lanes[lane].account_gaps & 1u << gap;
}
