/*
 * Anchors, aliases and what merge keys hold: events that are kept and come again. The walk sees
 * only what an alias stands for.
 *
 * Kept are the events of anchored values, and of a merged map until its keys have been taken; an
 * alias among them is kept as an alias and unfolded when it comes again, so that what is kept is
 * never more than what was read. How much may come again is bounded by what was read: "laughs" of
 * a few lines unfold to billions of values.
 *
 * Source: YAML 1.2.2, section 7.1; the merge key is of YAML 1.1's language-independent types.
 */
#include "raw.h"

#include <stdlib.h>
#include <string.h>

struct kept_event {
    enum event_kind kind; /* EVENT_ALIAS, too */
    bool plain;
    uint32_t anchor; /* of an alias */
    uint32_t text_at, text_len;
    uint32_t line, column;
};

struct anchor {
    uint32_t start, end; /* in kept[] */
    bool is_known;       /* end is set: the value has been read */
    bool is_too_large;
};

/* An alias, or a held value, that is being unfolded. */
struct frame {
    uint32_t next, end;     /* in kept[] */
    struct source_place at; /* of the alias; line 0: a held value */
};

struct anchors {
    struct raw *raw;
    struct yaml_reader *reader;
    uint16_t file;
    struct names names; /* of anchors: id -> anchor[id] */
    struct anchor *anchor;
    uint32_t anchor_len, anchor_cap;
    struct kept_event *kept;
    uint32_t kept_len, kept_cap;
    struct buf texts;
    bool is_full;
    /* Values with an anchor that are being read, the outer ones first. */
    struct {
        uint32_t anchor, depth;
    } open[MANIFEST_DEPTH_MAX + 1];
    uint32_t open_len, depth; /* depth: collections that are being read */
    bool holds;               /* a value is being kept that has no anchor */
    uint32_t pinned;          /* what anchors have kept ends here */
    struct frame frame[MANIFEST_DEPTH_MAX];
    uint32_t frames;
    uint64_t parsed, unfolded;
    bool is_broken;
};

struct anchors *anchors_new(struct raw *r, struct source *s, uint16_t file)
{
    struct anchors *a = calloc(1, sizeof *a);
    if (!a) {
        raw_fail(r, ERR_NOMEM, "no memory to read a manifest");
        return NULL;
    }
    a->raw = r;
    a->file = file;
    buf_init(&a->texts, MANIFEST_KEPT_BYTES_MAX);
    a->reader = reader_new(r, s, file);
    if (names_init(&a->names, NAMES_BYTES_MAX) && a->reader)
        return a;
    raw_fail(r, ERR_NOMEM, "no memory to read a manifest");
    anchors_free(a);
    return NULL;
}

void anchors_free(struct anchors *a)
{
    if (!a)
        return;
    reader_free(a->reader);
    names_clear(&a->names);
    buf_clear(&a->texts);
    free(a->anchor);
    free(a->kept);
    free(a);
}

static bool is_open(const struct yaml_event *e)
{
    return e->kind == EVENT_LIST || e->kind == EVENT_MAP;
}

/* --- keeping ---------------------------------------------------------------------------------- */

static void keep(struct anchors *a, const struct yaml_event *e, uint32_t anchor)
{
    if (a->is_full || !(a->open_len || a->holds))
        return;
    uint32_t text_at = (uint32_t)a->texts.len;
    buf_add_text(&a->texts, e->kind == EVENT_SCALAR ? e->text : TEXT_NONE);
    if (a->kept_len == MANIFEST_KEPT_EVENTS_MAX || a->texts.failed) {
        /* No more is kept: what is open or comes later cannot be unfolded. */
        a->is_full = true;
        for (uint32_t i = 0; i < a->open_len; i++)
            a->anchor[a->open[i].anchor].is_too_large = true;
        return;
    }
    void *kept = raw_grown(a->raw, a->kept, a->kept_len, &a->kept_cap, sizeof *a->kept);
    if (!kept)
        return;
    a->kept = kept;
    a->kept[a->kept_len++] = (struct kept_event){.kind = e->kind,
                                                 .plain = e->plain,
                                                 .anchor = anchor,
                                                 .text_at = text_at,
                                                 .text_len = (uint32_t)a->texts.len - text_at,
                                                 .line = e->at.line,
                                                 .column = e->at.column};
}

