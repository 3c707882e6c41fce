/*
 * From the scheduler to the progress view. What the scheduler counts is read at once; deadlines it
 * does not count, so a part of the jobs is looked at each time, PROGRESS_JOBS at most, and a lane's
 * earliest deadline is that of the last whole round: a fleet of a million takes some seconds for
 * one.
 */
#include "progress.h"

#include <stdlib.h>
#include <string.h>

#define VIEW_EVERY    SPAN_MS(200)
#define VIEW_LANES    1000 /* so many lanes more make it that much rarer: all of them are read */
#define VIEW_IDLE     SPAN_S(1) /* the clock goes on though nothing happens */
#define PROGRESS_JOBS 20000     /* at most so many of a fleet are looked at each time */

span_us progress_interval(enum progress_mode mode, span_us since_start)
{
    span_us least = mode == PROGRESS_JSON ? SPAN_S(1) : SPAN_S(10), most = SPAN_M(5);
    span_us grown = since_start / 30;
    return grown < least ? least : grown > most ? most : grown;
}

void progress_lanes(struct view_lane *lanes, const struct fleet *f)
{
    for (uint32_t i = 0; i < f->lanes_len; i++) {
        lanes[i].account = names_text(&f->names, f->accounts[f->lanes[i].account].name);
        lanes[i].region = names_text(&f->names, f->lanes[i].region);
        lanes[i].deadline = WHEN_NEVER;
    }
    for (uint32_t i = 0; i < f->choices_len; i++)
        lanes[f->choices[i].lane].jobs++;
}

static bool lanes_new(struct progress *p, const struct fleet *f)
{
    size_t len = f->lanes_len + 1u;
    p->lanes = calloc(len, sizeof *p->lanes);
    p->rate_meters = calloc(len, sizeof *p->rate_meters);
    p->deadlines = calloc(len, sizeof *p->deadlines);
    if (!p->lanes || !p->rate_meters || !p->deadlines)
        return false;
    progress_lanes(p->lanes, f);
    for (uint32_t i = 0; i < f->lanes_len; i++)
        p->deadlines[i] = WHEN_NEVER;
    return true;
}

enum progress_mode progress_mode_of(const struct options *o)
{
    if (o->quiet)
        return PROGRESS_NONE;
    if (o->progress != PROGRESS_AUTO)
        return o->progress;
    /* With --verbose there is a line for every call, and lines would break a progress view. */
    return screen_can_draw(stderr) && !o->access.verbose ? PROGRESS_BAR : PROGRESS_LINES;
}

void progress_begin(struct progress *p, const struct options *o, const struct run_head *head,
                    const struct fleet *fleet, const struct signals *signals)
{
    *p = (struct progress){.mode = progress_mode_of(o),
                           .fleet = fleet,
                           .signals = signals,
                           .writes = head->verb != RUN_PLAN};
    if (p->mode == PROGRESS_NONE)
        return;
    if (!lanes_new(p, fleet))
        p->mode = PROGRESS_NONE;
    p->view = (struct progress_view){.verb = journal_verb_name(head->verb),
                                     .run = head->verb == RUN_PLAN ? 0 : head->id,
                                     .state = "running",
                                     .reason = "",
                                     .calls_known = true,
                                     .lanes = p->lanes,
                                     .lanes_len = fleet->lanes_len};
    screen_init(&p->screen, stderr, o->no_color);
}

/* The jobs' deadlines, a part each time. */
static void deadlines_read(struct progress *p, const struct scheduler *scheduler)
{
    const struct fleet *f = p->fleet;
    if (p->round_at == 0)
        wave_tally_begin(&p->wave, f);
    for (uint32_t i = 0; i < PROGRESS_JOBS && p->round_at < f->choices_len; i++, p->round_at++) {
        const struct job *job = scheduler_job(scheduler, p->round_at);
        instant_us *earliest = &p->deadlines[f->choices[p->round_at].lane];
        if (job->state != JOB_DONE && job->deadline < *earliest)
            *earliest = job->deadline;
        wave_tally_add(&p->wave, p->round_at, (enum job_state)job->state,
                       (enum outcome)job->outcome, job->wave, job->deadline);
    }
    if (p->round_at < f->choices_len)
        return;
    p->round_at = 0;
    p->view.wave = p->wave;
    for (uint32_t i = 0; i < f->lanes_len; i++) {
        p->lanes[i].deadline = p->deadlines[i];
        p->deadlines[i] = WHEN_NEVER;
    }
}

