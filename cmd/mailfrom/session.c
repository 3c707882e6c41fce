/*
 * A verb's run from its manifests to its exit code.
 */
#include "session.h"

#include "access/provider_lanes.h"
#include "base/count.h"
#include "base/plural.h"
#include "kinds.h"
#include "managing.h"
#include "options/advice.h"
#include "organization/organization_find.h"
#include "outputs.h"
#include "reports/deliver.h"
#include "reports/records.h"
#include "run/narrow.h"
#include "run/published_rows.h"
#include "run/rows.h"
#include "run/run_orders.h"
#include "submitting.h"
#include "ui/exit_codes.h"
#include "ui/messages.h"
#include "ui/next_steps.h"
#include "ui/run_lost.h"
#include "ui/summary.h"
#include "ui/waiting_text.h"

#include <stdlib.h>
#include <unistd.h>

struct session *session_new(const struct options *given)
{
    struct session *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->options = *given;
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
    notifying_join(&s->notifying, o, &s->run.config.companions);
    if (options_journal_is_shared(o)) /* orders are rows of the journal */
        return s;
    s->control = control_new(config.journal, &config.notices);
    if (!s->control) {
        session_free(s);
        return NULL;
    }
    struct run_companions *companions = &s->run.config.companions;
    companions->at[companions->len++] = control_companion(s->control);
    return s;
}

int session_refused(void)
{
    message_error("out of memory");
    return EXIT_CANNOT_RUN;
}

