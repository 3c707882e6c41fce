/*
 * How the record of a target is kept: among the records of jobs, in one order with them, and
 * covered by the same running digest (record_digest.h). Pure.
 */
#ifndef MF_RECORD_PUBLISH_H
#define MF_RECORD_PUBLISH_H

#include "model/publish_record.h"
#include "record.h"

/* For keep(): borrows *p. */
struct record publish_as_record(const struct publish_record *p);

/* Of all that the record says; never 0. Kept for good: a new field goes to the end. */
uint64_t publish_digest(const struct publish_record *p);

/* By the newest record of a target: which sets has the run created, so that a withdrawal may take
 * them back? A TXT set that an SPF record was merged into was there before. */
void publish_created(const struct publish_record *p, bool *mx, bool *txt);

#endif
