/*
 * What the counts of a domain prove: before and after a run, and why a MAIL FROM does not align.
 */
#ifndef MF_COMPARISON_H
#define MF_COMPARISON_H

#include "tally.h"

/* In the order in which people want to see them. */
enum comparison {
    COMPARISON_WORSE,
    COMPARISON_FAILING, /* after the run, most mail is not aligned by SPF */
    COMPARISON_OPEN,    /* SES has shown Success of no identity, so nothing is after */
    COMPARISON_LITTLE,  /* too little mail before or after the run */
    COMPARISON_SAME,
    COMPARISON_BETTER,
    COMPARISON_DEFAULT,   /* as the run wants it: back to SES's own MAIL FROM, which never aligns */
    COMPARISON_UNWRITTEN, /* the run has written to no identity of the domain */
    COMPARISON_APART,     /* the run has no identity of the domain; or there is no run */
    COMPARISONS,
};
const char *comparison_name(enum comparison c);  /* "too-little-mail" */
const char *comparison_words(enum comparison c); /* "too little mail" */

/* Shares of fewer messages are chance: one of fifty is two points, the least that counts. */
#define COMPARISON_MESSAGES_MIN 50
#define COMPARISON_POINTS_MIN   2 /* percentage points of mail aligned by SPF */

enum comparison mail_compare(const struct mail_domain *d);

/* Thousandths, as people round them: never 0 for some, never 1000 for less than all. whole > 0. */
unsigned mail_share(uint64_t part, uint64_t whole);

/* Why SPF does not align mail of a sender. */
enum sender_fault {
    FAULT_OTHER_REGION, /* SES's own MAIL FROM of a Region where the run has no identity for it */
    FAULT_FALLBACK,     /* ... of a Region where the run has one */
    FAULT_WANTED,       /* ... where the run has set it */
    FAULT_DEFAULT,      /* ... and nothing more is known */
    FAULT_UNALIGNED,    /* a custom MAIL FROM of the run, not aligned with the From domain */
    FAULT_SENT_ON,      /* SPF passed for the name of somebody else: forwarded, or a list */
    FAULT_SPF,          /* SPF did not pass: forwarded, or a record that is wrong */
    FAULT_NO_NAME,      /* no MAIL FROM is reported: bounces, or a receiver that leaves it out */
    FAULT_STRANGER,     /* not through SES */
    SENDER_FAULTS,
};
const char *sender_fault_name(enum sender_fault f);  /* "other-region" */
const char *sender_fault_words(enum sender_fault f); /* a clause for people */

enum sender_fault sender_fault(const struct tally *t, const struct mail_sender *s);

/* The whole, of domains that the run has written to. The same domains are on both sides: those with
 * mail after the run; while there is none, those with mail before. */
struct mail_gain {
    struct mail_counts before, after;
    uint32_t domains;                /* on both sides */
    uint32_t open_domains;           /* without Success, so nothing is after the run */
    struct mail_counts open;         /* of these, in reports since the first write */
    uint32_t awaited_domains;        /* with Success, and mail before; none is after yet */
    uint32_t later_domains;          /* to which a later run has written */
    uint64_t later_messages;         /* of these, since that write */
    uint32_t counts[COMPARISONS];    /* of all domains */
    instant_us first_write, success; /* over them; as in struct change */
};
struct mail_gain mail_gain(const struct tally *t);

#endif
