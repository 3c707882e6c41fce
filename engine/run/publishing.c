/* Publishing and withdrawing as runs of the journal: targets, guards, engine, end. */
#include "publishing.h"

#include "live.h"
#include "narrow.h"

#include "base/bounds.h"
#include "base/dname.h"
#include "providers/providers.h"
#include "scheduler/record_publish.h"

#include <stdio.h>

/* ---- targets ---- */

enum err publishing_gather(struct publishing *p, struct records_gather *g, uint32_t ttl_s,
                           struct why *why)
{
    struct records_list list;
    struct arena *arena = &p->run->arena;
    p->targets = ARENA_ARRAY(arena, struct publish_target, g->entries_len + 1u);
    bool kept = p->targets != NULL;
    records_gather_list(g, &list);
    for (size_t i = 0; kept && i < list.len; i++) {
        struct records_set set;
        const struct records_entry *e = &g->entries[g->items[i] / RECORDS_TYPES];
        list.at(list.ctx, i, &set);
        if (set.type == RECORDS_MX) { /* comes first of each name */
            p->targets[p->targets_len++] =
                (struct publish_target){.name = set.name,
                                        .row = e->row,
                                        .ttl_s = ttl_s,
                                        .mx_preference = set.wanted.preference,
                                        .mx_exchange = arena_text(arena, set.wanted.data),
                                        .with_mx = true};
            kept = p->targets[p->targets_len - 1].mx_exchange.at;
        } else {
            struct publish_target *t = &p->targets[p->targets_len - 1];
            t->txt = arena_text(arena, set.wanted.data);
            t->with_txt = true;
            kept = t->txt.at;
        }
    }
    return kept ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

enum err publishing_review(struct publishing *p, const struct reviewed *plan, uint32_t *left,
                           struct why *why)
{
    uint32_t len = 0;
    p->reviewed = ARENA_ARRAY(&p->run->arena, const struct reviewed_name *, p->targets_len + 1u);
    if (!p->reviewed)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < p->targets_len; i++) {
        char mx[DNAME_LEN_MAX + 16];
        const struct publish_target t = p->targets[i];
        const struct reviewed_name *r = reviewed_find(plan, t.name);
        if (!r)
            continue;
        snprintf(mx, sizeof mx, "%u " TEXT_FMT ".", (unsigned)t.mx_preference,
                 TEXT_ARG(t.mx_exchange));
        if (r->mx && !text_eq(r->mx_value, text_of(mx)))
            return why_set(why, ERR_INPUT,
                           TEXT_FMT
                           ": the manifest wants another MX now than the plan has: make and "
                           "review a new plan",
                           TEXT_ARG(t.name));
        p->reviewed[len] = r;
        p->targets[len] = t;
        p->targets[len++].ttl_s = r->ttl_s;
    }
    *left = p->targets_len - len;
    p->targets_len = len;
    return OK;
}

static bool shown_take(void *ctx, const struct publish_record *r)
{
    struct publishing *p = ctx;
    struct arena *arena = &p->run->arena;
    if (r->state != PUBLISH_READY || r->target >= p->targets_len)
        return true;
    struct reviewed_name *shown = ARENA_NEW(arena, struct reviewed_name);
    if (!shown)
        return false;
    *shown = (struct reviewed_name){.mx = r->mx_changed,
                                    .txt = r->txt_changed,
                                    .merges = r->change == CHANGE_SWAP,
                                    .zone_id = arena_text(arena, r->zone_id),
                                    .txt_before = arena_text(arena, r->txt_before),
                                    .ttl_s = p->targets[r->target].ttl_s};
    if ((r->zone_id.len && !shown->zone_id.at) || (r->txt_before.len && !shown->txt_before.at))
        return false;
    p->reviewed[r->target] = shown;
    return true;
}

enum err publishing_as_shown(struct publishing *p, struct why *why)
{
    const struct run *r = p->run;
    p->reviewed = ARENA_ARRAY(&p->run->arena, const struct reviewed_name *, p->targets_len + 1u);
    if (!p->reviewed)
        return why_set(why, ERR_NOMEM, "out of memory");
    return journal_publish_rows(r->journal, r->head.id, shown_take, p, why);
}

