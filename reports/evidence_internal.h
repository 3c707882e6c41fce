/*
 * For the writers of evidence_*.c: shared words.
 */
#ifndef MF_EVIDENCE_INTERNAL_H
#define MF_EVIDENCE_INTERNAL_H

#include "evidence.h"
#include "sink.h"

typedef enum err evidence_writer(struct sink *out, const struct evidence *e, struct why *why);
evidence_writer evidence_text, evidence_csv, evidence_json, evidence_html;

#define DAY_LEN 16
char *day_format(int32_t day, char out[DAY_LEN]);               /* "2026-05-20"; returns out */
void number_add(struct buf *out, uint64_t n);                   /* "412,003" */
void share_add(struct buf *out, uint64_t part, uint64_t whole); /* "98.7 %"; of none "-" */

/* How much was aligned: one sentence, then how the domains did. Plain text without names. */
void evidence_verdict_add(struct buf *out, const struct evidence *e);
/* "3 worse, 2,810 better": all domains by what is proved of them. Nothing without a run. */
void evidence_outcomes_add(struct buf *out, const struct evidence *e);
/* "2 files, 3 reports (1 given again), 18 rows; 1 file could not be read". */
void evidence_read_add(struct buf *out, const struct evidence *e);
/* What bounds have left out, a sentence each; nothing where nothing was. */
void evidence_left_out_add(struct buf *out, const struct evidence *e);
/* "before run 3", "after run 3": "the rollback". */
void evidence_run_add(struct buf *out, const struct evidence *e);

/* "12,000 messages of NAME left with MAIL FROM NAME (12 addresses): no custom ...". Texts from
 * outside go through name_add. */
void sender_tell(struct buf *out, const struct evidence *e, const struct mail_sender *s,
                 void (*name_add)(struct buf *out, struct text t));
/* Mail of SES that SPF did not align: the senders that people are told of, those of most messages
 * first. *list: indexes into tally.senders, to be freed; NULL: out of memory. */
bool senders_pick(const struct evidence *e, uint32_t most, uint32_t **list, uint32_t *len,
                  uint32_t *more);

/* For evidence_html.c: pictures of numbers. */
struct evidence_chart {
    const char *id;              /* of the page's elements: "c12" */
    const struct mail_day *days; /* of one domain, in order */
    uint32_t days_len;
    int32_t from, until;             /* days of the axis, both counted */
    instant_us first_write, success; /* 0 or WHEN_NEVER: not known, as in struct change */
    const char *written, *succeeded; /* what to call them */
};
/* The patterns that tell the parts apart without colours: once, before any other picture. */
void evidence_patterns_add(struct buf *out);
void evidence_legend_add(struct buf *out);
/* Messages through SES: a bar for each day, a line for each instant. name: of the
 * domain; empty: all of them. */
void evidence_chart_draw(struct buf *out, const struct evidence_chart *chart, struct text name);
/* One bar of parts, as wide as the page. */
void evidence_bar_draw(struct buf *out, const struct mail_counts *c, const char *what);

/* How mail was aligned, from the bottom of a bar up. */
enum mail_part { PART_BOTH, PART_SPF, PART_DKIM, PART_NEITHER, MAIL_PARTS };
const char *mail_part_name(enum mail_part p); /* "SPF alone" */
uint64_t mail_part_count(const struct mail_counts *c, enum mail_part p);

#endif
