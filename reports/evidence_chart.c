/*
 * Pictures of evidence, as SVG coloured by the page's style. Each part has a pattern too, so
 * nothing is told by colour alone, and the numbers stand in a table beside each picture.
 */
#include "base/bounds.h"
#include "base/count.h"
#include "evidence_internal.h"
#include "html_internal.h"
#include "markup.h"

#define WIDTH  960
#define LEFT   76
#define RIGHT  952
#define TOP    40
#define BOTTOM 210
#define LABEL  240 /* as wide is that of an instant */

static const struct {
    const char *class, *name, *id;
    const char *lines; /* of its pattern, in a square of 8 */
} parts[MAIL_PARTS] = {
    [PART_BOTH] = {"done", "SPF and DKIM", "part-both", ""},
    [PART_SPF] = {"pending", "SPF alone", "part-spf", "M2 2h1M6 6h1"},
    [PART_DKIM] = {"waiting-dns", "DKIM alone", "part-dkim", "M-1 1L1 -1M0 8L8 0M7 9L9 7"},
    [PART_NEITHER] = {"failed", "neither", "part-neither", "M0 0L8 8M8 0L0 8"},
};

const char *mail_part_name(enum mail_part p)
{
    return parts[p].name;
}

uint64_t mail_part_count(const struct mail_counts *c, enum mail_part p)
{
    const uint64_t both = c->both, counts[MAIL_PARTS] = {
                                       [PART_BOTH] = both,
                                       [PART_SPF] = c->spf > both ? c->spf - both : 0,
                                       [PART_DKIM] = c->dkim > both ? c->dkim - both : 0,
                                       [PART_NEITHER] = c->messages - mail_counts_pass(c),
                                   };
    return counts[p];
}

void evidence_patterns_add(struct buf *out)
{
    buf_add_str(out, "<svg class=\"patterns\" aria-hidden=\"true\"><defs>\n");
    for (int p = 0; p < MAIL_PARTS; p++)
        buf_add_fmt(out,
                    "<pattern id=\"%s\" class=\"%s\" width=\"8\" height=\"8\" "
                    "patternUnits=\"userSpaceOnUse\"><rect class=\"area\" width=\"8\" "
                    "height=\"8\"/><path class=\"hatch\" d=\"%s\"/></pattern>\n",
                    parts[p].id, parts[p].class, parts[p].lines);
    buf_add_str(out, "</defs></svg>\n");
}

void evidence_legend_add(struct buf *out)
{
    buf_add_str(out, "<ul class=\"legend\">\n");
    for (int p = 0; p < MAIL_PARTS; p++)
        buf_add_fmt(out,
                    "<li><svg class=\"swatch\" viewBox=\"0 0 16 16\" aria-hidden=\"true\">"
                    "<rect width=\"16\" height=\"16\" fill=\"url(#%s)\"/></svg>%s</li>\n",
                    parts[p].id, parts[p].name);
    buf_add_str(out, "</ul>\n");
}

/* "2026-05-20: 120 messages: 100 SPF and DKIM, 20 neither" */
static void counts_tell(struct buf *out, const struct mail_counts *c)
{
    const char *between = ": ";
    number_add(out, c->messages);
    buf_add_str(out, c->messages == 1 ? " message" : " messages");
    for (int p = 0; p < MAIL_PARTS; p++) {
        uint64_t count = mail_part_count(c, (enum mail_part)p);
        if (!count)
            continue;
        buf_add_str(out, between);
        number_add(out, count);
        buf_add_fmt(out, " %s", parts[p].name);
        between = ", ";
    }
}

void evidence_bar_draw(struct buf *out, const struct mail_counts *c, const char *what)
{
    double x = 0;
    buf_add_fmt(out,
                "<svg class=\"bar\" viewBox=\"0 0 %d 14\" preserveAspectRatio=\"none\" "
                "role=\"img\" aria-label=\"%s: ",
                WIDTH, what);
    counts_tell(out, c);
    buf_add_str(out, "\">\n");
    for (int p = 0; p < MAIL_PARTS && c->messages; p++) {
        double width = WIDTH * (double)mail_part_count(c, (enum mail_part)p) / (double)c->messages;
        if (width > 0)
            buf_add_fmt(out, "<rect x=\"%.2f\" width=\"%.2f\" height=\"14\" fill=\"url(#%s)\"/>\n",
                        x, width, parts[p].id);
        x += width;
    }
    buf_add_str(out, "</svg>\n");
}

/* ---- the chart ---- */

static double x_of(const struct evidence_chart *c, double day)
{
    return LEFT + (RIGHT - LEFT) * (day - c->from) / ((double)c->until - c->from + 1);
}

static uint64_t highest(const struct evidence_chart *c)
{
    uint64_t most = 1;
    for (uint32_t i = 0; i < c->days_len; i++)
        if (c->days[i].ses.messages > most)
            most = c->days[i].ses.messages;
    return most;
}

