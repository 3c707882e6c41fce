/*
 * From a run to the live page. Three threads: the deciding one copies what it has kept into a queue
 * and tells its figures once a second; the page's thread takes both over, makes what is shown and
 * gives it to the server; the server's thread reads that, and lays single rows out of the copy.
 * `lock` is over the queue and the figures, `copy_lock` over the copy; no one holds either for
 * longer than it takes to copy some figures, or to take over some records.
 */
#include "live_page.h"

#include "page/page_server.h"
#include "reports/live_copy.h"
#include "reports/row.h"
#include "run/published_rows.h"
#include "run/rows.h"
#include "ui/messages.h"
#include "ui/progress.h"
#include "wire/os_clock.h"
#include "wire/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SHOWN_EVERY    SPAN_S(1)
#define UNSEEN_EVERY   SPAN_S(2)  /* nobody looks: /api/status and /metrics are for programs */
#define AGES_EVERY     SPAN_S(30) /* nothing happens, but times left go by */
#define SHOW_SHARE     4          /* a rest takes so many times what the last making took */
#define TOLD_LANES     1000       /* so many lanes more are told that much more rarely */
#define REASON_MAX     512
#define TROUBLE_MAX    200
#define SNAPSHOT_BYTES ((size_t)1 << 30) /* a million rows take 300 MB */

/* The figures that the deciding thread tells. */
struct page_figures {
    struct lane_pace *paces;       /* as fleet.lanes; trouble is in troubles. Owned */
    char (*troubles)[TROUBLE_MAX]; /* likewise */
    char state[16], reason[REASON_MAX];
    instant_us now, stopped;
    bool goes_on, has_ended;
};

struct live_page {
    const struct options *options;
    enum live_kind kind;
    struct live_document document;
    struct page_server *server;
    struct os_clock clock;

    /* Of the run; constant once the page's thread is there. */
    struct run view; /* fleet and head are those of the run, on loan; and no more */
    struct publishing publishing;
    bool publishes; /* publishing holds */
    const struct publishing *record_sets;

    /* The deciding thread's. */
    struct run *run;
    struct view_lane *lanes;
    struct rate_meter *meters;
    instant_us next;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct live_kept *queue, **queue_end;
    struct page_figures told;
    bool is_changed, ends, no_memory;

    /* The page's thread's. */
    pthread_t thread;
    bool has_thread;
    struct page_figures figures;

    pthread_mutex_t copy_lock;
    struct live_copy copy;
    struct report_head head; /* of what is shown */
};

/* ---- what is shown ---- */

/* Of a snapshot of record sets: they are in its arena. */
struct shown_sets {
    struct published_list list;
};

static void row_of_run(const struct page_snapshot *s, uint32_t i, struct buf *out)
{
    struct live_page *p = (struct live_page *)s->data;
    pthread_mutex_lock(&p->copy_lock);
    const struct live_run run = {.head = &p->head, .fleet = &p->view.fleet};
    live_row_add(out, &run, i, p->copy.rows[i] ? &p->copy.rows[i]->record.row : NULL);
    pthread_mutex_unlock(&p->copy_lock);
}

static void row_of_sets(const struct page_snapshot *s, uint32_t i, struct buf *out)
{
    const struct shown_sets *sets = s->data;
    struct published_row row;
    sets->list.at(sets->list.ctx, i, &row);
    live_set_add(out, &row);
}

struct rows_making {
    struct arena *arena;
    struct page_row *rows;
    uint32_t len;
    struct text reason; /* the last one: neighbours often have the same */
    bool failed;
};

static bool row_take(void *ctx, const struct report_row *row)
{
    struct rows_making *m = ctx;
    if (!text_eq(row->reason, m->reason))
        m->reason = arena_text(m->arena, row->reason);
    m->failed |= row->reason.len && !m->reason.at;
    m->rows[m->len++] = (struct page_row){.identity = row->identity,
                                          .account = row->account,
                                          .region = row->region,
                                          .mail_from = row->mail_from_after,
                                          .reason = m->reason,
                                          .state = text_of(standing_class(row->standing))};
    return !m->failed;
}

