/*
 * Duty: to decode what a request carries in its body or query.
 */
#include "exchange.h"

bool form_parse(struct form *f, struct text body, struct arena *arena)
{
    uint32_t fields = 1;
    for (size_t i = 0; i < body.len; i++)
        fields += body.at[i] == '&';
    *f = (struct form){0};
    if (fields > SIM_FIELDS_MAX)
        return false;
    f->fields = ARENA_ARRAY(arena, struct header, fields);
    if (!f->fields)
        return false;
    while (body.len) {
        struct text value = text_cut(&body, '&');
        struct text name = text_cut(&value, '=');
        if (name.len == 0)
            continue;
        struct header *field = &f->fields[f->len++];
        field->name = percent_decode(name, true, arena);
        field->value = percent_decode(value, true, arena);
        if (!field->name.at || !field->value.at)
            return false;
    }
    return true;
}

struct text form_get(const struct form *f, const char *name)
{
    for (uint32_t i = 0; i < f->len; i++)
        if (text_eq(f->fields[i].name, text_of(name)))
            return f->fields[i].value;
    return TEXT_NONE;
}

struct text query_get(struct exchange *x, const char *name)
{
    struct text query = x->query;
    while (query.len) {
        struct text value = text_cut(&query, '&');
        if (text_eq(text_cut(&value, '='), text_of(name)))
            return percent_decode(value, false, &x->arena);
    }
    return TEXT_NONE;
}
