/*
 * A lane's trouble. Passing trouble ends no row: calls without arrival, failing servers, refused
 * keys with earlier success. The rows wait, each until its own deadline, and one call at a time
 * probes the lane:
 *
 *   calls come to nothing    for PROBE_AFTER as usual, each with its backoff; then once a minute
 *   an answer denies what    a page of a proxy, an empty 401: it must come DOUBTS_MAX times within
 *   has worked in this run   DOUBT_SPAN or more, a probe each, before it is believed; and what is
 *                            believed is asked again every hour
 *
 * A lane without any success in the run is closed at once instead (scheduler_close_lane), or left
 * to other processes that carry the run, too (lane_leave).
 */
#include "scheduler_internal.h"

#include <assert.h>
#include <stdio.h>

#define STARVED_AFTER SPAN_M(1)
#define PROBE_AFTER   SPAN_M(5)
#define PROBE_EVERY   SPAN_M(1)
#define DOUBTS_MAX    3
#define DOUBT_SPAN    SPAN_M(10)
#define DOUBT_WAIT    (DOUBT_SPAN / (DOUBTS_MAX - 1))
#define DENIED_WAIT   SPAN_H(1)
#define OVERDUE_EVERY SPAN_M(1)
#define REFUSAL_SHOWN 200 /* of SES's sentence; the caller and the action come first */
/* By IAM in a row. Without a success before them the others would be refused too; after one, the
 * action is in doubt. */
#define SETS_REFUSED_MAX 3

/* Cheap, for it runs with every move: the queues assert their own with each push and pop, and
 * scheduler_audit() adds the counts up. */
void lane_invariant(const struct lane_state *l)
{
    assert(l->bad <= l->by_state[JOB_DONE]);
    assert(l->read_batches_alive <= READ_BATCHES_MAX);
    assert(!l->read_batches || l->read_batches_alive > 0);

    /* Success of a kind is success; calls are held back only where there was some. */
    assert(!l->allowed || l->worked);
    assert(!l->hold_until || l->worked);
    assert(!l->v1_again_at || l->refused);
    assert(l->sets_refused <= SETS_REFUSED_MAX);
    tighten_invariant(&l->tightening);
}

static void trouble_tell(struct scheduler *d, uint16_t lane, instant_us since, instant_us now)
{
    assert(since <= now);
    struct lane_state *l = &d->lanes[lane];
    if (l->trouble_told || now < since + TROUBLE_TOLD_AFTER)
        return;
    char when[WHEN_LEN], sentence[REASON_LEN_MAX + 96];
    snprintf(sentence, sizeof sentence, "since %s SES cannot be asked: %s",
             when_format(since, when), l->trouble);
    l->trouble_told = true;
    d->lane_changes++;
    scheduler_record_lane(d, lane, sentence, now);
}

instant_us lane_doubted_since(const struct lane_state *l)
{
    instant_us since = 0;
    for (int kind = 0; kind < CALL_ASK; kind++)
        if (l->doubts[kind].count > 0 && (!since || l->doubts[kind].since < since))
            since = l->doubts[kind].since;
    return since;
}

instant_us lane_doubted_until(const struct lane_state *l, enum call_kind kind)
{
    assert(kind < CALL_KINDS);
    return l->doubts[kind].count > 0 ? l->doubts[kind].until : 0;
}

instant_us lane_starved_since(const struct lane_state *l, instant_us now)
{
    instant_us since = 0;
    for (int kind = 0; kind < CALL_ASK; kind++)
        if (l->throttled_since[kind] && now >= l->throttled_since[kind] + STARVED_AFTER)
            since =
                since ? when_earlier(since, l->throttled_since[kind]) : l->throttled_since[kind];
    return since;
}

void lane_unasked(struct scheduler *d, uint16_t lane, enum call_kind kind)
{
    d->lanes[lane].throttled_since[kind] = 0;
}

static void trouble_over(struct scheduler *d, uint16_t lane, instant_us now)
{
    struct lane_state *l = &d->lanes[lane];
    l->trouble_since = l->hold_until = 0;
    if (!l->trouble_told || lane_doubted_since(l) || lane_starved_since(l, now))
        return;
    l->trouble_told = false;
    d->lane_changes++;
    scheduler_record_lane(d, lane, "", now);
}

/* SES answers, if only that it is called too often. */
static void came_throttled(struct scheduler *d, uint16_t lane, const struct reply *reply,
                           instant_us now)
{
    struct lane_state *l = &d->lanes[lane];
    instant_us since = lane_starved_since(l, now);
    trouble_over(d, lane, now);
    if (!since || lane_doubted_since(l))
        return;
    step_words(reply, "", l->trouble);
    trouble_tell(d, lane, since, now);
}

