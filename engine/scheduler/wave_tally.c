/* Counts the rows of the newest wave, and says what the wave waits for. */
#include "wave_tally.h"

#include "base/plural.h"
#include "waves.h"

#include <stdio.h>

void wave_tally_begin(struct wave_tally *t, const struct fleet *fleet)
{
    *t = (struct wave_tally){.fleet = fleet,
                             .numbered = waves_numbered(fleet),
                             .since = WHEN_NEVER,
                             .any_since = WHEN_NEVER};
}

static bool waits_for_others(enum job_state state)
{
    return state == JOB_FOLLOWING || state == JOB_WAITING_DNS;
}

void wave_tally_add(struct wave_tally *t, uint32_t row, enum job_state state, enum outcome outcome,
                    uint32_t wave, instant_us deadline)
{
    instant_us since = WHEN_NEVER;
    if (waits_for_others(state) && deadline != WHEN_NEVER)
        since = deadline - fleet_policy_of(t->fleet, row)->timeout_us;
    t->any_since = when_earlier(t->any_since, since);
    if (wave == 0 && state != JOB_DONE) {
        t->unstarted++;
        t->pending[fleet_policy_of(t->fleet, row)->wave]++;
        t->held += state == JOB_READY || state == JOB_CONFIRMING;
    }
    if (wave > t->number) {
        /* A newer wave begins only when the one before has ended. */
        t->number = wave;
        t->started = t->good = t->bad = t->expired = 0;
        t->at_ses = t->for_dns = t->in_turn = 0;
        t->since = WHEN_NEVER;
    }
    if (wave > 0 && wave == t->number) {
        t->started++;
        if (state == JOB_DONE) {
            t->good += !outcome_is_bad(outcome);
            t->bad += outcome_is_bad(outcome);
            t->expired += outcome == OUTCOME_EXPIRED;
            return;
        }
        t->at_ses += state == JOB_FOLLOWING;
        t->for_dns += state == JOB_WAITING_DNS;
        t->in_turn += !waits_for_others(state);
        t->since = when_earlier(t->since, since);
    }
}

uint32_t wave_tally_of(const struct wave_tally *t)
{
    uint32_t waves = t->numbered, more = 0;
    uint64_t sum = 0;
    for (; t->fleet->waves_len && sum < t->fleet->choices_len; more++)
        sum += waves_size(t->fleet, more);
    waves += more > 0 ? more : t->numbered > 0;
    return waves > t->number ? waves : t->number;
}

/* Where no wave has begun: the first that has somebody to start. */
static uint32_t number_of(const struct wave_tally *t)
{
    uint32_t number = t->number ? t->number : 1;
    while (t->number == 0 && number <= t->numbered && !t->pending[number])
        number++;
    return number;
}

uint32_t wave_tally_size(const struct wave_tally *t)
{
    uint32_t number = number_of(t), most = t->started + t->unstarted;
    if (number <= t->numbered)
        return t->started + t->pending[number];
    uint32_t size = waves_size(t->fleet, number - 1 - t->numbered);
    return size < most ? size : most;
}

bool wave_tally_goes_on(const struct wave_tally *t)
{
    return t->fleet && (t->fleet->waves_len || t->numbered) &&
           t->unstarted + t->at_ses + t->for_dns + t->in_turn > 0;
}

void wave_tally_told(const struct wave_tally *t, instant_us now, struct buf *out)
{
    char age[WHEN_LEN];
    if (!wave_tally_goes_on(t))
        return;
    uint32_t size = wave_tally_size(t);
    buf_add_fmt(out, "wave %u of %u", number_of(t), wave_tally_of(t));
    if (t->expired && t->started == t->good + t->bad) {
        buf_add_fmt(out,
                    " is inconclusive: %u of %u waited until their deadline, and resume goes on "
                    "with the next wave",
                    t->expired, size);
    } else {
        buf_add_fmt(out, ": %u of %u at Success", t->good, size);
        if (t->bad)
            buf_add_fmt(out, ", %u %s attention", t->bad, plural(t->bad, "needs", "need"));
        const struct {
            uint32_t count;
            const char *what;
        } parts[] = {{t->at_ses, "at SES"},
                     {t->for_dns, "for DNS"},
                     {t->in_turn, "to be written"},
                     {size - t->started, "to begin"}};
        const char *before = ", waits for ";
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
            if (!parts[i].count)
                continue;
            buf_add_fmt(out, "%s%u %s", before, parts[i].count, parts[i].what);
            before = ", ";
        }
        if (t->since != WHEN_NEVER && now == 0)
            buf_add_fmt(out, ", oldest since %s", when_format(t->since, age));
        else if (t->since != WHEN_NEVER && now > t->since)
            buf_add_fmt(out, ", oldest %s", span_format(now - t->since, age));
    }
    if (t->unstarted > size - t->started)
        buf_add_fmt(out, "; %u %s for later waves", t->unstarted - (size - t->started),
                    plural(t->unstarted - (size - t->started), "waits", "wait"));
}

void wave_tally_json(const struct wave_tally *t, struct json_out *j)
{
    char since[WHEN_LEN];
    if (!wave_tally_goes_on(t)) {
        json_add_null(j, "wave");
        return;
    }
    uint32_t size = wave_tally_size(t);
    json_add_object(j, "wave");
    json_add_u64(j, "number", number_of(t));
    json_add_u64(j, "of", wave_tally_of(t));
    json_add_u64(j, "size", size);
    json_add_u64(j, "started", t->started);
    json_add_u64(j, "succeeded", t->good);
    json_add_u64(j, "ended_badly", t->bad);
    json_add_u64(j, "waits_for_ses", t->at_ses);
    json_add_u64(j, "waits_for_dns", t->for_dns);
    json_add_u64(j, "to_be_written", t->in_turn);
    json_add_u64(j, "later", t->unstarted - (size - t->started));
    if (t->since == WHEN_NEVER)
        json_add_null(j, "since");
    else
        json_add_word(j, "since", when_format(t->since, since));
    json_end(j);
}
