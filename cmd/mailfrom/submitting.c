/* Submits a run, carries it with a worker of this process, and concludes from the journal. */
#include "submitting.h"

#include "base/plural.h"
#include "control/client.h"
#include "options/advice.h"
#include "run/holders.h"
#include "ui/exit_codes.h"
#include "ui/messages.h"
#include "ui/status_watch.h"
#include "wire/os_clock.h"
#include "wire/thread.h"
#include "work/work.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NAMES_EVERY SPAN_S(5)

static bool tells(const struct options *o)
{
    const struct notify_wish *n = &o->notify;
    return n->events || n->heartbeat || n->metrics || n->hooks_len || n->webhooks_len;
}

enum err submitting_vet(const struct options *o, option_set verb, struct why *why)
{
    bool is_shared = options_journal_is_shared(o);
    bool carries = verb & OPTIONS_SUBMIT;
    if (!is_shared && o->submit)
        return why_set(why, ERR_INPUT,
                       "--submit leaves the run to workers, which share a journal in PostgreSQL, "
                       "and %s is a file: name the database, --journal postgresql://..., or leave "
                       "--submit out",
                       options_journal(o));
    if (!is_shared && o->team)
        return why_set(why, ERR_INPUT,
                       "--team gives the run to a role of the database that workers share, and the "
                       "journal %s is a file: leave --team out",
                       options_journal(o));
    if (!is_shared || !carries || o->dry_run)
        return OK;
    if (o->no_wait)
        return why_set(why, ERR_INPUT,
                       "--no-wait ends a run that resume goes on with, and the workers of a shared "
                       "journal wait anyway: give --submit instead, which ends at once");
    if (o->publish)
        return why_set(why, ERR_INPUT,
                       "--publish creates record sets in the same run, which several workers of a "
                       "shared journal cannot: run mailfrom publish first, then apply");
    if (o->listen && (verb & (OPTIONS_PUBLISH | OPTIONS_WITHDRAW)))
        return why_set(why, ERR_INPUT,
                       "--listen of publish and withdraw is a page of the process that writes, and "
                       "in a shared journal that may be any worker: leave it out. mailfrom status "
                       "shows the run");
    if (tells(o))
        return why_set(why, ERR_INPUT,
                       "--events, --hook, --webhook, --heartbeat and --metrics tell of a run that "
                       "one process carries out, and workers carry this one: leave them out. "
                       "mailfrom watch RUN tells of what is not as wanted");
    return OK;
}

/* ---- into the journal ---- */

static enum err pace_give(struct session *s, struct why *why)
{
    struct order order = {.kind = ORDER_PACE, .rate_per_s = s->gives_pace};
    if (s->gives_pace <= 0)
        return OK;
    control_giver(&order);
    return leases_order(s->run.journal, s->run.head.id, &order, why);
}

/* A run that was stopped, or has ended with bad rows, is open again, and workers that it was paused
 * in go on. One that is open already gets another worker, also where all of its lanes are held: a
 * holder that was killed holds them for half a minute, and nobody may be left to carry them. */
static enum err reopen(struct session *s, bool *is_carried, struct why *why)
{
    struct run *r = &s->run;
    struct shared_run view;
    enum err err = leases_run(r->journal, r->head.id, &view, why);
    if (err == OK && (view.state != RUN_OPEN || view.stops || r->reopens)) {
        err = leases_reopen(r->journal, r->head.id, r->reopens, why);
        if (err == ERR_BUSY)
            why_set(why, err,
                    "run %llu: workers still hold %u of its lanes, and it can go on anew once they "
                    "have given them back. A worker that was killed holds its lanes for half a "
                    "minute%s",
                    (unsigned long long)r->head.id, view.lanes_held,
                    view.stops ? "" : "; mailfrom stop asks those that live");
    } else if (err == OK && view.is_paused) {
        struct order order = {.kind = ORDER_RESUME};
        control_giver(&order);
        err = leases_order(r->journal, r->head.id, &order, why);
        if (err == OK && !s->options.quiet)
            message_note("run %llu goes on%s", (unsigned long long)r->head.id,
                         view.lanes_held ? ", and its workers hear of it within a second" : "");
        *is_carried = view.lanes_held > 0;
    }
    return err == OK ? pace_give(s, why) : err;
}

