#include "summary.h"

#include "messages.h"
#include "next_steps.h"

#include <string.h>

struct folding {
    const struct fleet *fleet;
    struct summary *summary;
    struct buf scratch;
};

static bool fold_one(void *ctx, const struct record *record)
{
    struct folding *folding = ctx;
    struct summary *s = folding->summary;
    const struct job_row *row = &record->row;
    struct report_row told;
    report_row_make(&told, folding->fleet, record->job, row, &folding->scratch);
    s->by_alarm[told.alarm]++;
    s->rows++;
    s->by_outcome[row->outcome]++;
    s->by_action[row->action]++;
    s->writes += row->writes;
    s->accepted += row->accepted;
    if (row->state != JOB_DONE && row->deadline < s->deadline)
        s->deadline = row->deadline;
    return true;
}

enum err summary_fold(struct run *r, struct summary *s, struct why *why)
{
    *s = (struct summary){.deadline = WHEN_NEVER};
    struct folding folding = {.fleet = &r->fleet, .summary = s};
    buf_init(&folding.scratch, LINE_LEN_MAX);
    enum err err = journal_rows(r->journal, r->head.id, fold_one, &folding, why);
    if (err == OK && folding.scratch.failed)
        err = why_set(why, ERR_NOMEM, "out of memory");
    buf_clear(&folding.scratch);
    s->without_record = r->head.jobs > s->rows ? r->head.jobs - s->rows : 0;
    return err;
}

void summary_line(const struct summary *s, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (int o = 0; o < OUTCOMES; o++) {
        uint32_t count = s->by_outcome[o] + (o == OUTCOME_OPEN ? s->without_record : 0);
        if (count == 0 || used >= size)
            continue;
        int n = snprintf(out + used, size - used, "%s%u %s", used ? ", " : "", count,
                         o == OUTCOME_OPEN ? "not final" : outcome_name((enum outcome)o));
        used += n > 0 ? (size_t)n : 0;
    }
}

static uint64_t reads_of(const struct scheduler_totals *t)
{
    uint64_t reads = 0;
    for (int kind = 0; kind < CALL_ASK; kind++)
        reads += kind == CALL_SET ? 0 : t->calls[kind];
    return reads;
}

static void print_calls(const struct run *r)
{
    uint64_t throttled = 0;
    for (int kind = 0; kind < CALL_ASK; kind++)
        throttled += r->totals.throttled[kind];
    printf("SES calls: %llu reads, %llu writes, %llu throttled\n",
           (unsigned long long)reads_of(&r->totals), (unsigned long long)r->totals.writes,
           (unsigned long long)throttled);
}

void summary_alarms(const struct summary *s)
{
    uint32_t rejecting = s->by_alarm[ALARM_REJECTING], ailing = s->by_alarm[ALARM_AILING];
    if (rejecting)
        printf("SES rejects the mail of %u %s now: mailfrom explain rejects-mail\n", rejecting,
               rejecting == 1 ? "identity" : "identities");
    if (ailing)
        printf("%u %s as wanted, but DNS or SES is not as it should be\n", ailing,
               ailing == 1 ? "is" : "are");
}

void summary_end(const struct options *o, const struct run *r, const struct summary *s)
{
    char line[512];
    unsigned long long id = r->head.id;
    summary_line(s, line, sizeof line);
    if (r->head.verb == RUN_PLAN) {
        printf("Plan: %s of %u identities\n", line[0] ? line : "nothing", r->head.jobs);
    } else {
        printf("Run %llu: %s of %u identities\n", id, line[0] ? line : "nothing", r->head.jobs);
    }
    summary_alarms(s);
    print_calls(r);
    next_steps_records(o, r,
                       r->head.verb == RUN_PLAN ? s->by_outcome[OUTCOME_WAITING_DNS]
                                                : r->totals.by_state[JOB_WAITING_DNS]);
    next_steps_print(o, r, s->accepted > 0);
}
