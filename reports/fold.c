/*
 * From choices and records to rows: one row per choice, in the fleet's order. A choice without a
 * record was never reached; the outcome is skipped.
 */
#include "row.h"

#include "base/bounds.h"
#include "scheduler/waves.h"

#include <stdlib.h>

#define COLUMN(name, type)                                                                         \
    {                                                                                              \
#name, (type), offsetof(struct report_row, name)                                           \
    }

const struct report_column report_columns[REPORT_COLUMNS] = {
    COLUMN(account, REPORT_TEXT),
    COLUMN(region, REPORT_TEXT),
    COLUMN(identity, REPORT_TEXT),
    COLUMN(identity_type, REPORT_TEXT),
    COLUMN(action, REPORT_TEXT),
    COLUMN(outcome, REPORT_TEXT),
    COLUMN(reason, REPORT_TEXT),
    COLUMN(mail_from_before, REPORT_TEXT),
    COLUMN(mail_from_after, REPORT_TEXT),
    COLUMN(behavior_before, REPORT_TEXT),
    COLUMN(behavior_after, REPORT_TEXT),
    COLUMN(ses_status, REPORT_TEXT),
    COLUMN(mx, REPORT_TEXT),
    COLUMN(spf, REPORT_TEXT),
    COLUMN(dmarc, REPORT_TEXT),
    {"findings", REPORT_FINDINGS, offsetof(struct report_row, finding_bits)},
    COLUMN(writes, REPORT_COUNT),
    COLUMN(calls, REPORT_COUNT),
    COLUMN(first_seen, REPORT_INSTANT),
    COLUMN(finished, REPORT_INSTANT),
    COLUMN(source, REPORT_TEXT),
    COLUMN(dkim, REPORT_TEXT),
    {"dmarc_ready", REPORT_READY, offsetof(struct report_row, dmarc_ready.now)},
};

const void *report_cell(const struct report_row *row, const struct report_column *column)
{
    return (const char *)row + column->offset;
}

/* The state of an open job gives the outcome. */
static enum outcome outcome_of(const struct job_row *job)
{
    if (!job)
        return OUTCOME_SKIPPED;
    if (job->outcome != OUTCOME_OPEN)
        return job->outcome;
    switch (job->state) {
    case JOB_JUDGING:
    case JOB_WAITING_DNS: return OUTCOME_WAITING_DNS;
    case JOB_WRITING:
    case JOB_UNSURE:
    case JOB_FOLLOWING: return OUTCOME_PENDING;
    case JOB_CONFIRMING:
    case JOB_READY: return OUTCOME_PLANNED;
    case JOB_NEW:
    case JOB_READING:
    case JOB_DONE:
    case JOB_STATES: break;
    }
    return OUTCOME_SKIPPED;
}

/* Is the wave of an open row what its write waits for? */
static bool is_held(const struct fleet *fleet, const struct job_row *job)
{
    return job->wave == 0 && (job->state == JOB_READY || job->state == JOB_CONFIRMING) &&
           (fleet->waves_len > 0 || waves_numbered(fleet) > 0);
}

