/*
 * For tests: names and records in memory that answer DNS questions as an authority does. An alias
 * is answered alone, so whoever asks has to follow it.
 */
#ifndef MF_TEST_PAPER_ZONE_H
#define MF_TEST_PAPER_ZONE_H

#include "base/bounds.h"
#include "dns/question.h"

struct paper_zone_entry;

struct paper_zone {
    struct arena arena;
    struct paper_zone_entry *first, *last;
    unsigned asked; /* questions answered so far */
    struct dns_record records[DNS_RECORDS_MAX];
};

void paper_zone_init(struct paper_zone *z);
void paper_zone_clear(struct paper_zone *z);
/* type: A, AAAA, MX ("10 host"), PTR, CNAME, TXT; or TIMEOUT, SERVFAIL, for every type of the name
 * that was not added before. Other types make the name exist and nothing else. */
void paper_zone_add(struct paper_zone *z, struct text name, struct text type, struct text value);
/* Valid until the next answer. */
void paper_zone_answer(struct paper_zone *z, const struct dns_question *question,
                       struct dns_reply *reply);

#endif
