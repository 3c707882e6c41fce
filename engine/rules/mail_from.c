/*
 * Judges the name itself, before any question. SES refuses a MAIL FROM outside the domain of the
 * identity; a sibling under a common parent is outside.
 */
#include "choice.h"

#include "base/count.h"
#include "base/dname.h"
#include "base/escape.h"

#define DEFAULT_EDITS 2   /* more are another word */
#define SHOWN_LEN_MAX 300 /* of a name in a sentence; a longer one is no name */

/* A word that stands for no custom MAIL FROM elsewhere, or SES's own domain. */
static bool means_default(struct text name)
{
    static const char *const words[] = {
        "default", "none",    "null",      "nil",   "no",      "off",      "false",    "empty",
        "ses",     "aws",     "amazonses", "n/a",   "-",       "~",        "remove",   "removed",
        "delete",  "deleted", "clear",     "unset", "disable", "disabled", "original",
    };
    for (size_t i = 0; i < COUNT(words); i++)
        if (text_eq_nocase(name, text_of(words[i])))
            return true;
    return dname_eq(name, TEXT("amazonses.com")) || dname_below(name, TEXT("amazonses.com"));
}

static void below_judge(struct judgement *j, const struct policy *policy, struct text name,
                        struct text domain)
{
    if (dname_below(name, domain))
        return;
    if (means_default(name)) {
        judge_finding(j, policy, NOT_A_SUBDOMAIN, SEVERITY_ERROR,
                      "MAIL FROM " TEXT_FMT " is SES's own and not below " TEXT_FMT
                      ", the domain of the identity; did you mean default, which is SES's own?",
                      TEXT_ARG(name), TEXT_ARG(domain));
        return;
    }
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

static bool is_nearly_default(struct text name)
{
    struct text_near near = {name, DEFAULT_EDITS + 1, NULL};
    text_near_try(&near, "default");
    return near.word != NULL;
}

/* A variable of a shell or of another tool, such as $domain, <domain> or %domain%. */
static bool has_variable(struct text name)
{
    return text_find(name, '$') < name.len || text_find(name, '<') < name.len ||
           text_find(name, '%') < name.len;
}

static void invalid_judge(struct judgement *j, const struct policy *policy, struct text name,
                          enum dname_fault fault)
{
    struct buf shown, why;
    buf_init(&shown, 8 * SHOWN_LEN_MAX);
    buf_init(&why, 8 * SHOWN_LEN_MAX);
    escape_terminal(&shown, text_slice(name, 0, SHOWN_LEN_MAX));
    name_fault_add(&why, name, fault);
    if (means_default(name) || is_nearly_default(name))
        buf_add_str(&why, "; did you mean default?");
    else if (has_variable(name))
        buf_add_str(&why, "; write {domain} for the domain of the identity, as in bounce.{domain}");
    else if (fault == DNAME_SINGLE_LABEL)
        buf_add_fmt(&why, "; did you mean " TEXT_FMT ".{domain}?", TEXT_ARG(buf_text(&shown)));
    else if (text_find(name, '@') < name.len)
        buf_add_str(&why, "; a MAIL FROM is a domain and no address");
    else
        name_hint(&why, name);
    judge_finding(j, policy, INVALID_NAME, SEVERITY_ERROR,
                  "MAIL FROM \"" TEXT_FMT "\" is not a host name: " TEXT_FMT,
                  TEXT_ARG(buf_text(&shown)), TEXT_ARG(buf_text(&why)));
    buf_clear(&shown);
    buf_clear(&why);
}

void mail_from_judge(struct judgement *j, const struct fleet *f, uint32_t row)
{
    const struct policy *policy = fleet_policy_of(f, row);
    struct text name = fleet_mail_from(f, row);
    struct text domain = identity_domain(fleet_identity(f, row));
    if (name.len == 0)
        return; /* back to the default: any identity may */
    enum dname_fault fault = dname_check(name);
    if (fault != DNAME_OK) {
        invalid_judge(j, policy, name, fault);
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
