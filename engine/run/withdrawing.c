/* Reads SES by a plan of the published run's fleet, and the journal for other users of a name. */
#include "withdrawing.h"

#include "base/dname.h"
#include "base/escape.h"
#include "model/fleet_index.h"

#include <stdio.h>

struct barring {
    struct publishing *p;
    struct names names; /* of the targets; the id is the index + 1 */
    struct run plan;    /* what SES shows of the identities */
    struct fleet_index index;
    instant_us *last_use; /* by target */
    bool no_memory;
};

static uint32_t target_of(const struct barring *b, struct text name)
{
    char room[DNAME_LEN_MAX + 1]; /* SES shows a name as somebody wrote it */
    name_id id = dname_normalize(name, room, &name) ? names_find(&b->names, name) : NAME_NONE;
    return id == NAME_NONE ? UINT32_MAX : id - 1;
}

static void bar(struct barring *b, uint32_t target, const char *words, struct text identity,
                const char *more)
{
    struct buf line;
    buf_init(&line, LINE_LEN_MAX);
    buf_add_str(&line, words);
    escape_terminal(&line, identity);
    buf_add_str(&line, more);
    struct text kept = arena_text(&b->p->run->arena, buf_text(&line));
    b->no_memory |= line.failed || !kept.at;
    if (!b->p->barred[target].len)
        b->p->barred[target] = kept;
    buf_clear(&line);
}

static bool row_hold(void *ctx, const struct record *r)
{
    struct barring *b = ctx;
    struct text identity = fleet_identity(&b->plan.fleet, r->job);
    uint32_t wanted = target_of(b, fleet_mail_from(&b->plan.fleet, r->job));
    uint32_t seen = r->row.seen_known ? target_of(b, r->row.mail_from_seen) : wanted;
    if (seen == UINT32_MAX)
        return true;
    bar(b, seen,
        r->row.seen_known ? "it is still the MAIL FROM of "
                          : "SES does not tell whether it is still "
                            "the MAIL FROM of ",
        identity, "; roll the setting back first, and the record sets stay until then");
    return !b->no_memory;
}

/* A write of some run of the journal: of an identity that was not read just now, or the last use.
 */
static bool write_hold(void *ctx, const struct journal_accepted *w)
{
    struct barring *b = ctx;
    uint32_t set = target_of(b, w->mail_from), replaced = target_of(b, w->mail_from_before);
    if (set != UINT32_MAX) {
        b->last_use[set] = when_later(b->last_use[set], w->at);
        if (!fleet_index_row(&b->index, &w->lane, w->identity))
            bar(b, set, "another run has set it for ", w->identity,
                ", which is not an identity of the run that published it");
    }
    if (replaced != UINT32_MAX)
        b->last_use[replaced] = when_later(b->last_use[replaced], w->at);
    return !b->no_memory;
}

static enum err ses_read(struct barring *b, uint64_t published, struct why *why)
{
    struct run *r = b->p->run, *plan = &b->plan;
    struct run_config config = r->config;
    config.observer = (struct run_observer){0};
    config.companions = (struct run_companions){0};
    config.probes_lanes = false;
    config.part = NULL; /* all of it is looked at */
    run_init(plan, &config);
    plan->head.verb = RUN_PLAN;
    enum err err = journal_fleet(r->journal, published, &plan->fleet, why);
    if (err == OK)
        err = run_journal_in_memory(plan, why);
    if (err == OK)
        err = run_carry_out(plan, why);
    if (err == OK && plan->end != ENGINE_ENDED)
        err = why_set(why, ERR_BUSY, "stopped before SES was read");
    return err == OK ? journal_rows(plan->journal, plan->head.id, row_hold, b, why) : err;
}

static void use_hold(struct barring *b, uint32_t target, instant_us now)
{
    char when[WHEN_LEN];
    char words[160];
    instant_us until = b->last_use[target] + WITHDRAW_AFTER;
    if (!b->last_use[target] || until <= now)
        return;
    snprintf(words, sizeof words,
             "its last use was less than five days ago, and bounces may still come, until %s; "
             "--now does not wait",
             when_format(until, when));
    bar(b, target, words, TEXT_NONE, "");
}

static enum err names_take(struct barring *b, struct why *why)
{
    struct publishing *p = b->p;
    p->barred = ARENA_ARRAY(&p->run->arena, struct text, p->targets_len + 1u);
    b->last_use = ARENA_ARRAY(&p->run->arena, instant_us, p->targets_len + 1u);
    bool taken = p->barred && b->last_use && names_init(&b->names, NAMES_BYTES_MAX);
    for (uint32_t i = 0; taken && i < p->targets_len; i++) {
        name_id id;
        taken = names_add(&b->names, p->targets[i].name, &id) && id == i + 1;
    }
    return taken ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

enum err withdrawing_bar(struct publishing *p, uint64_t published, bool no_wait, instant_us now,
                         struct why *why)
{
    struct barring *b = ARENA_NEW(&p->run->arena, struct barring);
    if (!b)
        return why_set(why, ERR_NOMEM, "out of memory");
    b->p = p;
    enum err err = names_take(b, why);
    if (err == OK)
        err = ses_read(b, published, why);
    if (err == OK && !fleet_index_init(&b->index, &p->run->arena, &b->plan.fleet))
        err = why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK)
        err = journal_accepted(p->run->journal, write_hold, b, why);
    for (uint32_t i = 0; err == OK && !no_wait && i < p->targets_len; i++)
        use_hold(b, i, now);
    if (err == OK && b->no_memory)
        err = why_set(why, ERR_NOMEM, "out of memory");
    names_clear(&b->names);
    run_clear(&b->plan);
    return err;
}
