/*
 * The bridge from the journal to the reports: neither room knows the other.
 */
#include "reports/deliver.h"
#include "reports/report.h"
#include "run.h"
#include "ui/messages.h"

#include <unistd.h>

struct row_sink {
    bool (*fn)(void *fn_ctx, uint32_t row, const struct job_row *job);
    void *fn_ctx;
};

static bool pass_on(void *ctx, const struct record *record)
{
    struct row_sink *sink = ctx;
    return sink->fn(sink->fn_ctx, record->job, &record->row);
}

static enum err journal_source(void *ctx,
                               bool (*fn)(void *fn_ctx, uint32_t row, const struct job_row *job),
                               void *fn_ctx, struct why *why)
{
    struct run *r = ctx;
    struct row_sink sink = {fn, fn_ctx};
    return journal_rows(r->journal, r->head.id, pass_on, &sink, why);
}

static enum err journal_moves(void *ctx, bool (*fn)(void *fn_ctx, const struct record *record),
                              void *fn_ctx, struct why *why)
{
    struct run *r = ctx;
    return journal_replay(r->journal, r->head.id, fn, fn_ctx, why);
}

enum err run_report_vet(const struct options *o, struct why *why)
{
    char known[128] = "";
    size_t used = 0;
    for (size_t i = 0; report_format_name(i) && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                                 report_format_name(i));
    for (size_t i = 0; i < o->reports_len; i++)
        if (!report_format_known(o->reports[i].format))
            return why_set(why, ERR_INPUT,
                           "--report: there is no format \"" TEXT_FMT "\"; there are %s",
                           TEXT_ARG(o->reports[i].format), known);
    return OK;
}

bool run_report_takes_stdout(const struct options *o)
{
    for (size_t i = 0; i < o->reports_len; i++)
        if (deliver_stream(o->reports[i].path) == STDOUT_FILENO)
            return true;
    return false;
}

static enum err report_one(struct run *r, const struct report_wish *wish, struct why *why)
{
    char format[16];
    struct report_source source = {r, journal_source, journal_moves};
    struct report_head head = {
        .run = r->head.verb == RUN_PLAN ? 0 : r->head.id,
        .verb = text_of(run_verb_name(r->head.verb)),
        .state = text_of(run_state_name(r->head.state)),
        .version = r->head.version,
        .lost = text_of(r->lost.what),
        .started = r->head.started,
        .stopped = r->head.stopped,
        .last = r->head.last,
    };
    snprintf(format, sizeof format, TEXT_FMT, TEXT_ARG(wish->format));
    return report_write(format, wish->path, &head, &r->fleet, &source, why);
}

enum err run_report(struct run *r, struct why *why)
{
    struct run_head head;
    enum err first = journal_run(r->journal, r->head.id, &head, &r->arena, why);
    if (first == OK)
        r->head = head;
    fflush(stdout); /* reports to standard output go past stdio */
    for (size_t i = 0; i < r->options->reports_len; i++) {
        struct why one = {""};
        enum err err = report_one(r, &r->options->reports[i], &one);
        if (err != OK && first == OK)
            *why = one;
        else if (err != OK)
            message_error("%s", one.text);
        first = first == OK ? err : first;
    }
    return first;
}

const char *run_verb_name(enum run_verb verb)
{
    static const char *const names[] = {"apply", "rollback", "plan"};
    return names[verb];
}

const char *run_state_name(enum run_state state)
{
    static const char *const names[] = {"open", "stopped", "ended"};
    return names[state];
}
