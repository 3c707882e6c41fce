/* Counts started, final and failed identities, and opens the next wave. */
#include "waves.h"

#include <assert.h>
#include <stdio.h>

static uint32_t quota_of(struct quota q, uint32_t jobs)
{
    assert(q.value >= 0);
    double count = q.is_percent ? q.value * jobs / 100 : q.value;
    return count >= jobs ? jobs : (uint32_t)count;
}

uint32_t waves_size(const struct fleet *f, uint32_t index)
{
    if (f->waves_len == 0)
        return UINT32_MAX;
    uint32_t last = f->waves_len - 1;
    uint32_t size = quota_of(f->waves[index < last ? index : last], f->choices_len);
    return size > 0 ? size : 1; /* 1 % of twelve is at least one */
}

static uint32_t size_of(const struct waves *w, const struct fleet *f)
{
    return waves_size(f, w->index);
}

void waves_invariant(const struct waves *w)
{
    assert(w->size > 0);
    assert(!w->paused || w->reason[0]);
}

void waves_init(struct waves *w, const struct fleet *fleet)
{
    *w = (struct waves){.failed_max = UINT32_MAX};
    if (fleet->max_failures.value >= 0)
        w->failed_max = quota_of(fleet->max_failures, fleet->choices_len);
    w->size = size_of(w, fleet);
    waves_invariant(w);
}

bool waves_may_start(const struct waves *w)
{
    return !w->paused && w->started < w->size;
}

void waves_start(struct waves *w)
{
    assert(waves_may_start(w));
    w->started++;
    w->open++;
    assert(w->open > 0);
    waves_invariant(w);
}

void waves_call_off(struct waves *w)
{
    assert(w->paused && w->open > 0 && w->started > 0);
    w->started--;
    w->open--;
}

uint16_t waves_number(const struct waves *w)
{
    return w->index < UINT16_MAX ? (uint16_t)(w->index + 1) : UINT16_MAX;
}

static void pause_as_failed(struct waves *w)
{
    if (!w->paused)
        snprintf(w->reason, sizeof w->reason,
                 "%u identities have failed, and max_failures allows %u: no further write was "
                 "started",
                 w->failed, w->failed_max);
    w->paused = true;
}

static void wave_end(struct waves *w, const struct fleet *fleet)
{
    if (w->expired > 0 && fleet->waves_len > 0) {
        if (!w->paused)
            snprintf(w->reason, sizeof w->reason,
                     "wave %u is inconclusive: %u identities waited for DNS or SES until their "
                     "deadline, which is neither failure nor success. Check them, then resume",
                     w->index + 1, w->expired);
        w->paused = true;
        return;
    }
    w->index++;
    w->started = w->expired = 0;
    w->size = size_of(w, fleet);
    assert(w->started == 0);
}

void waves_finish(struct waves *w, const struct fleet *fleet, enum outcome outcome, bool started)
{
    assert(outcome != OUTCOME_OPEN);
    w->failed += outcome == OUTCOME_FAILED;
    if (w->failed > w->failed_max)
        pause_as_failed(w);
    if (!started)
        return;
    assert(w->open > 0);
    w->open--;
    w->expired += outcome == OUTCOME_EXPIRED;
    if (w->open == 0 && w->started >= w->size)
        wave_end(w, fleet);
    assert(w->failed <= w->failed_max || w->paused);
}

void waves_restore(struct waves *w, uint16_t number, bool is_final, enum outcome outcome)
{
    w->failed += is_final && outcome == OUTCOME_FAILED;
    w->open += number > 0 && !is_final;
    if (number == 0 || number < w->index + 1)
        return;
    if (number > w->index + 1) {
        w->index = number - 1u;
        w->started = w->expired = 0;
    }
    w->started++;
    w->expired += is_final && outcome == OUTCOME_EXPIRED;
    assert(w->started > 0);
}

void waves_resume(struct waves *w, const struct fleet *fleet)
{
    w->size = size_of(w, fleet);
    if (w->failed > w->failed_max)
        pause_as_failed(w);
    if (w->open > 0 || w->started < w->size)
        return;
    w->expired = 0;
    wave_end(w, fleet);
}

bool waves_are_over(const struct waves *w)
{
    return w->paused && w->open == 0;
}
