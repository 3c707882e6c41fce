/* status: the state of a run, from its journal, on one screen. */
#include "options/advice.h"
#include "publishing_session.h"
#include "reports/group.h"
#include "run/holders.h"
#include "run/narrow.h"
#include "run/rows.h"
#include "run/run_orders.h"
#include "run/unfinished.h"
#include "session.h"
#include "ui/messages.h"
#include "ui/next_steps.h"
#include "ui/run_beside.h"
#include "ui/run_lost.h"
#include "ui/screen.h"
#include "ui/status_watch.h"
#include "ui/summary.h"
#include "ui/waiting_text.h"
#include "ui/workers_text.h"
#include "verbs.h"

#include "base/count.h"
#include "base/plural.h"
#include "wire/os_clock.h"

#include <string.h>
#include <sys/resource.h>

#define ROWS_SHOWN 10 /* of each kind, without --verbose */

/* "open, 3 of 40 lanes are carried". */
static const char *shared_text(struct journal *j, const struct run_head *head,
                               char text[JOURNAL_HOLDER_MAX])
{
    struct shared_run view;
    struct why unknown;
    if (leases_run(j, head->id, &view, &unknown) != OK)
        return "open";
    snprintf(text, JOURNAL_HOLDER_MAX, "%s, %u of %u %s carried",
             view.stops       ? "stopping"
             : view.is_paused ? "paused"
                              : "open",
             view.lanes_held, view.lanes_open, plural(view.lanes_open, "lane is", "lanes are"));
    return text;
}

/* Open means running, if somebody writes; otherwise the process is gone. */
static const char *state_text(struct journal *j, const struct run_head *head,
                              char holder[JOURNAL_HOLDER_MAX])
{
    static const char *const open[] = {
        [JOURNAL_NO_WRITER] = "cut off",
        [JOURNAL_HAS_WRITER] = "running",
        [JOURNAL_WRITER_UNKNOWN] = ("open, and it is not known whether a process is running "
                                    "it: the lock file of its journal is gone")};
    *holder = '\0';
    if (head->state == RUN_OPEN && journal_is_shared(j))
        return shared_text(j, head, holder);
    return head->state == RUN_OPEN      ? open[journal_writer(j, head->id, holder)]
           : head->state == RUN_STOPPED ? "stopped before the end"
                                        : journal_state_name(head->state);
}

/* Of an open run of a shared journal: who carries it, or how somebody would. Not inlined: its
 * advice would lie on the stack of all that is printed. */
__attribute__((noinline)) static enum err print_carried(const struct options *o, struct run *r,
                                                        const struct run_orders *orders,
                                                        struct why *why)
{
    struct advice a;
    struct holders h;
    struct buf words;
    char who[ORDER_GIVER_MAX], since[WHEN_LEN];
    enum err err = holders_read(&h, r->journal, r->head.id, &r->arena, why);
    if (err != OK)
        return err;
    buf_init(&words, LINE_LEN_MAX);
    workers_state_add(&words, &h);
    printf(TEXT_FMT "\n", TEXT_ARG(buf_text(&words)));
    if (h.run.stops && h.by_state[HOLDER_CARRIED] == 0)
        printf("Its workers are gone; to go on: %s\n", advice_run(&a, o, "resume", r->head.id, ""));
    else if (h.run.is_paused && !h.run.stops && orders->pause)
        printf("Paused by %s since %s; to go on: %s\n", order_giver(orders->pause, who),
               when_format(orders->pause->at, since), advice_run(&a, o, "resume", r->head.id, ""));
    else if (h.by_state[HOLDER_CARRIED] == 0 && !h.run.stops)
        printf("To carry it, here or on any machine%s: %s\n", advice_worker_words(o),
               advice_worker(&a, o));
    if (h.run.waves.paused)
        printf("No further identity is started: %s\n", h.run.waves.reason);
    if (orders->rate_per_s > 0)
        printf("Goes at %g calls a second of each action, as mailfrom pace has told it\n",
               orders->rate_per_s);
    buf_clear(&words);
    return OK;
}

/* Waves and max_failures stop a run in every worker. */
static enum err print_waves_reason(const struct run *r, struct why *why)
{
    struct shared_run view;
    enum err err = leases_run(r->journal, r->head.id, &view, why);
    if (err == OK && view.waves.paused)
        printf("No further identity was started: %s\n", view.waves.reason);
    return err;
}

