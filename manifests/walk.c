/*
 * Events become keys and values, by the tables of schema.c: the walk through any section, and the
 * top of a manifest. A wrong value gets a complaint and is stepped over.
 *
 * Invariant: a function taking a value leaves the value's last event in w->event.
 */
#include "raw.h"

#include "base/character.h"

#include <string.h>

bool walk_next(struct manifest_walk *w)
{
    anchors_next(w->anchors, &w->event);
    return w->event.kind != EVENT_BROKEN && w->event.kind != EVENT_END;
}

void walk_skip(struct manifest_walk *w)
{
    unsigned depth = w->event.kind == EVENT_LIST || w->event.kind == EVENT_MAP;
    while (depth > 0 && walk_next(w)) {
        if (w->event.kind == EVENT_LIST || w->event.kind == EVENT_MAP)
            depth++;
        if (w->event.kind == EVENT_LIST_END || w->event.kind == EVENT_MAP_END)
            depth--;
    }
}

const char *event_noun(const struct yaml_event *event, char out[QUOTE_LEN])
{
    switch (event->kind) {
    case EVENT_LIST: return "a list";
    case EVENT_MAP: return "keys and values";
    case EVENT_SCALAR: return event->text.len ? quote(event->text, out) : "nothing";
    default: return "no value";
    }
}

/* --- merge keys ------------------------------------------------------------------------------- */

bool walk_is_merge(const struct manifest_walk *w)
{
    return w->event.kind == EVENT_SCALAR && w->event.plain && text_eq(w->event.text, TEXT("<<"));
}

static void merge_one(struct manifest_walk *w, struct merges *merges)
{
    char q[QUOTE_LEN];
    if (w->event.kind != EVENT_MAP) {
        if (w->event.kind != EVENT_REFUSED)
            complain(w->raw, w->event.at,
                     "<<: found %s, expected keys and values, such as the alias of some",
                     event_noun(&w->event, q));
        walk_skip(w);
    } else if (merges->len == MERGES_MAX) {
        complain(w->raw, w->event.at, "<<: found more than %d maps to merge", MERGES_MAX);
        walk_skip(w);
    } else if (anchors_hold(w->anchors, &w->event, &merges->at[merges->len])) {
        merges->len++;
    }
}

void walk_merge(struct manifest_walk *w, struct merges *merges)
{
    if (w->event.kind != EVENT_LIST) {
        merge_one(w, merges);
        return;
    }
    while (walk_next(w) && w->event.kind != EVENT_LIST_END)
        merge_one(w, merges);
}

/* depth: maps that merge one another, whose number is bounded as that of aliases is. */
static void merges_take(struct manifest_walk *w, take_keys *take, void *ctx, struct merges *merges,
                        unsigned depth)
{
    for (unsigned i = 0; i < merges->len; i++) {
        struct merges inner = {.len = 0};
        struct source_place at = w->event.at;
        anchors_replay(w->anchors, merges->at[i]);
        if (walk_next(w))
            take(w, ctx, &inner, true);
        if (inner.len && depth == MANIFEST_DEPTH_MAX)
            complain(w->raw, at, "<<: found maps that merge one another more than %d deep",
                     MANIFEST_DEPTH_MAX);
        else if (inner.len)
            merges_take(w, take, ctx, &inner, depth + 1);
    }
    for (unsigned i = merges->len; i > 0; i--)
        anchors_release(w->anchors, merges->at[i - 1]);
}

void walk_keys(struct manifest_walk *w, take_keys *take, void *ctx)
{
    struct merges merges = {.len = 0};
    take(w, ctx, &merges, false);
    if (merges.len == 0 || w->event.kind != EVENT_MAP_END)
        return;
    struct yaml_event end = w->event;
    merges_take(w, take, ctx, &merges, 1);
    if (w->event.kind != EVENT_BROKEN)
        w->event = end;
}

/* --- sections --------------------------------------------------------------------------------- */

