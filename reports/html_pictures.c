/*
 * The page's pictures, as SVG coloured by the page's style. The shapes come from counts alone.
 */
#include "html_internal.h"

#include "base/count.h"
#include "markup.h"

#include <stdio.h>

#define WIDTH 960

/* Where the timeline's axes lie. */
#define LEFT   66
#define RIGHT  952
#define TOP    10
#define BOTTOM 210

static const struct {
    const char *class, *title;
} bands[BANDS] = {
    [BAND_ATTENTION] = {"attention", "needs attention"},
    [BAND_DONE] = {"done", "done or unchanged"},
    [BAND_FOLLOWING] = {"pending", "waiting for SES"},
    [BAND_READY] = {"ready", "ready to be written"},
    [BAND_WAITING] = {"waiting-dns", "waiting for DNS"},
    [BAND_UNTOUCHED] = {"untouched", "not looked at yet"},
};

void share_draw(struct buf *out, const struct report_sum *sum)
{
    double x = 0;
    if (sum->rows == 0)
        return;
    buf_add_fmt(out,
                "<svg class=\"share\" viewBox=\"0 0 %d 10\" preserveAspectRatio=\"none\" "
                "role=\"img\" aria-label=\"share of each state\">\n",
                WIDTH);
    for (int s = STANDING_UNCHANGED; s < STANDINGS; s++) {
        double width = (double)WIDTH * sum->by_standing[s] / sum->rows;
        if (sum->by_standing[s])
            buf_add_fmt(out,
                        "<rect class=\"%s\" x=\"%.2f\" y=\"0\" width=\"%.2f\" height=\"10\">"
                        "<title>%u %s</title></rect>\n",
                        standing_class((enum standing)s), x, width, sum->by_standing[s],
                        standing_words((enum standing)s, sum->tense));
        x += width;
    }
    buf_add_str(out, "</svg>\n");
}

static double x_of(int step)
{
    return LEFT + (double)(RIGHT - LEFT) * step / HISTORY_STEPS;
}

static double y_of(const struct history *h, uint32_t count)
{
    return BOTTOM - (double)(BOTTOM - TOP) * count / h->jobs;
}

/* The number of rows in the bands below this one. */
static uint32_t below(const struct history *h, int step, int band)
{
    uint32_t sum = 0;
    for (int b = 0; b < band; b++)
        sum += h->stands[step][b];
    return sum;
}

static bool is_ever_there(const struct history *h, int band)
{
    for (int step = 0; step < HISTORY_STEPS; step++)
        if (h->stands[step][band])
            return true;
    return false;
}

static void tick_name(span_us at, char out[WHEN_LEN])
{
    if (at && at % SPAN_H(1) == 0)
        snprintf(out, WHEN_LEN, "%lld h", (long long)(at / SPAN_H(1)));
    else if (at && at % SPAN_M(1) == 0)
        snprintf(out, WHEN_LEN, "%lld min", (long long)(at / SPAN_M(1)));
    else if (at % SPAN_S(1))
        snprintf(out, WHEN_LEN, "%.1f s", (double)at / (double)SPAN_S(1));
    else
        span_format(at, out);
}

static void axes_draw(struct buf *out, const struct history *h)
{
    static const span_us ticks[] = {SPAN_MS(100), SPAN_MS(500), SPAN_S(1),  SPAN_S(5),
                                    SPAN_S(15),   SPAN_M(1),    SPAN_M(5),  SPAN_M(15),
                                    SPAN_H(1),    SPAN_H(3),    SPAN_H(6),  SPAN_H(12),
                                    SPAN_H(24),   SPAN_H(72),   SPAN_H(168)};
    span_us whole = h->until - h->from;
    size_t i = 0;
    while (i + 1 < COUNT(ticks) && whole / ticks[i] > 8)
        i++;
    span_us tick = whole / ticks[i] > 8 ? whole / 8 : ticks[i];
    char name[WHEN_LEN];
    for (int part = 0; part <= 2; part++) {
        uint32_t count = (uint32_t)((uint64_t)h->jobs * (unsigned)part / 2);
        buf_add_fmt(out,
                    "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" "
                    "text-anchor=\"end\">%u</text>\n",
                    LEFT, y_of(h, count), RIGHT, LEFT - 6, y_of(h, count) + 4, count);
    }
    for (span_us at = 0; at <= whole; at += tick) {
        double x = LEFT + (double)(RIGHT - LEFT) * (double)at / (double)whole;
        tick_name(at, name);
        buf_add_fmt(out,
                    "<path class=\"grid\" d=\"M%.1f %dv5\"/><text x=\"%.1f\" y=\"%d\" "
                    "text-anchor=\"%s\">%s</text>\n",
                    x, BOTTOM, x, BOTTOM + 19, x > RIGHT - 30 ? "end" : "middle",
                    at ? name : "start");
    }
}

