/*
 * The inspection of one name, as a pure state machine: first the inquiry (MX and TXT of the name,
 * by the chosen mode), then what receivers make of it (SPF, a check of one message, DMARC), whose
 * questions about other names go to the resolver. What the inquiry has found is not asked again, so
 * that in authority mode the name itself is never said to the resolver.
 *
 * One owner, one thread at a time. Facts are borrowed until the next start or clear.
 */
#ifndef MF_INSPECT_SUBJECT_H
#define MF_INSPECT_SUBJECT_H

#include "dns/inquiry.h"
#include "rules/dmarc.h"
#include "rules/judge.h"
#include "rules/spf.h"
#include "rules/suffix.h"

/* What is wanted for every name of a call. Borrowed for as long as subjects use it. */
struct inspect_wish {
    enum inquiry_mode mode;
    uint16_t authority_port; /* 0: 53 */
    struct text from;        /* A-labels; empty: DMARC is not asked for */
    bool checks;             /* run check_host() for client, sender and helo */
    struct spf_address client;
    struct text sender, helo; /* empty: postmaster@NAME, NAME; "local" means local@NAME */
    int64_t time_s;           /* %{t} of SPF macros; since 1970 */
    struct text region;       /* of feedback hosts in sentences */
    const struct suffix_list *suffixes;
    struct text feedback_host; /* pattern (feedback.h); empty: SES's own */
};

struct subject {
    /* outcome, once done */
    bool done;
    struct text name;      /* A-labels; copied */
    struct text mx_status; /* static */
    char mx_sentence[512]; /* what is wrong with the MX, and how to mend it; or empty */
    struct inquiry inquiry;
    struct spf_survey spf;
    struct spf_check check;    /* wish->checks */
    struct dmarc_survey dmarc; /* wish->from */

    /* inside */
    const struct inspect_wish *wish;
    bool receivers_started;
    uint32_t out;                   /* questions handed out and not replied to */
    struct arena arena;             /* texts of the message for check */
    struct dns_record known_record; /* of the reply that is made from facts */
};

void subject_init(struct subject *s, const struct inspect_wish *wish);
void subject_clear(struct subject *s);
void subject_start(struct subject *s, struct text name);
/* A question to send now, with its part; false: none until a reply comes, or done. Each one that is
 * handed out wants exactly one reply. */
bool subject_next(struct subject *s, struct dns_question *question, uint32_t *part);
void subject_reply(struct subject *s, uint32_t part, const struct dns_reply *reply);
/* Did something that was asked stay without an answer? */
bool subject_has_trouble(const struct subject *s);

#endif