void publishing_narrow(struct publishing *p, bool *merges)
{
    uint32_t len = 0;
    *merges = !p->reviewed;
    for (uint32_t i = 0; p->reviewed && i < p->targets_len; i++) {
        struct publish_target t = p->targets[i];
        const struct reviewed_name *r = p->reviewed[i];
        if (!r)
            continue;
        t.with_mx &= r->mx;
        t.with_txt &= r->txt;
        *merges |= r->merges;
        p->targets[len++] = t;
    }
    p->targets_len = p->reviewed ? len : p->targets_len;
    p->reviewed = NULL;
}

struct targets_recall {
    struct publishing *p;
    uint32_t cap;
    bool no_memory;
};

static bool target_take(void *ctx, const struct publish_target *target)
{
    struct targets_recall *reading = ctx;
    struct publishing *p = reading->p;
    struct arena *arena = &p->run->arena;
    if (p->targets_len == reading->cap) {
        struct publish_target *grown =
            arena_grow(arena, p->targets, sizeof *p->targets, p->targets_len, &reading->cap);
        reading->no_memory |= !grown;
        if (!grown)
            return false;
        p->targets = grown;
    }
    struct publish_target *t = &p->targets[p->targets_len++];
    *t = *target;
    t->name = arena_text(arena, target->name);
    t->mx_exchange = arena_text(arena, target->mx_exchange);
    t->txt = arena_text(arena, target->txt);
    reading->no_memory |= !t->name.at || (target->mx_exchange.len && !t->mx_exchange.at) ||
                          (target->txt.len && !t->txt.at);
    return !reading->no_memory;
}

static enum err targets_read(struct publishing *p, uint64_t run, struct why *why)
{
    struct targets_recall reading = {.p = p};
    const struct run *r = p->run;
    uint32_t rows = r->view ? r->view->rows : r->fleet.choices_len;
    enum err err = journal_targets(r->journal, run, target_take, &reading, why);
    if (err == OK && reading.no_memory)
        err = why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; err == OK && i < p->targets_len; i++) {
        if (p->targets[i].row >= rows)
            return why_set(why, ERR_IO, "the journal is damaged: a name of no identity");
        p->targets[i].row = run_row_shown(r, p->targets[i].row);
    }
    return err;
}

enum err publishing_recall(struct publishing *p, struct why *why)
{
    return targets_read(p, p->run->head.id, why);
}

static bool has_created(const struct publish_record *r)
{
    bool mx, txt;
    publish_created(r, &mx, &txt);
    return mx || txt;
}

static bool created_count(void *ctx, const struct publish_record *r)
{
    *(uint32_t *)ctx += has_created(r);
    return true;
}

enum err publishing_count(struct journal *journal, uint64_t run, uint32_t *names, struct why *why)
{
    *names = 0;
    return journal_publish_rows(journal, run, created_count, names, why);
}

/* What a target was changed to: its newest record knows. */
static bool created_take(void *ctx, const struct publish_record *r)
{
    struct publishing *p = ctx;
    if (r->target < p->targets_len)
        publish_created(r, &p->targets[r->target].with_mx, &p->targets[r->target].with_txt);
    return true;
}

enum err publishing_created(struct publishing *p, uint64_t published, struct why *why)
{
    uint32_t len = 0;
    enum err err = targets_read(p, published, why);
    for (uint32_t i = 0; i < p->targets_len; i++)
        p->targets[i].with_mx = p->targets[i].with_txt = false;
    if (err == OK)
        err = journal_publish_rows(p->run->journal, published, created_take, p, why);
    for (uint32_t i = 0; i < p->targets_len; i++)
        if (p->targets[i].with_mx || p->targets[i].with_txt)
            p->targets[len++] = p->targets[i];
    p->targets_len = len;
    return err;
}

/* ---- the run ---- */

struct target_restoring {
    struct publisher *publisher;
    bool reopens;
};