/* The answer to a commit may be lost, and the run may be there all the same. */
__attribute__((noinline)) static enum err submit(struct session *s, instant_us now, struct why *why)
{
    struct advice a;
    enum err err = run_submit(&s->run, now, why);
    if (err == ERR_AWAY) {
        message_error("%s", why->text);
        why_set(why, err,
                "it is not known whether the run was put into the journal. Before it is submitted "
                "once more: %s",
                advice_make(&a, &s->options, "status", "--all"));
    }
    return err;
}

/* Of workers that are there nobody need be told how to begin one. */
__attribute__((noinline)) static void submitted_tell(struct session *s)
{
    struct advice a;
    uint64_t id = s->run.head.id;
    const struct options *o = &s->options;
    printf("%llu\n", (unsigned long long)id);
    if (o->quiet)
        return;
    message_note("run %llu is in the journal, open to every worker that may carry its lanes",
                 (unsigned long long)id);
    message_note_then(advice_run(&a, o, "status", id, "--watch"), "To follow it:");
    message_note_then(advice_worker(&a, o),
                      "To carry it, here or on any machine%s:", advice_worker_words(o));
}

/* ---- a worker of this process ---- */

struct submitting {
    struct session *session;
    struct options seen; /* those of the session; all of the run is followed */
    struct worker *worker;
    struct work_end end;
    enum err err;
    struct why why;
    pthread_t thread;
    pthread_mutex_t lock; /* of is_done, is_spoilt and what is printed */
    pthread_cond_t done;
    bool is_done, is_spoilt;
    bool is_stopping; /* of the thread of the signals */
};

static void *work_thread(void *data)
{
    struct submitting *w = data;
    enum err err = work_run(w->worker, &w->end, &w->why);
    pthread_mutex_lock(&w->lock);
    w->err = err;
    w->is_done = true;
    pthread_cond_signal(&w->done);
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static bool rest(void *ctx, span_us span)
{
    struct submitting *w = ctx;
    struct timespec until;
    int late = 0;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + (span > 0 ? span : 0) % 1000000 * 1000;
    until.tv_sec += (span > 0 ? span : 0) / 1000000 + ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    pthread_mutex_lock(&w->lock);
    while (!w->is_done && !late)
        late = pthread_cond_timedwait(&w->done, &w->lock, &until);
    bool goes_on = !w->is_done;
    pthread_mutex_unlock(&w->lock);
    return goes_on;
}

static bool is_spoilt(void *ctx)
{
    struct submitting *w = ctx;
    pthread_mutex_lock(&w->lock);
    bool spoilt = w->is_spoilt;
    w->is_spoilt = false;
    pthread_mutex_unlock(&w->lock);
    return spoilt;
}

/* Notices of the worker's threads, which break a picture that is drawn. */
static void say(void *ctx, enum notice kind, const char *sentence)
{
    struct submitting *w = ctx;
    const struct notices printed = message_notices();
    if (kind == NOTICE_NOTE && w->session->options.quiet)
        return;
    pthread_mutex_lock(&w->lock);
    w->is_spoilt = true;
    printed.tell(printed.ctx, kind, sentence);
    pthread_mutex_unlock(&w->lock);
}

/* On the thread of the signals. */
static void stop(void *ctx)
{
    struct submitting *w = ctx;
    if (!w->is_stopping)
        say(w, NOTICE_NOTE, SUBMITTING_STOPS);
    w->is_stopping = true;
    work_stop(w->worker);
}

static enum err page_look(void *ctx, struct run *r, const char *state, bool goes_on,
                          struct why *why)
{
    struct submitting *w = ctx;
    return live_page_look(w->session->page, r, state, goes_on, why);
}

static void sync_init(struct submitting *w)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->done, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&w->lock, NULL);
}

/* How the names of a run that publishes stand. */
struct names_count {
    uint32_t all, ended, bad, seen_in_part;
};

static bool target_count(void *ctx, const struct publish_target *target)
{
    struct names_count *n = ctx;
    (void)target;
    n->all++;
    return true;
}