struct section_walk {
    enum section section;
    take_value *take;
    void *into;
    uint32_t first_lines[SECTION_KEYS_MAX]; /* of each key; 0: not given yet */
};

/* Does the map say already what the rule's key says? region and regions say one thing. */
static bool is_said(const struct section_walk *s, const struct key_rule *rule)
{
    const struct section_rule *section = section_rule(s->section);
    for (unsigned i = 0; i < section->keys_len; i++) {
        bool is_same = section->keys[i].key == rule->key ||
                       (rule->key == KEY_REGION && section->keys[i].key == KEY_REGIONS) ||
                       (rule->key == KEY_REGIONS && section->keys[i].key == KEY_REGION);
        if (is_same && s->first_lines[i])
            return true;
    }
    return false;
}

/* The rule of the key in w->event; NULL after a complaint, and for what is to be passed over. */
static const struct key_rule *take_key(struct manifest_walk *w, struct section_walk *s,
                                       bool is_merged)
{
    char q[QUOTE_LEN], m[QUOTE_LEN];
    const struct yaml_event *e = &w->event;
    const struct section_rule *section = section_rule(s->section);
    if (e->kind != EVENT_SCALAR) {
        if (e->kind != EVENT_REFUSED)
            complain(w->raw, e->at, "found %s as a key of %s, expected a name", event_noun(e, q),
                     section->noun);
        walk_skip(w);
        return NULL;
    }
    if (s->section == SECTION_TOP && text_starts(e->text, TEXT("x-")))
        return NULL; /* a place for anchors */
    const struct key_rule *rule = key_find(s->section, e->text);
    if (!rule) {
        char seen[QUOTE_LEN];
        const char *near = complaints_full(w->raw)
                               ? NULL
                               : key_near(s->section, character_seen(e->text, seen, sizeof seen));
        const char *elsewhere = key_elsewhere(s->section, e->text);
        complain(w->raw, e->at, "unknown key %s in %s%s", quote(e->text, q), section->noun,
                 *elsewhere ? elsewhere : meant(near, m));
        return NULL;
    }
    if (is_merged && is_said(s, rule))
        return NULL;
    uint32_t *first_line = &s->first_lines[rule - section->keys];
    if (*first_line) {
        complain(w->raw, e->at, "duplicate key %s; it stands on line %u already", rule->name,
                 *first_line);
        return NULL;
    }
    *first_line = e->at.line;
    return rule;
}

static void take_section(struct manifest_walk *w, void *ctx, struct merges *merges, bool is_merged)
{
    struct section_walk *s = ctx;
    while (walk_next(w) && w->event.kind != EVENT_MAP_END) {
        bool is_merge = walk_is_merge(w);
        const struct key_rule *rule = is_merge ? NULL : take_key(w, s, is_merged);
        if (!walk_next(w))
            return;
        if (is_merge)
            walk_merge(w, merges);
        else if (rule)
            s->take(w, rule, s->into);
        else
            walk_skip(w);
    }
}

void walk_map(struct manifest_walk *w, enum section s, take_value *take, void *into)
{
    struct section_walk walk = {.section = s, .take = take, .into = into};
    walk_keys(w, take_section, &walk);
}

static const char *const shape_nouns[] = {
    [SHAPE_TEXT] = "one text",
    [SHAPE_LIST] = "a list",
    [SHAPE_TEXT_OR_LIST] = "one text or a list",
    [SHAPE_MAP] = "keys and values",
};

bool walk_is(struct manifest_walk *w, const struct key_rule *rule, enum event_kind kind)
{
    char q[QUOTE_LEN];
    if (w->event.kind == kind)
        return true;
    /* Unquoted text beginning with {domain} is a map in YAML. */
    if (w->event.kind != EVENT_REFUSED)
        complain(w->raw, w->event.at, "%s: found %s, expected %s (%s)%s", rule->name,
                 event_noun(&w->event, q), shape_nouns[rule->shape], rule->expected,
                 w->event.kind == EVENT_MAP && rule->key == KEY_MAIL_FROM
                     ? "; text that begins with { needs quotes"
                     : "");
    walk_skip(w);
    return false;
}

