/*
 * The running digest of a run: each record is kept with a digest over itself and over the digest of
 * the record before it, so a record that is missing, changed or not of this run is seen by whoever
 * reads the records in their order. It finds damage; who can write a journal can make it anew.
 *
 * Digests are kept for good, so the fold never changes: fields have numbers, and a field that is 0
 * or empty is left out. A later field takes a new number, and older digests stay what they are.
 * Pure.
 */
#ifndef MF_RECORD_DIGEST_H
#define MF_RECORD_DIGEST_H

#include "record.h"

/* What stands before the first record of a run. */
uint64_t record_digest_begin(uint64_t run, instant_us started, uint64_t seed);

/* What a record says in words, as it is kept: a program that does not know a word keeps it so. */
struct record_words {
    struct text mx, spf, dmarc;
    struct text notes; /* of the findings; empty: left out */
    uint64_t rules; /* the sum of record_digest_rule() over row.findings, which numbers nothing */
};

/* The digest of a record as it is kept, which is never 0. Not for RECORD_LANE. */
uint64_t record_digest(uint64_t before, const struct record *record,
                       const struct record_words *said);
uint64_t record_digest_rule(struct text name);

#endif
