/*
 * The table of lanes: which columns and which lanes there is room for.
 */
#include "progress_view_internal.h"

#include "base/count.h"
#include "base/escape.h"

#include <stdio.h>
#include <string.h>

#define ACCOUNT_MIN 4 /* columns that an account's name has at the least */
#define NAME_MAX    48
#define KEEP_DEAR   4 /* columns of so much worth may shorten names */

#define RED    "\033[31m"
#define YELLOW "\033[33m"
#define GREEN  "\033[32m"
#define DIM    "\033[2m"
#define PLAIN  "\033[0m"

/* Cells */

struct cell {
    char text[VIEW_CELL_LEN];
    const char *color; /* NULL: none */
};

static void cell_final(struct cell *c, const struct progress_view *b, const struct view_lane *l)
{
    (void)b;
    snprintf(c->text, sizeof c->text, "%u/%u", view_final(l), l->jobs);
    c->color = view_final(l) == l->jobs ? GREEN : NULL;
}

static void cell_bad(struct cell *c, const struct progress_view *b, const struct view_lane *l)
{
    (void)b;
    snprintf(c->text, sizeof c->text, "%u", l->bad);
    c->color = l->bad ? RED : NULL;
}

static void cell_look(struct cell *c, const struct progress_view *b, const struct view_lane *l)
{
    (void)b;
    snprintf(c->text, sizeof c->text, "%u", view_looks(l));
}

static void cell_dns(struct cell *c, const struct progress_view *b, const struct view_lane *l)
{
    (void)b;
    snprintf(c->text, sizeof c->text, "%u", view_waits_for_dns(l));
}

static void cell_write(struct cell *c, const struct progress_view *b, const struct view_lane *l)
{
    (void)b;
    snprintf(c->text, sizeof c->text, "%u", view_to_write(l));
}

static void cell_ses(struct cell *c, const struct progress_view *b, const struct view_lane *l)
{
    (void)b;
    snprintf(c->text, sizeof c->text, "%u", l->by_state[JOB_FOLLOWING]);
}

static void cell_per_s(struct cell *c, const struct progress_view *b, const struct view_lane *l)
{
    (void)b;
    snprintf(c->text, sizeof c->text, "%.1f", l->per_s);
}

static void cell_throttled(struct cell *c, const struct progress_view *b, const struct view_lane *l)
{
    (void)b;
    snprintf(c->text, sizeof c->text, "%llu", (unsigned long long)l->throttled);
    c->color = l->throttled ? YELLOW : NULL;
}

static void cell_deadline(struct cell *c, const struct progress_view *b, const struct view_lane *l)
{
    char span[WHEN_LEN];
    snprintf(c->text, sizeof c->text, "%s",
             l->deadline == WHEN_NEVER ? "-" : view_span(l->deadline - b->now, span));
}

static void cell_left(struct cell *c, const struct progress_view *b, const struct view_lane *l)
{
    (void)b;
    view_left(l, c->text);
}

struct table_column {
    const char *title;
    uint8_t keep; /* 0 goes last */
    enum { EVERYWHERE, LIVE_ONLY, JOURNAL_ONLY } where;
    void (*cell)(struct cell *c, const struct progress_view *b, const struct view_lane *l);
};

static const struct table_column columns_all[] = {
    {"finished", 0, EVERYWHERE, cell_final},     {"attention", 2, EVERYWHERE, cell_bad},
    {"read", 7, EVERYWHERE, cell_look},          {"DNS", 3, EVERYWHERE, cell_dns},
    {"write", 5, EVERYWHERE, cell_write},        {"SES", 4, EVERYWHERE, cell_ses},
    {"calls/s", 6, LIVE_ONLY, cell_per_s},       {"writes/s", 6, JOURNAL_ONLY, cell_per_s},
    {"throttled", 9, LIVE_ONLY, cell_throttled}, {"deadline", 8, EVERYWHERE, cell_deadline},
    {"left", 1, EVERYWHERE, cell_left},
};

/* The table */

struct lane_table {
    const struct progress_view *view;
    const struct view_lane *rows[VIEW_ROWS_MAX];
    uint32_t rows_len;
    uint32_t width[COUNT(columns_all)]; /* 0: the column is not shown */
    uint32_t name_width, region_width;
    uint32_t columns;
    bool color;
};

static void name_make(struct buf *out, struct text name)
{
    buf_reset(out);
    escape_terminal(out, name);
}

/* The account gives way to the Region, which tells lanes apart. */
static void lane_name(struct buf *out, const struct lane_table *t, const struct view_lane *l,
                      struct buf *scratch)
{
    name_make(scratch, l->region);
    uint32_t region = view_width(buf_text(scratch)), width = t->name_width;
    bool fits = region + 1 + ACCOUNT_MIN <= width;
    struct buf name;
    buf_init(&name, VIEW_BYTES_MAX);
    name_make(scratch, l->account);
    if (fits)
        view_fit(&name, buf_text(scratch), width - region - 1, false);
    else
        buf_add_text(&name, buf_text(scratch));
    buf_add_char(&name, ' ');
    escape_terminal(&name, l->region);
    view_fit(out, buf_text(&name), width, true);
    buf_clear(&name);
}

static struct cell cell_of(const struct lane_table *t, size_t column, const struct view_lane *l)
{
    struct cell c = {.text = ""};
    columns_all[column].cell(&c, t->view, l);
    return c;
}

