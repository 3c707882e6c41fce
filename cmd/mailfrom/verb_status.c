/* status: the state of a run, from its journal, on one screen. */
#include "options/advice.h"
#include "run/narrow.h"
#include "run/rows.h"
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
#include "verbs.h"

#include "base/count.h"
#include "base/plural.h"
#include "wire/os_clock.h"

#include <sys/resource.h>

#define ROWS_SHOWN 10 /* of each kind, without --verbose */

static const char *state_text(enum run_state state)
{
    static const char *const texts[] = {"open", "stopped before the end", "ended"};
    return texts[state];
}

/* Open means running, if somebody writes; otherwise the process is gone. Not inlined: its advice
 * would lie on the stack of all that is printed. */
__attribute__((noinline)) static void print_state(const struct options *o, const struct run *r,
                                                  uint32_t open)
{
    struct advice a;
    char holder[JOURNAL_HOLDER_MAX];
    bool has_ended = r->head.state == RUN_ENDED;
    const char *resume = advice_run(&a, o, "resume", r->head.id, has_ended ? "--retry-failed" : "");
    if (r->head.state == RUN_STOPPED)
        printf("%s; to go on: %s\n", state_text(r->head.state), resume);
    if (has_ended && open)
        printf("given up or taken back before %u of %u %s had come to an end; to take it up again: "
               "%s\n",
               open, r->head.jobs, plural(r->head.jobs, "identity", "identities"), resume);
    else if (has_ended)
        printf("%s\n", state_text(r->head.state));
    if (r->head.state != RUN_OPEN)
        return;
    switch (journal_writer(r->journal, r->head.id, holder)) {
    case JOURNAL_NO_WRITER: printf("cut off; to go on: %s\n", resume); break;
    case JOURNAL_HAS_WRITER: printf("running%s%s\n", *holder ? ", as " : "", holder); break;
    case JOURNAL_WRITER_UNKNOWN:
        printf("open, and it is not known whether a process is running it: the lock file of its "
               "journal is gone. If no process is running it: %s\n",
               resume);
        break;
    }
}

struct opener {
    const struct options *options;
    struct run *run;
    uint32_t shown;
    struct buf a, b;
};

static bool wait_one(void *ctx, const struct report_row *row)
{
    struct opener *w = ctx;
    bool is_folded = row->state == JOB_WAITING_DNS && !w->options->access.verbose;
    if (row->state == JOB_DONE || row->state == JOB_NEW || is_folded ||
        (w->shown >= ROWS_SHOWN && !w->options->access.verbose))
        return true;
    if (w->shown++ == 0)
        printf("\nWhat waits for what:\n");
    printf("  %-14s %s", job_state_name(row->state), message_safe(&w->a, row->identity));
    printf("  %s\n", message_safe(&w->b, row->reason));
    return true;
}

static enum err print_waiting(const struct options *o, struct run *r, const struct report_sum *sum,
                              struct why *why)
{
    struct opener w = {.options = o, .run = r};
    buf_init(&w.a, LINE_LEN_MAX);
    buf_init(&w.b, LINE_LEN_MAX);
    enum err err = run_rows(r, wait_one, &w, why);
    for (int s = 0; s < JOB_STATES; s++)
        if (sum->by_state[s])
            printf("%s%s %u", s && w.shown ? "  " : "  ", job_state_name((enum job_state)s),
                   sum->by_state[s]);
    fputc('\n', stdout);
    if (err == OK && sum->by_state[JOB_WAITING_DNS])
        err = waiting_print(o, r, why);
    next_steps_records(o, r, sum->by_state[JOB_WAITING_DNS]);
    buf_clear(&w.a);
    buf_clear(&w.b);
    return err;
}

/* The rows of one alarm, with what is said of them. */
struct alarming {
    const struct options *options;
    struct run *run;
    enum row_alarm alarm;
    uint32_t shown;
    struct buf told, a, b;
};

static bool alarm_one(void *ctx, const struct report_row *row)
{
    struct alarming *p = ctx;
    if (row->alarm != p->alarm || (p->shown++ >= ROWS_SHOWN && !p->options->access.verbose))
        return true;
    buf_reset(&p->told);
    row_told(row, &p->told);
    printf("  %s", message_safe(&p->a, row->identity));
    printf("  %s\n", message_safe(&p->b, buf_text(&p->told)));
    return true;
}

