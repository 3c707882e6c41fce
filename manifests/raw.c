/*
 * The growing arrays of read entries. After raw_fail() reading stops as soon as possible.
 */
#include "raw.h"

#include <stdlib.h>
#include <string.h>

#define ARRAY_FIRST 64u

void raw_fail(struct raw *r, enum err err, const char *sentence)
{
    if (r->err == OK)
        r->err = why_set(r->why, err, "%s", sentence);
}

void *raw_grown(struct raw *r, void *array, uint32_t len, uint32_t *cap, size_t size)
{
    if (len < *cap)
        return array;
    uint32_t wider = *cap ? *cap * 2 : ARRAY_FIRST;
    void *grown = wider > *cap ? realloc(array, size * wider) : NULL;
    if (!grown) {
        raw_fail(r, ERR_NOMEM, "no memory for the manifest");
        return NULL;
    }
    *cap = wider;
    return grown;
}

bool raw_name(struct raw *r, struct text t, name_id *id)
{
    if (names_add(&r->fleet->names, t, id))
        return true;
    raw_fail(r, ERR_NOMEM, "no memory for the names of the manifest");
    return false;
}

/* Most rows have the settings of the row before. */
static bool settings_intern(struct raw *r, const struct settings *s)
{
    struct text bytes = {(const char *)s, sizeof *s};
    return text_eq(names_text(&r->settings, r->last_settings), bytes) ||
           names_add(&r->settings, bytes, &r->last_settings);
}

/* Room for one more row. */
static bool rows_grow(struct raw *r)
{
    if (r->last_rows && r->last_rows->len < ROWS_OF_BLOCK)
        return true;
    struct raw_rows *rows = malloc(sizeof *rows);
    if (!rows) {
        raw_fail(r, ERR_NOMEM, "no memory for the manifest");
        return false;
    }
    rows->next = NULL;
    rows->len = 0;
    *(r->last_rows ? &r->last_rows->next : &r->rows) = rows;
    r->last_rows = rows;
    return true;
}

void raw_rows_drop(struct raw *r)
{
    struct raw_rows *first = r->rows;
    r->rows = first->next;
    if (!r->rows)
        r->last_rows = NULL;
    free(first);
}

bool raw_row_add(struct raw *r, struct draft *d)
{
    if (r->rows_len >= IDENTITIES_MAX) {
        raw_fail(r, ERR_LIMIT, "more than 4,000,000 identities");
        return false;
    }
    if (!rows_grow(r))
        return false;
    if (!settings_intern(r, &d->settings)) {
        raw_fail(r, ERR_NOMEM, "no memory for the settings of the manifest");
        return false;
    }
    r->rows_len++;
    r->last_rows->at[r->last_rows->len++] =
        (struct raw_row){d->identity, d->mail_from, r->last_settings, d->at.line, d->at.column};
    return true;
}

bool raw_account_add(struct raw *r, const struct raw_account *account)
{
    struct raw_account *accounts =
        raw_grown(r, r->accounts, r->accounts_len, &r->accounts_cap, sizeof *r->accounts);
    if (!accounts)
        return false;
    r->accounts = accounts;
    r->accounts[r->accounts_len++] = *account;
    return true;
}

struct raw_account *raw_account_find(struct raw *r, name_id name)
{
    for (uint32_t i = 0; i < r->accounts_len; i++)
        if (r->accounts[i].account.name == name)
            return &r->accounts[i];
    return NULL;
}

void raw_account_ref(struct raw *r, name_id name, struct source_place at)
{
    if (raw_account_find(r, name))
        return;
    void *refs = raw_grown(r, r->refs, r->refs_len, &r->refs_cap, sizeof *r->refs);
    if (!refs)
        return;
    r->refs = refs;
    r->refs[r->refs_len++] = (struct account_ref){name, at};
}

name_id raw_list(struct raw *r, const name_id *ids, uint32_t len)
{
    name_id list;
    struct text bytes = {(const char *)ids, len * sizeof *ids};
    if (!names_add(&r->lists, bytes, &list))
        raw_fail(r, ERR_NOMEM, "no memory for the settings of the manifest");
    return list;
}

uint32_t raw_list_len(const struct raw *r, name_id list)
{
    return (uint32_t)(names_text(&r->lists, list).len / sizeof(name_id));
}

name_id raw_list_at(const struct raw *r, name_id list, uint32_t i)
{
    name_id id;
    memcpy(&id, names_text(&r->lists, list).at + i * sizeof id, sizeof id);
    return id;
}
