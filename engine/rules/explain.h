/*
 * The page of a rule: what it means, why it matters, how to mend it. Pages are docs/rules/NAME.md,
 * carried inside the program.
 */
#ifndef MF_EXPLAIN_H
#define MF_EXPLAIN_H

#include "model/finding.h"

struct text rule_page(enum finding f); /* static; Markdown that reads well as plain text */

#endif
