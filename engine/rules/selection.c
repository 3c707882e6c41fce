/* Values of the command line against the rows of a fleet. */
#include "selection.h"

#include "base/glob.h"
#include "idna.h"

#include <stdio.h>
#include <string.h>

static const char *const options[SELECTION_KINDS] = {"only", "exclude", "account", "region"};

const char *selection_option(enum selection_kind kind)
{
    return options[kind];
}

static bool is_name(enum selection_kind kind)
{
    return kind == SELECT_ONLY || kind == SELECT_EXCLUDE;
}

bool selection_add(struct selection *s, enum selection_kind kind, const char *given)
{
    if (!*given || s->len == SELECTION_VALUES_MAX)
        return false;
    s->values[s->len++] = (struct selection_value){.kind = kind, .given = given};
    return true;
}

/* Appends the label with A-labels in place of U-labels. A label with a wildcard stays: it is held
 * against the U-labels of names. */
static void label_add(struct buf *out, struct text label)
{
    char ascii[DNAME_LEN_MAX + 1];
    struct text converted;
    const char *fault;
    bool is_ascii = true;
    for (size_t i = 0; i < label.len; i++)
        is_ascii &= (unsigned char)label.at[i] < 0x80;
    bool converts = !is_ascii && !glob_is(label) && idna_to_ascii(label, ascii, &converted, &fault);
    buf_add_text(out, converts ? converted : label);
}

static const char *pattern_make(const char *given, struct arena *arena)
{
    struct buf out;
    struct text rest = text_of(given);
    size_t at = text_rfind(rest, '@');
    buf_init(&out, LINE_LEN_MAX);
    if (at < rest.len) {
        buf_add_text(&out, text_slice(rest, 0, at + 1));
        rest = text_from(rest, at + 1);
    }
    while (rest.at) {
        label_add(&out, text_cut(&rest, '.'));
        if (rest.at)
            buf_add_char(&out, '.');
    }
    const char *made = out.failed ? NULL : arena_text(arena, buf_text(&out)).at;
    buf_clear(&out);
    return made;
}

/* "a,b" of accounts and Regions: the first word stays, the others become values of their own. */
static bool list_split(struct selection *s, uint32_t i, struct arena *arena)
{
    struct text rest = text_of(s->values[i].given), word = text_trim(text_cut(&rest, ','));
    const char *kept = arena_text(arena, word).at;
    if (!kept)
        return false;
    s->values[i].given = s->values[i].pattern = strcmp(kept, "all") == 0 ? "*" : kept;
    if (!rest.at)
        return true;
    const char *more = arena_text(arena, rest).at;
    return more && selection_add(s, s->values[i].kind, more);
}

bool selection_settle(struct selection *s, struct arena *arena)
{
    for (uint32_t i = 0; i < s->len; i++) {
        struct selection_value *v = &s->values[i];
        if (is_name(v->kind))
            v->pattern = pattern_make(v->given, arena);
        else if (!list_split(s, i, arena))
            return false;
        if (!v->pattern)
            return false;
    }
    return true;
}

bool selection_has(const struct selection *s, enum selection_kind kind)
{
    for (uint32_t i = 0; i < s->len; i++)
        if (s->values[i].kind == kind)
            return true;
    return false;
}

bool selection_is_every(const struct selection *s, enum selection_kind kind)
{
    for (uint32_t i = 0; i < s->len; i++)
        if (s->values[i].kind == kind && strcmp(s->values[i].pattern, "*") == 0)
            return true;
    return false;
}

bool selection_chooses(const struct selection *s)
{
    return s->len > 0;
}

/* A name in both spellings. */
struct spelt {
    const char *ascii;
    char unicode[NAME_LEN_MAX + IDNA_UNICODE_LEN_MAX + 1]; /* "": the same */
};

static void spell(struct spelt *to, const char *name)
{
    struct text whole = text_of(name), domain = identity_domain(whole), shown;
    char unicode[IDNA_UNICODE_LEN_MAX + 1];
    to->ascii = name;
    to->unicode[0] = '\0';
    if (idna_to_unicode(domain, unicode, &shown) && !text_eq(shown, domain))
        snprintf(to->unicode, sizeof to->unicode, TEXT_FMT TEXT_FMT,
                 TEXT_ARG(text_slice(whole, 0, whole.len - domain.len)), TEXT_ARG(shown));
}