/* Not inlined: its advice would lie on the stack of all that is printed. */
__attribute__((noinline)) static enum err print_state(const struct options *o, struct run *r,
                                                      struct why *why)
{
    struct advice a;
    struct run_orders orders;
    char holder[JOURNAL_HOLDER_MAX];
    enum err err = run_orders_read(&orders, r->journal, r->head.id, &r->arena, why);
    if (err == OK && r->head.state == RUN_OPEN && journal_is_shared(r->journal))
        return print_carried(o, r, &orders, why);
    const char *text = state_text(r->journal, &r->head, holder);
    bool given_up = r->head.state == RUN_GIVEN_UP;
    if (err == OK && orders.pause && strcmp(text, "running") == 0) {
        char who[ORDER_GIVER_MAX], since[WHEN_LEN];
        printf("paused by %s since %s", order_giver(orders.pause, who),
               when_format(orders.pause->at, since));
        printf("%s%s; to go on: %s\n", *holder ? ", runs as " : "", holder,
               advice_run(&a, o, "resume", r->head.id, ""));
        return OK;
    }
    printf("%s", text);
    if (*holder)
        printf(", as %s", holder);
    else if (r->head.state != RUN_ENDED && strcmp(text, "running") != 0)
        printf("; to %s: %s", given_up ? "take it up again" : "go on",
               advice_run(&a, o, "resume", r->head.id, given_up ? "--retry-failed" : ""));
    fputc('\n', stdout);
    if (err == OK && journal_is_shared(r->journal) && r->head.state == RUN_STOPPED)
        err = print_waves_reason(r, why);
    if (err == OK && orders.rate_per_s > 0 && !run_is_over(r->head.state))
        printf("Goes at %g calls a second of each action, as mailfrom pace has told it\n",
               orders.rate_per_s);
    return err;
}

struct opener {
    const struct options *options;
    struct run *run;
    struct groups groups;
    uint32_t shown;
    struct buf a, b;
};

/* Rows that wait for DNS are told by zone. */
static bool wait_one(void *ctx, const struct report_row *row)
{
    struct opener *w = ctx;
    bool is_verbose = w->options->access.verbose;
    if (row->state == JOB_DONE || row->state == JOB_NEW ||
        (row->state == JOB_WAITING_DNS && !is_verbose))
        return true;
    if (!is_verbose) {
        groups_add(&w->groups, row);
        return true;
    }
    if (w->shown++ == 0)
        printf("\nWhat waits for what:\n");
    message_say(2, "%s: %s%s%s", message_safe(&w->a, row->identity),
                standing_words(row->standing, TENSE_RUN), row->reason.len ? ": " : "",
                message_safe(&w->b, row->reason));
    return true;
}

/* Rows of the i-th group that wait for the same, whatever is to be done with them; 0: they are told
 * with an earlier one. */
static uint32_t alike_count(const struct groups *g, uint32_t i)
{
    uint32_t count = 0;
    for (uint32_t k = 0; k < g->len; k++) {
        if (g->list[k].standing != g->list[i].standing || g->list[k].reason != g->list[i].reason)
            continue;
        if (k < i)
            return 0;
        count += g->list[k].count;
    }
    return count;
}

/* "  204 waiting for SES: SES has accepted ... (a.example and 203 more)" */
static void kinds_print(struct opener *w)
{
    const struct groups *g = &w->groups;
    uint32_t left = 0;
    for (uint32_t i = 0; i < g->len; i++) {
        const struct group *group = &g->list[i];
        uint32_t count = alike_count(g, i);
        struct text reason =
            count == 1 ? group_reason(g, group) : names_text(&g->names, group->reason);
        char more[32] = "";
        if (count && w->shown++ >= ROWS_SHOWN)
            left += count;
        if (count == 0 || w->shown > ROWS_SHOWN)
            continue;
        if (w->shown == 1)
            printf("\nWhat waits for what:\n");
        if (count > 1)
            snprintf(more, sizeof more, " and %u more", count - 1);
        message_say(
            2, "%u %s%s%s (%s%s)", count, standing_counted(count, group->standing, TENSE_RUN),
            reason.len ? ": " : "", message_safe(&w->a, reason),
            message_safe(&w->b, fleet_identity(&w->run->fleet, group->examples[0].row)), more);
    }
    if (left)
        printf("  ... and %u more; --verbose shows them\n", left);
}

