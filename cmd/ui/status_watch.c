/* Reads the journal again and again, more rarely the longer a read takes, and draws the state. */
#include "status_watch.h"

#include "access/lanes.h"
#include "base/bounds.h"
#include "messages.h"
#include "progress.h"
#include "rate_meter.h"
#include "run/holders.h"
#include "run/narrow.h"
#include "run/rows.h"
#include "run/run_orders.h"
#include "run/unfinished.h"
#include "run_lost.h"
#include "wire/os_clock.h"
#include "workers_text.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define LOOK_EVERY SPAN_S(1)
#define LOOK_SHARE 4 /* a look waits so many times what the last one took */

struct watched_run {
    const struct options *options;
    struct run run;     /* its fleet is read once, its head each time */
    struct access kept; /* those of the run */
    uint64_t id;
    bool known; /* fleet, lanes and so on are there */
    bool goes_on;
    bool is_shared, is_away; /* the database cannot be reached, and that was said */
    enum progress_mode mode;
    struct holders holders; /* of this look, in memory */
    struct arena memory;
    char paused_by[ORDER_GIVER_MAX + 96];
    struct progress_view view;
    struct dmarc_sum dmarc;
    struct view_lane *lanes;
    struct rate_meter *rate_meters;
    uint64_t *carriers; /* by lane of holders, at the last look that was told */
    struct screen screen;
    struct watch_viewer viewer;
    struct os_clock clock;
    instant_us opened, next_line;
};

static enum progress_mode mode_of(const struct watched_run *w)
{
    const struct options *o = w->options;
    if (w->viewer.rest)
        return progress_mode_of(o);
    if (o->json)
        return PROGRESS_JSON;
    return w->screen.is_terminal ? PROGRESS_BAR : PROGRESS_LINES;
}

static void watch_begin(struct watched_run *w, const struct options *o, uint64_t id,
                        const struct watch_viewer *viewer)
{
    *w = (struct watched_run){
        .options = o, .id = id, .is_shared = options_journal_is_shared(o), .viewer = *viewer};
    arena_init(&w->memory, SIZE_MAX);
    const struct run_config config = {.access = &o->access, .journal = options_journal(o)};
    run_init(&w->run, &config);
    os_clock_open(&w->clock, 0);
    w->opened = os_clock_now(&w->clock);
    screen_init(&w->screen, viewer->rest ? stderr : stdout, o->no_color);
    w->mode = mode_of(w);
}

static void watch_end(struct watched_run *w)
{
    if (w->viewer.end)
        w->viewer.end(w->viewer.ctx);
    free(w->lanes);
    free(w->rate_meters);
    free(w->carriers);
    run_clear(&w->run);
    arena_clear(&w->memory);
}

/* What never changes while the run goes on. */
static enum err fleet_read(struct watched_run *w, struct why *why)
{
    struct run *r = &w->run;
    w->id = r->head.id;
    w->kept = w->options->access;
    enum err err = journal_fleet(r->journal, w->id, &r->fleet, why);
    if (err == OK)
        err = run_view(r, &w->kept, &w->options->selection, why);
    if (err == OK)
        err = access_read(&w->kept, r->head.options, &r->arena, why);
    if (err == OK)
        err = run_lost_tell(w->options, r, why);
    if (err != OK)
        return err;
    w->lanes = calloc(r->fleet.lanes_len + 1u, sizeof *w->lanes);
    w->rate_meters = calloc(r->fleet.lanes_len + 1u, sizeof *w->rate_meters);
    w->carriers = calloc(r->fleet.lanes_len + 1u, sizeof *w->carriers);
    if (!w->lanes || !w->rate_meters || !w->carriers)
        return why_set(why, ERR_NOMEM, "out of memory");
    progress_lanes(w->lanes, &r->fleet);
    w->view = (struct progress_view){.verb = journal_verb_name(r->head.verb),
                                     .run = w->id,
                                     .reason = "",
                                     .started = r->head.started,
                                     .lanes = w->lanes,
                                     .lanes_len = r->fleet.lanes_len};
    w->known = true;
    return OK;
}

/* A row without a record is where every job begins: JOB_NEW. */
static bool row_add(void *ctx, const struct report_row *row)
{
    struct watched_run *w = ctx;
    struct view_lane *l = &w->lanes[row->lane];
    l->by_state[row->state]++;
    wave_tally_add(&w->view.wave, row->number, row->state, row->outcome_kind, row->wave,
                   row->deadline);
    l->bad += row->state == JOB_DONE && outcome_is_bad(row->outcome_kind);
    l->writes += row->writes;
    dmarc_sum_add(&w->dmarc, &row->dmarc_ready, identity_type_of(row->identity), TENSE_RUN);
    w->view.dmarc_is_open |= outcome_is_unfinished(row->outcome_kind) && !row_needs_care(row);
    if (row->state != JOB_DONE && row->deadline < l->deadline)
        l->deadline = row->deadline;
    return true;
}

