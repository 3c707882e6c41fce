/*
 * Writes and records. Invariant: a write that is out has its intent among the records of the same
 * turn, and the engine keeps those before it sends; the intent holds what the write replaces.
 */
#include "desk_family.h"

static struct text turn_copy(struct desk *d, struct text t)
{
    struct text copy = arena_text(&d->turn_text, t);
    d->out_of_memory = d->out_of_memory || (t.len && !copy.at);
    return copy.at ? copy : TEXT("");
}

static struct job_row row_of(struct desk *d, const struct job *job)
{
    return (struct job_row){
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
        .mx = d->words[job->mx],
        .spf = d->words[job->spf],
        .dmarc = d->words[job->dmarc],
        .findings = job->findings,
        .writes = job->writes,
        .calls = job->calls,
        .restarts = job->restarts,
        .attempts = job->attempts,
        .first_seen = job->first_seen,
        .finished = job->finished,
        .deadline = job->deadline,
    };
}

void desk_record(struct desk *d, uint32_t number, enum record_kind kind, enum job_state from,
                 instant_us now, const char *reason, const struct buf *findings_json)
{
    assert(d->records_len < RECORDS_PER_TURN_MAX);
    struct record *r = &d->records[d->records_len++];
    *r = (struct record){.job = number, .kind = kind, .at = now, .from = from};
    r->row = row_of(d, &d->jobs[number]);
    r->row.reason = turn_copy(d, text_of(reason));
    if (findings_json)
        r->row.findings_json =
            arena_fmt(&d->turn_text, "[" TEXT_FMT "]", TEXT_ARG(buf_text(findings_json)));
}

static void count_write(struct job *job)
{
    job->writes = (uint16_t)(job->writes + (job->writes < UINT16_MAX));
    job->calls = (uint16_t)(job->calls + (job->calls < UINT16_MAX));
}

static void remember_before(struct job *job)
{
    if (job->before_known)
        return;
    job->before_known = 1;
    job->mail_from_before = job->mail_from_seen;
    job->behavior_before = job->behavior_seen;
}

static struct call *write_one(struct desk *d, uint32_t number, instant_us now)
{
    struct call *call = desk_call_to(d, d->fleet->choices[number].lane, CALL_SET);
    struct situation s = desk_situation(d, number, now);
    struct job *job = &d->jobs[number];
    call->owner = number;
    call->attempt = job->attempts + 1u;
    call->count = 1;
    call->identities[0] = fleet_identity(d->fleet, number);
    step_write(&s, &call->mail_from, &call->behavior);
    remember_before(job);
    count_write(job);
    job_move(job, JOB_WRITING);
    desk_count(d, number, JOB_READY, JOB_WRITING);
    desk_record(d, number, RECORD_INTENT, JOB_READY, now, "", NULL);
    struct record *intent = &d->records[d->records_len - 1];
    intent->write_mail_from = call->mail_from;
    intent->write_behavior = call->behavior;
    return call;
}

/* Those that were started before others: a wave ends sooner. */
static struct queue *next_queue(const struct desk *d, struct lane_desk *lane)
{
    if (lane->write.len)
        return &lane->write;
    return lane->start.len && waves_may_start(&d->waves) ? &lane->start : NULL;
}

uint32_t desk_writes(struct desk *d, struct lane_desk *lane, instant_us now, struct call **calls,
                     uint32_t max)
{
    uint32_t len = 0;
    struct queue *q;
    while (len < max && d->pool && desk_has_room(d) && (q = next_queue(d, lane)) &&
           pace_take(&lane->pace[CALL_SET], now)) {
        if (q == &lane->start)
            waves_start(&d->waves);
        calls[len++] = write_one(d, queue_pop(d, q), now);
    }
    return len;
}

/* What SES holds now, as far as an accepted write tells. */
static void believe_write(struct desk *d, struct job *job, const struct call *call)
{
    job->mail_from_seen = desk_name(d, call->mail_from);
    job->behavior_seen = (uint8_t)call->behavior;
    if (call->mail_from.len == 0)
        job->status_seen = MAIL_FROM_NONE;
    else if (job->write != WRITE_TIGHTEN)
        job->status_seen = MAIL_FROM_PENDING;
}

void desk_written(struct desk *d, struct call *call, instant_us now)
{
    uint32_t number = call->owner;
    struct job *job = &d->jobs[number];
    enum verdict verdict = verdict_after(desk_call_paced(d, call, now), job->attempts);
    struct situation s = desk_situation(d, number, now);
    struct decision decision = step_written(&s, verdict, &call->reply);
    if (verdict == VERDICT_OK) {
        believe_write(d, job, call);
        job->attempts = 0;
    } else if (verdict != VERDICT_SLOW_DOWN) {
        job->attempts = (uint8_t)(job->attempts + 1);
    }
    desk_apply(d, number, &decision, now, NULL);
    if (verdict == VERDICT_DENIED)
        desk_close_lane(d, call->lane, decision.reason, now);
    desk_call_free(d, call);
}
