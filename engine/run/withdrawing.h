/*
 * What stands against taking a run's record sets back: an identity that still has the MAIL FROM, by
 * a read of SES just now, or whose mail may still bounce to it.
 */
#ifndef MF_WITHDRAWING_H
#define MF_WITHDRAWING_H

#include "publishing.h"

/* Receivers keep a bounce for five days (RFC 5321, section 4.5.4.1). */
#define WITHDRAW_AFTER (120 * SPAN_H(1))

/* The targets of p are of run `published`. Reads SES for every identity of that run, and all writes
 * of the journal; sets p->barred. no_wait: the last use may have been a moment ago. */
enum err withdrawing_bar(struct publishing *p, uint64_t published, bool no_wait, instant_us now,
                         struct why *why);

#endif
