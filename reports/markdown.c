/*
 * Markdown for a pull-request comment: verdict, counts, what needs attention first. GitHub takes
 * 65,536 characters; this stays under MARKDOWN_MAX whatever the fleet, by naming as many rows as
 * fit and counting the rest.
 */
#include "row.h"

#include "limits.h"
#include "markup.h"

/* The groups that are listed, worst first. */
static const struct {
    enum outcome outcome;
    const char *title;
} groups[] = {
    {OUTCOME_FAILED, "Failed"},
    {OUTCOME_EXPIRED, "Expired: DNS or SES was not ready in time"},
    {OUTCOME_DRIFTED, "Drifted: changed by somebody else, not touched"},
    {OUTCOME_REFUSED, "Refused before any write"},
    {OUTCOME_WAITING_DNS, "Waiting for DNS"},
    {OUTCOME_PENDING, "Pending at SES"},
    {OUTCOME_PLANNED, "Planned"},
};

#define GROUPS_LEN (sizeof groups / sizeof groups[0])

struct page {
    struct buf *out;
    enum outcome group;
    uint32_t listed;
    size_t limit; /* of out->len when another row is begun */
};

/* A group gets its share of the room that is left; what it does not need the later ones have. */
static size_t limit_of(const struct buf *out, size_t groups_left)
{
    const size_t most = MARKDOWN_MAX - MARKDOWN_ROW_MAX - MARKDOWN_TAIL_MAX;
    return out->len < most ? out->len + (most - out->len) / groups_left : out->len;
}

static bool row_add(void *ctx, const struct report_row *row)
{
    struct page *page = ctx;
    struct buf *out = page->out;
    if (row->outcome_kind != page->group)
        return true;
    if (out->len >= page->limit)
        return false;
    const struct text cells[] = {row->identity, row->account, row->region, row->mail_from_after,
                                 row->reason};
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        buf_add_str(out, "| ");
        markup_add_code(out, cells[i]);
        buf_add_char(out, ' ');
    }
    buf_add_str(out, "|\n");
    page->listed++;
    return true;
}

static enum err group_add(const struct report *report, const struct report_sum *sum, size_t group,
                          struct why *why)
{
    struct buf *out = &report->out->buf;
    struct page page = {out, groups[group].outcome, 0, limit_of(out, GROUPS_LEN - group)};
    uint32_t count = sum->by_outcome[page.group];
    if (count == 0)
        return OK;
    buf_add_fmt(out,
                "\n### %s (%u)\n\n| identity | account | Region | MAIL FROM | reason |\n"
                "| --- | --- | --- | --- | --- |\n",
                groups[group].title, count);
    enum err err = report_rows(report, row_add, &page, why);
    if (page.listed < count)
        buf_add_fmt(out, "\nAnd %u more, in the CSV and JSON reports.\n", count - page.listed);
    return err;
}

static void counts_add(struct buf *out, const struct report_sum *sum)
{
    buf_add_str(out, "\n| outcome | identities |\n| --- | ---: |\n");
    for (int o = OUTCOME_UNCHANGED; o < OUTCOMES; o++)
        if (sum->by_outcome[o])
            buf_add_fmt(out, "| %s | %u |\n", outcome_name((enum outcome)o), sum->by_outcome[o]);
    buf_add_fmt(out, "\n%llu writes, %llu calls.\n", (unsigned long long)sum->writes,
                (unsigned long long)sum->calls);
}

enum err markdown_write(const struct report *report, struct why *why)
{
    struct report_sum sum;
    struct buf *out = &report->out->buf;
    enum err err = report_sum_make(&sum, report, why);
    if (err == OK) {
        buf_add_fmt(out, "## mailfrom " TEXT_FMT ", run %llu\n\n**", TEXT_ARG(report->head->verb),
                    (unsigned long long)report->head->run);
        report_verdict(&sum, out);
        buf_add_str(out, "**\n");
        counts_add(out, &sum);
    }
    for (size_t i = 0; err == OK && i < GROUPS_LEN; i++)
        err = group_add(report, &sum, i, why);
    report_sum_clear(&sum);
    return err;
}
