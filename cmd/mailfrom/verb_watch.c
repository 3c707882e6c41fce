/* watch: one sweep, or one after another; what it finds is shown, remembered and told. */
#include "base/plural.h"
#include "journal/store_sqlite/store_sqlite.h"
#include "live_watching.h"
#include "notify/notify.h"
#include "notifying.h"
#include "options/advice.h"
#include "reports/event_line.h"
#include "reports/metrics.h"
#include "run/narrow.h"
#include "session.h"
#include "ui/exit_codes.h"
#include "ui/messages.h"
#include "ui/run_notes.h"
#include "ui/ticker.h"
#include "ui/watch_report.h"
#include "verbs.h"
#include "watch_shared.h"
#include "wire/os_clock.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAGIOS_UNKNOWN 3

/* What outlives a sweep. */
struct watcher {
    const struct options *options;
    struct signals signals;
    struct os_clock clock;
    struct live_page *page;  /* NULL: none is wished */
    struct journal *journal; /* of the memory; NULL: a dry run without one */
    uint64_t run;            /* the watching as a run of that journal; 0: there is none */
    struct watch_turn turn;  /* of a shared journal, which has no such run */
    bool is_shared;
    bool is_endless;
    uint32_t sweeps;
    span_us every; /* from start to start; known after the first sweep */
    instant_us last_run, last_success;
    bool is_failing; /* the last sweep could not look, and that was told */
    struct watching_calls calls[CALL_KINDS][2];
    struct dmarc_known known;
};

/* One sweep. */
struct sweeping {
    struct watcher *watcher;
    struct ticker ticker; /* of one that is not repeated */
    struct session *session;
    struct watch_memory *memory;
    struct watching watching;
    struct watch_report report;
};

static bool is_nagios(const struct options *o)
{
    return options_format_is(o, "nagios");
}

/* Is standard output for what a person reads? */
static bool shows_text(const struct options *o)
{
    bool has_events = o->notify.events && strcmp(o->notify.events, "-") == 0;
    return !o->json && !is_nagios(o) && !has_events;
}

/* ---- the memory ---- */

static bool identity_pass(void *ctx, const struct watch_identity_record *r)
{
    (void)ctx, (void)r;
    return true;
}

static bool problem_pass(void *ctx, const struct watch_problem_record *r)
{
    (void)ctx, (void)r;
    return true;
}

/* The watching is one run in its journal, without identities: ended where the last sweep could
 * look, stopped where it could not; `stopped` is the end of the last that could. */
static enum err head_open(struct watcher *w, struct why *why)
{
    struct fleet nobody;
    struct arena arena;
    struct run_head head = {0};
    arena_init(&arena, 1u << 16);
    enum err err = journal_run(w->journal, 0, &head, &arena, why);
    if (err == ERR_GONE) {
        head = (struct run_head){.verb = RUN_PLAN,
                                 .started = os_clock_now(&w->clock),
                                 .options = TEXT("{}"),
                                 .version = TEXT(MAILFROM_VERSION)};
        fleet_init(&nobody);
        err = w->options->dry_run ? OK : journal_begin(w->journal, &head, &nobody, why);
        fleet_clear(&nobody);
    }
    w->run = head.id;
    w->last_success = head.stopped;
    w->is_failing = head.state == RUN_STOPPED;
    arena_clear(&arena);
    return err;
}

/* Keeps whether the last sweep could look. */
static void head_keep(struct watcher *w)
{
    struct why why = {""};
    if (!w->journal || w->options->dry_run || (w->run == 0 && !w->is_shared))
        return;
    if (w->is_shared) {
        w->turn.last_success = w->last_success;
        w->turn.is_failing = w->is_failing;
        if (watch_turn_leave(&w->turn, w->journal, &why) != OK)
            message_error("what watching remembers: %s", why.text);
        return;
    }
    if (journal_stop(w->journal, w->run, w->is_failing ? RUN_STOPPED : RUN_ENDED, w->last_success,
                     &why) != OK)
        message_error("what watching remembers: %s", why.text);
}

