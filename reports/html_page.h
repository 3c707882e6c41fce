/*
 * What every page that is a file begins and ends with: its language, its policy, its style, and the
 * script that tells instants in the reader's time (html_time.js).
 */
#ifndef MF_HTML_PAGE_H
#define MF_HTML_PAGE_H

#include "base/buf.h"

struct html_page {
    struct text title;
    struct text style;  /* of this page, after that of all; empty: none */
    struct text script; /* likewise */
};

/* Up to the body's opening tag. The policy names each script by its hash, so no other one can run,
 * whatever a text from outside holds. Without memory *out fails. */
void html_page_begin(struct buf *out, const struct html_page *page);
/* footer: sentences; empty: there is none. */
void html_page_end(struct buf *out, const struct html_page *page, struct text footer);

#endif
