/*
 * Judges the MX records. SES wants exactly one MX at the MAIL FROM name, an SES feedback host: with
 * several MX the set-up fails, and with a foreign MX bounces go astray. The preference does not
 * matter.
 */
#include "mx.h"

#include "base/bounds.h"
#include "base/count.h"
#include "base/dname.h"
#include "feedback.h"
#include "model/region.h"
#include "near_miss.h"
#include "spf_presence.h"

#include <stdio.h>

enum mx_kind {
    MX_FEEDBACK,
    MX_NULL,
    MX_AMAZONAWS,
    MX_SUBMISSION,
    MX_DOUBLED,
    MX_NEAR,
    MX_RECEIVING,
    MX_FOREIGN
};

#define VALUE_LEN_MAX 320 /* of all exchanges in a sentence; longer ones are cut */

static bool begins(struct text host, struct text start)
{
    return text_eq_nocase(text_slice(host, 0, start.len), start);
}

/* SES's endpoint for receiving mail, inbound-smtp.REGION.amazonaws.com. */
static bool is_receiving_host(struct text host)
{
    return begins(host, TEXT("inbound-smtp.")) && (text_ends_nocase(host, TEXT(".amazonaws.com")) ||
                                                   text_ends_nocase(host, TEXT(".amazonses.com")));
}

/* SES's endpoint for sending mail by SMTP, email-smtp.REGION.amazonaws.com. */
static bool is_submission_host(struct text host)
{
    return (begins(host, TEXT("email-smtp.")) || begins(host, TEXT("email-smtp-fips."))) &&
           text_ends_nocase(host, TEXT(".amazonaws.com"));
}

/* Rented machines under amazonaws.com. */
static bool is_amazonaws_mail_host(struct text host)
{
    return begins(host, TEXT("ec2-")) || text_ends_nocase(host, TEXT(".elb.amazonaws.com"));
}

/* A zone editor may append its zone to a name without a final dot:
 * "feedback-smtp.us-east-1.amazonses.com.example.com". */
static bool is_doubled(struct text host, struct text name)
{
    static const struct text inner[] = {TEXT(".amazonses.com."), TEXT(".amazonaws.com.")};
    for (size_t i = 0; i < COUNT(inner); i++) {
        size_t at = text_find_text(host, inner[i]);
        struct text origin = text_from(host, at == host.len ? at : at + inner[i].len);
        if (origin.len && (dname_eq(name, origin) || dname_below(name, origin)))
            return true;
    }
    return false;
}

static enum mx_kind mx_kind_of(const struct judgement *j, struct text host, struct text name)
{
    struct text region;
    char fault[NEAR_FAULT_LEN];
    if (host.len == 0 || text_eq(host, TEXT(".")))
        return MX_NULL;
    if (feedback_host_parse(j->feedback_host, host, &region))
        return MX_FEEDBACK;
    if (is_receiving_host(host))
        return MX_RECEIVING;
    if (is_submission_host(host))
        return MX_SUBMISSION;
    if (text_ends_nocase(host, TEXT(".amazonaws.com")) && !is_amazonaws_mail_host(host))
        return MX_AMAZONAWS;
    if (near_feedback_host(j->feedback_host, host, fault))
        return MX_NEAR;
    return is_doubled(host, name) ? MX_DOUBLED : MX_FOREIGN;
}

/* No AWS Region has such a name: SES never takes the host for its own, and no server answers
   there. */
static enum mx_status impossible_judge(struct judgement *j, const struct policy *policy,
                                       struct text name, struct text wanted, struct text host,
                                       struct text region)
{
    const char *near = region_near(region);
    char meant[FEEDBACK_HOST_LEN];
    bool is_open = !near && text_eq(wanted, TEXT(FEEDBACK_REGION_UNKNOWN));
    if (is_open || text_eq_nocase(region, TEXT(FEEDBACK_REGION_UNKNOWN))) {
        judge_finding(
            j, policy, MX_UNKNOWN_REGION, SEVERITY_ERROR,
            "MX of " TEXT_FMT " is " TEXT_FMT ", but no AWS Region can have the name " TEXT_FMT
            "%s: the set-up would fail after 72 hours. Put the Region of the identity "
            "there, such as " TEXT_FMT,
            TEXT_ARG(name), TEXT_ARG(host), TEXT_ARG(region),
            text_eq_nocase(region, TEXT(FEEDBACK_REGION_UNKNOWN))
                ? ", the placeholder of the documentation"
                : "",
            TEXT_ARG(text_eq(wanted, TEXT(FEEDBACK_REGION_UNKNOWN)) ? TEXT("us-east-1") : wanted));
        return MX_STATUS_UNKNOWN_REGION;
    }
    feedback_host_make(j->feedback_host, near ? text_of(near) : wanted, meant);
    judge_finding(j, policy, MX_UNKNOWN_REGION, SEVERITY_ERROR,
                  "MX of " TEXT_FMT " is " TEXT_FMT
                  ", but no AWS Region can have the name " TEXT_FMT
                  ": the set-up would fail after 72 hours. Did you mean %s? Publish 10 %s",
                  TEXT_ARG(name), TEXT_ARG(host), TEXT_ARG(region), meant, meant);
    return MX_STATUS_UNKNOWN_REGION;
}