static bool name_fits(const struct selection_value *v, const struct spelt *name)
{
    struct text pattern = text_of(v->pattern);
    return glob_fits(pattern, text_of(name->ascii)) ||
           (name->unicode[0] && glob_fits(pattern, text_of(name->unicode)));
}

static bool names_taken(const struct selection *s, const struct spelt *name,
                        struct selection_found *found)
{
    bool is_only = false, is_out = false, has_only = false;
    for (uint32_t i = 0; i < s->len; i++) {
        const struct selection_value *v = &s->values[i];
        if (!is_name(v->kind))
            continue;
        bool fits = name_fits(v, name);
        if (found)
            found->hits[i] += fits;
        has_only |= v->kind == SELECT_ONLY;
        is_only |= v->kind == SELECT_ONLY && fits;
        is_out |= v->kind == SELECT_EXCLUDE && fits;
    }
    return (is_only || !has_only) && !is_out;
}

bool selection_takes_name(const struct selection *s, const char *name,
                          struct selection_found *found)
{
    struct spelt both;
    spell(&both, name);
    return names_taken(s, &both, found);
}

bool selection_lane_fits(const struct selection_value *v, const struct fleet *f, uint32_t lane)
{
    const struct lane *l = &f->lanes[lane];
    const struct account *a = &f->accounts[l->account];
    const name_id of_account[] = {a->name, a->account_id, l->caller.account};
    if (v->kind == SELECT_REGION)
        return glob_fits(text_of(v->pattern), names_text(&f->names, l->region));
    for (size_t i = 0; i < sizeof of_account / sizeof *of_account; i++)
        if (of_account[i] != NAME_NONE &&
            glob_fits(text_of(v->pattern), names_text(&f->names, of_account[i])))
            return true;
    return false;
}

bool selection_takes_account(const struct selection *s, const struct fleet *f, uint32_t lane)
{
    bool fits = !selection_has(s, SELECT_ACCOUNT);
    for (uint32_t i = 0; i < s->len; i++)
        fits |= s->values[i].kind == SELECT_ACCOUNT && selection_lane_fits(&s->values[i], f, lane);
    return fits;
}

static bool lanes_taken(const struct selection *s, const struct fleet *f, uint32_t lane,
                        struct selection_found *found)
{
    bool given[SELECTION_KINDS] = {false}, fits[SELECTION_KINDS] = {false};
    for (uint32_t i = 0; i < s->len; i++) {
        const struct selection_value *v = &s->values[i];
        if (is_name(v->kind))
            continue;
        bool one = selection_lane_fits(v, f, lane);
        found->hits[i] += one;
        given[v->kind] = true;
        fits[v->kind] |= one;
    }
    return (fits[SELECT_ACCOUNT] || !given[SELECT_ACCOUNT]) &&
           (fits[SELECT_REGION] || !given[SELECT_REGION]);
}

void selection_mark(const struct selection *s, const struct fleet *f, uint32_t limit, bool *keep,
                    struct selection_found *found)
{
    *found = (struct selection_found){.rows = f->choices_len};
    bool by_name = selection_has(s, SELECT_ONLY) || selection_has(s, SELECT_EXCLUDE);
    for (uint32_t row = 0; row < f->choices_len; row++) {
        struct spelt both;
        bool taken = lanes_taken(s, f, f->choices[row].lane, found);
        if (by_name) {
            spell(&both, fleet_identity(f, row).at);
            taken = names_taken(s, &both, found) && taken;
        }
        keep[row] = taken && (!limit || found->kept < limit);
        found->kept += keep[row];
    }
}

void selection_write(const struct selection *s, struct buf *out)
{
    for (uint32_t i = 0; i < s->len; i++) {
        const char *quote = is_name(s->values[i].kind) ? "'" : "";
        buf_add_fmt(out, "%s--%s %s%s%s", i ? " " : "", options[s->values[i].kind], quote,
                    s->values[i].given, quote);
    }
    if (s->limit)
        buf_add_fmt(out, "%s--limit %u", s->len ? " " : "", s->limit);
}
