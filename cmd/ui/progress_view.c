/*
 * Lines for a person; progress_view_table.c has the table of lanes. Invariant: no line is wider
 * than it may be, and no byte from outside reaches it unescaped.
 */
#include "progress_view_internal.h"

#include "base/bounds.h"
#include "base/count.h"
#include "base/escape.h"
#include "base/plural.h"

#include <stdio.h>
#include <string.h>

#define BAR_MIN     20 /* a terminal that is narrower has no bar */
#define FIRST_LINES 3  /* above the table */

uint32_t view_final(const struct view_lane *l)
{
    return l->by_state[JOB_DONE];
}

uint32_t view_waits_for_dns(const struct view_lane *l)
{
    return l->by_state[JOB_JUDGING] + l->by_state[JOB_WAITING_DNS];
}

uint32_t view_waits_for_ses(const struct view_lane *l)
{
    return l->by_state[JOB_FOLLOWING];
}

uint32_t view_looks(const struct view_lane *l)
{
    return l->by_state[JOB_NEW] + l->by_state[JOB_READING] + l->by_state[JOB_UNSURE];
}

uint32_t view_to_write(const struct view_lane *l)
{
    return l->by_state[JOB_READY] + l->by_state[JOB_WRITING];
}

bool view_is_over(const struct view_lane *l)
{
    return view_final(l) == l->jobs;
}

void view_sum(struct progress_view *b)
{
    b->total = (struct view_lane){.deadline = WHEN_NEVER};
    for (uint32_t i = 0; i < b->lanes_len; i++) {
        const struct view_lane *l = &b->lanes[i];
        b->total.jobs += l->jobs;
        for (int s = 0; s < JOB_STATES; s++)
            b->total.by_state[s] += l->by_state[s];
        b->total.bad += l->bad;
        b->total.calls += l->calls;
        b->total.throttled += l->throttled;
        b->total.writes += l->writes;
        b->total.per_s += l->per_s;
        b->total.deadline = l->deadline < b->total.deadline ? l->deadline : b->total.deadline;
        b->total.left = l->left > b->total.left ? l->left : b->total.left;
    }
}

char *view_span(span_us span, char out[WHEN_LEN])
{
    long long s = span > 0 ? (span + 999999) / 1000000 : 0;
    if (s < 60)
        snprintf(out, WHEN_LEN, "%llds", s);
    else if (s < 3600)
        snprintf(out, WHEN_LEN, "%lldm%02llds", s / 60, s % 60);
    else if (s < 100 * 3600)
        snprintf(out, WHEN_LEN, "%lldh%02lldm", s / 3600, s / 60 % 60);
    else if (s < 1000 * 86400LL)
        snprintf(out, WHEN_LEN, "%lldd%02lldh", s / 86400, s / 3600 % 24);
    else
        snprintf(out, WHEN_LEN, ">999d");
    return out;
}

void view_left(const struct view_lane *l, char out[VIEW_CELL_LEN])
{
    char span[WHEN_LEN];
    const char *waits = view_waits_for_dns(l) ? "DNS" : view_waits_for_ses(l) ? "SES" : "...";
    if (view_is_over(l))
        waits = "-";
    snprintf(out, VIEW_CELL_LEN, "%s", l->left ? view_span(l->left, span) : waits);
}

/* East Asian and other wide characters take two columns; a few that take one are counted as two,
 * which leaves a gap where the opposite would break the line. */
static uint32_t code_width(uint32_t code)
{
    return code < 0x1100 ? 1 : 2;
}

uint32_t view_width(struct text line)
{
    uint32_t width = 0, code;
    for (size_t i = 0; i < line.len;) {
        size_t len = utf8_next(text_from(line, i), &code);
        if (line.at[i] == '\033') {
            while (i < line.len && line.at[i] != 'm')
                i++;
            i++;
            continue;
        }
        width += len ? code_width(code) : 1;
        i += len ? len : 1;
    }
    return width;
}