static void measure(struct lane_table *t, struct buf *scratch)
{
    t->name_width = 0;
    for (size_t c = 0; c < COUNT(columns_all); c++) {
        bool live = columns_all[c].where == LIVE_ONLY, kept = columns_all[c].where == JOURNAL_ONLY;
        if (t->view->calls_known ? kept : live)
            continue;
        t->width[c] = (uint32_t)strlen(columns_all[c].title);
        for (uint32_t r = 0; r < t->rows_len; r++) {
            struct cell cell = cell_of(t, c, t->rows[r]);
            uint32_t len = (uint32_t)strlen(cell.text);
            t->width[c] = len > t->width[c] ? len : t->width[c];
        }
    }
    for (uint32_t r = 0; r < t->rows_len; r++) {
        name_make(scratch, t->rows[r]->region);
        uint32_t region = view_width(buf_text(scratch));
        name_make(scratch, t->rows[r]->account);
        uint32_t width = view_width(buf_text(scratch)) + 1 + region;
        t->name_width = width > t->name_width ? width : t->name_width;
        t->region_width = region > t->region_width ? region : t->region_width;
    }
    t->name_width = t->name_width > NAME_MAX ? NAME_MAX : t->name_width;
}

static uint32_t table_width(const struct lane_table *t, uint32_t name_width)
{
    uint32_t width = name_width;
    for (size_t c = 0; c < COUNT(columns_all); c++)
        width += t->width[c] ? t->width[c] + 2 : 0;
    return width;
}

/* Leaves out columns until the names fit beside the rest, the dearest ones only until a short name
 * does; then gives the name what is left. */
static void squeeze(struct lane_table *t)
{
    uint32_t least = t->region_width + 1 + ACCOUNT_MIN;
    least = least < t->name_width ? least : t->name_width;
    for (int keep = 9;
         keep > 0 && table_width(t, keep > KEEP_DEAR ? t->name_width : least) > t->columns; keep--)
        for (size_t c = 0; c < COUNT(columns_all); c++)
            if (columns_all[c].keep == keep)
                t->width[c] = 0;
    if (table_width(t, 1) > t->columns)
        t->width[0] = 0;
    uint32_t rest = table_width(t, 0);
    uint32_t room = t->columns > rest ? t->columns - rest : 0;
    t->name_width = t->name_width < room ? t->name_width : room;
}

static void cell_print(struct buf *out, const struct lane_table *t, size_t column, struct cell cell)
{
    const char *color = t->color && cell.color ? cell.color : NULL;
    if (t->width[column] == 0)
        return;
    buf_add_fmt(out, "  %*s", (int)(t->width[column] - strlen(cell.text)), "");
    buf_add_fmt(out, "%s%s%s", color ? color : "", cell.text, color ? PLAIN : "");
}

static void row_print(struct buf *out, const struct lane_table *t, const struct view_lane *l,
                      struct buf *scratch)
{
    lane_name(out, t, l, scratch);
    for (size_t c = 0; c < COUNT(columns_all); c++)
        cell_print(out, t, c, cell_of(t, c, l));
    buf_add_char(out, '\n');
}

/* Those that go on before those that are over; each in the order of the manifest. */
static void rows_choose(struct lane_table *t, uint32_t room)
{
    const struct progress_view *b = t->view;
    uint32_t going = 0;
    for (uint32_t i = 0; i < b->lanes_len; i++)
        going += !view_is_over(&b->lanes[i]);
    bool all = b->lanes_len <= room;
    for (uint32_t i = 0; i < b->lanes_len && t->rows_len < room; i++)
        if (all || !view_is_over(&b->lanes[i]))
            t->rows[t->rows_len++] = &b->lanes[i];
    for (uint32_t i = 0; i < b->lanes_len && !all && t->rows_len < room && going < room; i++)
        if (view_is_over(&b->lanes[i]))
            t->rows[t->rows_len++] = &b->lanes[i];
}

static void fold_print(struct buf *out, const struct lane_table *t)
{
    struct view_lane rest = t->view->total;
    for (uint32_t r = 0; r < t->rows_len; r++) {
        rest.jobs -= t->rows[r]->jobs;
        rest.bad -= t->rows[r]->bad;
        rest.by_state[JOB_DONE] -= t->rows[r]->by_state[JOB_DONE];
    }
    uint32_t lanes = t->view->lanes_len - t->rows_len;
    struct buf line;
    buf_init(&line, VIEW_BYTES_MAX);
    buf_add_fmt(&line, "and %u more: ", lanes);
    view_finished(&line, &rest);
    view_fit(out, buf_text(&line), t->columns, false);
    buf_add_char(out, '\n');
    buf_clear(&line);
}

void view_table(struct buf *out, const struct progress_view *b, uint32_t columns, uint32_t rows,
                bool color)
{
    struct lane_table t = {.view = b, .columns = columns, .color = color};
    struct buf scratch;
    uint32_t room = rows - 1 < VIEW_ROWS_MAX ? rows - 1 : VIEW_ROWS_MAX;
    bool folds = b->lanes_len > room;
    buf_init(&scratch, VIEW_BYTES_MAX);
    rows_choose(&t, room - folds);
    measure(&t, &scratch);
    squeeze(&t);
    buf_add_str(out, t.color ? DIM : "");
    view_fit(out, TEXT("account Region"), t.name_width, true);
    for (size_t c = 0; c < COUNT(columns_all); c++)
        if (t.width[c])
            buf_add_fmt(out, "  %*s", (int)t.width[c], columns_all[c].title);
    buf_add_fmt(out, "%s\n", t.color ? PLAIN : "");
    for (uint32_t r = 0; r < t.rows_len; r++)
        row_print(out, &t, t.rows[r], &scratch);
    if (folds)
        fold_print(out, &t);
    buf_clear(&scratch);
}