void timeline_draw(struct buf *out, const struct history *h)
{
    char span[WHEN_LEN];
    if (h->until <= h->from || h->jobs == 0)
        return;
    tick_name(h->until - h->from < SPAN_S(1) ? h->until - h->from
                                             : (h->until - h->from) / SPAN_S(1) * SPAN_S(1),
              span);
    scroll_begin(out, "picture", "over time");
    buf_add_fmt(out,
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" "
                "aria-label=\"how many identities stood where, over %s\">\n",
                WIDTH, BOTTOM + 28, span);
    for (int band = 0; band < BANDS; band++)
        if (is_ever_there(h, band)) {
            /* Along the upper edge in steps, back along the lower one; equal steps are one. */
            buf_add_fmt(out, "<path class=\"area %s\" d=\"M%d %d", bands[band].class, LEFT, BOTTOM);
            for (int step = 0; step < HISTORY_STEPS; step++)
                if (step + 1 == HISTORY_STEPS ||
                    below(h, step, band + 1) != below(h, step + 1, band + 1))
                    buf_add_fmt(out, "V%.1fH%.1f", y_of(h, below(h, step, band + 1)),
                                x_of(step + 1));
            for (int step = HISTORY_STEPS - 1; step >= 0; step--)
                if (step == 0 || below(h, step, band) != below(h, step - 1, band))
                    buf_add_fmt(out, "V%.1fH%.1f", y_of(h, below(h, step, band)), x_of(step));
            buf_add_fmt(out, "Z\"><title>%s</title></path>\n", bands[band].title);
        }
    axes_draw(out, h);
    buf_add_str(out, "</svg>");
    scroll_end(out);
    buf_add_str(out, "<ul class=\"legend\">\n");
    for (int band = 0; band < BANDS; band++)
        if (is_ever_there(h, band))
            buf_add_fmt(out, "<li class=\"%s\"><i></i>%s: %u at the end</li>\n", bands[band].class,
                        bands[band].title, h->stands[HISTORY_STEPS - 1][band]);
    buf_add_str(out, "</ul>\n");
}

void window_draw(struct buf *out, const struct history *h)
{
    const span_us window = SPAN_H(72);
    if (h->first_write == 0)
        return;
    span_us whole = window + (h->last_write - h->first_write), so_far = h->until - h->first_write;
    double unit = (double)(RIGHT - LEFT) / (double)whole;
    so_far = so_far < whole ? so_far : whole;
    buf_add_str(out, "<h2>SES's 72 hours</h2>\n");
    scroll_begin(out, "picture", "the 72 hours");
    buf_add_fmt(out,
                "<svg viewBox=\"0 0 %d 44\" "
                "role=\"img\" aria-label=\"how much of the 72 hours has passed\">\n"
                "<rect class=\"rail\" x=\"%d\" y=\"4\" width=\"%d\" height=\"14\" rx=\"4\"/>\n"
                "<rect class=\"run\" x=\"%d\" y=\"4\" width=\"%.2f\" height=\"14\" rx=\"3\"/>\n",
                WIDTH, LEFT, RIGHT - LEFT, LEFT,
                (double)so_far * unit < 3 ? 3 : (double)so_far * unit);
    span_us step = whole > 2 * window ? window : SPAN_H(12);
    for (span_us at = 0; at <= whole; at += step)
        buf_add_fmt(out,
                    "<path class=\"grid\" d=\"M%.1f 18v5\"/><text x=\"%.1f\" y=\"38\" "
                    "text-anchor=\"%s\">%lld h</text>\n",
                    LEFT + (double)at * unit, LEFT + (double)at * unit,
                    at + step > whole ? "end" : "middle", (long long)(at / SPAN_H(1)));
    buf_add_str(out, "</svg>");
    scroll_end(out);
    buf_add_str(out, "<p class=\"note\">SES looks for the records of a name for 72 hours after it "
                     "is set. First set ");
    markup_add_instant(out, h->first_write);
    buf_add_str(out, ", last set ");
    markup_add_instant(out, h->last_write);
    buf_add_str(out, ", so the last window ends ");
    markup_add_instant(out, h->last_write + window);
    buf_add_str(out, ".</p>\n");
}

/* The nodes of the picture of states, with positions. */
enum node { LOOK, JUDGE, WAIT, READY, WRITE, UNSURE, FOLLOW, DONE, ATTENTION, NODES };

#define NODE_WIDTH  122
#define NODE_HEIGHT 60

static const struct {
    const char *name, *class;
    int x, y;
} nodes[NODES] = {
    [LOOK] = {"read SES", "untouched", 8, 14},
    [JUDGE] = {"check DNS", "waiting-dns", 172, 14},
    [WAIT] = {"wait for DNS", "waiting-dns", 172, 122},
    [READY] = {"ready", "ready", 336, 14},
    [WRITE] = {"write", "pending", 500, 14},
    [UNSURE] = {"answer lost", "waiting-dns", 500, 122},
    [FOLLOW] = {"wait for SES", "pending", 664, 14},
    [DONE] = {"done", "done", 828, 14},
    [ATTENTION] = {"attention", "attention", 828, 122},
};

