/*
 * SPF records as text: finding the SPF record among TXT records (RFC 7208, section 4.5), and its
 * terms (section 4.6, grammar in section 12). Nothing is looked up here.
 */
#ifndef MF_SPF_RECORD_H
#define MF_SPF_RECORD_H

#include "base/error.h"
#include "spf_macro.h"

/* Results of check_host(), section 2.6; the first four are the qualifiers of mechanisms too. */
enum spf_result {
    SPF_NONE,
    SPF_NEUTRAL,
    SPF_PASS,
    SPF_FAIL,
    SPF_SOFTFAIL,
    SPF_TEMPERROR,
    SPF_PERMERROR,
};

const char *spf_result_name(enum spf_result result); /* "softfail" */

enum spf_mechanism {
    SPF_ALL,
    SPF_INCLUDE,
    SPF_A,
    SPF_MX,
    SPF_PTR,
    SPF_IP4,
    SPF_IP6,
    SPF_EXISTS,
};

struct spf_term {
    enum spf_mechanism mechanism;
    enum spf_result qualifier;
    struct text source;         /* as written in the record */
    struct text target;         /* domain-spec; empty: the domain of the record */
    spf_letters letters;        /* macro letters of the target */
    struct spf_address network; /* ip4, ip6 */
    uint8_t ip4_bits, ip6_bits;
};

struct spf_record {
    struct text text; /* as given to the parser; all texts here point into this text */
    struct spf_term *terms;
    uint32_t terms_len;
    struct text redirect, exp; /* domain-specs; empty: not there */
    spf_letters redirect_letters, exp_letters;
};

enum spf_choice { SPF_RECORD_NONE, SPF_RECORD_ONE, SPF_RECORD_SEVERAL };

/* Is this TXT record an SPF record? "v=spf1" in any case, then a space or the end. */
bool spf_record_is(struct text txt);
/* *record is the one, or the first of several; borrowed. */
enum spf_choice spf_record_select(const struct text *txt, size_t len, struct text *record);

/* text must satisfy spf_record_is and outlive *r. ERR_INPUT: a syntax error, which makes the whole
 * record a permerror (section 4.6); the sentence quotes the term, raw. ERR_NOMEM. */
enum err spf_record_parse(struct spf_record *r, struct text text, struct arena *arena,
                          struct why *why);

#endif