static enum err print_waiting(const struct options *o, struct run *r, const struct report_sum *sum,
                              struct why *why)
{
    struct opener w = {.options = o, .run = r};
    buf_init(&w.a, LINE_LEN_MAX);
    buf_init(&w.b, LINE_LEN_MAX);
    enum err err = groups_init(&w.groups, why);
    if (err == OK)
        err = run_rows(r, wait_one, &w, why);
    if (err == OK && w.groups.failed)
        err = why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK) {
        groups_sort(&w.groups);
        kinds_print(&w);
    }
    groups_clear(&w.groups);
    if (err == OK && sum->by_state[JOB_WAITING_DNS])
        err = waiting_print(o, r, why);
    next_steps_records(o, r, sum->by_state[JOB_WAITING_DNS]);
    buf_clear(&w.a);
    buf_clear(&w.b);
    return err;
}

/* The rows of one alarm, with what is said of them. */
struct alarming {
    enum row_alarm alarm;
    uint32_t shown, wanted;
    struct buf told, a, b;
};

/* A run may be large, and all of its rows have been read to count the alarms: as few as will do. */
static bool alarm_one(void *ctx, const struct report_row *row)
{
    struct alarming *p = ctx;
    if (row->alarm != p->alarm)
        return true;
    buf_reset(&p->told);
    row_told(row, &p->told);
    message_say(2, "%s  %s", message_safe(&p->a, row->identity),
                message_safe(&p->b, buf_text(&p->told)));
    return ++p->shown < p->wanted;
}

static enum err print_alarm(const struct options *o, struct run *r, const struct report_sum *s,
                            enum row_alarm alarm, struct why *why)
{
    uint32_t all = s->by_alarm[alarm];
    bool shows_all = o->access.verbose || all <= ROWS_SHOWN;
    struct alarming p = {.alarm = alarm, .wanted = shows_all ? all : ROWS_SHOWN};
    struct buf *bufs[] = {&p.told, &p.a, &p.b};
    if (!all)
        return OK;
    for (size_t i = 0; i < COUNT(bufs); i++)
        buf_init(bufs[i], LINE_LEN_MAX);
    printf("\n%s (%u):\n", row_alarm_title(alarm), all);
    enum err err = run_rows(r, alarm_one, &p, why);
    if (!shows_all)
        printf("  ... and %u more; --verbose shows them\n", all - ROWS_SHOWN);
    for (size_t i = 0; i < COUNT(bufs); i++)
        buf_clear(bufs[i]);
    return err;
}

static void provider_note(const struct run *r, uint32_t row, const char *reason)
{
    const struct provider *p = &r->fleet.providers[row];
    printf(TEXT_FMT ":%u (%s): %s\n", TEXT_ARG(r->fleet.files[p->file]), p->line,
           provider_kind_name(p->kind), reason);
}

static bool note_one(void *ctx, const struct lane_note *note)
{
    const struct run *r = ctx;
    uint32_t lanes = r->view ? r->view->lanes : r->fleet.lanes_len;
    uint32_t shown = note->lane < lanes ? run_lane_shown(r, note->lane) : FLEET_LEFT_OUT;
    struct buf reason;
    if (note->reason.len == 0)
        return true;
    buf_init(&reason, LINE_LEN_MAX);
    if (shown != FLEET_LEFT_OUT) {
        const struct lane *lane = &r->fleet.lanes[shown];
        printf("Account " TEXT_FMT ", Region " TEXT_FMT ": %s\n",
               TEXT_ARG(names_text(&r->fleet.names, r->fleet.accounts[lane->account].name)),
               TEXT_ARG(names_text(&r->fleet.names, lane->region)),
               message_safe(&reason, note->reason));
    } else if (note->lane >= lanes && note->lane - lanes < r->fleet.providers_len) {
        provider_note(r, note->lane - lanes, message_safe(&reason, note->reason));
    }
    buf_clear(&reason);
    return true;
}

/* Of a shared journal: which worker has which lane. */
static enum err print_lanes(const struct options *o, struct run *r, struct why *why)
{
    struct holders h;
    if (!journal_is_shared(r->journal))
        return OK;
    enum err err = holders_read(&h, r->journal, r->head.id, &r->arena, why);
    if (err == OK)
        workers_print(o, &h);
    return err;
}

