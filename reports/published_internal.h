/*
 * For the writers of published*.c.
 */
#ifndef MF_PUBLISHED_INTERNAL_H
#define MF_PUBLISHED_INTERNAL_H

#include "base/json_out.h"
#include "published.h"
#include "sink.h"

typedef void published_writer(struct sink *out, const struct published_list *list, bool verbose);
published_writer published_html, published_markdown, published_junit;

/* A table of HTML: the head, a row, the end. */
void published_table_begin(struct buf *out);
void published_row_add(struct buf *out, const struct published_row *row);
void published_table_end(struct buf *out);

/* As a zone file has it: "10 feedback-smtp.us-east-1.amazonses.com.". */
void published_value_add(struct buf *out, const struct published_row *row);

/* The member record_sets of an open object. */
void published_json_add(struct json_out *j, struct sink *out, const struct published_list *list);

#endif
