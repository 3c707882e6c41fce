/*
 * Markdown for a pull-request comment: verdict, counts, rows in need of attention first, the others
 * folded by kind. GitHub takes 65,536 characters; the writer stays under MARKDOWN_MAX for every
 * fleet: as many rows as fit are named, the rest counted.
 */
#include "group.h"

#include "base/bounds.h"
#include "base/count.h"
#include "base/plural.h"
#include "markup.h"

#include <ctype.h>

#define OPEN_ROWS_MAX                                                                              \
    10 /* an outcome with at most so many rows is shown unfolded, each row with its reason */

static_assert(OPEN_ROWS_MAX <= GROUP_EXAMPLES, "a group knows that many of its rows");

/* The listed alarms and standings, worst first; others are counted. A row with an alarm is
 * listed in the alarm's section only. */
struct markdown_section {
    enum standing standing; /* ALARM_NONE */
    const char *more;       /* behind its words */
    enum row_alarm alarm;
};

static const struct markdown_section sections[] = {
    {.alarm = ALARM_REJECTING},
    {STANDING_FAILED, "", ALARM_NONE},
    {STANDING_EXPIRED, ": DNS or SES was not ready in time", ALARM_NONE},
    {STANDING_DRIFTED, ": changed by another operator, not touched", ALARM_NONE},
    {STANDING_REFUSED, " before any write", ALARM_NONE},
    {.alarm = ALARM_AILING},
    {STANDING_FOR_DNS, "", ALARM_NONE},
    {STANDING_FOR_SES, "", ALARM_NONE},
    {STANDING_FOR_WAVE, "", ALARM_NONE},
    {STANDING_IN_PROGRESS, "", ALARM_NONE},
    {STANDING_DONE, "", ALARM_NONE},
};

#define SECTIONS_LEN (COUNT(sections))

struct comment {
    struct report report;
    struct buf *out;
    struct report_sum sum;
    struct groups groups;
};

/* A part gets a share of the remaining room; unused room goes to later parts. */
static size_t limit_of(const struct buf *out, size_t parts_left)
{
    const size_t most = MARKDOWN_MAX - MARKDOWN_ROW_MAX - MARKDOWN_TAIL_MAX;
    return out->len < most ? out->len + (most - out->len) / parts_left : out->len;
}

static void cell_add(struct buf *out, struct text t)
{
    buf_add_str(out, "| ");
    markup_add_code(out, t);
    buf_add_char(out, ' ');
}

static struct text or_default(struct text mail_from)
{
    return mail_from.len ? mail_from : TEXT("default");
}

static void lane_add(struct comment *c, uint16_t lane)
{
    const struct fleet *f = c->report.fleet;
    cell_add(c->out, names_text(&f->names, f->accounts[f->lanes[lane].account].name));
    cell_add(c->out, names_text(&f->names, f->lanes[lane].region));
}

/* With what people call an internationalized name. */
static void identity_add(struct comment *c, uint32_t row)
{
    struct text identity = fleet_identity(c->report.fleet, row);
    struct buf unicode;
    cell_add(c->out, identity);
    buf_init(&unicode, LINE_LEN_MAX);
    if (identity_unicode_add(&unicode, identity)) {
        markup_add_code(c->out, buf_text(&unicode));
        buf_add_char(c->out, ' ');
    }
    buf_spend(&unicode, c->out);
}

/* Behind the reason, or in a cell of their own: each warning of the row with its sentence. */
static void warnings_add(struct comment *c, const struct group_example *e, bool behind)
{
    struct text warned = names_text(&c->groups.names, e->warned);
    buf_add_str(c->out, behind ? "" : "| ");
    while (warned.len) {
        buf_add_str(c->out, "**warning** ");
        markup_add_code(c->out, text_cut(&warned, '\n'));
        buf_add_char(c->out, ' ');
    }
}

/* Rows of one group. with_all: also account, Region and reason; a folded group has the three in its
 * head. Returns the number of rows written. */
static uint32_t examples_add(struct comment *c, const struct group *g, bool with_all, size_t limit)
{
    uint32_t added = 0;
    for (; added < group_examples(g) && c->out->len < limit; added++) {
        const struct group_example *e = &g->examples[added];
        identity_add(c, e->row);
        if (with_all)
            lane_add(c, g->lane);
        buf_add_str(c->out, "| ");
        if (g->action != ACTION_NONE) {
            markup_add_code(c->out, or_default(names_text(&c->groups.names, e->before)));
            buf_add_str(c->out, " \xe2\x86\x92 ");
        }
        markup_add_code(c->out, or_default(fleet_mail_from(c->report.fleet, e->row)));
        buf_add_char(c->out, ' ');
        if (with_all)
            cell_add(c->out, names_text(&c->groups.names, e->reason));
        if (with_all || g->warnings)
            warnings_add(c, e, with_all);
        struct buf scratch;
        buf_init(&scratch, LINE_LEN_MAX);
        cell_add(c->out, fleet_source(c->report.fleet, e->row, &scratch));
        buf_spend(&scratch, c->out);
        buf_add_str(c->out, "|\n");
    }
    return added;
}

