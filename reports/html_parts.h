/*
 * What the HTML page is put together from: constant texts, and pictures of numbers. No text from
 * outside comes here. For html.c and the tests.
 */
#ifndef MF_HTML_PARTS_H
#define MF_HTML_PARTS_H

#include "row.h"

extern const char html_style[], html_script[];
extern const char html_table_head[]; /* filter, and the table up to its <tbody> */

/* How many identities finished when. The bars are as wide as they must be for the whole run to fit:
 * when an instant lies beyond the last one, neighbours are put together. */
#define TIMELINE_BARS 64

struct timeline {
    instant_us origin;
    span_us width; /* of one bar */
    uint32_t good[TIMELINE_BARS], bad[TIMELINE_BARS];
};

void timeline_init(struct timeline *t, instant_us origin);
void timeline_add(struct timeline *t, instant_us at, bool bad);
void timeline_draw(struct buf *out, const struct timeline *t);

void outcomes_draw(struct buf *out, const struct report_sum *sum); /* one bar, a part per outcome */

#endif
