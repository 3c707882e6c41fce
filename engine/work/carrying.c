/*
 * One carriage on its own thread. The run is read from the journal, its lanes are claimed and
 * carried (run/run.h, with the part of carrying_claim.c), and what is still held in the end is
 * given back or left to the worker's own thread. Whatever fails here fails for this carriage alone.
 */
#include "worker_internal.h"

#include "access/trust.h"
#include "run/withdrawing.h"
#include "wire/os_clock.h"
#include "wire/thread.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the wire, which the worker's thread wakes and interrupts ---- */

void carrying_interrupt(struct carrying *c, unsigned stops)
{
    for (; c->wire && c->interrupts < stops; c->interrupts++)
        wire_interrupt(c->wire);
}

static enum err wire_is_open(void *ctx, struct wire *wire, struct why *why)
{
    struct carrying *c = ctx;
    struct worker *w = c->worker;
    (void)why;
    pthread_mutex_lock(&w->lock);
    c->wire = wire;
    c->interrupts = 0;
    carrying_interrupt(c, atomic_load(&w->stops));
    pthread_mutex_unlock(&w->lock);
    return OK;
}

static void wire_is_closing(void *ctx)
{
    struct carrying *c = ctx;
    pthread_mutex_lock(&c->worker->lock);
    c->wire = NULL;
    pthread_mutex_unlock(&c->worker->lock);
}

/* ---- the run ---- */

static void run_prepare(struct carrying *c)
{
    struct worker *w = c->worker;
    c->access = *w->config.access;
    c->access.call_timeout_us = w->terms.call_timeout;
    carrying_part(c);
    const struct run_config config = {
        .access = &c->access,
        .journal = w->config.journal,
        .version = w->config.version,
        .notices = w->notices,
        .owner = {.ctx = c, .opened = wire_is_open, .closing = wire_is_closing},
        .part = &c->part,
    };
    run_init(&c->run, &config);
    c->run.resumes = true;
}

/* The options that the run was begun with, but for the names of a person's own keys. */
static enum err access_take(struct carrying *c, struct why *why)
{
    struct run *r = &c->run;
    const struct access given = *c->worker->config.access;
    char from[64];
    enum err err = access_read(&c->access, r->head.options, &r->arena, why);
    if (err != OK)
        return err;
    c->access.profile = given.profile;
    c->access.region = given.region;
    r->config.force = c->access.force;
    snprintf(from, sizeof from, "run %llu of the journal", (unsigned long long)c->id);
    err = access_trust_vet(&given, &c->access, from, why);
    return err == OK ? run_begun(r, why, "run %llu", (unsigned long long)c->id) : err;
}

/* What is kept by lane of the fleet. */
static enum err lanes_prepare(struct carrying *c, struct why *why)
{
    const struct fleet *f = &c->run.fleet;
    struct arena *arena = &c->run.arena;
    size_t len = f->lanes_len + 1u;
    c->lanes_max = c->wanted_len;
    c->claims = ARENA_ARRAY(arena, struct lease_claim, c->lanes_max + 1u);
    c->lanes = ARENA_ARRAY(arena, struct carriage_lane, c->lanes_max + 1u);
    c->left = ARENA_ARRAY(arena, struct lease_left, c->lanes_max + 1u);
    c->is_wanted = ARENA_ARRAY(arena, bool, len);
    c->is_held = ARENA_ARRAY(arena, bool, len);
    c->is_new = ARENA_ARRAY(arena, bool, len);
    c->leases = ARENA_ARRAY(arena, struct lease, len);
    if (!c->claims || !c->lanes || !c->left || !c->is_wanted || !c->is_held || !c->is_new ||
        !c->leases)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < c->wanted_len; i++)
        if (c->wanted[i] < f->lanes_len)
            c->is_wanted[c->wanted[i]] = true;
    for (uint32_t i = 0; i < f->lanes_len; i++)
        c->is_new[i] = f->lanes[i].caller.account == NAME_NONE;
    c->part.wanted = c->is_wanted;
    c->part.lanes = c->is_held;
    return OK;
}

