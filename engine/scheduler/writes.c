/*
 * Writes and records. Invariant: a write on its way has its intent among the records of its turn,
 * and the engine keeps records before sending; the intent holds the replaced value, read from SES
 * within READ_BEFORE_WRITE_MAX before.
 */
#include "scheduler_internal.h"

#include <assert.h>

static struct text turn_copy(struct scheduler *d, struct text t)
{
    struct text copy = arena_text(&d->turn_text, t);
    d->out_of_memory = d->out_of_memory || (t.len && !copy.at);
    return copy.at ? copy : TEXT("");
}

void scheduler_record(struct scheduler *d, uint32_t number, enum record_kind kind,
                      enum job_state from, instant_us now, const char *reason,
                      const struct judgement *said)
{
    assert(d->records_len < RECORDS_PER_TURN_MAX);
    assert(number < d->fleet->choices_len);
    assert(from < JOB_STATES);
    const struct job *job = &d->jobs[number];
    struct record *r = &d->records[d->records_len++];
    *r = (struct record){.job = number, .kind = kind, .at = now, .from = from};
    r->row = (struct job_row){
        .state = (enum job_state)job->state,
        .action = (enum action)job->action,
        .outcome = (enum outcome)job->outcome,
        .before_known = job->before_known,
        .mail_from_before = names_text(&d->seen, job->mail_from_before),
        .behavior_before = (enum behavior)job->behavior_before,
        .seen_known = job->seen_known,
        .mail_from_seen = names_text(&d->seen, job->mail_from_seen),
        .behavior_seen = (enum behavior)job->behavior_seen,
        .status_seen = (enum mail_from_status)job->status_seen,
        .verification = (enum verification)job->verification,
        .dkim = scheduler_dkim(d, number),
        .mx = (enum mx_status)job->mx,
        .spf = (enum spf_status)job->spf,
        .dmarc = (enum dmarc_status)job->dmarc,
        .findings = job->findings,
        .writes = job->writes,
        .accepted = job->accepted,
        .wave = job->wave,
        .calls = job->calls,
        .restarts = job->restarts,
        .attempts = job->attempts,
        .first_seen = job->first_seen,
        .deadline = job->deadline,
    };
    r->row.finished = r->row.state == JOB_DONE ? now : 0;
    r->row.reason = turn_copy(d, text_of(reason));
    if (r->row.state == JOB_WRITING || r->row.state == JOB_UNSURE) {
        /* The value of the job's present or unanswered write: a resumed run looks for this value.
         */
        struct situation s = scheduler_situation(d, r->job, now);
        step_write(&s, &r->write_mail_from, &r->write_behavior);
    }
    assert(kind != RECORD_INTENT || r->row.state == JOB_WRITING);
    assert(kind != RECORD_ANSWER || from == JOB_WRITING);
    if (said) {
        r->row.notes = judge_notes(said);
        d->out_of_memory = d->out_of_memory || said->out_of_memory ||
                           !finding_notes_copy(&r->row.notes, &d->turn_text);
    }
}

void scheduler_record_lane(struct scheduler *d, uint16_t lane, const char *reason, instant_us now)
{
    assert(lane < d->fleet->lanes_len);
    if (d->records_len >= RECORDS_PER_TURN_MAX)
        return; /* the next trouble is told */
    struct record *r = &d->records[d->records_len++];
    *r = (struct record){.job = lane, .kind = RECORD_LANE, .at = now};
    r->row.reason = turn_copy(d, text_of(reason));
}

void scheduler_record_order(struct scheduler *d, const struct order *order)
{
    assert(d->records_len < RECORDS_PER_TURN_MAX);
    struct order *copy = ARENA_NEW(&d->turn_text, struct order);
    d->out_of_memory = d->out_of_memory || !copy;
    if (!copy)
        return;
    *copy = *order;
    d->records[d->records_len++] =
        (struct record){.kind = RECORD_ORDER, .at = order->at, .order = copy};
}

static struct call *write_one(struct scheduler *d, uint32_t number, instant_us now)
{
    struct call *call = scheduler_call_to(d, d->fleet->choices[number].lane, CALL_SET);
    struct situation s = scheduler_situation(d, number, now);
    struct job *job = &d->jobs[number];
    call->owner = number;
    call->attempt = job->attempts + 1u;
    call->count = 1;
    call->identities[0] = fleet_identity(d->fleet, number);
    step_write(&s, &call->mail_from, &call->behavior);
    /* Should it be held up on its way, it ends unsent: nobody can call it back. */
    call->not_after =
        when_earlier(SPAN_S(job->read_at_s) + READ_BEFORE_WRITE_MAX, now + WRITE_LEAVES_MAX);
    assert(call->not_after > now);
    assert(job->state == JOB_READY);
    assert(job->before_known);
    assert(job_is_started(job) || job->write == WRITE_LOOSEN);
    starts_use(d, number);
    job->writes = (uint16_t)(job->writes + (job->writes < UINT16_MAX));
    job->calls = (uint16_t)(job->calls + (job->calls < UINT16_MAX));
    if (job->deadline == WHEN_NEVER)
        job->deadline = now + s.policy->timeout_us;
    scheduler_move(d, number, JOB_WRITING);
    scheduler_record(d, number, RECORD_INTENT, JOB_READY, now, "", NULL);
    scheduler_invariant(d, number);
    return call;
}

