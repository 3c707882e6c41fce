/*
 * The page of a rule: meaning, importance, remedy; and the page of a state, such as "refused" or
 * SES's own "FAILED"; and the page of a kind of problem that watching tells. Pages are
 * docs/rules/NAME.md, docs/states/NAME.md and docs/watch/NAME.md, carried inside the program.
 */
#ifndef MF_EXPLAIN_H
#define MF_EXPLAIN_H

#include "model/finding.h"
#include "model/watch.h"

struct text rule_page(enum finding f); /* static; Markdown, readable as plain text */

/* Outcomes as reports name them, and SES's statuses, which begin with a capital; false: name is
 * none. */
bool state_page(struct text name, struct text *page);
const char *state_name(size_t i); /* the i-th; NULL behind the last */

struct text kind_page(enum watch_kind k); /* static; some kinds have the name of a rule, too */

#endif
