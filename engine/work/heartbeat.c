/*
 * The worker's own talk with the database about lanes that it holds: they are renewed, given back,
 * and looked at for news of their runs. Each function asks without the lock and tells under it. A
 * carriage that has come to its end waits for the answer that is about it (is_asked, is_looked), so
 * no start is granted to a lane that has been given back. Lanes are many, and each has questions of
 * its own: what is due to be renewed is renewed between them.
 */
#include "worker_internal.h"

#include "wire/os_clock.h"

#include <assert.h>
#include <stdlib.h>

/* ---- renewal ---- */

struct renewal {
    struct lease *held;
    struct lease_left *left;
    bool *lost;
    uint32_t len, cap;
};

static bool renewal_room(struct renewal *r, uint32_t len)
{
    r->cap = len + 1;
    r->held = calloc(r->cap, sizeof *r->held);
    r->left = calloc(r->cap, sizeof *r->left);
    r->lost = calloc(r->cap, sizeof *r->lost);
    return r->held && r->left && r->lost;
}

static void renewal_clear(struct renewal *r)
{
    free(r->held);
    free(r->left);
    free(r->lost);
}

/* What is left is told from now on, and some of it has passed. */
static struct lease_left left_by(const struct lease_left *left, instant_us at, instant_us now)
{
    struct lease_left by = *left;
    for (int i = 0; i < LEASE_ACTIONS; i++)
        by.next_call[i] = when_later(left->next_call[i] - (now - at), 0);
    return by;
}

static uint32_t held_count(const struct worker *w)
{
    uint32_t len = w->leavings_len;
    for (uint32_t i = 0; i < w->carryings_len; i++)
        len += w->carryings[i]->is_claimed ? w->carryings[i]->carriage.lanes_len : 0;
    return len;
}

static void renewal_add(struct renewal *r, const struct lease *lease, const struct lease_left *left,
                        instant_us at, instant_us now)
{
    assert(r->len < r->cap);
    r->left[r->len] = left_by(left, at, now);
    r->held[r->len++] = *lease;
}

/* Under the lock. Carriages first, in their order, then what is given back later. */
static void renewal_gather(struct worker *w, struct renewal *r, instant_us now)
{
    for (uint32_t i = 0; i < w->carryings_len; i++) {
        struct carrying *c = w->carryings[i];
        c->is_asked = c->is_claimed;
        for (uint32_t k = 0; c->is_claimed && k < c->carriage.lanes_len; k++)
            if (c->carriage.lanes[k].lease.epoch)
                renewal_add(r, &c->carriage.lanes[k].lease, &c->left[k], c->left_at, now);
    }
    for (uint32_t i = 0; i < w->leavings_len; i++)
        renewal_add(r, &w->leavings[i].lease, &w->leavings[i].left, w->leavings[i].left_at, now);
}

static bool is_same(const struct lease *a, const struct lease *b)
{
    return a->run == b->run && a->lane == b->lane && a->epoch == b->epoch;
}

/* Under the lock. A carriage that was asked about has not changed since (is_asked). */
static void renewal_tell(struct worker *w, const struct renewal *r, instant_us asked)
{
    uint32_t at = 0;
    bool lost[LANES_MAX + 1];
    for (uint32_t i = 0; i < w->carryings_len; i++) {
        struct carrying *c = w->carryings[i];
        for (uint32_t k = 0; c->is_asked && k < c->carriage.lanes_len; k++)
            lost[k] = c->carriage.lanes[k].lease.epoch && r->lost[at++];
        if (c->is_asked)
            carriage_renewed(&c->carriage, asked + c->ahead, lost);
        if (c->is_asked && c->wire && c->carriage.is_lost)
            wire_wake(c->wire);
    }
    for (uint32_t i = 0; i < w->leavings_len; i++)
        for (uint32_t k = at; k < r->len; k++)
            if (r->lost[k] && is_same(&w->leavings[i].lease, &r->held[k]))
                w->leavings[i].lease.epoch = 0; /* nothing is left to be given back */
}

