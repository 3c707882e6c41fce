/*
 * The Public Suffix List, by libpsl; the only user of libpsl.
 *
 * libpsl walks its list twice for each name, and has no other question than whether a name is a
 * suffix. The same few names are asked about again and again: an identity in each of its Regions
 * and at each judgement, and what lies above a name for DMARC. So the newest answers are kept.
 */
#include "suffix.h"

#include "base/dname.h"
#include "base/hash.h"

#include <assert.h>
#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

#define ANSWERS_LEN 2048u /* a power of two; two for each name that is under way at a time */
#define LABELS_MAX  8     /* libpsl takes a longer name for its last labels; how many, it decides */

/* Each in the one place that its name's hash says, until another name needs it. */
struct answer {
    char name[62]; /* longer names are asked about each time */
    uint8_t len;   /* 0: none yet */
    bool is_public;
};

struct suffix_list {
    const psl_ctx_t *psl;
    psl_ctx_t *owned;       /* NULL for the list inside libpsl */
    struct answer *answers; /* owned; [ANSWERS_LEN] */
};

enum err suffix_list_open(struct suffix_list **list, const char *path, struct why *why)
{
    struct suffix_list *l = calloc(1, sizeof *l);
    *list = NULL;
    if (l)
        l->answers = calloc(ANSWERS_LEN, sizeof *l->answers);
    if (!l || !l->answers) {
        suffix_list_close(l);
        return why_set(why, ERR_NOMEM, "public suffix list: out of memory");
    }
    l->owned = path ? psl_load_file(path) : NULL;
    l->psl = path ? l->owned : psl_builtin();
    if (!l->psl || psl_suffix_count(l->psl) == 0) {
        suffix_list_close(l);
        return why_set(why, ERR_INPUT,
                       "public suffix list %s: cannot be read; --psl-file names another",
                       path ? path : "of libpsl");
    }
    *list = l;
    return OK;
}

void suffix_list_close(struct suffix_list *list)
{
    if (!list)
        return;
    psl_free(list->owned);
    free(list->answers);
    free(list);
}

static bool ask(const struct suffix_list *list, const char *name)
{
    return psl_is_public_suffix2(list->psl, name, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE);
}

/* name: NUL-terminated. */
static bool is_public(const struct suffix_list *list, struct text name)
{
    assert(name.at[name.len] == '\0');
    struct answer *a = &list->answers[hash_bytes(name.at, name.len) % ANSWERS_LEN];
    if (name.len == 0 || name.len > sizeof a->name)
        return ask(list, name.at);
    if (a->len != name.len || memcmp(a->name, name.at, name.len) != 0) {
        memcpy(a->name, name.at, name.len);
        a->len = (uint8_t)name.len;
        a->is_public = ask(list, name.at);
    }
    return a->is_public;
}

bool suffix_is_public(const struct suffix_list *list, struct text name)
{
    char bytes[DNAME_LEN_MAX + 1];
    struct text small;
    return name.len && dname_normalize(name, bytes, &small) && is_public(list, small);
}

/* Neither too long nor with an empty label, of which libpsl has views of its own. */
static bool is_plain(struct text name)
{
    bool is_begun = false; /* the label */
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == '.' && !is_begun)
            return false;
        is_begun = name.at[i] != '.';
    }
    return is_begun && dname_labels(name) <= LABELS_MAX;
}

/* As psl_registrable_domain(), which asks again at each label what it has asked at the one before:
 * the longest suffix counts, since "name" and "forgot.his.name" are suffixes and "his.name" is
 * none. Every last label is one, by the fallback rule. Empty: name is a suffix. */
static struct text registrable(const struct suffix_list *list, struct text name)
{
    struct text below = TEXT_NONE;
    while (!is_public(list, name)) {
        struct text rest = name;
        text_cut(&rest, '.');
        if (!rest.at)
            break;
        below = name;
        name = rest;
    }
    return below;
}

struct text suffix_registrable(const struct suffix_list *list, struct text name)
{
    char bytes[DNAME_LEN_MAX + 1];
    struct text small;
    if (!dname_normalize(name, bytes, &small))
        return TEXT_NONE;
    struct text domain = is_plain(small) ? registrable(list, small)
                                         : text_of(psl_registrable_domain(list->psl, bytes));
    if (!domain.at)
        return TEXT_NONE;
    return text_slice(name, (size_t)(domain.at - bytes), small.len);
}