static bool target_add(void *ctx, const struct publish_record *r)
{
    struct names_count *n = ctx;
    n->ended += publish_state_is_final(r->state);
    n->bad += publish_state_is_bad(r->state);
    n->seen_in_part += r->state == PUBLISH_VERIFYING;
    return true;
}

/* As a process that publishes alone tells it. */
static void names_follow(struct submitting *w)
{
    const struct run *r = &w->session->run;
    struct why unseen;
    while (rest(w, NAMES_EVERY)) {
        struct names_count n = {0};
        if (w->session->options.quiet ||
            journal_targets(r->journal, r->head.id, target_count, &n, &unseen) != OK ||
            journal_publish_rows(r->journal, r->head.id, target_add, &n, &unseen) != OK)
            continue;
        message_note("%u of %u names done, %u need a person; %u accepted and not seen everywhere "
                     "yet",
                     n.ended, n.all, n.bad, n.seen_in_part);
    }
}

/* Follows the run while the worker's thread carries it. */
static enum err follow(struct submitting *w, struct why *why)
{
    struct session *s = w->session;
    struct why unseen = {""};
    const struct watch_viewer viewer = {
        .ctx = w, .look = s->page ? page_look : NULL, .rest = rest, .is_spoilt = is_spoilt};
    if (thread_start(&w->thread, work_thread, w) != 0)
        return why_set(why, ERR_NOMEM, "no thread can be started for the worker");
    enum err err = signals_serve(&s->signals, stop, w, why);
    if (err != OK)
        work_stop(w->worker);
    else if (journal_verb_publishes(s->run.head.verb))
        names_follow(w);
    else if (watch_run(&w->seen, s->run.head.id, &viewer, &unseen) != OK)
        message_error("%s", unseen.text); /* the worker goes on unseen */
    while (rest(w, SPAN_H(1)))
        ;
    signals_serve(&s->signals, NULL, NULL, &unseen);
    pthread_join(w->thread, NULL);
    if (err == OK && w->err != OK)
        *why = w->why;
    return err == OK ? w->err : err;
}

static enum err carry(struct submitting *w, struct why *why)
{
    struct session *s = w->session;
    const struct work_config config = {.access = &s->options.access,
                                       .journal = options_journal(&s->options),
                                       .version = s->run.config.version,
                                       .run = s->run.head.id,
                                       .ends = true,
                                       .stays = true,
                                       .notices = {w, say}};
    enum err err = work_begin(&w->worker, &config, why);
    if (err == OK)
        err = follow(w, why);
    work_free(w->worker);
    w->worker = NULL;
    return err;
}

/* ---- the end ---- */

/* Lanes that nobody carries, and that this role of the database may not. */
static uint32_t lanes_barred(const struct holders *h)
{
    uint32_t barred = 0;
    for (uint32_t i = 0; i < h->lanes_len; i++) {
        enum holder_state state = holder_state_of(&h->lanes[i]);
        bool is_open = state == HOLDER_NONE || state == HOLDER_FREE || state == HOLDER_LAPSED ||
                       state == HOLDER_WAITS;
        barred += is_open && !h->lanes[i].may_carry;
    }
    return barred;
}

static void open_tell(struct session *s, const struct holders *h, uint32_t open)
{
    struct advice a;
    uint64_t id = s->run.head.id;
    uint32_t barred = lanes_barred(h);
    char cause[160];
    snprintf(cause, sizeof cause, "A worker with credentials for %s can: mailfrom work there",
             plural(open, "it", "them"));
    if (barred)
        snprintf(cause, sizeof cause,
                 "%u of them this role of the database may not carry (table carrier): a worker "
                 "whose role may can",
                 barred);
    if (barred && barred < open)
        snprintf(cause + strlen(cause), sizeof cause - strlen(cause),
                 ". The others need credentials");
    message_error_then(advice_run(&a, &s->options, "status", id, ""),
                       "run %llu is not at its end: %u of its %u lanes %s open, and nobody carries "
                       "%s. %s. To see them:",
                       (unsigned long long)id, open, h->lanes_len, plural(open, "is", "are"),
                       plural(open, "it", "them"), cause);
}

