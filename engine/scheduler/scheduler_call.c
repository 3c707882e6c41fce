/*
 * Calls of a lane, and the queues of waiting jobs.
 */
#include "scheduler_internal.h"

#include <assert.h>

void queue_invariant(const struct queue *q)
{
    assert((q->len == 0) == (q->first == 0));
    assert((q->len == 0) == (q->last == 0));
    assert(q->len != 1 || q->first == q->last);
}

void queue_push(struct scheduler *d, struct queue *q, uint32_t job, instant_us now)
{
    assert(job < d->fleet->choices_len);
    assert(q->last != job + 1);
    d->jobs[job].next = 0;
    if (q->last)
        d->jobs[q->last - 1].next = job + 1;
    else
        q->first = job + 1;
    q->last = job + 1;
    if (q->len++ == 0)
        q->since = now;
    queue_invariant(q);
}

void queue_push_front(struct scheduler *d, struct queue *q, uint32_t job, instant_us now)
{
    assert(job < d->fleet->choices_len);
    assert(q->first != job + 1);
    d->jobs[job].next = q->first;
    q->first = job + 1;
    if (!q->last)
        q->last = job + 1;
    if (q->len++ == 0)
        q->since = now;
    queue_invariant(q);
}

uint32_t queue_pop(struct scheduler *d, struct queue *q)
{
    assert(q->first);
    uint32_t job = q->first - 1;
    assert(job < d->fleet->choices_len);
    q->first = d->jobs[job].next;
    if (!q->first)
        q->last = 0;
    q->len--;
    d->jobs[job].next = 0;
    queue_invariant(q);
    return job;
}

/* v1 cannot tell the sandbox, so the account is asked as writes are sent. */
enum api scheduler_api(const struct scheduler *d, uint16_t lane, enum call_kind kind)
{
    assert(lane < d->fleet->lanes_len);
    switch (kind) {
    case CALL_SET:
    case CALL_ACCOUNT: return d->options.write_api;
    case CALL_LIST: return lane_survey_list_api(d, lane);
    case CALL_ENDPOINTS:
    case CALL_ADVICE: return API_V2;
    case CALL_READ_NOTIFICATION: return lane_survey_api(d, lane);
    default: return d->lanes[lane].read_api;
    }
}

struct call *scheduler_call_to(struct scheduler *d, uint16_t lane, enum call_kind kind)
{
    struct call *call = call_pool_take(&d->calls, kind, lane, scheduler_api(d, lane, kind));
    assert(call);
    call->departure = pace_departure(&d->lanes[lane].pace[kind]);
    way_taken(d, lane, kind);
    return call;
}

void scheduler_called(struct scheduler *d, uint16_t lane, enum call_kind kind, instant_us sent_at,
                      instant_us answered_at)
{
    assert(lane < d->fleet->lanes_len);
    assert(sent_at <= answered_at);
    struct pace *pace = &d->lanes[lane].pace[kind];
    if (pace_take(pace, sent_at))
        pace_answered(pace, pace->calls, sent_at, answered_at);
}

void scheduler_hold(struct scheduler *d, uint16_t lane, enum call_kind kind, instant_us until)
{
    assert(scheduler_carries(d, lane));
    assert(kind < CALL_ASK);
    pace_hold(&d->lanes[lane].pace[kind], until);
    d->lane_wake[lane] = 0;
}

void scheduler_teach(struct scheduler *d, uint16_t lane, enum call_kind kind, double rate_per_s,
                     instant_us now)
{
    assert(scheduler_carries(d, lane));
    assert(kind < CALL_ASK);
    pace_teach(&d->lanes[lane].pace[kind], rate_per_s, now);
}

enum verdict scheduler_call_paced(struct scheduler *d, const struct call *call, instant_us now)
{
    assert(call->lane < d->fleet->lanes_len);
    assert(call->kind < CALL_ASK);
    struct lane_state *lane = &d->lanes[call->lane];
    struct pace *pace = &lane->pace[call->kind];
    enum verdict verdict = verdict_of(&call->reply, call->kind);
    lane_learn(d, call, verdict, now);
    d->lane_changes += retry_pace_learn(pace, call, verdict, now);
    return verdict;
}