static void more_add(struct comment *c, uint32_t more)
{
    if (more)
        buf_add_fmt(c->out, "\nAnd %u more, in the CSV and JSON reports.\n", more);
}

static bool is_in(const struct markdown_section *section, const struct group *g)
{
    return g->alarm == section->alarm && (g->alarm || g->standing == section->standing);
}

static uint32_t section_rows(const struct comment *c, const struct markdown_section *section)
{
    enum standing s = section->standing;
    return section->alarm ? c->sum.by_alarm[section->alarm]
                          : c->sum.by_standing[s] - c->sum.apart[s];
}

static void open_section_add(struct comment *c, const struct markdown_section *section,
                             size_t limit)
{
    uint32_t added = 0;
    buf_add_str(c->out, "| identity | account | Region | MAIL FROM | reason | source |\n"
                        "| --- | --- | --- | --- | --- | --- |\n");
    for (uint32_t i = 0; i < c->groups.len; i++)
        if (is_in(section, &c->groups.list[i]))
            added += examples_add(c, &c->groups.list[i], true, limit);
    more_add(c, section_rows(c, section) - added);
}

static void code_add(struct buf *out, struct text t)
{
    if (t.len == 0)
        return;
    buf_add_str(out, " <code>");
    markup_add(out, text_slice(t, 0, MARKDOWN_CELL_MAX));
    buf_add_str(out, t.len > MARKDOWN_CELL_MAX ? "\xe2\x80\xa6</code>" : "</code>");
}

static void kind_places_add(struct comment *c, uint32_t i)
{
    struct buf accounts, regions;
    buf_init(&accounts, NAME_LEN_MAX);
    buf_init(&regions, NAME_LEN_MAX);
    kind_accounts_add(&c->groups, i, &accounts);
    kind_regions_add(&c->groups, i, &regions);
    code_add(c->out, buf_text(&accounts));
    code_add(c->out, buf_text(&regions));
    buf_spend(&accounts, c->out);
    buf_spend(&regions, c->out);
}

static void folded_section_add(struct comment *c, const struct markdown_section *section,
                               size_t limit)
{
    uint32_t left = section_rows(c, section);
    for (uint32_t i = 0; i < c->groups.len && c->out->len < limit;
         i += groups_of_kind(&c->groups, i)) {
        const struct group *g = &c->groups.list[i];
        if (!is_in(section, g))
            continue;
        buf_add_fmt(c->out, "<details><summary><b>%u</b> %s", g->kind_count,
                    action_name(g->action));
        buf_add_str(c->out, g->rejects ? ", REJECT_MESSAGE" : "");
        kind_places_add(c, i);
        if (group_rule(g).len)
            buf_add_fmt(c->out, " <b>" TEXT_FMT "</b>", TEXT_ARG(group_rule(g)));
        code_add(c->out, group_reason(&c->groups, g));
        if (g->warnings) {
            buf_add_str(c->out, " <b>warning: ");
            group_warnings(g, c->out);
            buf_add_str(c->out, "</b>");
        }
        buf_add_str(c->out, g->warnings
                                ? "</summary>\n\n| identity | MAIL FROM | warnings | source |\n"
                                  "| --- | --- | --- | --- |\n"
                                : "</summary>\n\n| identity | MAIL FROM | source |\n"
                                  "| --- | --- | --- |\n");
        more_add(c, g->kind_count - examples_add(c, g, false, limit));
        buf_add_str(c->out, "\n</details>\n");
        left -= g->kind_count;
    }
    more_add(c, left);
}

static void section_add(struct comment *c, size_t i)
{
    const struct markdown_section *section = &sections[i];
    size_t limit = limit_of(c->out, SECTIONS_LEN - i);
    uint32_t rows = section_rows(c, section);
    if (rows == 0)
        return;
    const char *words = standing_words(section->standing, c->sum.tense);
    if (section->alarm)
        buf_add_fmt(c->out, "\n### %s", row_alarm_title(section->alarm));
    else
        buf_add_fmt(c->out, "\n### %c%s%s", toupper((unsigned char)*words), words + 1,
                    section->more);
    buf_add_fmt(c->out, " (%u)\n\n", rows);
    if (rows <= OPEN_ROWS_MAX && section->standing != STANDING_DONE)
        open_section_add(c, section, limit);
    else
        folded_section_add(c, section, limit);
}

static void lane_counts_add(struct comment *c, uint16_t lane)
{
    uint32_t whole = 0;
    lane_add(c, lane);
    for (int s = STANDING_UNCHANGED; s < STANDINGS; s++) {
        whole += c->sum.by_lane[lane].by_standing[s];
        if (c->sum.by_standing[s])
            buf_add_fmt(c->out, "| %u ", c->sum.by_lane[lane].by_standing[s]);
    }
    buf_add_fmt(c->out, "| %u |\n", whole);
}

