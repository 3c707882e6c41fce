/*
 * The two for everybody else: CSV, a row for each record to publish, with the columns that the
 * forms of DNS providers have; JSON (docs/records.schema.json), an object for each set, blocked
 * ones too.
 */
#include "records_internal.h"

#include "base/bounds.h"
#include "base/escape.h"
#include "csv_cell.h"

/* ---- csv ---- */

static void csv_begin(struct records_out *o)
{
    buf_add_str(&o->sink->buf,
                "zone,name,host,type,ttl,priority,value,action,replaces,name_unicode\r\n");
}

static void cell_add(struct buf *out, struct text t)
{
    buf_add_char(out, ',');
    csv_cell_add(out, t);
}

/* As zone files have it, since whatever strangers published is printable there. */
static void replaced_add(struct buf *out, const struct records_set *set)
{
    struct buf presented;
    buf_init(&presented, RECORDS_VALUE_MAX);
    if (set->action == RECORDS_REPLACE)
        records_add_rdata(&presented, set->type, &set->there[set->replaced]);
    cell_add(out, buf_text(&presented));
    buf_spend(&presented, out);
}

static bool row_add(struct records_out *o, const struct records_set *set)
{
    struct buf *out = &o->sink->buf;
    if (set->action == RECORDS_BLOCKED)
        return true;
    csv_cell_add(out, set->zone);
    cell_add(out, set->name);
    buf_add_fmt(out, "," TEXT_FMT ",%s,%u,", TEXT_ARG(records_host(set)),
                records_type_name(set->type), o->style->ttl_s);
    if (set->type == RECORDS_MX)
        buf_add_u64(out, set->wanted.preference);
    cell_add(out, set->wanted.data);
    buf_add_fmt(out, ",%s", records_action_name(set->action));
    replaced_add(out, set);
    cell_add(out, set->unicode);
    buf_add_str(out, "\r\n");
    return true;
}

static size_t csv_zone(struct records_out *o, size_t from, size_t to)
{
    return records_each(o, from, to, row_add);
}

const struct records_format records_csv = {"csv", ".csv", false, csv_begin, csv_zone, NULL};

/* ---- json ---- */

static void member_add(struct buf *out, const char *name, struct text value)
{
    buf_add_fmt(out, "\"%s\":", name);
    escape_json(out, value);
    buf_add_char(out, ',');
}

static void presented_add(struct buf *out, enum records_type type,
                          const struct records_value *value)
{
    struct buf presented;
    buf_init(&presented, RECORDS_VALUE_MAX);
    records_add_rdata(&presented, type, value);
    escape_json(out, buf_text(&presented));
    buf_spend(&presented, out);
}

static void wanted_add(struct buf *out, const struct records_set *set)
{
    if (set->type == RECORDS_MX)
        buf_add_fmt(out, "\"priority\":%u,", set->wanted.preference);
    member_add(out, "value", set->wanted.data);
    if (set->action == RECORDS_REPLACE) {
        buf_add_str(out, "\"replaces\":");
        presented_add(out, set->type, &set->there[set->replaced]);
        buf_add_char(out, ',');
    }
    buf_add_str(out, "\"values\":[");
    for (uint32_t i = 0; i < records_after_len(set); i++) {
        buf_add_str(out, i ? "," : "");
        presented_add(out, set->type, records_after_at(set, i));
    }
    buf_add_str(out, "]}");
}

static bool object_add(struct records_out *o, const struct records_set *set)
{
    struct buf *out = &o->sink->buf;
    buf_add_str(out, o->in_file ? ",\n{" : "\n{");
    member_add(out, "zone", set->zone);
    member_add(out, "name", set->name);
    if (set->unicode.len)
        member_add(out, "name_unicode", set->unicode);
    member_add(out, "host", records_host(set));
    buf_add_fmt(out, "\"type\":\"%s\",\"action\":\"%s\",", records_type_name(set->type),
                records_action_name(set->action));
    if (set->action == RECORDS_BLOCKED) {
        buf_add_str(out, "\"reason\":");
        escape_json(out, set->reason);
        buf_add_char(out, '}');
        return true;
    }
    buf_add_fmt(out, "\"ttl\":%u,", o->style->ttl_s);
    wanted_add(out, set);
    return true;
}

static void json_begin(struct records_out *o)
{
    buf_add_str(&o->sink->buf, "{\"format_version\":1,\n\"records\":[");
}

static size_t json_zone(struct records_out *o, size_t from, size_t to)
{
    return records_each(o, from, to, object_add);
}

static void json_end(struct records_out *o)
{
    buf_add_str(&o->sink->buf, "\n]}\n");
}

const struct records_format records_json = {"json",     ".json",   false,
                                            json_begin, json_zone, json_end};
