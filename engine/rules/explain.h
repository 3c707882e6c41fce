/*
 * The page of a rule: meaning, importance, remedy. Pages are docs/rules/NAME.md, carried inside the
 * program.
 */
#ifndef MF_EXPLAIN_H
#define MF_EXPLAIN_H

#include "model/finding.h"

struct text rule_page(enum finding f); /* static; Markdown, readable as plain text */

#endif