static enum err rows_of_run(struct live_page *p, const struct live_run *run,
                            struct page_snapshot *s, struct why *why)
{
    const struct report report = {.head = run->head, .fleet = run->fleet, .source = run->source};
    struct rows_making m = {&s->arena,
                            ARENA_ARRAY(&s->arena, struct page_row, run->fleet->choices_len + 1u)};
    if (!m.rows)
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err = report_rows(&report, row_take, &m, why);
    s->rows = m.rows;
    s->rows_len = m.len;
    s->row_html = row_of_run;
    s->data = p;
    return err == OK && m.failed ? why_set(why, ERR_NOMEM, "out of memory") : err;
}

static enum err rows_of_sets(const struct shown_sets *sets, struct page_snapshot *s,
                             struct why *why)
{
    uint32_t len = (uint32_t)sets->list.len;
    struct page_row *rows = ARENA_ARRAY(&s->arena, struct page_row, len + 1u);
    if (!rows)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < len; i++) {
        struct published_row row;
        sets->list.at(sets->list.ctx, i, &row);
        rows[i] = (struct page_row){.identity = row.name,
                                    .account = row.account,
                                    .region = row.zone,
                                    .mail_from = row.name,
                                    .reason = row.reason,
                                    .state = text_of(published_outcome_name(row.outcome))};
    }
    s->rows = rows;
    s->rows_len = len;
    s->row_html = row_of_sets;
    s->data = sets;
    return OK;
}

static enum err parts_put(struct page_snapshot *s, const struct live_parts *parts, struct why *why)
{
    static_assert(LIVE_PARTS_MAX <= PAGE_PARTS_MAX, "each part has a place");
    (void)why;
    for (uint32_t i = 0; i < parts->len; i++)
        s->parts[i] = (struct page_part){parts->at[i].name, parts->at[i].html};
    s->parts_len = parts->len;
    s->status = parts->status;
    return OK;
}

static enum err sets_make(struct live_page *p, struct arena *arena, struct shown_sets **out,
                          struct why *why)
{
    *out = NULL;
    if (!p->publishes)
        return OK;
    *out = ARENA_NEW(arena, struct shown_sets);
    if (!*out)
        return why_set(why, ERR_NOMEM, "out of memory");
    return published_rows_of(&p->publishing, live_copy_published, &p->copy, arena, &(*out)->list,
                             why);
}

/* Of copy, head and figures. */
static enum err snapshot_make(struct live_page *p, struct page_snapshot *s, struct why *why)
{
    struct shown_sets *sets = NULL;
    struct live_parts parts;
    struct report_source source = live_copy_source(&p->copy);
    struct live_run run = {.head = &p->head,
                           .fleet = &p->view.fleet,
                           .source = &source,
                           .paces = p->figures.paces,
                           .reason = text_of(p->figures.reason),
                           .publishes = p->kind == LIVE_PUBLISHING,
                           .now = p->figures.goes_on ? p->figures.now : 0};
    enum err err = sets_make(p, &s->arena, &sets, why);
    run.sets = sets ? &sets->list : NULL;
    s->at = p->figures.now;
    if (err == OK)
        err = live_run_parts(&parts, &run, &s->arena, why);
    if (err == OK)
        err = parts_put(s, &parts, why);
    if (err == OK)
        err = run.publishes ? rows_of_sets(sets, s, why) : rows_of_run(p, &run, s, why);
    return err;
}

/* Out of memory the page stands still: what it shows is old and true, and it says how old. */
static void shown_make(struct live_page *p)
{
    struct why why;
    struct page_snapshot *s = page_snapshot_new(SNAPSHOT_BYTES);
    if (s && snapshot_make(p, s, &why) == OK)
        page_server_publish(p->server, s);
    else
        page_snapshot_free(s);
}

static void head_make(struct live_page *p, const struct run_head *head)
{
    const struct page_figures *f = &p->figures;
    p->head.state = text_of(f->state);
    p->head.goes_on = f->goes_on;
    p->head.is_over = f->has_ended;
    p->head.stopped = f->goes_on ? 0 : f->stopped;
    p->head.last = f->goes_on ? f->now : when_later(p->copy.last, head->last);
}

/* ---- the page's thread ---- */

static void figures_copy(struct page_figures *to, const struct page_figures *from, uint32_t lanes)
{
    struct page_figures kept = *to;
    *to = *from;
    to->paces = kept.paces;
    to->troubles = kept.troubles;
    for (uint32_t i = 0; to->paces && i < lanes; i++) {
        memcpy(to->troubles[i], from->troubles[i], sizeof *to->troubles);
        to->paces[i] = from->paces[i];
        to->paces[i].trouble = text_of(to->troubles[i]);
    }
}