static enum err print_parts(const struct options *o, struct run *r, const struct report_sum *s,
                            struct why *why)
{
    printf("Run %llu (%s): ", (unsigned long long)r->head.id, journal_verb_name(r->head.verb));
    enum err err = print_state(o, r, why);
    if (err == OK)
        err = print_alarm(o, r, s, ALARM_REJECTING, why);
    if (err == OK && s->by_alarm[ALARM_REJECTING])
        fputc('\n', stdout);
    struct buf counts, words;
    bool is_over = run_is_over(r->head.state); /* its open rows wait for nobody */
    struct os_clock clock;
    char started[WHEN_LEN], last[WHEN_LEN], deadline[WHEN_LEN];
    buf_init(&counts, LINE_LEN_MAX);
    buf_init(&words, LINE_LEN_MAX);
    report_counts(s, &counts);
    if (o->access.selection)
        message_say(0, "Selected by %s", message_safe(&words, text_of(o->access.selection)));
    printf("Started %s, last record %s\n", when_format(r->head.started, started),
           when_format(r->head.last, last));
    message_say(0, "%u %s: %s; %llu %s kept", r->head.jobs,
                plural(r->head.jobs, "identity", "identities"), counts.len ? counts.at : "none",
                (unsigned long long)s->writes, plural(s->writes, "write", "writes"));
    summary_dmarc(s);
    if (s->deadline != WHEN_NEVER && !is_over)
        printf("Earliest deadline %s\n", when_format(s->deadline, deadline));
    buf_reset(&counts);
    os_clock_open(&clock, 0);
    wave_tally_told(&s->wave, os_clock_now(&clock), &counts);
    if (counts.len && !is_over)
        message_say(0, "Now " TEXT_FMT, TEXT_ARG(buf_text(&counts)));
    buf_clear(&counts);
    buf_clear(&words);
    if (err == OK && !is_over)
        err = print_lanes(o, r, why);
    if (err == OK && !is_over)
        err = journal_lane_notes(r->journal, r->head.id, note_one, r, why);
    if (err == OK && !is_over)
        err = print_waiting(o, r, s, why);
    if (err == OK && r->head.state == RUN_ENDED)
        next_steps_retry(o, r, summary_bad(s), s->by_outcome[OUTCOME_DRIFTED]);
    return err == OK ? print_alarm(o, r, s, ALARM_AILING, why) : err;
}

static enum err print_status(const struct options *o, struct run *r, struct why *why)
{
    struct report_sum s = {0};
    enum err err = summary_count(r, &s, why);
    if (err == OK)
        err = print_parts(o, r, &s, why);
    report_sum_clear(&s);
    return err;
}

/* Of a run that publishes: its record sets. */
static enum err print_publishing(struct session *s, struct why *why)
{
    const struct run_head *head = &s->run.head;
    char started[WHEN_LEN];
    printf("Run %llu, %s of %s: ", (unsigned long long)head->id, journal_verb_name(head->verb),
           when_format(head->started, started));
    enum err err = print_state(&s->options, &s->run, why);
    if (err == OK && !run_is_over(head->state))
        err = print_lanes(&s->options, &s->run, why);
    return err == OK ? publishing_report(s, true, why) : err;
}

/* Of an apply that publishes: its record sets, behind its identities. */
static enum err print_record_sets(struct session *s, struct why *why)
{
    enum err err = publishing_attach(s, why);
    if (err != OK || !s->run.publishing)
        return err;
    printf("\nRecord sets that the run creates:\n");
    return publishing_report(s, true, why);
}

static bool target_count(void *ctx, const struct publish_target *target)
{
    (void)target;
    ++*(uint32_t *)ctx;
    return true;
}

static bool list_one(void *ctx, const struct run_head *head)
{
    char started[WHEN_LEN], holder[JOURNAL_HOLDER_MAX];
    uint32_t rows = head->jobs;
    bool publishes = journal_verb_publishes(head->verb);
    struct why why;
    if (publishes)
        rows = 0;
    if (publishes && journal_targets(ctx, head->id, target_count, &rows, &why) != OK)
        return false;
    printf("%6llu  %-8s  %s  %u %s  %s\n", (unsigned long long)head->id,
           journal_verb_name(head->verb), when_format(head->started, started), rows,
           publishes ? plural(rows, "name", "names") : plural(rows, "identity", "identities"),
           state_text(ctx, head, holder));
    return true;
}

