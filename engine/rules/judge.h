/*
 * Judgement of one MAIL FROM choice: choice and facts in, findings out. Pure.
 *
 * Sources: SES Developer Guide, "Using a custom MAIL FROM domain"; RFC 5321, 7505 and 7208. Each
 * rule has a page in docs/rules/.
 */
#ifndef MF_JUDGE_H
#define MF_JUDGE_H

#include "base/arena.h"
#include "base/when.h"
#include "dmarc.h"
#include "model/dns_status.h"
#include "model/facts.h"
#include "model/finding.h"
#include "model/fleet.h"
#include "model/managed_index.h"
#include "spf.h"
#include "suffix.h"

/* What the other Region of a global endpoint has for an identity, where it is not the same. */
struct endpoint_view {
    struct text endpoint, region; /* the endpoint's name, the other Region; empty: the same */
    struct text mail_from;        /* there; empty: the default */
    enum behavior behavior;
    bool is_wanted; /* by the fleet's row there; false: by SES, and the fleet has no row */
};

/* Facts about a choice from the whole fleet or from the lane survey of the account. */
struct judge_context {
    bool mail_from_is_identity; /* the MAIL FROM, or an address under it, is an SES identity of the
                                   lane */
    bool mail_from_forwards;    /* feedback forwarding is on for that identity */
    bool mail_from_unasked;     /* forwarding is unknown for some of these identities */
    bool set_by_us;             /* the present custom MAIL FROM was written by this program */
    bool is_written;            /* by this run, so that what SES shows is what it has set */
    const struct managed_resource *managed; /* infrastructure code sets the MAIL FROM; or NULL */
    struct text sending_identity;           /* the one behind mail_from_is_identity; may be empty */
    struct text masking_identity; /* an identity below this domain with its own setting; or empty */
    /* GetAccount, for the identity's lane; judged only when known. */
    bool account_known, account_can_send, account_in_sandbox;
    struct text account_status; /* SES's word: HEALTHY, PROBATION, SHUTDOWN; or empty */
    /* The identity is an address, and no domain above its @ is a verified identity of the lane. */
    bool domain_is_foreign;
    struct endpoint_view endpoint; /* of zeros: nothing differs */
};

/* Each judge_*() function adds the findings decided by its facts. Facts from outside are escaped in
 * sentences. Zero-initialize the judgement, then set memory and suffixes. */
struct judgement {
    finding_set found;    /* every rule that fired */
    finding_set errors;   /* rules refusing the identity, without accepted ones */
    finding_set waits;    /* rules curable by waiting, without accepted ones */
    struct arena *memory; /* of the notes and their sentences; NULL: no notes */
    struct finding_note *notes;
    uint32_t notes_len, notes_cap;
    bool out_of_memory;     /* notes are missing */
    bool near_mx, near_spf; /* record-near-miss is about the MX; about a missing SPF record */
    bool silent;            /* no sentences, first_error included: for a verdict without a reader */
    bool ses_waits; /* the MAIL FROM is set and SES is not at Success: SES waits for the MX, so a
                       fault of the MX counts under every dns.require */
    char first_error[512]; /* the sentence of the first error, or else of the first wait, for the
                              report's reason; empty: neither */
    enum finding first_finding; /* the rule of first_error */
    struct text feedback_host;  /* pattern of SES's feedback hosts (feedback.h); empty: SES's own */
    instant_us mx_denied_until; /* the resolver caches "no MX" until then; 0: not known */
    const struct suffix_list *suffixes; /* borrowed; NULL: public-suffix is not judged */
};

/* Adds one finding. The severity is the one for this choice; policy->accept (policy may be NULL)
 * turns an error or a wait into a note. The sentence must be printable: text from outside goes
 * through escape_terminal() first. */
