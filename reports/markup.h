/*
 * Text from outside made safe inside HTML, XML and Markdown. For this room only.
 */
#ifndef MF_MARKUP_H
#define MF_MARKUP_H

#include "base/buf.h"
#include "base/when.h"

/* As the text of an element or the value of a quoted attribute, in HTML5 and XML 1.0. Line breaks
 * and tabs become blanks; bytes outside UTF-8, control characters, characters for the reading
 * direction and characters forbidden by XML 1.0 become U+FFFD. */
void markup_add(struct buf *out, struct text t);

/* The same in HTML5, where instants are elements of their own, which html_time.js tells in the
 * reader's time: "2026-05-20T08:30:00Z". */
void markup_add_told(struct buf *out, struct text t);
void markup_add_instant(struct buf *out, instant_us at); /* nothing for 0 and for WHEN_NEVER */

/* As a code span of GitHub's Markdown, fit for a table cell: inside one there is no markup, no
 * link, no mention. Cut after MARKDOWN_CELL_MAX bytes. Nothing at all for the empty text. */
void markup_add_code(struct buf *out, struct text t);

#endif
