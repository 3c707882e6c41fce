/*
 * The parts of the HTML page. For html.c and the tests.
 */
#ifndef MF_HTML_INTERNAL_H
#define MF_HTML_INTERNAL_H

#include "group.h"
#include "history.h"
#include "waiting.h"

/* Pictures of numbers: no text from outside comes here. Nothing is drawn where there is nothing to
 * show. */
void share_draw(struct buf *out, const struct report_sum *sum); /* a bar, a part per standing */
void timeline_draw(struct buf *out, const struct history *h);   /* rows by state over time */
void window_draw(struct buf *out, const struct history *h);     /* SES's 72 hours */
void states_draw(struct buf *out, const struct history *h);     /* the life of a job, with counts */

/* Counted tables: one line per account and Region, per reason, per finding. */
void lanes_add(struct buf *out, const struct fleet *fleet, const struct report_sum *sum);
/* Groups of one alarm, or with ALARM_NONE all groups not done. */
void groups_table_add(struct buf *out, const struct fleet *fleet, const struct groups *groups,
                      enum row_alarm alarm, enum tense tense);
void rules_add(struct buf *out, const struct report_sum *sum);
/* The domains whose records are waited for; nothing when none are. */
void waiting_add(struct buf *out, const struct fleet *fleet, const struct waiting *waiting);

/* The identity, and in brackets what people call it. */
void identity_add_html(struct buf *out, struct text identity);

/* Begins and ends what is scrolled where the page is narrow: keys reach it. label: what it holds.
 */
void scroll_begin(struct buf *out, const char *class, const char *label);
void scroll_end(struct buf *out);

/* The list of identities: the head up to the list's opening tag, and one row. */
void rows_begin(struct buf *out);
void row_add_html(struct buf *out, const struct report_row *row, enum tense tense);

#endif
