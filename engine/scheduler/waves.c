/* Counts started, final and failed identities, and opens the next wave. */
#include "waves.h"

#include "base/plural.h"

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

uint32_t waves_numbered(const struct fleet *f)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < f->policies_len; i++)
        most = f->policies[i].wave > most ? f->policies[i].wave : most;
    return (uint32_t)most;
}

bool waves_are_wanted(const struct fleet *f)
{
    return f->waves_len > 0 || f->max_failures.value >= 0 || waves_numbered(f) > 0;
}

static bool is_numbered(const struct waves *w)
{
    return w->index < w->numbered;
}

static uint32_t size_of(const struct waves *w, const struct fleet *f)
{
    return is_numbered(w) ? UINT32_MAX : waves_size(f, w->index - w->numbered);
}

/* Are identities of the running numbered wave, or of an earlier one, not final? */
static bool has_left(const struct waves *w)
{
    for (uint32_t i = 1; i <= w->index + 1; i++)
        if (w->left[i])
            return true;
    return false;
}

void waves_ignore_numbers(struct waves *w)
{
    w->numbered = 0;
}

bool waves_admit(const struct waves *w, uint64_t number)
{
    return number ? number <= w->index + 1 : !is_numbered(w);
}

void waves_invariant(const struct waves *w)
{
    assert(w->size > 0);
    assert(!w->paused || w->reason[0]);
}

void waves_init(struct waves *w, const struct fleet *fleet)
{
    *w = (struct waves){.failed_max = UINT32_MAX, .numbered = waves_numbered(fleet)};
    for (uint32_t i = 0; i < fleet->choices_len && w->numbered; i++)
        w->left[fleet_policy_of(fleet, i)->wave]++;
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
                 "%u %s failed, and max_failures allows %u: no further write was started",
                 w->failed, plural(w->failed, "identity has", "identities have"), w->failed_max);
    w->paused = true;
}

static void pause_as_inconclusive(struct waves *w)
{
    if (!w->paused)
        snprintf(w->reason, sizeof w->reason,
                 "wave %u is inconclusive: %u %s for DNS or SES until the deadline, which is "
                 "neither failure nor success. Check %s, then resume",
                 w->index + 1, w->expired,
                 plural(w->expired, "identity waited", "identities waited"),
                 plural(w->expired, "it", "them"));
    w->paused = true;
}

static void pause_as_hopeless(struct waves *w)
{
    if (!w->paused)
        snprintf(w->reason, sizeof w->reason,
                 "wave %u has ended, and none of its identities is done, so no other wave was "
                 "begun. Check them, then resume",
                 w->index + 1);
    w->paused = true;
}

/* A wave whose identities are all final already is passed over. */
static void wave_next(struct waves *w, const struct fleet *fleet)
{
    do
        w->index++;
    while (is_numbered(w) && !has_left(w));
    w->started = w->expired = w->good = 0;
    w->size = size_of(w, fleet);
    assert(w->started == 0);
}

static void wave_end(struct waves *w, const struct fleet *fleet)
{
    if (w->expired > 0 && (fleet->waves_len > 0 || is_numbered(w)))
        pause_as_inconclusive(w);
    else if (is_numbered(w) && w->good == 0)
        pause_as_hopeless(w);
    else
        wave_next(w, fleet);
}

static bool has_ended(const struct waves *w)
{
    return w->open == 0 && (is_numbered(w) ? !has_left(w) : w->started >= w->size);
}

void waves_return(struct waves *w, const struct fleet *fleet)
{
    assert(w->open > 0 && w->started > 0);
    w->started--;
    w->open--;
    if (!w->paused && has_ended(w))
        wave_end(w, fleet);
    waves_invariant(w);
}

void waves_failed_at_least(struct waves *w, uint32_t failed)
{
    w->failed = failed > w->failed ? failed : w->failed;
    if (w->failed > w->failed_max)
        pause_as_failed(w);
}

void waves_finish(struct waves *w, const struct fleet *fleet, enum outcome outcome, bool started,
                  uint64_t number)
{
    bool is_member = started || (number > 0 && number <= w->numbered);
    assert(outcome != OUTCOME_OPEN);
    waves_failed_at_least(w, w->failed + (outcome == OUTCOME_FAILED));
    if (!is_member)
        return;
    assert(!started || w->open > 0);
    w->open -= started;
    w->left[number] -= number > 0;
    w->expired += outcome == OUTCOME_EXPIRED;
    w->good += !outcome_is_bad(outcome);
    if (has_ended(w))
        wave_end(w, fleet);
    assert(w->failed <= w->failed_max || w->paused);
}

void waves_restore(struct waves *w, uint16_t wave, bool is_final, enum outcome outcome,
                   uint64_t number)
{
    w->failed += is_final && outcome == OUTCOME_FAILED;
    w->open += wave > 0 && !is_final;
    w->left[number] -= number > 0 && w->numbered > 0 && is_final;
    if (wave == 0 || wave < w->index + 1)
        return;
    if (wave > w->index + 1) {
        w->index = wave - 1u;
        w->started = w->expired = w->good = 0;
    }
    w->good += is_final && !outcome_is_bad(outcome);
    w->started++;
    w->expired += is_final && outcome == OUTCOME_EXPIRED;
    assert(w->started > 0);
}

void waves_resume(struct waves *w, const struct fleet *fleet)
{
    w->size = size_of(w, fleet);
    if (w->failed > w->failed_max)
        pause_as_failed(w);
    if (has_ended(w))
        wave_next(w, fleet);
}

bool waves_are_over(const struct waves *w)
{
    return w->paused && w->open == 0;
}