static const struct {
    enum node from, to;
    const char *path; /* in the picture's own units */
} ways[] = {
    {LOOK, JUDGE, "M130 44h36"},
    {JUDGE, WAIT, "M233 74v42"},
    {WAIT, READY, "M294 152h58c22 0 30-14 30-34v-38"},
    {JUDGE, READY, "M294 44h36"},
    {READY, WRITE, "M458 44h36"},
    {WRITE, FOLLOW, "M622 44h36"},
    {WRITE, UNSURE, "M561 74v42"},
    {FOLLOW, DONE, "M786 44h36"},
};

static void counts_of(const struct history *h, enum node n, uint32_t *here, uint32_t *been)
{
    static const uint8_t state_of[NODES] = {
        [LOOK] = JOB_READING,     [JUDGE] = JOB_JUDGING, [WAIT] = JOB_WAITING_DNS,
        [READY] = JOB_READY,      [WRITE] = JOB_WRITING, [UNSURE] = JOB_UNSURE,
        [FOLLOW] = JOB_FOLLOWING, [DONE] = JOB_DONE,     [ATTENTION] = JOB_DONE,
    };
    *here = h->here[state_of[n]];
    *been = h->been[state_of[n]];
    if (n == LOOK)
        *here += h->here[JOB_NEW];
    else if (n == ATTENTION)
        *here = *been = h->attention;
    else if (n == DONE)
        *here = *been = *here - h->attention;
}

static void node_draw(struct buf *out, const struct history *h, enum node n)
{
    uint32_t here, been;
    counts_of(h, n, &here, &been);
    buf_add_fmt(
        out,
        "<g class=\"node %s%s\"><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"8\"/>"
        "<text class=\"name\" x=\"%d\" y=\"%d\">%s</text>"
        "<text class=\"count\" x=\"%d\" y=\"%d\">%u</text>",
        nodes[n].class, here ? " here" : "", nodes[n].x, nodes[n].y, NODE_WIDTH, NODE_HEIGHT,
        nodes[n].x + 11, nodes[n].y + 20, nodes[n].name, nodes[n].x + 11, nodes[n].y + 46, here);
    if (n != DONE && n != ATTENTION)
        buf_add_fmt(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">of %u</text>",
                    nodes[n].x + NODE_WIDTH - 10, nodes[n].y + 46, been);
    buf_add_str(out, "</g>\n");
}

static void way_draw(struct buf *out, const char *path, bool used)
{
    buf_add_fmt(out, "<path class=\"way%s\" d=\"%s\" marker-end=\"url(#tip%s)\"/>\n",
                used ? " used" : "", path, used ? "-used" : "");
}

static void tip_define(struct buf *out, const char *id, const char *class)
{
    buf_add_fmt(
        out,
        "<marker id=\"%s\" viewBox=\"0 0 8 8\" refX=\"6\" refY=\"4\" markerWidth=\"6\" "
        "markerHeight=\"6\" orient=\"auto\"><path class=\"%s\" d=\"M0 0L8 4L0 8Z\"/></marker>",
        id, class);
}

void states_draw(struct buf *out, const struct history *h)
{
    if (h->jobs == 0)
        return;
    scroll_begin(out, "picture", "the states");
    buf_add_fmt(out,
                "<svg viewBox=\"0 0 %d 212\" role=\"img\" aria-label=\"how "
                "many identities are in each state\">\n<defs>",
                WIDTH);
    tip_define(out, "tip", "tip");
    tip_define(out, "tip-used", "tip used");
    buf_add_str(out, "</defs>\n");
    for (size_t i = 0; i < COUNT(ways); i++) {
        uint32_t from, to, here;
        counts_of(h, ways[i].from, &here, &from);
        counts_of(h, ways[i].to, &here, &to);
        way_draw(out, ways[i].path, from && to);
    }
    way_draw(out, "M725 74v38c0 26 10 40 34 40h63", h->attention > h->refused);
    way_draw(out, "M69 74v110c0 14 6 20 20 20h780c14 0 20-4 20-16", h->refused > 0);
    buf_add_str(out, "<text x=\"180\" y=\"200\">refused or failed before any write</text>\n");
    for (int n = 0; n < NODES; n++)
        node_draw(out, h, (enum node)n);
    buf_add_str(out, "</svg>");
    scroll_end(out);
    buf_add_str(out, "<p class=\"note\">Large: how many are in that state now. "
                     "Small: how many have ever been. Unchanged ones are among those that are "
                     "done.</p>\n");
}
