/*
 * For the family of board.c: what the lines above the table and the table itself share.
 */
#ifndef MF_BOARD_PARTS_H
#define MF_BOARD_PARTS_H

#include "board.h"

#define BOARD_CELL_LEN 64

/* Counts of jobs by what they wait for. */
uint32_t board_looks(const struct board_lane *l);
uint32_t board_waits_for_dns(const struct board_lane *l);
uint32_t board_to_write(const struct board_lane *l);
bool board_is_over(const struct board_lane *l);

/* "2h31m", which calls alone would take; without any, whom it waits for: "DNS", "SES"; "-". */
void board_left(const struct board_lane *l, char out[BOARD_CELL_LEN]);
/* As much of t as fits, '~' where it was cut, then blanks up to the width if pad says so. */
void board_fit(struct buf *out, struct text t, uint32_t width, bool pad);
/* A heading and a row for each lane, folded to `rows` lines (at least two). */
void board_table(struct buf *out, const struct board *b, uint32_t columns, uint32_t rows,
                 bool color);

#endif
