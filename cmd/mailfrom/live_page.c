/*
 * From a run to the live page. Three threads: the deciding one copies what it has kept into a queue
 * and tells its figures once a second; the page's thread takes both over, makes what is shown and
 * gives it to the server; the server's thread reads that, and lays single rows out of the copy.
 * `lock` is over the queue and the figures, `copy_lock` over the copy; no one holds either for
 * longer than it takes to copy some figures, or to take over some records.
 */
#include "live_page_internal.h"

#include "run/rows.h"
#include "ui/messages.h"
#include "ui/progress.h"
#include "wire/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SHOWN_EVERY  SPAN_S(1)
#define UNSEEN_EVERY SPAN_S(2)  /* nobody looks: /api/status and /metrics are for programs */
#define AGES_EVERY   SPAN_S(30) /* nothing happens, but times left go by */
#define SHOW_SHARE   4          /* a rest takes so many times what the last making took */
#define TOLD_LANES   1000       /* so many lanes more are told that much more rarely */

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
        page_show_run(p);
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

static void figures_tell(struct live_page *p, const char *state, const char *reason, bool is_paused,
                         instant_us now)
{
    const struct scheduler *scheduler = p->run->scheduler;
    pthread_mutex_lock(&p->lock);
    if (scheduler)
        lanes_tell(p, scheduler, now);
    p->is_changed |= strcmp(p->told.state, state) != 0 || strcmp(p->told.reason, reason) != 0;
    p->told.is_paused = is_paused;
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
    const struct publisher *publisher = p->record_sets ? p->record_sets->publisher : NULL;
    const struct order *pause = scheduler   ? scheduler_paused_by(scheduler)
                                : publisher ? publisher_paused_by(publisher)
                                            : NULL;
    char reason[PROGRESS_REASON_MAX] = "";
    const char *state = pause ? "paused" : "running";
    if (scheduler)
        state = progress_state(scheduler, p->view.head.id, reason);
    else if (pause)
        progress_pause_tell(pause, p->view.head.id, reason);
    figures_tell(p, state, reason, pause != NULL, now);
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
    p->began = now;
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
    figures_tell(p, "running", "", false, now);
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
    figures_tell(p, failed ? "failed" : names[r->end], has_ended || !reason ? "" : reason, false,
                 now);
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
    page_show_run(p);
    return OK;
}

/* ---- open and close ---- */

/* On the server's thread, which serves nobody meanwhile: for ORDER_PAGE_WITHIN at most. */
static enum err order_give(void *ctx, enum page_order order, struct text value, struct why *said)
{
    static const char *const verbs[PAGE_ORDERS] = {"pause", "resume", "pace", "stop"};
    static const enum err errors[CONTROL_WORDS] = {[CONTROL_TAKEN] =
                                                       ERR_IO, /* the disk of the journal: 503 */
                                                   [CONTROL_LATE] = ERR_BUSY,
                                                   [CONTROL_OTHER] = ERR_BUSY,
                                                   [CONTROL_BAD] = ERR_INPUT};
    const struct live_page *p = ctx;
    char sentence[CONTROL_SAID_MAX];
    enum control_word word =
        control_order_of_page(p->control, text_of(verbs[order]), value, TEXT("page"), sentence);
    return why_set(said, errors[word], "%s", sentence);
}

static enum err server_open(struct live_page *p, const char *waits, struct why *why)
{
    const struct options *o = p->options;
    struct page_config config = {.listen = o->listen,
                                 .names = o->listen_names,
                                 .names_len = o->listen_names_len,
                                 .cert_file = o->tls_cert,
                                 .key_file = o->tls_key,
                                 .index = buf_text(&p->document.index),
                                 .script = buf_text(&p->document.script),
                                 .style = buf_text(&p->document.style),
                                 .ctx = p};
    enum err err = OK;
    if (o->token_env)
        err = page_token_read(o->token_env, &config.token, why);
    p->takes_orders = config.token.len && p->control;
    config.order = p->takes_orders ? order_give : NULL;
    if (err == OK)
        err = page_server_open(&p->server, &config, why);
    if (err == OK)
        err = page_show_waiting(p, waits, why);
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
                        struct control *control, const char *waits, struct why *why)
{
    *out = NULL;
    if (!o->listen)
        return OK;
    struct live_page *p = calloc(1, sizeof *p);
    if (!p)
        return why_set(why, ERR_NOMEM, "out of memory");
    p->options = o;
    p->kind = kind;
    p->control = control;
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