static const char *state_of(struct watched_run *w)
{
    static const char *const names[] = {"cut off", "running", "unknown"};
    char holder[JOURNAL_HOLDER_MAX];
    w->goes_on = w->is_shared && w->run.head.state == RUN_OPEN;
    if (w->run.head.state != RUN_OPEN)
        return journal_state_name(w->run.head.state);
    if (w->is_shared)
        return holders_state_name(&w->holders);
    enum journal_writer writer = journal_writer(w->run.journal, w->run.head.id, holder);
    w->goes_on = writer == JOURNAL_HAS_WRITER;
    return names[writer];
}

/* Which worker carries which lane, of a shared journal. */
static enum err holders_look(struct watched_run *w, struct why *why)
{
    arena_reset(&w->memory);
    w->holders = (struct holders){.lanes = NULL};
    if (!w->is_shared)
        return OK;
    return holders_read(&w->holders, w->run.journal, w->id, &w->memory, why);
}

/* A run that goes on may be paused by a person. */
static enum err pause_read(struct watched_run *w, struct why *why)
{
    struct run_orders orders;
    char who[ORDER_GIVER_MAX], since[WHEN_LEN];
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    enum err err = w->goes_on ? run_orders_read(&orders, w->run.journal, w->id, &arena, why) : OK;
    w->view.reason = "";
    const struct shared_run *shared = &w->holders.run;
    bool is_paused = w->is_shared ? shared->is_paused && !shared->stops : orders.pause != NULL;
    if (err == OK && w->goes_on && is_paused && orders.pause) {
        snprintf(w->paused_by, sizeof w->paused_by, "by %s since %s; mailfrom resume %llu goes on",
                 order_giver(orders.pause, who), when_format(orders.pause->at, since),
                 (unsigned long long)w->id);
        w->view.state = "paused";
        w->view.reason = w->paused_by;
    }
    if (w->is_shared && shared->waves.paused && !*w->view.reason) {
        snprintf(w->paused_by, sizeof w->paused_by, "%s", shared->waves.reason);
        w->view.state = w->goes_on && !shared->stops ? "paused" : w->view.state;
        w->view.reason = w->paused_by;
    }
    arena_clear(&arena);
    return err;
}

static void lanes_read(struct watched_run *w)
{
    struct run *r = &w->run;
    for (uint32_t i = 0; i < r->fleet.lanes_len; i++) {
        struct view_lane *l = &w->lanes[i];
        l->per_s = rate_meter_read(&w->rate_meters[i], l->writes, w->view.now);
        l->left = rate_meter_left(l, fleet_rate(&r->fleet, i, w->kept.rate_per_s),
                                  access_api(w->kept.read_api, API_V1), true);
    }
    view_sum(&w->view);
}

/* A journal in a file is opened anew: what was written since is in the next copy. */
static enum err look(struct watched_run *w, struct why *why)
{
    struct run *r = &w->run;
    enum err err = r->journal ? OK : run_journal(r, JOURNAL_READ, why);
    if (err == OK && w->id == 0)
        err = run_meant(r->journal, &w->id, why);
    if (err == OK)
        err = journal_run(r->journal, w->id, &r->head, &r->arena, why);
    if (err == OK && !w->known)
        err = fleet_read(w, why);
    if (err == OK)
        err = holders_look(w, why);
    if (err == OK) {
        w->view.state = state_of(w);
        w->view.workers = w->is_shared ? &w->holders : NULL;
        err = pause_read(w, why);
    }
    if (err == OK) {
        w->view.now = os_clock_now(&w->clock);
        for (uint32_t i = 0; i < r->fleet.lanes_len; i++) {
            struct view_lane *l = &w->lanes[i];
            *l = (struct view_lane){.account = l->account,
                                    .region = l->region,
                                    .jobs = l->jobs,
                                    .lease = holders_lane(&w->holders, (uint16_t)i),
                                    .deadline = WHEN_NEVER};
        }
        wave_tally_begin(&w->view.wave, &r->fleet);
        w->dmarc = (struct dmarc_sum){.rows = 0};
        w->view.dmarc = &w->dmarc;
        w->view.dmarc_is_open = false;
        err = run_rows(r, row_add, w, why);
        if (err == OK)
            lanes_read(w); /* a look that breaks off has counted only some of the writes */
    }
    if (err == OK && w->viewer.look)
        err = w->viewer.look(w->viewer.ctx, r, w->view.state, w->goes_on, why);
    if (err == OK && r->head.state != RUN_OPEN)
        w->view.now = r->head.stopped;
    if (r->journal && (!w->is_shared || err != OK)) {
        journal_close(r->journal);
        r->journal = NULL;
    }
    return err;
}