uint32_t scheduler_writes(struct scheduler *d, uint16_t lane, instant_us now, struct call **calls,
                          uint32_t max)
{
    struct pace *pace = &d->lanes[lane].pace[CALL_SET];
    uint32_t len = 0, job;
    if (pace_next_group(pace) > now)
        return 0;
    while (len < max && ready_may_write(d, lane, now) && ways_for(d, lane, CALL_SET) > 0 &&
           d->calls.free && scheduler_has_room(d) && pace_next(pace) <= now &&
           ready_next(d, lane, now, &job)) {
        bool taken = pace_take(pace, now);
        assert(taken);
        calls[len++] = write_one(d, job, now);
    }
    assert(len <= max);
    return len;
}

/* No byte of it has left: it was held up on its way until its time was over. That says nothing of
 * SES or of the row, which is looked at again. */
static void written_late(struct scheduler *d, struct call *call, instant_us now)
{
    struct job *job = &d->jobs[call->owner];
    struct situation s = scheduler_situation(d, call->owner, now);
    struct decision decision = now < job->deadline
                                   ? step_written(&s, VERDICT_SLOW_DOWN, &call->reply)
                                   : step_out_of_time(&s, call->reply.message);
    job->read_at_s = 0;
    scheduler_apply(d, call->owner, &decision, now, NULL);
    call_pool_give(&d->calls, call);
}

void scheduler_written(struct scheduler *d, struct call *call, instant_us now)
{
    uint32_t number = call->owner;
    assert(call->kind == CALL_SET);
    assert(number < d->fleet->choices_len);
    assert(d->jobs[number].state == JOB_WRITING);
    if (call->reply.how == REPLY_NOT_SENT && call->reply.is_late) {
        written_late(d, call, now);
        return;
    }
    enum verdict verdict =
        verdict_after(scheduler_call_paced(d, call, now), d->jobs[number].attempts);
    if (verdict == VERDICT_OK) {
        struct lane_state *lane = &d->lanes[call->lane];
        struct job *job = &d->jobs[call->owner];
        assert(job->state == JOB_WRITING);
        assert(call->count == 1);
        /* The value at SES after an accepted write. */
        job->mail_from_seen = scheduler_name(d, call->mail_from);
        job->behavior_seen = call->behavior;
        if (call->mail_from.len == 0)
            job->status_seen = MAIL_FROM_NONE;
        else if (job->write != WRITE_TIGHTEN)
            job->status_seen = MAIL_FROM_PENDING;
        scheduler_accept(d, call->owner, now);
        if (job->write == WRITE_TIGHTEN)
            tighten_written(lane, call->owner, now);
        lane->write_worked = true;
        lane->sets_refused = 0;
    }
    struct situation s = scheduler_situation(d, number, now);
    struct decision decision = step_written(&s, verdict, &call->reply);
    bool is_left = verdict == VERDICT_DENIED && !d->lanes[call->lane].worked &&
                   lane_leave(d, call->lane, decision.reason);
    if ((is_left || lane_refusal_waits(d, call, verdict)) && now < d->jobs[number].deadline)
        decision = step_written(&s, VERDICT_SLOW_DOWN, &call->reply); /* as it was, with its turn */
    if (verdict != VERDICT_OK) {
        struct job *job = &d->jobs[call->owner];
        job->lost = job->lost || verdict == VERDICT_UNSURE;
        job->read_at_s = 0; /* the value to be replaced may differ by the next try */
        if (verdict != VERDICT_SLOW_DOWN && verdict != VERDICT_DENIED &&
            !lane_refusal_waits(d, call, verdict))
            job->attempts = (uint8_t)(job->attempts + (job->attempts < UINT8_MAX));
        if (verdict == VERDICT_REFUSED)
            lane_write_refused(d, call, now);
    }
    scheduler_apply(d, number, &decision, now, NULL);
    if (verdict == VERDICT_DENIED && !d->lanes[call->lane].worked && !is_left)
        scheduler_close_lane(d, call->lane, decision.reason, now);
    call_pool_give(&d->calls, call);
}