/* IAM refuses an action that it has not allowed in this run: there is nothing to doubt, and another
 * way to ask, or nobody waits for the answer. IAM can confine GetEmailIdentity and writes to some
 * identities, so those are counted (get_answered(), lane_write_refused()). */
static bool is_plainly_refused(const struct scheduler *d, const struct call *call)
{
    bool is_counted = call->kind == CALL_GET || call->kind == CALL_SET;
    bool has_way = call->owner == SURVEY_OWNER || d->options.read_falls_back;
    return !is_counted && has_way && reply_is_access_denied(&call->reply) &&
           !(d->lanes[call->lane].allowed & 1u << call->kind);
}

void lane_doubt(struct scheduler *d, const struct call *call, instant_us now)
{
    struct lane_state *l = &d->lanes[call->lane];
    struct doubt *doubt = &l->doubts[call->kind];
    if (!l->worked || d->options.rules.plan_only || now < doubt->until ||
        is_plainly_refused(d, call))
        return;
    step_words(&call->reply, "", l->trouble);
    if (doubt->count == 0)
        doubt->since = now;
    doubt->count = (uint8_t)(doubt->count + (doubt->count < UINT8_MAX));
    doubt->until = now + (doubt->count < DOUBTS_MAX ? DOUBT_WAIT : DENIED_WAIT);
    assert(doubt->since <= now);
    assert(doubt->until > now);
    trouble_tell(d, call->lane, doubt->since, now);
}

bool lane_is_sure(const struct scheduler *d, const struct lane_state *l, enum call_kind kind,
                  instant_us now)
{
    assert(kind < CALL_KINDS);
    const struct doubt *doubt = &l->doubts[kind];
    return !l->worked || d->options.rules.plan_only ||
           (doubt->count >= DOUBTS_MAX && now >= doubt->since + DOUBT_SPAN);
}

void lane_learn(struct scheduler *d, const struct call *call, enum verdict verdict, instant_us now)
{
    struct lane_state *l = &d->lanes[call->lane];
    if (call->kind == CALL_READ_DKIM && verdict != VERDICT_OK)
        return;                    /* nothing waits for it: its trouble is not the lane's */
    assert(call->kind < CALL_ASK); /* DNS is no lane's */
    l->unresponsive = call->reply.how == REPLY_NOT_SENT || call->reply.how == REPLY_LOST;
    l->answered = l->answered || !l->unresponsive;
    if (verdict != VERDICT_SLOW_DOWN)
        l->throttled_since[call->kind] = 0;
    else if (!l->throttled_since[call->kind])
        l->throttled_since[call->kind] = now;
    switch (verdict) {
    case VERDICT_OK:
        l->worked = true;
        l->allowed |= 1u << call->kind;
        l->doubts[call->kind] = (struct doubt){0};
        trouble_over(d, call->lane, now);
        break;
    case VERDICT_SLOW_DOWN: came_throttled(d, call->lane, &call->reply, now); break;
    case VERDICT_GONE:
    case VERDICT_REFUSED: trouble_over(d, call->lane, now); break;
    case VERDICT_AGAIN:
    case VERDICT_UNSURE:
    case VERDICT_RENEW:
    case VERDICT_SKEW: {
        step_words(&call->reply, "", l->trouble);
        if (!l->trouble_since)
            l->trouble_since = now;
        if (l->worked && now >= l->trouble_since + PROBE_AFTER)
            l->hold_until = now + PROBE_EVERY;
        trouble_tell(d, call->lane, l->trouble_since, now);
        assert(l->trouble_since <= now);
        break;
    }
    case VERDICT_DENIED:
        if (call->reply.how == REPLY_NO_KEYS && l->worked && /* keys of another account */
            !lane_leave(d, call->lane, call->reply.message))
            scheduler_close_lane(d, call->lane, call->reply.message, now);
        else if (call->reply.how != REPLY_NO_KEYS || !l->worked)
            lane_doubt(d, call, now);
        break;
    }
}

bool lane_leave(struct scheduler *d, uint16_t lane, const char *reason)
{
    struct lane_state *l = &d->lanes[lane];
    if (!d->options.leaves_lanes)
        return false;
    assert(reason[0]);
    if (!l->left && reason != l->reason)
        snprintf(l->reason, sizeof l->reason, "%s", reason);
    d->lane_changes += !l->left;
    l->left = d->draining = true;
    return true;
}

