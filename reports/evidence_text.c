/* Evidence for a terminal of 80 columns: the verdict, the domains, and who still fails. */
#include "evidence_internal.h"

#include "base/bounds.h"
#include "base/escape.h"
#include "base/plural.h"

#include <stdio.h>
#include <stdlib.h>

#define WIDTH         80
#define DOMAINS_SHOWN 40 /* without --verbose; those come first that need a look */
#define SENDERS_SHOWN 10

/* Breaks at blanks; what follows the first line is indented. */
static void wrapped_add(struct buf *out, size_t indent, struct text safe)
{
    for (size_t line = 0; safe.len; line++) {
        struct text part = text_cut_line(&safe, WIDTH - (line ? indent : 0));
        buf_add_fmt(out, "%*s" TEXT_FMT "\n", line ? (int)indent : 0, "", TEXT_ARG(part));
    }
}

/* Behind a column's width of blanks. */
static void cell_add(struct buf *out, size_t width, const struct buf *cell)
{
    size_t columns = text_columns(buf_text(cell));
    buf_add_fmt(out, "%*s" TEXT_FMT, columns < width ? (int)(width - columns) : 0, "",
                TEXT_ARG(buf_text(cell)));
}

static void number_cell(struct buf *out, size_t width, uint64_t n)
{
    struct buf cell;
    buf_init(&cell, 64);
    number_add(&cell, n);
    cell_add(out, width, &cell);
    buf_spend(&cell, out);
}

static void share_cell(struct buf *out, size_t width, uint64_t part, uint64_t whole)
{
    struct buf cell;
    buf_init(&cell, 64);
    share_add(&cell, part, whole);
    cell_add(out, width, &cell);
    buf_spend(&cell, out);
}

/* A name that is too long for its column has a line of its own. */
static void name_cell(struct buf *out, size_t width, struct text name)
{
    struct buf safe;
    buf_init(&safe, LINE_LEN_MAX);
    escape_terminal(&safe, name.len ? name : TEXT("(no name)"));
    size_t columns = text_columns(buf_text(&safe));
    buf_add_text(out, buf_text(&safe));
    if (columns > width)
        buf_add_fmt(out, "\n%*s", (int)width, "");
    else
        buf_add_fmt(out, "%*s", (int)(width - columns), "");
    buf_spend(&safe, out);
}

static void compared_row(struct buf *out, const struct evidence *e, const struct mail_domain *d)
{
    const struct mail_counts *before = &d->ses[PHASE_BEFORE], *after = &d->ses[PHASE_AFTER];
    name_cell(out, 22, tally_name(e->tally, d));
    number_cell(out, 10, before->messages);
    share_cell(out, 7, before->spf, before->messages);
    number_cell(out, 10, after->messages);
    share_cell(out, 7, after->spf, after->messages);
    share_cell(out, 7, mail_counts_pass(after), after->messages);
    buf_add_fmt(out, "  %s\n", comparison_words(mail_compare(d)));
}

static void whole_row(struct buf *out, const struct evidence *e, const struct mail_domain *d)
{
    name_cell(out, 34, tally_name(e->tally, d));
    number_cell(out, 11, d->all.messages);
    share_cell(out, 8, d->all.spf, d->all.messages);
    share_cell(out, 8, d->all.dkim, d->all.messages);
    share_cell(out, 8, mail_counts_pass(&d->all), d->all.messages);
    number_cell(out, 11, d->others.messages);
    buf_add_char(out, '\n');
}

/* Of a run, only what it has written to; the rest is counted. */
static bool is_listed(const struct evidence *e, const struct mail_domain *d)
{
    return e->shows_all || (e->run ? d->change.written > 0 : d->all.messages > 0);
}

