/*
 * Bytes of a report on their way to XML. Reporters copy From lines, selectors and names as they
 * were sent, so one mail of a stranger with a byte that is no character, or that XML does not
 * allow, would make the whole report unreadable. Such bytes become question marks, and so does what
 * makes text no XML: an ampersand that begins no reference of XML, or one to a character that XML
 * does not allow, and the end of "]]>" outside of a CDATA section. UTF-16 and ISO-8859-1 become
 * UTF-8; documents in other encodings stay as they are.
 */
#ifndef MF_REPORT_BYTES_H
#define MF_REPORT_BYTES_H

#include "base/buf.h"

enum report_encoding { REPORT_UTF8, REPORT_LATIN1, REPORT_UTF16_LE, REPORT_UTF16_BE, REPORT_OTHER };

/* Where in the XML it is; tags are text, since nothing in them needs other words. */
enum report_place { PLACE_TEXT, PLACE_COMMENT, PLACE_CDATA, PLACE_INSTRUCTION };

#define REPORT_HELD 16 /* the longest reference that is taken */

struct report_bytes {
    struct buf out, decoded;
    char held[REPORT_HELD]; /* UTF-8: the beginning of what the next piece ends */
    size_t held_len;
    int half;       /* of UTF-16: the first byte of a unit; -1: none */
    uint32_t high;  /* of UTF-16: the first half of a pair; 0: none */
    char last;      /* the last byte that was given */
    bool stop[256]; /* bytes that are looked at in this place */
    bool begun;
    enum report_encoding encoding;
    enum report_place place;
};

void report_bytes_init(struct report_bytes *b);
void report_bytes_clear(struct report_bytes *b);
void report_bytes_begin(struct report_bytes *b); /* a new document */

/* What is to be read for the piece; borrowed until the next call. at == NULL: out of memory. */
struct text report_bytes_mend(struct report_bytes *b, struct text piece);
/* Is what it gives UTF-8, whatever the declaration says? After the first piece. */
bool report_bytes_are_utf8(const struct report_bytes *b);
/* What is left when the document is over: nothing, or no more than REPORT_HELD bytes. */
struct text report_bytes_end(struct report_bytes *b);

#endif
