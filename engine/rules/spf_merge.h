/*
 * Merges Amazon SES into an existing SPF record: a second record would make every check a permanent
 * error (RFC 7208, section 4.5).
 */
#ifndef MF_SPF_MERGE_H
#define MF_SPF_MERGE_H

#include "base/arena.h"
#include "base/error.h"

/* The record of a MAIL FROM used for SES alone. */
#define SPF_SES_RECORD "v=spf1 include:amazonses.com ~all"

/* *merged is the record with include:amazonses.com as the first term, so no other term decides
 * before; in the arena. The rest is unchanged. ERR_INPUT: the record is broken or denies SES on
 * purpose; the sentence is a clause for a person, without raw bytes of the record. ERR_NOMEM. */
enum err spf_merge_ses(struct text record, struct arena *arena, struct text *merged,
                       struct why *why);

#endif
