/* Counts the rows of a run and prints the result. */
#include "summary.h"

#include "messages.h"
#include "next_steps.h"

#include "base/plural.h"

static bool count_row(void *ctx, const struct report_row *row)
{
    report_sum_add(ctx, row);
    return true;
}

enum err summary_count(struct run *r, struct report_sum *sum, struct why *why)
{
    enum err err = report_sum_init(sum, &r->fleet, run_tense(r), why);
    if (err == OK)
        err = run_rows(r, count_row, sum, why);
    if (err == OK && r->view) /* a wave is of the whole run */
        wave_tally_begin(&sum->wave, &r->fleet);
    return err;
}

static uint64_t reads_of(const struct scheduler_totals *t)
{
    uint64_t reads = 0;
    for (int kind = 0; kind < CALL_ASK; kind++)
        reads += kind == CALL_SET ? 0 : t->calls[kind];
    return reads;
}

uint32_t summary_bad(const struct report_sum *s)
{
    uint32_t bad = 0;
    for (int o = OUTCOME_OPEN; o < OUTCOMES; o++)
        bad += outcome_is_bad((enum outcome)o) ? s->by_outcome[o] : 0;
    return bad;
}

void summary_alarms(const struct report_sum *s)
{
    uint32_t rejecting = s->by_alarm[ALARM_REJECTING], ailing = s->by_alarm[ALARM_AILING];
    if (rejecting)
        printf("SES rejects the mail of %u %s now: mailfrom explain rejects-mail\n", rejecting,
               plural(rejecting, "identity", "identities"));
    if (ailing)
        printf("%u %s as wanted, but DNS or SES is not as it should be\n", ailing,
               plural(ailing, "is", "are"));
}

void summary_dmarc(const struct report_sum *sum)
{
    struct buf told;
    buf_init(&told, LINE_LEN_MAX);
    report_dmarc(sum, &told);
    if (told.len)
        message_say(0, TEXT_FMT, TEXT_ARG(buf_text(&told)));
    buf_clear(&told);
}

void summary_end(const struct options *o, const struct run *r, const struct report_sum *s)
{
    struct buf counts;
    buf_init(&counts, LINE_LEN_MAX);
    report_counts(s, &counts);
    char title[64] = "Plan";
    if (run_tense(r) == TENSE_ROLLBACK)
        snprintf(title, sizeof title, "Rollback of run %llu", (unsigned long long)r->head.parent);
    else if (r->head.verb != RUN_PLAN)
        snprintf(title, sizeof title, "Run %llu", (unsigned long long)r->head.id);
    if (r->head.jobs == 0)
        printf("%s: no identities\n", title);
    else
        message_say(0, "%s: %s of %u %s", title, counts.at, r->head.jobs,
                    plural(r->head.jobs, "identity", "identities"));
    buf_clear(&counts);
    summary_alarms(s);
    summary_dmarc(s);
    uint64_t throttled = 0;
    for (int kind = 0; kind < CALL_ASK; kind++)
        throttled += r->totals.throttled[kind];
    bool is_kept = r->head.jobs > 0 && r->totals.jobs == 0; /* and its calls are not */
    if (!is_kept)
        printf("SES calls: %llu %s, %llu %s, %llu throttled\n",
               (unsigned long long)reads_of(&r->totals),
               plural(reads_of(&r->totals), "read", "reads"), (unsigned long long)r->totals.writes,
               plural(r->totals.writes, "write", "writes"), (unsigned long long)throttled);
    next_steps_records(o, r,
                       r->head.verb == RUN_PLAN ? s->by_outcome[OUTCOME_WAITING_DNS]
                                                : r->totals.by_state[JOB_WAITING_DNS]);
    if (r->end == ENGINE_ENDED && !is_kept)
        next_steps_retry(o, r, summary_bad(s), s->by_outcome[OUTCOME_DRIFTED]);
    next_steps_print(o, r, s->accepted > 0);
}