/* By account and Region, where there is more than one. */
static void lanes_add(struct comment *c)
{
    uint32_t len = c->report.fleet->lanes_len, lane = 0;
    size_t limit = limit_of(c->out, 4);
    if (len < 2)
        return;
    buf_add_fmt(c->out,
                "\n<details><summary>%u accounts and Regions</summary>\n\n"
                "| account | Region |",
                len);
    for (int s = STANDING_UNCHANGED; s < STANDINGS; s++)
        if (c->sum.by_standing[s])
            buf_add_fmt(c->out, " %s |", standing_words((enum standing)s, c->sum.tense));
    buf_add_str(c->out, " identities |\n| --- | --- |");
    for (int s = STANDING_UNCHANGED; s < STANDINGS; s++)
        buf_add_str(c->out, c->sum.by_standing[s] ? " ---: |" : "");
    buf_add_str(c->out, " ---: |\n");
    for (; lane < len && c->out->len < limit; lane++)
        lane_counts_add(c, (uint16_t)lane);
    if (lane < len)
        buf_add_fmt(c->out, "\nAnd %u more.\n", len - lane);
    buf_add_str(c->out, "\n</details>\n");
}

static bool row_count(void *ctx, const struct report_row *row)
{
    struct comment *c = ctx;
    report_sum_add(&c->sum, row);
    groups_add(&c->groups, row);
    return true;
}

/* The sentence, and behind a fold what is missing for more. */
static void dmarc_add(struct comment *c)
{
    const struct dmarc_sum *d = &c->sum.dmarc;
    uint32_t lacks = 0;
    if (!dmarc_sum_is_known(d))
        return;
    buf_add_char(c->out, '\n');
    report_dmarc(&c->sum, c->out);
    buf_add_char(c->out, '\n');
    for (unsigned i = 0; i < DMARC_LACKS; i++)
        lacks += d->lacks[i];
    if (lacks == 0)
        return;
    buf_add_str(c->out, "\n<details><summary>what is missing now for DMARC</summary>\n\n"
                        "| missing | identities | what helps |\n| --- | ---: | --- |\n");
    for (unsigned i = 0; i < DMARC_LACKS; i++) {
        enum dmarc_lack bit = (enum dmarc_lack)(1u << i);
        if (d->lacks[i])
            buf_add_fmt(c->out, "| %s%s | %u | %s |\n", dmarc_lack_name(bit),
                        bit & DMARC_UNKNOWN_ANY ? " (not known)" : "", d->lacks[i],
                        dmarc_lack_help(bit));
    }
    buf_add_str(c->out, "\n</details>\n");
}

static void comment_write(struct comment *c)
{
    const struct report_head *head = c->report.head;
    buf_add_str(c->out, "## mailfrom ");
    report_title_add(head, c->out);
    buf_add_str(c->out, "\n\n**");
    report_verdict(&c->sum, c->out);
    buf_add_str(c->out, "**\n");
    dmarc_add(c);
    if (wave_tally_goes_on(&c->sum.wave) && !head->is_over) {
        buf_add_str(c->out, "\nNow ");
        wave_tally_told(&c->sum.wave, 0, c->out);
        buf_add_str(c->out, ".\n");
    }
    if (c->report.head->lost.len)
        buf_add_fmt(c->out,
                    "\n**The journal %s lost records of this run: " TEXT_FMT
                    ". Rows may lack what was written last.**\n",
                    c->report.head->lost_is_suspected ? "may have" : "has",
                    TEXT_ARG(c->report.head->lost));
    if (head->selection.len) {
        buf_add_str(c->out, "\nSelected by ");
        cell_add(c->out, head->selection);
        buf_add_str(c->out, ".\n");
    }
    section_add(c, 0); /* mail rejected now comes first */
    buf_add_str(c->out, "\n| outcome | identities |\n| --- | ---: |\n");
    for (int s = STANDING_UNCHANGED; s < STANDINGS; s++)
        if (c->sum.by_standing[s])
            buf_add_fmt(c->out, "| %s | %u |\n", standing_words((enum standing)s, c->sum.tense),
                        c->sum.by_standing[s]);
    if (c->sum.tense == TENSE_RUN)
        buf_add_fmt(c->out, "\n%llu %s to SES.\n", (unsigned long long)c->sum.writes,
                    plural(c->sum.writes, "write", "writes"));
    lanes_add(c);
    for (size_t i = 1; i < SECTIONS_LEN; i++)
        section_add(c, i);
}

static enum err comment_begin(void *state, const struct report *report, struct why *why)
{
    struct comment *c = state;
    c->report = *report;
    c->out = &report->out->buf;
    enum err err = report_sum_init(&c->sum, report->fleet, report->head->tense, why);
    return err == OK ? groups_init(&c->groups, why) : err;
}

static enum err comment_end(void *state, struct why *why)
{
    struct comment *c = state;
    if (c->groups.failed)
        return why_set(why, ERR_NOMEM, "out of memory");
    groups_sort(&c->groups);
    comment_write(c);
    return OK;
}

static void comment_clear(void *state)
{
    struct comment *c = state;
    groups_clear(&c->groups);
    report_sum_clear(&c->sum);
}

const struct report_format markdown_format = {
    "markdown", sizeof(struct comment), comment_begin, row_count, comment_end, comment_clear};