/* A shared journal remembers watching itself. It is opened as runs open theirs. */
static enum err shared_memory(struct watcher *w, struct why *why)
{
    struct run r;
    const struct options *o = w->options;
    const struct run_config config = {.access = &o->access, .journal = options_journal(o)};
    run_init(&r, &config);
    enum err err = run_journal(&r, o->dry_run ? JOURNAL_READ : JOURNAL_WRITE, why);
    w->journal = r.journal;
    r.journal = NULL;
    run_clear(&r);
    return err == OK ? OK : why_wrap(why, err, "what watching remembers");
}

static enum err journal_of_memory(struct watcher *w, struct why *why)
{
    char path[PATH_MAX];
    const struct options *o = w->options;
    w->is_shared = options_journal_is_shared(o);
    if (w->is_shared)
        return shared_memory(w, why);
    snprintf(path, sizeof path, "%s" OPTIONS_WATCHED, options_journal(o));
    enum journal_mode mode = o->dry_run ? JOURNAL_READ : JOURNAL_WRITE;
    enum err err = journal_open_file(&w->journal, path, mode, why);
    if (err == ERR_GONE && o->dry_run)
        return OK;
    if (err == OK)
        err = journal_watch_each(w->journal, identity_pass, problem_pass, NULL, why);
    bool is_gone = err != OK && err != ERR_BUSY && access(path, F_OK) != 0 && errno == ENOENT;
    bool is_damaged = err == ERR_IO && journal_is_damaged(text_of(why->text));
    if ((is_gone || is_damaged) && !o->dry_run) {
        /* A watch that does not look would be worse than one that has forgotten. */
        if (is_gone)
            message_error("%s is not there any more, so watching remembers nothing of before",
                          path);
        else
            message_error("%s: %s; it is now %s" JOURNAL_ASIDE
                          ", and watching remembers nothing of before",
                          path, why->text, path);
        journal_close(w->journal);
        w->journal = NULL;
        err = journal_set_aside(path, why);
        if (err == OK)
            err = journal_open_file(&w->journal, path, mode, why);
    }
    if (err == OK)
        err = head_open(w, why);
    return err == OK ? OK : why_wrap(why, err, "what watching remembers");
}

static bool identity_learn(void *memory, const struct watch_identity_record *r)
{
    return watch_turn_has(r->number) || watch_learn_identity(memory, r);
}

static enum err turn_take(struct watcher *w, struct why *why)
{
    if (!w->is_shared || !w->journal)
        return OK;
    enum err err =
        watch_turn_take(&w->turn, w->journal, w->options->dry_run, os_clock_now(&w->clock), why);
    if (err == OK) {
        w->last_success = w->turn.last_success;
        w->is_failing = w->turn.is_failing;
    }
    return err;
}

static enum err memory_open(struct sweeping *s, struct why *why)
{
    struct watcher *w = s->watcher;
    s->memory = watch_open(&s->session->run.fleet.watch);
    enum err err = s->memory ? turn_take(w, why) : why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK && w->journal)
        err = journal_watch_each(w->journal, identity_learn, watch_learn_problem, s->memory, why);
    if (err == OK && watch_left_out(s->memory))
        message_error("%u rows of what watching remembers are damaged: when those problems began "
                      "is not known any more",
                      watch_left_out(s->memory));
    return err;
}

static enum err memory_keep(struct sweeping *s, struct why *why)
{
    struct watch_rows rows;
    if (!s->watcher->journal || s->watcher->options->dry_run)
        return OK;
    if (!watch_rows(s->memory, &rows))
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err =
        s->watcher->is_shared ? watch_turn_hold(&s->watcher->turn, s->watcher->journal, why) : OK;
    if (err == OK)
        err = journal_watch_keep(s->watcher->journal, &rows, why);
    if (err == OK)
        watch_kept(s->memory);
    return err;
}

