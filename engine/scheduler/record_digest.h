/*
 * The running digest of a run: each record is kept with a digest over the record and over the
 * digest before, so a reader of the records in order notices a missing, changed or foreign record.
 * The digest finds damage; a person able to write the journal can compute new digests.
 *
 * Digests are kept for good, so the fold never changes: fields have numbers, and a field that is 0
 * or empty is left out. A later field takes a new number, and older digests stay what they are.
 * Pure.
 */
#ifndef MF_RECORD_DIGEST_H
#define MF_RECORD_DIGEST_H

#include "record.h"

/* The digest before the first record of a run. */
uint64_t record_digest_begin(uint64_t run, instant_us started, uint64_t seed);

/* The words of a record as kept: a program keeps even words unknown to it. */
struct record_words {
    struct text mx, spf, dmarc, dkim;
    struct text notes; /* of the findings; empty: left out */
    uint64_t rules;   /* the sum of record_digest_rule() over row.findings, independent of the order
                         of rules */
    uint64_t publish; /* of a record of kind RECORD_PUBLISH: publish_digest() (record_publish.h);
                         otherwise 0 */
};

/* The digest of a record as kept; never 0. Not for RECORD_LANE. */
uint64_t record_digest(uint64_t before, const struct record *record,
                       const struct record_words *said);
uint64_t record_digest_rule(struct text name);

/* The fold of the fields of a record, in their order. Begin with a digest and field 0. */
struct digest_fold {
    uint64_t digest;
    unsigned field; /* the number of the last one */
};

void digest_number(struct digest_fold *f, uint64_t value);
void digest_words(struct digest_fold *f, struct text text);

#endif
