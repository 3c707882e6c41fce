/* What a run has published, for people and panes: an HTML page, Markdown, JUnit. */
#include "base/bounds.h"
#include "base/count.h"
#include "html_internal.h"
#include "html_page.h"
#include "markup.h"
#include "published_internal.h"
#include "records_internal.h"

#define MARKDOWN_ROWS 200 /* a comment of GitHub's takes 65,536 characters */

static void value_markup(struct buf *out, const struct published_row *row,
                         void (*add)(struct buf *out, struct text t))
{
    struct buf value;
    buf_init(&value, RECORDS_VALUE_MAX);
    published_value_add(&value, row);
    add(out, buf_text(&value));
    buf_spend(&value, out);
}

static bool is_good(const struct published_list *list)
{
    for (int i = PUBLISHED_PERSON; i < PUBLISHED_OUTCOMES; i++)
        if (list->counts[i])
            return false;
    return true;
}

static void title_add(struct buf *out, const struct published_list *list)
{
    buf_add_str(out, "mailfrom ");
    markup_add(out, list->verb);
    if (list->run)
        buf_add_fmt(out, " run %llu", (unsigned long long)list->run);
}

/* ---- html ---- */

static void cell_html(struct buf *out, struct text t)
{
    buf_add_str(out, "<td>");
    markup_add_told(out, t);
    buf_add_str(out, "</td>");
}

void published_table_begin(struct buf *out)
{
    static const char *const columns[] = {"outcome", "zone", "name", "type", "value", "reason"};
    buf_add_str(out, "<table>\n<thead><tr>");
    for (size_t i = 0; i < COUNT(columns); i++)
        buf_add_fmt(out, "<th scope=\"col\">%s</th>", columns[i]);
    buf_add_str(out, "</tr></thead>\n<tbody>\n");
}

void published_table_end(struct buf *out)
{
    buf_add_str(out, "</tbody>\n</table>\n");
}

void published_row_add(struct buf *out, const struct published_row *row)
{
    buf_add_str(out, "<tr>");
    const char *outcome = published_outcome_name(row->outcome);
    buf_add_fmt(out, "<td><span class=\"pill %s\">%s</span></td>", outcome, outcome);
    cell_html(out, row->zone);
    cell_html(out, row->name);
    cell_html(out, text_of(records_type_name(row->type)));
    buf_add_str(out, "<td>");
    value_markup(out, row, markup_add);
    buf_add_str(out, "</td>");
    cell_html(out, row->reason);
    buf_add_str(out, "</tr>\n");
}

void published_html(struct sink *sink, const struct published_list *list, bool verbose)
{
    struct buf *out = &sink->buf, title;
    (void)verbose;
    buf_init(&title, LINE_LEN_MAX);
    title_add(&title, list);
    html_page_begin(out, buf_text(&title), TEXT_NONE, TEXT_NONE);
    buf_spend(&title, out);
    buf_add_fmt(out, "<header class=\"%s\">\n<h1>", is_good(list) ? "good" : "open");
    published_counts_add(out, list);
    buf_add_str(out, "</h1>\n<p class=\"facts\">");
    title_add(out, list);
    if (list->started) {
        buf_add_str(out, ", begun at ");
        markup_add_instant(out, list->started);
    }
    buf_add_str(out, ".</p>\n</header>\n<main>\n<section>\n<h2>Record sets</h2>\n");
    scroll_begin(out, "scroll", "record sets");
    published_table_begin(out);
    for (int bad = 1; bad >= 0; bad--)
        for (size_t i = 0; i < list->len && sink_turn(sink); i++) {
            struct published_row row;
            list->at(list->ctx, i, &row);
            if (published_outcome_is_bad(row.outcome) == bad)
                published_row_add(out, &row);
        }
    published_table_end(out);
    scroll_end(out);
    buf_add_str(out, "</section>\n</main>\n");
    html_page_end(out, TEXT("Instants are UTC."), TEXT_NONE);
}

/* ---- markdown ---- */

static void row_markdown(struct buf *out, const struct published_row *row)
{
    buf_add_fmt(out, "| %s | ", published_outcome_name(row->outcome));
    markup_add_code(out, row->zone);
    buf_add_str(out, " | ");
    markup_add_code(out, row->name);
    buf_add_fmt(out, " | %s | ", records_type_name(row->type));
    value_markup(out, row, markup_add_code);
    buf_add_str(out, " | ");
    markup_add_code(out, row->reason);
    buf_add_str(out, " |\n");
}

void published_markdown(struct sink *sink, const struct published_list *list, bool verbose)
{
    struct buf *out = &sink->buf;
    size_t shown = 0;
    (void)verbose;
    buf_add_str(out, "## ");
    title_add(out, list);
    buf_add_str(out, ": ");
    published_counts_add(out, list);
    buf_add_str(out, "\n\n| outcome | zone | name | type | value | reason |\n"
                     "| --- | --- | --- | --- | --- | --- |\n");
    for (int bad = 1; bad >= 0; bad--)
        for (size_t i = 0; i < list->len && shown < MARKDOWN_ROWS && sink_turn(sink); i++) {
            struct published_row row;
            list->at(list->ctx, i, &row);
            if (published_outcome_is_bad(row.outcome) != bad)
                continue;
            row_markdown(out, &row);
            shown++;
        }
    if (shown < list->len)
        buf_add_fmt(out, "\n%zu more are in the other formats.\n", list->len - shown);
}

/* ---- junit ---- */

static void case_junit(struct buf *out, const struct published_row *row)
{
    bool bad = published_outcome_is_bad(row->outcome);
    buf_add_str(out, "<testcase classname=\"");
    markup_add(out, row->zone.len ? row->zone : TEXT("zone not known"));
    buf_add_str(out, "\" name=\"");
    markup_add(out, row->name);
    buf_add_fmt(out, " %s\">", records_type_name(row->type));
    if (bad || row->outcome < PUBLISHED_CREATED) {
        const char *element = bad ? "failure" : "skipped";
        buf_add_fmt(out, "<%s type=\"%s\" message=\"", element,
                    published_outcome_name(row->outcome));
        markup_add(out, row->reason);
        buf_add_fmt(out, "\"></%s>", element);
    }
    buf_add_str(out, "<system-out>");
    value_markup(out, row, markup_add);
    buf_add_str(out, "</system-out></testcase>\n");
}

void published_junit(struct sink *sink, const struct published_list *list, bool verbose)
{
    struct buf *out = &sink->buf;
    uint32_t bad = 0, open = 0;
    (void)verbose;
    for (int i = 0; i < PUBLISHED_OUTCOMES; i++) {
        bad += i >= PUBLISHED_PERSON ? list->counts[i] : 0;
        open += i < PUBLISHED_CREATED ? list->counts[i] : 0;
    }
    buf_add_str(out,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"");
    title_add(out, list);
    buf_add_fmt(out, "\" tests=\"%zu\" failures=\"%u\" errors=\"0\" skipped=\"%u\">\n", list->len,
                bad, open);
    for (size_t i = 0; i < list->len && sink_turn(sink); i++) {
        struct published_row row;
        list->at(list->ctx, i, &row);
        case_junit(out, &row);
    }
    buf_add_str(out, "<system-out>");
    published_counts_add(out, list);
    buf_add_str(out, "</system-out>\n</testsuite>\n</testsuites>\n");
}