/* ---- what is told ---- */

static void event_tell(struct sweeping *s, const struct watch_event *e)
{
    const struct run *r = &s->session->run;
    const struct watching *w = &s->watching;
    const struct watching_problem *p = watching_find(w, e);
    struct notifier *notifier = s->watcher->options->notify.notifier;
    struct buf mend, line;
    struct notification what = {.type = NOTE_PROBLEM,
                                .at = w->ended,
                                .kind = e->kind,
                                .from = e->from,
                                .to = e->to,
                                .identity = e->key.identity,
                                .account = e->key.lane.account,
                                .account_number = e->key.lane.number,
                                .region = e->key.lane.region,
                                .since = e->since,
                                .deadline = e->deadline,
                                .run = r->head.id,
                                .verb = TEXT("watch"),
                                .rows = r->fleet.choices_len,
                                .finished = r->fleet.choices_len - w->unseen,
                                .bad = w->rows_bad};
    buf_init(&mend, sizeof((struct advice *)0)->text);
    buf_init(&line, EVENT_LINE_MAX);
    if (p) {
        watch_mend(&mend, &s->report, p, true);
        what.reason = text_of(p->reason);
        what.mend = buf_text(&mend);
    } else {
        what.reason = TEXT("it is over");
    }
    if (notifier)
        notifier_tell(notifier, &what);
    if (s->watcher->is_endless && s->watcher->sweeps > 1 && shows_text(s->watcher->options)) {
        char at[WHEN_LEN];
        event_sentence_add(&line, &what);
        printf("%s %s\n", when_format(w->ended, at),
               line.failed ? "" : message_safe(&mend, buf_text(&line)));
    }
    buf_clear(&mend);
    buf_clear(&line);
}

/* Have all outputs delivered what they were given? Waits for them, not longer than a while. */
static bool events_are_delivered(struct watcher *w, uint64_t lost_before)
{
    uint64_t lost = lost_before;
    const struct notifier *n = w->options->notify.notifier;
    bool is_of_timer = !w->is_endless && !isatty(STDERR_FILENO);
    instant_us until =
        os_clock_now(&w->clock) + (is_of_timer ? NOTIFY_PATIENCE_TIMER : NOTIFY_PATIENCE);
    while (n && !notifier_is_idle(n, &lost))
        if (os_clock_now(&w->clock) >= until || signals_sleep(&w->signals, SPAN_MS(20)))
            return false;
    return lost == lost_before;
}

/* Kept before told. *lost: deliveries that were given up before. */
static enum err changes_tell(struct sweeping *s, uint64_t *lost, struct why *why)
{
    uint32_t len;
    const struct notifier *n = s->watcher->options->notify.notifier;
    enum err err = memory_keep(s, why);
    const struct watch_event *events = watch_events(s->memory, &len);
    if (n)
        notifier_is_idle(n, lost);
    for (uint32_t i = 0; err == OK && i < len; i++)
        event_tell(s, &events[i]);
    return err;
}

/* An event is told once every output has it. What a crash or a dead output leaves is told again by
 * the next look, with the same id. */
static enum err changes_settle(struct sweeping *s, uint64_t lost, struct why *why)
{
    uint32_t len;
    watch_events(s->memory, &len);
    if (len == 0 || !events_are_delivered(s->watcher, lost))
        return OK;
    watch_told(s->memory);
    return memory_keep(s, why);
}

