/*
 * Reports of one run, written together: one pass over the rows goes through all of them, since
 * reading a large run takes longer than writing it.
 */
#include "report.h"

#include "base/count.h"
#include "deliver.h"
#include "delivery.h"
#include "row.h"

#include <stdlib.h>

static const struct report_format *const formats[] = {
    &csv_format, &json_format, &html_format, &markdown_format, &junit_format, &sarif_format,
};

const char *report_format_name(size_t i)
{
    return i < COUNT(formats) ? formats[i]->name : NULL;
}

static const struct report_format *format_of(struct text name)
{
    if (text_eq(name, TEXT("md")))
        return &markdown_format;
    for (size_t i = 0; i < COUNT(formats); i++)
        if (text_eq(name, text_of(formats[i]->name)))
            return formats[i];
    return NULL;
}

bool report_format_known(struct text format)
{
    return format_of(format) != NULL;
}

/* A report under way. */
struct writing {
    struct report_wanted *wanted;
    const struct report_format *format; /* NULL: it was not begun */
    struct report report;
    struct delivery delivery;
    void *state; /* owned */
    bool takes;  /* rows, still */
    bool lacked_room;
};

struct batch {
    struct writing *list; /* owned */
    size_t len, taking;
};

static enum err writing_begin(struct writing *w, struct why *why)
{
    const struct report_format *format = format_of(w->wanted->format);
    if (!format)
        return why_set(why, ERR_INPUT, "unknown report format \"" TEXT_FMT "\"",
                       TEXT_ARG(w->wanted->format));
    enum err err = delivery_begin(&w->delivery, w->wanted->path, why);
    if (err != OK)
        return why_wrap(why, err, "report %s", w->wanted->path);
    w->format = format;
    w->report.out = &w->delivery.sink;
    w->state = calloc(1, format->state_size);
    if (!w->state)
        return why_set(why, ERR_NOMEM, "out of memory");
    err = format->begin(w->state, &w->report, why);
    w->takes = err == OK;
    return err;
}

static void writing_end(struct writing *w)
{
    struct report_wanted *wanted = w->wanted;
    if (!w->format)
        return;
    if (wanted->err == OK)
        wanted->err = w->format->end(w->state, &wanted->why);
    if (w->state)
        w->format->clear(w->state);
    free(w->state);
    wanted->err = delivery_end(&w->delivery, wanted->err, &wanted->why);
    w->lacked_room = wanted->err != OK && delivery_lacked_room(&w->delivery);
    if (wanted->err != OK)
        why_wrap(&wanted->why, wanted->err, "report %s", wanted->path);
}

static bool row_pass(void *ctx, const struct report_row *row)
{
    struct batch *b = ctx;
    for (size_t i = 0; i < b->len; i++) {
        struct writing *w = &b->list[i];
        if (!w->takes)
            continue;
        w->takes = w->format->row(w->state, row);
        b->taking -= !w->takes;
    }
    return b->taking > 0;
}

static void rows_pass(struct batch *b, const struct report *report)
{
    struct why why = {""};
    for (size_t i = 0; i < b->len; i++)
        b->taking += b->list[i].takes;
    enum err err = b->taking ? report_rows(report, row_pass, b, &why) : OK;
    for (size_t i = 0; err != OK && i < b->len; i++) {
        struct report_wanted *wanted = b->list[i].wanted;
        if (wanted->err == OK)
            wanted->why = why;
        wanted->err = wanted->err == OK ? err : wanted->err;
    }
}

static void batch_write(struct batch *b, struct report_wanted *list, const struct report *report)
{
    for (size_t i = 0; i < b->len; i++) {
        struct writing *w = &b->list[i];
        *w = (struct writing){.wanted = &list[i], .report = *report};
        list[i].err = writing_begin(w, &list[i].why);
    }
    rows_pass(b, report);
    for (size_t i = 0; i < b->len; i++)
        writing_end(&b->list[i]);
}

/* On a disk that is full, each of those that grow side by side has failed, or some of them. Now
 * that their files are removed there may be room for one after the other. */
static void again_alone(struct writing *failed, struct report_wanted *list, size_t len,
                        const struct report *report)
{
    for (size_t i = 0; len > 1 && i < len; i++) {
        struct writing again;
        struct batch alone = {.list = &again, .len = 1};
        if (failed[i].lacked_room)
            batch_write(&alone, &list[i], report);
    }
}

/* Two descriptors may lead to one pipe, so only one of them is written to at a time. */
static size_t batch_len(const struct report_wanted *list, size_t len)
{
    bool has_stream = false;
    for (size_t i = 0; i < len; i++) {
        bool is_stream = deliver_stream(list[i].path) >= 0;
        if (has_stream && is_stream)
            return i;
        has_stream |= is_stream;
    }
    return len;
}

void reports_write(struct report_wanted *list, size_t len, const struct report_head *head,
                   const struct fleet *fleet, const struct report_source *source)
{
    const struct report report = {.head = head, .fleet = fleet, .source = source};
    struct batch b = {.list = calloc(len + 1, sizeof *b.list)};
    for (size_t i = 0; !b.list && i < len; i++)
        list[i].err = why_set(&list[i].why, ERR_NOMEM, "report %s: out of memory", list[i].path);
    for (size_t i = 0; b.list && i < len; i += b.len) {
        b.len = batch_len(list + i, len - i);
        b.taking = 0;
        batch_write(&b, list + i, &report);
        again_alone(b.list, list + i, b.len, &report);
    }
    free(b.list);
}

enum err report_write(const char *format, const char *path, const struct report_head *head,
                      const struct fleet *fleet, const struct report_source *source,
                      struct why *why)
{
    struct report_wanted wanted = {.format = text_of(format), .path = path};
    reports_write(&wanted, 1, head, fleet, source);
    *why = wanted.why;
    return wanted.err;
}
