/*
 * A run on its way into a shared journal: everything of it, and the leases of its lanes, in one
 * transaction, so no worker ever finds a part.
 *
 * A lane is known by the number of its account, since a worker has to know whose credentials it
 * needs. A number that neither the manifest nor the shown plan has is asked of STS, with the
 * submitter's own credentials.
 */
#include "work.h"

#include "base/plural.h"

#include "journal/leases.h"
#include "preflight/callers.h"
#include "run/limit.h"
#include "run/publishing.h"
#include "run/shown.h"

#include <string.h>

static bool is_known(const struct fleet *f, uint32_t lane)
{
    struct text number = names_text(&f->names, fleet_account_number(f, lane));
    return number.len && !text_eq(number, TEXT(CALLER_UNKNOWN));
}

static bool all_known(const struct fleet *f)
{
    for (uint32_t i = 0; i < f->lanes_len; i++)
        if (!is_known(f, i))
            return false;
    return true;
}

static enum err unknown_tell(const struct run *r, struct why *why)
{
    const struct fleet *f = &r->fleet;
    for (uint32_t i = 0; i < f->lanes_len; i++) {
        struct text account = names_text(&f->names, f->accounts[f->lanes[i].account].name);
        if (is_known(f, i))
            continue;
        return why_set(why, ERR_INPUT,
                       "account " TEXT_FMT
                       ": its number is not known, so no worker could tell whose credentials its "
                       "identities need%s%s. Give its account_id in the manifest, or submit with "
                       "credentials that STS knows",
                       TEXT_ARG(account), r->lanes.trouble && r->lanes.trouble[i] ? ": " : "",
                       r->lanes.trouble && r->lanes.trouble[i] ? r->lanes.trouble[i] : "");
    }
    return OK;
}

/* What the others lack is told when they have been asked, so their trouble is no error here. */
static enum err numbers_ask(struct run *r, const bool *wanted, struct why *why)
{
    struct wire *wire = NULL;
    struct preflight preflight = {0};
    enum err err = lanes_open_some(&r->lanes, &r->fleet, r->config.access, LANES_OF_SES, wanted,
                                   &r->config.notices, why);
    if (err != OK)
        return err;
    if (lanes_usable(&r->lanes))
        err = run_wire_open(r, &wire, why);
    if (err == OK && wire)
        err = run_preflight(r, &preflight, wire, why);
    r->stopped = err == ERR_BUSY;
    if (err == OK || err == ERR_AUTH) {
        enum err unknown = unknown_tell(r, why);
        err = unknown != OK ? unknown : err;
    }
    run_wire_close(r, wire);
    preflight_end(&preflight);
    lanes_close(&r->lanes);
    return err;
}

static enum err numbers_know(struct run *r, struct why *why)
{
    struct fleet *f = &r->fleet;
    if (all_known(f))
        return OK;
    bool *wanted = ARENA_ARRAY(&r->arena, bool, f->lanes_len + 1u);
    if (!wanted)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < f->lanes_len; i++)
        wanted[i] = !is_known(f, i);
    return numbers_ask(r, wanted, why);
}

/* Credentials that nobody named make no promise to the workers. */
static void unknown_forget(struct fleet *f)
{
    for (uint32_t i = 0; i < f->lanes_len; i++)
        if (!caller_is_known(f, &f->lanes[i].caller))
            f->lanes[i].caller = (struct caller){0};
}

static enum err rows_put(struct run *r, instant_us now, struct why *why)
{
    if (r->shown && r->head.verb == RUN_APPLY)
        return run_shown_take(r, now, why);
    return r->verdicts ? run_verdicts_take(r, now, why) : OK;
}

static enum err verdicts_open(struct run *r, struct why *why)
{
    bool takes = r->verdicts && !r->shown && r->head.verb == RUN_APPLY;
    return takes && !run_verdicts_open(r) ? why_set(why, ERR_NOMEM, "out of memory") : OK;
}

/* A run that takes others back is of their team (store_postgres), so they have one. */
static enum err teams_vet(const struct run *r, struct why *why)
{
    char first[TEAM_LEN_MAX] = "", team[TEAM_LEN_MAX];
    uint64_t id = r->head.parent, through = r->head.verb == RUN_ROLLBACK ? r->through : id;
    enum err err = id ? leases_team(r->journal, id, first, why) : OK;
    err = err == ERR_GONE ? OK : err; /* it is lost */
    while (err == OK && id && ++id <= through) {
        struct why gone;
        enum err found = leases_team(r->journal, id, team, &gone);
        if (found == OK && strcmp(first, team) != 0)
            return why_set(
                why, ERR_INPUT,
                "runs %llu and %llu are of different teams (\"%s\", \"%s\"), and a run "
                "that takes both back can be of one only: roll them back one by one, the "
                "newest first",
                (unsigned long long)r->head.parent, (unsigned long long)id, first, team);
        if (found != OK && found != ERR_GONE)
            err = why_set(why, found, "%s", gone.text);
    }
    return err;
}

static void unasked_tell(const struct run *r)
{
    if (r->unasked)
        notice_note(&r->config.notices,
                    "note: SES could not be asked from here about %u %s. %s open without a review: "
                    "a worker with credentials reads %s first and changes what the manifest wants "
                    "otherwise",
                    r->unasked, plural(r->unasked, "identity", "identities"),
                    plural(r->unasked, "It stays", "They stay"), plural(r->unasked, "it", "them"));
}

static enum err run_put(struct run *r, instant_us now, struct why *why)
{
    bool publishes = journal_verb_publishes(r->head.verb);
    enum err err = run_parents_hold(r, why);
    if (err == OK)
        err = run_parents_end(r, now, why);
    if (err == OK)
        err = run_head_begin(r, r->publishing, now, why);
    if (err == OK && !publishes)
        err = rows_put(r, now, why);
    return err == OK ? leases_open_run(r->journal, r->head.id, &r->fleet, why) : err;
}

enum err run_submit(struct run *r, instant_us now, struct why *why)
{
    struct access access = *r->config.access;
    const struct access *given = r->config.access;
    if (!journal_is_shared(r->journal))
        return why_set(why, ERR_INPUT,
                       "journal %s is a file, which no worker shares: --submit wants a journal in "
                       "PostgreSQL (--journal postgresql://...)",
                       r->config.journal);
    if (r->publishing && !journal_verb_publishes(r->head.verb))
        return why_set(why, ERR_INPUT,
                       "--publish cannot be a part of an apply in a shared journal: run mailfrom "
                       "publish first, then apply");
    enum err err = journal_verb_publishes(r->head.verb) ? OK : numbers_know(r, why);
    if (err != OK)
        return err;
    unknown_forget(&r->fleet);
    const struct run_observer *o = &r->config.observer;
    err = o->callers ? o->callers(o->ctx, r, why) : OK;
    if (err != OK)
        return err;
    err = teams_vet(r, why);
    if (err == OK)
        err = verdicts_open(r, why);
    if (err != OK)
        return err;
    access.force = r->config.force;
    r->config.access = &access;
    journal_together(r->journal);
    err = run_put(r, now, why);
    if (err == OK)
        err = journal_apart(r->journal, why);
    else
        journal_undo(r->journal);
    r->config.access = given;
    if (err == OK)
        unasked_tell(r);
    return err;
}
