/*
 * Slips of shells and editors in a value: quotes, blanks and line ends that belong to the writing
 * and not to the value. No value of AWS (Region, key, URL, path, profile) has them at its ends.
 */
#ifndef MF_SLIP_H
#define MF_SLIP_H

#include "base/text.h"

/* What is wrong at the ends of the value, and the remedy; NULL: nothing. A whole clause for a
 * sentence about the value. */
const char *slip_of(struct text value);
/* The value without such ends. Borrowed. */
struct text slip_mended(struct text value);

#endif
