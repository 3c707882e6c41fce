/*
 * Lanes that nobody carries. The look reads every lane of the open runs that this role of the
 * database may see, chooses those that this worker is meant for and has not tried in vain, and
 * begins a carriage for each run that has some. The claim itself decides who gets a lane.
 */
#include "patterns.h"
#include "worker_internal.h"

#include "wire/os_clock.h"

#include <stdlib.h>

struct opening {
    uint64_t run;
    uint16_t lane;
};

struct openings {
    struct worker *worker;
    struct opening *list;
    uint32_t len, cap;
    instant_us now;
    struct work_end left; /* its counts of lanes that are not carried here */
    bool no_memory;
    bool may_go_on;
};

void tried_add(struct worker *w, uint64_t run, uint16_t lane, instant_us until)
{
    for (uint32_t i = 0; i < w->tried_len; i++) {
        struct tried *t = &w->tried[i];
        if (t->run != run || t->lane != lane)
            continue;
        t->until = until;
        return;
    }
    if (w->tried_len == w->tried_cap) {
        uint32_t cap = w->tried_cap * 2 + 16;
        struct tried *grown = realloc(w->tried, cap * sizeof *grown);
        if (!grown)
            return; /* it is tried again, which costs a question */
        w->tried = grown;
        w->tried_cap = cap;
    }
    w->tried[w->tried_len++] = (struct tried){run, lane, until};
}

static const struct failing *failing_of(const struct worker *w, uint64_t run)
{
    for (uint32_t i = 0; i < FAILING_MAX; i++)
        if (w->failing[i].run == run)
            return &w->failing[i];
    return NULL;
}

void failing_note(struct worker *w, uint64_t run, bool failed, instant_us now)
{
    struct failing *at = &w->failing[0]; /* of the run, or else a free one or the oldest */
    for (uint32_t i = 1; i < FAILING_MAX && at->run != run; i++)
        if (w->failing[i].run == run || w->failing[i].until < at->until)
            at = &w->failing[i];
    uint32_t count = at->run == run ? at->count : 0;
    *at = (struct failing){.run = run, .count = failed ? count + 1 : 0};
    at->until = now + (failed ? FAILED_FOR : CLAIMED_FOR);
}

uint32_t failing_count(const struct worker *w, uint64_t run)
{
    const struct failing *at = failing_of(w, run);
    return at ? at->count : 0;
}

static bool is_tried(const struct worker *w, const struct lease_view *v, instant_us now)
{
    for (uint32_t i = 0; i < w->tried_len; i++)
        if (w->tried[i].run == v->run && w->tried[i].lane == v->lane)
            return now < w->tried[i].until || w->config.ends;
    return false;
}

static bool is_resting(const struct worker *w, uint64_t run, instant_us now)
{
    const struct failing *f = failing_of(w, run);
    return f && now < f->until;
}

/* Is the lane with one of this worker's carriages, or about to be given back? */
static bool is_in_hand(const struct worker *w, const struct lease_view *v)
{
    for (uint32_t i = 0; i < w->leavings_len; i++)
        if (w->leavings[i].lease.run == v->run && w->leavings[i].lease.lane == v->lane)
            return true;
    for (uint32_t i = 0; i < w->carryings_len; i++) {
        const struct carrying *c = w->carryings[i];
        for (uint32_t k = 0; c->id == v->run && k < c->wanted_len; k++)
            if (c->wanted[k] == v->lane)
                return true;
    }
    return false;
}

static bool opening_add(struct openings *o, const struct lease_view *v)
{
    if (o->len == o->cap) {
        uint32_t cap = o->cap * 2 + 64;
        struct opening *grown = realloc(o->list, cap * sizeof *grown);
        o->no_memory = !grown;
        if (!grown)
            return false;
        o->list = grown;
        o->cap = cap;
    }
    o->list[o->len++] = (struct opening){v->run, v->lane};
    return true;
}

/* A claim of this worker whose answer was lost: nobody here knows of the lease. */
static void stray_take(struct worker *w, const struct lease_view *v, instant_us now)
{
    const struct leaving stray = {.lease = {v->run, v->lane, v->epoch},
                                  .left = {.rest = LEASE_OPEN},
                                  .left_at = now,
                                  .due = now};
    leaving_add(w, &stray);
}

/* Why a lane that is open is not carried here. */
static void left_count(struct work_end *left, const struct lease_view *v, bool is_meant,
                       bool is_held)
{
    if (!is_meant)
        left->lanes_unmeant++;
    else if (is_held)
        left->lanes_held++;
    else if (!v->may_carry)
        left->lanes_barred++;
    else if (v->waits_for)
        left->lanes_waiting++;
    else
        left->lanes_without++;
}

