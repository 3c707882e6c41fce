/*
 * Judges the name itself, before any question. SES refuses a MAIL FROM outside the domain of the
 * identity; a sibling under a common parent is outside.
 */
#include "judge.h"

#include "base/dname.h"
#include "base/escape.h"

#define SHOWN_LEN_MAX 300 /* of a name in a sentence; a longer one is no name */

static void below_judge(struct judgement *j, const struct policy *policy, struct text name,
                        struct text domain)
{
    if (dname_below(name, domain))
        return;
    if (dname_eq(name, domain)) {
        judge_finding(j, policy, NOT_A_SUBDOMAIN, SEVERITY_ERROR,
                      "MAIL FROM " TEXT_FMT " is the identity's own domain; SES wants a name below "
                      "it, such as bounce." TEXT_FMT,
                      TEXT_ARG(name), TEXT_ARG(domain));
        return;
    }
    judge_finding(j, policy, NOT_A_SUBDOMAIN, SEVERITY_ERROR,
                  "MAIL FROM " TEXT_FMT " is not below " TEXT_FMT
                  ", the domain of the identity; SES "
                  "wants a name below it, such as bounce." TEXT_FMT,
                  TEXT_ARG(name), TEXT_ARG(domain), TEXT_ARG(domain));
}

void judge_name(struct judgement *j, const struct fleet *f, uint32_t row)
{
    const struct policy *policy = fleet_policy_of(f, row);
    struct text name = fleet_mail_from(f, row);
    struct text domain = identity_domain(fleet_identity(f, row));
    if (name.len == 0)
        return; /* back to the default: any identity may */
    enum dname_fault fault = dname_check(name);
    if (fault != DNAME_OK) {
        struct buf shown;
        buf_init(&shown, 8 * SHOWN_LEN_MAX);
        escape_terminal(&shown, text_slice(name, 0, SHOWN_LEN_MAX));
        judge_finding(j, policy, INVALID_NAME, SEVERITY_ERROR,
                      "MAIL FROM \"" TEXT_FMT "\" is not a host name: %s",
                      TEXT_ARG(buf_text(&shown)), dname_fault_text(fault));
        buf_clear(&shown);
        return;
    }
    below_judge(j, policy, name, domain);
    if (!j->suffixes)
        return;
    if (suffix_is_public(j->suffixes, domain))
        judge_finding(
            j, policy, PUBLIC_SUFFIX, SEVERITY_ERROR,
            TEXT_FMT
            ", the domain of the identity, is a public suffix: anyone may register names below it",
            TEXT_ARG(domain));
    else if (suffix_is_public(j->suffixes, name))
        judge_finding(
            j, policy, PUBLIC_SUFFIX, SEVERITY_ERROR,
            "MAIL FROM " TEXT_FMT
            " is a public suffix: anyone may register names below it, and no mail aligns with it",
            TEXT_ARG(name));
}