/* To the file, and with what was found to the live page. blind: why nothing was seen, or NULL. */
static void figures_tell(struct sweeping *s, const char *blind)
{
    struct why why = {""};
    struct watcher *w = s->watcher;
    const struct watching *seen = &s->watching;
    const struct fleet *f = &s->session->run.fleet;
    struct watch_counts c = watch_count(seen);
    struct metrics_calls calls[2 * CALL_ASK];
    struct metrics_lane *lanes = calloc(f->lanes_len + 1u, sizeof *lanes);
    struct buf text;
    struct watch_metrics m = {.last_run = w->last_run,
                              .last_success = w->last_success,
                              .duration = seen->ended - seen->began,
                              .next_failed = c.next_failed,
                              .lanes = lanes,
                              .lanes_len = lanes && seen->lanes ? f->lanes_len : 0,
                              .calls = calls};
    for (uint32_t i = 0; i < m.lanes_len; i++) {
        const struct lane_name name = watching_key(f, WATCHING_LANE | i).lane;
        lanes[i] = (struct metrics_lane){.account = name.account, .region = name.region};
        memcpy(lanes[i].by_status, seen->lanes[i].by_status, sizeof lanes[i].by_status);
        lanes[i].by_status[MAIL_FROM_UNKNOWN] += seen->lanes[i].unseen;
    }
    for (unsigned kind = 0; kind < CALL_ASK; kind++)
        for (int v = 0; v < 2; v++)
            if (w->calls[kind][v].sent)
                calls[m.calls_len++] = (struct metrics_calls){
                    .action = text_of(call_action((enum call_kind)kind, (enum api)v)),
                    .ok = w->calls[kind][v].sent - w->calls[kind][v].throttled -
                          w->calls[kind][v].failed,
                    .throttled = w->calls[kind][v].throttled,
                    .failed = w->calls[kind][v].failed};
    memcpy(m.problems, c.by_kind, sizeof m.problems);
    memcpy(m.by_level, c.by_level, sizeof m.by_level);
    memcpy(m.dmarc, seen->dmarc_known, sizeof m.dmarc);
    m.dmarc_silent = seen->dmarc.silent;
    buf_init(&text, METRICS_BYTES_MAX);
    watch_metrics_add(&text, &m);
    if (!text.failed && w->options->notify.notifier)
        notifier_metrics(w->options->notify.notifier, buf_text(&text));
    const struct live_sweep sweep = {.report = &s->report,
                                     .blind = blind,
                                     .last_success = w->last_success,
                                     .every = w->every ? w->every : WATCH_POLICY_USUAL.every,
                                     .metrics = buf_text(&text),
                                     .now = os_clock_now(&w->clock)};
    if (live_page_swept(w->page, &sweep, &why) != OK)
        message_error("--listen: %s", why.text);
    buf_clear(&text);
    free(lanes);
}

/* Once when sweeps begin to fail, and once when they look again. reason: NULL, they do. */
static void failure_tell(struct sweeping *s, const char *reason)
{
    struct watcher *w = s->watcher;
    const struct run *r = &s->session->run;
    bool was_failing = w->is_failing;
    w->is_failing = reason != NULL;
    head_keep(w);
    if (was_failing == w->is_failing)
        return;
    const struct notification what = {.type = NOTE_SWEEP_FAILED,
                                      .at = os_clock_now(&w->clock),
                                      .to = reason ? WATCH_CRITICAL : WATCH_WELL,
                                      .reason = reason ? text_of(reason) : TEXT_NONE,
                                      .since = w->last_success,
                                      .deadline = WHEN_NEVER,
                                      .run = r->head.id,
                                      .verb = TEXT("watch"),
                                      .rows = r->fleet.choices_len};
    if (w->options->notify.notifier)
        notifier_tell(w->options->notify.notifier, &what);
}

/* ---- one sweep ---- */

static void looks_show(void *ctx, const struct scheduler *scheduler, instant_us now)
{
    struct sweeping *s = ctx;
    struct scheduler_totals totals;
    char line[128];
    if (!ticker_is_due(&s->ticker, now))
        return;
    scheduler_totals(scheduler, &totals);
    snprintf(line, sizeof line, "watch: looked at %u of %u %s", totals.by_state[JOB_DONE],
             totals.jobs, plural(totals.jobs, "identity", "identities"));
    ticker_show(&s->ticker, line);
}