/* The entry of an anchor's name, made when it is new; false after raw_fail(). */
static bool anchor_find(struct anchors *a, struct text name, uint32_t *id)
{
    if (!names_add(&a->names, name, id)) {
        raw_fail(a->raw, ERR_NOMEM, "no memory for the anchors of a manifest");
        return false;
    }
    while (a->anchor_len <= *id) {
        void *grown =
            raw_grown(a->raw, a->anchor, a->anchor_len, &a->anchor_cap, sizeof *a->anchor);
        if (!grown)
            return false;
        a->anchor = grown;
        a->anchor[a->anchor_len++] = (struct anchor){0};
    }
    return true;
}

static void anchors_close(struct anchors *a)
{
    while (a->open_len && a->open[a->open_len - 1].depth == a->depth) {
        struct anchor *anchor = &a->anchor[a->open[--a->open_len].anchor];
        anchor->end = a->kept_len;
        anchor->is_known = true;
        a->pinned = a->kept_len;
    }
}

/* The next event as it stands in the file, kept where that is wanted. *anchor: of an alias. */
static void parse(struct anchors *a, struct yaml_event *e, uint32_t *anchor)
{
    reader_next(a->reader, e);
    a->parsed++;
    *anchor = 0;
    if (e->anchor.len && a->open_len <= MANIFEST_DEPTH_MAX) {
        /* A value with an anchor begins. A name that stood before is another's from here on. */
        uint32_t id;
        if (anchor_find(a, e->anchor, &id)) {
            a->anchor[id] = (struct anchor){.start = a->kept_len, .is_too_large = a->is_full};
            a->open[a->open_len].anchor = id;
            a->open[a->open_len++].depth = a->depth;
        }
    }
    if (e->kind == EVENT_ALIAS && !anchor_find(a, e->text, anchor))
        e->kind = EVENT_BROKEN;
    keep(a, e, *anchor);
    a->depth += is_open(e);
    a->depth -= e->kind == EVENT_LIST_END || e->kind == EVENT_MAP_END;
    if (!is_open(e))
        anchors_close(a);
}

/* --- unfolding -------------------------------------------------------------------------------- */

static void refuse_alias(struct anchors *a, struct yaml_event *e, const char *sentence)
{
    char q[QUOTE_LEN];
    complain(a->raw, e->at, "found alias %s, %s", quote(e->text, q), sentence);
    e->kind = EVENT_REFUSED;
}

/* From an alias to the first event of what it stands for; false: refused. */
static bool unfold(struct anchors *a, struct yaml_event *e, uint32_t id)
{
    const struct anchor *anchor = &a->anchor[id];
    bool is_in_itself = false;
    for (uint32_t i = 0; i < a->open_len; i++)
        is_in_itself |= a->open[i].anchor == id;
    if (is_in_itself)
        refuse_alias(a, e, "which stands inside of its own anchor");
    else if (anchor->is_too_large)
        refuse_alias(a, e, "but the anchors of this file hold more than 100000 values or 4 MB");
    else if (!anchor->is_known)
        refuse_alias(a, e, "but no anchor of that name stands before it");
    else if (a->frames == MANIFEST_DEPTH_MAX)
        refuse_alias(a, e, "which is nested in more than 64 others");
    else
        a->frame[a->frames++] = (struct frame){anchor->start, anchor->end, e->at};
    return e->kind != EVENT_REFUSED;
}

static void too_much(struct anchors *a, struct yaml_event *e)
{
    complain(a->raw, e->at,
             "the aliases of this file unfold to more than ten times what stands in it: write the "
             "values out, or put them into defaults");
    a->is_broken = true;
    *e = (struct yaml_event){.kind = EVENT_BROKEN, .at = {.file = a->file}};
}

