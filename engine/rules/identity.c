/*
 * Judges SES's facts about the identity, and its neighbours in the fleet and in the account.
 */
#include "judge.h"

#include "base/bounds.h"
#include "base/dname.h"
#include "base/escape.h"

#define SENTENCE_LEN_MAX 1024 /* the part with a name from outside */

/* Going back to the default needs no verification: the setting is removed. */
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

/* The sending identity, as the subject of a sentence. */
static void sender_name(struct buf *out, struct text name, struct text identity)
{
    if (identity.len == 0) {
        buf_add_fmt(out, "MAIL FROM " TEXT_FMT ", or an address under it, is an SES identity",
                    TEXT_ARG(name));
        return;
    }
    bool is_itself = dname_eq(identity, name);
    buf_add_fmt(out, "%s ", is_itself ? "MAIL FROM" : "identity");
    escape_terminal(out, identity);
    if (is_itself)
        buf_add_str(out, " is itself an SES identity");
    else
        buf_add_fmt(out, " sends under the MAIL FROM " TEXT_FMT, TEXT_ARG(name));
}

/* Feedback forwarding would send bounces to the From address of the bounced mail. */
static void sender_judge(struct judgement *j, const struct policy *policy, struct text name,
                         const struct judge_context *around)
{
    struct buf sender;
    if (name.len == 0 || !around->mail_from_is_identity)
        return;
    buf_init(&sender, SENTENCE_LEN_MAX);
    sender_name(&sender, name, around->sending_identity);
    if (around->mail_from_forwards)
        judge_finding(j, policy, SENDS_MAIL, SEVERITY_ERROR,
                      TEXT_FMT ", with feedback forwarding on: its bounces would be sent to a name "
                               "that receives no mail. Choose a name that is not used for sending",
                      TEXT_ARG(buf_text(&sender)));
    else if (around->mail_from_unasked)
        judge_finding(j, policy, SENDS_MAIL, SEVERITY_WARNING,
                      TEXT_FMT "; whether feedback forwarding is on for it is not known. If it is, "
                               "its bounces would be sent to a name that receives no mail",
                      TEXT_ARG(buf_text(&sender)));
    else
        judge_finding(j, policy, SENDS_MAIL, SEVERITY_WARNING,
                      TEXT_FMT "; feedback forwarding is off for it, so only replies to it are "
                               "lost",
                      TEXT_ARG(buf_text(&sender)));
    buf_clear(&sender);
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

/* The consequence of the choice for an identity with rejected mail. */
static const char *end_of_rejecting(const struct policy *policy, struct text name,
                                    const struct ses_facts *ses)
{
    if (name.len == 0)
        return "It ends when apply has put the default MAIL FROM back";
    if (policy->behavior == BEHAVIOR_USE_DEFAULT_VALUE)
        return "It ends when apply has written USE_DEFAULT_VALUE, which waits for nothing";
    if (!dname_eq(ses->mail_from, name))
        return "It ends when apply has set the MAIL FROM that is wanted, which waits for its DNS; "
               "at "
               "once with behavior_on_mx_failure: USE_DEFAULT_VALUE and apply";
    return "It ends when SES says SUCCESS, for which the MAIL FROM needs one MX, a feedback host "
           "of "
           "SES; at once with behavior_on_mx_failure: USE_DEFAULT_VALUE and apply";
}

static void rejects_judge(struct judgement *j, const struct policy *policy, struct text identity,
                          struct text name, const struct ses_facts *ses)
{
    if (!(ses->known & KNOWN_MAIL_FROM) ||
        !ses_rejects_mail(ses->mail_from, ses->status, ses->behavior))
        return;
    judge_finding(j, policy, REJECTS_MAIL, SEVERITY_ERROR,
                  "mail of " TEXT_FMT " is being rejected now: its MAIL FROM " TEXT_FMT
                  " has REJECT_MESSAGE, and SES says %s. %s",
                  TEXT_ARG(identity), TEXT_ARG(ses->mail_from), mail_from_status_name(ses->status),
                  end_of_rejecting(policy, name, ses));
}

static void masked_judge(struct judgement *j, const struct policy *policy, struct text identity,
                         struct text masking)
{
    bool is_address = text_find(masking, '@') < masking.len;
    struct buf shown;
    buf_init(&shown, SENTENCE_LEN_MAX);
    escape_terminal(&shown, masking);
    judge_finding(j, policy, MASKED_BY_IDENTITY, SEVERITY_WARNING,
                  "identity " TEXT_FMT " below " TEXT_FMT
                  " has a MAIL FROM setting of its own: mail from that %s will not follow this "
                  "change. Add it to the manifest to change it too",
                  TEXT_ARG(buf_text(&shown)), TEXT_ARG(identity),
                  is_address ? "address" : "subdomain");
    buf_clear(&shown);
}

/* Settings can be written even so, to prepare a fleet. */
static void account_judge(struct judgement *j, const struct policy *policy, const char *where,
                          const struct judge_context *around)
{
    struct buf status;
    if (!around->account_known)
        return;
    buf_init(&status, SENTENCE_LEN_MAX);
    escape_terminal(&status, around->account_status);
    if (!around->account_can_send)
        judge_finding(j, policy, ACCOUNT_CANNOT_SEND, SEVERITY_WARNING,
                      "sending is switched off in %s%s" TEXT_FMT ": the MAIL FROM can be set, but "
                      "no mail leaves",
                      where, status.len ? "; SES calls the account " : "",
                      TEXT_ARG(buf_text(&status)));
    if (around->account_in_sandbox)
        judge_finding(j, policy, SANDBOX, SEVERITY_WARNING,
                      "%s is in the SES sandbox: mail goes to verified addresses only", where);
    buf_clear(&status);
}

static void setting_tell(struct buf *out, struct text mail_from, enum behavior behavior)
{
    if (mail_from.len == 0) {
        buf_add_str(out, "the default MAIL FROM");
        return;
    }
    buf_add_str(out, "MAIL FROM ");
    escape_terminal(out, mail_from);
    buf_add_fmt(out, " with %s", behavior_name(behavior));
}

/* SES sends each mail through one of the two, so half of it goes by the other Region's setting. */
static void endpoint_judge(struct judgement *j, const struct fleet *f, uint32_t row,
                           const struct endpoint_view *other)
{
    const struct policy *policy = fleet_policy_of(f, row);
    struct buf there, here, name;
    if (other->region.len == 0)
        return;
    buf_init(&there, SENTENCE_LEN_MAX);
    buf_init(&here, SENTENCE_LEN_MAX);
    buf_init(&name, SENTENCE_LEN_MAX);
    setting_tell(&there, other->mail_from, other->behavior);
    setting_tell(&here, fleet_mail_from(f, row), policy->behavior);
    escape_terminal(&name, other->endpoint);
    judge_finding(j, policy, ENDPOINT_REGIONS_DIFFER, SEVERITY_WARNING,
                  "the global endpoint " TEXT_FMT " sends half of the mail through Region " TEXT_FMT
                  ", where %s has " TEXT_FMT " for " TEXT_FMT ", and " TEXT_FMT
                  " is wanted here: %s",
                  TEXT_ARG(buf_text(&name)), TEXT_ARG(other->region),
                  other->is_wanted ? "the manifest" : "SES", TEXT_ARG(buf_text(&there)),
                  TEXT_ARG(fleet_identity(f, row)), TEXT_ARG(buf_text(&here)),
                  other->is_wanted ? "make the two rows equal"
                                   : "give the manifest an equal row for that Region");
    buf_clear(&name);
    buf_clear(&here);
    buf_clear(&there);
}

const struct managed_resource *managed_of_row(const struct managed_index *index,
                                              const struct fleet *f, uint32_t row)
{
    const struct managed_question asked = {
        .identity = fleet_identity(f, row),
        .account = names_text(&f->names, fleet_account_number(f, f->choices[row].lane)),
        .region = fleet_region(f, row),
        .mail_from = fleet_mail_from(f, row),
        .behavior = fleet_policy_of(f, row)->behavior};
    return managed_index_find(index, &asked);
}

static const char *places_unknown(const struct managed_resource *resource)
{
    if (resource->account.len && resource->region.len)
        return "";
    if (resource->account.len)
        return ". The state does not say in which Region, so this one is meant, perhaps";
    return resource->region.len
               ? ". The state does not say in which account, so this one is meant, perhaps"
               : ". The state does not say in which account and Region, so these are meant, "
                 "perhaps";
}

void managed_judge(struct judgement *j, const struct fleet *f, uint32_t row,
                   const struct managed_resource *resource)
{
    const struct policy *policy = fleet_policy_of(f, row);
    struct text name = fleet_mail_from(f, row);
    struct buf address, file, there;
    if (!resource || managed_sets(resource, name, policy->behavior))
        return;
    buf_init(&address, 4 * NAME_LEN_MAX);
    buf_init(&file, 4 * PATH_LEN_MAX);
    buf_init(&there, 4 * NAME_LEN_MAX);
    escape_terminal(&address, resource->address);
    escape_terminal(&file, resource->file);
    setting_tell(&there, resource->mail_from, resource->behavior);
    judge_finding(
        j, policy, MANAGED_ELSEWHERE, SEVERITY_WARNING,
        TEXT_FMT " in " TEXT_FMT " sets " TEXT_FMT " for " TEXT_FMT
                 ": the next terraform apply would undo this change. Change it there too, or take "
                 "the resource out of Terraform first%s",
        TEXT_ARG(buf_text(&address)), TEXT_ARG(buf_text(&file)), TEXT_ARG(buf_text(&there)),
        TEXT_ARG(fleet_identity(f, row)), places_unknown(resource));
    buf_clear(&there);
    buf_clear(&file);
    buf_clear(&address);
}

/* Does the row differ from what SES shows, or did it, until this run has written? */
static bool is_change(const struct fleet *f, uint32_t row, const struct ses_facts *ses,
                      const struct judge_context *around)
{
    struct text name = fleet_mail_from(f, row);
    if (around->is_written || !(ses->known & KNOWN_MAIL_FROM))
        return around->is_written;
    return !dname_eq(ses->mail_from, name) ||
           (name.len && ses->behavior != fleet_policy_of(f, row)->behavior);
}

static void neighbours_judge(struct judgement *j, const struct fleet *f, uint32_t row,
                             const struct judge_context *around)
{
    const struct policy *policy = fleet_policy_of(f, row);
    struct text identity = fleet_identity(f, row);
    if (around->masking_identity.len)
        masked_judge(j, policy, identity, around->masking_identity);
    if (around->domain_is_foreign && fleet_mail_from(f, row).len &&
        !(j->found & FINDING_BIT(NOT_YOUR_DOMAIN)))
        not_your_domain_judge(j, policy, identity, false);
}

void judge_ses(struct judgement *j, const struct fleet *f, uint32_t row,
               const struct ses_facts *ses, const struct judge_context *around)
{
    const struct policy *policy = fleet_policy_of(f, row);
    struct text name = fleet_mail_from(f, row);
    struct buf where;
    buf_init(&where, 4 * NAME_LEN_MAX);
    struct text account = fleet_account_name(f, row), region = fleet_region(f, row);
    buf_add_fmt(&where, "account " TEXT_FMT ", Region " TEXT_FMT, TEXT_ARG(account),
                TEXT_ARG(region));
    const char *place = where.failed ? "that account and Region" : where.at;
    rejects_judge(j, policy, fleet_identity(f, row), name, ses);
    verification_judge(j, f, row, ses, place);
    sender_judge(j, policy, name, around);
    neighbours_judge(j, f, row, around);
    endpoint_judge(j, f, row, &around->endpoint);
    replaced_judge(j, policy, name, ses, around->set_by_us);
    if (is_change(f, row, ses, around))
        managed_judge(j, f, row, around->managed);
    account_judge(j, policy, place, around);
    buf_clear(&where);
}
