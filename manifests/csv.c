/*
 * Identities from CSV (RFC 4180): a header line with the keys of an identity as columns, then a row
 * per identity; "dns.require" and the like are the keys of dns; blanks or semicolons separate
 * several Regions or accepted findings in one field; an empty field counts as missing. A byte order
 * mark and either line ending are fine.
 *
 * The place of a field is its first character, counted in characters, as in YAML.
 */
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
    size_t field_len;
    struct source_place field_at;
    bool row_is_broken;
    const struct key_rule *columns[COLUMNS_MAX]; /* NULL: complained about */
    size_t columns_len;
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
    if (b == '\n') {
        c->line++;
        c->column = 1;
    } else if ((b & 0xc0) != 0x80) {
        c->column++;
    }
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

static bool ends_field(int b)
{
    return b == ',' || b == '\n' || b == '\r' || b == CSV_END;
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
    for (int b = peek(c); !ends_field(b); b = peek(c)) {
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
    if (!ends_field(peek(c))) {
        row_break(c, here(c), "found text after the end of a quoted field, expected a comma");
        take_bare(c);
    }
    struct text t = {c->field, c->field_len};
    if (!utf8_is(t))
        row_break(c, c->field_at, "found bytes that are not text in UTF-8");
    return t;
}

/* After a field: true when another one follows in this row. */
static bool take_comma(struct csv *c)
{
    int b = peek(c);
    if (b == CSV_END)
        return false;
    struct source_place at = here(c);
    step(c);
    if (b == '\r' && peek(c) == '\n')
        step(c);
    else if (b == '\r')
        row_break(c, at, "found a carriage return without a line feed");
    return b == ',';
}

static void take_column(struct csv *c, struct text name)
{
    char q[QUOTE_LEN], m[QUOTE_LEN];
    const struct key_rule *rule = column_find(name);
    if (c->columns_len == COLUMNS_MAX) {
        row_break(c, c->field_at, "found more than 32 columns");
        return;
    }
    if (!rule)
        complain(c->raw, c->field_at, "unknown column %s%s", quote(name, q),
                 meant(column_near(name), m));
    for (size_t i = 0; rule && i < c->columns_len; i++) {
        if (c->columns[i] == rule) {
            complain(c->raw, c->field_at, "duplicate column %s; it is column %zu already",
                     rule->name, i + 1);
            rule = NULL;
        }
    }
    c->columns[c->columns_len++] = rule;
}

/* False: the columns cannot be told, so the rows mean nothing. */
static bool take_header(struct csv *c)
{
    bool has_identity = false;
    struct source_place at = {.file = c->file, .line = 1, .column = 1};
    if (peek(c) == CSV_END) {
        complain(c->raw, at,
                 "the file is empty, expected a header line such as "
                 "identity,region,mail_from");
        return false;
    }
    do
        take_column(c, take_field(c));
    while (take_comma(c));
    for (size_t i = 0; i < c->columns_len; i++)
        has_identity |= c->columns[i] && c->columns[i]->key == KEY_IDENTITY;
    if (!has_identity && !c->row_is_broken)
        complain(c->raw, at,
                 "found no column identity, expected a header line such as "
                 "identity,region,mail_from");
    return has_identity && !c->row_is_broken;
}

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
    if (!rule || c->row_is_broken || (t.len == 0 && rule->key != KEY_IDENTITY))
        return;
    draft_open(c->raw, d, rule, c->field_at);
    if (rule->shape == SHAPE_LIST)
        put_list(c, d, rule, t);
    else
        draft_put(c->raw, d, rule, t, c->field_at);
}

static void take_row(struct csv *c)
{
    struct draft d;
    size_t fields = 0;
    struct source_place at = here(c);
    c->row_is_broken = false;
    if (peek(c) == '\n' || peek(c) == '\r') { /* a blank line */
        take_comma(c);
        return;
    }
    draft_begin(&d, c->file, at);
    do {
        struct text t = take_field(c);
        put_field(c, &d, fields < c->columns_len ? c->columns[fields] : NULL, t);
        fields++;
    } while (take_comma(c));
    if (fields != c->columns_len && !c->row_is_broken)
        complain(c->raw, at, "found %zu fields, expected %zu as in the header line", fields,
                 c->columns_len);
    else if (draft_end(c->raw, &d) && d.identity && !c->row_is_broken)
        raw_row_add(c->raw, &d);
}

void csv_file(struct raw *r, struct source *s, uint16_t file)
{
    unsigned char mark[3] = {0};
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
    c->row_is_broken = false;
    peek(c);
    if (source_peek(s, mark, sizeof mark) == sizeof mark && memcmp(mark, "\xef\xbb\xbf", 3) == 0)
        c->next = sizeof mark;
    if (take_header(c))
        while (r->err == OK && peek(c) != CSV_END)
            take_row(c);
    free(c);
}