static bool is_wanted(struct text region, struct text wanted)
{
    return text_eq_nocase(region, wanted) && !text_eq(wanted, TEXT(FEEDBACK_REGION_UNKNOWN));
}

static enum mx_status region_judge(struct judgement *j, const struct policy *policy,
                                   struct text name, struct text wanted, struct text host)
{
    struct text region = TEXT_NONE;
    feedback_host_parse(j->feedback_host, host, &region);
    if (!region_is_plausible(region) && !is_wanted(region, wanted))
        return impossible_judge(j, policy, name, wanted, host, region);
    if (!region_has_ses(region) && !is_wanted(region, wanted)) {
        judge_finding(j, policy, MX_UNKNOWN_REGION, SEVERITY_WARNING,
                      "MX of " TEXT_FMT " is " TEXT_FMT
                      ", which has the form of an SES feedback host, "
                      "but no Region " TEXT_FMT " is known",
                      TEXT_ARG(name), TEXT_ARG(host), TEXT_ARG(region));
        return MX_STATUS_UNKNOWN_REGION;
    }
    if (!is_wanted(region, wanted) && !text_eq(wanted, TEXT(FEEDBACK_REGION_UNKNOWN)))
        judge_finding(j, policy, MX_OTHER_REGION, SEVERITY_INFO,
                      "MX of " TEXT_FMT " is the SES feedback host of " TEXT_FMT
                      ", not of " TEXT_FMT ": SES forwards its bounces",
                      TEXT_ARG(name), TEXT_ARG(region), TEXT_ARG(wanted));
    return MX_STATUS_OK;
}

static enum mx_status null_judge(struct judgement *j, const struct policy *policy, struct text name,
                                 const char *publish)
{
    judge_finding(j, policy, RECEIVES_MAIL, SEVERITY_ERROR,
                  "MX of " TEXT_FMT " is the null MX (RFC 7505), which says that the name receives "
                  "no mail at all, not even bounces. Replace it by 10 %s",
                  TEXT_ARG(name), publish);
    return MX_STATUS_NULL_MX;
}

static bool matters(const struct judgement *j, const struct policy *policy)
{
    return policy->require != REQUIRE_NONE || j->ses_waits;
}

/* A near miss is a missing MX and a wrong one, for an owner who accepts either. */
static enum severity near_severity(const struct judgement *j, const struct policy *policy)
{
    bool accepted =
        (policy->accept & (FINDING_BIT(MX_MISSING) | FINDING_BIT(MX_WRONG_SUFFIX))) != 0;
    return matters(j, policy) && !accepted ? SEVERITY_WAIT : SEVERITY_WARNING;
}

static enum mx_status near_judge(struct judgement *j, const struct policy *policy, struct text name,
                                 struct text host, const char *publish)
{
    char fault[NEAR_FAULT_LEN];
    j->near_mx = true;
    near_feedback_host(j->feedback_host, host, fault);
    judge_finding(j, policy, RECORD_NEAR_MISS, near_severity(j, policy),
                  "MX of " TEXT_FMT " is " TEXT_FMT
                  ", which is meant as an SES feedback host and is none: %s. Publish 10 %s instead",
                  TEXT_ARG(name), TEXT_ARG(host), fault, publish);
    return MX_STATUS_WRONG_SUFFIX;
}

/* The MX that stands at the doubled name, if SES would take it at the right one. */
static const struct mx_fact *doubled_find(const struct judgement *j, const struct dns_facts *dns)
{
    struct text region;
    for (uint32_t i = 0; i < dns->doubled.mx_len; i++)
        if (feedback_host_parse(j->feedback_host, dns->doubled.mx[i].exchange, &region))
            return &dns->doubled.mx[i];
    return NULL;
}

static enum mx_status doubled_judge(struct judgement *j, const struct policy *policy,
                                    struct text name, const struct dns_facts *dns,
                                    const struct mx_fact *mx)
{
    j->near_mx = true;
    judge_finding(j, policy, RECORD_NEAR_MISS, near_severity(j, policy),
                  "the MX meant for " TEXT_FMT " stands at " TEXT_FMT " (%u " TEXT_FMT
                  "): the zone was appended to a name that had it already. Publish it at " TEXT_FMT
                  "; many panels want the name without its zone",
                  TEXT_ARG(name), TEXT_ARG(dns->doubled.name), mx->preference,
                  TEXT_ARG(mx->exchange), TEXT_ARG(name));
    return MX_STATUS_MISSING;
}

