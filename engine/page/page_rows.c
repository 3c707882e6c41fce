/*
 * The search behind /api/rows: a pass over all rows of the snapshot, which are a few million bytes
 * at most for the fleets that a page can show. Pure.
 */
#include "base/json_out.h"
#include "base/percent.h"
#include "page_internal.h"

struct text page_field(struct text fields, const char *name, struct arena *arena)
{
    while (fields.len) {
        struct text value = text_cut(&fields, '&');
        if (text_eq(text_cut(&value, '='), text_of(name)))
            return percent_decode(value, true, arena);
    }
    return TEXT_NONE;
}

const char *page_search_read(struct page_search *s, struct text query, struct arena *arena)
{
    *s = (struct page_search){.limit = PAGE_ROWS_USUAL};
    s->words = text_trim(page_field(query, "q", arena));
    s->state = page_field(query, "state", arena);
    struct text from = page_field(query, "from", arena), limit = page_field(query, "limit", arena);
    uint64_t number = PAGE_ROWS_USUAL;
    if (s->words.len > PAGE_SEARCH_MAX || s->state.len > PAGE_SEARCH_MAX)
        return "q and state have at most 320 bytes";
    if (from.len && !text_to_u64(from, &s->from))
        return "from is not a number";
    if (limit.len && (!text_to_u64(limit, &number) || number == 0))
        return "limit is not a number from 1 on";
    s->limit = number < PAGE_ROWS_MAX ? (uint32_t)number : PAGE_ROWS_MAX;
    return NULL;
}

static bool holds(struct text t, struct text word)
{
    if (word.len > t.len)
        return false;
    char first = char_lower(word.at[0]);
    for (size_t i = 0; i <= t.len - word.len; i++)
        if (char_lower(t.at[i]) == first && text_eq_nocase(text_slice(t, i, i + word.len), word))
            return true;
    return false;
}

bool page_row_fits(const struct page_row *row, const struct page_search *s)
{
    if (s->state.len && !text_eq(s->state, row->state))
        return false;
    struct text words = s->words;
    while (words.len) {
        struct text word = text_cut(&words, ' ');
        if (word.len && !holds(row->identity, word) && !holds(row->mail_from, word) &&
            !holds(row->account, word) && !holds(row->region, word) && !holds(row->reason, word))
            return false;
    }
    return true;
}

static void row_write(struct json_out *j, const struct page_snapshot *s, uint32_t i,
                      struct buf *html)
{
    const struct page_row *row = &s->rows[i];
    json_add_object(j, NULL);
    json_add_text(j, "identity", row->identity);
    json_add_text(j, "account", row->account);
    json_add_text(j, "region", row->region);
    json_add_text(j, "mail_from", row->mail_from);
    json_add_text(j, "state", row->state);
    json_add_text(j, "reason", row->reason);
    if (s->row_html)
        s->row_html(s, i, html);
    json_end(j);
}

void page_rows_write(struct buf *out, const struct page_snapshot *snapshot,
                     const struct page_search *s)
{
    struct json_out j;
    struct buf html;
    char at[WHEN_LEN];
    uint64_t found = 0;
    uint32_t written = 0;
    buf_init(&html, PAGE_ANSWER_BYTES);
    json_init(&j, out);
    json_add_object(&j, NULL);
    json_add_word(&j, "at", when_format_ms(snapshot->at, at));
    json_add_u64(&j, "total", snapshot->rows_len);
    json_add_u64(&j, "from", s->from);
    json_add_array(&j, "rows");
    for (uint32_t i = 0; i < snapshot->rows_len; i++) {
        if (!page_row_fits(&snapshot->rows[i], s))
            continue;
        /* Short of the bound by as much as one row may have. */
        bool has_room = out->len + html.len < PAGE_ANSWER_BYTES / 2;
        if (found++ >= s->from && written < s->limit && has_room) {
            row_write(&j, snapshot, i, &html);
            written++;
        }
    }
    json_end(&j);
    json_add_u64(&j, "found", found);
    if (snapshot->row_html)
        json_add_text(&j, "html", buf_text(&html));
    json_end(&j);
    out->failed = out->failed || html.failed;
    buf_clear(&html);
}
