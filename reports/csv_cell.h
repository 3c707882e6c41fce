/*
 * One cell of CSV (RFC 4180), quoted where necessary.
 *
 * A spreadsheet takes a cell beginning with = + - @ for a formula, even a quoted cell. Some skip
 * blanks, a tab or a line break before, or accept full-width forms. The writer puts an apostrophe
 * in front of such a cell (CWE-1236, OWASP "CSV Injection"), and also behind a semicolon, a tab or
 * a line break inside a cell, since a reader with such separators begins a cell there. Bytes
 * outside UTF-8, and control characters, become U+FFFD: most readers of CSV stop at a NUL.
 */
#ifndef MF_CSV_CELL_H
#define MF_CSV_CELL_H

#include "base/buf.h"

void csv_cell_add(struct buf *out, struct text t);

#endif
