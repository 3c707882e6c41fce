/*
 * The two formats for all other DNS: CSV, a row for each record to publish, with columns as in the
 * forms of DNS providers; JSON (docs/records.schema.json), an object for each set, blocked sets
 * too.
 */
#include "records_internal.h"

#include "base/bounds.h"

/* ---- csv ---- */

static void table_begin(struct records_out *o)
{
    csv_begin(&o->line, &o->sink->buf, o->style->csv,
              "zone,name,host,type,ttl,priority,value,action,replaces,name_unicode,reason");
    csv_end(&o->line);
}

static bool row_add(struct records_out *o, const struct records_set *set)
{
    struct csv_line *line = &o->line;
    bool is_blocked =
        set->action == RECORDS_BLOCKED; /* a row without a value, and with its reason */
    csv_text(line, set->zone);
    csv_text(line, set->name);
    csv_text(line, records_host(set));
    csv_text(line, text_of(records_type_name(set->type)));
    csv_u64(line, o->style->ttl_s);
    if (set->type == RECORDS_MX && !is_blocked)
        csv_u64(line, set->wanted.preference);
    else
        csv_text(line, TEXT_NONE);
    csv_text(line, is_blocked ? TEXT_NONE : set->wanted.data);
    csv_text(line, text_of(records_action_name(set->action)));
    /* In zone-file form: every value published by strangers is printable there. */
    struct buf presented;
    buf_init(&presented, RECORDS_VALUE_MAX);
    if (set->action == RECORDS_REPLACE)
        records_add_rdata(&presented, set->type, &set->there[set->replaced]);
    csv_text(line, buf_text(&presented));
    buf_spend(&presented, line->out);
    csv_text(line, set->unicode);
    csv_text(line, is_blocked ? set->reason : TEXT_NONE);
    csv_end(line);
    return true;
}

static size_t csv_zone(struct records_out *o, size_t from, size_t to)
{
    return records_each(o, from, to, row_add);
}

const struct records_format records_csv = {"csv", ".csv", false, table_begin, csv_zone, NULL};

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
