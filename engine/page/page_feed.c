/*
 * What goes to /events: the bytes of each change are made once and shared by all clients. Two are
 * kept: all parts, for who comes or has missed something, and the change from the version before,
 * for the rest. Pure. Format: WHATWG HTML, section 9.2.5.
 */
#include "base/count.h"
#include "base/json_out.h"
#include "page_internal.h"

#include <stdlib.h>
#include <string.h>

struct page_snapshot *page_snapshot_new(size_t bytes_max)
{
    struct page_snapshot *s = calloc(1, sizeof *s);
    if (s)
        arena_init(&s->arena, bytes_max);
    return s;
}

void page_snapshot_free(struct page_snapshot *s)
{
    if (s)
        arena_clear(&s->arena);
    free(s);
}

struct page_event *page_event_new(struct text bytes)
{
    struct page_event *e = malloc(sizeof *e + bytes.len);
    if (!e)
        return NULL;
    *e = (struct page_event){.refs = 1, .len = bytes.len};
    memcpy(e->bytes, bytes.at, bytes.len);
    return e;
}

void page_event_drop(struct page_event *e)
{
    if (e && --e->refs == 0)
        free(e);
}

static const struct page_part *part_find(const struct page_snapshot *s, const char *name)
{
    for (uint32_t i = 0; s && i < s->parts_len; i++)
        if (strcmp(s->parts[i].name, name) == 0)
            return &s->parts[i];
    return NULL;
}

/* Parts of newer that older has not, or has otherwise; of a part that is gone the HTML is empty. */
static struct page_event *event_make(const struct page_feed *f, const struct page_snapshot *older,
                                     const struct page_snapshot *newer, bool *is_empty)
{
    struct buf out;
    struct json_out j;
    char at[WHEN_LEN];
    *is_empty = true;
    buf_init(&out, PAGE_DOCUMENT_MAX);
    buf_add_fmt(&out, "id: %s-%llu\nevent: parts\ndata: ", f->instance,
                (unsigned long long)f->version);
    json_init(&j, &out);
    json_add_object(&j, NULL);
    json_add_word(&j, "at", when_format_ms(newer->at, at));
    json_add_object(&j, "parts");
    for (uint32_t i = 0; i < newer->parts_len; i++) {
        const struct page_part *p = &newer->parts[i], *old = part_find(older, p->name);
        if (old && text_eq(old->html, p->html))
            continue;
        json_add_text(&j, p->name, p->html);
        *is_empty = false;
    }
    for (uint32_t i = 0; older && i < older->parts_len; i++)
        if (!part_find(newer, older->parts[i].name)) {
            json_add_text(&j, older->parts[i].name, TEXT_NONE);
            *is_empty = false;
        }
    json_end(&j);
    json_end(&j);
    buf_add_str(&out, "\n\n");
    struct page_event *e =
        (older && *is_empty) || out.failed ? NULL : page_event_new(buf_text(&out));
    buf_clear(&out);
    return e;
}

bool page_feed_init(struct page_feed *f)
{
    f->greeting = page_event_new(TEXT("retry: 2000\n\n"));
    f->beat = page_event_new(TEXT(": still here\n\n"));
    f->farewell = page_event_new(TEXT("event: closing\ndata: {}\n\n"));
    return f->greeting && f->beat && f->farewell;
}

void page_feed_clear(struct page_feed *f)
{
    struct page_event *const all[] = {f->whole, f->changed, f->greeting, f->beat, f->farewell};
    for (size_t i = 0; i < COUNT(all); i++)
        page_event_drop(all[i]);
    *f = (struct page_feed){0};
}

bool page_feed_turn(struct page_feed *f, const struct page_snapshot *older,
                    const struct page_snapshot *newer)
{
    bool is_empty;
    f->version++;
    struct page_event *changed = event_make(f, older, newer, &is_empty);
    if (older && is_empty) { /* the same parts: clients have them already */
        f->version--;
        return false;
    }
    page_event_drop(f->whole);
    page_event_drop(f->changed);
    f->whole = NULL;
    f->changed = changed;
    return true;
}

uint64_t page_feed_version(const struct page_feed *f, struct text last_event_id)
{
    uint64_t version = 0;
    struct text instance = text_cut(&last_event_id, '-');
    if (!text_eq(instance, text_of(f->instance)) || !text_to_u64(last_event_id, &version) ||
        version > f->version)
        return 0;
    return version;
}

struct page_event *page_feed_since(struct page_feed *f, const struct page_snapshot *current,
                                   uint64_t version)
{
    bool is_empty;
    if (!current || version == f->version)
        return NULL;
    struct page_event *e = version && version == f->version - 1 ? f->changed : NULL;
    if (!e && !f->whole)
        f->whole = event_make(f, NULL, current, &is_empty);
    e = e ? e : f->whole;
    if (e)
        e->refs++;
    return e;
}

/* What the stream sends next, with a reference, or NULL: nothing for now. Without memory for the
 * parts the client is behind, and gets all of them with the next change, or in the place of a
 * heartbeat. */
static struct page_event *stream_next(struct page_stream *st, struct page_feed *f,
                                      const struct page_snapshot *current, int64_t now)
{
    struct page_event *e = NULL;
    bool is_silent = now - st->told_at >= PAGE_HEARTBEAT_MS;
    if (!st->has_begun) {
        st->has_begun = true;
        e = f->greeting;
    } else if (st->version != f->version || (st->is_behind && is_silent)) {
        e = page_feed_since(f, current, st->is_behind ? 0 : st->version);
        st->version = f->version;
        st->is_behind = !e;
        if (e)
            return e;
    }
    if (!e && f->is_closing && !st->has_closed) {
        st->has_closed = true;
        e = f->farewell;
    }
    if (!e && is_silent && !st->has_closed)
        e = f->beat;
    if (e)
        e->refs++;
    return e;
}

size_t page_stream_read(struct page_stream *st, struct page_feed *f,
                        const struct page_snapshot *current, int64_t now, char *out, size_t max)
{
    if (!st->event) {
        st->event = stream_next(st, f, current, now);
        st->sent = 0;
    }
    if (!st->event)
        return 0;
    size_t len = st->event->len - st->sent;
    len = len < max ? len : max;
    memcpy(out, st->event->bytes + st->sent, len);
    st->sent += len;
    if (st->sent == st->event->len) {
        page_event_drop(st->event);
        st->event = NULL;
        st->told_at = now;
    }
    return len;
}

bool page_stream_is_due(const struct page_stream *st, const struct page_feed *f, int64_t now)
{
    return st->version != f->version || f->is_closing || now - st->told_at >= PAGE_HEARTBEAT_MS;
}
