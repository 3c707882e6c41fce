/*
 * Counts rows, and makes the summary sentence.
 */
#include "row.h"

#include "base/plural.h"

#include <stdlib.h>

enum err report_sum_init(struct report_sum *sum, const struct fleet *fleet, enum tense tense,
                         struct why *why)
{
    *sum = (struct report_sum){.tense = tense, .deadline = WHEN_NEVER};
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
    sum->apart[row->standing] += row->alarm != ALARM_NONE;
    sum->by_outcome[row->outcome_kind]++;
    sum->by_action[row->action_kind]++;
    sum->by_standing[row->standing]++;
    sum->by_lane[row->lane].by_outcome[row->outcome_kind]++;
    sum->by_lane[row->lane].by_standing[row->standing]++;
    for (finding_set rest = row->finding_bits; rest; rest &= rest - 1)
        sum->by_finding[__builtin_ctzll(rest)]++;
    sum->writes += row->writes;
    sum->calls += row->calls;
    sum->accepted += row->accepted;
    wave_tally_add(&sum->wave, row->number, row->state, row->outcome_kind, row->wave,
                   row->deadline);
    sum->by_state[row->state]++;
    dmarc_sum_add(&sum->dmarc, &row->dmarc_ready, identity_type_of(row->identity), sum->tense);
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
    enum err err = report_sum_init(sum, report->fleet, report->head->tense, why);
    return err == OK ? report_rows(report, add_row, sum, why) : err;
}

bool outcome_is_unfinished(enum outcome o)
{
    return o == OUTCOME_PLANNED || o == OUTCOME_WAITING_DNS || o == OUTCOME_PENDING ||
           o == OUTCOME_SKIPPED;
}

static bool is_unfinished(enum standing s)
{
    return outcome_is_unfinished(standing_outcome(s));
}

static bool is_bad(enum standing s)
{
    return outcome_is_bad(standing_outcome(s));
}

static bool is_finished(enum standing s)
{
    return !is_unfinished(s) && !is_bad(s);
}

static bool is_any(enum standing s)
{
    return s != STANDING_NONE;
}

/* "2 failed, 1 refused" for the given standings; returns the number of identities. */
static uint32_t standings_add(const struct report_sum *sum, bool (*is_meant)(enum standing s),
                              const char *before, struct buf *out)
{
    uint32_t count = 0;
    for (int s = STANDING_UNCHANGED; s < STANDINGS; s++) {
        if (!sum->by_standing[s] || !is_meant((enum standing)s))
            continue;
        if (out)
            buf_add_fmt(out, "%s%u %s", count ? ", " : before, sum->by_standing[s],
                        standing_counted(sum->by_standing[s], (enum standing)s, sum->tense));
        count += sum->by_standing[s];
    }
    return count;
}

void report_title_add(const struct report_head *head, struct buf *out)
{
    if (head->tense == TENSE_ROLLBACK)
        buf_add_str(out, "rollback, dry run");
    else
        buf_add_text(out, head->verb);
    if (head->run)
        buf_add_fmt(out, ", run %llu", (unsigned long long)head->run);
}

void report_counts(const struct report_sum *sum, struct buf *out)
{
    standings_add(sum, is_any, "", out);
}

uint32_t report_unfinished(const struct report_sum *sum)
{
    return standings_add(sum, is_unfinished, "", NULL);
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
        uint32_t named = standings_add(sum, is_bad, ": ", out);
        if (sum->by_alarm[ALARM_AILING])
            buf_add_fmt(out, "%s%u as wanted, but not well in DNS or at SES", named ? ", " : ": ",
                        sum->by_alarm[ALARM_AILING]);
        standings_add(sum, is_unfinished, sum->tense == TENSE_RUN ? "; not finished: " : "; ", out);
    } else if (unfinished && sum->tense == TENSE_RUN) {
        buf_add_fmt(out, "%u of %u %s not finished", unfinished, sum->rows, noun);
        standings_add(sum, is_unfinished, ": ", out);
    } else if (unfinished) {
        buf_add_fmt(out, "Of %u %s", sum->rows, noun);
        standings_add(sum, is_unfinished, " ", out);
    } else if (sum->rows == 0) {
        buf_add_str(out, "There are no identities");
    } else {
        buf_add_fmt(out, "All is well with %u %s", sum->rows, noun);
        standings_add(sum, is_finished, ": ", out);
    }
    buf_add_char(out, '.');
}

/* A run is open while rows of it are; what could not be done is over. */
void report_dmarc(const struct report_sum *sum, struct buf *out)
{
    dmarc_sum_tell(out, &sum->dmarc, sum->tense, report_unfinished(sum) > 0);
}

void report_dmarc_json(const struct report_sum *sum, struct json_out *j)
{
    dmarc_sum_json(j, &sum->dmarc, sum->tense, report_unfinished(sum) > 0);
}
