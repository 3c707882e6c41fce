/*
 * One inspected name for a person. Text from outside is escaped; nothing of a record reaches the
 * terminal raw.
 */
#ifndef MF_INSPECT_TEXT_H
#define MF_INSPECT_TEXT_H

#include "inspect_verdict.h"
#include "options/options.h"

void inspect_text(struct buf *out, const struct survey *s, const struct inspect_verdict *v,
                  const struct options *o);

#endif
