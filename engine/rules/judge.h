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
#include "spf.h"
#include "suffix.h"

/* What the fleet as a whole or a lane survey of the account knows about a choice. */
struct judge_context {
    bool mail_from_is_identity;   /* it, or an address under it, is an SES identity of the lane */
    bool mail_from_forwards;      /* feedback forwarding is on for that identity */
    bool mail_from_unasked;       /* whether it is on could not be asked of all of them */
    bool set_by_us;               /* the present custom MAIL FROM was written by this program */
    struct text sending_identity; /* the one behind mail_from_is_identity; may be empty */
    struct text masking_identity; /* one below this domain that has its own setting; or empty */
    /* GetAccount, for the identity's lane; nothing is judged unless it is known. */
    bool account_known, account_can_send, account_in_sandbox;
    struct text account_status; /* SES's word: HEALTHY, PROBATION, SHUTDOWN; or empty */
    /* The identity is an address, and no domain above its @ is a verified identity of the lane. */
    bool domain_is_foreign;
};

/* Each judgement answers for the rules that its facts decide, and adds to what is there. Facts from
 * outside are escaped in sentences. Zero-initialize it, then set memory and suffixes. */
struct judgement {
    finding_set found;    /* every rule that fired */
    finding_set errors;   /* those that refuse the identity; accepted ones are left out */
    finding_set waits;    /* those that more time can heal; accepted ones are left out */
    struct arena *memory; /* of the notes and their sentences; NULL: none are made */
    struct finding_note *notes;
    uint32_t notes_len, notes_cap;
    bool out_of_memory; /* notes are missing */
    bool silent;    /* no sentences, first_error included: for a verdict that nobody will read */
    bool ses_waits; /* the MAIL FROM is set and SES is not at Success: what is wrong with the MX is
                       what it waits for, whatever dns.require says */
    char first_error[512];      /* the sentence of the first error, else of the first wait, for the
                                   report's reason; empty when there is neither */
    enum finding first_finding; /* whose sentence that is */
    struct text feedback_host;  /* pattern of SES's feedback hosts (feedback.h); empty: SES's own */
    instant_us
        mx_denied_until; /* by the resolver, which will not look again before; 0: not known */
    const struct suffix_list *suffixes; /* borrowed; NULL: public-suffix is not judged */
};

/* Adds one finding. The severity is the one that holds here; policy->accept (policy may be NULL)
 * turns an error or a wait into a note. The sentence must be printable: what comes from outside
 * goes through escape_terminal() first. */
void judge_finding(struct judgement *j, const struct policy *policy, enum finding finding,
                   enum severity severity, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* not-your-domain, of an address. is_mailbox: its domain is a provider of mailboxes, which needs no
 * look into the account. */
void not_your_domain_judge(struct judgement *j, const struct policy *policy, struct text identity,
                           bool is_mailbox);

/* What was found so far; borrowed from the judgement and its memory. */
struct finding_notes judge_notes(const struct judgement *j);

/* Takes a finding back that better facts have overruled; one that was not made is fine. */
void judge_withdraw(struct judgement *j, enum finding finding);

/* Before anything is asked: the identity, the MAIL FROM, whose templates are filled in already, and
 * the Region. is_shared: another choice of the fleet has the same MAIL FROM. */
void judge_choice(struct judgement *j, const struct fleet *f, uint32_t row, bool is_shared);

/* The same of every row of a fleet. tell is called for each row that has a finding; the notes live
 * until it returns. */
struct fleet_judge {
    const struct suffix_list *suffixes;
    struct text feedback_host; /* as in struct judgement */
    void (*tell)(void *ctx, const struct fleet *f, uint32_t row, const struct finding_notes *notes);
    void *ctx;
};
struct fleet_verdict {
    uint32_t refused, warnings; /* rows; findings, without those that are accepted */
    bool out_of_memory;
};
enum err judge_fleet(const struct fleet *f, const struct fleet_judge *how,
                     struct fleet_verdict *verdict, struct why *why);

/* What SES says of the identity (known: verification and MAIL FROM). rejects-mail is an error that
 * refuses nothing, for what it forbids would be what mends it. */
void judge_ses(struct judgement *j, const struct fleet *f, uint32_t row,
               const struct ses_facts *ses, const struct judge_context *around);
/* What DNS says of the MAIL FROM name. Sets what the report's columns mx and spf say; NONE: nothing
 * was judged, because the choice is the default MAIL FROM. */
void judge_dns(struct judgement *j, const struct fleet *f, uint32_t row,
               const struct dns_facts *dns, enum mx_status *mx, enum spf_status *spf);
/* What receivers make of the SPF record, once judge_dns has found one (*spf is OK or WITHOUT_SES;
 * else nothing is done). *survey is of the MAIL FROM, and done. *spf becomes OK, SYNTAX, LOOKUPS,
 * VOID_LOOKUPS or WITHOUT_SES, where a finding that is not accepted comes before one that is. A
 * survey that met trouble (temperror) changes nothing. An include of an include that ends at
 * amazonses.com takes spf-without-ses back. */
void judge_spf(struct judgement *j, const struct fleet *f, uint32_t row,
               const struct spf_survey *survey, enum spf_status *spf);
/* What DMARC makes of it. *survey is of the identity's domain and the MAIL FROM, and done. *dmarc
 * is NONE for the default MAIL FROM. Warnings and notes only. */
void judge_dmarc(struct judgement *j, const struct fleet *f, uint32_t row,
                 const struct dmarc_survey *survey, enum dmarc_status *dmarc);
/* The same in one word. *survey is done. */
enum dmarc_status judge_dmarc_status(const struct dmarc_survey *survey);
/* May the write go out, as far as DNS is concerned, under the policy's dns.require? A status whose
 * finding is accepted counts as good; NONE does not. */
bool judge_dns_ready(const struct policy *policy, enum mx_status mx, enum spf_status spf);

#endif
