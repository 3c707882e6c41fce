/* Compares remembered callers with the callers named by STS now. */
#include "callers.h"

#include "base/bounds.h"

#include <stdio.h>

#define ACCOUNT_LEN 96 /* "in account 111122223333 of partition aws-cn" */

static bool is_answered(const struct probe *p)
{
    return p->answered_at && p->verdict == VERDICT_OK;
}

/* "aws" of "arn:aws:iam::111122223333:user/x" */
static struct text partition_of(struct text arn)
{
    text_cut(&arn, ':');
    return text_cut(&arn, ':');
}

/* "in account 111122223333"; with the partition unless "aws". */
static const char *account_words(const struct fleet *f, const struct caller *c, const char *before,
                                 char out[ACCOUNT_LEN])
{
    struct text partition = names_text(&f->names, c->partition);
    bool usual = partition.len == 0 || text_eq(partition, TEXT("aws"));
    snprintf(out, ACCOUNT_LEN, "%s account " TEXT_FMT "%s%.*s", before,
             TEXT_ARG(names_text(&f->names, c->account)), usual ? "" : " of partition ",
             usual ? 0 : (int)partition.len, usual ? "" : partition.at);
    return out;
}

static void lane_close(struct lanes *l, uint32_t lane, const struct fleet *f,
                       const struct caller *now, const char *begun)
{
    const struct caller *then = &f->lanes[lane].caller;
    struct text with = names_text(&f->names, then->begun_with);
    char is[ACCOUNT_LEN] = "of an unknown account",
         was[ACCOUNT_LEN] = "when STS could not be asked for the account,";
    struct why why = {""};
    if (caller_is_known(f, now))
        account_words(f, now, "of", is);
    if (caller_is_known(f, then))
        account_words(f, then, "in", was);
    why_set(&why, ERR_AUTH,
            "these credentials (" TEXT_FMT ") are %s, but %s was started %s with " TEXT_FMT
            ": nothing is sent. Use the same credentials and endpoints as then",
            TEXT_ARG(names_text(&f->names, now->begun_with)), is, begun, was, TEXT_ARG(with));
    lanes_give_up(l, lane, why.text);
}

static void unknown_tell(const struct notices *n, const struct fleet *f, uint32_t account,
                         const struct probe *p, bool waits)
{
    const struct reply *reply = &p->reply;
    struct text name = names_text(&f->names, f->accounts[account].name);
    if (waits)
        notice_note(n,
                    "note: account " TEXT_FMT
                    ": STS cannot be asked now who owns the credentials (%s%s%s); nothing is sent "
                    "to SES there before STS has answered",
                    TEXT_ARG(name), reply->code, reply->code[0] ? ": " : "", reply->message);
    else if (!p->answered_at)
        notice_note(n,
                    "note: account " TEXT_FMT
                    ": STS is not asked who owns the credentials, because SES is asked at a custom "
                    "endpoint; the account is kept as unknown",
                    TEXT_ARG(name));
    else
        notice_note(
            n,
            "note: account " TEXT_FMT
            ": STS does not tell who owns the credentials (%s%s%s); the account is kept as unknown",
            TEXT_ARG(name), reply->code, reply->code[0] ? ": " : "", reply->message);
}

enum err callers_hold(struct fleet *f, struct lanes *l, const struct probe *found,
                      const char *begun, bool resumes, const struct notices *n, struct why *why)
{
    bool is_said = false;
    for (uint32_t i = 0; i < f->lanes_len; i++) {
        uint16_t account = f->lanes[i].account;
        struct caller now;
        if (l->trouble[i])
            continue;
        bool waits =
            resumes && probe_may_pass(&found[account]) && caller_is_known(f, &f->lanes[i].caller);
        const struct account_facts *is = &found[account].account;
        bool known = is_answered(&found[account]);
        now = (struct caller){0};
        bool kept =
            names_add(&f->names, known ? is->caller_account : TEXT(CALLER_UNKNOWN), &now.account) &&
            names_add(&f->names, known ? partition_of(is->caller_arn) : TEXT_NONE,
                      &now.partition) &&
            names_add(&f->names, known ? is->caller_arn : TEXT_NONE, &now.arn) &&
            names_add(&f->names, text_of(credential_source_name(l->sources[account])),
                      &now.begun_with);
        if (!kept)
            return why_set(why, ERR_NOMEM, "out of memory");
        if (!is_answered(&found[account]) && !is_said) {
            unknown_tell(n, f, account, &found[account], waits);
            is_said = true;
        }
        if (waits)
            continue;
        if (f->lanes[i].caller.account != NAME_NONE &&
            (now.account != f->lanes[i].caller.account ||
             now.partition != f->lanes[i].caller.partition))
            lane_close(l, i, f, &now, begun);
        else
            f->lanes[i].caller = now;
    }
    return l->len && lanes_usable(l) == 0 ? lanes_lost(l, f, ERR_AUTH, why) : OK;
}

void callers_expect(const struct fleet *f, const struct lanes *l, const struct probe *found,
                    struct wire *wire)
{
    const struct probe *told = NULL;
    for (uint32_t i = 0; i < f->lanes_len; i++) {
        const struct probe *p = &found[f->lanes[i].account];
        const struct caller *caller = &f->lanes[i].caller;
        if (l->trouble[i])
            continue;
        if (!is_answered(p) && caller_is_known(f, caller)) /* callers_hold lets the lane wait */
            wire_expect(wire, i, names_text(&f->names, caller->account), 0);
        if (!is_answered(p))
            continue;
        wire_expect(wire, i, p->account.caller_account, p->signed_with);
        told = told ? told : p;
    }
    for (uint32_t i = 0; i < f->providers_len; i++) {
        uint32_t lane = f->lanes_len + i;
        const struct probe *p = &found[f->providers[i].account];
        struct text guard = names_text(&f->names, f->accounts[f->providers[i].account].account_id);
        if (f->providers[i].kind != PROVIDER_ROUTE53 || l->trouble[lane])
            continue;
        if (is_answered(p))
            wire_expect(wire, lane, p->account.caller_account, p->signed_with);
        else if (guard.len) /* as lanes of SES with a remembered caller, the lane waits */
            wire_expect(wire, lane, guard, 0);
        told = told ? told : is_answered(p) ? p : NULL;
    }
    wire_clock_set(wire, told ? told->skew_us : 0);
}