static struct timespec until_of(span_us from_now)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t ns = t.tv_nsec + from_now % 1000000 * 1000;
    return (struct timespec){t.tv_sec + from_now / 1000000 + ns / 1000000000, ns % 1000000000};
}

/* Waits until there is something to be shown, or ages have gone by; false: it was the last. */
static bool news_take(struct live_page *p, struct live_kept **queue)
{
    const struct timespec ages = until_of(AGES_EVERY);
    int late = 0;
    pthread_mutex_lock(&p->lock);
    while (!p->is_changed && !p->ends && !late)
        late = pthread_cond_timedwait(&p->changed, &p->lock, &ages);
    bool goes_on = !p->ends;
    *queue = p->queue;
    p->queue = NULL;
    p->queue_end = &p->queue;
    p->is_changed = false;
    p->copy.failed |= p->no_memory;
    figures_copy(&p->figures, &p->told, p->view.fleet.lanes_len);
    pthread_mutex_unlock(&p->lock);
    if (late)
        p->figures.now = os_clock_now(&p->clock);
    return goes_on;
}

static void rest(struct live_page *p, span_us pause)
{
    const struct timespec until = until_of(pause);
    int late = 0;
    pthread_mutex_lock(&p->lock);
    while (!p->ends && !late)
        late = pthread_cond_timedwait(&p->changed, &p->lock, &until);
    pthread_mutex_unlock(&p->lock);
}

static void *page_thread(void *data)
{
    struct live_page *p = data;
    for (bool goes_on = true; goes_on;) {
        struct live_kept *queue;
        goes_on = news_take(p, &queue);
        instant_us begun = os_clock_now(&p->clock);
        pthread_mutex_lock(&p->copy_lock);
        live_copy_take(&p->copy, queue);
        head_make(p, &p->view.head);
        pthread_mutex_unlock(&p->copy_lock);
        shown_make(p);
        span_us took = os_clock_now(&p->clock) - begun;
        span_us least = page_server_clients(p->server) ? SHOWN_EVERY : UNSEEN_EVERY;
        if (goes_on)
            rest(p, when_later(least, took * SHOW_SHARE));
    }
    return NULL;
}

/* ---- the deciding thread ---- */

static const char *trouble_of(const struct scheduler *scheduler, uint16_t lane, instant_us now)
{
    instant_us since;
    const char *trouble = scheduler_lane_trouble(scheduler, lane);
    return trouble ? trouble : scheduler_lane_waits(scheduler, lane, now, &since);
}

static void word_copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from ? from : "");
}

/* What can be shown of it is rounded, so that what stands still is not told again. */
static void lanes_tell(struct live_page *p, const struct scheduler *scheduler, instant_us now)
{
    const struct fleet *f = &p->view.fleet;
    for (uint16_t i = 0; p->told.paces && i < f->lanes_len; i++) {
        struct view_lane *l = &p->lanes[i];
        struct lane_pace *to = &p->told.paces[i];
        progress_lane_read(l, &p->meters[i], scheduler, i, true, now);
        double per_s = (double)(uint64_t)(l->per_s * 10 + 0.5) / 10;
        p->is_changed |= to->calls != l->calls || to->throttled != l->throttled ||
                         per_s < to->per_s || per_s > to->per_s;
        to->calls = l->calls;
        to->throttled = l->throttled;
        to->per_s = per_s;
        to->left = l->left / SPAN_S(1) * SPAN_S(1);
        word_copy(p->told.troubles[i], TROUBLE_MAX, trouble_of(scheduler, i, now));
    }
}