static void domains_text(struct sink *sink, const struct evidence *e)
{
    struct buf *out = &sink->buf;
    const struct tally *t = e->tally;
    uint32_t shown = 0, more = 0;
    for (uint32_t i = 1; i < t->domains_len && sink_turn(sink); i++) {
        const struct mail_domain *d = &t->domains[i];
        if (!is_listed(e, d) || (!e->shows_all && shown == DOMAINS_SHOWN)) {
            more++;
            continue;
        }
        if (shown++ == 0)
            buf_add_str(out, e->run ? "\n                          before           "
                                      " after\n"
                                      "From domain             messages    SPF  messages    SPF"
                                      "  DMARC  verdict\n"
                                    : "\nFrom domain                          messages     SPF"
                                      "    DKIM   DMARC     others\n");
        if (e->run)
            compared_row(out, e, d);
        else
            whole_row(out, e, d);
    }
    if (more && shown)
        buf_add_fmt(out, "... and %u more %s; --verbose shows all, and a report has all\n", more,
                    plural(more, "domain", "domains"));
}

static enum err senders_text(struct buf *out, const struct evidence *e, struct why *why)
{
    uint32_t *list, len, more;
    struct buf line;
    if (!senders_pick(e, e->shows_all ? UINT32_MAX : SENDERS_SHOWN, &list, &len, &more))
        return why_set(why, ERR_NOMEM, "out of memory");
    buf_init(&line, LINE_LEN_MAX);
    if (len)
        buf_add_str(out, e->run ? "\nStill not aligned by SPF:\n" : "\nNot aligned by SPF:\n");
    for (uint32_t i = 0; i < len; i++) {
        buf_reset(&line);
        buf_add_str(&line, "- ");
        sender_tell(&line, e, &e->tally->senders[list[i]], escape_terminal);
        wrapped_add(out, 2, buf_text(&line));
    }
    if (more)
        buf_add_fmt(out, "... and %u more; --verbose shows all\n", more);
    buf_spend(&line, out);
    free(list);
    return OK;
}

static void rules_tell(struct buf *out, const struct evidence *e)
{
    const struct mail_domain *whole = &e->tally->domains[0];
    static const char *const words[SES_RULES] = {
        [RULE_DKIM] = " by DKIM of amazonses.com",
        [RULE_SPF_DEFAULT] = " by SPF of amazonses.com",
        [RULE_SPF_CUSTOM] = " by SPF of a custom MAIL FROM",
    };
    const char *between = "Known as mail of SES: ";
    for (int rule = 0; rule < SES_RULES; rule++) {
        if (!whole->by_rule[rule])
            continue;
        buf_add_str(out, between);
        number_add(out, whole->by_rule[rule]);
        buf_add_str(out, words[rule]);
        between = ", ";
    }
    if (whole->all.messages)
        buf_add_str(out, ". ");
    buf_add_str(out, "Others: ");
    number_add(out, whole->others.messages);
    if (whole->others.messages) {
        buf_add_str(out, ", of which ");
        share_add(out, mail_counts_pass(&whole->others), whole->others.messages);
        buf_add_str(out, " pass DMARC");
    }
    buf_add_str(out, ".");
}

enum err evidence_text(struct sink *sink, const struct evidence *e, struct why *why)
{
    struct buf *out = &sink->buf, line;
    buf_init(&line, LINE_LEN_MAX);
    evidence_verdict_add(&line, e);
    wrapped_add(out, 0, buf_text(&line));
    buf_reset(&line);
    evidence_outcomes_add(&line, e);
    if (line.len) {
        buf_add_char(&line, '.');
        buf_add_str(out, "Domains: ");
        wrapped_add(out, 0, buf_text(&line));
    }
    domains_text(sink, e);
    enum err err = senders_text(out, e, why);
    buf_reset(&line);
    buf_add_char(out, '\n');
    rules_tell(&line, e);
    wrapped_add(out, 0, buf_text(&line));
    buf_reset(&line);
    buf_add_str(&line, "Read: ");
    evidence_read_add(&line, e);
    buf_add_char(&line, '.');
    evidence_left_out_add(&line, e);
    wrapped_add(out, 0, buf_text(&line));
    buf_spend(&line, out);
    return err;
}
