/*
 * Identities from CSV: a header line with the keys of an identity as columns, then a row per
 * identity; "dns.require" and the like are the keys of dns; several Regions or accepted findings in
 * one field are parted by blanks or semicolons; an empty field says nothing, and so does a row of
 * them. Blanks around a field, a byte order mark and the case of a column's name do not matter.
 *
 * The dialect is that of RFC 4180 or what spreadsheets write instead of it: fields parted by
 * semicolons or tabs, which the header line shows or a line "sep=;" before it says, and lines that
 * end with CR LF, LF or CR.
 *
 * The place of a field is its first character, counted in characters, as in YAML.
 */
#include "base/character.h"
#include "base/escape.h"
#include "raw.h"

#include <stdlib.h>
#include <string.h>

#define BYTES_PER_READ 65536
#define COLUMNS_MAX    32
#define CSV_END        (-1)

struct csv {
    struct raw *raw;
    struct source *source;
    uint16_t file;
    size_t len, next; /* in bytes */
    uint32_t line, column;
    bool after_cr;
    char separator;
    size_t field_len;
    struct source_place field_at;
    bool row_is_broken;
    const struct key_rule *columns[COLUMNS_MAX]; /* NULL: without a name, or complained about */
    size_t columns_len;                          /* up to the last one that has a name */
    char field[MANIFEST_SCALAR_MAX];
    char bytes[BYTES_PER_READ];
};

static int peek(struct csv *c)
{
    if (c->next == c->len) {
        long n = source_read(c->source, c->bytes, sizeof c->bytes);
        c->next = 0;
        c->len = n > 0 ? (size_t)n : 0;
        if (n <= 0)
            return CSV_END;
    }
    return (unsigned char)c->bytes[c->next];
}

static void step(struct csv *c)
{
    unsigned char b = (unsigned char)c->bytes[c->next++];
    if (b == '\r' || b == '\n') {
        c->line += b == '\r' || !c->after_cr;
        c->column = 1;
    } else if ((b & 0xc0) != 0x80) {
        c->column++;
    }
    c->after_cr = b == '\r';
}

static struct source_place here(const struct csv *c)
{
    return (struct source_place){c->file, c->line, c->column};
}

/* One complaint a row: the text after a broken quotation is guesswork. */
static void row_break(struct csv *c, struct source_place at, const char *sentence)
{
    if (!c->row_is_broken)
        complain(c->raw, at, "%s", sentence);
    c->row_is_broken = true;
}

static void field_add(struct csv *c, int b)
{
    if (c->field_len == sizeof c->field)
        row_break(c, c->field_at, "found a field of more than 4096 bytes");
    else
        c->field[c->field_len++] = (char)b;
}

static bool ends_field(const struct csv *c, int b)
{
    return b == c->separator || b == '\n' || b == '\r' || b == CSV_END;
}

static void take_quoted(struct csv *c)
{
    step(c);
    for (int b = peek(c); b != CSV_END; b = peek(c)) {
        step(c);
        if (b != '"') {
            field_add(c, b);
            continue;
        }
        if (peek(c) != '"')
            return;
        field_add(c, '"');
        step(c);
    }
    row_break(c, c->field_at, "found no end of this quoted field");
}

static void take_bare(struct csv *c)
{
    for (int b = peek(c); !ends_field(c, b); b = peek(c)) {
        if (b == '"')
            row_break(c, here(c),
                      "found a quotation mark inside a field, expected the whole field "
                      "in quotes and \"\" for the mark");
        field_add(c, b);
        step(c);
    }
}

static struct text take_field(struct csv *c)
{
    c->field_len = 0;
    c->field_at = here(c);
    if (peek(c) == '"')
        take_quoted(c);
    else
        take_bare(c);
    if (!ends_field(c, peek(c))) {
        row_break(c, here(c), "found text after the end of a quoted field, expected a separator");
        take_bare(c);
    }
    struct text t = {c->field, c->field_len};
    if (!utf8_is(t))
        row_break(c, c->field_at,
                  "found bytes that are not text in UTF-8: save the file as CSV UTF-8");
    return text_trim(t);
}

/* After a field: true when another one follows in this row. */
static bool take_separator(struct csv *c)
{
    int b = peek(c);
    if (b == CSV_END)
        return false;
    step(c);
    if (b == '\r' && peek(c) == '\n')
        step(c);
    return b == c->separator;
}

