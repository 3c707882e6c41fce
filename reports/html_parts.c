/*
 * The parts of a page that are made of all rows: the facts behind them, the verdict on top, the
 * pictures. A report (html.c) has them once, a live page (live_parts.c) again and again.
 */
#include "html_internal.h"

#include "base/count.h"
#include "base/plural.h"
#include "markup.h"

struct moves_counting {
    struct history_fold history;
    struct waiting_fold *waiting;
};

static bool move_count(void *ctx, const struct record *move)
{
    struct moves_counting *m = ctx;
    history_take(&m->history, move);
    waiting_move(m->waiting, move);
    return true;
}

static enum err moves_read(struct html_facts *facts, const struct report *report, struct why *why)
{
    struct moves_counting m = {.waiting = &facts->waiting_fold};
    enum err err = history_begin(&m.history, &facts->history, report, why);
    if (err == OK)
        err = report->source->moves(report->source->ctx, move_count, &m, why);
    history_end(&m.history);
    return err;
}

enum err html_facts_begin(struct html_facts *facts, const struct report *report, struct why *why)
{
    *facts = (struct html_facts){.groups = {.len = 0}};
    enum err err = report_sum_init(&facts->sum, report->fleet, report->head->tense, why);
    if (err == OK)
        err = groups_init(&facts->groups, why);
    if (err == OK)
        err = waiting_begin(&facts->waiting_fold, &facts->waiting, report->fleet, waiting_parent,
                            NULL, why);
    return err == OK ? moves_read(facts, report, why) : err;
}

void html_facts_row(struct html_facts *facts, const struct report_row *row)
{
    report_sum_add(&facts->sum, row);
    groups_add(&facts->groups, row);
    waiting_row(&facts->waiting_fold, row->number, row->state, row->mail_from_after, row->deadline);
}

enum err html_facts_end(struct html_facts *facts, struct why *why)
{
    if (facts->groups.failed)
        return why_set(why, ERR_NOMEM, "out of memory");
    groups_sort(&facts->groups);
    return waiting_end(&facts->waiting_fold, why);
}

static bool row_take(void *ctx, const struct report_row *row)
{
    html_facts_row(ctx, row);
    return true;
}

enum err html_facts_make(struct html_facts *facts, const struct report *report, struct why *why)
{
    enum err err = html_facts_begin(facts, report, why);
    if (err == OK)
        err = report_rows(report, row_take, facts, why);
    return err == OK ? html_facts_end(facts, why) : err;
}

void html_facts_clear(struct html_facts *facts)
{
    groups_clear(&facts->groups);
    waiting_drop(&facts->waiting_fold);
    waiting_clear(&facts->waiting);
    report_sum_clear(&facts->sum);
}

/* The sentence about DMARC. */
static void told_add(struct buf *out, const struct report_sum *sum)
{
    size_t begin = out->len;
    buf_add_str(out, "<p class=\"dmarc\">");
    size_t empty = out->len;
    report_dmarc(sum, out);
    if (out->len == empty)
        out->len = begin;
    else
        buf_add_str(out, "</p>\n");
}

void head_add(struct buf *out, const struct report_head *head, const struct report_sum *sum)
{
    bool open = report_unfinished(sum) > 0;
    bool bad = sum->bad || head->lost.len;
    buf_add_fmt(out, "<header class=\"%s\">\n<h1>", bad ? "bad" : open ? "open" : "good");
    report_verdict(sum, out);
    buf_add_str(out, "</h1>\n");
    told_add(out, sum);
    char took[WHEN_LEN];
    buf_add_str(out, "<p class=\"facts\">mailfrom ");
    report_title_add(head, out);
    if (sum->tense != TENSE_RUN && text_eq(head->state, TEXT("ended"))) {
        buf_add_str(out, ", made ");
        markup_add_instant(out, head->stopped);
    } else {
        buf_add_str(out, ", ");
        markup_add(out, head->state);
        buf_add_str(out, ". Began ");
        markup_add_instant(out, head->started);
        if (head->stopped) {
            buf_add_str(out, ", stopped ");
            markup_add_instant(out, head->stopped);
            buf_add_fmt(out, ", after %s", span_format(head->stopped - head->started, took));
        }
    }
    buf_add_str(out, ". Program version ");
    markup_add(out, head->version);
    buf_add_str(out, ".</p>\n");
    if (wave_tally_goes_on(&sum->wave) && !head->is_over) {
        buf_add_str(out, "<p class=\"facts\">Now ");
        wave_tally_told(&sum->wave, 0, out);
        buf_add_str(out, ".</p>\n");
    }
    if (head->lost.len != 0) {
        buf_add_fmt(out, "<p class=\"lost\"><strong>The journal %s lost records of this run: ",
                    head->lost_is_suspected ? "may have" : "has");
        markup_add(out, head->lost);
        buf_add_str(out, ". Rows may lack what was written last.</strong></p>\n");
    }
    if (head->selection.len) {
        buf_add_str(out, "<p class=\"facts\">Selected by ");
        markup_add(out, head->selection);
        buf_add_str(out, ".</p>\n");
    }
    buf_add_str(out, "<ul class=\"counts\">\n");
    for (int s = STANDING_UNCHANGED; s < STANDINGS; s++)
        if (sum->by_standing[s])
            buf_add_fmt(out, "<li class=\"%s\"><b>%u</b> <span>%s</span></li>\n",
                        standing_class((enum standing)s), sum->by_standing[s],
                        standing_words((enum standing)s, sum->tense));
    if (sum->tense == TENSE_RUN)
        buf_add_fmt(out, "<li><b>%llu</b> %s to SES</li>\n", (unsigned long long)sum->writes,
                    plural(sum->writes, "write", "writes"));
    buf_add_str(out, "</ul>\n");
    share_draw(out, sum);
    buf_add_str(out, "</header>\n");
}

void groups_tables_add(struct buf *out, const struct fleet *fleet, const struct html_facts *facts)
{
    static const enum row_alarm tables[] = {ALARM_REJECTING, ALARM_NONE, ALARM_AILING};
    for (size_t i = 0; i < COUNT(tables); i++)
        groups_table_add(out, fleet, &facts->groups, tables[i], facts->sum.tense);
}

void time_add(struct buf *out, const struct history *h)
{
    buf_add_str(out, "<section>\n<h2>Over time</h2>\n");
    timeline_draw(out, h);
    window_draw(out, h);
    buf_add_str(out, "</section>\n");
}

void standings_add(struct buf *out, const struct history *h)
{
    buf_add_str(out, "<section>\n<h2>Where every identity stands</h2>\n");
    states_draw(out, h);
    buf_add_str(out, "</section>\n");
}