/* A run that publishes, by the lease of the whole run. Reads of SES before a withdrawal go beside
 * those of whoever carries the lanes: they are few, and nothing is written by them. */
static enum err names_carry(struct carrying *c, struct why *why)
{
    struct run *r = &c->run;
    struct os_clock clock;
    struct publishing p = {.run = r};
    c->part.wanted = NULL;
    c->publishing = &p;
    os_clock_open(&clock, r->head.last);
    enum err err = publishing_recall(&p, why);
    if (err == OK && r->head.verb == RUN_WITHDRAW)
        err = withdrawing_bar(&p, r->head.parent, r->config.force, os_clock_now(&clock), why);
    if (err == OK)
        err = publishing_carry_out(&p, why);
    c->publishing = NULL;
    return err;
}

static enum err run_carry(struct carrying *c, struct why *why)
{
    struct run *r = &c->run;
    enum err err = run_journal(r, JOURNAL_UPDATE, why);
    if (err == OK)
        err = run_recall(r, c->id, why);
    if (err == OK)
        err = access_take(c, why);
    if (err == OK)
        err = lanes_prepare(c, why);
    if (err != OK)
        return err;
    return journal_verb_publishes(r->head.verb) ? names_carry(c, why) : run_carry_out(r, why);
}

/* ---- its end ---- */

/* Trouble of this moment, which the next carriage may not have. */
static bool passes(enum err err)
{
    return err == ERR_AWAY || err == ERR_FENCED || err == ERR_BUSY || err == ERR_GONE;
}

/* Lanes that were never claimed, because something failed before: people are told. */
static void wanted_tell(struct carrying *c, const char *sentence)
{
    if (!c->run.journal || c->has_claimed)
        return;
    for (uint32_t i = 0; i < c->wanted_len; i++)
        carrying_tried(c, c->wanted[i], sentence);
}

static void end_tell(struct carrying *c, enum err err, const struct why *why)
{
    struct worker *w = c->worker;
    unsigned long long id = (unsigned long long)c->id;
    if (err == ERR_AWAY || (err == ERR_FENCED && c->was_lost))
        notice_note(&w->news, "run %llu: nothing more is sent from here for now: %s", id,
                    why->text);
    else if (err != OK && !passes(err) && c->has_claimed)
        notice_error(&w->news, "run %llu: %s", id, why->text);
}

static void *carry(void *data)
{
    struct carrying *c = data;
    struct worker *w = c->worker;
    struct why why = {""};
    run_prepare(c);
    enum err err = run_carry(c, &why);
    bool failed = err != OK && !passes(err);
    if (failed && err != ERR_NOMEM)
        wanted_tell(c, why.text);
    end_tell(c, err, &why);
    pthread_mutex_lock(&w->lock);
    failing_note(w, c->id, failed && c->has_claimed, os_clock_boot());
    for (uint32_t i = 0; i < c->wanted_len && failing_count(w, c->id) >= FAILED_MAX; i++)
        tried_add(w, c->id, c->wanted[i], os_clock_boot() + TRIED_FOR);
    pthread_mutex_unlock(&w->lock);
    run_clear(&c->run);
    pthread_mutex_lock(&w->lock);
    assert(!c->is_claimed);
    c->err = err;
    c->has_ended = true;
    pthread_mutex_unlock(&w->lock);
    worker_wake(w);
    return NULL;
}

bool carrying_start(struct worker *w, uint64_t run, const uint16_t *lanes, uint32_t len)
{
    assert(w->carryings_len < CARRYINGS_MAX);
    struct carrying *c = calloc(1, sizeof *c);
    if (!c)
        return false;
    *c = (struct carrying){.worker = w, .id = run, .wanted_len = len, .terms = w->terms};
    c->wanted = malloc((len + 1) * sizeof *c->wanted);
    if (!c->wanted) {
        free(c);
        return false;
    }
    memcpy(c->wanted, lanes, len * sizeof *lanes);
    if (thread_start(&c->thread, carry, c) != 0) {
        carrying_free(c);
        return false;
    }
    w->carryings[w->carryings_len++] = c;
    w->has_looked = false;
    return true;
}

void carrying_free(struct carrying *c)
{
    free(c->wanted);
    free(c);
}
