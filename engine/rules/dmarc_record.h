/*
 * DMARC records as text (RFC 9989, section 4.7; RFC 7489, section 6.3). One parser serves both:
 * unknown tags are ignored, tags with a bad value count as absent, and each rule leaves alone the
 * tags of the other RFC (psd, np, t; pct, rf, ri).
 */
#ifndef MF_DMARC_RECORD_H
#define MF_DMARC_RECORD_H

#include "base/text.h"

enum dmarc_policy { DMARC_POLICY_NONE, DMARC_POLICY_QUARANTINE, DMARC_POLICY_REJECT };

const char *dmarc_policy_name(enum dmarc_policy policy); /* "quarantine" */

bool dmarc_policy_parse(struct text value, enum dmarc_policy *out);

enum dmarc_psd { DMARC_PSD_UNSAID, DMARC_PSD_YES, DMARC_PSD_NO };

struct dmarc_tag {
    struct text name, value;
};

struct dmarc_record {
    struct text text; /* borrowed, and so are the texts below */
    bool applies; /* p, sp and np are in order, or rua is; otherwise the record does not count */
    enum dmarc_policy p, sp, np; /* sp falls back to p, np to sp */
    bool has_sp, has_np;
    enum dmarc_psd psd;
    bool aspf_strict, adkim_strict;
    bool testing; /* t=y */
    struct text rua, ruf;
    struct dmarc_tag bad_policy; /* the first of p, sp, np with an unknown value; no name: none */
    struct dmarc_tag bad_mode;   /* the first of aspf, adkim with another value than s and r */
};

/* Does the text begin as a DMARC record must: v = DMARC1 with nothing before it, the value in
 * exactly this case? */
bool dmarc_record_is(struct text txt);
/* text must satisfy dmarc_record_is. */
void dmarc_record_parse(struct dmarc_record *r, struct text text);

#endif
