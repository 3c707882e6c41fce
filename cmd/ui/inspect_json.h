/*
 * One inspected name as a JSON object (section 8 of the contract of inspect --format json).
 */
#ifndef MF_INSPECT_JSON_H
#define MF_INSPECT_JSON_H

#include "inspect_verdict.h"

/* Adds the object, on lines of its own that begin with two blanks; no comma, no final newline. What
 * is not known is null. */
void inspect_json(struct buf *out, const struct survey *s, const struct inspect_verdict *v);

#endif