void view_fit(struct buf *out, struct text t, uint32_t width, bool pad)
{
    uint32_t used = 0, code;
    bool whole = view_width(t) <= width;
    for (size_t i = 0; i < t.len;) {
        size_t len = utf8_next(text_from(t, i), &code);
        uint32_t wide = len ? code_width(code) : 1;
        if (used + wide + !whole > width)
            break;
        len = len ? len : 1;
        buf_add(out, t.at + i, len);
        used += wide;
        i += len;
    }
    if (!whole && used < width) {
        buf_add_char(out, '~');
        used++;
    }
    for (; pad && used < width; used++)
        buf_add_char(out, ' ');
}

/* The lines above it */

static uint32_t percent(const struct view_lane *l)
{
    return l->jobs ? (uint32_t)((uint64_t)view_final(l) * 100 / l->jobs) : 100;
}

void view_finished(struct buf *out, const struct view_lane *l)
{
    buf_add_fmt(out, "%u of %u finished", view_final(l), l->jobs);
    if (l->bad)
        buf_add_fmt(out, ", %u %s attention", l->bad, plural(l->bad, "needs", "need"));
}

static void title_add(struct buf *out, const struct progress_view *b)
{
    if (b->run)
        buf_add_fmt(out, "Run %llu, ", (unsigned long long)b->run);
    /* What ended, all of it, needs no word for that. */
    bool is_plain = strcmp(b->state, "running") == 0 ||
                    (strcmp(b->state, "ended") == 0 && view_is_over(&b->total));
    buf_add_fmt(out, "%s%s%s: ", b->verb, is_plain ? "" : ", ", is_plain ? "" : b->state);
    view_finished(out, &b->total);
    if (b->workers && b->workers->by_state[HOLDER_CARRIED])
        buf_add_fmt(out, "; %u %s", b->workers->workers,
                    plural(b->workers->workers, "worker", "workers"));
    if (b->workers && b->workers->by_state[HOLDER_NONE])
        buf_add_fmt(out, ", %u %s nobody could carry", b->workers->by_state[HOLDER_NONE],
                    plural(b->workers->by_state[HOLDER_NONE], "lane", "lanes"));
    if (*b->reason) {
        buf_add_str(out, "; ");
        escape_terminal(out, text_of(b->reason));
    }
}

static void numbers_add(struct buf *out, const struct progress_view *b)
{
    const struct view_lane *t = &b->total;
    char span[WHEN_LEN];
    buf_add_fmt(out, "%s; ", view_span(b->now - b->started, span));
    if (b->calls_known)
        buf_add_fmt(out, "%llu %s, %.1f/s, %llu throttled; %llu %s", (unsigned long long)t->calls,
                    plural(t->calls, "call", "calls"), t->per_s, (unsigned long long)t->throttled,
                    (unsigned long long)t->writes, plural(t->writes, "write", "writes"));
    else
        buf_add_fmt(out, "%llu %s, %.1f/s", (unsigned long long)t->writes,
                    plural(t->writes, "write", "writes"), t->per_s);
    if (t->deadline != WHEN_NEVER)
        buf_add_fmt(out, "; next deadline in %s", view_span(t->deadline - b->now, span));
}

/* Whom the run waits for beside its own calls; NULL: nobody. */
static const char *waits_for(const struct view_lane *l)
{
    return view_waits_for_dns(l) ? "DNS" : view_waits_for_ses(l) ? "SES" : NULL;
}

/* How long the oldest identity has waited for others; 0: none waits, or just began to. */
static span_us waited(const struct progress_view *b)
{
    bool waits = b->wave.fleet && b->wave.any_since != WHEN_NEVER && waits_for(&b->total);
    span_us span = waits ? b->now - b->wave.any_since : 0;
    return span >= SPAN_S(10) ? span : 0;
}

