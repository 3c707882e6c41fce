/*
 * The whole structure at once, for the simulation and other tests: it is too dear for a run with a
 * million jobs. Every open job is in exactly one place: a queue, a read batch, a survey, a write on
 * its way, or the heap of timers.
 */
#include "scheduler_internal.h"

#include <assert.h>

/* Jobs of one queue, which is whole from its first link to its last. */
static uint32_t queue_audit(const struct scheduler *d, const struct queue *q)
{
    uint32_t len = 0, last = 0;
    for (uint32_t link = q->first; link; link = d->jobs[link - 1].next) {
        assert(link <= d->fleet->choices_len);
        assert(d->jobs[link - 1].state != JOB_DONE);
        assert(d->timers.place[link - 1] == 0);
        assert(len < q->len);
        last = link;
        len++;
    }
    assert(len == q->len);
    assert(last == q->last);
    return len;
}

static uint32_t lanes_audit(const struct scheduler *d)
{
    uint32_t jobs = 0;
    for (uint32_t i = 0; i < d->fleet->lanes_len; i++) {
        const struct lane_state *lane = &d->lanes[i];
        uint32_t open = 0;
        for (int state = 0; state < JOB_STATES; state++)
            open += state == JOB_DONE ? 0 : lane->by_state[state];
        assert(lane->open == open);
        assert(scheduler_carries(d, i) || (open == 0 && lane->calls_out == 0));
        lane_invariant(lane);
        lane_survey_invariant(&d->surveys.lanes[i]);
        for (int kind = 0; kind < READ_KINDS; kind++)
            jobs += queue_audit(d, &lane->read[kind]);
        jobs += queue_audit(d, &lane->start) + queue_audit(d, &lane->write);
        jobs += queue_audit(d, &lane->tighten) + queue_audit(d, &lane->confirmed);
        jobs += queue_audit(d, &lane->held) + queue_audit(d, &lane->aside);
        jobs += queue_audit(d, &lane->judge);
    }
    return jobs;
}

/* The ring of turns holds each lane with rows to judge once, and no other. */
static void turns_audit(const struct scheduler *d)
{
    const struct judge_turns *t = &d->to_judge;
    uint32_t rows = 0, lanes = 0, in_ring = 0, last = 0;
    for (uint32_t i = 0; i < d->fleet->lanes_len; i++) {
        rows += d->lanes[i].judge.len;
        lanes += d->lanes[i].judge.len > 0;
    }
    for (uint32_t link = t->first; link; link = d->lanes[link - 1].judge_next) {
        assert(d->lanes[link - 1].judge.len > 0);
        last = link;
        assert(++in_ring <= lanes);
    }
    assert(rows == t->len && in_ring == lanes && last == t->last);
    assert((t->left > 0) == (t->first != 0));
}

/* Jobs of surveys: those that wait for an answer of DNS. */
static uint32_t surveys_audit(const struct scheduler *d)
{
    const struct survey_pool *p = d->survey_pool;
    bool is_free[SURVEYS_MAX] = {false};
    uint32_t jobs = 0;
    for (uint32_t link = p->free.first; link; link = p->slots[link - 1].next)
        is_free[link - 1] = true;
    for (uint32_t i = 0; i < SURVEYS_MAX; i++) {
        if (is_free[i])
            continue;
        const struct job *job = &d->jobs[p->slots[i].subject];
        assert(job->state == JOB_JUDGING || job->state == JOB_WAITING_DNS);
        assert(d->timers.place[p->slots[i].subject] == 0);
        jobs++;
    }
    return jobs;
}

/* A start is unused, reserved by one job, or used; without lanes of other processes the waves have
 * no other starts than these. */
static void starts_audit(const struct scheduler *d)
{
    uint32_t open = 0;
    for (uint32_t i = 0; i < d->fleet->lanes_len; i++) {
        const struct lane_state *lane = &d->lanes[i];
        uint32_t reserved = 0;
        for (uint32_t k = 0; k < d->fleet->choices_len; k++)
            reserved += d->fleet->choices[k].lane == i && d->jobs[k].reserved;
        assert(lane->reserved == reserved);
        assert(lane->starts == 0 || (d->options.shares_waves && scheduler_carries(d, i)));
    }
    for (uint32_t k = 0; k < d->fleet->choices_len; k++)
        open += d->jobs[k].state != JOB_DONE && job_is_started(&d->jobs[k]);
    assert(d->options.shares_waves || d->waves.open == open);
    assert(d->options.shares_waves || !d->waves_over);
}

void scheduler_audit(const struct scheduler *d)
{
    uint32_t open = d->rows - d->by_state[JOB_DONE];
    /* Jobs of read batches: those that wait for an answer of SES. */
    bool is_free[READ_BATCHES_MAX] = {false};
    uint32_t jobs = 0, alive = 0, of_lanes = 0;
    for (uint32_t link = d->reads.free; link; link = d->reads.batches[link - 1].next)
        is_free[link - 1] = true;
    for (uint32_t i = 0; i < READ_BATCHES_MAX; i++) {
        const struct batch_read *b = &d->reads.batches[i];
        for (uint32_t k = 0; !is_free[i] && k < b->count; k++) {
            const struct job *job = &d->jobs[b->items[k]];
            assert(d->fleet->choices[b->items[k]].lane == b->lane);
            assert(job->state == JOB_READING || job->state == JOB_CONFIRMING ||
                   job->state == JOB_UNSURE || job->state == JOB_FOLLOWING);
            assert(d->timers.place[b->items[k]] == 0);
        }
        jobs += is_free[i] ? 0 : b->count;
        alive += !is_free[i];
    }
    for (uint32_t i = 0; i < d->fleet->lanes_len; i++)
        of_lanes += d->lanes[i].read_batches_alive;
    assert(alive == of_lanes);
    turns_audit(d);
    starts_audit(d);
    assert(alive + d->reads.free_len == READ_BATCHES_MAX);
    uint32_t places = lanes_audit(d) + jobs + surveys_audit(d);
    places += queue_audit(d, &d->dns);
    places += queue_audit(d, &d->skipped) + d->timers.len + d->by_state[JOB_WRITING];
    assert(places == open);
    /* The counts say what the jobs say. */
    uint32_t by_state[JOB_STATES] = {0}, by_outcome[OUTCOMES] = {0}, rows = 0;
    for (uint32_t i = 0; i < d->fleet->choices_len; i++) {
        job_invariant(&d->jobs[i]);
        if (!scheduler_carries_row(d, i)) {
            assert(d->jobs[i].state == JOB_NEW && d->timers.place[i] == 0);
            continue;
        }
        rows++;
        by_state[d->jobs[i].state]++;
        by_outcome[d->jobs[i].outcome]++;
    }
    assert(rows == d->rows);
    for (int state = 0; state < JOB_STATES; state++)
        assert(d->by_state[state] == by_state[state]);
    for (int outcome = OUTCOME_OPEN + 1; outcome < OUTCOMES; outcome++)
        assert(d->by_outcome[outcome] == by_outcome[outcome]);
}