static enum err status_once(const struct options *given, uint64_t id, struct why *why)
{
    /* Its options become those of the run, for what is printed to be pasted. */
    struct session *s = session_new(given);
    if (!s)
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err = run_journal(&s->run, JOURNAL_READ, why);
    if (err == OK && id == 0)
        err = run_meant(s->run.journal, &id, why);
    if (err == OK)
        err = run_recall(&s->run, id, why);
    if (err == OK && given->arguments_len == 0)
        err = run_beside_list(given, &s->run, s->run.head.id, why);
    if (err == OK)
        err = run_view(&s->run, &s->options.access, &given->selection, why);
    if (err == OK)
        err = access_read(&s->options.access, s->run.head.options, &s->run.arena, why);
    if (err == OK)
        err = run_lost_tell(&s->options, &s->run, why);
    if (err == OK && journal_verb_publishes(s->run.head.verb))
        err = print_publishing(s, why);
    else if (err == OK)
        err = print_status(&s->options, &s->run, why);
    if (err == OK && !journal_verb_publishes(s->run.head.verb))
        err = print_record_sets(s, why);
    session_free(s);
    return err;
}

static enum err status_all(const struct options *o, struct why *why)
{
    struct session *s = session_new(o);
    if (!s)
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err = run_journal(&s->run, JOURNAL_READ, why);
    if (err == OK)
        err = journal_runs(s->run.journal, list_one, s->run.journal, why);
    if (err == OK)
        err = run_lost_list(o, &s->run, why);
    if (err == OK && journal_is_shared(s->run.journal))
        err = workers_list(s->run.journal, why);
    session_free(s);
    return err;
}

/* Does the run that is meant publish? Its rows are record sets, which have one form. */
static enum err publishes_ask(const struct options *o, uint64_t id, bool *publishes,
                              struct why *why)
{
    struct session *s = session_new(o);
    struct run_head head;
    if (!s)
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err = run_journal(&s->run, JOURNAL_READ, why);
    if (err == OK && id == 0)
        err = run_meant(s->run.journal, &id, why);
    if (err == OK)
        err = journal_run(s->run.journal, id, &head, &s->run.arena, why);
    *publishes = err == OK && journal_verb_publishes(head.verb);
    if (*publishes && o->json) {
        s->options.reports_len = 1;
        s->options.reports[0] = (struct report_wish){TEXT("json"), "-"};
        err = run_recall(&s->run, id, why);
        if (err == OK)
            err = publishing_report(s, false, why);
    }
    session_free(s);
    return err;
}

/* Fifty watchers at once must not take the processor from the watched run. */
#define NICENESS 19

static enum err page_look(void *ctx, struct run *r, const char *state, bool goes_on,
                          struct why *why)
{
    return live_page_look(ctx, r, state, goes_on, why);
}

static void page_end(void *ctx)
{
    live_page_close(ctx);
}

static enum err status_watch(const struct options *o, uint64_t id, struct why *why)
{
    struct live_page *page;
    enum err err = live_page_open(&page, o, LIVE_RUN, NULL, "The journal is read.", why);
    const struct watch_viewer viewer = {page, page ? page_look : NULL, page ? page_end : NULL};
    return err == OK ? watch_run(o, id, &viewer, why) : err;
}

int verb_status(const struct options *o)
{
    struct why why = {""};
    uint64_t id;
    setpriority(PRIO_PROCESS, 0, NICENESS); /* can only fail where it is more already */
    enum err err = session_number(o, &id, &why);
    bool publishes = false;
    if (err == OK && !o->all && (o->watch || o->json))
        err = publishes_ask(o, id, &publishes, &why);
    if (err == OK && publishes && o->json)
        return EXIT_OK;
    if (err == OK && publishes && o->listen)
        err = why_set(
            &why, ERR_INPUT,
            "--listen follows runs of identities here, and this is a run of record sets: give "
            "--listen to publish or withdraw itself");
    if (err == OK && o->all)
        err = status_all(o, &why);
    else if (err == OK && publishes)
        err = status_once(o, id, &why);
    else if (err == OK && o->watch)
        err = status_watch(o, id, &why);
    else if (err == OK && o->json)
        err = watch_once(o, id, &why);
    else if (err == OK)
        err = status_once(o, id, &why);
    if (err == OK && o->watch && !o->json && screen_can_draw(stdout))
        err = status_once(o, id, &why); /* in the place of the progress view */
    if (err != OK)
        message_error("%s", why.text);
    return err == OK ? EXIT_OK : EXIT_CANNOT_RUN;
}
