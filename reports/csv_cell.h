/*
 * One cell of CSV (RFC 4180), quoted where it must be.
 *
 * A spreadsheet takes a cell that begins with = + - @ for a formula, even a quoted one, and some
 * skip blanks, a tab or a line break to get there, or take full-width forms for the same; such a
 * cell gets an apostrophe in front (CWE-1236, OWASP "CSV Injection"). So does what follows a
 * semicolon, a tab or a line break inside a cell: where these separate cells, a cell begins there.
 * Bytes that are not UTF-8, and control characters, become U+FFFD: most readers
 * of CSV stop at a NUL.
 */
#ifndef MF_CSV_CELL_H
#define MF_CSV_CELL_H

#include "base/buf.h"

void csv_cell_add(struct buf *out, struct text t);

#endif
