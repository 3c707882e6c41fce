/* The Public Suffix List, by libpsl; the only user of libpsl. */
#include "suffix.h"

#include "base/dname.h"

#include <libpsl.h>
#include <stdlib.h>

struct suffix_list {
    const psl_ctx_t *psl;
    psl_ctx_t *owned; /* NULL for the list inside libpsl */
};

enum err suffix_list_open(struct suffix_list **list, const char *path, struct why *why)
{
    struct suffix_list *l = calloc(1, sizeof *l);
    *list = NULL;
    if (!l)
        return why_set(why, ERR_NOMEM, "public suffix list: out of memory");
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
    free(list);
}

bool suffix_is_public(const struct suffix_list *list, struct text name)
{
    char bytes[DNAME_LEN_MAX + 1];
    struct text small;
    return name.len && dname_normalize(name, bytes, &small) &&
           psl_is_public_suffix2(list->psl, bytes, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE);
}

struct text suffix_registrable(const struct suffix_list *list, struct text name)
{
    char bytes[DNAME_LEN_MAX + 1];
    struct text small;
    if (!dname_normalize(name, bytes, &small))
        return TEXT_NONE;
    const char *domain = psl_registrable_domain(list->psl, bytes);
    if (!domain)
        return TEXT_NONE;
    return text_slice(name, (size_t)(domain - bytes), small.len);
}
