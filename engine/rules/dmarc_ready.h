/*
 * Does mail of an identity pass DMARC, and by what? One word for each identity, and what is missing
 * for the better one. Pure; of facts that SES and DNS have shown, never of what is wanted.
 *
 * By SPF: the custom MAIL FROM is at Success, its SPF record lets Amazon SES send, and it aligns
 * with the identity's domain by both rules for organizational domains. By DKIM: SES signs with the
 * identity's own domain and has seen its keys. Without a DMARC record of the domain mail passes by
 * neither, since receivers ask for none.
 *
 * Sources: RFC 9989 and RFC 7489 (alignment); SES Developer Guide, "Complying with DMARC".
 */
#ifndef MF_DMARC_READY_H
#define MF_DMARC_READY_H

#include "base/buf.h"
#include "model/dns_status.h"
#include "model/ses.h"

enum dmarc_by {
    DMARC_BY_UNKNOWN, /* too little was asked, or there was no answer */
    DMARC_BY_NONE,
    DMARC_BY_SPF,
    DMARC_BY_DKIM,
    DMARC_BY_BOTH,
    DMARC_BYS,
};

/* What is missing, in the order of the sentence; bits. NOT_ASKED ones say that nothing is known. */
enum dmarc_missing {
    DMARC_MISSING_RECORD = 1 << 0,    /* "dmarc-record" */
    DMARC_MISSING_MAIL_FROM = 1 << 1, /* "mail-from": none is set, or it is not at Success */
    DMARC_MISSING_SPF = 1 << 2,       /* "spf": no record, or not one that lets SES send */
    DMARC_MISSING_ALIGNMENT = 1 << 3, /* "alignment": aspf=s, or another organizational domain */
    DMARC_MISSING_DKIM = 1 << 4,      /* "dkim" */
    DMARC_NOT_ASKED_DNS = 1 << 5,     /* "dns-not-asked": discover, or no verdict of DNS */
    DMARC_NOT_ASKED_DKIM = 1 << 6,    /* "dkim-not-asked": also refused by IAM */
};

struct dmarc_ready_facts {
    struct text mail_from; /* at SES now; empty: the default */
    enum mail_from_status status;
    enum spf_status spf;     /* of mail_from; NONE: not judged */
    enum dmarc_status dmarc; /* likewise */
    enum dkim_status dkim;
};

struct dmarc_ready {
    enum dmarc_by by;
    unsigned missing; /* bits of enum dmarc_missing */
};

struct dmarc_ready dmarc_ready_of(const struct dmarc_ready_facts *facts);
const char *dmarc_by_name(enum dmarc_by by); /* "both"; "unknown" */
/* The cell of the column dmarc_ready: "both", "spf, missing dkim", "none, missing mail-from dkim".
 */
void dmarc_ready_add(struct buf *out, struct dmarc_ready ready);

#endif