static bool restore_one(void *ctx, const struct publish_record *record)
{
    const struct target_restoring *restoring = ctx;
    publisher_restore(restoring->publisher, record, restoring->reopens);
    return true;
}

static struct publisher_options options_of(const struct publishing *p)
{
    const struct run *r = p->run;
    return (struct publisher_options){
        .fleet = &r->fleet,
        .targets = p->targets,
        .targets_len = p->targets_len,
        .surveys = {.mode = INQUIRY_AUTHORITY,
                    .above = true,
                    .authority_port = r->config.access->authority_port,
                    .suffixes = r->suffixes},
        .feedback_host = text_of(r->config.access->feedback_host),
        .trouble = r->lanes.trouble + r->fleet.lanes_len,
        .rate_per_s = r->kept_pace_per_s,
        .seed = r->head.seed,
        .is_dry = p->is_dry,
        .merges_spf = r->config.access->merges_spf,
        .barred = p->barred,
        .reviewed = p->reviewed,
        .withdraws = r->head.verb == RUN_WITHDRAW,
    };
}

static void watch_turn(void *ctx, instant_us now)
{
    const struct publishing *p = ctx;
    const struct publishing_observer *o = &p->observer;
    if (o->turn)
        o->turn(o->ctx, p->publisher, now);
    if (p->run->config.part)
        p->run->config.part->turn(p->run->config.part->ctx, p->run, now);
    run_companions_turn(p->run, now);
}

static instant_us watch_wake(void *ctx, instant_us now)
{
    const struct publishing *p = ctx;
    const struct publishing_observer *o = &p->observer;
    const struct run_part *part = p->run->config.part;
    instant_us wake = part ? part->wake(part->ctx, now) : WHEN_NEVER;
    wake = when_earlier(wake, run_companions_wake(p->run, now));
    return when_earlier(o->wake ? o->wake(o->ctx, now) : WHEN_NEVER, wake);
}

/* The publisher learns what the journal knows of its targets. */
static enum err publisher_recall(const struct publishing *p, struct why *why)
{
    struct run *r = p->run;
    struct target_restoring restoring = {p->publisher, r->reopens};
    if (!p->publisher)
        return why_set(why, ERR_NOMEM, "out of memory");
    return r->resumes ? journal_publish_rows(r->journal, r->head.id, restore_one, &restoring, why)
                      : OK;
}

/* Only the body is shown, so the request needs no true keys. */
static bool change_tell(void *ctx, const struct call *call)
{
    static const struct credentials nobody = {.access_key_id = "nobody",
                                              .secret_access_key = "nothing"};
    const struct publishing *p = ctx;
    const struct provider_at *at = p->run->lanes.list[call->lane].provider;
    struct aws_request request;
    struct update_sent sent;
    struct why why = {""};
    struct buf octets, digits;
    aws_request_init(&request);
    buf_init(&octets, DNS_MESSAGE_MAX);
    buf_init(&digits, 2 * DNS_MESSAGE_MAX + 2);
    if (at->kind != PROVIDER_RFC2136) {
        if (provider_request_make(&request, call, at, &nobody, p->run->head.started, &why) == OK)
            p->observer.change(p->observer.ctx, call, buf_text(&request.body));
    } else if (update_encode(&octets, &sent, call, at, 0, 0, &why) == OK) {
        /* Signed as of 1970, which every server refuses: what is printed cannot be sent. */
        for (size_t i = 0; i < octets.len; i++)
            buf_add_fmt(&digits, "%02x", (unsigned)(unsigned char)octets.at[i]);
        p->observer.change(p->observer.ctx, call, buf_text(&digits));
    }
    buf_clear(&digits);
    buf_clear(&octets);
    aws_request_clear(&request);
    return true;
}