static enum err print_alarm(const struct options *o, struct run *r, const struct report_sum *s,
                            enum row_alarm alarm, struct why *why)
{
    struct alarming p = {.options = o, .run = r, .alarm = alarm};
    struct buf *bufs[] = {&p.told, &p.a, &p.b};
    if (!s->by_alarm[alarm])
        return OK;
    for (size_t i = 0; i < COUNT(bufs); i++)
        buf_init(bufs[i], LINE_LEN_MAX);
    printf("\n%s (%u):\n", row_alarm_title(alarm), s->by_alarm[alarm]);
    enum err err = run_rows(r, alarm_one, &p, why);
    if (p.shown > ROWS_SHOWN && !o->access.verbose)
        printf("  ... and %u more; --verbose shows them\n", p.shown - ROWS_SHOWN);
    for (size_t i = 0; i < COUNT(bufs); i++)
        buf_clear(bufs[i]);
    return err;
}

static bool note_one(void *ctx, const struct lane_note *note)
{
    const struct run *r = ctx;
    uint32_t shown = run_lane_shown(r, note->lane);
    struct buf reason;
    if (note->reason.len == 0 || shown == FLEET_LEFT_OUT)
        return true;
    const struct lane *lane = &r->fleet.lanes[shown];
    buf_init(&reason, LINE_LEN_MAX);
    printf("Account " TEXT_FMT ", Region " TEXT_FMT ": %s\n",
           TEXT_ARG(names_text(&r->fleet.names, r->fleet.accounts[lane->account].name)),
           TEXT_ARG(names_text(&r->fleet.names, lane->region)),
           message_safe(&reason, note->reason));
    buf_clear(&reason);
    return true;
}

static enum err print_parts(const struct options *o, struct run *r, const struct report_sum *s,
                            struct why *why)
{
    printf("Run %llu (%s): ", (unsigned long long)r->head.id, journal_verb_name(r->head.verb));
    bool has_ended = r->head.state == RUN_ENDED;
    print_state(o, r, s->rows - s->by_state[JOB_DONE]);
    enum err err = print_alarm(o, r, s, ALARM_REJECTING, why);
    if (err == OK && s->by_alarm[ALARM_REJECTING])
        fputc('\n', stdout);
    struct buf counts, words;
    struct os_clock clock;
    char started[WHEN_LEN], last[WHEN_LEN], deadline[WHEN_LEN];
    buf_init(&counts, LINE_LEN_MAX);
    buf_init(&words, LINE_LEN_MAX);
    report_counts(s, &counts);
    if (o->access.selection)
        printf("Selected by %s\n", message_safe(&words, text_of(o->access.selection)));
    printf("Started %s, last record %s\n", when_format(r->head.started, started),
           when_format(r->head.last, last));
    printf("%u %s: %s; %llu %s kept\n", r->head.jobs,
           plural(r->head.jobs, "identity", "identities"), counts.len ? counts.at : "none",
           (unsigned long long)s->writes, plural(s->writes, "write", "writes"));
    if (s->deadline != WHEN_NEVER && !has_ended)
        printf("Earliest deadline %s\n", when_format(s->deadline, deadline));
    buf_reset(&counts);
    os_clock_open(&clock, 0);
    wave_tally_told(&s->wave, os_clock_now(&clock), &counts);
    if (counts.len && !has_ended)
        printf("Now " TEXT_FMT "\n", TEXT_ARG(buf_text(&counts)));
    buf_clear(&counts);
    buf_clear(&words);
    if (err == OK && !has_ended)
        err = journal_lane_notes(r->journal, r->head.id, note_one, r, why);
    if (err == OK && !has_ended)
        err = print_waiting(o, r, s, why);
    if (err == OK && has_ended)
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

static bool list_one(void *ctx, const struct run_head *head)
{
    char started[WHEN_LEN];
    (void)ctx;
    printf("%6llu  %-8s  %s  %u %s  %s\n", (unsigned long long)head->id,
           journal_verb_name(head->verb), when_format(head->started, started), head->jobs,
           plural(head->jobs, "identity", "identities"), state_text(head->state));
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
    if (err == OK)
        err = print_status(&s->options, &s->run, why);
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
        err = journal_runs(s->run.journal, list_one, NULL, why);
    if (err == OK)
        err = run_lost_list(o, &s->run, why);
    session_free(s);
    return err;
}

/* Fifty watchers at once must not take the processor from the watched run. */
#define NICENESS 19

int verb_status(const struct options *o)
{
    struct why why = {""};
    uint64_t id;
    setpriority(PRIO_PROCESS, 0, NICENESS); /* can only fail where it is more already */
    enum err err = session_number(o, &id, &why);
    if (err == OK && o->all)
        err = status_all(o, &why);
    else if (err == OK && o->watch)
        err = watch_run(o, id, &why);
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
