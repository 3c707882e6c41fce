/*
 * A verb's run from its manifests to its exit code.
 */
#include "session.h"

#include "kinds.h"
#include "manifests/manifest.h"
#include "options/advice.h"
#include "outputs.h"
#include "reports/deliver.h"
#include "run/rows.h"
#include "ui/exit_codes.h"
#include "ui/messages.h"
#include "ui/next_steps.h"
#include "ui/summary.h"

#include <unistd.h>

void session_init(struct session *s, const struct options *given)
{
    *s = (struct session){.options = *given};
    const struct options *o = &s->options;
    const struct run_config config = {
        .access = &o->access,
        .journal = options_journal(o),
        .version = TEXT(MAILFROM_VERSION),
        .notices = message_notices(),
        .owner = signals_owner(&s->signals),
        .observer = run_notes_observer(&s->notes, o, &s->signals),
        .force = o->force,
        .detach = o->no_wait,
    };
    run_init(&s->run, &config);
}

void session_clear(struct session *s)
{
    run_clear(&s->run);
    signals_end(&s->signals);
}

enum err session_number(const struct options *o, uint64_t *id, struct why *why)
{
    struct advice a;
    *id = 0;
    if (o->arguments_len > 1)
        return why_set(why, ERR_INPUT, "found %zu runs, expected one at a time", o->arguments_len);
    if (o->arguments_len == 0 || (text_to_u64(text_of(o->arguments[0]), id) && *id))
        return OK;
    struct why not_one;
    kinds_not(o->arguments[0], "the number of a run", &not_one);
    return why_set(why, ERR_INPUT, "%s; %s lists them", not_one.text,
                   advice_make(&a, o, "status", "--all"));
}

static enum err region_of(void *ctx, struct text profile, struct text *region, struct why *why)
{
    struct session *s = ctx;
    return lanes_usual_region(&s->options.access, profile, &s->run.arena, region, why);
}

enum err session_load(struct session *s, struct why *why)
{
    const struct options *o = &s->options;
    struct complaints complaints;
    struct manifest_options options = {.region = text_of(o->access.region),
                                       .region_of = region_of,
                                       .ctx = s,
                                       .allow_empty = o->allow_empty};
    if (o->arguments_len == 0)
        return why_set(why, ERR_INPUT, "no manifest given: name one or more YAML files");
    if (session_report_vet(o, why) != OK || kinds_manifests_vet(o, why) != OK)
        return ERR_INPUT;
    complaints_init(&complaints);
    enum err err =
        manifest_load(&s->run.fleet, o->arguments, o->arguments_len, &options, &complaints, why);
    message_complaints(o, &complaints);
    complaints_clear(&complaints);
    return err == OK ? outputs_spare(o, &s->run.fleet, why) : err;
}

#define SEVERITIES (SEVERITY_ERROR + 1)

struct judge_lines {
    uint32_t printed, most;
    uint32_t more[SEVERITIES]; /* not printed */
    bool verbose;
};

/* "fleet.yaml:12:5: error: MAIL FROM ... (not-a-subdomain)", as compilers have it. */
static void finding_print(struct judge_lines *lines, const struct fleet *f, uint32_t row,
                          const struct finding_note *note)
{
    const struct choice *c = &f->choices[row];
    struct buf file;
    if (note->severity == SEVERITY_INFO && !lines->verbose)
        return;
    if (lines->printed == lines->most) {
        lines->more[note->severity]++;
        return;
    }
    lines->printed++;
    buf_init(&file, LINE_LEN_MAX);
    message_place(&file, f->files[c->file], c->line, c->column);
    fprintf(stderr, "%s: %s%s: " TEXT_FMT " (%s)\n", buf_text(&file).at,
            severity_name(note->severity), note->accepted ? ", accepted" : "", TEXT_ARG(note->text),
            finding_rule(note->rule)->name);
    buf_clear(&file);
}

static void row_print(void *ctx, const struct fleet *f, uint32_t row,
                      const struct finding_notes *notes)
{
    for (uint32_t i = 0; i < notes->len; i++)
        finding_print(ctx, f, row, &notes->at[i]);
}

static void more_print(const struct judge_lines *lines, bool all)
{
    const char *between = " more: ";
    uint32_t more = 0;
    for (int s = 0; s < SEVERITIES; s++)
        more += lines->more[s];
    if (!more)
        return;
    fprintf(stderr, "... and %u", more);
    for (int s = SEVERITIES; s-- > 0; between = lines->more[s] ? ", " : between)
        if (lines->more[s])
            fprintf(stderr, "%s%u of severity %s", between, lines->more[s],
                    severity_name((enum severity)s));
    fprintf(stderr, "%s\n", all ? "" : "; --all shows them");
}

