/* Chooses the questions for each account and lane, and closes lanes by the answers. */
#include "preflight.h"

#include "base/count.h"
#include "callers.h"
#include "calls/paged_list.h"
#include "enabled.h"

#include <string.h>

#define GUARD_ATTEMPTS 4 /* nothing may begin without the answer */
#define ASK_ATTEMPTS   2 /* an answer is not worth a long delay of the others */

enum err preflight_begin(struct preflight *p, const struct fleet *f, const struct access *access,
                         const struct notices *n, struct lanes *lanes, struct why *why)
{
    *p = (struct preflight){.fleet = f, .access = access, .notices = n, .lanes = lanes};
    arena_init(&p->arena, SIZE_MAX);
    p->callers = ARENA_ARRAY(&p->arena, struct probe, f->accounts_len + 1);
    p->regions = ARENA_ARRAY(&p->arena, struct probe, f->lanes_len + 1);
    p->probes = ARENA_ARRAY(&p->arena, struct probe, (f->lanes_len + 1) * PREFLIGHT_QUESTIONS);
    bool made = p->callers && p->regions && p->probes && probes_pool_init(&p->calls, &p->arena);
    return made ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

void preflight_end(struct preflight *p)
{
    call_pool_clear(&p->calls);
    arena_clear(&p->arena);
}

/* Asks the probes with a question, packed into one array. */
static enum err ask(struct preflight *p, struct probe **list, uint32_t len, const struct io *io,
                    struct why *why)
{
    struct probe *packed = ARENA_ARRAY(&p->arena, struct probe, len + 1);
    if (!packed)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < len; i++)
        packed[i] = *list[i];
    enum err err = probes_ask(packed, len, io, &p->calls, &p->arena, why);
    for (uint32_t i = 0; i < len; i++)
        *list[i] = packed[i];
    return err;
}

/* Accounts */

/* A lane of the account that can be asked: of SES, or of Route 53. */
static bool lane_of(const struct preflight *p, uint32_t account, uint16_t *lane)
{
    for (uint16_t i = 0; i < p->fleet->lanes_len; i++) {
        if (p->fleet->lanes[i].account == account && !p->lanes->trouble[i]) {
            *lane = i;
            return true;
        }
    }
    for (uint32_t i = 0; i < p->fleet->providers_len; i++) {
        uint32_t number = p->fleet->lanes_len + i;
        if (provider_is_of(p->fleet, i, account) && !p->lanes->trouble[number]) {
            *lane = (uint16_t)number;
            return true;
        }
    }
    return false;
}

static bool is_mismatched(const struct preflight *p, uint32_t account, struct why *why)
{
    const struct account *a = &p->fleet->accounts[account];
    const struct account_facts *caller = &p->callers[account].account;
    struct text wanted = names_text(&p->fleet->names, a->account_id);
    if (a->account_id == NAME_NONE || text_eq(caller->caller_account, wanted))
        return false;
    why_set(why, ERR_AUTH,
            "account " TEXT_FMT ": the credentials belong to account " TEXT_FMT " (" TEXT_FMT
            "), the manifest says account_id " TEXT_FMT
            ": use another profile, or correct the manifest",
            TEXT_ARG(names_text(&p->fleet->names, a->name)), TEXT_ARG(caller->caller_account),
            TEXT_ARG(caller->caller_arn), TEXT_ARG(wanted));
    return true;
}

static struct enabled enabled_of(const struct preflight *p)
{
    return (struct enabled){
        .fleet = p->fleet, .lanes = p->lanes, .callers = p->callers, .regions = p->regions};
}

static void account_give_up(struct preflight *p, uint32_t account, const char *sentence)
{
    for (uint32_t i = 0; i < p->fleet->lanes_len; i++)
        if (p->fleet->lanes[i].account == account && !p->lanes->trouble[i])
            lanes_give_up(p->lanes, i, sentence);
    for (uint32_t i = 0; i < p->fleet->providers_len; i++)
        if (provider_is_of(p->fleet, i, account) && !p->lanes->trouble[p->fleet->lanes_len + i])
            lanes_give_up(p->lanes, p->fleet->lanes_len + i, sentence);
}

