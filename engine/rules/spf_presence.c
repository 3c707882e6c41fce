/*
 * Judges whether the MAIL FROM has an SPF record for SES. SES checks the MX only, so Success says
 * nothing about SPF. A fault curable by waiting waits under dns.require mx+spf and is a warning
 * otherwise.
 */
#include "spf_presence.h"

#include "base/escape.h"
#include "mx.h"
#include "near_miss.h"
#include "spf_merge.h"
#include "spf_record.h"

#include <stdio.h>

#define PUBLISH       "\"" SPF_SES_RECORD "\""
#define SHOWN_LEN_MAX 160 /* of a record in a sentence */

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
        if (!spf_record_is(dns->txt[i]))
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

/* A text that was meant as the SPF record of the name, and where it stands. */
struct near_record {
    struct text found, place; /* place: empty, the name itself */
    char fault[NEAR_FAULT_LEN];
};

static bool near_find(const struct text *txt, uint32_t len, struct near_record *near)
{
    for (uint32_t i = 0; i < len; i++) {
        near->found = txt[i];
        if (near_spf(txt[i], near->fault))
            return true;
    }
    return false;
}

/* The first SPF record with Amazon SES in it. */
static bool ses_record_find(const struct dns_elsewhere *at, struct near_record *near)
{
    for (uint32_t i = 0; i < at->txt_len; i++) {
        near->found = at->txt[i];
        near->place = at->name;
        if (spf_record_is(at->txt[i]) && names_ses(at->txt[i]))
            return true;
    }
    return false;
}

static bool near_place_find(const struct dns_facts *dns, struct near_record *near)
{
    if (ses_record_find(&dns->doubled, near)) {
        snprintf(near->fault, sizeof near->fault,
                 "the zone was appended to a name that had it already");
        return true;
    }
    if (!ses_record_find(&dns->apex, near))
        return false;
    snprintf(near->fault, sizeof near->fault, "receivers look at the MAIL FROM name itself");
    return true;
}

static void near_judge(struct judgement *j, const struct policy *policy, enum severity severity,
                       struct text name, const struct near_record *near)
{
    struct buf found, wanted;
    struct arena arena;
    struct text meant = near->found;
    if (j->silent) {
        judge_finding(j, policy, RECORD_NEAR_MISS, severity, "%s", "");
        return;
    }
    buf_init(&found, 16 * NEAR_SHOWN_MAX);
    buf_init(&wanted, 16 * NEAR_SHOWN_MAX);
    arena_init(&arena, NEAR_ARENA_MAX);
    if (!near->place.len)
        meant = near_spf_meant(near->found, &arena);
    else
        meant = TEXT(SPF_SES_RECORD);
    near_show(&found, near->found);
    escape_terminal(&wanted, meant);
    judge_finding(
        j, policy, RECORD_NEAR_MISS, severity,
        "a TXT record%s" TEXT_FMT " is meant as the SPF record of " TEXT_FMT
        " and is none: \"" TEXT_FMT "\": %s. Publish TXT \"" TEXT_FMT "\" at " TEXT_FMT " instead",
        near->place.len ? " at " : "", TEXT_ARG(near->place), TEXT_ARG(name),
        TEXT_ARG(buf_text(&found)), near->fault, TEXT_ARG(buf_text(&wanted)), TEXT_ARG(name));
    buf_clear(&found);
    buf_clear(&wanted);
    arena_clear(&arena);
}

/* No SPF record counts for the name. */
static enum spf_status missing_judge(struct judgement *j, const struct policy *policy,
                                     enum severity severity, struct text name,
                                     const struct dns_facts *dns)
{
    struct near_record near = {TEXT_NONE, TEXT_NONE, ""};
    bool is_hidden = dns->wildcard && !wildcard_serves(j, name, dns);
    bool is_near =
        !is_hidden && (near_find(dns->txt, dns->txt_len, &near) || near_place_find(dns, &near));
    if (is_near) {
        /* A near miss is a missing record, too, for an owner who accepts one. */
        bool accepted = (policy->accept & FINDING_BIT(SPF_MISSING)) != 0;
        near_judge(j, policy, accepted ? SEVERITY_WARNING : severity, name, &near);
        j->near_spf = true;
        return SPF_STATUS_MISSING;
    }
    judge_finding(j, policy, SPF_MISSING, severity,
                  TEXT_FMT " has no SPF record yet. Publish TXT " PUBLISH, TEXT_ARG(name));
    return SPF_STATUS_MISSING;
}

/* Beside an SPF record without Amazon SES: the text that should have been in it. */
static void beside_judge(struct judgement *j, const struct policy *policy, struct text name,
                         const struct dns_facts *dns)
{
    struct near_record near = {TEXT_NONE, TEXT_NONE, ""};
    if (near_find(dns->txt, dns->txt_len, &near))
        near_judge(j, policy, SEVERITY_WARNING, name, &near);
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
    if (records == 0 || (dns->wildcard && !wildcard_serves(j, name, dns)))
        return missing_judge(j, policy, severity, name, dns);
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
        beside_judge(j, policy, name, dns);
        return SPF_STATUS_WITHOUT_SES;
    }
    return SPF_STATUS_OK;
}