enum err heartbeat_renew(struct worker *w, instant_us now, struct why *why)
{
    struct renewal r = {.held = NULL};
    if (now < w->renew_due)
        return OK;
    pthread_mutex_lock(&w->lock);
    bool has_room = renewal_room(&r, held_count(w));
    if (has_room)
        renewal_gather(w, &r, now);
    pthread_mutex_unlock(&w->lock);
    instant_us asked = os_clock_boot();
    enum err err = has_room ? leases_renew(w->shell.journal, w->number, r.held, r.len, &w->terms,
                                           r.left, r.lost, why)
                            : why_set(why, ERR_NOMEM, "out of memory");
    pthread_mutex_lock(&w->lock);
    if (err == OK) {
        w->renewed = asked;
        renewal_tell(w, &r, asked);
        w->renew_due = lease_renew_at(asked, w->terms.ttl);
    }
    for (uint32_t i = 0; i < w->carryings_len; i++)
        w->carryings[i]->is_asked = false;
    pthread_cond_broadcast(&w->told_of);
    pthread_mutex_unlock(&w->lock);
    renewal_clear(&r);
    return err;
}

/* ---- giving back ---- */

bool leaving_add(struct worker *w, const struct leaving *leaving)
{
    if (w->leavings_len == w->leavings_cap) {
        uint32_t cap = w->leavings_cap * 2 + 16;
        struct leaving *grown = realloc(w->leavings, cap * sizeof *grown);
        if (!grown)
            return false;
        w->leavings = grown;
        w->leavings_cap = cap;
    }
    w->leavings[w->leavings_len++] = *leaving;
    return true;
}

struct leaving *leaving_last(struct worker *w)
{
    assert(w->leavings_len > 0);
    return &w->leavings[w->leavings_len - 1];
}

/* Starts are given back once: where it is not known whether they were, the lane is left open, and
 * whoever claims it next counts what is unused. */
static enum err leaving_give_back(struct worker *w, const struct leaving *one, uint32_t at,
                                  struct why *why)
{
    uint32_t none = 0;
    enum err err = leases_starts(w->shell.journal, &one->lease, -(int32_t)one->unused, &none, why);
    err = err == ERR_FENCED ? OK : err;
    pthread_mutex_lock(&w->lock);
    w->leavings[at].unused = 0;
    if (err != OK)
        w->leavings[at].left.rest = LEASE_OPEN;
    pthread_mutex_unlock(&w->lock);
    return err;
}

/* Under the lock. The next lane that may be given back; false: none. */
static bool leaving_due(const struct worker *w, instant_us now, uint32_t *at)
{
    for (uint32_t i = 0; i < w->leavings_len; i++) {
        *at = i;
        if (w->leavings[i].due <= now || !w->leavings[i].lease.epoch)
            return true;
    }
    return false;
}

/* The database answers, and not of this run: it has been deleted, is closed to this role, or its
 * rows are damaged. */
static bool is_of_run(enum err err, const struct why *why)
{
    return err == ERR_GONE || err == ERR_AUTH ||
           (err == ERR_IO && journal_is_damaged(text_of(why->text)));
}

enum err heartbeat_leave(struct worker *w, instant_us now, struct why *why)
{
    enum err err = OK;
    for (uint32_t at = 0; err == OK;) {
        pthread_mutex_lock(&w->lock);
        bool is_due = leaving_due(w, now, &at);
        struct leaving one = is_due ? w->leavings[at] : (struct leaving){.due = 0};
        pthread_mutex_unlock(&w->lock);
        if (!is_due)
            break;
        one.left = left_by(&one.left, one.left_at, now);
        if (one.lease.epoch && one.unused)
            err = leaving_give_back(w, &one, at, why);
        if (one.lease.epoch && err == OK)
            err = leases_resign(w->shell.journal, w->number, &one.lease, &one.left, one.at, why);
        if (is_of_run(err, why)) /* the lease runs out */
            err = OK;
        pthread_mutex_lock(&w->lock);
        if (err == OK) /* others may have come, behind it */
            w->leavings[at] = w->leavings[--w->leavings_len];
        pthread_mutex_unlock(&w->lock);
        if (err == OK)
            err = heartbeat_renew(w, os_clock_boot(), why);
    }
    return err;
}

