/*
 * What SES says of the identity, and what stands around it in the fleet and in the account.
 */
#include "judge.h"

#include "dname.h"
#include "limits.h"

static const char *place(const struct fleet *f, uint32_t row, struct buf *scratch)
{
    struct text account = fleet_account_name(f, row), region = fleet_region(f, row);
    buf_add_fmt(scratch, "account " TEXT_FMT ", Region " TEXT_FMT, TEXT_ARG(account),
                TEXT_ARG(region));
    return scratch->failed ? "that account and Region" : scratch->at;
}

/* Going back to the default needs no verification: it takes a setting away. */
static void verification_judge(struct judgement *j, const struct fleet *f, uint32_t row,
                               const struct ses_facts *ses, const char *where)
{
    const struct policy *policy = fleet_policy_of(f, row);
    struct text identity = fleet_identity(f, row);
    bool clears = fleet_mail_from(f, row).len == 0;
    if (!(ses->known & KNOWN_VERIFICATION) || ses->verification == VERIFICATION_SUCCESS)
        return;
    if (ses->verification == VERIFICATION_NONE)
        judge_finding(j, policy, IDENTITY_MISSING, SEVERITY_ERROR,
                      "identity " TEXT_FMT " does not exist in %s", TEXT_ARG(identity), where);
    else
        judge_finding(j, policy, IDENTITY_UNVERIFIED, clears ? SEVERITY_WARNING : SEVERITY_ERROR,
                      "identity " TEXT_FMT " is not verified in %s: SES says %s",
                      TEXT_ARG(identity), where, verification_name(ses->verification));
}

/* Feedback forwarding would send bounces to a From address whose mail they are about. */
static void sender_judge(struct judgement *j, const struct policy *policy, struct text name,
                         const struct surroundings *around)
{
    if (name.len == 0 || !around->mail_from_is_identity)
        return;
    if (around->mail_from_forwards)
        judge_finding(
            j, policy, SENDS_MAIL, SEVERITY_ERROR,
            "MAIL FROM " TEXT_FMT ", or an address under it, is an SES identity with "
            "feedback forwarding on: its bounces would be sent to a name that receives no "
            "mail. Choose a name that nothing sends from",
            TEXT_ARG(name));
    else
        judge_finding(j, policy, SENDS_MAIL, SEVERITY_WARNING,
                      "MAIL FROM " TEXT_FMT
                      ", or an address under it, is an SES identity; feedback "
                      "forwarding is off for it, so only replies to it are lost",
                      TEXT_ARG(name));
}

static void replaced_judge(struct judgement *j, const struct policy *policy, struct text name,
                           const struct ses_facts *ses, bool set_by_us)
{
    if (!(ses->known & KNOWN_MAIL_FROM) || ses->mail_from.len == 0 || set_by_us ||
        dname_eq(ses->mail_from, name))
        return;
    if (name.len)
        judge_finding(j, policy, OVERWRITES_CUSTOM, SEVERITY_WARNING,
                      "the custom MAIL FROM " TEXT_FMT ", which this program did not set, will be "
                      "replaced by " TEXT_FMT,
                      TEXT_ARG(ses->mail_from), TEXT_ARG(name));
    else
        judge_finding(j, policy, OVERWRITES_CUSTOM, SEVERITY_WARNING,
                      "the custom MAIL FROM " TEXT_FMT ", which this program did not set, will be "
                      "removed",
                      TEXT_ARG(ses->mail_from));
}

static void neighbours_judge(struct judgement *j, const struct fleet *f, uint32_t row,
                             const struct surroundings *around)
{
    const struct policy *policy = fleet_policy_of(f, row);
    struct text name = fleet_mail_from(f, row), identity = fleet_identity(f, row);
    if (around->masking_identity.len)
        judge_finding(j, policy, MASKED_BY_IDENTITY, SEVERITY_WARNING,
                      "identity " TEXT_FMT " below " TEXT_FMT
                      " has a MAIL FROM setting of its own, "
                      "which wins for its mail",
                      TEXT_ARG(around->masking_identity), TEXT_ARG(identity));
    if (around->mail_from_is_shared && name.len)
        judge_finding(j, policy, SHARED_MAIL_FROM, SEVERITY_INFO,
                      "MAIL FROM " TEXT_FMT
                      " serves several identities or Regions: one MX is enough "
                      "for all of them",
                      TEXT_ARG(name));
}

void judge_ses(struct judgement *j, const struct fleet *f, uint32_t row,
               const struct ses_facts *ses, const struct surroundings *around)
{
    const struct policy *policy = fleet_policy_of(f, row);
    struct text name = fleet_mail_from(f, row);
    struct buf where;
    buf_init(&where, 4 * NAME_LEN_MAX);
    verification_judge(j, f, row, ses, place(f, row, &where));
    sender_judge(j, policy, name, around);
    neighbours_judge(j, f, row, around);
    replaced_judge(j, policy, name, ses, around->set_by_us);
    buf_clear(&where);
}
