/* Copies the leases of a run, and counts them. */
#include "holders.h"

#include "base/count.h"

enum holder_state holder_state_of(const struct lease_view *view)
{
    if (view->rest == LEASE_ENDED)
        return HOLDER_ENDED;
    if (view->rest == LEASE_STOPPED)
        return HOLDER_STOPPED;
    if (view->worker && view->left >= 0)
        return HOLDER_CARRIED;
    if (view->waits_for)
        return HOLDER_WAITS;
    if (view->worker)
        return HOLDER_LAPSED;
    return view->tried_by.len ? HOLDER_NONE : HOLDER_FREE;
}

struct holders_reading {
    struct holders *out;
    struct arena *arena;
    uint32_t cap;
    bool failed;
};

static bool text_keep(struct arena *arena, struct text *t)
{
    struct text kept = arena_text(arena, *t);
    bool ok = !t->len || kept.at;
    *t = kept;
    return ok;
}

static bool is_worker_seen(const struct holders *h, uint64_t worker)
{
    for (uint32_t i = 0; i < h->lanes_len; i++)
        if (h->lanes[i].worker == worker && holder_state_of(&h->lanes[i]) == HOLDER_CARRIED)
            return true;
    return false;
}

static bool lane_take(void *ctx, const struct lease_view *view)
{
    struct holders_reading *r = ctx;
    struct holders *h = r->out;
    enum holder_state state = holder_state_of(view);
    if (h->lanes_len == r->cap) {
        void *grown = arena_grow(r->arena, h->lanes, sizeof *h->lanes, h->lanes_len, &r->cap);
        r->failed = !grown;
        if (!grown)
            return false;
        h->lanes = grown;
    }
    struct lease_view copy = *view;
    struct text *texts[] = {&copy.name.account, &copy.name.number, &copy.name.region,
                            &copy.worker_name,  &copy.worker_host, &copy.tried_by,
                            &copy.tried_why};
    for (size_t i = 0; i < COUNT(texts); i++)
        r->failed |= !text_keep(r->arena, texts[i]);
    h->by_state[state]++;
    h->workers += state == HOLDER_CARRIED && !is_worker_seen(h, view->worker);
    h->lanes[h->lanes_len++] = copy;
    return !r->failed;
}

enum err holders_read(struct holders *out, struct journal *journal, uint64_t run,
                      struct arena *arena, struct why *why)
{
    struct holders_reading r = {.out = out, .arena = arena};
    *out = (struct holders){.lanes = NULL};
    enum err err = leases_run(journal, run, &out->run, why);
    if (err == OK)
        err = leases_each(journal, run, lane_take, &r, why);
    return err == OK && r.failed ? why_set(why, ERR_NOMEM, "out of memory") : err;
}

const struct lease_view *holders_lane(const struct holders *h, uint16_t lane)
{
    for (uint32_t i = 0; i < h->lanes_len; i++)
        if (h->lanes[i].lane == lane)
            return &h->lanes[i];
    return NULL;
}

const char *holders_state_name(const struct holders *h)
{
    if (h->run.stops)
        return "stopping";
    if (h->run.is_paused)
        return "paused";
    return h->by_state[HOLDER_CARRIED] ? "running" : "submitted";
}
