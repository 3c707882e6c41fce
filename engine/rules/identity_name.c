/*
 * The identity as a name: a domain, or an address whose local part SES takes. Source: RFC 5321,
 * section 4.1.2; SES Developer Guide, "Creating and verifying identities", which has no SMTPUTF8.
 */
#include "choice.h"

#include "base/bounds.h"
#include "base/count.h"
#include "base/dname.h"
#include "base/escape.h"

#include <string.h>

#define LOCAL_PART_MAX  64  /* RFC 5321, section 4.5.3.1.1 */
#define SHOWN_LEN_MAX   300 /* of a name in a sentence; a longer one is no name */
#define FAULT_BYTES_MAX 1024

/* Quoted, what stands between the marks is anything; else a dot-atom, whose dots some hosts put
 * anywhere. NULL: nothing is wrong with it. */
static const char *local_part_fault(struct text local)
{
    bool is_quoted = local.len > 2 && local.at[0] == '"' && local.at[local.len - 1] == '"';
    if (local.len > LOCAL_PART_MAX)
        return "what stands before the @ is longer than 64 characters";
    if (text_eq(local, TEXT("*")))
        return "an asterisk stands before the @";
    if (text_find_text(local, TEXT("${")) < local.len)
        return "\"${\" stands before the @";
    for (size_t i = 0; i < local.len; i++) {
        if ((unsigned char)local.at[i] >= 0x80)
            return "SES takes only ASCII before the @";
        if (!is_quoted && !char_is_alnum(local.at[i]) &&
            !memchr("!#$%&'*+-/=?^_`{|}~.", local.at[i], 20))
            return "what stands before the @ has a character that needs quotation marks";
    }
    return NULL;
}

static bool has_underscore_only(struct text domain)
{
    char plain[DNAME_LEN_MAX + 1];
    if (domain.len == 0 || domain.len > DNAME_LEN_MAX || !memchr(domain.at, '_', domain.len))
        return false;
    for (size_t i = 0; i < domain.len; i++)
        plain[i] = domain.at[i] == '_' ? 'x' : domain.at[i];
    return dname_check((struct text){plain, domain.len}) == DNAME_OK;
}

/* Into *fault, which stays empty where there is none. False: the identity may exist all the same,
 * since SES has the last word on what stands before the @ of an address. */
static bool identity_fault(struct buf *fault, struct text identity)
{
    struct text domain = identity_domain(identity);
    enum dname_fault of_domain = dname_check(domain);
    if (of_domain != DNAME_OK && !has_underscore_only(domain)) {
        name_fault_add(fault, domain, of_domain);
        return true;
    }
    if (domain.len == identity.len)
        return false;
    const char *of_local = local_part_fault(text_slice(identity, 0, identity.len - domain.len - 1));
    if (of_local)
        buf_add_str(fault, of_local);
    return of_local && name_is_something_else(identity);
}

/* Where everybody has an address and nobody of its users may publish records. */
static bool is_mailbox_domain(struct text domain)
{
    static const char *const domains[] = {
        "gmail.com",    "googlemail.com", "outlook.com",    "hotmail.com",   "live.com",
        "msn.com",      "yahoo.com",      "ymail.com",      "aol.com",       "icloud.com",
        "me.com",       "mac.com",        "proton.me",      "pm.me",         "protonmail.com",
        "gmx.com",      "gmx.de",         "gmx.net",        "web.de",        "t-online.de",
        "mail.com",     "mail.ru",        "yandex.ru",      "yandex.com",    "qq.com",
        "163.com",      "126.com",        "naver.com",      "hotmail.co.uk", "yahoo.co.uk",
        "yahoo.co.jp",  "yahoo.fr",       "yahoo.de",       "hotmail.fr",    "hotmail.de",
        "orange.fr",    "free.fr",        "laposte.net",    "libero.it",     "comcast.net",
        "fastmail.com", "zoho.com",       "rediffmail.com",
    };
    for (size_t i = 0; i < COUNT(domains); i++)
        if (text_eq_nocase(domain, text_of(domains[i])))
            return true;
    return false;
}

void not_your_domain_judge(struct judgement *j, const struct policy *policy, struct text identity,
                           bool is_mailbox)
{
    struct text domain = identity_domain(identity);
    struct buf shown;
    buf_init(&shown, 8 * SHOWN_LEN_MAX);
    escape_terminal(&shown, text_slice(identity, 0, SHOWN_LEN_MAX));
    judge_finding(j, policy, NOT_YOUR_DOMAIN, SEVERITY_WARNING,
                  TEXT_FMT
                  " is an address at " TEXT_FMT ", %s: only the owner of that domain can "
                  "publish the records of a MAIL FROM below it. Leave the address at the default "
                  "MAIL FROM, or verify the domain",
                  TEXT_ARG(buf_text(&shown)), TEXT_ARG(domain),
                  is_mailbox ? "where anybody can have a mailbox"
                             : "which is no identity of the account in that Region, nor "
                               "is a domain above it");
    buf_clear(&shown);
}

/* Going back to the default is refused to nobody: what SES lists is an identity, whatever its name.
 */
bool identity_name_judge(struct judgement *j, const struct fleet *f, uint32_t row)
{
    const struct policy *policy = fleet_policy_of(f, row);
    struct text identity = fleet_identity(f, row), domain = identity_domain(identity);
    struct buf fault, shown, hint;
    buf_init(&fault, FAULT_BYTES_MAX);
    buf_init(&shown, 8 * SHOWN_LEN_MAX);
    buf_init(&hint, 8 * SHOWN_LEN_MAX);
    bool clears = fleet_mail_from(f, row).len == 0;
    bool is_impossible = identity_fault(&fault, identity);
    if (fault.len) {
        escape_terminal(&shown, text_slice(identity, 0, SHOWN_LEN_MAX));
        name_hint(&hint, identity);
        judge_finding(
            j, policy, INVALID_NAME, is_impossible && !clears ? SEVERITY_ERROR : SEVERITY_WARNING,
            "identity \"" TEXT_FMT "\" is not a domain or an e-mail address: " TEXT_FMT TEXT_FMT,
            TEXT_ARG(buf_text(&shown)), TEXT_ARG(buf_text(&fault)), TEXT_ARG(buf_text(&hint)));
    } else if (domain.len < identity.len && !clears && is_mailbox_domain(domain)) {
        not_your_domain_judge(j, policy, identity, true);
    }
    buf_clear(&fault);
    buf_clear(&shown);
    buf_clear(&hint);
    return !is_impossible;
}
