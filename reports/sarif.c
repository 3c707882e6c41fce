/* The findings of a run as SARIF, for code hosts with findings beside the lines of the manifest. A
 * change is no finding. */
#include "row.h"

#include "sarif_log.h"

struct findings_log {
    struct sarif_log sarif;
    struct report report;
    int level; /* the level of this pass */
};

static bool row_add(void *ctx, const struct report_row *row)
{
    struct findings_log *log = ctx;
    const struct fleet *fleet = log->report.fleet;
    const struct choice *choice = &fleet->choices[row->number];
    struct finding_walk walk;
    struct finding_note f;
    if (row->finding_bits == 0 || choice->line == 0)
        return true;
    finding_walk_init(&walk, row);
    while (!sarif_is_full(&log->sarif) && finding_walk_next(&walk, &f)) {
        const char *rule = finding_rule(f.rule)->name;
        const struct sarif_result result = {
            .rule = rule,
            .rule_index = f.rule,
            .severity = f.severity,
            .accepted = f.accepted,
            .message = f.text,
            .identity = row->identity,
            .file = fleet->files[choice->file],
            .line = choice->line,
            .column = choice->column,
            .print = {row->account, row->region, row->identity, text_of(rule)}};
        if (sarif_level(f.severity) == log->level)
            sarif_result(&log->sarif, &result);
    }
    return !sarif_is_full(&log->sarif) && sink_turn(log->report.out);
}

static enum err log_begin(void *state, const struct report *report, struct why *why)
{
    struct findings_log *log = state;
    (void)why;
    log->report = *report;
    sarif_begin(&log->sarif, &report->out->buf, report->head->version, NULL, report->head->lost);
    return OK;
}

/* The pass that has gone by was that of the first level. */
static enum err log_end(void *state, struct why *why)
{
    struct findings_log *log = state;
    enum err err = OK;
    for (log->level++; err == OK && !sarif_is_full(&log->sarif) && log->level < SARIF_LEVELS;
         log->level++)
        err = report_rows(&log->report, row_add, log, why);
    sarif_end(&log->sarif);
    return err;
}

static void log_clear(void *state)
{
    (void)state;
}

const struct report_format sarif_format = {
    "sarif", sizeof(struct findings_log), log_begin, row_add, log_end, log_clear};
