/* Reads the INI dialect of AWS files line by line, with sections inside of values. */
#include "ini.h"

#include "base/bounds.h"
#include "secret_file.h"

#include <assert.h>
#include <stdlib.h>

void ini_init(struct ini *ini)
{
    *ini = (struct ini){.len = 0};
    buf_init(&ini->bytes, CREDENTIAL_FILE_MAX);
}

void ini_clear(struct ini *ini)
{
    buf_wipe(&ini->bytes);
    free(ini->entries);
    ini_init(ini);
}

enum err ini_read(struct ini *ini, const char *path, struct why *why)
{
    enum err err = secret_file_read(&ini->bytes, text_of(path), why);
    if (err)
        return err == ERR_GONE ? OK : err;
    err = ini_parse(ini, why);
    return err ? why_wrap(why, err, "%s", path) : OK;
}

/* Parsing, a line at a time */

static bool entry_add(struct ini *ini, struct ini_entry entry)
{
    if (ini->len == ini->cap) {
        uint32_t cap = ini->cap ? ini->cap * 2 : 64;
        struct ini_entry *at =
            cap > INI_ENTRIES_MAX ? NULL : realloc(ini->entries, cap * sizeof *ini->entries);
        if (!at)
            return false;
        ini->entries = at;
        ini->cap = cap;
    }
    assert(ini->entries);
    ini->entries[ini->len++] = entry;
    return true;
}

/* "[profile x] # note" -> "profile x"; at == NULL when the bracket is not closed. */
static struct text section_of(struct text line)
{
    size_t end = text_find(line, ']');
    if (end == line.len)
        return TEXT_NONE;
    struct text after = text_trim(text_from(line, end + 1));
    if (after.len && after.at[0] != '#' && after.at[0] != ';')
        return TEXT_NONE;
    return text_trim(text_slice(line, 1, end));
}

struct line {
    struct text whole, bare; /* without line end; and also without blanks around */
    size_t indent;
    uint32_t number;
};

static struct line line_cut(struct text *rest)
{
    struct text all = *rest;
    struct line l = {.whole = text_cut(rest, '\n')};
    size_t end = text_find(l.whole, '\r');
    if (end + 1 < l.whole.len)
        *rest = text_from(all, end + 1); /* CR alone ends a line, too, as for the AWS CLI */
    l.whole.len = end;
    while (l.indent < l.whole.len && (l.whole.at[l.indent] == ' ' || l.whole.at[l.indent] == '\t'))
        l.indent++;
    l.bare = text_trim(l.whole);
    return l;
}

/* NULL, or the fault of the line. */
static const char *line_take(struct ini *ini, const struct line *l)
{
    struct ini_entry *last = ini->len ? &ini->entries[ini->len - 1] : NULL;
    if (l->bare.len == 0 || l->bare.at[0] == '#' || l->bare.at[0] == ';')
        return NULL;
    if (last && last->key.len && l->indent > last->indent) {
        last->value.len = (size_t)(l->bare.at + l->bare.len - last->value.at);
        return NULL;
    }
    if (l->bare.at[0] == '[') {
        struct text section = section_of(l->bare);
        if (!section.at || section.len == 0)
            return "a section must look like [name]";
        return entry_add(ini, (struct ini_entry){.section = section, .line = l->number})
                   ? NULL
                   : "too many lines";
    }
    size_t equals = text_find(l->bare, '='), colon = text_find(l->bare, ':');
    size_t delimiter = equals < colon ? equals : colon;
    struct text key = text_trim(text_slice(l->bare, 0, delimiter));
    if (!last)
        return "a section in brackets must come first";
    if (delimiter == l->bare.len || key.len == 0)
        return "a line must look like key = value";
    struct ini_entry entry = {.section = last->section,
                              .key = key,
                              .value = text_trim(text_from(l->bare, delimiter + 1)),
                              .indent = l->indent,
                              .line = l->number};
    return entry_add(ini, entry) ? NULL : "too many lines";
}

enum err ini_parse(struct ini *ini, struct why *why)
{
    struct text rest = buf_text(&ini->bytes);
    if (text_starts(rest, TEXT("\xef\xbb\xbf")))
        rest = text_from(rest, 3);
    if (text_starts(rest, TEXT("\xff\xfe")) || text_starts(rest, TEXT("\xfe\xff")))
        return why_set(why, ERR_INPUT,
                       "is UTF-16, as PowerShell writes it, expected UTF-8: save it as UTF-8");
    if (text_find(rest, '\0') < rest.len)
        return why_set(why, ERR_INPUT, "contains a NUL byte, expected text");
    for (uint32_t number = 1; rest.at; number++) {
        struct line line = line_cut(&rest);
        line.number = number;
        const char *fault = line_take(ini, &line);
        if (fault)
            return why_set(why, ERR_INPUT, "line %u: %s", (unsigned)number, fault);
    }
    return OK;
}

/* Looking up */

static struct text unquoted(struct text t)
{
    bool quoted = t.len >= 2 && (t.at[0] == '"' || t.at[0] == '\'') && t.at[t.len - 1] == t.at[0];
    return quoted ? text_slice(t, 1, t.len - 1) : t;
}

bool ini_section_is(struct text section, const char *kind, struct text name)
{
    struct text word = text_of(kind);
    if (word.len == 0)
        return text_eq(section, name) || text_eq(unquoted(section), name);
    if (!text_starts(section, word) || section.len == word.len)
        return false;
    struct text rest = text_from(section, word.len);
    if (rest.at[0] != ' ' && rest.at[0] != '\t')
        return false;
    return text_eq(unquoted(text_trim(rest)), name);
}

bool ini_has_section(const struct ini *ini, const char *kind, struct text name)
{
    for (uint32_t i = 0; i < ini->len; i++)
        if (ini->entries[i].key.len == 0 && ini_section_is(ini->entries[i].section, kind, name))
            return true;
    return false;
}

struct text ini_get(const struct ini *ini, const char *kind, struct text name, const char *key)
{
    for (uint32_t i = ini->len; i > 0; i--) {
        const struct ini_entry *e = &ini->entries[i - 1];
        if (e->key.len && text_eq_nocase(e->key, text_of(key)) &&
            ini_section_is(e->section, kind, name))
            return e->value;
    }
    return TEXT_NONE;
}
