/*
 * The two formats for all other DNS: CSV, a row for each record to publish, with columns as in the
 * forms of DNS providers; JSON (docs/records.schema.json), an object for each set, blocked sets
 * too.
 */
#include "records_internal.h"

#include "base/bounds.h"
#include "csv_cell.h"

/* ---- csv ---- */

static void csv_begin(struct records_out *o)
{
    buf_add_str(&o->sink->buf,
                "zone,name,host,type,ttl,priority,value,action,replaces,name_unicode,reason\r\n");
}

static void cell_add(struct buf *out, struct text t)
{
    buf_add_char(out, ',');
    csv_cell_add(out, t);
}

static bool row_add(struct records_out *o, const struct records_set *set)
{
    struct buf *out = &o->sink->buf;
    bool is_blocked =
        set->action == RECORDS_BLOCKED; /* a row without a value, and with its reason */
    csv_cell_add(out, set->zone);
    cell_add(out, set->name);
    buf_add_fmt(out, "," TEXT_FMT ",%s,%u,", TEXT_ARG(records_host(set)),
                records_type_name(set->type), o->style->ttl_s);
    if (set->type == RECORDS_MX && !is_blocked)
        buf_add_u64(out, set->wanted.preference);
    cell_add(out, is_blocked ? TEXT_NONE : set->wanted.data);
    buf_add_fmt(out, ",%s", records_action_name(set->action));
    /* In zone-file form: every value published by strangers is printable there. */
    struct buf presented;
    buf_init(&presented, RECORDS_VALUE_MAX);
    if (set->action == RECORDS_REPLACE)
        records_add_rdata(&presented, set->type, &set->there[set->replaced]);
    cell_add(out, buf_text(&presented));
    buf_spend(&presented, out);
    cell_add(out, set->unicode);
    cell_add(out, is_blocked ? set->reason : TEXT_NONE);
    buf_add_str(out, "\r\n");
    return true;
}

static size_t csv_zone(struct records_out *o, size_t from, size_t to)
{
    return records_each(o, from, to, row_add);
}

const struct records_format records_csv = {"csv", ".csv", false, csv_begin, csv_zone, NULL};

/* ---- json ---- */

static void presented_add(struct json_out *j, const char *key, enum records_type type,
                          const struct records_value *value)
{
    struct buf presented;
    buf_init(&presented, RECORDS_VALUE_MAX);
    records_add_rdata(&presented, type, value);
    json_add_text(j, key, buf_text(&presented));
    buf_spend(&presented, j->buf);
}

static bool object_add(struct records_out *o, const struct records_set *set)
{
    struct json_out *j = &o->json;
    json_line(j, "\n");
    json_add_object(j, NULL);
    json_add_text(j, "zone", set->zone);
    json_add_text(j, "name", set->name);
    if (set->unicode.len)
        json_add_text(j, "name_unicode", set->unicode);
    json_add_text(j, "host", records_host(set));
    json_add_word(j, "type", records_type_name(set->type));
    json_add_word(j, "action", records_action_name(set->action));
    if (set->action == RECORDS_BLOCKED) {
        json_add_text(j, "reason", set->reason);
    } else {
        json_add_u64(j, "ttl", o->style->ttl_s);
        if (set->type == RECORDS_MX)
            json_add_u64(j, "priority", set->wanted.preference);
        json_add_text(j, "value", set->wanted.data);
        if (set->action == RECORDS_REPLACE)
            presented_add(j, "replaces", set->type, &set->there[set->replaced]);
        json_add_array(j, "values");
        for (uint32_t i = 0; i < records_after_len(set); i++)
            presented_add(j, NULL, set->type, records_after_at(set, i));
        json_end(j);
    }
    json_end(j);
    return true;
}

static void file_begin(struct records_out *o)
{
    json_init(&o->json, &o->sink->buf);
    json_add_object(&o->json, NULL);
    json_add_u64(&o->json, "format_version", 1);
    json_line(&o->json, "\n");
    json_add_array(&o->json, "records");
}

static size_t json_zone(struct records_out *o, size_t from, size_t to)
{
    return records_each(o, from, to, object_add);
}

static void file_end(struct records_out *o)
{
    json_end_line(&o->json, "\n");
    json_end(&o->json);
    buf_add_char(&o->sink->buf, '\n');
}

const struct records_format records_json = {"json",     ".json",   false,
                                            file_begin, json_zone, file_end};
