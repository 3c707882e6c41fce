/*
 * Files to reports to rows. A report is given once it has been looked through; one with the
 * reporter, id, domain and range of an earlier one is a copy, in whatever file it comes. Some
 * reporters give every day the same id.
 */
#include "aggregate.h"

#include "base/bounds.h"
#include "base/buf.h"
#include "base/escape.h"
#include "base/names.h"
#include "report_files.h"
#include "report_reader.h"
#include "unpack.h"

#include <stdlib.h>
#include <string.h>

struct reading {
    const struct aggregate_reader *out;
    struct aggregate_counts *counts;
    struct report_reader *report;
    struct names seen; /* of domains and ranges, and of reports of them */
    struct buf sentence, key;
    struct text name; /* of the document */
    bool is_bad;      /* the document was complained of */
    bool is_over;     /* the taker wants no more */
    enum err err;
    struct why why;
    struct aggregate_row row;
};

/* ---- complaints ---- */

static void say(struct reading *g, void (*out)(void *ctx, const char *sentence), struct text name,
                const char *clause, const char *between)
{
    struct buf raw;
    buf_init(&raw, (size_t)PATH_LEN_MAX * 4);
    buf_add_text(&raw, name);
    buf_add_str(&raw, between);
    buf_add_str(&raw, clause);
    buf_reset(&g->sentence);
    escape_terminal(&g->sentence, buf_text(&raw));
    bool is_whole = g->sentence.len && !g->sentence.failed && !raw.failed;
    buf_clear(&raw);
    if (out)
        out(g->out->ctx, is_whole ? g->sentence.at : "out of memory");
}

static void on_pass(void *ctx, struct text name, const char *why)
{
    struct reading *g = ctx;
    g->counts->bad_files++;
    say(g, g->out->complain, name, why, ": ");
}

static void on_aside(void *ctx, struct text name, const char *why)
{
    struct reading *g = ctx;
    say(g, g->out->note, name, why, ": ");
}

/* ---- one document ---- */

static void fail(struct reading *g, enum err err)
{
    if (!g->err)
        g->err = err;
    g->is_over = true;
}

static void bad_report(struct reading *g, const char *clause, const char *between)
{
    if (g->is_bad)
        return;
    g->is_bad = true;
    g->counts->bad_reports++;
    say(g, g->out->complain, g->name, clause, between);
}

/* What the reader of reports said: it begins with line and column. */
static void take_error(struct reading *g, enum err err, const struct why *why)
{
    if (err == ERR_NOMEM) {
        g->why = *why;
        fail(g, err);
    } else {
        bad_report(g, why->text, ":");
    }
}

static void on_begin(void *ctx, struct text name)
{
    struct reading *g = ctx;
    struct why why = {""};
    g->name = name;
    g->is_bad = false;
    enum err err = report_reader_begin(g->report, &why);
    if (err != OK)
        take_error(g, err, &why);
}

static bool on_piece(void *ctx, struct text bytes)
{
    struct reading *g = ctx;
    struct why why = {""};
    if (g->is_bad || g->is_over)
        return false;
    enum err err = report_reader_add(g->report, bytes, &why);
    if (err != OK)
        take_error(g, err, &why);
    return err == OK;
}

/* What the key holds; *is_new: it was not there. NAME_NONE: there is no room for it. */
static name_id key_add(struct reading *g, bool *is_new)
{
    struct text key = buf_text(&g->key);
    name_id id = names_find(&g->seen, key);
    *is_new = id == NAME_NONE;
    if (*is_new && (g->key.failed || !names_add(&g->seen, key, &id)))
        fail(g, why_set(&g->why, ERR_LIMIT, "there are more reports than can be told apart"));
    return id;
}

/* Has it been given before? From now on it has. A domain with a range is a number in the key of a
 * report, which would be too long for a name with both in it. */