void session_free(struct session *s)
{
    live_page_close(s->page); /* shows the fleet of the run */
    run_clear(&s->run);
    managed_index_free(s->managed);
    control_free(s->control);
    signals_end(&s->signals);
    free(s);
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

/* --profile is for accounts that name neither a profile nor an environment of their own. */
static bool profile_is_taken(const struct fleet *f)
{
    for (uint32_t i = 0; i < f->lanes_len; i++)
        if (f->accounts[f->lanes[i].account].profile == NAME_NONE)
            return true;
    return false;
}

static bool is_of_region(const struct fleet *f, struct text region)
{
    for (uint32_t i = 0; i < f->lanes_len; i++)
        if (!text_eq(names_text(&f->names, f->lanes[i].region), region))
            return false;
    return true;
}

/* The Region of identities without one is that, and chooses none. */
static void region_settle(struct session *s, bool is_taken)
{
    struct options *o = &s->options;
    struct text usual = text_of(o->access.region);
    struct selection *meant = &o->selection;
    uint32_t len = meant->len;
    if (!is_taken)
        return;
    meant->len = 0;
    for (uint32_t i = 0; i < len; i++) {
        const struct selection_value v = meant->values[i];
        if (v.kind != SELECT_REGION || !text_eq(text_of(v.given), usual))
            meant->values[meant->len++] = v;
    }
    if (!o->quiet && meant->len < len && !is_of_region(&s->run.fleet, usual))
        message_note("note: --region " TEXT_FMT
                     " is the Region of identities that the manifest gives none, so it leaves no "
                     "other out; --regions would",
                     TEXT_ARG(usual));
}

/* The part of the manifest's fleet that is meant; says what the manifest overrides. */
static enum err fleet_choose(struct session *s, bool region_is_taken, struct why *why)
{
    struct options *o = &s->options;
    region_settle(s, region_is_taken);
    if (s->keeps_whole)
        return OK;
    uint32_t rows = s->run.fleet.choices_len;
    uint32_t limit = s->limits_changes ? 0 : o->selection.limit;
    enum err err = run_narrow(&s->run, &o->access, &o->selection, limit, "the manifest", why);
    s->run.limit = s->limits_changes ? o->selection.limit : 0;
    if (err != OK || o->quiet)
        return err;
    if (s->run.fleet.choices_len < rows)
        message_note("%u of the %u identities of the manifest %s selected",
                     s->run.fleet.choices_len, rows, plural(s->run.fleet.choices_len, "is", "are"));
    if (o->access.profile && !profile_is_taken(&s->run.fleet))
        message_note("note: --profile %s changes nothing: every account of the manifest names its "
                     "own",
                     o->access.profile);
    return OK;
}

enum err session_states(struct session *s, struct why *why)
{
    enum err err = managing_load(&s->options, &s->managed, why);
    s->run.config.managed = s->managed;
    return err;
}

enum err session_load(struct session *s, struct why *why)
{
    const struct options *o = &s->options;
    bool region_is_taken = false;
    struct complaints own, *complaints = s->complaints ? s->complaints : &own;
    struct notices silent = {0};
    struct organization_asking asking = {.access = &o->access,
                                         .notices = o->quiet ? silent : s->run.config.notices,
                                         .memory = &s->run.arena};
    struct manifest_options options = {.members_of = s->asks_nobody ? NULL : organization_find,
                                       .members_ctx = &asking,
                                       .region = text_of(o->access.region),
                                       .region_taken = &region_is_taken,
                                       .region_of = region_of,
                                       .ctx = s,
                                       .records_format_known = records_format_known,
                                       .endpoint_vet = provider_endpoint_vet,
                                       .allow_empty = o->allow_empty};
    if (o->arguments_len == 0)
        return why_set(why, ERR_INPUT, "no manifest given: name one or more YAML files");
    if (session_report_vet(o, why) != OK || kinds_manifests_vet(o, why) != OK)
        return ERR_INPUT;
    complaints_init(complaints);
    enum err err =
        manifest_load(&s->run.fleet, o->arguments, o->arguments_len, &options, complaints, why);
    if (complaints == &own) {
        message_complaints(o, &own);
        complaints_clear(&own);
    }
    if (err == OK)
        err = session_states(s, why);
    if (err == OK)
        err = outputs_spare(o, &s->run.fleet, why);
    return err == OK ? fleet_choose(s, region_is_taken, why) : err;
}

bool session_names_run(const struct options *o)
{
    uint64_t id;
    return o->arguments_len == 1 && text_to_u64(text_of(o->arguments[0]), &id);
}

enum err session_fleet(struct session *s, struct why *why)
{
    uint64_t id;
    const struct options *o = &s->options;
    if (!session_names_run(o))
        return o->arguments_len
                   ? session_load(s, why)
                   : why_set(why, ERR_INPUT,
                             "no manifest or run given: name YAML files, or the number of a run");
    enum err err = session_number(o, &id, why);
    if (err == OK)
        err = run_journal(&s->run, JOURNAL_READ, why);
    if (err == OK)
        err = run_recall(&s->run, id, why);
    if (err == OK)
        err = access_read(&s->options.access, s->run.head.options, &s->run.arena, why);
    return err == OK ? run_lost_note(o, &s->run, why) : err;
}

enum err session_keep(struct session *s, bool **keep, struct why *why)
{
    struct run *r = &s->run;
    const struct options *o = &s->options;
    char whole[32] = "the manifest";
    struct selection_found found;
    const struct selection *meant = &o->selection;
    enum err err = OK;
    if (session_names_run(o)) {
        err = selection_of_run(&meant, &o->selection, r->head.options, &r->arena, why);
        snprintf(whole, sizeof whole, "run %llu", (unsigned long long)r->head.id);
    }
    if (err != OK || (!selection_chooses(meant) && !meant->limit))
        return err;
    *keep = calloc(r->fleet.choices_len + 1u, sizeof **keep);
    if (!*keep)
        return why_set(why, ERR_NOMEM, "out of memory");
    selection_mark(meant, &r->fleet, meant->limit, *keep, &found);
    return selection_tell(meant, &found, whole, &r->config.notices, why);
}

/* "192.0.2.1:5353" and "[2001:db8::1]:53" into nsupdate's "192.0.2.1 5353". */
enum err session_server(const struct options *o, char out[SERVER_LEN], struct text *server,
                        struct why *why)
{
    struct servers servers;
    char written[SERVER_LEN];
    if (!o->server)
        return OK;
    if (servers_parse(&servers, text_of(o->server), why) != OK)
        return why_wrap(why, ERR_INPUT, "--server");
    struct text address = text_of(server_format(&servers.at[0], written));
    struct text port = text_from(address, text_rfind(address, ':') + 1);
    address = text_slice(address, 0, address.len - port.len - 1);
    if (address.at[0] == '[')
        address = text_slice(address, 1, address.len - 1);
    snprintf(out, SERVER_LEN, TEXT_FMT " " TEXT_FMT, TEXT_ARG(address), TEXT_ARG(port));
    *server = text_of(out);
    return OK;
}

void session_records_notes(const struct options *o, const struct records_gather *g)
{
    if (o->quiet)
        return;
    if (g->notes > RECORDS_NOTES_MAX && !o->access.verbose)
        message_note("... and %u more; --verbose says all", g->notes - RECORDS_NOTES_MAX);
    if (g->refused)
        message_note("%u %s to be mended in the manifest first", g->refused,
                     plural(g->refused, "identity has", "identities have"));
    if (g->blocked)
        message_note("for a person to decide first: %u %s", g->blocked,
                     plural(g->blocked, "record set", "record sets"));
    if (g->harmless && !o->access.verbose)
        message_note("%u harmless %s; --verbose shows %s", g->harmless,
                     plural(g->harmless, "note", "notes"), plural(g->harmless, "it", "them"));
}

#define SEVERITIES (SEVERITY_ERROR + 1)

struct judge_lines {
    uint32_t printed, most;    /* with --all UINT32_MAX: a line is printed and not kept */
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
    const char *place = message_place(&file, f->files[c->file], c->line, c->column);
    fprintf(stderr, "%s: %s%s: " TEXT_FMT " (%s)\n", place, severity_name(note->severity),
            note->accepted ? ", accepted" : "", TEXT_ARG(note->text),
            finding_rule(note->rule)->name);
    buf_clear(&file);
}

static void row_print(void *ctx, const struct fleet *f, uint32_t row,
                      const struct finding_notes *notes)
{
    for (uint32_t i = 0; i < notes->len; i++)
        finding_print(ctx, f, row, &notes->at[i]);
}

static void more_print(const struct judge_lines *lines)
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
    fprintf(stderr, "; --all shows them\n");
}