/* The column at place index, from 0. Spreadsheets write empty ones after the last. */
static void take_column(struct csv *c, size_t index, struct text name)
{
    char q[QUOTE_LEN], m[QUOTE_LEN], seen[QUOTE_LEN];
    const struct key_rule *rule = column_find(name);
    if (name.len == 0)
        return;
    if (index >= COLUMNS_MAX) {
        row_break(c, c->field_at, "found more than 32 columns");
        return;
    }
    if (!rule)
        complain(c->raw, c->field_at, "unknown column %s%s", quote(name, q),
                 meant(column_near(character_seen(name, seen, sizeof seen)), m));
    for (size_t i = 0; rule && i < c->columns_len; i++) {
        if (c->columns[i] == rule) {
            complain(c->raw, c->field_at, "duplicate column %s; it is column %zu already",
                     rule->name, i + 1);
            rule = NULL;
        }
    }
    while (c->columns_len < index)
        c->columns[c->columns_len++] = NULL;
    c->columns[c->columns_len++] = rule;
}

static const char separators[] = {',', ';', '\t', '|'};

/* --- the dialect ------------------------------------------------------------------------------ */

/* The line at the reading position, without its end. A header is far shorter than the buffer. */
static struct text line_ahead(struct csv *c)
{
    struct text rest = {c->bytes + c->next, c->len - c->next};
    size_t end = 0;
    while (end < rest.len && rest.at[end] != '\n' && rest.at[end] != '\r')
        end++;
    return text_slice(rest, 0, end);
}

/* How many columns that are known the line would name with that separator, and how many fields. */
static unsigned known_columns(struct text line, char separator, unsigned *fields)
{
    unsigned known = 0;
    for (*fields = 0; line.at; ++*fields) {
        struct text name = text_trim(text_cut(&line, separator));
        if (name.len > 1 && name.at[0] == '"' && name.at[name.len - 1] == '"')
            name = text_trim(text_slice(name, 1, name.len - 1));
        known += column_find(name) != NULL;
    }
    return known;
}

/* Only blanks and what may part fields. */
static bool is_bare(struct text line)
{
    for (size_t i = 0; i < line.len; i++)
        if (!memchr(separators, line.at[i], sizeof separators) && line.at[i] != ' ')
            return false;
    return true;
}

static void line_pass(struct csv *c, struct text line)
{
    for (size_t i = 0; i < line.len; i++)
        step(c);
    take_separator(c);
}

/* "sep=;" is Excel's own way to say it, and no row. A sheet that was saved again has the line as a
 * field, perhaps with empty fields after it. */
static bool take_sep_line(struct csv *c)
{
    struct text line = line_ahead(c), said = line;
    bool is_quoted = line.len > 6 && line.at[0] == '"' && line.at[6] == '"';
    if (is_quoted)
        said = text_slice(line, 1, 6);
    if (said.len < 5 || !text_eq_nocase(text_slice(said, 0, 4), TEXT("sep=")) ||
        !is_bare(text_from(line, is_quoted ? 7 : 5)))
        return false;
    c->separator = said.at[4];
    line_pass(c, line);
    return true;
}

static void blank_lines_pass(struct csv *c)
{
    while (peek(c) != CSV_END && is_bare(line_ahead(c)))
        line_pass(c, line_ahead(c));
}

static void take_dialect(struct csv *c)
{
    unsigned best = 0, widest = 0, fields;
    c->separator = ',';
    blank_lines_pass(c);
    if (peek(c) == CSV_END)
        return;
    if (take_sep_line(c)) {
        blank_lines_pass(c);
        return;
    }
    for (size_t i = 0; i < sizeof separators; i++) {
        unsigned known = known_columns(line_ahead(c), separators[i], &fields);
        if (known > best || (known == best && fields > widest)) {
            best = known;
            widest = fields;
            c->separator = separators[i];
        }
    }
}

/* False: the columns cannot be told, so the rows mean nothing. */
static bool take_header(struct csv *c)
{
    bool has_identity = false;
    struct source_place at = {.file = c->file, .line = c->line, .column = 1};
    size_t index = 0;
    if (peek(c) == CSV_END) {
        complain(c->raw, at,
                 "the file is empty, expected a header line such as "
                 "identity,region,mail_from");
        return false;
    }
    do
        take_column(c, index++, take_field(c));
    while (take_separator(c));
    for (size_t i = 0; i < c->columns_len; i++)
        has_identity |= c->columns[i] && c->columns[i]->key == KEY_IDENTITY;
    if (!has_identity && !c->row_is_broken)
        complain(c->raw, at,
                 "found no column identity, expected a header line such as "
                 "identity,region,mail_from");
    return has_identity && !c->row_is_broken;
}

