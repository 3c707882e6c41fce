/*
 * Bytes of a report on their way to XML. Reporters copy From lines, selectors and names as they
 * were sent, so one mail of a stranger with a byte that is no UTF-8, or that XML does not allow,
 * would make the whole report unreadable. Such bytes become question marks. Documents in other
 * encodings than UTF-8 stay as they are.
 */
#ifndef MF_REPORT_BYTES_H
#define MF_REPORT_BYTES_H

#include "base/buf.h"

struct report_bytes {
    struct buf out;
    char held[4]; /* the beginning of a character that the next piece ends */
    size_t held_len;
    bool begun, is_utf8;
};

void report_bytes_init(struct report_bytes *b);
void report_bytes_clear(struct report_bytes *b);
void report_bytes_begin(struct report_bytes *b); /* a new document */

/* What is to be read for the piece; borrowed until the next call. at == NULL: out of memory. */
struct text report_bytes_mend(struct report_bytes *b, struct text piece);
/* What is left when the document is over: nothing, or a question mark. */
struct text report_bytes_end(struct report_bytes *b);

#endif
