/*
 * How a finding is added, and what the verdict words of DNS mean for a write. The judgements
 * themselves: mail_from.c (the name), identity.c (SES), mx.c and spf_presence.c (DNS).
 */
#include "judge.h"

#include "escape.h"
#include "mx.h"
#include "spf_presence.h"

#include <stdarg.h>
#include <stdio.h>

#define SENTENCE_LEN_MAX 1024 /* two names of 253 characters and the words around them */

static void json_add(struct judgement *j, enum finding finding, enum severity severity,
                     const char *sentence, bool accepted)
{
    if (!j->json)
        return;
    buf_add_fmt(j->json,
                "%s{\"rule\":\"%s\",\"severity\":\"%s\",\"text\":", j->json->len ? "," : "",
                finding_rule(finding)->name, severity_name(severity));
    escape_json(j->json, text_of(sentence));
    buf_add_str(j->json, accepted ? ",\"accepted\":true}" : "}");
}

void judge_finding(struct judgement *j, const struct policy *policy, enum finding finding,
                   enum severity severity, const char *fmt, ...)
{
    char sentence[SENTENCE_LEN_MAX];
    bool accepted = policy && (policy->accept & FINDING_BIT(finding));
    bool first = severity == SEVERITY_ERROR ? j->errors == 0 : j->errors == 0 && j->waits == 0;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, ap);
    va_end(ap);

    j->found |= FINDING_BIT(finding);
    json_add(j, finding, severity, sentence, accepted);
    if (accepted || severity < SEVERITY_WAIT)
        return;
    if (first)
        snprintf(j->first_error, sizeof j->first_error, "%.*s", (int)sizeof j->first_error - 1,
                 sentence);
    if (severity == SEVERITY_ERROR)
        j->errors |= FINDING_BIT(finding);
    else
        j->waits |= FINDING_BIT(finding);
}

/* Trouble is one finding for both types, as severe as the less patient of them. */
static void trouble_judge(struct judgement *j, const struct policy *policy, struct text name,
                          const struct dns_facts *dns)
{
    bool mx = dns->mx_state == DNS_TROUBLE_STATE, txt = dns->txt_state == DNS_TROUBLE_STATE;
    bool waits = (mx && policy->require != REQUIRE_NONE) || policy->require == REQUIRE_MX_SPF;
    if (!mx && !txt)
        return;
    judge_finding(j, policy, DNS_TROUBLE, waits ? SEVERITY_WAIT : SEVERITY_WARNING,
                  "DNS gives no verdict on the %s of " TEXT_FMT ": " TEXT_FMT,
                  mx && txt ? "records"
                  : mx      ? "MX"
                            : "SPF record",
                  TEXT_ARG(name), TEXT_ARG(dns->trouble));
}

void judge_dns(struct judgement *j, const struct fleet *f, uint32_t row,
               const struct dns_facts *dns, struct text *mx, struct text *spf)
{
    const struct policy *policy = fleet_policy_of(f, row);
    struct text name = fleet_mail_from(f, row);
    struct text wanted = policy->mx_region != NAME_NONE ? names_text(&f->names, policy->mx_region)
                                                        : fleet_region(f, row);
    *mx = *spf = TEXT_NONE;
    if (name.len == 0)
        return;
    *mx = mx_judge(j, policy, name, wanted, dns);
    *spf = spf_presence_judge(j, policy, name, dns);
    trouble_judge(j, policy, name, dns);
}

/* The finding behind a verdict word; FINDINGS_LEN: none, the word is good. */
static enum finding word_finding(struct text word, bool is_mx)
{
    static const struct {
        const char *word;
        enum finding mx, spf;
    } words[] = {
        {"ok", FINDINGS_LEN, FINDINGS_LEN},
        {"unknown-region", FINDINGS_LEN, FINDINGS_LEN},
        {"missing", MX_MISSING, SPF_MISSING},
        {"several", SEVERAL_MX, SPF_SEVERAL},
        {"foreign", RECEIVES_MAIL, FINDINGS_LEN},
        {"null-mx", RECEIVES_MAIL, FINDINGS_LEN},
        {"wrong-suffix", MX_WRONG_SUFFIX, FINDINGS_LEN},
        {"cname", CNAME_AT_NAME, CNAME_AT_NAME},
        {"syntax", FINDINGS_LEN, SPF_SYNTAX},
        {"without-ses", FINDINGS_LEN, SPF_WITHOUT_SES},
        {"trouble", DNS_TROUBLE, DNS_TROUBLE},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (text_eq(word, text_of(words[i].word)))
            return is_mx ? words[i].mx : words[i].spf;
    return DNS_TROUBLE; /* nothing was asked yet */
}

static bool word_is_good(const struct policy *policy, struct text word, bool is_mx)
{
    enum finding finding = word_finding(word, is_mx);
    return finding == FINDINGS_LEN || (policy->accept & FINDING_BIT(finding));
}

bool judge_dns_ready(const struct policy *policy, struct text mx, struct text spf)
{
    bool mx_good = word_is_good(policy, mx, true), spf_good = word_is_good(policy, spf, false);
    switch (policy->require) {
    case REQUIRE_NONE: return true;
    case REQUIRE_MX: return mx_good;
    case REQUIRE_MX_SPF: break;
    }
    return mx_good && spf_good;
}