/* --- the rows --------------------------------------------------------------------------------- */

static void put_list(struct csv *c, struct draft *d, const struct key_rule *rule, struct text t)
{
    size_t start = 0;
    for (size_t i = 0; i <= t.len; i++) {
        if (i < t.len && t.at[i] != ' ' && t.at[i] != ';')
            continue;
        if (i > start)
            draft_put(c->raw, d, rule, text_slice(t, start, i), c->field_at);
        start = i + 1;
    }
}

static void put_field(struct csv *c, struct draft *d, const struct key_rule *rule, struct text t)
{
    if (!rule || c->row_is_broken || t.len == 0)
        return;
    draft_open(c->raw, d, rule, c->field_at);
    if (rule->shape == SHAPE_LIST)
        put_list(c, d, rule, t);
    else
        draft_put(c->raw, d, rule, t, c->field_at);
}

/* What a row's fields came to. */
struct row_sum {
    size_t fields, filled; /* their number; up to the last one that says something */
    bool is_empty;         /* none says anything */
    struct source_place identity_at;
};

static struct row_sum take_fields(struct csv *c, struct draft *d)
{
    struct row_sum sum = {.is_empty = true, .identity_at = d->at};
    do {
        struct text t = take_field(c);
        const struct key_rule *rule = sum.fields < c->columns_len ? c->columns[sum.fields] : NULL;
        if (rule && rule->key == KEY_IDENTITY)
            sum.identity_at = c->field_at;
        put_field(c, d, rule, t);
        sum.fields++;
        if (t.len) {
            sum.filled = sum.fields;
            sum.is_empty = false;
        }
    } while (take_separator(c));
    return sum;
}

static void take_row(struct csv *c)
{
    struct draft d;
    struct source_place at = here(c);
    c->row_is_broken = false;
    draft_begin(&d, c->file, at);
    struct row_sum sum = take_fields(c, &d);
    size_t fields = sum.filled > c->columns_len ? sum.filled : sum.fields;
    if (sum.is_empty && !c->row_is_broken)
        return; /* a blank line, or separators only */
    if ((sum.fields < c->columns_len || sum.filled > c->columns_len) && !c->row_is_broken)
        complain(c->raw, at, "found %zu fields, expected %zu as in the header line", fields,
                 c->columns_len);
    else if (!(d.settings.given & KEY_BIT(KEY_IDENTITY)) && !c->row_is_broken)
        draft_put(c->raw, &d, &section_rule(SECTION_IDENTITY)->keys[0], TEXT_NONE, sum.identity_at);
    else if (draft_end(c->raw, &d) && d.identity && !c->row_is_broken)
        raw_row_add(c->raw, &d);
}

void csv_file(struct raw *r, struct source *s, uint16_t file)
{
    unsigned char mark[3] = {0};
    const char *fault = container_fault(s);
    if (fault) {
        complain(r, (struct source_place){.file = file}, "the file %s", fault);
        return;
    }
    struct csv *c = malloc(sizeof *c);
    if (!c) {
        raw_fail(r, ERR_NOMEM, "no memory to read a CSV file");
        return;
    }
    c->raw = r;
    c->source = s;
    c->file = file;
    c->len = c->next = c->columns_len = 0;
    c->line = c->column = 1;
    c->row_is_broken = c->after_cr = false;
    peek(c);
    if (source_peek(s, mark, sizeof mark) == sizeof mark && memcmp(mark, "\xef\xbb\xbf", 3) == 0)
        c->next = sizeof mark;
    take_dialect(c);
    uint32_t rows = r->rows_len, faults = r->complaints->len;
    if (take_header(c))
        while (r->err == OK && peek(c) != CSV_END)
            take_row(c);
    if (r->err == OK && r->rows_len == rows && r->complaints->len == faults &&
        !r->options->allow_empty && !r->options->every_account)
        complain(r, (struct source_place){file, c->line, 1},
                 "found a header line and no identities below it; --allow-empty is for a file that "
                 "is empty on purpose");
    free(c);
}