static bool walk_list(struct manifest_walk *w, const struct key_rule *rule, put_text *put,
                      void *into)
{
    char q[QUOTE_LEN];
    bool whole = true;
    struct source_place at = w->event.at;
    uint32_t len = 0;
    for (; walk_next(w) && w->event.kind != EVENT_LIST_END; len++) {
        if (w->event.kind == EVENT_SCALAR) {
            put(w, rule, into);
            continue;
        }
        whole = false;
        if (w->event.kind != EVENT_REFUSED)
            complain(w->raw, w->event.at, "%s: found %s in the list, expected %s", rule->name,
                     event_noun(&w->event, q), rule->expected);
        walk_skip(w);
    }
    if (len == 0 && w->event.kind == EVENT_LIST_END && rule->key != KEY_OF(SETTING_ACCEPT)) {
        complain(w->raw, at, "%s: found an empty list, expected %s", rule->name, rule->expected);
        whole = false;
    }
    return whole;
}

bool walk_texts(struct manifest_walk *w, const struct key_rule *rule, put_text *put, void *into)
{
    if (rule->shape == SHAPE_TEXT_OR_LIST && w->event.kind == EVENT_LIST)
        return walk_list(w, rule, put, into);
    if (rule->shape == SHAPE_LIST)
        return walk_is(w, rule, EVENT_LIST) && walk_list(w, rule, put, into);
    if (!walk_is(w, rule, EVENT_SCALAR))
        return false;
    put(w, rule, into);
    return true;
}

static void put_top(struct manifest_walk *w, const struct key_rule *rule, void *into)
{
    (void)into;
    struct text t = w->event.text;
    struct source_place at = w->event.at;
    switch (rule->key) {
    case KEY_VERSION:
        if (!text_eq(t, TEXT("1")))
            complain_value(w->raw, at, rule, t, NULL);
        break;
    case KEY_WAVES: {
        struct fleet *f = w->raw->fleet;
        struct quota wave;
        if (!quota_parse(w->event.text, &wave) || wave.value <= 0)
            complain_value(w->raw, w->event.at, rule, w->event.text, NULL);
        else if (f->waves_len == WAVES_MAX)
            complain(w->raw, w->event.at, "waves: found more than %d", WAVES_MAX);
        else
            f->waves[f->waves_len++] = wave;
        break;
    }
    case KEY_MAX_FAILURES:
        if (!quota_parse(t, &w->raw->fleet->max_failures))
            complain_value(w->raw, at, rule, t, NULL);
        break;
    case KEY_INCLUDE: include_add(w->raw, w->file, FILE_YAML, t, at); break;
    default: include_add(w->raw, w->file, FILE_ROWS, t, at); break;
    }
}

/* waves, max_failures, watch and accounts_from are of the whole fleet, not of a file: one file may
 * set each. */
static bool is_first(struct manifest_walk *w, const struct key_rule *rule,
                     struct source_place *first)
{
    if (first->line == 0) {
        *first = w->event.at;
        return true;
    }
    complain(w->raw, w->event.at, "%s stands in " TEXT_FMT ":%u already, expected it in one file",
             rule->name, TEXT_ARG(w->raw->fleet->files[first->file]), first->line);
    walk_skip(w);
    return false;
}