static void looks_end(void *ctx, const struct run *r, bool failed, instant_us now)
{
    (void)r, (void)failed, (void)now;
    ticker_end(&((struct sweeping *)ctx)->ticker);
}

static enum err fleet_load(struct sweeping *s, struct why *why)
{
    struct session *session = s->session;
    struct run *r = &session->run;
    enum err err = session_fleet(session, why);
    if (err != OK || !session_names_run(&session->options))
        return err;
    err = run_begun(r, why, "run %llu", (unsigned long long)r->head.id);
    return err == OK ? run_view(r, &session->options.access, &session->options.selection, why)
                     : err;
}

static enum err sweep_show(struct sweeping *s, struct why *why)
{
    const struct watcher *w = s->watcher;
    const struct options *o = s->report.options;
    bool is_repeated = w->is_endless && w->sweeps > 1;
    enum err err = OK;
    if (o->json) {
        fflush(stdout);
        err = deliver("-", watch_json, &s->report, why);
    } else if (shows_text(o) && !is_repeated) {
        watch_text_print(&s->report);
    }
    fflush(stdout);
    return err;
}

static void calls_add(struct watcher *w, const struct watching *seen)
{
    for (unsigned kind = 0; kind < CALL_ASK; kind++) {
        for (int v = 0; v < 2; v++) {
            w->calls[kind][v].sent += seen->calls[kind][v].sent;
            w->calls[kind][v].throttled += seen->calls[kind][v].throttled;
            w->calls[kind][v].failed += seen->calls[kind][v].failed;
        }
    }
}

/* After a sweep that saw something or nothing. */
static int sweep_conclude(struct sweeping *s, enum err swept, struct why *why)
{
    struct watcher *w = s->watcher;
    struct watching *seen = &s->watching;
    struct notifier *notifier = w->options->notify.notifier;
    struct why second = {""};
    uint64_t lost = 0;
    w->last_run = seen->ended;
    calls_add(w, seen);
    enum err err = swept == ERR_NOMEM ? swept : changes_tell(s, &lost, &second);
    bool is_told = err == OK;
    if (swept == OK && err == OK)
        err = sweep_show(s, &second);
    if (swept != OK)
        message_error("%s", why->text);
    if (err != OK && swept != ERR_NOMEM)
        message_error("%s", second.text);
    bool is_good = swept == OK && err == OK && seen->has_looked;
    const char *blind = swept != OK ? why->text : err != OK ? second.text : seen->blind;
    w->last_success = is_good ? seen->ended : w->last_success;
    failure_tell(s, is_good ? NULL : blind);
    figures_tell(s, is_good ? NULL : blind);
    if (notifier)
        notifier_beat(notifier, is_good ? BEAT_GOOD : BEAT_FAILED);
    int nagios = 0;
    if (is_nagios(w->options))
        nagios = watch_nagios_print(&s->report, is_good ? NULL : blind);
    fflush(stdout);
    if (is_told && changes_settle(s, lost, &second) != OK) {
        message_error("%s", second.text);
        err = ERR_IO;
    }
    if (is_nagios(w->options))
        return nagios;
    return swept == OK && err == OK ? watch_exit_code(&s->report) : EXIT_CANNOT_RUN;
}

/* What of it is remembered need not be read. */
static void dkim_cost_tell(const struct run *r)
{
    const struct fleet *f = &r->fleet;
    uint32_t *jobs = calloc(f->lanes_len + 1u, sizeof *jobs);
    for (uint32_t i = 0; jobs && i < f->choices_len; i++)
        jobs[f->choices[i].lane]++;
    if (jobs)
        dkim_cost_note(f, r->config.access, jobs, true);
    free(jobs);
}

