/* Pairs of a fleet's row and a MAIL FROM name written by some run. */
#include "own_names.h"

#include "base/bounds.h"

bool own_names_init(struct own_names *o, const struct fleet *fleet)
{
    *o = (struct own_names){0};
    arena_init(&o->arena, SIZE_MAX);
    o->first = ARENA_ARRAY(&o->arena, uint32_t, fleet->choices_len + 1u);
    return o->first && names_init(&o->names, NAMES_BYTES_MAX) &&
           fleet_index_init(&o->index, &o->arena, fleet);
}

void own_names_clear(struct own_names *o)
{
    names_clear(&o->names);
    arena_clear(&o->arena);
    *o = (struct own_names){0};
}

static bool row_has(const struct own_names *o, uint32_t row, name_id name)
{
    for (uint32_t at = o->first[row]; at; at = o->list[at - 1].next)
        if (o->list[at - 1].name == name)
            return true;
    return false;
}

static bool list_grow(struct own_names *o)
{
    struct own_name *list = arena_grow(&o->arena, o->list, sizeof *list, o->len, &o->cap);
    o->list = list ? list : o->list;
    return list != NULL;
}

bool own_names_add(struct own_names *o, const struct lane_name *lane, struct text identity,
                   struct text mail_from)
{
    uint32_t row = fleet_index_row(&o->index, lane, identity);
    name_id name;
    if (row == 0 || mail_from.len == 0)
        return true;
    if (!names_add(&o->names, mail_from, &name))
        return false;
    if (row_has(o, row - 1, name))
        return true;
    if (o->len == o->cap && !list_grow(o))
        return false;
    o->list[o->len++] = (struct own_name){name, o->first[row - 1]};
    o->first[row - 1] = o->len;
    return true;
}

bool own_names_has(const struct own_names *o, uint32_t row, struct text mail_from)
{
    name_id name = o ? names_find(&o->names, mail_from) : NAME_NONE;
    return name != NAME_NONE && row_has(o, row, name);
}
