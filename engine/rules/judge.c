/*
 * Adds findings, and decides by the statuses of DNS whether a write may go. The judgements
 * themselves: mail_from.c (the name), identity.c (SES), mx.c and spf_presence.c (DNS of the name),
 * judge_spf.c and judge_dmarc.c (the receivers' view).
 */
#include "judge.h"

#include "mx.h"
#include "spf_presence.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SENTENCE_LEN_MAX 1024 /* two names of 253 characters and the words around them */

#define NOTES_CAP 4 /* at first: most choices have fewer findings */

static bool notes_reserve(struct judgement *j)
{
    if (j->notes_len < j->notes_cap)
        return true;
    uint32_t cap = j->notes_cap ? 2 * j->notes_cap : NOTES_CAP;
    struct finding_note *notes = ARENA_ARRAY(j->memory, struct finding_note, cap);
    if (!notes)
        return false;
    if (j->notes_len)
        memcpy(notes, j->notes, j->notes_len * sizeof *notes);
    j->notes = notes;
    j->notes_cap = cap;
    return true;
}

static void note_add(struct judgement *j, struct finding_note note)
{
    if (!j->memory)
        return;
    note.text = arena_text(j->memory, note.text);
    if (!note.text.at || !notes_reserve(j))
        j->out_of_memory = true;
    else
        j->notes[j->notes_len++] = note;
}

struct finding_notes judge_notes(const struct judgement *j)
{
    return (struct finding_notes){j->notes, j->notes_len, true};
}

void judge_finding(struct judgement *j, const struct policy *policy, enum finding finding,
                   enum severity severity, const char *fmt, ...)
{
    char sentence[SENTENCE_LEN_MAX];
    bool accepted = policy && (policy->accept & FINDING_BIT(finding));
    bool first = severity == SEVERITY_ERROR ? j->errors == 0 : j->errors == 0 && j->waits == 0;
    va_list ap;
    sentence[0] = '\0';
    if (!j->silent && (j->memory || first)) { /* otherwise no reader */
        va_start(ap, fmt);
        vsnprintf(sentence, sizeof sentence, fmt, ap);
        va_end(ap);
    }

    j->found |= FINDING_BIT(finding);
    note_add(j, (struct finding_note){finding, severity, accepted, text_of(sentence)});
    if (accepted || severity < SEVERITY_WAIT || finding == REJECTS_MAIL)
        return;
    if (first) {
        snprintf(j->first_error, sizeof j->first_error, "%.*s", (int)sizeof j->first_error - 1,
                 sentence);
        j->first_finding = finding;
    }
    if (severity == SEVERITY_ERROR)
        j->errors |= FINDING_BIT(finding);
    else
        j->waits |= FINDING_BIT(finding);
}

static const struct finding_note *note_find(const struct judgement *j, enum finding rule)
{
    for (uint32_t i = 0; i < j->notes_len; i++)
        if (j->notes[i].rule == rule)
            return &j->notes[i];
    return NULL;
}

/* The reason falls back to the next rule: to the kept sentence, or without one to the summary of
 * the rule. */
static void first_error_renew(struct judgement *j)
{
    finding_set rest = j->errors ? j->errors : j->waits;
    j->first_error[0] = '\0';
    for (int f = 0; f < FINDINGS_LEN; f++) {
        if (!(rest & FINDING_BIT(f)))
            continue;
        j->first_finding = (enum finding)f;
        const struct finding_note *note = note_find(j, j->first_finding);
        struct text text = note ? note->text : text_of(finding_rule(j->first_finding)->summary);
        snprintf(j->first_error, sizeof j->first_error, TEXT_FMT, TEXT_ARG(text));
        return;
    }
}

void judge_withdraw(struct judgement *j, enum finding finding)
{
    bool counted = ((j->errors | j->waits) & FINDING_BIT(finding)) != 0;
    if (!(j->found & FINDING_BIT(finding)))
        return;
    j->found &= ~FINDING_BIT(finding);
    j->errors &= ~FINDING_BIT(finding);
    j->waits &= ~FINDING_BIT(finding);
    uint32_t len = 0;
    for (uint32_t i = 0; i < j->notes_len; i++)
        if (j->notes[i].rule != finding)
            j->notes[len++] = j->notes[i];
    j->notes_len = len;
    if (counted && j->first_finding == finding)
        first_error_renew(j);
}

/* Trouble is one finding for both types, with the severity of the less patient type. */
static void trouble_judge(struct judgement *j, const struct policy *policy, struct text name,
                          const struct dns_facts *dns)
{
    bool mx = dns->mx_state == DNS_TROUBLE_STATE, txt = dns->txt_state == DNS_TROUBLE_STATE;
    bool mx_matters = policy->require != REQUIRE_NONE || j->ses_waits;
    bool waits = (mx && mx_matters) || policy->require == REQUIRE_MX_SPF;
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
               const struct dns_facts *dns, enum mx_status *mx, enum spf_status *spf)
{
    const struct policy *policy = fleet_policy_of(f, row);
    struct text name = fleet_mail_from(f, row);
    struct text wanted = policy->mx_region != NAME_NONE ? names_text(&f->names, policy->mx_region)
                                                        : fleet_region(f, row);
    *mx = MX_STATUS_NONE;
    *spf = SPF_STATUS_NONE;
    if (name.len == 0)
        return;
    *mx = mx_judge(j, policy, name, wanted, dns);
    *spf = spf_presence_judge(j, policy, name, dns);
    trouble_judge(j, policy, name, dns);
}