/* The next event of the innermost value that is unfolded. */
static void replay(struct anchors *a, struct yaml_event *e, uint32_t *anchor)
{
    struct frame *f = &a->frame[a->frames - 1];
    const struct kept_event *k = &a->kept[f->next++];
    struct text text = {a->texts.at + k->text_at, k->text_len};
    *e = (struct yaml_event){.kind = k->kind,
                             .plain = k->plain,
                             .text = k->text_len ? text : TEXT(""),
                             .at = {a->file, k->line, k->column}};
    *anchor = k->anchor;
    if (k->kind == EVENT_ALIAS)
        e->text = names_text(&a->names, k->anchor);
    else if (k->kind == EVENT_SCALAR && f->at.line && f->next == f->end)
        e->at = f->at; /* one text: it is looked for where it is used */
}

/* Values that have come whole are done. */
static void frames_end(struct anchors *a)
{
    while (a->frames && a->frame[a->frames - 1].next == a->frame[a->frames - 1].end)
        a->frames--;
}

void anchors_next(struct anchors *a, struct yaml_event *e)
{
    bool is_alias = false;
    for (;;) {
        uint32_t anchor;
        frames_end(a);
        bool replays = a->frames > 0;
        if (a->is_broken || a->raw->err != OK) {
            *e = (struct yaml_event){.kind = EVENT_BROKEN, .at = {.file = a->file}};
            return;
        }
        if (replays)
            replay(a, e, &anchor);
        else
            parse(a, e, &anchor);
        if (replays && ++a->unfolded > MANIFEST_UNFOLD_FIRST + MANIFEST_UNFOLD_TIMES * a->parsed) {
            too_much(a, e);
            return;
        }
        e->is_alias = is_alias;
        if (e->kind != EVENT_ALIAS || !unfold(a, e, anchor))
            return;
        is_alias = true;
    }
}

/* --- held values ------------------------------------------------------------------------------ */

/* The end of the value whose first event is kept[start]. */
static uint32_t value_end(const struct anchors *a, uint32_t start, uint32_t limit)
{
    uint32_t depth = 0, i = start;
    do {
        enum event_kind kind = a->kept[i++].kind;
        depth += kind == EVENT_LIST || kind == EVENT_MAP;
        depth -= kind == EVENT_LIST_END || kind == EVENT_MAP_END;
    } while (depth > 0 && i < limit);
    return i;
}

bool anchors_hold(struct anchors *a, const struct yaml_event *e, struct held_value *held)
{
    if (a->frames == 0) {
        /* A value that is read for the first time: it is kept from its first event on. */
        bool is_kept = a->open_len > 0; /* by an anchor around it */
        uint32_t depth = a->depth - is_open(e);
        struct yaml_event next = *e;
        a->holds = true;
        if (!is_kept)
            keep(a, e, 0);
        *held = (struct held_value){.start = a->kept_len - !a->is_full};
        while (a->depth > depth && next.kind != EVENT_BROKEN && next.kind != EVENT_END) {
            uint32_t anchor;
            parse(a, &next, &anchor);
        }
        a->holds = false;
        held->end = a->kept_len;
        if (!a->is_full && a->depth == depth)
            return true;
        if (a->is_full)
            complain(a->raw, e->at,
                     "the anchors of this file hold more than 100000 values or 4 MB, so this "
                     "cannot be merged: write the keys out");
        return false;
    }
    struct frame *f = &a->frame[a->frames - 1];
    *held = (struct held_value){f->next - 1, value_end(a, f->next - 1, f->end)};
    f->next = held->end;
    return true;
}

void anchors_replay(struct anchors *a, struct held_value held)
{
    if (a->frames < MANIFEST_DEPTH_MAX) {
        a->frame[a->frames++] = (struct frame){.next = held.start, .end = held.end};
        return;
    }
    complain(a->raw, (struct source_place){.file = a->file},
             "the aliases and merge keys of this file are nested more than 64 deep");
    a->is_broken = true;
}

void anchors_release(struct anchors *a, struct held_value held)
{
    frames_end(a);
    if (a->frames || a->open_len || a->is_full || held.start < a->pinned ||
        held.start >= a->kept_len)
        return;
    a->texts.len = a->kept[held.start].text_at;
    a->kept_len = held.start;
}