static void bar_add(struct buf *out, const struct progress_view *b, uint32_t columns)
{
    struct buf tail;
    buf_init(&tail, VIEW_BYTES_MAX);
    /* " 12%  2h31m of calls, then DNS", " 12%  2h31m left", " 12%  waits for DNS", "100%" */
    char left[VIEW_CELL_LEN], span[WHEN_LEN];
    view_left(&b->total, left);
    buf_add_fmt(&tail, "%3u%%", percent(&b->total));
    if (b->total.left > 0 && waits_for(&b->total))
        buf_add_fmt(&tail, "  %s of calls, then %s", left, waits_for(&b->total));
    else if (b->total.left > 0)
        buf_add_fmt(&tail, "  %s left", left);
    else if (waits_for(&b->total))
        buf_add_fmt(&tail, "  waits for %s", left);
    if (waited(b))
        buf_add_fmt(&tail, ", waiting %s", view_span(waited(b), span));
    if (columns >= BAR_MIN + tail.len) {
        uint32_t width = columns - (uint32_t)tail.len - 3;
        uint32_t full = width * percent(&b->total) / 100;
        buf_add_char(out, '[');
        for (uint32_t i = 0; i < width; i++)
            buf_add_char(out, i < full ? '#' : '.');
        buf_add_str(out, "] ");
    }
    buf_add_text(out, buf_text(&tail));
    buf_clear(&tail);
}

static void line_fit(struct buf *out, struct buf *line, uint32_t columns)
{
    view_fit(out, buf_text(line), columns, false);
    buf_add_char(out, '\n');
    buf_reset(line);
}

/* No text from outside: a title is never escaped. */
void view_ring(struct buf *out, const struct progress_view *b)
{
    const struct view_lane *t = &b->total;
    if (b->now - b->started < SPAN_S(RING_AFTER))
        return;
    buf_add_fmt(out, "\033]2;mailfrom: run %llu %s, ", (unsigned long long)b->run, b->state);
    view_finished(out, t);
    buf_add_str(out, "\a\a"); /* the end of the title, and the bell */
}

void view_draw(struct buf *out, const struct progress_view *b, uint32_t columns, uint32_t rows,
               bool color)
{
    struct buf line;
    columns = columns > VIEW_COLUMNS_MAX ? VIEW_COLUMNS_MAX : columns;
    buf_init(&line, VIEW_BYTES_MAX);
    if (rows > 0) {
        title_add(&line, b);
        line_fit(out, &line, columns);
    }
    if (rows > 1) {
        bar_add(&line, b, columns);
        line_fit(out, &line, columns);
    }
    if (rows > 2) {
        numbers_add(&line, b);
        line_fit(out, &line, columns);
    }
    wave_tally_told(&b->wave, b->now, &line);
    uint32_t first = FIRST_LINES + (line.len > 0);
    if (line.len && rows > FIRST_LINES)
        line_fit(out, &line, columns);
    if (rows > first + 1)
        view_table(out, b, columns, rows - first, color);
    buf_clear(&line);
}

void view_line(struct buf *out, const struct progress_view *b)
{
    static const struct {
        const char *name;
        uint32_t (*count)(const struct view_lane *l);
    } parts[] = {{"reading SES", view_looks},
                 {"waiting for DNS", view_waits_for_dns},
                 {"to be written", view_to_write},
                 {"waiting for SES", view_waits_for_ses}};
    const struct view_lane *t = &b->total;
    char span[WHEN_LEN];
    const char *before = "; ";
    title_add(out, b);
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (!parts[i].count(t))
            continue;
        buf_add_fmt(out, "%s%u %s", before, parts[i].count(t), parts[i].name);
        before = ", ";
    }
    buf_add_str(out, "; after ");
    numbers_add(out, b);
    if (t->left)
        buf_add_fmt(out, "; %s of calls left", view_span(t->left, span));
    if (t->left && waits_for(t))
        buf_add_fmt(out, ", then %s is waited for", waits_for(t));
    if (waited(b))
        buf_add_fmt(out, "; the oldest has waited %s", view_span(waited(b), span));
    if (wave_tally_goes_on(&b->wave))
        buf_add_str(out, "; ");
    wave_tally_told(&b->wave, b->now, out);
}