/* Why a run is not at its end: others carry the rest, or nobody can. */
__attribute__((noinline)) static enum err rest_tell(struct session *s, bool was_stopped,
                                                    struct why *why)
{
    struct advice a;
    struct arena arena;
    struct holders h;
    const struct run *r = &s->run;
    unsigned long long id = r->head.id;
    arena_init(&arena, SIZE_MAX);
    enum err err = holders_read(&h, r->journal, r->head.id, &arena, why);
    uint32_t others = err == OK ? h.by_state[HOLDER_CARRIED] : 0;
    uint32_t open = err == OK ? h.by_state[HOLDER_NONE] + h.by_state[HOLDER_FREE] +
                                    h.by_state[HOLDER_LAPSED] + h.by_state[HOLDER_WAITS]
                              : 0;
    if (others)
        message_note_then(advice_run(&a, &s->options, "status", r->head.id, "--watch"),
                          "run %llu goes on: %u %s other workers carry. To follow it:", id, others,
                          plural(others, "lane is left, which", "lanes are left, which"));
    if (open && was_stopped)
        message_note_then(advice_run(&a, &s->options, "stop", r->head.id, ""),
                          "this process has given its lanes back, and run %llu is open to every "
                          "worker. To stop it everywhere:",
                          id);
    else if (open)
        open_tell(s, &h, open);
    arena_clear(&arena);
    return err;
}

/* The journal says how it has ended. */
static enum err end_read(struct session *s, bool was_stopped, enum err err, struct why *why)
{
    struct run *r = &s->run;
    struct run_head head;
    struct why second = {""};
    enum err read = journal_run(r->journal, r->head.id, &head, &r->arena, &second);
    if (read == OK)
        r->head = head;
    r->end = read == OK && run_is_over(head.state) ? ENGINE_ENDED : ENGINE_DRAINED;
    struct shared_run view;
    if (read == OK && err == OK && head.state != RUN_ENDED)
        read = leases_run(r->journal, r->head.id, &view, &second);
    if (read == OK && err == OK && head.state != RUN_ENDED && view.waves.paused)
        message_error("paused: %s", view.waves.reason);
    if (read == OK && err == OK && head.state == RUN_OPEN)
        read = rest_tell(s, was_stopped, &second);
    if (err == OK && read != OK)
        *why = second;
    return err == OK ? read : err;
}

enum err submitting_carry(struct session *s, enum submitting_end *end, struct why *why)
{
    struct run *r = &s->run;
    struct os_clock clock;
    os_clock_open(&clock, r->head.last);
    *end = SUBMITTING_NOTHING;
    r->totals =
        (struct scheduler_totals){0}; /* of a plan before; the calls of workers are theirs */
    bool is_carried = false;
    enum err err = r->resumes ? reopen(s, &is_carried, why) : submit(s, os_clock_now(&clock), why);
    if (err == OK && is_carried)
        *end = SUBMITTING_LEFT;
    if (err != OK || is_carried)
        return err;
    if (s->options.submit) {
        *end = SUBMITTING_LEFT;
        submitted_tell(s);
        return OK;
    }
    struct submitting *w = calloc(1, sizeof *w);
    if (!w)
        return why_set(why, ERR_NOMEM, "out of memory");
    *end = SUBMITTING_CARRIED;
    w->session = s;
    w->seen = s->options;
    w->seen.selection = (struct selection){.len = 0};
    sync_init(w);
    err = carry(w, why);
    bool was_stopped = w->end.stopped;
    pthread_cond_destroy(&w->done);
    pthread_mutex_destroy(&w->lock);
    free(w);
    return end_read(s, was_stopped, err, why);
}

int submitting_concluded(struct session *s, enum submitting_end end, const struct why *why)
{
    if (end == SUBMITTING_LEFT)
        return EXIT_OK;
    message_error("%s", why->text);
    return s->run.stopped ? EXIT_STOPPED : EXIT_CANNOT_RUN;
}

int submitting_carry_out(struct session *s, struct why *why)
{
    enum submitting_end end;
    enum err err = submitting_carry(s, &end, why);
    return end == SUBMITTING_CARRIED ? session_conclude(s, err, why)
                                     : submitting_concluded(s, end, why);
}