static void day_draw(struct buf *out, const struct evidence_chart *c, const struct mail_day *day,
                     uint64_t most)
{
    char date[DAY_LEN];
    double x = x_of(c, day->day), width = x_of(c, day->day + 1.0) - x, y = BOTTOM;
    double gap = width > 4 ? 1 : 0;
    buf_add_fmt(out, "<g><title>%s: ", day_format(day->day, date));
    counts_tell(out, &day->ses);
    buf_add_fmt(out, "%s</title>", day->is_coarse ? "; some reports are of several days" : "");
    for (int p = 0; p < MAIL_PARTS; p++) {
        double height =
            (BOTTOM - TOP) * (double)mail_part_count(&day->ses, (enum mail_part)p) / (double)most;
        if (height <= 0)
            continue;
        y -= height;
        buf_add_fmt(out,
                    "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                    "fill=\"url(#%s)\"/>",
                    x + gap / 2, y, width - gap, height, parts[p].id);
    }
    buf_add_str(out, "</g>\n");
}

static void axes_draw(struct buf *out, const struct evidence_chart *c, uint64_t most)
{
    char date[DAY_LEN];
    int32_t days = c->until - c->from + 1, step = (days + 7) / 8;
    for (int part = 0; part <= 2; part++) {
        double y = BOTTOM - (BOTTOM - TOP) * part / 2.0;
        if (part == 1 && most < 2)
            continue;
        buf_add_fmt(out,
                    "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" "
                    "text-anchor=\"end\">",
                    LEFT, y, RIGHT, LEFT - 6, y + 4);
        number_add(out, most / 2 * (uint64_t)part + (part == 2 ? most % 2 : 0));
        buf_add_str(out, "</text>\n");
    }
    for (int32_t day = c->from; day <= c->until; day += step) {
        double x = x_of(c, day + 0.5);
        buf_add_fmt(out,
                    "<path class=\"grid\" d=\"M%.1f %dv5\"/><text x=\"%.1f\" y=\"%d\" "
                    "text-anchor=\"%s\">%s</text>\n",
                    x, BOTTOM, x, BOTTOM + 19,
                    x > RIGHT - 40  ? "end"
                    : x < LEFT + 40 ? "start"
                                    : "middle",
                    day_format(day, date));
    }
}

/* A label stands on its line's left or right, away from the other's, where the picture has room. */
static void instant_draw(struct buf *out, const struct evidence_chart *c, instant_us at,
                         const char *what, int y, bool is_left)
{
    char when[WHEN_LEN];
    if (at <= 0 || at == WHEN_NEVER || day_of(at) < c->from || day_of(at) > c->until)
        return;
    double x = x_of(c, (double)at / (double)SPAN_H(24));
    is_left = x > RIGHT - LABEL || (is_left && x > LEFT + LABEL);
    buf_add_fmt(out,
                "<path class=\"mark\" d=\"M%.1f %dV%d\"/><text class=\"mark\" x=\"%.1f\" y=\"%d\" "
                "text-anchor=\"%s\">%s %s</text>\n",
                x, y - 9, BOTTOM, is_left ? x - 5 : x + 5, y, is_left ? "end" : "start", what,
                when_format(at, when));
}

/* What the picture shows, for those who do not see it. */
static void described_add(struct buf *out, const struct evidence_chart *c)
{
    struct mail_counts sum = {0};
    char first[DAY_LEN], last[DAY_LEN], when[WHEN_LEN];
    for (uint32_t i = 0; i < c->days_len; i++)
        mail_counts_join(&sum, &c->days[i].ses);
    buf_add_fmt(out, "From %s to %s: ", day_format(c->from, first), day_format(c->until, last));
    counts_tell(out, &sum);
    buf_add_char(out, '.');
    if (*when_format(c->first_write, when))
        buf_add_fmt(out, " Lines: %s %s", c->written, when);
    if (*when && c->success)
        buf_add_fmt(out, ", %s %s", c->succeeded, when_format(c->success, when));
    buf_add_str(out, ".");
}

/* The last days, where there are more than a chart has bars for. */
static void chart_fit(struct evidence_chart *c)
{
    if ((int64_t)c->until - c->from >= EVIDENCE_CHART_DAYS_MAX)
        c->from = c->until - EVIDENCE_CHART_DAYS_MAX + 1;
    while (c->days_len && c->days->day < c->from) {
        c->days++;
        c->days_len--;
    }
}

void evidence_chart_draw(struct buf *out, const struct evidence_chart *given, struct text name)
{
    struct evidence_chart c = *given;
    chart_fit(&c);
    if (c.days_len == 0)
        return;
    uint64_t most = highest(&c);
    scroll_begin(out, "picture", "day by day");
    buf_add_fmt(out,
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"%s-t %s-d\">\n"
                "<title id=\"%s-t\">Mail through SES, day by day",
                WIDTH, BOTTOM + 28, c.id, c.id, c.id);
    if (name.len) {
        buf_add_str(out, ", of ");
        markup_add(out, name);
    }
    buf_add_fmt(out, "</title>\n<desc id=\"%s-d\">", c.id);
    described_add(out, &c);
    buf_add_str(out, "</desc>\n");
    axes_draw(out, &c, most);
    for (uint32_t i = 0; i < c.days_len; i++)
        day_draw(out, &c, &c.days[i], most);
    instant_draw(out, &c, c.first_write, c.written, 14, true);
    instant_draw(out, &c, c.success, c.succeeded, 30, false);
    buf_add_str(out, "</svg>");
    scroll_end(out);
}
