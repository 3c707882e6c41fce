/*
 * For the family of progress_view.c: what the lines above the table and the table itself share.
 */
#ifndef MF_PROGRESS_VIEW_INTERNAL_H
#define MF_PROGRESS_VIEW_INTERNAL_H

#include "progress_view.h"

#define VIEW_CELL_LEN 64

/* Counts of jobs by what they wait for. */
uint32_t view_looks(const struct view_lane *l);
uint32_t view_waits_for_dns(const struct view_lane *l);
uint32_t view_waits_for_ses(const struct view_lane *l);
uint32_t view_to_write(const struct view_lane *l);
bool view_is_over(const struct view_lane *l);

/* "1242 of 10002 finished, 12 need attention". */
void view_finished(struct buf *out, const struct view_lane *l);
/* "2h31m", which calls alone would take; without any, whom it waits for: "DNS", "SES"; "-". */
void view_left(const struct view_lane *l, char out[VIEW_CELL_LEN]);
/* As much of t as fits, '~' where it was cut, then blanks up to the width if pad says so. */
void view_fit(struct buf *out, struct text t, uint32_t width, bool pad);
/* A heading and a row for each lane, folded to `rows` lines (at least two). */
void view_table(struct buf *out, const struct progress_view *b, uint32_t columns, uint32_t rows,
                bool color);

#endif