static enum err engine_on_wire(struct publishing *p, struct wire *wire, struct why *why)
{
    struct run *r = p->run;
    struct live live = {.wire = wire, .run = r};
    const struct io io = live_io(&live);
    const struct publisher_options options = options_of(p);
    p->publisher = publisher_init(&options);
    enum err err = publisher_recall(p, why);
    if (err != OK)
        return err;
    struct machine machine = publisher_machine(p->publisher);
    const struct engine_watch watch = {p, watch_turn, watch_wake};
    const struct run_part *part = r->config.part;
    if (!p->is_dry)
        err = run_companions_begin(r, wire, why);
    if (err == OK && part)
        err = part->begin(part->ctx, r, wire, wire_now(wire), why);
    if (err == OK) {
        publisher_start(p->publisher, wire_now(wire));
        err = engine_run(&machine, &io, &watch, &r->end, why);
    }
    publisher_totals(p->publisher, &p->totals);
    run_companions_end(r, err != OK, wire_now(wire));
    if (err == OK && p->is_dry && p->observer.change)
        publisher_changes(p->publisher, change_tell, p);
    return err;
}

/* By the lease of the whole run. */
static enum err part_on_wire(struct publishing *p, struct preflight *preflight, struct wire *wire,
                             struct why *why)
{
    enum err err = run_part_claim(p->run, preflight, wire, why);
    preflight_end(preflight);
    return err == OK ? run_part_end(p->run, engine_on_wire(p, wire, why), wire, why) : err;
}

static enum err publish_on_wire(struct publishing *p, struct preflight *preflight,
                                struct wire *wire, struct why *why)
{
    struct run *r = p->run;
    struct why unheard = {""};
    enum err err = run_preflight(r, preflight, wire, why);
    r->stopped = err == ERR_BUSY;
    if (err != OK)
        return err;
    journal_together(r->journal); /* a head and its targets */
    err = r->resumes ? journal_stop(r->journal, r->head.id, RUN_OPEN, 0, why)
                     : run_head_begin(r, p, wire_now(wire), why);
    enum err kept = journal_apart(r->journal, err == OK ? why : &unheard);
    if (err != OK || kept != OK)
        return err != OK ? err : kept;
    preflight_end(preflight);
    err = engine_on_wire(p, wire, why);
    if (err == OK)
        err = journal_stop(r->journal, r->head.id, r->end == ENGINE_ENDED ? RUN_ENDED : RUN_STOPPED,
                           wire_now(wire), why);
    return err;
}

/* ---- beside a scheduler ---- */

enum err publishing_join(struct publishing *p, struct scheduler *scheduler, struct machine *machine,
                         instant_us now, struct why *why)
{
    const struct publisher_options options = options_of(p);
    if (!publish_beside_init(&p->beside, scheduler, &options, &p->run->arena))
        return why_set(why, ERR_NOMEM, "out of memory");
    p->publisher = p->beside.publisher;
    enum err err = publisher_recall(p, why);
    if (err == OK)
        publish_beside_start(&p->beside, machine, now);
    return err;
}

void publishing_part(struct publishing *p)
{
    if (!p)
        return;
    if (p->publisher)
        publisher_totals(p->publisher, &p->totals);
    if (!p->beside.publisher)
        publisher_clear(p->publisher);
    publish_beside_clear(&p->beside);
    p->publisher = NULL;
}

/* ---- alone ---- */

enum err publishing_carry_out(struct publishing *p, struct why *why)
{
    struct run *r = p->run;
    struct wire *wire = NULL;
    struct preflight preflight = {0};
    enum err err = OK;
    if (!r->suffixes)
        err = suffix_list_open(&r->suffixes, r->config.access->psl_file, why);
    if (err == OK)
        err = lanes_open(&r->lanes, &r->fleet, r->config.access,
                         r->head.verb == RUN_WITHDRAW ? LANES_OF_BOTH : LANES_OF_DNS,
                         &r->config.notices, why);
    if (err != OK)
        return err;
    err = run_wire_open(r, &wire, why);
    if (err == OK)
        err = r->config.part ? part_on_wire(p, &preflight, wire, why)
                             : publish_on_wire(p, &preflight, wire, why);
    run_wire_close(r, wire);
    preflight_end(&preflight); /* calls still out live in its memory, */
    publishing_part(p);        /* or in the publisher's */
    lanes_close(&r->lanes);
    return err;
}