static enum mx_status receiving_judge(struct judgement *j, const struct policy *policy,
                                      struct text name, struct text host, const char *publish)
{
    judge_finding(j, policy, RECEIVES_MAIL, SEVERITY_ERROR,
                  "MX of " TEXT_FMT " is " TEXT_FMT
                  ", the endpoint where SES receives mail for you, not a feedback host: the name "
                  "receives mail. Choose another MAIL FROM, or publish 10 %s",
                  TEXT_ARG(name), TEXT_ARG(host), publish);
    return MX_STATUS_FOREIGN;
}

/* One exchange by itself: finding and status. */
static enum mx_status one_judge(struct judgement *j, const struct policy *policy, struct text name,
                                struct text wanted, struct text host)
{
    char publish[FEEDBACK_HOST_LEN];
    feedback_host_make(j->feedback_host, wanted, publish);
    switch (mx_kind_of(j, host, name)) {
    case MX_FEEDBACK: return region_judge(j, policy, name, wanted, host);
    case MX_NULL: return null_judge(j, policy, name, publish);
    case MX_AMAZONAWS:
        judge_finding(j, policy, MX_WRONG_SUFFIX, SEVERITY_ERROR,
                      "MX of " TEXT_FMT " is " TEXT_FMT
                      ", but feedback hosts end in amazonses.com, "
                      "not amazonaws.com. Publish 10 %s",
                      TEXT_ARG(name), TEXT_ARG(host), publish);
        return MX_STATUS_WRONG_SUFFIX;
    case MX_SUBMISSION:
        judge_finding(
            j, policy, MX_WRONG_SUFFIX, SEVERITY_ERROR,
            "MX of " TEXT_FMT " is " TEXT_FMT
            ", the endpoint where programs hand mail to SES by SMTP, not a feedback host: "
            "bounces do not come to it. Publish 10 %s",
            TEXT_ARG(name), TEXT_ARG(host), publish);
        return MX_STATUS_WRONG_SUFFIX;
    case MX_DOUBLED:
        judge_finding(
            j, policy, MX_WRONG_SUFFIX, SEVERITY_ERROR,
            "MX of " TEXT_FMT " is " TEXT_FMT
            ": the name of the zone was appended, because the name in the record does not end "
            "with a dot. Publish 10 %s. (with the dot at its end)",
            TEXT_ARG(name), TEXT_ARG(host), publish);
        return MX_STATUS_WRONG_SUFFIX;
    case MX_NEAR: return near_judge(j, policy, name, host, publish);
    case MX_RECEIVING: return receiving_judge(j, policy, name, host, publish);
    case MX_FOREIGN: break;
    }
    judge_finding(j, policy, RECEIVES_MAIL, SEVERITY_ERROR,
                  "MX of " TEXT_FMT " is " TEXT_FMT ", which is not an SES feedback host: the name "
                  "receives mail. Choose another MAIL FROM, or publish 10 %s",
                  TEXT_ARG(name), TEXT_ARG(host), publish);
    return MX_STATUS_FOREIGN;
}

/* Whole records only; what has no room is counted. */
static void hosts_list(const struct dns_facts *dns, char out[VALUE_LEN_MAX])
{
    size_t len = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < dns->mx_len; i++) {
        struct text host = dns->mx[i].exchange;
        char one[DNAME_LEN_MAX + 16], more[32] = "";
        int size = snprintf(one, sizeof one, "%s%u " TEXT_FMT, i ? ", " : "", dns->mx[i].preference,
                            TEXT_ARG(host.len ? host : TEXT(".")));
        if (i > 0 && len + (size_t)size + sizeof more > VALUE_LEN_MAX) {
            snprintf(more, sizeof more, ", and %u more", dns->mx_len - i);
            snprintf(out + len, VALUE_LEN_MAX - len, "%s", more);
            return;
        }
        len += (size_t)snprintf(out + len, VALUE_LEN_MAX - len, "%s", one);
    }
}

/* Several MX are one fault; a foreign MX among the several is another. */
static enum mx_status several_judge(struct judgement *j, const struct policy *policy,
                                    struct text name, struct text wanted,
                                    const struct dns_facts *dns)
{
    char hosts[VALUE_LEN_MAX];
    hosts_list(dns, hosts);
    for (uint32_t i = 0; i < dns->mx_len; i++) {
        enum mx_kind kind = mx_kind_of(j, dns->mx[i].exchange, name);
        if (kind == MX_FOREIGN || kind == MX_RECEIVING) {
            one_judge(j, policy, name, wanted, dns->mx[i].exchange);
            break;
        }
    }
    judge_finding(
        j, policy, SEVERAL_MX, SEVERITY_ERROR,
        TEXT_FMT " has %s%u MX records (%s), and SES sets up a MAIL FROM with one only. Keep "
                 "one, whatever the number of Regions",
        TEXT_ARG(name), dns->mx_len < DNS_RECORDS_MAX ? "" : "at least ", dns->mx_len, hosts);
    return MX_STATUS_SEVERAL;
}