static bool is_copy(struct reading *g, const struct aggregate_report *r)
{
    bool is_new;
    buf_reset(&g->key);
    buf_add_char(&g->key, '\0'); /* no reporter begins so */
    buf_add(&g->key, &r->begin, sizeof r->begin);
    buf_add(&g->key, &r->end, sizeof r->end);
    buf_add_text(&g->key, r->domain);
    const name_id about = key_add(g, &is_new);
    buf_reset(&g->key);
    for (size_t i = 0; i < r->reporter.len; i++) /* the same name, however it is written */
        buf_add_char(&g->key, char_lower(r->reporter.at[i]));
    buf_add_char(&g->key, '\0');
    buf_add(&g->key, &about, sizeof about);
    buf_add_text(&g->key, r->report_id);
    if (!g->is_over)
        (void)key_add(g, &is_new);
    return !is_new;
}

static void give(struct reading *g, const struct aggregate_report *head)
{
    uint32_t len = report_reader_rows(g->report);
    g->row.report = head;
    if (len == 0)
        say(g, g->out->note, g->name, "the report has no record, so it counts for nothing", ": ");
    for (uint32_t i = 0; i < len && !g->is_over; i++) {
        report_reader_row(g->report, i, &g->row);
        g->counts->rows++;
        g->is_over = !g->out->row(g->out->ctx, &g->row);
    }
    g->row.report = NULL;
}

static void on_end(void *ctx, const char *trouble)
{
    struct reading *g = ctx;
    struct why why = {""};
    struct aggregate_report head = {.file = g->name};
    if (g->is_bad || g->is_over)
        return;
    if (trouble) {
        bad_report(g, trouble, ": ");
        return;
    }
    enum err err = report_reader_end(g->report, &why);
    if (err != OK) {
        take_error(g, err, &why);
        return;
    }
    report_reader_head(g->report, &head);
    if (is_copy(g, &head)) {
        g->counts->duplicates++;
    } else if (!g->is_over) {
        g->counts->reports++;
        give(g, &head);
    }
}

static bool on_more(void *ctx)
{
    return !((struct reading *)ctx)->is_over;
}

/* ---- all files ---- */

static bool on_file(void *ctx, int fd, int64_t size, struct text name)
{
    struct reading *g = ctx;
    const struct unpack_sink sink = {.ctx = g,
                                     .begin = on_begin,
                                     .piece = on_piece,
                                     .end = on_end,
                                     .pass = on_pass,
                                     .aside = on_aside,
                                     .goes_on = on_more};
    if (g->out->open && !g->out->open(g->out->ctx, fd, name))
        return false;
    g->counts->files++;
    unpack_file(fd, size, name, &sink);
    return !g->is_over;
}

static bool reading_init(struct reading *g, const struct aggregate_reader *reader,
                         struct aggregate_counts *counts)
{
    *g = (struct reading){.out = reader, .counts = counts};
    *counts = (struct aggregate_counts){0};
    buf_init(&g->sentence, (size_t)PATH_LEN_MAX * 32); /* every byte may be escaped */
    buf_init(&g->key, NAME_LEN_MAX);
    g->report = report_reader_new(reader->now);
    return names_init(&g->seen, EVIDENCE_SEEN_MAX) && g->report;
}

static void reading_clear(struct reading *g)
{
    report_reader_free(g->report);
    names_clear(&g->seen);
    buf_clear(&g->sentence);
    buf_clear(&g->key);
}

enum err aggregate_read(const char *const *paths, uint32_t paths_len,
                        const struct aggregate_reader *reader, struct aggregate_counts *counts,
                        struct why *why)
{
    struct reading *g = malloc(sizeof *g);
    if (!g)
        return why_set(why, ERR_NOMEM, "out of memory");
    const struct report_files_sink files = {.ctx = g, .file = on_file, .pass = on_pass};
    enum err err = reading_init(g, reader, counts) ? OK : ERR_NOMEM;
    if (err != OK)
        why_set(why, err, "out of memory");
    else
        err = report_files_each(paths, paths_len, &files, why);
    if (err == OK && g->err)
        err = why_set(why, g->err, "%s", g->why.text);
    reading_clear(g);
    free(g);
    return err;
}
