/* A chain of settings for each identity, whose names are interned. */
#include "managed_index.h"

#include "base/dname.h"
#include "base/names.h"

#include <stdlib.h>

struct entry {
    struct managed_resource resource;
    uint32_t next; /* index + 1; 0 ends */
};

struct managed_index {
    struct arena arena;
    struct names names;
    struct entry *entries;
    uint32_t len, cap;
    uint32_t *first; /* by name: index + 1 of its newest entry; 0: none */
    uint32_t first_cap;
};

struct managed_index *managed_index_new(void)
{
    struct managed_index *index = calloc(1, sizeof *index);
    if (!index)
        return NULL;
    arena_init(&index->arena, NAMES_BYTES_MAX);
    if (names_init(&index->names, NAMES_BYTES_MAX))
        return index;
    free(index);
    return NULL;
}

void managed_index_free(struct managed_index *index)
{
    if (!index)
        return;
    names_clear(&index->names);
    arena_clear(&index->arena);
    free(index);
}

/* Room for the name of that number. */
static bool first_grow(struct managed_index *index, name_id id)
{
    while (id >= index->first_cap) {
        uint32_t cap = index->first_cap;
        uint32_t *first = arena_grow(&index->arena, index->first, sizeof *first, cap, &cap);
        if (!first)
            return false;
        index->first = first;
        index->first_cap = cap;
    }
    return true;
}

/* A copy; text without bytes stays so. */
static struct text keep(struct managed_index *index, struct text t, bool *fits)
{
    struct text kept = t.len ? arena_text(&index->arena, t) : TEXT_NONE;
    *fits &= kept.len == t.len;
    return kept;
}

bool managed_index_add(struct managed_index *index, const struct managed_resource *resource)
{
    char lower[NAME_LEN_MAX];
    name_id id;
    bool fits = names_add(&index->names, managed_identity(resource->identity, lower), &id) &&
                first_grow(index, id);
    struct entry *entries = index->entries;
    if (fits && index->len == index->cap)
        entries = arena_grow(&index->arena, entries, sizeof *entries, index->len, &index->cap);
    if (!fits || !entries)
        return false;
    index->entries = entries;
    struct text last = index->len ? entries[index->len - 1].resource.file : TEXT_NONE;
    struct text file = text_eq(last, resource->file) ? last : keep(index, resource->file, &fits);
    entries[index->len] =
        (struct entry){.resource = {.identity = names_text(&index->names, id),
                                    .account = keep(index, resource->account, &fits),
                                    .region = keep(index, resource->region, &fits),
                                    .mail_from = keep(index, resource->mail_from, &fits),
                                    .behavior = resource->behavior,
                                    .address = keep(index, resource->address, &fits),
                                    .file = file},
                       .next = index->first[id]};
    index->first[id] = ++index->len;
    return fits;
}

static bool fits_place(struct text given, struct text asked)
{
    return given.len == 0 || asked.len == 0 || text_eq(given, asked);
}

bool managed_sets(const struct managed_resource *resource, struct text mail_from,
                  enum behavior behavior)
{
    return dname_eq(resource->mail_from, mail_from) &&
           (mail_from.len == 0 || resource->behavior == behavior);
}

const struct managed_resource *managed_index_find(const struct managed_index *index,
                                                  const struct managed_question *asked)
{
    char lower[NAME_LEN_MAX];
    name_id id =
        index ? names_find(&index->names, managed_identity(asked->identity, lower)) : NAME_NONE;
    uint32_t at = id != NAME_NONE && id < index->first_cap ? index->first[id] : 0, looked_at = 0;
    const struct managed_resource *best = NULL;
    for (int most = -1; at && looked_at++ < LANES_MAX; at = index->entries[at - 1].next) {
        const struct managed_resource *m = &index->entries[at - 1].resource;
        /* What is known of the place counts most, then whether it differs. */
        int weight = 2 * ((m->account.len > 0) + (m->region.len > 0)) +
                     !managed_sets(m, asked->mail_from, asked->behavior);
        if (weight <= most || !fits_place(m->account, asked->account) ||
            !fits_place(m->region, asked->region))
            continue;
        most = weight;
        best = m;
    }
    return best;
}

struct text managed_identity(struct text identity, char out[NAME_LEN_MAX])
{
    identity = text_slice(identity, 0, NAME_LEN_MAX);
    size_t at = text_rfind(identity, '@');
    for (size_t i = 0; i < identity.len; i++)
        out[i] = at == identity.len || i > at ? char_lower(identity.at[i]) : identity.at[i];
    return (struct text){out, identity.len};
}