/* ---- news of the runs ---- */

/* The starts that lanes of a carriage want or do not need; what was granted goes to granted. */
static enum err starts_settle(struct worker *w, const int32_t *wants, const struct lease *leases,
                              uint32_t len, uint32_t *granted, struct why *why)
{
    enum err err = OK;
    for (uint32_t i = 0; i < len && err == OK; i++) {
        if (!wants[i] || !leases[i].epoch)
            continue;
        err = leases_starts(w->shell.journal, &leases[i], wants[i], &granted[i], why);
        if (err == ERR_FENCED) /* the renewal says so, too, and the carriage ends */
            err = OK;
        if (err == OK)
            err = heartbeat_renew(w, os_clock_boot(), why);
    }
    return err;
}

struct looking {
    int32_t *wants;
    uint32_t *granted;
    struct lease *leases;
    uint32_t len;
};

static bool looking_begin(struct looking *l, uint32_t len)
{
    *l = (struct looking){.wants = calloc(len + 1, sizeof *l->wants),
                          .granted = calloc(len + 1, sizeof *l->granted),
                          .leases = calloc(len + 1, sizeof *l->leases),
                          .len = len};
    return l->wants && l->granted && l->leases;
}

static void looking_end(struct looking *l)
{
    free(l->wants);
    free(l->granted);
    free(l->leases);
}

static enum err carrying_look(struct worker *w, struct carrying *c, struct why *why)
{
    struct looking l;
    struct shared_run view;
    pthread_mutex_lock(&w->lock);
    c->is_looked = c->is_claimed && c->carriage.view_known && !c->carriage.is_lost;
    bool is_asked = c->is_looked, has_room = looking_begin(&l, c->carriage.lanes_len);
    for (uint32_t i = 0; is_asked && has_room && i < l.len; i++) {
        l.wants[i] = carriage_wants(&c->carriage, i);
        l.leases[i] = c->carriage.lanes[i].lease;
    }
    pthread_mutex_unlock(&w->lock);
    enum err err = has_room ? OK : why_set(why, ERR_NOMEM, "out of memory");
    /* The look comes after the grants: rows get the number of the wave of which the start is. */
    if (err == OK && is_asked)
        err = starts_settle(w, l.wants, l.leases, l.len, l.granted, why);
    if (err == OK && is_asked)
        err = leases_run(w->shell.journal, c->id, &view, why);
    pthread_mutex_lock(&w->lock);
    if (is_asked) {
        /* It is not known what became of the starts that were asked for: the next carriage learns
         * it from its claim. */
        for (uint32_t i = 0; err != OK && i < l.len; i++)
            c->carriage.is_lost |= l.wants[i] != 0;
        for (uint32_t i = 0; err == OK && i < l.len; i++)
            carriage_granted(&c->carriage, i, l.granted[i]);
        if (err == OK)
            carriage_looked(&c->carriage, &view);
        c->carriage.is_lost |= is_of_run(err, why);
        if (c->wire && carriage_has_news(&c->carriage))
            wire_wake(c->wire);
    }
    c->is_looked = false;
    pthread_cond_broadcast(&w->told_of);
    pthread_mutex_unlock(&w->lock);
    looking_end(&l);
    if (!is_asked || !is_of_run(err, why))
        return err;
    notice_note(&w->news, "run %llu: nothing more is sent from here: %s", (unsigned long long)c->id,
                why->text);
    return OK; /* this carriage ends, and no other */
}

enum err heartbeat_look(struct worker *w, struct why *why)
{
    enum err err = OK;
    for (uint32_t i = 0; i < w->carryings_len && err == OK; i++) {
        err = carrying_look(w, w->carryings[i], why);
        if (err == OK)
            err = heartbeat_renew(w, os_clock_boot(), why);
    }
    return err;
}