static bool opening_see(void *ctx, const struct lease_view *v)
{
    struct openings *o = ctx;
    struct worker *w = o->worker;
    bool is_meant = patterns_fit(w->config.lanes, w->config.lanes_len, &v->name);
    bool is_held = v->worker && v->left > 0, is_own = is_held && v->worker == w->number;
    if ((w->config.run && w->config.run != v->run) || v->rest != LEASE_OPEN)
        return true;
    if (!is_meant || !v->may_carry) {
        left_count(&o->left, v, is_meant, is_held);
        return true;
    }
    pthread_mutex_lock(&w->lock);
    bool is_here = is_in_hand(w, v), is_vain = is_tried(w, v, o->now);
    if (is_own && !is_here)
        stray_take(w, v, o->now);
    bool rests = is_resting(w, v->run, o->now);
    pthread_mutex_unlock(&w->lock);
    bool waits = is_held || v->waits_for;
    o->may_go_on |= is_here || is_own || (!is_vain && (!waits || w->config.stays));
    if (!is_here && (is_vain || waits))
        left_count(&o->left, v, is_meant, is_held);
    return is_here || is_vain || waits || rests || opening_add(o, v);
}

static uint32_t lanes_in_hand(const struct worker *w)
{
    uint32_t lanes = 0;
    for (uint32_t i = 0; i < w->carryings_len; i++) {
        const struct carrying *c = w->carryings[i];
        for (uint32_t k = 0; k < c->wanted_len && !c->has_ended; k++)
            lanes += c->wanted[k] != LANE_NONE;
    }
    return lanes;
}

/* A run whose lanes come free one by one would have a carriage for each. */
static bool company_waits(struct worker *w, uint64_t run, instant_us now)
{
    struct carrying *c = NULL;
    for (uint32_t i = 0; i < w->carryings_len && !c; i++)
        c = w->carryings[i]->id == run ? w->carryings[i] : NULL;
    if (w->carryings_len < COMPANY_FROM || !c)
        return false;
    c->company = c->company ? c->company : now;
    if (now < c->company + COMPANY_FOR)
        return true;
    c->company = 0;
    return false;
}

static void run_begin(struct worker *w, uint64_t run, const uint16_t *lanes, uint32_t len,
                      instant_us now)
{
    if (w->carryings_len == CARRYINGS_MAX)
        notice_note(&w->notices,
                    "this worker carries %d sets of lanes, as many as one can: further lanes wait "
                    "until one has come to its end, or for another worker (mailfrom work)",
                    CARRYINGS_MAX);
    else if (!company_waits(w, run, now))
        carrying_start(w, run, lanes, len);
}

/* The openings of one run, as many as this worker may still take. Returns how many were passed. */
static uint32_t run_take(struct worker *w, const struct opening *list, uint32_t len, instant_us now)
{
    uint16_t lanes[LANES_MAX + 1];
    uint32_t taken = 0, passed = 0;
    pthread_mutex_lock(&w->lock);
    uint32_t in_hand = lanes_in_hand(w), max = w->config.lanes_max;
    pthread_mutex_unlock(&w->lock);
    uint32_t room = !max ? LANES_MAX : max > in_hand ? max - in_hand : 0;
    while (passed < len && list[passed].run == list[0].run) {
        if (taken < room && taken < LANES_MAX)
            lanes[taken++] = list[passed].lane;
        passed++;
    }
    if (taken)
        run_begin(w, list[0].run, lanes, taken, now);
    return passed;
}

static void left_keep(struct work_end *end, const struct work_end *left, bool is_run_stopped)
{
    end->lanes_without = left->lanes_without;
    end->lanes_held = left->lanes_held;
    end->lanes_barred = left->lanes_barred;
    end->lanes_unmeant = left->lanes_unmeant;
    end->lanes_waiting = left->lanes_waiting;
    end->is_run_stopped = is_run_stopped;
}

enum err openings_take(struct worker *w, instant_us now, struct why *why)
{
    struct openings o = {.worker = w, .now = now};
    struct shared_run view = {.state = RUN_OPEN};
    enum err err = OK;
    if (w->config.run)
        err = leases_run(w->shell.journal, w->config.run, &view, why);
    if (err == OK && view.state == RUN_OPEN)
        err = leases_each(w->shell.journal, w->config.run, opening_see, &o, why);
    if (err == OK && o.no_memory)
        err = why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; err == OK && i < o.len;)
        i += run_take(w, o.list + i, o.len - i, now);
    w->has_looked = err == OK;
    w->may_go_on = o.may_go_on;
    if (err == OK)
        left_keep(&w->end, &o.left, w->config.run && view.state == RUN_STOPPED);
    free(o.list);
    return err;
}
