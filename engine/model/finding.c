/* The table of rules: name, severity, and the sentence of a summary. */
#include "finding.h"

static const struct finding_rule rules[FINDINGS_LEN] = {
    [NOT_A_SUBDOMAIN] = {"not-a-subdomain", SEVERITY_ERROR,
                         "the MAIL FROM is not below the identity's own domain"},
    [INVALID_NAME] = {"invalid-name", SEVERITY_ERROR,
                      "the identity or the MAIL FROM is not a name that mail can use"},
    [PUBLIC_SUFFIX] = {"public-suffix", SEVERITY_ERROR,
                       "the identity's domain or the MAIL FROM is a public suffix"},
    [IDENTITY_MISSING] = {"identity-missing", SEVERITY_ERROR,
                          "the identity does not exist in that account and Region"},
    [IDENTITY_UNVERIFIED] = {"identity-unverified", SEVERITY_ERROR,
                             "the identity exists but is not verified"},
    [SENDS_MAIL] = {"sends-mail", SEVERITY_ERROR,
                    "the MAIL FROM, or an address under it, is itself an SES identity"},
    [RECEIVES_MAIL] = {"receives-mail", SEVERITY_ERROR,
                       "the MAIL FROM already has an MX that is not an SES feedback host"},
    [SEVERAL_MX] = {"several-mx", SEVERITY_ERROR, "the MAIL FROM has more than one MX"},
    [MX_MISSING] = {"mx-missing", SEVERITY_WAIT, "the MAIL FROM has no MX yet"},
    [MX_WRONG_SUFFIX] = {"mx-wrong-suffix", SEVERITY_ERROR,
                         "the MX points to amazonaws.com, or has its own zone appended"},
    [MX_UNKNOWN_REGION] = {"mx-unknown-region", SEVERITY_WARNING,
                           "the MX is an SES feedback host of a Region that is not known"},
    [MX_OTHER_REGION] = {"mx-other-region", SEVERITY_INFO,
                         "the MX is the SES feedback host of another Region, which is fine"},
    [CNAME_AT_NAME] = {"cname-at-name", SEVERITY_ERROR,
                       "a CNAME stands at the MAIL FROM, where MX and TXT must be"},
    [WILDCARD_ANSWER] = {"wildcard-answer", SEVERITY_WARNING,
                         "the answer comes from a wildcard record"},
    [SPF_MISSING] = {"spf-missing", SEVERITY_WAIT, "the MAIL FROM has no SPF record yet"},
    [SPF_SEVERAL] = {"spf-several", SEVERITY_WAIT, "the MAIL FROM has more than one SPF record"},
    [SPF_SYNTAX] = {"spf-syntax", SEVERITY_WAIT, "the SPF record has a syntax error"},
    [SPF_WITHOUT_SES] = {"spf-without-ses", SEVERITY_WAIT,
                         "the SPF record does not authorize Amazon SES"},
    [SPF_LOOKUPS] = {"spf-lookups", SEVERITY_WAIT,
                     "the SPF record needs more than ten DNS lookups"},
    [SPF_VOID_LOOKUPS] = {"spf-void-lookups", SEVERITY_WAIT,
                          "the SPF record causes more than two void lookups"},
    [DMARC_STRICT_SPF] = {"dmarc-strict-spf", SEVERITY_WARNING,
                          "aspf=s: a MAIL FROM subdomain can never align, only DKIM can"},
    [DMARC_NOT_ALIGNED] = {"dmarc-not-aligned", SEVERITY_WARNING,
                           "MAIL FROM and From have different organizational domains"},
    [DMARC_VERDICTS_DIFFER] = {"dmarc-verdicts-differ", SEVERITY_WARNING,
                               "RFC 9989 and RFC 7489 disagree on the alignment"},
    [DMARC_MISSING] = {"dmarc-missing", SEVERITY_INFO,
                       "the identity's domain has no DMARC record to align for"},
    [MASKED_BY_IDENTITY] = {"masked-by-identity", SEVERITY_WARNING,
                            "an identity below this domain has its own setting"},
    [SHARED_MAIL_FROM] = {"shared-mail-from", SEVERITY_INFO,
                          "the same MAIL FROM serves several identities or Regions"},
    [OVERWRITES_CUSTOM] = {"overwrites-custom", SEVERITY_WARNING,
                           "a custom MAIL FROM that this program did not set will be replaced"},
    [ACCOUNT_CANNOT_SEND] = {"account-cannot-send", SEVERITY_WARNING,
                             "sending is paused or shut down in this account and Region"},
    [SANDBOX] = {"sandbox", SEVERITY_WARNING, "the account is in the SES sandbox in this Region"},
    [DNS_TROUBLE] = {"dns-trouble", SEVERITY_WAIT,
                     "DNS could not be asked: not the same as a missing record"},
    [TIGHTEN_FALLS_BACK] = {"tighten-falls-back", SEVERITY_WARNING,
                            "SES left SUCCESS when REJECT_MESSAGE was set"},
    [REJECTS_MAIL] = {"rejects-mail", SEVERITY_ERROR,
                      "SES rejects mail of this identity now: REJECT_MESSAGE without Success"},
    [UNKNOWN_REGION] = {"unknown-region", SEVERITY_ERROR,
                        "no AWS Region can be called so, or SES is not known to be in it"},
    [NOT_YOUR_DOMAIN] = {"not-your-domain", SEVERITY_WARNING,
                         "an address at a domain that is no verified identity of the account"},
    [RECORD_NEAR_MISS] = {"record-near-miss", SEVERITY_WAIT,
                          "a record that was meant for this name, and that nobody takes for it"},
    [SPF_PASSES_ALL] = {"spf-passes-all", SEVERITY_WARNING,
                        "the SPF record lets everybody pass, or networks as wide"},
    [SPF_USES_PTR] = {"spf-ptr", SEVERITY_INFO,
                      "the SPF record uses ptr, which RFC 7208 advises against"},
    [SPF_IS_LONG] = {"spf-long", SEVERITY_INFO, "the SPF record is longer than 450 octets"},
    [SPF_FLATTENED] = {"spf-flattened", SEVERITY_INFO,
                       "the SPF record holds the networks of Amazon SES, and will go stale"},
    [DNSSEC_BOGUS] = {"dnssec-bogus", SEVERITY_WAIT,
                      "broken DNSSEC: whoever validates sees no records"},
    [ENDPOINT_REGIONS_DIFFER] = {"endpoint-regions-differ", SEVERITY_WARNING,
                                 "the two Regions of a global endpoint differ in settings"},
    [MANAGED_ELSEWHERE] = {"managed-elsewhere", SEVERITY_WARNING,
                           "a Terraform state sets the MAIL FROM to another value"},
};

const struct finding_rule *finding_rule(enum finding f)
{
    return &rules[f];
}

const char *severity_name(enum severity s)
{
    static const char *const names[] = {"info", "warning", "wait", "error"};
    return names[s];
}

bool finding_parse(struct text name, enum finding *out)
{
    for (int f = 0; f < FINDINGS_LEN; f++) {
        if (text_eq(name, text_of(rules[f].name))) {
            *out = (enum finding)f;
            return true;
        }
    }
    return false;
}

const char *finding_near(struct text name)
{
    /* three edits are still a typing mistake in names this long */
    struct text_near near = {name, 4, NULL};
    for (int f = 0; f < FINDINGS_LEN; f++)
        text_near_try(&near, rules[f].name);
    return near.word;
}

bool finding_notes_copy(struct finding_notes *notes, struct arena *arena)
{
    struct finding_note *copy = ARENA_ARRAY(arena, struct finding_note, notes->len + 1u);
    bool fits = copy != NULL;
    for (uint32_t i = 0; fits && i < notes->len; i++) {
        copy[i] = notes->at[i];
        copy[i].text = arena_text(arena, notes->at[i].text);
        fits = copy[i].text.at || !notes->at[i].text.at;
    }
    notes->at = copy;
    return fits;
}