static void line_print(const struct watched_run *w)
{
    const char *type = w->goes_on ? "progress" : "end";
    screen_line(&w->screen, &w->view, w->mode == PROGRESS_JSON ? type : NULL);
}

/* Until then; a terminal whose size changes meanwhile gets the same picture again. False: the
 * workers of this process are done. */
static bool rest(struct watched_run *w, instant_us until)
{
    sigset_t resize;
    if (w->viewer.rest)
        return w->viewer.rest(w->viewer.ctx, until - os_clock_now(&w->clock));
    sigemptyset(&resize);
    sigaddset(&resize, SIGWINCH);
    for (instant_us now; (now = os_clock_now(&w->clock)) < until;) {
        struct timespec left = {(until - now) / 1000000, (until - now) % 1000000 * 1000};
        if (sigtimedwait(&resize, NULL, &left) == SIGWINCH && w->known && w->screen.is_terminal)
            screen_show(&w->screen, &w->view);
    }
    return true;
}

static void picture_show(struct watched_run *w, bool is_last)
{
    instant_us at = os_clock_now(&w->clock);
    if (w->viewer.is_spoilt && w->viewer.is_spoilt(w->viewer.ctx))
        screen_leave(&w->screen);
    if (w->mode == PROGRESS_LINES && !w->viewer.rest &&
        w->holders.lanes_len <= w->run.fleet.lanes_len + 1u)
        workers_moves_print(w->screen.out, &w->holders, w->carriers);
    if (w->mode == PROGRESS_BAR) {
        screen_show(&w->screen, &w->view);
    } else if (at >= w->next_line || is_last) {
        line_print(w);
        w->next_line = at + progress_interval(w->mode, at - w->opened);
    }
}

/* A database that cannot be reached now may be there again soon. */
static bool may_look_again(struct watched_run *w, enum err err, const struct why *why)
{
    bool is_told = w->viewer.rest; /* by the workers of this process */
    if (err == ERR_AWAY && w->known && !w->is_away && !is_told) {
        screen_erase(&w->screen);
        message_error("%s; trying again", why->text);
        w->is_away = true;
    }
    if (err == OK && w->is_away) {
        screen_erase(&w->screen);
        message_note("the journal can be reached again");
        w->is_away = false;
    }
    return err == OK || err == ERR_BUSY || (err == ERR_AWAY && w->known);
}

enum err watch_run(const struct options *o, uint64_t id, const struct watch_viewer *viewer,
                   struct why *why)
{
    struct watched_run w;
    enum err err = OK;
    sigset_t resize;
    bool goes_on = true;
    sigemptyset(&resize);
    sigaddset(&resize, SIGWINCH);
    pthread_sigmask(SIG_BLOCK, &resize, NULL);
    watch_begin(&w, o, id, viewer);
    bool is_seen = w.mode != PROGRESS_NONE || !viewer->rest;
    while (goes_on && is_seen && !ferror(stdout)) {
        instant_us begun = os_clock_now(&w.clock);
        err = look(&w, why);
        if (!may_look_again(&w, err, why))
            break; /* busy: it was being rewritten just then */
        goes_on = err != OK || w.goes_on;
        if (!goes_on && viewer->rest)
            break;
        if (err == OK)
            picture_show(&w, !goes_on);
        /* A database that did not answer has not worked for this look. */
        span_us pause = err == OK ? (os_clock_now(&w.clock) - begun) * LOOK_SHARE : 0;
        instant_us until = os_clock_now(&w.clock) + (pause > LOOK_EVERY ? pause : LOOK_EVERY);
        goes_on = goes_on && rest(&w, until);
    }
    /* The run is over, or the workers of this process are done with what they could do. */
    while (viewer->rest && viewer->rest(viewer->ctx, LOOK_EVERY))
        ;
    bool is_last_seen = viewer->rest && w.known && is_seen && look(&w, why) == OK;
    screen_erase(&w.screen);
    if (is_last_seen)
        line_print(&w);
    if (err == OK && w.mode == PROGRESS_BAR &&
        os_clock_now(&w.clock) - w.opened >= SPAN_S(RING_AFTER))
        screen_ring(&w.screen, &w.view);
    watch_end(&w);
    return err;
}

enum err watch_once(const struct options *o, uint64_t id, struct why *why)
{
    struct watched_run w;
    watch_begin(&w, o, id, &(const struct watch_viewer){.ctx = NULL});
    enum err err = look(&w, why);
    if (err == OK)
        line_print(&w);
    watch_end(&w);
    return err;
}
