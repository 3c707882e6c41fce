/*
 * Lines of CSV, for every writer of one: RFC 4180, a line ends with CR LF, a cell is quoted where
 * necessary. Spreadsheets want a mark at the beginning, or another separator: the dialect.
 *
 * A spreadsheet takes a cell beginning with = + - @ for a formula, even a quoted cell. Some skip
 * blanks, a tab or a line break before, or accept full-width forms. The writer puts an apostrophe
 * in front of such a cell (CWE-1236, OWASP "CSV Injection"), and also behind a line break or
 * another dialect's separator inside a cell, since a reader of that dialect begins a cell there.
 * Bytes outside UTF-8, and control characters, become U+FFFD: most readers of CSV stop at a NUL.
 */
#ifndef MF_CSV_LINE_H
#define MF_CSV_LINE_H

#include "base/buf.h"
#include "base/when.h"

/* All zero: RFC 4180 as it is. */
struct csv_dialect {
    bool is_marked; /* begins with a byte order mark, by which Excel knows UTF-8 */
    char separator; /* ',', ';' or a tab; 0: ',' */
};

struct csv_line {
    struct buf *out; /* borrowed */
    char separator;
    bool has_cell; /* in this line */
};

/* Begins a file. names: the columns of the first line, "zone,name". The line is not ended: a writer
 * may add columns. */
void csv_begin(struct csv_line *line, struct buf *out, struct csv_dialect dialect,
               const char *names);
/* Each adds a cell. */
void csv_text(struct csv_line *line, struct text t);
void csv_u64(struct csv_line *line, uint64_t n);
void csv_instant(struct csv_line *line, instant_us at); /* "" for 0 and for WHEN_NEVER */
void csv_end(struct csv_line *line);                    /* of the line */

#endif