enum err session_judge(struct session *s, struct fleet_verdict *verdict, struct why *why)
{
    const struct access *a = &s->options.access;
    struct judge_lines lines = {.most = s->options.all ? UINT32_MAX : COMPLAINTS_SHOWN,
                                .verbose = a->verbose};
    enum err err = suffix_list_open(&s->run.suffixes, a->psl_file, why);
    struct fleet_judge how = {.suffixes = s->run.suffixes,
                              .feedback_host = text_of(a->feedback_host),
                              .managed = s->managed,
                              .tell = row_print,
                              .ctx = &lines};
    if (err == OK)
        err = judge_fleet(&s->run.fleet, &how, verdict, why);
    more_print(&lines);
    return err;
}

enum err session_listen(struct session *s, struct why *why)
{
    bool publishes = journal_verb_publishes(s->run.head.verb);
    return live_page_open(&s->page, &s->options, publishes ? LIVE_PUBLISHING : LIVE_RUN, s->control,
                          "Nothing is changed yet: mailfrom looks at what is there.", why);
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
    const char *const single[] = {o->out, o->notify.events, o->notify.metrics};
    for (size_t i = 0; i < COUNT(single); i++)
        if (single[i] && deliver_stream(single[i]) == STDOUT_FILENO)
            return true;
    for (size_t i = 0; i < o->reports_len; i++)
        if (deliver_stream(o->reports[i].path) == STDOUT_FILENO)
            return true;
    return false;
}

