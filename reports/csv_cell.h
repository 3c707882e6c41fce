/*
 * One cell of CSV (RFC 4180), quoted where it must be. For this room only.
 *
 * A spreadsheet takes a cell that begins with = + - @ for a formula, even a quoted one, and some
 * skip a tab or a line break to get there; such a cell gets an apostrophe in front (CWE-1236, OWASP
 * "CSV Injection"). Bytes that are not UTF-8, and control characters, become U+FFFD: most readers
 * of CSV stop at a NUL.
 */
#ifndef MF_CSV_CELL_H
#define MF_CSV_CELL_H

#include "buf.h"

void csv_cell_add(struct buf *out, struct text t);

#endif