static void account_refused(struct preflight *p, uint32_t account, const struct reply *reply)
{
    const struct enabled enabled = enabled_of(p);
    struct why why = {""};
    bool is_ours = reply->how == REPLY_NO_KEYS; /* the sentence is complete */
    why_set(&why, ERR_AUTH, "%s%s%s%s%s",
            is_ours ? "" : "STS does not tell who owns the credentials: ", reply->code,
            reply->code[0] ? ": " : "", reply->message, enabled_doubt(&enabled, account));
    account_give_up(p, account, why.text);
}

/* Does every remaining lane of the account have a remembered caller? Those of Route 53 have the
 * manifest's account_id or none (callers_expect()). */
static bool is_remembered(const struct preflight *p, uint32_t account)
{
    const struct fleet *f = p->fleet;
    for (uint32_t i = 0; i < f->lanes_len; i++)
        if (f->lanes[i].account == account && !p->lanes->trouble[i] &&
            !caller_is_known(f, &f->lanes[i].caller))
            return false;
    for (uint32_t i = 0; i < f->providers_len; i++)
        if (provider_is_of(f, i, account) && !p->lanes->trouble[f->lanes_len + i] &&
            f->accounts[account].account_id == NAME_NONE)
            return false;
    return true;
}

static bool is_given_up(const struct preflight *p, uint32_t account)
{
    const struct probe *caller = &p->callers[account];
    bool is_guarded = p->fleet->accounts[account].account_id != NAME_NONE;
    if (caller->verdict == VERDICT_OK)
        return false;
    if (p->resumes && probe_may_pass(caller) && is_remembered(p, account))
        return false;
    /* STS refuses the credentials themselves. A policy without permission to ask STS, such as a VPC
     * endpoint's, tells nothing about the credentials. */
    return is_guarded ||
           ((caller->verdict == VERDICT_DENIED || caller->verdict == VERDICT_REFUSED) &&
            !reply_is_access_denied(&caller->reply));
}

static uint32_t regions_add(struct preflight *p, struct probe **list, uint32_t len, bool is_second)
{
    const struct enabled enabled = enabled_of(p);
    for (uint16_t i = 0; i < p->fleet->lanes_len; i++) {
        if (!enabled_wants(&enabled, i, is_second))
            continue;
        p->regions[i] =
            (struct probe){.lane = i, .kind = CALL_CALLER, .attempts_max = ASK_ATTEMPTS};
        list[len++] = &p->regions[i];
    }
    return len;
}

enum err preflight_accounts(struct preflight *p, const struct io *io, struct why *why)
{
    const struct fleet *f = p->fleet;
    const struct enabled enabled = enabled_of(p);
    struct probe **list =
        ARENA_ARRAY(&p->arena, struct probe *, f->accounts_len + f->lanes_len + 1u);
    uint32_t len = 0;
    if (!list)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < f->accounts_len; i++) {
        uint16_t lane = 0;
        bool is_guarded = f->accounts[i].account_id != NAME_NONE;
        if (!lane_of(p, i, &lane) || !(is_guarded || lanes_may_ask_caller(p->lanes, lane)))
            continue;
        p->callers[i] =
            (struct probe){.lane = lane, .kind = CALL_CALLER, .attempts_max = GUARD_ATTEMPTS};
        list[len++] = &p->callers[i];
    }
    len = regions_add(p, list, len, false);
    enum err err = ask(p, list, len, io, why);
    if (err == OK)
        err = ask(p, list, regions_add(p, list, 0, true), io, why);
    if (err == OK) {
        enabled_judge(&enabled);
        for (uint32_t i = 0; i < p->fleet->accounts_len; i++) {
            const struct probe *caller = &p->callers[i];
            struct why each = {""};
            if (!caller->answered_at)
                continue;
            if (is_given_up(p, i))
                account_refused(p, i, &caller->reply);
            if (caller->verdict != VERDICT_OK || !is_mismatched(p, i, &each))
                continue;
            if (p->is_part) {
                account_give_up(p, i, each.text);
                continue;
            }
            if (err != OK)
                notice_error(p->notices, "%s", why->text);
            err = why_set(why, ERR_AUTH, "%s", each.text);
        }
    }
    if (err == OK && p->lanes->len && lanes_usable(p->lanes) == 0)
        err = lanes_lost(p->lanes, f, ERR_AUTH, why);
    return err;
}

