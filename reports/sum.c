/*
 * Counts rows, and makes the summary sentence.
 */
#include "row.h"

#include "base/plural.h"

#include <stdlib.h>

enum err report_sum_init(struct report_sum *sum, const struct fleet *fleet, struct why *why)
{
    *sum = (struct report_sum){.deadline = WHEN_NEVER};
    sum->by_lane = calloc(fleet->lanes_len ? fleet->lanes_len : 1, sizeof *sum->by_lane);
    wave_tally_begin(&sum->wave, fleet);
    return sum->by_lane ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

void report_sum_clear(struct report_sum *sum)
{
    free(sum->by_lane);
    *sum = (struct report_sum){0};
}

void report_sum_add(struct report_sum *sum, const struct report_row *row)
{
    sum->rows++;
    sum->bad += row_needs_care(row);
    sum->unfinished += !row_needs_care(row) && outcome_is_unfinished(row->outcome_kind);
    sum->by_alarm[row->alarm]++;
    sum->apart[row->outcome_kind] += row->alarm != ALARM_NONE;
    sum->by_outcome[row->outcome_kind]++;
    sum->by_action[row->action_kind]++;
    sum->by_lane[row->lane][row->outcome_kind]++;
    for (finding_set rest = row->finding_bits; rest; rest &= rest - 1)
        sum->by_finding[__builtin_ctzll(rest)]++;
    sum->writes += row->writes;
    sum->calls += row->calls;
    sum->accepted += row->accepted;
    wave_tally_add(&sum->wave, row->number, row->state, row->outcome_kind, row->wave,
                   row->deadline);
    sum->by_state[row->state]++;
    if (row->state != JOB_DONE && row->deadline < sum->deadline)
        sum->deadline = row->deadline;
}

static bool add_row(void *ctx, const struct report_row *row)
{
    report_sum_add(ctx, row);
    return true;
}

enum err report_sum_make(struct report_sum *sum, const struct report *report, struct why *why)
{
    enum err err = report_sum_init(sum, report->fleet, why);
    return err == OK ? report_rows(report, add_row, sum, why) : err;
}

bool outcome_is_unfinished(enum outcome o)
{
    return o == OUTCOME_PLANNED || o == OUTCOME_WAITING_DNS || o == OUTCOME_PENDING ||
           o == OUTCOME_SKIPPED;
}

static bool is_finished(enum outcome o)
{
    return !outcome_is_unfinished(o) && !outcome_is_bad(o);
}

/* "2 failed, 1 refused" for the given outcomes; returns the number of identities. */
static uint32_t outcomes_add(const struct report_sum *sum, bool (*is_meant)(enum outcome o),
                             const char *before, struct buf *out)
{
    uint32_t count = 0;
    for (int o = OUTCOME_UNCHANGED; o < OUTCOMES; o++) {
        if (!sum->by_outcome[o] || !is_meant((enum outcome)o))
            continue;
        if (out)
            buf_add_fmt(out, "%s%u %s", count ? ", " : before, sum->by_outcome[o],
                        outcome_words((enum outcome)o, sum->is_plan));
        count += sum->by_outcome[o];
    }
    return count;
}

static bool is_any(enum outcome o)
{
    return o != OUTCOME_OPEN;
}

void report_counts(const struct report_sum *sum, struct buf *out)
{
    outcomes_add(sum, is_any, "", out);
}

uint32_t report_unfinished(const struct report_sum *sum)
{
    return outcomes_add(sum, outcome_is_unfinished, "", NULL);
}

void report_verdict(const struct report_sum *sum, struct buf *out)
{
    const char *noun = plural(sum->rows, "identity", "identities");
    uint32_t unfinished = report_unfinished(sum), rejecting = sum->by_alarm[ALARM_REJECTING];
    if (rejecting)
        buf_add_fmt(out, "Mail of %u %s is being rejected now. ", rejecting,
                    plural(rejecting, "identity", "identities"));
    if (sum->bad) {
        buf_add_fmt(out, "%u of %u %s %s attention", sum->bad, sum->rows, noun,
                    plural(sum->bad, "needs", "need"));
        uint32_t named = outcomes_add(sum, outcome_is_bad, ": ", out);
        if (sum->by_alarm[ALARM_AILING])
            buf_add_fmt(out, "%s%u as wanted, but not well in DNS or at SES", named ? ", " : ": ",
                        sum->by_alarm[ALARM_AILING]);
        outcomes_add(sum, outcome_is_unfinished, "; not finished: ", out);
    } else if (unfinished) {
        buf_add_fmt(out, "%u of %u %s not finished", unfinished, sum->rows, noun);
        outcomes_add(sum, outcome_is_unfinished, ": ", out);
    } else {
        buf_add_fmt(out, "All is well with %u %s", sum->rows, noun);
        outcomes_add(sum, is_finished, ": ", out);
    }
    buf_add_char(out, '.');
}
