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

/* The newest record of each target, from elsewhere than the journal: until fn returns false. */
typedef enum err published_each(void *ctx, bool (*fn)(void *fn_ctx, const struct publish_record *r),
                                void *fn_ctx, struct why *why);
/* The same of such records; all is in *arena. Of p->run only head and fleet are read. */
enum err published_rows_of(const struct publishing *p, published_each *each, void *ctx,
                           struct arena *arena, struct published_list *list, struct why *why);

#endif
