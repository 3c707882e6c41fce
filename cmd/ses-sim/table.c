/*
 * Duty: a CSV file (RFC 4180) as rows of the wanted columns. Invariant: cells are texts within the
 * file's own bytes, in which quoted ones have been unquoted in place.
 */
#include "base/bounds.h"
#include "sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 32

static enum err bytes_read(struct table *t, FILE *f, const char *file, struct why *why)
{
    size_t cap = 0, got;
    do {
        if (t->len + 1 >= cap) {
            cap = cap ? cap * 2 : 1u << 16;
            char *bytes = cap <= SIM_TABLE_MAX ? realloc(t->bytes, cap) : NULL;
            if (!bytes)
                return why_set(why, ERR_LIMIT, "%s: too large", file);
            t->bytes = bytes;
        }
        got = fread(t->bytes + t->len, 1, cap - t->len - 1, f);
        t->len += got;
    } while (got);
    t->bytes[t->len] = '\0';
    return ferror(f) ? why_set(why, ERR_IO, "%s: %s", file, strerror(errno)) : OK;
}

/* One cell off *p, unquoted; *last: it ended its row. */
static struct text cell_cut(char **p, bool *last)
{
    char *from = *p, *to = *p, *start = *p;
    bool quoted = *from == '"';
    from += quoted;
    for (; *from; from++) {
        if (quoted && from[0] == '"' && from[1] == '"')
            from++;
        else if (quoted && from[0] == '"') {
            from++;
            break;
        } else if (!quoted && (*from == ',' || *from == '\n' || *from == '\r'))
            break;
        *to++ = *from;
    }
    from += strcspn(from, ",\n");
    *last = *from != ',';
    *p = from + (*from != '\0');
    return (struct text){start, (size_t)(to - start)};
}

static enum err header_read(char **p, const char *const *columns, uint32_t len, uint32_t *places,
                            uint32_t required, const char *file, struct why *why)
{
    bool last = false, seen[COLUMNS_MAX] = {0};
    for (uint32_t i = 0; !last && i < COLUMNS_MAX; i++) {
        struct text name = text_trim(cell_cut(p, &last));
        for (uint32_t c = 0; c < len; c++)
            if (text_eq(name, text_of(columns[c]))) {
                places[i] = c + 1;
                seen[c] = true;
            }
    }
    for (uint32_t c = 0; c < required; c++)
        if (!seen[c])
            return why_set(why, ERR_INPUT, "%s:1: there is no column '%s'", file, columns[c]);
    return OK;
}

static enum err rows_read(struct table *t, char *p, const uint32_t *places, struct why *why)
{
    uint32_t cap = 0;
    while (*p) {
        if (*p == '\n' || *p == '\r') {
            p++;
            continue;
        }
        if (t->rows == cap) {
            cap = cap ? cap * 2 : 1024;
            struct text *cells = realloc(t->cells, sizeof *cells * cap * t->columns);
            if (!cells)
                return why_set(why, ERR_NOMEM, "no memory for %u rows", cap);
            t->cells = cells;
        }
        struct text *row = t->cells + (size_t)t->rows++ * t->columns;
        memset(row, 0, sizeof *row * t->columns);
        /* The row at *p into cells, places[column of the file] being the wanted column + 1, or
         * 0. */
        bool last = false;
        for (uint32_t i = 0; !last; i++) {
            struct text cell = cell_cut(&p, &last);
            if (i < COLUMNS_MAX && places[i])
                row[places[i] - 1] = cell;
        }
    }
    return OK;
}

enum err table_read(struct table *t, const char *file, const char *const *columns, uint32_t len,
                    uint32_t required, struct why *why)
{
    uint32_t places[COLUMNS_MAX] = {0};
    *t = (struct table){.columns = len};
    FILE *f = fopen(file, "re");
    if (!f)
        return why_set(why, ERR_IO, "cannot open %s: %s", file, strerror(errno));
    enum err err = bytes_read(t, f, file, why);
    fclose(f);
    char *p = t->bytes;
    if (err == OK)
        err = header_read(&p, columns, len, places, required, file, why);
    if (err == OK)
        err = rows_read(t, p, places, why);
    if (err != OK)
        table_clear(t);
    return err;
}

void table_clear(struct table *t)
{
    free(t->bytes);
    free(t->cells);
    *t = (struct table){0};
}

struct text table_cell(const struct table *t, uint32_t row, uint32_t column)
{
    return t->cells[(size_t)row * t->columns + column];
}
