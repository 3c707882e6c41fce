/*
 * DMARC for a custom MAIL FROM: the record of a From domain, and whether SPF of a MAIL FROM domain
 * aligns with the From domain. Answered by both rules in use among receivers:
 *
 *   RFC 9989 (2026)  organizational domains by the DNS tree walk, at most 8 names each
 *   RFC 7489 (2015)  organizational domains by the Public Suffix List
 *
 * A pure state machine. Several questions may be out at once; replies come in any order:
 *
 *   dmarc_survey_start(&survey, from, mail_from, organizational_domain, list);
 *   while (!survey.done) { send all that dmarc_survey_next gives; dmarc_survey_reply(one); }
 *
 * After a failed look-up the rules are run again with each kind of record supposed at the name. A
 * verdict equal in all these runs is certain.
 *
 * One owner, one thread at a time. Returned texts are borrowed until the next start or clear.
 */
#ifndef MF_DMARC_H
#define MF_DMARC_H

#include "base/bounds.h"
#include "dmarc_record.h"
#include "lookup.h"
#include "near_miss.h"

/* By the Public Suffix List: the suffix and one label. Empty for a public suffix, which is then its
 * own organizational domain. The returned text must live as long as `name`: a tail of `name`
 * does. */
typedef struct text dmarc_organizational_domain(void *ctx, struct text name);

struct dmarc_verdict {
    bool has_record;           /* a DMARC record applies to the From domain */
    struct text record;        /* empty: no record; otherwise as published, applying or not */
    struct text record_domain; /* without "_dmarc." */
    enum dmarc_policy
        policy; /* for failing mail; a From domain of unknown existence counts as existing */
    enum dmarc_policy p, sp, np; /* of the record that applies; sp falls back to p, np to sp */
    bool testing;                /* t=y: the policy is one step less, by RFC 9989 */
    bool aspf_strict, adkim_strict;
    /* empty: not known, since a name on the way could not be looked up */
    struct text from_organizational_domain, mail_from_organizational_domain;
    bool aligned; /* SPF pass of the MAIL FROM domain would count; strict: the names are equal */
    unsigned queries; /* names asked for by this rule; a walk has at most 8 */
    unsigned from_queries, mail_from_queries; /* RFC 9989: each walk's own */
};

/* Wrong names at which owners publish the DMARC record of a From domain. */
enum dmarc_elsewhere {
    DMARC_ELSEWHERE_NOT,
    DMARC_AT_MAIL_FROM, /* bounce.example.com */
    DMARC_AT_APEX,      /* example.com */
    DMARC_AT_DOUBLED,   /* _dmarc.example.com.example.com: a panel has appended the zone */
};

/* What was meant as the DMARC record of a From domain, and does not count. */
struct dmarc_near {
    struct text place; /* the name where it stands; empty: nothing was found */
    struct text found; /* the text; of several records, the first */
    struct text other; /* the second of several */
    unsigned records;  /* several records at the place, which then count for nothing */
    enum dmarc_elsewhere elsewhere;
    char fault[NEAR_FAULT_LEN]; /* of a near miss (near_miss.h) */
};

struct dmarc_name {
    struct text domain; /* the name asked about: record or existence */
    struct lookup lookup;
    bool judged, failed; /* failed: no answer, so the record is supposed */
    unsigned records;    /* DMARC records there; only a single one counts */
    struct text other;   /* the second record, or without any a text that was meant as one */
    struct dmarc_record record;
};

struct dmarc_survey {
    /* outcome */
    bool done;
    struct text trouble; /* not empty: a failed look-up: the name, the server and the reason */
    bool certain; /* true: a verdict, with or without trouble; false: the other members are empty */
    struct dmarc_verdict rfc9989, rfc7489;
    bool alignment_differs; /* one rule aligns, the other does not */
    bool record_differs;    /* the rules find records of different domains */
    struct dmarc_near near; /* looked for unless one sound record counts by both rules */

    /* inside */
    struct arena arena;
    bool supposes; /* the rules run with supposed records: no further name is asked for */
    struct text from, mail_from;
    struct text from_listed,
        mail_from_listed; /* organizational domains by the Public Suffix List */
    struct dmarc_name names[DMARC_NAMES_MAX];
    unsigned names_len;
};

void dmarc_survey_init(struct dmarc_survey *s);
void dmarc_survey_clear(struct dmarc_survey *s);
/* Both domains in ASCII; copied. */
void dmarc_survey_start(struct dmarc_survey *s, struct text from, struct text mail_from,
                        dmarc_organizational_domain *organizational_domain, void *ctx);
/* A question to send now, with its number; false when none is left until a reply comes, or done. */
bool dmarc_survey_next(struct dmarc_survey *s, struct dns_question *question, uint32_t *number);
void dmarc_survey_reply(struct dmarc_survey *s, uint32_t number, const struct dns_reply *reply);
/* Once done: no record applies and none is near, so that TXT of other names may show one. These
 * texts are then given to dmarc_survey_take_elsewhere(); the first record found is kept. */
bool dmarc_survey_wants_elsewhere(const struct dmarc_survey *s);
void dmarc_survey_take_elsewhere(struct dmarc_survey *s, enum dmarc_elsewhere elsewhere,
                                 struct text place, const struct text *txt, uint32_t len);

#endif