static enum err reports_make(struct session *s, const struct published_list *record_sets,
                             const struct report_need *need, struct report_wanted *list,
                             struct why *why)
{
    struct run *r = &s->run;
    struct report_source source = run_source(r);
    struct run_orders orders;
    enum err err = run_orders_read(&orders, r->journal, r->head.id, &r->arena, why);
    if (err != OK)
        return err;
    struct report_head head = {
        .orders = orders.list,
        .orders_len = orders.len,
        .run = r->head.verb == RUN_PLAN ? 0 : r->head.id,
        .tense = run_tense(r),
        .goes_on = r->head.state == RUN_OPEN,
        .is_over = run_is_over(r->head.state),
        .verb = text_of(journal_verb_name(r->head.verb)),
        .state = text_of(journal_state_name(r->head.state)),
        .version = r->head.version,
        .lost = text_of(r->lost.what),
        .lost_is_suspected = journal_may_have_lost(text_of(r->lost.what)),
        .selection = text_of(s->options.access.selection),
        .started = r->head.started,
        .stopped = r->head.stopped,
        .last = r->head.last,
        .record_sets = record_sets,
        .need = need,
        .csv = s->options.csv,
    };
    reports_write(list, s->options.reports_len, &head, &r->fleet, &source);
    return OK;
}

/* The last error is the caller's to tell, so that they are told in their order. */
static enum err reports_tell(const struct report_wanted *list, size_t len, enum err first,
                             struct why *why)
{
    for (size_t i = 0; i < len; i++) {
        const struct report_wanted *one = &list[i];
        if (one->err == OK)
            continue;
        if (first != OK)
            message_error("%s", why->text);
        *why = one->why;
        first = first == OK ? one->err : first;
    }
    return first;
}

static enum err reports_of_run(struct session *s, const struct published_list *record_sets,
                               const struct report_need *need, enum err first, struct why *why)
{
    const struct options *o = &s->options;
    struct why second = {""};
    struct report_wanted *list =
        ARENA_ARRAY(&s->run.arena, struct report_wanted, o->reports_len + 1);
    if (!list)
        return first == OK ? why_set(why, ERR_NOMEM, "out of memory") : first;
    for (size_t i = 0; i < o->reports_len; i++)
        list[i] =
            (struct report_wanted){.format = o->reports[i].format, .path = o->reports[i].path};
    enum err err = o->reports_len ? reports_make(s, record_sets, need, list, &second) : OK;
    if (err != OK && first == OK)
        *why = second;
    else if (err != OK)
        message_error("%s", second.text);
    return reports_tell(list, o->reports_len, first == OK ? err : first, why);
}

enum err session_report(struct session *s, struct why *why)
{
    struct run *r = &s->run;
    struct run_head head;
    enum err first = journal_run(r->journal, r->head.id, &head, &r->arena, why);
    struct published_list list, *record_sets = first == OK && r->publishing ? &list : NULL;
    if (first == OK)
        r->head = head;
    if (record_sets)
        first = published_rows(r->publishing, record_sets, why);
    if (first != OK)
        record_sets = NULL;
    bool is_plan = first == OK && r->head.verb == RUN_PLAN && r->reading;
    struct report_need need;
    if (is_plan && s->options.reports_len)
        first = summary_need(r, &need, why);
    is_plan &= first == OK;
    fflush(stdout); /* reports to standard output go past stdio */
    return reports_of_run(s, record_sets, is_plan ? &need : NULL, first, why);
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
    if (err != OK || !whole || o->quiet || s->hides_plan || session_takes_stdout(o))
        return err;
    if (r->head.verb == RUN_PLAN)
        err = summary_plan(o, r, sum, why);
    else if (r->totals.by_state[JOB_WAITING_DNS])
        err = waiting_print(o, r, why);
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
    if (s->run.head.verb != RUN_PLAN && options_journal_is_shared(o))
        return submitting_carry_out(s, why);
    if (s->run.head.verb != RUN_PLAN)
        live_page_follow(s->page, &s->run.config.companions, NULL);
    return session_conclude(s, run_carry_out(&s->run, why), why);
}