bool lane_refusal_waits(const struct scheduler *d, const struct call *call, enum verdict verdict)
{
    const struct lane_state *l = &d->lanes[call->lane];
    bool was_allowed = call->kind == CALL_SET ? l->write_worked : l->get_allowed;
    return d->options.leaves_lanes && !was_allowed && verdict == VERDICT_REFUSED &&
           reply_is_access_denied(&call->reply);
}

bool lane_is_held(const struct lane_state *l, instant_us now)
{
    bool is_probed = l->worked && l->trouble_since && now >= l->trouble_since + PROBE_AFTER;
    return now < l->hold_until || (is_probed && l->calls_out > 0);
}

/* The answer to a probe wakes the lane by itself. */
instant_us lane_held_until(const struct lane_state *l)
{
    return l->calls_out > 0 ? WHEN_NEVER : l->hold_until;
}

static void end_out_of_time(struct scheduler *d, const struct lane_state *l, uint32_t number,
                            instant_us now)
{
    assert(d->jobs[number].state != JOB_DONE);
    struct situation s = scheduler_situation(d, number, now);
    bool is_told = l->trouble_since || lane_doubted_since(l);
    struct decision end = step_out_of_time(&s, is_told ? l->trouble : NULL);
    scheduler_apply(d, number, &end, now, NULL);
}

bool lane_is_overdue(struct scheduler *d, uint32_t number, instant_us now)
{
    struct job *job = &d->jobs[number];
    if (job->deadline == WHEN_NEVER)
        job->deadline = now + fleet_policy_of(d->fleet, number)->timeout_us;
    assert(job->deadline != WHEN_NEVER);
    return now >= job->deadline;
}

static void end_overdue_of(struct scheduler *d, struct lane_state *l, struct queue *q,
                           instant_us now)
{
    for (uint32_t left = q->len; left > 0 && scheduler_has_room(d); left--) {
        uint32_t number = queue_pop(d, q);
        if (lane_is_overdue(d, number, now))
            end_out_of_time(d, l, number, now);
        else
            queue_push(d, q, number, now);
    }
}

void lane_end_overdue(struct scheduler *d, uint16_t lane, instant_us now)
{
    struct lane_state *l = &d->lanes[lane];
    /* Since when the lane serves no call, or none of some kind. 0: the lane serves calls. */
    instant_us all[] = {l->trouble_since, lane_doubted_since(l), lane_starved_since(l, now)},
               since = 0;
    for (int i = 0; i < 3; i++)
        if (all[i])
            since = since ? when_earlier(since, all[i]) : all[i];
    if (!since || !l->worked || d->options.rules.plan_only || now < l->swept_at + OVERDUE_EVERY)
        return;
    l->swept_at = now;
    assert(since <= now);
    reads_release_overdue(d, lane, now);
    for (int kind = 0; kind < READ_KINDS; kind++)
        end_overdue_of(d, l, &l->read[kind], now);
    end_overdue_of(d, l, &l->write, now);
    end_overdue_of(d, l, &l->tighten, now);
    end_overdue_of(d, l, &l->confirmed, now);
    /* Jobs waiting for their turn have no deadline yet. When the lane has served no call for the
     * length of their timeout, these jobs end too: otherwise each would try as long as the jobs
     * before. */
    for (uint32_t left = l->start.len; left > 0 && scheduler_has_room(d); left--) {
        uint32_t number = queue_pop(d, &l->start);
        if (now < since + fleet_policy_of(d->fleet, number)->timeout_us)
            queue_push(d, &l->start, number, now);
        else
            end_out_of_time(d, l, number, now);
    }
}

void lane_write_refused(struct scheduler *d, const struct call *call, instant_us now)
{
    assert(call->kind == CALL_SET);
    assert(call->lane < d->fleet->lanes_len);
    struct lane_state *l = &d->lanes[call->lane];
    if (!reply_is_access_denied(&call->reply) || l->writes_closed)
        return;
    l->sets_refused = (uint8_t)(l->sets_refused + (l->sets_refused < SETS_REFUSED_MAX));
    if (l->sets_refused < SETS_REFUSED_MAX)
        return;
    if (l->write_worked) {
        lane_doubt(d, call, now);
        return;
    }
    snprintf(l->reason, sizeof l->reason,
             "IAM has refused %s %d times here without allowing it once, so the other identities "
             "of this account and Region are not tried; allow ses:%s (docs/PERMISSIONS.md). SES "
             "said: %.*s",
             call_action(CALL_SET, d->options.write_api), SETS_REFUSED_MAX,
             call_action(CALL_SET, d->options.write_api), REFUSAL_SHOWN, call->reply.message);
    if (lane_leave(d, call->lane, l->reason))
        return;
    l->writes_closed = true;
    d->lane_changes++;
}