void judge_finding(struct judgement *j, const struct policy *policy, enum finding finding,
                   enum severity severity, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* not-your-domain, of an address. is_mailbox: its domain is a provider of mailboxes, which needs no
 * look into the account. */
void not_your_domain_judge(struct judgement *j, const struct policy *policy, struct text identity,
                           bool is_mailbox);

/* The findings so far; borrowed from the judgement and its memory. */
struct finding_notes judge_notes(const struct judgement *j);

/* Takes a finding back after better facts; a finding never made is fine. */
void judge_withdraw(struct judgement *j, enum finding finding);

/* Before anything is asked: the identity, the MAIL FROM, whose templates are filled in already, and
 * the Region. is_shared: another choice of the fleet has the same MAIL FROM. */
void judge_choice(struct judgement *j, const struct fleet *f, uint32_t row, bool is_shared);

/* managed-elsewhere, for a row that is to be changed. resource may be NULL. */
void managed_judge(struct judgement *j, const struct fleet *f, uint32_t row,
                   const struct managed_resource *resource);
/* The resource that sets the MAIL FROM of a row, as far as its account is known; NULL: none. */
const struct managed_resource *managed_of_row(const struct managed_index *index,
                                              const struct fleet *f, uint32_t row);

/* The same of every row of a fleet. tell is called for each row that has a finding; the notes live
 * until it returns. */
struct fleet_judge {
    const struct suffix_list *suffixes;
    struct text feedback_host;           /* as in struct judgement */
    const struct managed_index *managed; /* SES is not asked: each row counts as to be changed */
    void (*tell)(void *ctx, const struct fleet *f, uint32_t row, const struct finding_notes *notes);
    void *ctx;
};
struct fleet_verdict {
    uint32_t refused, warnings; /* rows; findings, without those that are accepted */
    bool out_of_memory;
};
enum err judge_fleet(const struct fleet *f, const struct fleet_judge *how,
                     struct fleet_verdict *verdict, struct why *why);

/* Judges SES's facts about the identity (known: verification and MAIL FROM). rejects-mail is an
 * error without refusal: refusing would forbid the remedy. */
void judge_ses(struct judgement *j, const struct fleet *f, uint32_t row,
               const struct ses_facts *ses, const struct judge_context *around);
/* Judges DNS of the MAIL FROM name. Sets the statuses for the report's columns mx and spf; NONE:
 * not judged, because the choice is the default MAIL FROM. */
void judge_dns(struct judgement *j, const struct fleet *f, uint32_t row,
               const struct dns_facts *dns, enum mx_status *mx, enum spf_status *spf);
/* Judges the SPF record as receivers do, after judge_dns (only when *spf is OK or WITHOUT_SES).
 * *survey is of the MAIL FROM, and done. *spf becomes OK, SYNTAX, LOOKUPS, VOID_LOOKUPS,
 * WITHOUT_SES or TROUBLE; findings not accepted come before accepted ones. An include of an include
 * that ends at amazonses.com takes spf-without-ses back. Where an include does not answer, *spf is
 * OK if the rest of the record leads to SES, and otherwise TROUBLE. */
void judge_spf(struct judgement *j, const struct fleet *f, uint32_t row,
               const struct spf_survey *survey, enum spf_status *spf);
/* Judges DMARC. *survey is of the identity's domain and the MAIL FROM, and done. *dmarc is NONE for
 * the default MAIL FROM. Warnings and notes only. */
void judge_dmarc(struct judgement *j, const struct fleet *f, uint32_t row,
                 const struct dmarc_survey *survey, enum dmarc_status *dmarc);
/* Broken DNSSEC: a resolver that validates says SERVFAIL where the authorities answer. What it does
 * not see: the zone (empty: it does), the MX, the TXT of the name. Judges nothing if it sees all.
 */
struct dnssec_view {
    struct text zone;
    bool mx, txt;
};
void judge_dnssec(struct judgement *j, const struct policy *policy, struct text name,
                  const struct dnssec_view *unseen);
/* The DMARC status without findings. *survey is done. */
enum dmarc_status judge_dmarc_status(const struct dmarc_survey *survey);
/* The finding behind a status, which an owner may accept. FINDINGS_LEN: none, the status is good.
 * DNS_TROUBLE also where nothing was asked (NONE). */
enum finding judge_mx_finding(enum mx_status mx);
enum finding judge_spf_finding(enum spf_status spf);
enum finding judge_dmarc_finding(enum dmarc_status dmarc);
/* May the write go out, as far as DNS is concerned, under the policy's dns.require? A status with
 * an accepted finding counts as good; NONE does not. */
bool judge_dns_ready(const struct policy *policy, enum mx_status mx, enum spf_status spf);
/* The same, of a whole judgement: an accepted near miss is good, and broken DNSSEC holds up. */
bool judge_ready(const struct judgement *j, const struct policy *policy, enum mx_status mx,
                 enum spf_status spf);

#endif
