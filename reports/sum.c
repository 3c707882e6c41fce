/*
 * Counting rows, and the sentence that sums them up.
 */
#include "row.h"

#include <stdlib.h>

enum err report_sum_init(struct report_sum *sum, const struct fleet *fleet, struct why *why)
{
    *sum = (struct report_sum){0};
    sum->by_lane = calloc(fleet->lanes_len ? fleet->lanes_len : 1, sizeof *sum->by_lane);
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
    sum->bad += outcome_is_bad(row->outcome_kind);
    sum->by_outcome[row->outcome_kind]++;
    sum->by_action[row->action_kind]++;
    sum->by_lane[row->lane][row->outcome_kind]++;
    sum->writes += row->writes;
    sum->calls += row->calls;
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

static uint32_t unfinished(const struct report_sum *sum)
{
    return sum->by_outcome[OUTCOME_PLANNED] + sum->by_outcome[OUTCOME_WAITING_DNS] +
           sum->by_outcome[OUTCOME_PENDING] + sum->by_outcome[OUTCOME_SKIPPED];
}

void report_verdict(const struct report_sum *sum, struct buf *out)
{
    const char *between = ": ";
    const char *noun = sum->rows == 1 ? "identity" : "identities";
    if (sum->bad)
        buf_add_fmt(out, "%u of %u %s %s attention", sum->bad, sum->rows, noun,
                    sum->bad == 1 ? "needs" : "need");
    else if (unfinished(sum))
        buf_add_fmt(out, "%u of %u %s not finished", unfinished(sum), sum->rows, noun);
    else
        buf_add_fmt(out, "All is well with %u %s", sum->rows, noun);
    for (int o = OUTCOME_UNCHANGED; o < OUTCOMES; o++) {
        if (sum->by_outcome[o]) {
            buf_add_fmt(out, "%s%u %s", between, sum->by_outcome[o], outcome_name((enum outcome)o));
            between = ", ";
        }
    }
    buf_add_char(out, '.');
}