static void figures_tell(struct live_page *p, const char *state, const char *reason, instant_us now)
{
    const struct scheduler *scheduler = p->run->scheduler;
    pthread_mutex_lock(&p->lock);
    if (scheduler)
        lanes_tell(p, scheduler, now);
    p->is_changed |= strcmp(p->told.state, state) != 0 || strcmp(p->told.reason, reason) != 0;
    word_copy(p->told.state, sizeof p->told.state, state);
    word_copy(p->told.reason, sizeof p->told.reason, reason);
    p->told.now = now;
    if (p->is_changed)
        pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

static void page_turn(void *ctx, instant_us now)
{
    struct live_page *p = ctx;
    const struct scheduler *scheduler = p->run->scheduler;
    if (now < p->next)
        return;
    p->next = now + SHOWN_EVERY * (1 + p->view.fleet.lanes_len / TOLD_LANES);
    const char *reason = scheduler ? scheduler_pause_reason(scheduler) : NULL;
    bool drains = scheduler && scheduler_is_draining(scheduler);
    figures_tell(p,
                 drains   ? "stopping"
                 : reason ? "paused"
                          : "running",
                 drains   ? "calls in flight finish, and nothing new is sent"
                 : reason ? reason
                          : "",
                 now);
}

static instant_us page_wake(void *ctx, instant_us now)
{
    const struct live_page *p = ctx;
    return when_later(p->next, now);
}

static void page_kept(void *ctx, const struct record *records, uint32_t len)
{
    struct live_page *p = ctx;
    struct live_kept *first = NULL, **end = &first;
    bool failed = false;
    for (uint32_t i = 0; i < len; i++) {
        struct live_kept *one = live_kept_new(&records[i]);
        failed |= !one;
        *end = one;
        end = one ? &one->next : end;
    }
    pthread_mutex_lock(&p->lock);
    *p->queue_end = first;
    p->queue_end = first ? end : p->queue_end;
    p->no_memory |= failed;
    p->is_changed = true;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

static bool published_take(void *ctx, const struct publish_record *r)
{
    struct live_page *p = ctx;
    const struct record record = {
        .job = r->target, .kind = RECORD_PUBLISH, .at = r->at, .publish = r};
    struct live_kept *kept = live_kept_new(&record);
    p->copy.failed |= !kept;
    live_copy_take(&p->copy, kept);
    return kept != NULL;
}

/* What the journal knows already: of a resumed run, or of the plan that was shown. */
static enum err copy_begin(struct live_page *p, struct run *r, struct why *why)
{
    const struct report_source source = run_source(r);
    uint32_t targets = p->publishes ? p->publishing.targets_len : 0;
    if (!live_copy_init(&p->copy, r->fleet.choices_len, targets))
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err = OK;
    if (p->kind == LIVE_RUN)
        err = live_copy_read(&p->copy, &source, why);
    if (err == OK && targets)
        err = journal_publish_rows(r->journal, r->head.id, published_take, p, why);
    return err;
}

static bool figures_begin(struct page_figures *f, uint32_t lanes)
{
    f->paces = calloc(lanes + 1u, sizeof *f->paces);
    f->troubles = calloc(lanes + 1u, sizeof *f->troubles);
    f->goes_on = true;
    return f->paces && f->troubles;
}

static void figures_clear(struct page_figures *f)
{
    free(f->paces);
    free(f->troubles);
    f->paces = NULL;
    f->troubles = NULL;
}

static void view_begin(struct live_page *p, const struct run *r)
{
    p->view = (struct run){.fleet = r->fleet, .head = r->head};
    p->head =
        (struct report_head){.run = r->head.id,
                             .tense = TENSE_RUN,
                             .verb = text_of(journal_verb_name(r->head.verb)),
                             .state = TEXT("running"),
                             .version = r->head.version,
                             .lost = text_of(r->lost.what),
                             .lost_is_suspected = journal_may_have_lost(text_of(r->lost.what)),
                             .selection = text_of(p->options->access.selection),
                             .started = r->head.started};
}

static enum err page_begin(void *ctx, struct run *r, struct wire *wire, instant_us now,
                           struct why *why)
{
    struct live_page *p = ctx;
    const struct publishing *sets = p->record_sets ? p->record_sets : r->publishing;
    uint32_t lanes = r->fleet.lanes_len;
    (void)wire;
    p->run = r;
    view_begin(p, r);
    p->publishes = sets != NULL;
    if (sets)
        p->publishing = (struct publishing){
            .run = &p->view, .targets = sets->targets, .targets_len = sets->targets_len};
    bool has_room = true;
    if (p->kind == LIVE_RUN) { /* calls of others are not counted by lane */
        p->lanes = calloc(lanes + 1u, sizeof *p->lanes);
        p->meters = calloc(lanes + 1u, sizeof *p->meters);
        has_room = p->lanes && p->meters && figures_begin(&p->told, lanes) &&
                   figures_begin(&p->figures, lanes);
    }
    if (!has_room)
        return why_set(why, ERR_NOMEM, "out of memory");
    if (p->lanes)
        progress_lanes(p->lanes, &r->fleet);
    p->told.goes_on = true;
    p->queue_end = &p->queue;
    enum err err = copy_begin(p, r, why);
    if (err != OK)
        return err;
    figures_tell(p, "running", "", now);
    p->has_thread = thread_start(&p->thread, page_thread, p) == 0;
    return p->has_thread ? OK : why_set(why, ERR_NOMEM, "the live page: no thread can be started");
}

static void page_end(void *ctx, const struct run *r, bool failed, instant_us now)
{
    static const char *const names[] = {"ended", "stopped", "left"};
    struct live_page *p = ctx;
    const char *reason = r->scheduler ? scheduler_pause_reason(r->scheduler) : NULL;
    bool has_ended = !failed && r->end == ENGINE_ENDED;
    pthread_mutex_lock(&p->lock);
    p->told.goes_on = false;
    p->told.has_ended = has_ended;
    p->told.stopped = now;
    p->ends = true;
    pthread_mutex_unlock(&p->lock);
    figures_tell(p, failed ? "failed" : names[r->end], has_ended || !reason ? "" : reason, now);
}

void live_page_follow(struct live_page *p, struct run_companions *companions,
                      const struct publishing *record_sets)
{
    if (!p)
        return;
    p->record_sets = record_sets;
    companions->at[companions->len++] = (struct run_companion){.ctx = p,
                                                               .begin = page_begin,
                                                               .turn = page_turn,
                                                               .wake = page_wake,
                                                               .kept = page_kept,
                                                               .end = page_end};
}

/* ---- a run of another process ---- */

enum err live_page_look(struct live_page *p, struct run *r, const char *state, bool goes_on,
                        struct why *why)
{
    const struct report_source source = run_source(r);
    struct live_copy fresh;
    if (!p)
        return OK;
    bool has_room = live_copy_init(&fresh, r->fleet.choices_len, 0);
    enum err err =
        has_room ? live_copy_read(&fresh, &source, why) : why_set(why, ERR_NOMEM, "out of memory");
    if (err != OK) {
        live_copy_clear(&fresh);
        return err;
    }
    pthread_mutex_lock(&p->copy_lock);
    struct live_copy before = p->copy;
    p->copy = fresh;
    view_begin(p, r);
    word_copy(p->figures.state, sizeof p->figures.state, state);
    p->figures.goes_on = goes_on;
    p->figures.has_ended = run_is_over(r->head.state);
    p->figures.now = os_clock_now(&p->clock);
    p->figures.stopped = r->head.stopped;
    head_make(p, &r->head);
    p->head.goes_on = r->head.state == RUN_OPEN;
    pthread_mutex_unlock(&p->copy_lock);
    live_copy_clear(&before);
    shown_make(p);
    return OK;
}

/* ---- a fleet that is watched ---- */

struct shown_problems {
    struct live_problem *list;
    instant_us now;
};

static void row_of_problems(const struct page_snapshot *s, uint32_t i, struct buf *out)
{
    const struct shown_problems *shown = s->data;
    live_problem_add(out, &shown->list[i], shown->now);
}

static struct text copied(struct arena *arena, struct text t, bool *failed)
{
    struct text copy = arena_text(arena, t);
    *failed |= t.len && !copy.at;
    return copy.at ? copy : TEXT_NONE;
}

static enum err problems_take(struct page_snapshot *s, const struct live_watch *w, struct why *why)
{
    struct arena *a = &s->arena;
    const struct live_problem *list = w->rows ? w->rows : w->problems;
    uint32_t len = w->rows ? w->rows_len : w->problems_len;
    struct shown_problems *shown = ARENA_NEW(a, struct shown_problems);
    struct page_row *rows = ARENA_ARRAY(a, struct page_row, len + 1u);
    bool failed = !shown || !rows;
    if (shown)
        *shown = (struct shown_problems){ARENA_ARRAY(a, struct live_problem, len + 1u), w->now};
    failed |= shown && !shown->list;
    for (uint32_t i = 0; !failed && i < len; i++) {
        const struct live_problem *from = &list[i];
        struct live_problem *to = &shown->list[i];
        *to = *from;
        to->account = copied(a, from->account, &failed);
        to->region = copied(a, from->region, &failed);
        to->identity = copied(a, from->identity, &failed);
        to->reason = copied(a, from->reason, &failed);
        to->mend = copied(a, from->mend, &failed);
        rows[i] = (struct page_row){
            .identity = to->identity,
            .account = to->account,
            .region = to->region,
            .mail_from = to->level == WATCH_WELL ? TEXT_NONE : text_of(watch_kind_name(to->kind)),
            .reason = to->reason,
            .state = text_of(watch_level_name(to->level))};
    }
    s->rows = rows;
    s->rows_len = failed ? 0 : len;
    s->row_html = row_of_problems;
    s->data = shown;
    return failed ? why_set(why, ERR_NOMEM, "out of memory") : OK;
}

enum err live_page_watched(struct live_page *p, const struct live_watch *watch, struct text metrics,
                           span_us interval, struct why *why)
{
    struct live_parts parts;
    bool failed = false;
    if (!p)
        return OK;
    struct page_snapshot *s = page_snapshot_new(SNAPSHOT_BYTES);
    if (!s)
        return why_set(why, ERR_NOMEM, "out of memory");
    s->at = watch->now;
    s->last_success = watch->last_sweep;
    s->interval = interval;
    s->metrics = copied(&s->arena, metrics, &failed);
    s->trouble = copied(&s->arena, watch->trouble, &failed);
    enum err err = failed ? why_set(why, ERR_NOMEM, "out of memory")
                          : live_watch_parts(&parts, watch, &s->arena, why);
    if (err == OK)
        err = parts_put(s, &parts, why);
    if (err == OK)
        err = problems_take(s, watch, why);
    if (err == OK)
        page_server_publish(p->server, s);
    else
        page_snapshot_free(s);
    return err;
}

/* ---- open and close ---- */

static enum err waits_show(struct live_page *p, const char *sentence, struct why *why)
{
    struct live_parts parts;
    struct page_snapshot *s = page_snapshot_new(SNAPSHOT_BYTES);
    enum err err = s ? live_waiting_parts(&parts, text_of(sentence), &s->arena, why)
                     : why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK)
        err = parts_put(s, &parts, why);
    if (err == OK) {
        s->at = os_clock_now(&p->clock);
        page_server_publish(p->server, s);
    } else {
        page_snapshot_free(s);
    }
    return err;
}

static enum err server_open(struct live_page *p, const char *waits, struct why *why)
{
    const struct options *o = p->options;
    struct page_config config = {.listen = o->listen,
                                 .cert_file = o->tls_cert,
                                 .key_file = o->tls_key,
                                 .index = buf_text(&p->document.index),
                                 .script = p->document.script,
                                 .style = buf_text(&p->document.style),
                                 .ctx = p};
    enum err err = OK;
    if (o->token_env)
        err = page_token_read(o->token_env, &config.token, why);
    if (err == OK)
        err = page_server_open(&p->server, &config, why);
    if (err == OK)
        err = waits_show(p, waits, why);
    if (err == OK && !o->quiet)
        message_note("live page: %s", page_server_url(p->server));
    return err;
}

static void locks_init(struct live_page *p)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&p->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&p->lock, NULL);
    pthread_mutex_init(&p->copy_lock, NULL);
}