void report_row_make(struct report_row *row, const struct fleet *fleet, uint32_t number,
                     const struct job_row *job, struct buf *scratch)
{
    *row = (struct report_row){
        .number = number, .outcome_kind = outcome_of(job), .deadline = WHEN_NEVER};
    uint32_t n = row->number;
    const struct choice *c = &fleet->choices[n];
    bool custom = c->mail_from != MAIL_FROM_DEFAULT;
    enum behavior after = custom ? fleet_policy_of(fleet, n)->behavior : BEHAVIOR_USE_DEFAULT_VALUE;
    row->lane = c->lane;
    row->account = fleet_account_name(fleet, n);
    row->region = fleet_region(fleet, n);
    row->identity = fleet_identity(fleet, n);
    row->identity_type = text_of(identity_type_name((enum identity_type)c->type));
    row->mail_from_after = fleet_mail_from(fleet, n);
    row->behavior_after = text_of(behavior_name(after));
    row->source = fleet_source(fleet, n, scratch);
    row->dmarc_ready = row_dmarc_of(fleet, n, job, row->outcome_kind);
    if (job) {
        /* Before: the setting found before the run's first write; without a write, the setting last
           read. */
        if (job->before_known) {
            row->mail_from_before = job->mail_from_before;
            row->behavior_before = text_of(behavior_name(job->behavior_before));
        } else if (job->seen_known) {
            row->mail_from_before = job->mail_from_seen;
            row->behavior_before = text_of(behavior_name(job->behavior_seen));
        }
        if (job->seen_known)
            row->ses_status = text_of(mail_from_status_name(job->status_seen));
        row->state = job->state;
        row->action_kind = job->action;
        row->reason = job->reason;
        row->mx = text_of(mx_status_name(job->mx));
        row->spf = text_of(spf_status_name(job->spf));
        row->dmarc = text_of(dmarc_status_name(job->dmarc));
        row->dkim = text_of(dkim_status_name(job->dkim));
        row->finding_bits = job->findings;
        row->notes = job->notes;
        row->writes = job->writes;
        row->accepted = job->accepted;
        row->wave = job->wave;
        row->calls = job->calls;
        row->deadline = job->deadline;
        row->first_seen = job->first_seen;
        row->finished = job->finished;
        row_alarm_find(row, fleet_policy_of(fleet, number), job);
    }
    if (job && row->reason.len == 0 && is_held(fleet, job))
        row->reason = fleet_policy_of(fleet, number)->wave
                          ? TEXT("DNS has the records; waits for the wave that the manifest names")
                          : TEXT("DNS has the records; waits for a place in a wave");
    else if (job && row->reason.len == 0 && job->state == JOB_READY)
        row->reason =
            job->accepted > 0
                ? TEXT("to be written once more; waits for its turn in the account and Region")
                : TEXT("to be written; waits for its turn in the account and Region");
    if (row->outcome_kind == OUTCOME_PLANNED && job->outcome == OUTCOME_OPEN && is_held(fleet, job))
        row->standing = STANDING_FOR_WAVE;
    else
        row->standing = outcome_standing(row->outcome_kind);
    row->action = text_of(action_name(row->action_kind));
    row->outcome = text_of(outcome_name(row->outcome_kind));
}

struct fold {
    const struct report *report;
    bool (*fn)(void *ctx, const struct report_row *row);
    void *ctx;
    uint32_t next; /* the first row not given yet */
    bool more, goes_on;
    struct buf scratch;
};

void report_row_going(struct report_row *row)
{
    if (row->outcome_kind == OUTCOME_SKIPPED && row->state != JOB_DONE)
        row->standing = STANDING_IN_PROGRESS;
}

static void fold_row(struct fold *f, const struct job_row *job)
{
    struct report_row row;
    report_row_make(&row, f->report->fleet, f->next++, job, &f->scratch);
    if (f->goes_on)
        report_row_going(&row);
    f->more = !f->scratch.failed && f->fn(f->ctx, &row);
}

static void fold_until(struct fold *f, uint32_t row)
{
    while (f->more && f->next < row)
        fold_row(f, NULL);
}

static bool fold_record(void *ctx, uint32_t row, const struct job_row *job)
{
    struct fold *f = ctx;
    if (row < f->next || row >= f->report->fleet->choices_len)
        return f->more; /* not of this fleet, or not ascending: ignored */
    fold_until(f, row);
    if (f->more)
        fold_row(f, job);
    return f->more;
}

enum err report_rows(const struct report *report,
                     bool (*fn)(void *ctx, const struct report_row *row), void *ctx,
                     struct why *why)
{
    struct fold f = {.report = report,
                     .fn = fn,
                     .ctx = ctx,
                     .more = true,
                     .goes_on = report->head && report->head->goes_on};
    buf_init(&f.scratch, LINE_LEN_MAX);
    enum err err = report->source->rows(report->source->ctx, fold_record, &f, why);
    if (err == OK)
        fold_until(&f, report->fleet->choices_len);
    if (err == OK && f.scratch.failed)
        err = why_set(why, ERR_NOMEM, "out of memory");
    buf_clear(&f.scratch);
    return err;
}
