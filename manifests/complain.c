/*
 * Complaints: each with its place, in reading order, safe to print. Reading goes on after a
 * complaint, so one run shows every fault.
 */
#include "base/character.h"
#include "base/escape.h"
#include "raw.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMPLAINT_LEN  1024
#define QUOTE_TEXT_MAX 60 /* characters of the user's text that are shown */

void complaints_init(struct complaints *c)
{
    *c = (struct complaints){0};
    arena_init(&c->arena, SIZE_MAX);
}

void complaints_clear(struct complaints *c)
{
    arena_clear(&c->arena);
    free(c->list);
    complaints_init(c);
}

bool complaints_full(const struct raw *r)
{
    return r->complaints->len >= MANIFEST_COMPLAINTS_MAX;
}

static bool comes_after(const struct complaint *a, const struct complaint *b)
{
    if (a->order != b->order)
        return a->order > b->order;
    return a->line != b->line ? a->line > b->line : a->column > b->column;
}

static bool complaints_grow(struct complaints *c)
{
    if (c->len < c->cap)
        return true;
    uint32_t cap = c->cap ? c->cap * 2 : 16;
    struct complaint *list = realloc(c->list, sizeof *list * cap);
    if (!list)
        return false;
    c->list = list;
    c->cap = cap;
    return true;
}

/* Nearly always at the end: only vetting looks back at earlier files. */
static void complaints_insert(struct complaints *c, struct complaint new)
{
    if (!complaints_grow(c)) {
        c->more++;
        return;
    }
    uint32_t i = c->len++;
    for (; i > 0 && comes_after(&c->list[i - 1], &new); i--)
        c->list[i] = c->list[i - 1];
    c->list[i] = new;
}

/* Complaints outlive the fleet, so each holds its file's name; neighbours share one copy. */
static struct text file_name_kept(struct complaints *c, struct text name)
{
    if (c->len && text_eq(c->list[c->len - 1].file, name))
        return c->list[c->len - 1].file;
    return arena_text(&c->arena, name);
}

void complain(struct raw *r, struct source_place at, const char *fmt, ...)
{
    struct complaints *c = r->complaints;
    if (complaints_full(r)) {
        c->more += c->more < UINT32_MAX;
        return;
    }
    char text[COMPLAINT_LEN];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct text file = at.file < r->fleet->files_len ? r->fleet->files[at.file] : TEXT_NONE;
    struct complaint new = {.file = file_name_kept(c, file),
                            .line = at.line,
                            .column = at.column,
                            .order = at.file,
                            .text = arena_text(&c->arena, text_of(text))};
    if (new.text.at)
        complaints_insert(c, new);
    else
        c->more++;
}

/* At most QUOTE_TEXT_MAX bytes, but no half of a character. */
static struct text shortened(struct text t)
{
    if (t.len <= QUOTE_TEXT_MAX)
        return t;
    size_t len = QUOTE_TEXT_MAX - 3;
    while (len > 0 && ((unsigned char)t.at[len] & 0xc0) == 0x80)
        len--;
    return (struct text){t.at, len};
}

/* As escape_terminal(), and what cannot be seen as <U+00A0>. */
static void unseen_escape(struct buf *out, struct text t)
{
    while (t.len) {
        uint32_t code;
        size_t len = utf8_next(t, &code);
        if (len > 1 && character_first_unseen(text_slice(t, 0, len)))
            buf_add_fmt(out, "<U+%04X>", code);
        else
            escape_terminal(out, text_slice(t, 0, len ? len : 1));
        t = text_from(t, len ? len : 1);
    }
}

const char *quote(struct text t, char out[QUOTE_LEN])
{
    struct text shown = shortened(t);
    uint32_t odd = character_first_odd(shown);
    struct buf safe;
    char hint[QUOTE_LEN / 2] = "";
    buf_init(&safe, QUOTE_TEXT_MAX * 8);
    unseen_escape(&safe, shown);
    if (odd)
        snprintf(hint, sizeof hint, " (U+%04X, %s: %s)", odd, character_name(odd),
                 character_fix(odd));
    /* Escapes grow: what still does not fit is cut here, between quotation marks. */
    int room = QUOTE_LEN / 2 - (int)sizeof "\"\"...";
    int len = (int)safe.len < room ? (int)safe.len : room;
    bool cut = shown.len < t.len || (size_t)len < safe.len;
    snprintf(out, QUOTE_LEN, "\"%.*s\"%s%s", len, safe.len ? safe.at : "", cut ? "..." : "", hint);
    buf_clear(&safe);
    return out;
}

const char *meant(const char *near, char out[QUOTE_LEN])
{
    out[0] = '\0';
    if (near)
        snprintf(out, QUOTE_LEN, "; did you mean %s?", near);
    return out;
}

void complain_value(struct raw *r, struct source_place at, const struct key_rule *rule,
                    struct text found, const char *near)
{
    char q[QUOTE_LEN], m[QUOTE_LEN];
    complain(r, at, "%s: found %s, expected %s%s", rule->name,
             found.len ? quote(found, q) : "nothing", rule->expected, meant(near, m));
}
