/*
 * What every page that is a file begins and ends with: its language, its policy, its style, and the
 * script that tells instants in the reader's time (html_time.js).
 */
#ifndef MF_HTML_PAGE_H
#define MF_HTML_PAGE_H

#include "base/buf.h"

/* Up to the body's opening tag. style, script: of the page itself, beside those of all; empty: it
 * has none. The policy names both scripts by their hash, so no other script can run, whatever a
 * text from outside holds. Without memory *out fails. */
void html_page_begin(struct buf *out, struct text title, struct text style, struct text script);
/* After footer, a sentence; empty: there is none. */
void html_page_end(struct buf *out, struct text footer, struct text script);

#endif
