/*
 * Does mail of an identity pass DMARC, and by what? One word for each identity, what is missing for
 * the better one, and what is not known. Pure; of facts that SES and DNS have shown.
 *
 * By SPF: the custom MAIL FROM is at Success, its SPF record lets Amazon SES send, and it aligns
 * with the identity's domain by both rules for organizational domains. By DKIM: SES signs with the
 * identity's own domain and has seen its keys, which aligns by every rule. Without a DMARC record
 * of the domain mail passes by neither, since receivers ask for none.
 *
 * An unknown fact never makes a pass and never makes a failure, with one exception: DKIM that signs
 * counts where the DMARC record is not known, since nothing in the record can undo it.
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

/* What is missing, and what is not known, in the order of the sentence; bits. */
enum dmarc_lack {
    DMARC_MISSING_RECORD = 1 << 0,    /* "dmarc-record": none, or several, which count for none */
    DMARC_MISSING_MAIL_FROM = 1 << 1, /* "mail-from": none is set, or it is not at Success */
    DMARC_MISSING_SPF = 1 << 2,       /* "spf": no record, or not one that lets SES send */
    DMARC_MISSING_ALIGNMENT = 1 << 3, /* "alignment": aspf=s, or another organizational domain by
                                         one of the rules */
    DMARC_MISSING_DKIM = 1 << 4,      /* "dkim": SES does not sign with the domain's own keys */
    DMARC_UNKNOWN_MAIL_FROM = 1 << 5, /* SES was not asked, or said a word unknown to us */
    DMARC_UNKNOWN_DNS = 1 << 6,       /* not asked about this name, or no verdict */
    DMARC_UNKNOWN_DKIM = 1 << 7,      /* not asked, refused by IAM, or of an address alone */
};
#define DMARC_LACKS       8
#define DMARC_MISSING_ANY 0x1fu
#define DMARC_UNKNOWN_ANY 0xe0u

struct dmarc_ready_facts {
    bool ses_known; /* the two members below are SES's answer */
    struct text mail_from;
    enum mail_from_status status;
    enum dkim_status dkim;   /* that holds (dkim_status_held()): an address's is its domain's */
    struct text asked;       /* the MAIL FROM that is wanted, and that the two below are of */
    enum spf_status spf;     /* NONE: not judged */
    enum dmarc_status dmarc; /* likewise; of the identity's domain and the name */
};

struct dmarc_ready {
    uint8_t by;   /* enum dmarc_by */
    uint8_t lack; /* bits of enum dmarc_lack; of passing by both: 0 */
};

struct dmarc_ready dmarc_ready_of(const struct dmarc_ready_facts *facts);
/* A custom MAIL FROM is at SES that may pass, and DNS was asked about another name or about none:
 * neither a pass by SPF nor a failure. */
bool dmarc_ready_is_unlooked(const struct dmarc_ready_facts *facts);
/* Has DNS shown whether the domain has a DMARC record? Else a pass by DKIM is half known. */
bool dmarc_record_is_known(const struct dmarc_ready_facts *facts);
const char *dmarc_by_name(enum dmarc_by by); /* "both"; "unknown" */
static inline bool dmarc_by_spf(enum dmarc_by by)
{
    return by == DMARC_BY_SPF || by == DMARC_BY_BOTH;
}
static inline bool dmarc_by_dkim(enum dmarc_by by)
{
    return by == DMARC_BY_DKIM || by == DMARC_BY_BOTH;
}
const char *dmarc_lack_name(enum dmarc_lack bit); /* "mail-from", missing or not known */
/* The cell of the column dmarc_ready: "both"; "spf, missing dkim"; "none, missing mail-from dkim";
 * "unknown, missing dkim, not known dns". */
void dmarc_ready_add(struct buf *out, struct dmarc_ready ready);

#endif