/* Lanes */

static const struct question {
    enum call_kind kind;
    enum api api;
} by_v1[] = {{CALL_LIST, API_V1},
             {CALL_READ_VERIFICATION, API_V1},
             {CALL_READ_MAIL_FROM, API_V1},
             {CALL_READ_NOTIFICATION, API_V1}},
  by_list[] = {{CALL_LIST, API_V2}, /* tells verification */
               {CALL_READ_MAIL_FROM, API_V1},
               {CALL_READ_NOTIFICATION, API_V1}},
  by_v2[] = {{CALL_LIST, API_V2}, {CALL_GET, API_V2}};

/* Each question once. The first page of a list is the run's, too. */
static void question_add(struct preflight *p, uint16_t lane, enum call_kind kind, enum api api,
                         struct text identity)
{
    struct probe *at = &p->probes[lane * PREFLIGHT_QUESTIONS], *end = at + PREFLIGHT_QUESTIONS;
    bool about_one = kind == CALL_GET || kind == CALL_READ_VERIFICATION ||
                     kind == CALL_READ_MAIL_FROM || kind == CALL_READ_NOTIFICATION;
    bool is_page = kind == CALL_LIST && p->pages < PREFLIGHT_PAGES_MAX;
    while (at < end && at->attempts_max && (at->kind != kind || at->api != api))
        at++;
    if (at == end || at->attempts_max)
        return;
    p->pages += is_page;
    *at = (struct probe){.lane = lane,
                         .kind = kind,
                         .api = api,
                         .identity = about_one ? identity : TEXT_NONE,
                         .attempts_max = ASK_ATTEMPTS,
                         .is_kept = is_page};
}

static void questions_add(struct preflight *p, uint16_t lane, const struct question *list,
                          size_t len, struct text identity)
{
    for (size_t i = 0; i < len; i++)
        question_add(p, lane, list[i].kind, list[i].api, identity);
}

static enum err questions_ask(struct preflight *p, const struct io *io, struct why *why)
{
    uint32_t max = p->fleet->lanes_len * PREFLIGHT_QUESTIONS, len = 0;
    struct probe **list = ARENA_ARRAY(&p->arena, struct probe *, max + 1);
    if (!list)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < max; i++)
        if (p->probes[i].attempts_max && !p->probes[i].answered_at)
            list[len++] = &p->probes[i];
    return ask(p, list, len, io, why);
}

/* A refused read by version 1 makes the questions of version 2 matter; the account's state and
 * quota hold up no run. */
static bool wants_v2(const struct preflight *p, uint16_t lane)
{
    const struct probe *at = &p->probes[lane * PREFLIGHT_QUESTIONS];
    for (int i = 0; i < PREFLIGHT_QUESTIONS; i++)
        if (at[i].answered_at && at[i].api == API_V1 && at[i].kind != CALL_ACCOUNT &&
            at[i].kind != CALL_QUOTA && reply_refuses_action(&at[i].reply))
            return true;
    return false;
}

static bool lane_answers(const struct preflight *p, uint16_t lane)
{
    const struct probe *at = &p->probes[lane * PREFLIGHT_QUESTIONS];
    for (int i = 0; i < PREFLIGHT_QUESTIONS; i++)
        if (at[i].answered_at && at[i].verdict == VERDICT_OK && at[i].kind != CALL_ACCOUNT &&
            at[i].kind != CALL_QUOTA)
            return true;
    return false;
}

/* The keys themselves are refused, not a permission: no other question can succeed. What refuses on
 * the way to SES may let others through, and counts where it lets none that tells identities. */
