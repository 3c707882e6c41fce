/*
 * Judgement of one MAIL FROM choice: choice and facts in, findings out. Pure.
 */
#ifndef MF_JUDGE_H
#define MF_JUDGE_H

#include "buf.h"
#include "facts.h"
#include "fleet.h"

/* What the fleet as a whole or a census of the account knows about a choice. */
struct surroundings {
    bool mail_from_is_shared;      /* another choice of the fleet has the same MAIL FROM */
    bool mail_from_is_identity;    /* it, or an address under it, is an SES identity of the lane */
    bool mail_from_forwards;       /* feedback forwarding is on for that identity */
    bool set_by_us;                /* the present custom MAIL FROM was written by this program */
    struct text masking_identity;  /* one below this domain that has its own setting; or empty */
};

/* Each judgement answers for the rules that its facts decide. Sentences go to *json, if given, as
 * the elements of a JSON array without its brackets: {"rule":..,"severity":..,"text":..,
 * "accepted":true}; facts from outside in them are escaped. */
struct judgement {
    finding_set found;    /* every rule that fired */
    finding_set errors;   /* those that refuse the identity; accepted ones are left out */
    finding_set waits;    /* those that more time can heal */
    struct buf *json;     /* may be NULL */
    char first_error[512]; /* the sentence of the first error or wait, for the report's reason */
};

/* Before anything is asked: the name itself. Region and domain templates are expanded already. */
void judge_name(struct judgement *j, const struct fleet *f, uint32_t row);
/* What SES says of the identity (known: verification and MAIL FROM). */
void judge_ses(struct judgement *j, const struct fleet *f, uint32_t row,
               const struct ses_facts *ses, const struct surroundings *around);
/* What DNS says of the MAIL FROM name. Sets the verdict words of the report's columns mx and spf
 * ("ok", "missing", "several", "foreign", "wrong-suffix", "unknown-region", "null-mx", "cname",
 * "trouble"; "ok", "missing", "several", "syntax", "without-ses", "trouble"). */
void judge_dns(struct judgement *j, const struct fleet *f, uint32_t row,
               const struct dns_facts *dns, struct text *mx, struct text *spf);
/* May the write go out, as far as DNS is concerned, under the policy's dns.require? */
bool judge_dns_ready(const struct policy *policy, struct text mx, struct text spf);

#endif
