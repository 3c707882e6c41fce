/*
 * From the desk to the board. What the desk counts is read at once; deadlines it does not count, so
 * a part of the jobs is looked at each time, PROGRESS_JOBS at most, and a lane's earliest deadline
 * is that of the last whole round: a fleet of a million takes some seconds for one.
 */
#include "progress.h"

#include "run.h"

#include <stdlib.h>
#include <string.h>

#define BOARD_EVERY   SPAN_MS(200)
#define BOARD_LANES   1000 /* so many lanes more make it that much rarer: all of them are read */
#define BOARD_IDLE    SPAN_S(1) /* the clock goes on though nothing happens */
#define PROGRESS_JOBS 20000     /* at most so many of a fleet are looked at each time */

span_us progress_interval(enum progress_mode mode, span_us since_start)
{
    span_us least = mode == PROGRESS_JSON ? SPAN_S(1) : SPAN_S(10), most = SPAN_M(5);
    span_us grown = since_start / 30;
    return grown < least ? least : grown > most ? most : grown;
}

void progress_lanes(struct board_lane *lanes, const struct fleet *f)
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
    p->gauges = calloc(len, sizeof *p->gauges);
    p->deadlines = calloc(len, sizeof *p->deadlines);
    if (!p->lanes || !p->gauges || !p->deadlines)
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
    /* With --verbose there is a line for every call, which no board can stand between. */
    return screen_can_draw(stderr) && !o->verbose ? PROGRESS_BAR : PROGRESS_LINES;
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
    p->board = (struct board){.verb = run_verb_name(head->verb),
                              .run = head->verb == RUN_PLAN ? 0 : head->id,
                              .state = "running",
                              .reason = "",
                              .calls_known = true,
                              .lanes = p->lanes,
                              .lanes_len = fleet->lanes_len};
    screen_init(&p->screen, stderr, o->no_color);
}

/* The jobs' deadlines, a part each time. */
static void deadlines_read(struct progress *p, const struct desk *desk)
{
    const struct fleet *f = p->fleet;
    for (uint32_t i = 0; i < PROGRESS_JOBS && p->round_at < f->choices_len; i++, p->round_at++) {
        const struct job *job = desk_job(desk, p->round_at);
        instant_us *earliest = &p->deadlines[f->choices[p->round_at].lane];
        if (job->state != JOB_DONE && job->deadline < *earliest)
            *earliest = job->deadline;
    }
    if (p->round_at < f->choices_len)
        return;
    p->round_at = 0;
    for (uint32_t i = 0; i < f->lanes_len; i++) {
        p->lanes[i].deadline = p->deadlines[i];
        p->deadlines[i] = WHEN_NEVER;
    }
}

static void board_read(struct progress *p, const struct desk *desk, instant_us now)
{
    if (p->board.started == 0)
        p->board.started = now;
    p->board.now = now;
    deadlines_read(p, desk);
    for (uint16_t i = 0; i < p->fleet->lanes_len; i++) {
        struct desk_lane_totals t;
        struct board_lane *l = &p->lanes[i];
        desk_lane_totals(desk, i, &t);
        memcpy(l->by_state, t.by_state, sizeof l->by_state);
        l->bad = t.bad;
        l->calls = t.calls;
        l->throttled = t.throttled;
        l->writes = t.writes;
        l->per_s = gauge_read(&p->gauges[i], t.calls, now);
        l->left = gauge_left(l, desk_pace(desk, i, CALL_SET)->load.rate_per_s,
                             desk_api(desk, i, CALL_READ_MAIL_FROM), p->writes);
    }
    board_sum(&p->board);
    if (desk_pause_reason(desk)) {
        p->board.state = "paused";
        p->board.reason = desk_pause_reason(desk);
    } else if (desk_is_draining(desk)) {
        p->board.state = "stopping";
        p->board.reason = "calls in flight finish; once more to leave at once";
    }
}

static void line_write(const struct progress *p, const char *type)
{
    screen_line(&p->screen, &p->board, p->mode == PROGRESS_JSON ? type : NULL);
}

/* Is what was drawn broken? After a stop the shell has written below it, so it stays. */
static bool is_spoilt(struct progress *p)
{
    unsigned resized = atomic_load(&p->signals->resized);
    unsigned continued = atomic_load(&p->signals->continued);
    bool changed = resized != p->resized || continued != p->continued;
    if (continued != p->continued)
        screen_leave(&p->screen);
    p->resized = resized;
    p->continued = continued;
    return changed && p->mode == PROGRESS_BAR;
}

static span_us interval_of(const struct progress *p, span_us since_start)
{
    return p->mode == PROGRESS_BAR ? BOARD_EVERY * (1 + p->fleet->lanes_len / BOARD_LANES)
                                   : progress_interval(p->mode, since_start);
}

void progress_turn(void *ctx, const struct desk *desk, instant_us now)
{
    struct progress *p = ctx;
    if (p->mode == PROGRESS_NONE)
        return;
    bool spoilt = is_spoilt(p);
    if (now < p->next && !spoilt)
        return;
    p->shown_at = now;
    board_read(p, desk, now);
    p->next = now + interval_of(p, now - p->board.started);
    if (!screen_is_ready(&p->screen))
        return;
    if (p->mode == PROGRESS_BAR)
        screen_show(&p->screen, &p->board);
    else if (p->mode == PROGRESS_JSON || p->begun)
        line_write(p, p->begun ? "progress" : "begin");
    p->begun = true;
}

instant_us progress_wake(void *ctx, instant_us now)
{
    const struct progress *p = ctx;
    if (p->mode == PROGRESS_NONE)
        return WHEN_NEVER;
    instant_us idle = p->mode == PROGRESS_BAR ? p->shown_at + BOARD_IDLE : p->next;
    instant_us wake = idle > p->next ? idle : p->next;
    return wake > now ? wake : now;
}

static const char *end_name(bool failed, enum engine_end end)
{
    static const char *const names[] = {"ended", "stopped", "left"};
    return failed ? "failed" : names[end];
}

void progress_end(struct progress *p, const struct desk *desk, bool failed, enum engine_end end,
                  instant_us now)
{
    if (p->mode != PROGRESS_NONE) {
        board_read(p, desk, now);
        p->board.state = end_name(failed, end);
        if (strcmp(p->board.state, "ended") == 0 || !desk_pause_reason(desk))
            p->board.reason = "";
        if (now > p->board.started) /* of all the time */
            p->board.total.per_s =
                (double)p->board.total.calls * 1e6 / (double)(now - p->board.started);
        screen_erase(&p->screen);
        line_write(p, "end");
    }
    free(p->lanes);
    free(p->gauges);
    free(p->deadlines);
    *p = (struct progress){.mode = PROGRESS_NONE};
}
