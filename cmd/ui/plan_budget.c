/*
 * The cost of an apply, from the rows of a plan: one line for the person in charge.
 */
#include "access/lanes.h"
#include "base/bounds.h"
#include "base/plural.h"
#include "budget_text.h"
#include "messages.h"
#include "run/rows.h"
#include "scheduler/waves.h"
#include "summary.h"

#define EMAILS_TOLD_FROM 100 /* of one account: as many fill a mailbox that people read */

struct costing {
    const struct fleet *fleet;
    struct lane_need *needs; /* as fleet.lanes */
};

/* Each change of the state of a set-up is an e-mail to the address of the AWS account, whose owner
 * is often somebody else (SES Developer Guide, "MAIL FROM domain setup states"). How the e-mails
 * look is not documented, so no filter is proposed. */
static void emails_tell(const struct fleet *f, const struct lane_need *needs)
{
    for (uint32_t a = 0; a < f->accounts_len; a++) {
        uint32_t sets = 0;
        name_id number = NAME_NONE;
        for (uint32_t i = 0; i < f->lanes_len; i++) {
            if (f->lanes[i].account != a)
                continue;
            sets += needs[i].sets;
            number = number == NAME_NONE ? fleet_account_number(f, i) : number;
        }
        if (sets < EMAILS_TOLD_FROM)
            continue;
        struct text digits = names_text(&f->names, number);
        struct buf name;
        buf_init(&name, LINE_LEN_MAX);
        message_say(0,
                    "SES sends an e-mail for each change of a set-up's state to the address of the "
                    "AWS account: %u or more for account %s%s" TEXT_FMT
                    "%s. Tell its owner; apply a few with --limit 3 first, and make a filter from "
                    "the e-mails that come",
                    sets, message_safe(&name, names_text(&f->names, f->accounts[a].name)),
                    digits.len ? " (" : "", TEXT_ARG(digits), digits.len ? ")" : "");
        buf_clear(&name);
    }
}

static bool cost_one(void *ctx, const struct report_row *row)
{
    struct costing *costing = ctx;
    const struct fleet *f = costing->fleet;
    struct lane_need *need = &costing->needs[row->lane];
    bool goes_on = row->outcome_kind == OUTCOME_PLANNED || row->outcome_kind == OUTCOME_WAITING_DNS;
    bool sets = row->action_kind == ACTION_SET || row->action_kind == ACTION_CHANGE ||
                row->action_kind == ACTION_RESTART;
    bool strict = fleet_policy_of(f, row->number)->behavior == BEHAVIOR_REJECT_MESSAGE;
    need->reads++;
    need->sets += goes_on && sets;
    need->clears += goes_on && row->action_kind == ACTION_CLEAR;
    need->tightens += goes_on && (row->action_kind == ACTION_TIGHTEN || (sets && strict));
    return true;
}

/* What the rows of the plan need, by lane and in all. */
static enum err budget_count(struct run *r, struct costing *costing, struct budget *b,
                             struct why *why)
{
    const struct fleet *f = &r->fleet;
    *costing = (struct costing){f, ARENA_ARRAY(&r->arena, struct lane_need, f->lanes_len + 1u)};
    *b = (struct budget){0};
    if (!costing->needs)
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err = run_rows(r, cost_one, costing, why);
    for (uint32_t i = 0; err == OK && i < f->lanes_len; i++) {
        struct lane_need *need = &costing->needs[i];
        need->rate_per_s = fleet_rate(f, i, r->config.access->rate_per_s);
        need->how = r->reading[i];
        if (r->keeps_scheduler) /* the run that follows has read the rows already */
            need->reads = 0;
        budget_add(b, need);
    }
    return err;
}

enum err summary_need(struct run *r, struct report_need *need, struct why *why)
{
    const struct fleet *f = &r->fleet;
    struct costing costing;
    struct budget b;
    enum err err = budget_count(r, &costing, &b, why);
    *need = (struct report_need){.writes = b.writes, .reads = b.reads, .earliest = b.earliest};
    if (err != OK || b.held_calls == 0 || waves_are_wanted(f))
        return err; /* waves wait for each other, and not for an action */
    const struct lane *lane = &f->lanes[b.slowest];
    need->action = budget_hold_action(&b, r->config.access);
    need->calls = b.held_calls;
    need->account = names_text(&f->names, f->accounts[lane->account].name);
    need->region = names_text(&f->names, lane->region);
    need->rate_per_s = fleet_rate(f, b.slowest, r->config.access->rate_per_s);
    return OK;
}

static void hold_tell(const struct budget *b, const struct run *r)
{
    struct buf hold;
    buf_init(&hold, LINE_LEN_MAX);
    budget_hold_add(&hold, b, &r->fleet, r->config.access);
    message_say(0, "It is " TEXT_FMT, TEXT_ARG(buf_text(&hold)));
    buf_clear(&hold);
}

enum err summary_budget(struct run *r, struct why *why)
{
    const struct fleet *f = &r->fleet;
    struct costing costing;
    struct budget budget;
    char span[WHEN_LEN] = "less than a second";
    enum err err = budget_count(r, &costing, &budget, why);
    if (err != OK)
        return err;
    double rate = fleet_rate(f, budget.slowest, r->config.access->rate_per_s);
    const char *verb = run_tense(r) == TENSE_ROLLBACK ? "Rollback" : "Apply";
    if (budget.earliest >= SPAN_S(1))
        span_format(budget.earliest, span);
    if (budget.writes == 0)
        message_say(0, "%s needs no write.", verb);
    else
        message_say(0,
                    "%s needs about %llu %s and %llu %s; at %g %s per second and action the "
                    "earliest finish is in %s",
                    verb, (unsigned long long)budget.writes,
                    plural(budget.writes, "write", "writes"), (unsigned long long)budget.reads,
                    plural(budget.reads, "read", "reads"), rate, rate == 1 ? "request" : "requests",
                    span);
    if (budget.writes && !waves_are_wanted(f))
        hold_tell(&budget, r);
    emails_tell(f, costing.needs);
    return OK;
}