enum err live_page_open(struct live_page **out, const struct options *o, enum live_kind kind,
                        const char *waits, struct why *why)
{
    *out = NULL;
    if (!o->listen)
        return OK;
    struct live_page *p = calloc(1, sizeof *p);
    if (!p)
        return why_set(why, ERR_NOMEM, "out of memory");
    p->options = o;
    p->kind = kind;
    os_clock_open(&p->clock, 0);
    locks_init(p);
    enum err err = live_document_make(&p->document, kind, why);
    if (err == OK)
        err = server_open(p, waits, why);
    if (err == OK)
        *out = p;
    else
        live_page_close(p);
    return err;
}

void live_page_close(struct live_page *p)
{
    if (!p)
        return;
    if (p->has_thread) {
        pthread_mutex_lock(&p->lock);
        p->ends = true;
        pthread_cond_signal(&p->changed);
        pthread_mutex_unlock(&p->lock);
        pthread_join(p->thread, NULL);
    }
    page_server_close(p->server);
    live_kept_free(p->queue);
    live_copy_clear(&p->copy);
    figures_clear(&p->told);
    figures_clear(&p->figures);
    free(p->lanes);
    free(p->meters);
    live_document_clear(&p->document);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    pthread_mutex_destroy(&p->copy_lock);
    free(p);
}
