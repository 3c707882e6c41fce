/*
 * For the writers of due_*.c: words that more than one of them needs.
 */
#ifndef MF_DUE_INTERNAL_H
#define MF_DUE_INTERNAL_H

#include "due.h"
#include "records_internal.h"

typedef void due_writer(struct sink *out, const struct due_list *list,
                        const struct due_style *style);
due_writer due_text_write, due_csv_write, due_json_write, due_html_write;

#define DUE_VALUE_MAX 200 /* bytes of a value that are shown to a person; its file has all */

/* The record set of an item; until the next call. */
void due_set(const struct due_list *list, const struct due_item *item, struct records_set *set);
/* One printable line: the value to publish, with what it replaces; or what blocks it. */
void due_value_add(struct buf *out, const struct due_item *item, const struct records_set *set);
/* "3 missing, 1 blocked"; what is published is left out. */
void due_counts_add(struct buf *out, const uint32_t counts[DUE_STATES]);
/* "asked for since 2026-05-20T08:30:00Z (3 d), deadline 2026-05-21T08:30:00Z (in 12 h)" */
void due_times_add(struct buf *out, const struct due_list *list, const struct due_zone *zone);
/* The sentence over all: "3 records are due in 2 zones: ..." */
void due_verdict_add(struct buf *out, const struct due_list *list);
/* Where a group of zones begins: its name, or empty. */
struct text due_group(const struct due_list *list, uint32_t zone);

#endif
