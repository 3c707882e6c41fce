/*
 * The parts of the HTML page. For html.c and the tests.
 */
#ifndef MF_HTML_INTERNAL_H
#define MF_HTML_INTERNAL_H

#include "group.h"
#include "history.h"
#include "live_parts.h"
#include "waiting.h"

/* What the parts are made of. */
struct html_facts {
    struct report_sum sum;
    struct groups groups;
    struct history history;
    struct waiting waiting;
    struct waiting_fold waiting_fold; /* of the rows that are still to come */
};

/* A pass over the moves of report. Its rows come one by one then, and end makes the facts of them.
 * The sink is not used. *facts is to be cleared in every case. */
enum err html_facts_begin(struct html_facts *facts, const struct report *report, struct why *why);
void html_facts_row(struct html_facts *facts, const struct report_row *row);
enum err html_facts_end(struct html_facts *facts, struct why *why);
/* The three of them, with a pass over the rows. */
enum err html_facts_make(struct html_facts *facts, const struct report *report, struct why *why);
void html_facts_clear(struct html_facts *facts);

/* The verdict, what run it is, counts and shares: the page's header element. */
void head_add(struct buf *out, const struct report_head *head, const struct report_sum *sum);
/* Sections of pictures. */
void time_add(struct buf *out, const struct history *h);
void standings_add(struct buf *out, const struct history *h);
/* What is rejected, what is not done, what ails: a section each, where there is something. */
void groups_tables_add(struct buf *out, const struct fleet *fleet, const struct html_facts *facts);

/* Pictures of numbers: no text from outside comes here. Nothing is drawn where there is nothing to
 * show. */
void share_draw(struct buf *out, const struct report_sum *sum); /* a bar, a part per standing */
void timeline_draw(struct buf *out, const struct history *h);   /* rows by state over time */
void window_draw(struct buf *out, const struct history *h);     /* SES's 72 hours */
void states_draw(struct buf *out, const struct history *h);     /* the life of a job, with counts */

/* Counted tables: one line per account and Region, per reason, per finding. paces: of a run that
 * goes on, as fleet.lanes; NULL: not known. most: of more lanes only so many are shown, those with
 * open rows first. */
void lanes_add(struct buf *out, const struct fleet *fleet, const struct report_sum *sum,
               const struct lane_pace *paces, uint32_t most);
/* Groups of one alarm, or with ALARM_NONE all groups not done. */
void groups_table_add(struct buf *out, const struct fleet *fleet, const struct groups *groups,
                      enum row_alarm alarm, enum tense tense);
void rules_add(struct buf *out, const struct report_sum *sum);
/* By what mail passes DMARC, and what is missing; nothing where nothing is known. */
void dmarc_add(struct buf *out, const struct report_sum *sum);
/* The domains whose records are waited for; nothing when none are. now: deadlines are told as a
 * time left, too; 0: they are not. */
void waiting_add(struct buf *out, const struct fleet *fleet, const struct waiting *waiting,
                 instant_us now);

/* Who ordered what while the run went on; nothing where nobody did. */
void orders_add(struct buf *out, const struct report_head *head);

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
