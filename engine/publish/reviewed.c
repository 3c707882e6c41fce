/* Reads the JSON of a dry run. Unknown members are passed over, missing ones refused. */
#include "reviewed.h"

#include "base/bounds.h"

#include <cjson/cJSON.h>

static struct text word(const cJSON *row, const char *key)
{
    return text_of(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, key)));
}

static bool kept(struct arena *arena, struct text t, struct text *out)
{
    *out = arena_text(arena, t);
    return out->at || !t.len;
}

static enum err row_take(struct reviewed *r, const cJSON *row, struct arena *arena, struct why *why)
{
    struct text name = word(row, "name"), type = word(row, "type"), value = word(row, "value");
    bool is_mx = text_eq(type, TEXT("MX"));
    const cJSON *ttl = cJSON_GetObjectItemCaseSensitive(row, "ttl");
    name_id id;
    if (!cJSON_IsNumber(ttl) || ttl->valuedouble < 0 || ttl->valuedouble > INT32_MAX)
        return why_set(why, ERR_INPUT, "a record set has no TTL");
    if (!name.len || !value.len || (!is_mx && !text_eq(type, TEXT("TXT"))))
        return why_set(why, ERR_INPUT, "a record set has no name, value or known type");
    if (!text_eq(word(row, "outcome"), TEXT("planned")))
        return OK;
    if (!names_add(&r->names, name, &id))
        return why_set(why, ERR_NOMEM, "out of memory");
    struct reviewed_name *of = &r->list[id - 1];
    r->len = id > r->len ? id : r->len;
    bool fits = kept(arena, word(row, "zone_id"), &of->zone_id) &&
                kept(arena, value, is_mx ? &of->mx_value : &of->txt_value) &&
                (is_mx || kept(arena, word(row, "before"), &of->txt_before));
    of->merges |= cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(row, "merges"));
    of->ttl_s = (uint32_t)ttl->valuedouble;
    *(is_mx ? &of->mx : &of->txt) = true;
    return fits ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

enum err reviewed_read(struct reviewed *r, struct text json, struct arena *arena, struct why *why)
{
    cJSON *plan = cJSON_ParseWithLength(json.at, json.len);
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(plan, "record_sets"), *row;
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(plan, "format_version");
    bool is_plan = cJSON_IsArray(rows) && cJSON_IsNumber(version) && version->valueint == 1 &&
                   text_eq(word(plan, "verb"), TEXT("publish")) &&
                   cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(plan, "run"));
    enum err err = is_plan
                       ? OK
                       : why_set(why, ERR_INPUT,
                                 "this is not a plan of publish: mailfrom publish MANIFEST --out "
                                 "FILE writes one");
    size_t most = is_plan ? (size_t)cJSON_GetArraySize(rows) : 0;
    *r = (struct reviewed){.list = ARENA_ARRAY(arena, struct reviewed_name, most + 1)};
    if (err == OK && (!r->list || !names_init(&r->names, NAMES_BYTES_MAX)))
        err = why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK)
        cJSON_ArrayForEach(row, rows)
        {
            err = row_take(r, row, arena, why);
            if (err != OK)
                break;
        }
    cJSON_Delete(plan);
    return err;
}

void reviewed_clear(struct reviewed *r)
{
    names_clear(&r->names);
}

const struct reviewed_name *reviewed_find(const struct reviewed *r, struct text name)
{
    name_id id = names_find(&r->names, name);
    return id == NAME_NONE ? NULL : &r->list[id - 1];
}