static const enum finding mx_findings[MX_STATUSES] = {
    [MX_STATUS_NONE] = DNS_TROUBLE,
    [MX_STATUS_OK] = FINDINGS_LEN,
    [MX_STATUS_MISSING] = MX_MISSING,
    [MX_STATUS_SEVERAL] = SEVERAL_MX,
    [MX_STATUS_FOREIGN] = RECEIVES_MAIL,
    [MX_STATUS_NULL_MX] = RECEIVES_MAIL,
    [MX_STATUS_WRONG_SUFFIX] = MX_WRONG_SUFFIX,
    [MX_STATUS_UNKNOWN_REGION] = FINDINGS_LEN,
    [MX_STATUS_CNAME] = CNAME_AT_NAME,
    [MX_STATUS_TROUBLE] = DNS_TROUBLE,
};

static const enum finding spf_findings[SPF_STATUSES] = {
    [SPF_STATUS_NONE] = DNS_TROUBLE,
    [SPF_STATUS_OK] = FINDINGS_LEN,
    [SPF_STATUS_MISSING] = SPF_MISSING,
    [SPF_STATUS_SEVERAL] = SPF_SEVERAL,
    [SPF_STATUS_SYNTAX] = SPF_SYNTAX,
    [SPF_STATUS_LOOKUPS] = SPF_LOOKUPS,
    [SPF_STATUS_VOID_LOOKUPS] = SPF_VOID_LOOKUPS,
    [SPF_STATUS_WITHOUT_SES] = SPF_WITHOUT_SES,
    [SPF_STATUS_TROUBLE] = DNS_TROUBLE,
};

static const enum finding dmarc_findings[DMARC_STATUSES] = {
    [DMARC_STATUS_NONE] = DNS_TROUBLE,
    [DMARC_STATUS_OK] = FINDINGS_LEN,
    [DMARC_STATUS_STRICT] = DMARC_STRICT_SPF,
    [DMARC_STATUS_NOT_ALIGNED] = DMARC_NOT_ALIGNED,
    [DMARC_STATUS_DIFFERS] = DMARC_VERDICTS_DIFFER,
    [DMARC_STATUS_MISSING] = DMARC_MISSING,
    [DMARC_STATUS_TROUBLE] = DNS_TROUBLE,
    [DMARC_STATUS_SEVERAL] = DMARC_MISSING,
};

enum finding judge_mx_finding(enum mx_status mx)
{
    return mx_findings[mx];
}

enum finding judge_spf_finding(enum spf_status spf)
{
    return spf_findings[spf];
}

enum finding judge_dmarc_finding(enum dmarc_status dmarc)
{
    return dmarc_findings[dmarc];
}

static bool is_good(const struct policy *policy, enum finding finding)
{
    return finding == FINDINGS_LEN || (policy->accept & FINDING_BIT(finding));
}

static bool is_ready(const struct policy *policy, bool mx_good, bool spf_good)
{
    switch (policy->require) {
    case REQUIRE_NONE: return true;
    case REQUIRE_MX: return mx_good;
    case REQUIRE_MX_SPF: break;
    }
    return mx_good && spf_good;
}

bool judge_dns_ready(const struct policy *policy, enum mx_status mx, enum spf_status spf)
{
    return is_ready(policy, is_good(policy, mx_findings[mx]), is_good(policy, spf_findings[spf]));
}

bool judge_ready(const struct judgement *j, const struct policy *policy, enum mx_status mx,
                 enum spf_status spf)
{
    bool near_good = is_good(policy, RECORD_NEAR_MISS);
    bool mx_good = is_good(policy, mx_findings[mx]) ||
                   (j->near_mx && (near_good || is_good(policy, MX_MISSING)));
    bool spf_good = is_good(policy, spf_findings[spf]) || (j->near_spf && near_good);
    return is_ready(policy, mx_good, spf_good) && !(j->waits & FINDING_BIT(DNSSEC_BOGUS));
}

void judge_dnssec(struct judgement *j, const struct policy *policy, struct text name,
                  const struct dnssec_view *unseen)
{
    bool zone = unseen->zone.len > 0;
    bool mx_matters = policy->require != REQUIRE_NONE || j->ses_waits;
    bool waits = ((zone || unseen->mx) && mx_matters) || policy->require == REQUIRE_MX_SPF;
    if (!zone && !unseen->mx && !unseen->txt)
        return;
    judge_finding(j, policy, DNSSEC_BOGUS, waits ? SEVERITY_WAIT : SEVERITY_WARNING,
                  "DNSSEC is broken for %s " TEXT_FMT
                  ": its name servers answer, but a resolver that validates says SERVFAIL, and "
                  "answers only when asked not to check. Whoever validates, SES perhaps included, "
                  "sees nothing. Mend the DS record at the parent or the signatures of the zone",
                  zone                        ? "the zone of"
                  : unseen->mx && unseen->txt ? "MX and TXT of"
                  : unseen->mx                ? "the MX of"
                                              : "the TXT of",
                  TEXT_ARG(name));
}
