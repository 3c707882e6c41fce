/*
 * Amazon SES into an SPF record that is there already: a second record beside it would make every
 * check a permanent error (RFC 7208, section 4.5).
 */
#ifndef MF_SPF_MERGE_H
#define MF_SPF_MERGE_H

#include "base/arena.h"
#include "base/error.h"

/* The record that a MAIL FROM of SES has when nothing else uses the name. */
#define SPF_SES_RECORD "v=spf1 include:amazonses.com ~all"

/* *merged is the record with include:amazonses.com as its first term, where nothing that stands
 * before it can decide; in the arena. The rest stays as it is. ERR_INPUT: the record is broken, or
 * it denies SES on purpose; the sentence is a clause for a person, and holds no raw byte of it.
 * ERR_NOMEM. */
enum err spf_merge_ses(struct text record, struct arena *arena, struct text *merged,
                       struct why *why);

#endif