enum err session_judge(struct session *s, struct fleet_verdict *verdict, struct why *why)
{
    const struct access *a = &s->options.access;
    struct judge_lines lines = {.most = s->options.all ? MANIFEST_COMPLAINTS_MAX : COMPLAINTS_SHOWN,
                                .verbose = a->verbose};
    enum err err = suffix_list_open(&s->run.suffixes, a->psl_file, why);
    struct fleet_judge how = {.suffixes = s->run.suffixes,
                              .feedback_host = text_of(a->feedback_host),
                              .tell = row_print,
                              .ctx = &lines};
    if (err == OK)
        err = judge_fleet(&s->run.fleet, &how, verdict, why);
    more_print(&lines, s->options.all);
    return err;
}

enum err session_report_vet(const struct options *o, struct why *why)
{
    char known[128] = "";
    size_t used = 0;
    for (size_t i = 0; report_format_name(i) && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                                 report_format_name(i));
    for (size_t i = 0; i < o->reports_len; i++)
        if (!report_format_known(o->reports[i].format))
            return why_set(why, ERR_INPUT,
                           "--report: unknown format \"" TEXT_FMT "\", expected one of %s",
                           TEXT_ARG(o->reports[i].format), known);
    return OK;
}

bool session_takes_stdout(const struct options *o)
{
    if (o->out && deliver_stream(o->out) == STDOUT_FILENO)
        return true;
    for (size_t i = 0; i < o->reports_len; i++)
        if (deliver_stream(o->reports[i].path) == STDOUT_FILENO)
            return true;
    return false;
}

static enum err report_one(struct run *r, const struct report_wish *wish, struct why *why)
{
    char format[16];
    struct report_source source = run_source(r);
    struct report_head head = {
        .run = r->head.verb == RUN_PLAN ? 0 : r->head.id,
        .verb = text_of(journal_verb_name(r->head.verb)),
        .state = text_of(journal_state_name(r->head.state)),
        .version = r->head.version,
        .lost = text_of(r->lost.what),
        .lost_is_suspected = journal_may_have_lost(text_of(r->lost.what)),
        .started = r->head.started,
        .stopped = r->head.stopped,
        .last = r->head.last,
    };
    snprintf(format, sizeof format, TEXT_FMT, TEXT_ARG(wish->format));
    return report_write(format, wish->path, &head, &r->fleet, &source, why);
}

enum err session_report(struct session *s, struct why *why)
{
    struct run *r = &s->run;
    struct run_head head;
    enum err first = journal_run(r->journal, r->head.id, &head, &r->arena, why);
    if (first == OK)
        r->head = head;
    fflush(stdout); /* reports to standard output go past stdio */
    for (size_t i = 0; i < s->options.reports_len; i++) {
        struct why one = {""};
        enum err err = report_one(r, &s->options.reports[i], &one);
        if (err != OK && first == OK)
            *why = one;
        else if (err != OK)
            message_error("%s", one.text);
        first = first == OK ? err : first;
    }
    return first;
}

static int exit_code_of(const struct session *s, const struct report_sum *sum)
{
    const struct options *o = &s->options;
    if (s->run.end != ENGINE_ENDED)
        return EXIT_STOPPED;
    if (s->run.head.verb == RUN_PLAN && !o->dry_run) {
        uint32_t changes = sum->by_outcome[OUTCOME_PLANNED] + sum->by_outcome[OUTCOME_WAITING_DNS];
        if (o->detailed_exitcode && changes && !sum->by_alarm[ALARM_REJECTING])
            return EXIT_CHANGES;
    }
    return sum->bad ? EXIT_TROUBLE : EXIT_OK;
}

static enum err end_print(struct session *s, struct report_sum *sum, bool whole, struct why *why)
{
    struct run *r = &s->run;
    const struct options *o = &s->options;
    enum err err = session_report(s, why);
    if (err == OK)
        err = summary_count(r, sum, why);
    if (err != OK || !whole || o->quiet || session_takes_stdout(o))
        return err;
    if (r->head.verb == RUN_PLAN)
        err = summary_plan(o, r, sum, why);
    if (err != OK)
        return err;
    summary_end(o, r, sum);
    return r->head.verb == RUN_PLAN ? summary_budget(r, why) : OK;
}

int session_conclude(struct session *s, enum err err, struct why *why)
{
    struct report_sum sum = {0};
    struct why second = {""};
    if (err != OK)
        message_error("%s", why->text);
    if (s->run.stopped)
        return EXIT_STOPPED;
    next_steps_after(&s->options, &s->run, err);
    if (!s->run.journal || s->run.head.id == 0)
        return EXIT_CANNOT_RUN;
    enum err end = end_print(s, &sum, err == OK, &second);
    if (end != OK)
        message_error("%s", second.text);
    int code = err != OK || end != OK ? EXIT_CANNOT_RUN : exit_code_of(s, &sum);
    report_sum_clear(&sum);
    return code;
}

int session_carry_out(struct session *s, struct why *why)
{
    const struct options *o = &s->options;
    s->notes.shows_preflight = !session_takes_stdout(o);
    s->run.config.probes_lanes = s->run.head.verb == RUN_PLAN && !o->dry_run;
    signals_block(&s->signals);
    return session_conclude(s, run_carry_out(&s->run, why), why);
}