static void take_top(struct manifest_walk *w, const struct key_rule *rule, void *into)
{
    bool *has_version = into;
    struct raw *r = w->raw;
    *has_version |= rule->key == KEY_VERSION;
    r->identities_named |=
        rule->key == KEY_IDENTITIES || rule->key == KEY_IDENTITIES_FROM || rule->key == KEY_INCLUDE;
    if (rule->key == KEY_WAVES && !is_first(w, rule, &r->waves_at))
        return;
    if (rule->key == KEY_MAX_FAILURES && !is_first(w, rule, &r->max_failures_at))
        return;
    if (rule->key == KEY_WATCH && !is_first(w, rule, &r->watch_at))
        return;
    if (rule->key == KEY_ACCOUNTS_FROM && !is_first(w, rule, &r->organization.at))
        return;
    if (rule->key == KEY_ACCOUNTS) {
        if (walk_is(w, rule, EVENT_MAP))
            walk_accounts(w);
    } else if (rule->key == KEY_ACCOUNTS_FROM) {
        walk_accounts_from(w);
    } else if (rule->key == KEY_OWNERS) {
        if (walk_is(w, rule, EVENT_MAP))
            walk_owners(w);
    } else if (rule->key == KEY_DNS) {
        if (walk_is(w, rule, EVENT_MAP))
            walk_publish(w);
    } else if (rule->key == KEY_WATCH) {
        if (walk_is(w, rule, EVENT_MAP))
            walk_watch(w);
    } else if (rule->key == KEY_DEFAULTS) {
        if (walk_is(w, rule, EVENT_MAP))
            walk_defaults(w);
    } else if (rule->key == KEY_IDENTITIES) {
        if (walk_is(w, rule, EVENT_LIST))
            walk_identities(w);
    } else {
        walk_texts(w, rule, put_top, NULL);
    }
}

/* Rows of a spreadsheet are one long text to YAML. */
static const char *csv_hint(const struct yaml_event *e)
{
    size_t end = 0;
    while (end < e->text.len && !strchr(",;\t \n", e->text.at[end]))
        end++;
    return e->kind == EVENT_SCALAR && column_find(text_slice(e->text, 0, end))
               ? "; if it is a CSV file, name it in identities_from of a manifest"
               : "";
}

static void walk_root(struct manifest_walk *w)
{
    char q[QUOTE_LEN];
    bool has_version = false;
    struct source_place whole = {.file = w->file};
    if (!walk_next(w)) {
        if (w->event.kind == EVENT_END)
            complain(w->raw, whole, "the file is empty, expected version: 1 and identities");
        return;
    }
    if (w->event.kind != EVENT_MAP) {
        if (w->event.kind != EVENT_REFUSED)
            complain(w->raw, w->event.at,
                     "found %s, expected the keys of a manifest: version, "
                     "identities and others%s",
                     event_noun(&w->event, q), csv_hint(&w->event));
        walk_skip(w);
    } else {
        struct source_place at = w->event.at;
        walk_map(w, SECTION_TOP, take_top, &has_version);
        if (!has_version && w->event.kind == EVENT_MAP_END)
            complain(w->raw, at, "the key version is missing, expected version: 1");
    }
    if (w->event.kind != EVENT_BROKEN)
        walk_next(w); /* the end, or a second document */
}

void walk_file(struct raw *r, struct source *s, uint16_t file)
{
    const char *fault = container_fault(s);
    if (!fault)
        fault = managed_manifest_fault(s);
    if (fault) {
        complain(r, (struct source_place){.file = file}, "the file %s", fault);
        return;
    }
    /* A byte order mark of UTF-16 or UTF-32, or the zero bytes of ASCII characters in UTF-16 or
       UTF-32. */
    unsigned char b[4] = {0};
    size_t len = source_peek(s, b, sizeof b);
    if (len >= 2 && ((b[0] == 0xff && b[1] == 0xfe) || (b[0] == 0xfe && b[1] == 0xff) ||
                     (len == 4 && (b[0] == 0) != (b[1] == 0)))) {
        complain(r, (struct source_place){file, 1, 1},
                 "found UTF-16 without a byte order mark, or UTF-32, expected UTF-8");
        return;
    }
    struct manifest_walk w = {.raw = r, .anchors = anchors_new(r, s, file), .file = file};
    if (w.anchors)
        walk_root(&w);
    anchors_free(w.anchors);
}