static void lane_judge(struct preflight *p, uint16_t lane)
{
    const struct probe *at = &p->probes[lane * PREFLIGHT_QUESTIONS];
    for (int i = 0; i < PREFLIGHT_QUESTIONS; i++) {
        struct why why = {""};
        bool denied = at[i].answered_at && at[i].verdict == VERDICT_DENIED;
        bool is_foreign = reply_is_foreign(&at[i].reply);
        if (!denied || reply_is_access_denied(&at[i].reply) ||
            (is_foreign && lane_answers(p, lane)))
            continue;
        why_set(&why, ERR_AUTH, "%s%s%s%s",
                is_foreign ? "SES cannot be asked: " : "SES refuses the credentials: ",
                at[i].reply.code, at[i].reply.code[0] ? ": " : "", at[i].reply.message);
        lanes_give_up(p->lanes, lane,
                      at[i].reply.how == REPLY_NO_KEYS ? at[i].reply.message : why.text);
        return;
    }
}

/* What is asked of each lane. */
struct lane_asking {
    struct text identity; /* the first one is as good as any other to ask about */
    uint32_t rows;
};

static struct lane_asking *lanes_gather(struct preflight *p)
{
    const struct fleet *f = p->fleet;
    struct lane_asking *lanes = ARENA_ARRAY(&p->arena, struct lane_asking, f->lanes_len + 1);
    for (uint32_t i = 0; lanes && i < f->choices_len; i++)
        if (!lanes[f->choices[i].lane].rows++)
            lanes[f->choices[i].lane].identity = fleet_identity(f, i);
    return lanes;
}

static void lane_questions_add(struct preflight *p, uint16_t lane, const struct lane_asking *asking)
{
    enum api read = access_api(p->access->read_api, API_V1),
             write = access_api(p->access->write_api, API_V2);
    question_add(p, lane, CALL_ACCOUNT, write, TEXT_NONE);
    if (write == API_V1)
        question_add(p, lane, CALL_QUOTA, API_V1, TEXT_NONE);
    if (read == API_V2)
        questions_add(p, lane, by_v2, COUNT(by_v2), asking->identity);
    else if (list_tells_verification(asking->rows, read))
        questions_add(p, lane, by_list, COUNT(by_list), asking->identity);
    else
        questions_add(p, lane, by_v1, COUNT(by_v1), asking->identity);
}

/* The list by version 2 is not to be had: version 1 lists, and attributes tell verification. */
static bool wants_v1(const struct preflight *p, uint16_t lane)
{
    const struct probe *at = &p->probes[lane * PREFLIGHT_QUESTIONS];
    bool may = access_api(p->access->read_api, API_V1) == API_V1;
    for (int i = 0; i < PREFLIGHT_QUESTIONS; i++)
        if (at[i].answered_at && at[i].kind == CALL_LIST && at[i].api == API_V2)
            return may &&
                   (reply_refuses_action(&at[i].reply) || reply_knows_no_action(&at[i].reply));
    return false;
}

enum err preflight_lanes(struct preflight *p, const struct io *io, struct why *why)
{
    const char *wish = p->access->read_api;
    bool by_auto = !wish || strcmp(wish, "auto") == 0;
    struct lane_asking *lanes = lanes_gather(p);
    if (!lanes)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint16_t i = 0; i < p->fleet->lanes_len; i++)
        if (!p->lanes->trouble[i])
            lane_questions_add(p, i, &lanes[i]);
    enum err err = questions_ask(p, io, why);
    for (uint16_t i = 0; err == OK && i < p->fleet->lanes_len; i++)
        if (wants_v1(p, i))
            questions_add(p, i, by_v1, COUNT(by_v1), lanes[i].identity);
    if (err == OK)
        err = questions_ask(p, io, why);
    for (uint16_t i = 0; err == OK && by_auto && i < p->fleet->lanes_len; i++)
        if (wants_v2(p, i))
            questions_add(p, i, by_v2, COUNT(by_v2), lanes[i].identity);
    if (err == OK)
        err = questions_ask(p, io, why);
    for (uint16_t i = 0; err == OK && i < p->fleet->lanes_len; i++)
        lane_judge(p, i);
    if (err == OK && p->fleet->lanes_len && lanes_usable(p->lanes) == 0)
        err = lanes_lost(p->lanes, p->fleet, ERR_AUTH, why);
    return err;
}
