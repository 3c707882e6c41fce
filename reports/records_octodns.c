/*
 * octoDNS, a YAML document for each zone: the content of the zone's file in the folder of the
 * YamlProvider. Keys are in the order enforced by the provider. Sets are whole, so unchanged values
 * are repeated.
 *
 * A semicolon is escaped by a backslash, unless the provider is set to escaped_semicolons: false,
 * which octoDNS 2 is to have by default. Values misread by the provider (outside ASCII, with
 * quotes) are left out: octoDNS has no syntax for such values. Every scalar but a number is in
 * double quotes, so no name is a boolean ("on", "no"). Source: octodns/record/chunked.py and
 * octodns/yaml.py.
 */
#include "records_internal.h"

#include "base/bounds.h"
#include "base/escape.h"

/* With escaped_semicolons the provider refuses a semicolon without a backslash before it, and takes
 * the backslash away; without, it refuses one that has a backslash. Either way a backslash of the
 * value before a semicolon cannot be said. */
static bool can_say(struct text t)
{
    if (t.len == 0 || t.at[0] == '"' || text_find_text(t, TEXT("\" \"")) < t.len)
        return false;
    for (size_t i = 0; i < t.len; i++) {
        if (t.at[i] < ' ' || t.at[i] > '~')
            return false;
        if (t.at[i] == '\\' && i + 1 < t.len && t.at[i + 1] == ';')
            return false;
    }
    return true;
}

static bool item_add(struct records_out *o, const struct records_set *set)
{
    struct buf *out = &o->sink->buf;
    records_add_notes(out, "#", set);
    if (set->action == RECORDS_BLOCKED)
        return true;
    for (uint32_t i = 0; i < records_after_len(set); i++)
        if (set->type == RECORDS_TXT && !can_say(records_after_at(set, i)->data))
            return false;
    /* The key of a name is written once, before the name's first set. */
    struct text host = records_host(set);
    if (!text_eq(o->key, set->name)) {
        o->key = set->name;
        buf_add_fmt(&o->sink->buf, "\"" TEXT_FMT "\":\n",
                    TEXT_ARG(text_eq(host, TEXT("@")) ? TEXT_NONE : host));
    }
    buf_add_fmt(out, "  - ttl: %u\n    type: %s\n    values:\n", o->style->ttl_s,
                records_type_name(set->type));
    for (uint32_t i = 0; i < records_after_len(set); i++) {
        const struct records_value *value = records_after_at(set, i);
        buf_add_str(out, "      - ");
        if (set->type == RECORDS_TXT) {
            /* JSON's strings are YAML's double-quoted ones. */
            struct text t = value->data;
            struct buf escaped;
            buf_init(&escaped, RECORDS_VALUE_MAX);
            if (o->style->plain_semicolons) {
                buf_add_text(&escaped, t);
                t = TEXT_NONE;
            }
            while (t.len) {
                size_t at = text_find(t, ';');
                buf_add_text(&escaped, text_slice(t, 0, at));
                buf_add_str(&escaped, at < t.len ? "\\;" : "");
                t = text_from(t, at + 1);
            }
            escape_json(out, buf_text(&escaped));
            buf_spend(&escaped, out);
            buf_add_char(out, '\n');
        } else {
            buf_add_fmt(out, "exchange: \"" TEXT_FMT ".\"\n        preference: %u\n",
                        TEXT_ARG(value->data), value->preference);
        }
    }
    return true;
}

static size_t octodns_zone(struct records_out *o, size_t from, size_t to)
{
    struct records_set first;
    o->list->at(o->list->ctx, from, &first);
    o->key = TEXT_NONE;
    buf_add_fmt(&o->sink->buf,
                "---\n# " TEXT_FMT ".yaml, for a YamlProvider with escaped_semicolons: %s\n",
                TEXT_ARG(first.zone), o->style->plain_semicolons ? "false" : "true");
    return records_each(o, from, to, item_add);
}

const struct records_format records_octodns = {"octodns", ".yaml", false, NULL, octodns_zone, NULL};
