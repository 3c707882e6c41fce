/*
 * The section about DMARC: by what mail passes before and after, and what is missing for more.
 */
#include "html_internal.h"

static void count_cell(struct buf *out, uint32_t count)
{
    buf_add_fmt(out, "<td class=\"number%s\">%u</td>", count ? "" : " zero", count);
}

static void table_begin(struct buf *out, const char *class, const char *label)
{
    scroll_begin(out, "scroll", label);
    buf_add_fmt(out, "<table%s>\n<thead><tr>", class);
}

static void head_cell(struct buf *out, const char *class, const char *words)
{
    buf_add_fmt(out, "<th scope=\"col\"%s>%s</th>", class, words);
}

static void passes_add(struct buf *out, const struct dmarc_sum *d, enum tense tense)
{
    static const enum dmarc_by order[] = {DMARC_BY_BOTH, DMARC_BY_SPF, DMARC_BY_DKIM, DMARC_BY_NONE,
                                          DMARC_BY_UNKNOWN};
    table_begin(out, "", "identities by what they pass DMARC by");
    head_cell(out, "", "passes by");
    head_cell(out, " class=\"number\"", tense == TENSE_RUN ? "before this run" : "now");
    head_cell(out, " class=\"number\"",
              tense == TENSE_RUN        ? "now"
              : tense == TENSE_ROLLBACK ? "after this rollback"
                                        : "after this plan");
    buf_add_str(out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < DMARC_BYS; i++) {
        buf_add_fmt(out, "<tr><td>%s</td>", dmarc_by_words(order[i]));
        count_cell(out, d->before[order[i]]);
        count_cell(out, d->after[order[i]]);
        buf_add_str(out, "</tr>\n");
    }
    buf_add_str(out, "</tbody>\n</table>");
    scroll_end(out);
}

static void lacks_add(struct buf *out, const struct dmarc_sum *d)
{
    table_begin(out, " class=\"stack\"", "what is missing for DMARC");
    head_cell(out, "", "missing now");
    head_cell(out, " class=\"number\"", "identities");
    head_cell(out, "", "what helps");
    buf_add_str(out, "</tr></thead>\n<tbody>\n");
    for (unsigned i = 0; i < DMARC_LACKS; i++) {
        enum dmarc_lack bit = (enum dmarc_lack)(1u << i);
        if (!d->lacks[i])
            continue;
        buf_add_fmt(out, "<tr><td class=\"short\">%s%s</td>", dmarc_lack_name(bit),
                    bit & DMARC_UNKNOWN_ANY ? " (not known)" : "");
        count_cell(out, d->lacks[i]);
        buf_add_fmt(out, "<td class=\"long\">%s</td></tr>\n", dmarc_lack_help(bit));
    }
    buf_add_str(out, "</tbody>\n</table>");
    scroll_end(out);
}

void dmarc_add(struct buf *out, const struct report_sum *sum)
{
    const struct dmarc_sum *d = &sum->dmarc;
    uint32_t lacks = 0;
    for (unsigned i = 0; i < DMARC_LACKS; i++)
        lacks += d->lacks[i];
    if (!dmarc_sum_is_known(d))
        return;
    buf_add_str(out, "<section>\n<h2>DMARC</h2>\n");
    passes_add(out, d, sum->tense);
    if (lacks)
        lacks_add(out, d);
    buf_add_str(out, "</section>\n");
}
