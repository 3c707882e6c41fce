/*
 * Judges whether the MAIL FROM has an SPF record for SES. SES checks the MX only, so Success says
 * nothing about SPF. A fault curable by waiting waits under dns.require mx+spf and is a warning
 * otherwise.
 */
#include "spf_presence.h"

#include "base/escape.h"
#include "mx.h"
#include "spf_merge.h"

#define PUBLISH       "\"" SPF_SES_RECORD "\""
#define SHOWN_LEN_MAX 160 /* of a record in a sentence */

/* RFC 7208, section 4.5: "v=spf1", any case, then a space or the end. */
static bool is_record(struct text txt)
{
    const struct text version = TEXT("v=spf1");
    return text_eq_nocase(text_slice(txt, 0, version.len), version) &&
           (txt.len == version.len || txt.at[version.len] == ' ');
}

/* "include:amazonses.com" as a term of its own, any case, with "+" or without. The other qualifiers
 * ("-", "~", "?") name SES without letting it pass. */
static bool names_ses(struct text record)
{
    const struct text include = TEXT("include:amazonses.com");
    while (record.at) {
        struct text term = text_cut(&record, ' ');
        if (term.len && term.at[0] == '+')
            term = text_from(term, 1);
        if (term.len && term.at[term.len - 1] == '.')
            term.len--;
        if (text_eq_nocase(term, include))
            return true;
    }
    return false;
}

/* The one SPF record of the name, or the last of several; returns how many there are. */
static uint32_t records_count(const struct dns_facts *dns, struct text *record)
{
    uint32_t records = 0;
    *record = TEXT_NONE;
    for (uint32_t i = 0; i < dns->txt_len; i++) {
        if (!is_record(dns->txt[i]))
            continue;
        *record = dns->txt[i];
        records++;
    }
    return records;
}

bool spf_presence_is_good(const struct dns_facts *dns)
{
    struct text record;
    return dns->txt_state == DNS_TROUBLE_STATE ||
           (records_count(dns, &record) == 1 && names_ses(record));
}

enum spf_status spf_presence_judge(struct judgement *j, const struct policy *policy,
                                   struct text name, const struct dns_facts *dns)
{
    enum severity severity = policy->require == REQUIRE_MX_SPF ? SEVERITY_WAIT : SEVERITY_WARNING;
    struct text record;
    if (dns->txt_state == DNS_UNASKED)
        return SPF_STATUS_NONE;
    if (dns->txt_state == DNS_TROUBLE_STATE)
        return SPF_STATUS_TROUBLE;
    uint32_t records = records_count(dns, &record);
    if (records == 0 || (dns->wildcard && !wildcard_serves(j, name, dns))) {
        judge_finding(j, policy, SPF_MISSING, severity,
                      TEXT_FMT " has no SPF record yet. Publish TXT " PUBLISH, TEXT_ARG(name));
        return SPF_STATUS_MISSING;
    }
    if (records > 1) {
        judge_finding(j, policy, SPF_SEVERAL, severity,
                      TEXT_FMT
                      " has %u SPF records, which makes every check a permanent error (RFC 7208, "
                      "section 4.5). Merge them into one",
                      TEXT_ARG(name), records);
        return SPF_STATUS_SEVERAL;
    }
    if (!names_ses(record)) {
        struct buf shown;
        buf_init(&shown, 4 * SHOWN_LEN_MAX + 8);
        escape_terminal(&shown, text_slice(record, 0, SHOWN_LEN_MAX));
        judge_finding(j, policy, SPF_WITHOUT_SES, severity,
                      "the SPF record of " TEXT_FMT " does not authorize Amazon SES: \"" TEXT_FMT
                      "\". Add include:amazonses.com to it",
                      TEXT_ARG(name), TEXT_ARG(buf_text(&shown)));
        buf_clear(&shown);
        return SPF_STATUS_WITHOUT_SES;
    }
    return SPF_STATUS_OK;
}