void progress_lane_read(struct view_lane *l, struct rate_meter *meter,
                        const struct scheduler *scheduler, uint16_t lane, bool writes,
                        instant_us now)
{
    struct scheduler_lane_totals t;
    scheduler_lane_totals(scheduler, lane, &t);
    memcpy(l->by_state, t.by_state, sizeof l->by_state);
    l->bad = t.bad;
    l->calls = t.calls;
    l->throttled = t.throttled;
    l->writes = t.writes;
    l->per_s = rate_meter_read(meter, t.calls, now);
    l->left = rate_meter_left(l, scheduler_pace(scheduler, lane, CALL_SET)->load.rate_per_s,
                              scheduler_api(scheduler, lane, CALL_READ_MAIL_FROM), writes);
}

void progress_pause_tell(const struct order *pause, uint64_t run, char reason[PROGRESS_REASON_MAX])
{
    char who[ORDER_GIVER_MAX], since[WHEN_LEN];
    snprintf(reason, PROGRESS_REASON_MAX, "by %s since %s; mailfrom resume %llu goes on",
             order_giver(pause, who), when_format(pause->at, since), (unsigned long long)run);
}

const char *progress_state(const struct scheduler *scheduler, uint64_t run,
                           char reason[PROGRESS_REASON_MAX])
{
    const struct order *pause = scheduler_paused_by(scheduler);
    const char *held = scheduler_pause_reason(scheduler);
    const char *state = "running";
    *reason = '\0';
    if (held) {
        state = "paused";
        snprintf(reason, PROGRESS_REASON_MAX, "%s", held);
    } else if (scheduler_is_draining(scheduler)) {
        state = "stopping";
        snprintf(reason, PROGRESS_REASON_MAX, "calls in flight finish; once more to leave at once");
    } else if (pause) {
        state = "paused";
        progress_pause_tell(pause, run, reason);
    }
    return state;
}

static void view_read(struct progress *p, const struct scheduler *scheduler, instant_us now)
{
    if (p->view.started == 0)
        p->view.started = now;
    p->view.now = now;
    deadlines_read(p, scheduler);
    for (uint16_t i = 0; i < p->fleet->lanes_len; i++)
        progress_lane_read(&p->lanes[i], &p->rate_meters[i], scheduler, i, p->writes, now);
    view_sum(&p->view);
    p->view.state = progress_state(scheduler, p->view.run, p->reason);
    p->view.reason = p->reason;
}

static void line_write(const struct progress *p, const char *type)
{
    screen_line(&p->screen, &p->view, p->mode == PROGRESS_JSON ? type : NULL);
}

void progress_turn(void *ctx, const struct scheduler *scheduler, instant_us now)
{
    struct progress *p = ctx;
    if (p->mode == PROGRESS_NONE)
        return;
    /* Is the drawn view broken? After a stop the shell has written below the view, so the view
       stays. */
    unsigned resized = atomic_load(&p->signals->resized);
    unsigned continued = atomic_load(&p->signals->continued);
    bool changed = resized != p->resized || continued != p->continued;
    if (continued != p->continued)
        screen_leave(&p->screen);
    p->resized = resized;
    p->continued = continued;
    bool spoilt = changed && p->mode == PROGRESS_BAR;
    if (now < p->next && !spoilt)
        return;
    p->shown_at = now;
    view_read(p, scheduler, now);
    p->next = now + (p->mode == PROGRESS_BAR ? VIEW_EVERY * (1 + p->fleet->lanes_len / VIEW_LANES)
                                             : progress_interval(p->mode, now - p->view.started));
    if (!screen_is_ready(&p->screen))
        return;
    if (p->mode == PROGRESS_BAR)
        screen_show(&p->screen, &p->view);
    else if (p->mode == PROGRESS_JSON || p->begun)
        line_write(p, p->begun ? "progress" : "begin");
    p->begun = true;
}

instant_us progress_wake(void *ctx, instant_us now)
{
    const struct progress *p = ctx;
    if (p->mode == PROGRESS_NONE)
        return WHEN_NEVER;
    instant_us idle = p->mode == PROGRESS_BAR ? p->shown_at + VIEW_IDLE : p->next;
    instant_us wake = idle > p->next ? idle : p->next;
    return wake > now ? wake : now;
}

void progress_end(struct progress *p, const struct scheduler *scheduler, bool failed,
                  enum engine_end end, instant_us now)
{
    if (p->mode != PROGRESS_NONE) {
        view_read(p, scheduler, now);
        static const char *const names[] = {"ended", "stopped", "left"};
        p->view.state = failed ? "failed" : names[end];
        if (strcmp(p->view.state, "ended") == 0 || !scheduler_pause_reason(scheduler))
            p->view.reason = "";
        if (now > p->view.started) /* of all the time */
            p->view.total.per_s =
                (double)p->view.total.calls * 1e6 / (double)(now - p->view.started);
        screen_erase(&p->screen);
        line_write(p, "end");
        if (p->mode == PROGRESS_BAR)
            screen_ring(&p->screen, &p->view);
    }
    free(p->lanes);
    free(p->rate_meters);
    free(p->deadlines);
    *p = (struct progress){.mode = PROGRESS_NONE};
}
