/*
 * Findings: the rules a judgement of one choice can report. The names are a contract: manifests
 * (`accept:`), reports and `mailfrom explain` use the names, and no name ever changes.
 */
#ifndef MF_FINDING_H
#define MF_FINDING_H

#include "base/arena.h"

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_WAIT, SEVERITY_ERROR };

/* The order is the order in reports: errors of the choice first, then SES, then DNS. A new rule
 * comes last. */
enum finding {
    NOT_A_SUBDOMAIN,
    INVALID_NAME,
    PUBLIC_SUFFIX,
    IDENTITY_MISSING,
    IDENTITY_UNVERIFIED,
    SENDS_MAIL,
    RECEIVES_MAIL,
    SEVERAL_MX,
    MX_MISSING,
    MX_WRONG_SUFFIX,
    MX_UNKNOWN_REGION,
    MX_OTHER_REGION,
    CNAME_AT_NAME,
    WILDCARD_ANSWER,
    SPF_MISSING,
    SPF_SEVERAL,
    SPF_SYNTAX,
    SPF_WITHOUT_SES,
    SPF_LOOKUPS,
    SPF_VOID_LOOKUPS,
    DMARC_STRICT_SPF,
    DMARC_NOT_ALIGNED,
    DMARC_VERDICTS_DIFFER,
    DMARC_MISSING,
    MASKED_BY_IDENTITY,
    SHARED_MAIL_FROM,
    OVERWRITES_CUSTOM,
    ACCOUNT_CANNOT_SEND,
    SANDBOX,
    DNS_TROUBLE,
    TIGHTEN_FALLS_BACK,
    REJECTS_MAIL,
    UNKNOWN_REGION,
    NOT_YOUR_DOMAIN,
    RECORD_NEAR_MISS,
    SPF_PASSES_ALL,
    SPF_USES_PTR,
    SPF_IS_LONG,
    SPF_FLATTENED,
    DNSSEC_BOGUS,
    ENDPOINT_REGIONS_DIFFER,
    MANAGED_ELSEWHERE,
    FINDINGS_LEN,
};

typedef uint64_t finding_set; /* bit n is enum finding n */
#define FINDING_BIT(finding) ((finding_set)1 << (finding))

struct finding_rule {
    const char *name;       /* "not-a-subdomain" */
    enum severity severity; /* the usual severity; a judgement may raise or lower the severity
                               (sends-mail, spf-*) */
    const char *summary;    /* one line for `explain` without an argument */
};

/* A finding as judged for one choice. */
struct finding_note {
    enum finding rule;
    enum severity severity; /* the severity for this choice */
    bool accepted;          /* the owner accepts the rule (policy.accept) */
    struct text text;       /* one printable sentence; borrowed */
};

/* The findings of one choice in the order of judgement; borrowed. */
struct finding_notes {
    const struct finding_note *at;
    uint32_t len;
    bool known; /* false: findings were not kept; true with len 0: none */
};

/* Copies notes and sentences into the arena. False: out of memory. */
bool finding_notes_copy(struct finding_notes *notes, struct arena *arena);

const struct finding_rule *finding_rule(enum finding f);
const char *severity_name(enum severity s); /* "error", "warning", "wait", "info" */
bool finding_parse(struct text name, enum finding *out);
/* The rule with the nearest name, for "did you mean"; NULL: none is near. */
const char *finding_near(struct text name);

#endif