static int sweep_run(struct watcher *w, struct why *why)
{
    struct sweeping s = {.watcher = w, .session = session_new(w->options)};
    struct notifier *notifier = w->options->notify.notifier;
    if (!s.session)
        return session_refused();
    struct options *o = &s.session->options;
    struct run *r = &s.session->run;
    r->config.owner = signals_owner(&w->signals);
    r->config.observer = (struct run_observer){0};
    if (!w->is_endless) {
        ticker_begin(&s.ticker, o);
        r->config.observer = (struct run_observer){&s, .turn = looks_show, .end = looks_end};
    } else {
        o->quiet = o->quiet || w->sweeps > 0; /* its notes are those of the first sweep */
        if (o->quiet)
            r->config.notices = (struct notices){0};
    }
    s.report = (struct watch_report){.options = w->options, .watching = &s.watching};
    w->sweeps++;
    if (notifier)
        notifier_beat(notifier, BEAT_START);
    enum err err = fleet_load(&s, why);
    if (err == OK)
        err = memory_open(&s, why);
    watching_init(&s.watching, r, s.memory);
    s.watching.known = w->is_endless ? &w->known : NULL;
    int code = EXIT_CANNOT_RUN;
    if (err == OK) {
        if (w->sweeps == 1 && !o->quiet)
            dkim_cost_tell(r);
        w->every = o->every_as_written ? r->fleet.watch.every : o->every;
        err = watching_sweep(&s.watching, why);
        code = s.watching.was_stopped ? EXIT_STOPPED : sweep_conclude(&s, err, why);
        if (s.watching.was_stopped && w->is_shared)
            head_keep(w);
    } else {
        message_error("%s", why->text);
        w->is_endless = w->is_endless && w->sweeps > 1; /* a slip of who has started it */
        failure_tell(&s, why->text); /* the figures stay: what was wrong is not known to be well */
        if (notifier)
            notifier_beat(notifier, BEAT_FAILED);
        if (is_nagios(o))
            code = watch_nagios_print(&s.report, why->text);
    }
    watching_clear(&s.watching);
    watch_close(s.memory);
    session_free(s.session);
    return code;
}

/* A sweep begins at multiples of the time between two; those that would begin during one are left
 * out. The system's clock may be set meanwhile, so it is read anew for each. */
static int sweeps_run(struct watcher *w, struct why *why)
{
    for (;;) {
        os_clock_open(&w->clock, 0);
        instant_us began = os_clock_now(&w->clock);
        int code = sweep_run(w, why);
        if (!w->is_endless || code == EXIT_STOPPED)
            return code;
        span_us every = w->every ? w->every : WATCH_POLICY_USUAL.every;
        if (signals_sleep(&w->signals, every - (os_clock_now(&w->clock) - began) % every))
            return EXIT_STOPPED;
    }
}

int verb_watch(const struct options *o)
{
    struct why why = {""};
    struct watcher w = {
        .options = o, .every = o->every, .is_endless = o->every || o->every_as_written};
    int code = is_nagios(o) ? NAGIOS_UNKNOWN : EXIT_CANNOT_RUN;
    os_clock_open(&w.clock, 0);
    signals_block(&w.signals);
    enum err err = signals_stay(&w.signals, &why);
    if (err == OK)
        err = journal_of_memory(&w, &why);
    if (err == OK)
        err = live_page_open(&w.page, o, LIVE_WATCH, NULL, "The first look at the fleet goes on.",
                             &why);
    if (err == OK)
        code = sweeps_run(&w, &why);
    else {
        message_error("%s", why.text);
        if (o->notify.notifier)
            notifier_beat(o->notify.notifier, BEAT_FAILED);
        if (is_nagios(o))
            printf("MAILFROM UNKNOWN - %s\n", why.text);
    }
    dmarc_known_clear(&w.known);
    live_page_close(w.page);
    journal_close(w.journal);
    signals_end(&w.signals);
    return code;
}