static enum mx_status missing_judge(struct judgement *j, const struct policy *policy,
                                    struct text name, struct text wanted,
                                    const struct dns_facts *dns)
{
    char publish[FEEDBACK_HOST_LEN];
    const struct mx_fact *doubled = doubled_find(j, dns);
    char cached[96] = "", until[WHEN_LEN];
    if (doubled)
        return doubled_judge(j, policy, name, dns, doubled);
    if (j->mx_denied_until)
        snprintf(cached, sizeof cached, "; the resolver goes on denying it until %s",
                 when_format(j->mx_denied_until, until));
    else if (dns->ttl_s > 0 && !dns->wildcard)
        snprintf(cached, sizeof cached,
                 "; resolvers that have asked may still deny it for up to %u s after that",
                 dns->ttl_s);
    judge_finding(j, policy, MX_MISSING, matters(j, policy) ? SEVERITY_WAIT : SEVERITY_WARNING,
                  TEXT_FMT " has no MX yet (%s). Publish 10 %s%s", TEXT_ARG(name),
                  dns->wildcard                   ? "a wildcard above it answers for it"
                  : dns->mx_state == DNS_NXDOMAIN ? "NXDOMAIN: the name does not exist"
                                                  : "the name exists, without one",
                  feedback_host_make(j->feedback_host, wanted, publish), cached);
    return MX_STATUS_MISSING;
}

bool wildcard_serves(const struct judgement *j, struct text name, const struct dns_facts *dns)
{
    struct text region;
    return !dns->cname.len && dns->mx_state == DNS_FOUND && dns->mx_len == 1 &&
           mx_kind_of(j, dns->mx[0].exchange, name) == MX_FEEDBACK &&
           feedback_host_parse(j->feedback_host, dns->mx[0].exchange, &region) &&
           region_is_plausible(region) && spf_presence_is_good(dns);
}

/* The records come from a wildcard and vanish as soon as any record is published at the name (RFC
 * 4592, section 2.2.1): the name is judged as absent. */
static enum mx_status hidden_judge(struct judgement *j, const struct policy *policy,
                                   struct text name, struct text wanted,
                                   const struct dns_facts *dns)
{
    char hosts[VALUE_LEN_MAX] = "";
    hosts_list(dns, hosts);
    if (dns->cname.len)
        snprintf(hosts, sizeof hosts, "CNAME " TEXT_FMT, TEXT_ARG(dns->cname));
    judge_finding(j, policy, WILDCARD_ANSWER, SEVERITY_WARNING,
                  "a wildcard above " TEXT_FMT " answers for it (%s%s). Records at the name itself "
                  "take precedence (RFC 4592): publish MX and TXT there, and the wildcard can stay",
                  TEXT_ARG(name), dns->mx_len && !dns->cname.len ? "MX " : "",
                  *hosts ? hosts : "TXT");
    return missing_judge(j, policy, name, wanted, dns);
}

enum mx_status mx_judge(struct judgement *j, const struct policy *policy, struct text name,
                        struct text wanted_region, const struct dns_facts *dns)
{
    if (dns->wildcard && !wildcard_serves(j, name, dns))
        return hidden_judge(j, policy, name, wanted_region, dns);
    if (dns->cname.len) {
        judge_finding(j, policy, CNAME_AT_NAME, SEVERITY_ERROR,
                      TEXT_FMT " is a CNAME to " TEXT_FMT
                               ", and a CNAME cannot have an MX or a TXT beside it. Remove the "
                               "CNAME, or choose another MAIL FROM",
                      TEXT_ARG(name), TEXT_ARG(dns->cname));
        return MX_STATUS_CNAME;
    }
    switch (dns->mx_state) {
    case DNS_UNASKED: return MX_STATUS_NONE;
    case DNS_TROUBLE_STATE: return MX_STATUS_TROUBLE;
    case DNS_NODATA:
    case DNS_NXDOMAIN: return missing_judge(j, policy, name, wanted_region, dns);
    case DNS_FOUND: break;
    }
    if (dns->wildcard)
        judge_finding(j, policy, WILDCARD_ANSWER, SEVERITY_WARNING,
                      "the MX of " TEXT_FMT
                      " comes from a wildcard above it and disappears for this name as soon as any "
                      "other record is published there. Publish the MX at the name itself",
                      TEXT_ARG(name));
    if (dns->mx_len > 1)
        return several_judge(j, policy, name, wanted_region, dns);
    return one_judge(j, policy, name, wanted_region, dns->mx[0].exchange);
}
