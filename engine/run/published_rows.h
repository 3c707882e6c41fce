/*
 * The bridge from the journal of a publishing to its reports: neither room knows the other.
 */
#ifndef MF_PUBLISHED_ROWS_H
#define MF_PUBLISHED_ROWS_H

#include "publishing.h"
#include "reports/published.h"

/* The rows of p->run->head.id, whose targets p has: two for a target with both record sets. All is
 * in the arena of the run. */
enum err published_rows(struct publishing *p, struct published_list *list, struct why *why);

#endif
