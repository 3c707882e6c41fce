/*
 * What is due, for programs: CSV, a row for each record set; JSON (docs/due.schema.json), an object
 * for each zone with its record sets.
 */
#include "csv_line.h"
#include "due_internal.h"

#include "base/bounds.h"

static void presented(struct buf *out, enum records_type type, const struct records_value *value)
{
    buf_init(out, RECORDS_VALUE_MAX);
    records_add_rdata(out, type, value);
}

static bool has_value(const struct due_item *item)
{
    return item->state == DUE_MISSING || item->state == DUE_WRONG;
}

/* ---- csv ---- */

static void row_add(struct csv_line *line, const struct due_list *list, const struct due_zone *zone,
                    const struct due_item *item)
{
    struct records_set set;
    struct buf value;
    due_set(list, item, &set);
    csv_text(line, zone->zone);
    csv_text(line, zone->owner);
    csv_text(line, zone->contact);
    csv_text(line, zone->hosts);
    csv_text(line, zone->account);
    csv_text(line, set.name);
    csv_text(line, text_of(records_type_name(set.type)));
    csv_text(line, text_of(due_state_name(item->state)));
    presented(&value, set.type, &set.wanted);
    csv_text(line, has_value(item) ? buf_text(&value) : TEXT_NONE);
    buf_spend(&value, line->out);
    csv_text(line, item->state == DUE_BLOCKED ? set.reason : TEXT_NONE);
    csv_instant(line, item->since);
    csv_instant(line, item->changed);
    csv_instant(line, item->state == DUE_PUBLISHED ? WHEN_NEVER : zone->deadline);
    csv_end(line);
}

void due_csv_write(struct sink *out, const struct due_list *list, const struct due_style *style)
{
    struct csv_line line;
    csv_begin(&line, &out->buf, style->csv,
              "zone,owner,soa_contact,name_servers,account,name,type,state,value,reason,"
              "asked_since,changed,deadline");
    csv_end(&line);
    for (uint32_t z = 0; z < list->zones_len; z++)
        for (uint32_t i = 0; i < list->zones[z].len && sink_turn(out); i++)
            row_add(&line, list, &list->zones[z], &list->items[list->zones[z].first + i]);
}

/* ---- json ---- */

static void when_add(struct json_out *j, const char *key, instant_us at)
{
    char when[WHEN_LEN];
    json_add_text_or_null(j, key, text_of(when_format(at, when)));
}

static void value_add(struct json_out *j, const char *key, enum records_type type,
                      const struct records_value *value)
{
    struct buf text;
    presented(&text, type, value);
    json_add_text(j, key, buf_text(&text));
    buf_spend(&text, j->buf);
}

static void counts_add(struct json_out *j, const uint32_t counts[DUE_STATES])
{
    for (int s = 0; s < DUE_STATES; s++)
        json_add_u64(j, due_state_name((enum due_state)s), counts[s]);
}

static void item_add(struct json_out *j, const struct due_list *list, const struct due_item *item)
{
    struct records_set set;
    due_set(list, item, &set);
    json_line(j, "\n    ");
    json_add_object(j, NULL);
    json_add_text(j, "name", set.name);
    json_add_word(j, "type", records_type_name(set.type));
    json_add_word(j, "state", due_state_name(item->state));
    when_add(j, "asked_since", item->since);
    when_add(j, "changed", item->changed);
    if (has_value(item))
        value_add(j, "value", set.type, &set.wanted);
    if (item->state == DUE_WRONG)
        value_add(j, "replaces", set.type, &set.there[set.replaced]);
    if (item->state == DUE_BLOCKED)
        json_add_text(j, "reason", set.reason);
    json_end(j);
}

static void hosts_add(struct json_out *j, struct text hosts)
{
    json_add_array(j, "name_servers");
    while (hosts.len)
        json_add_text(j, NULL, text_trim(text_cut(&hosts, ',')));
    json_end(j);
}

static void zone_add(struct sink *out, struct json_out *j, const struct due_list *list,
                     const struct due_zone *zone)
{
    json_line(j, "\n  ");
    json_add_object(j, NULL);
    json_add_text(j, "zone", zone->zone);
    json_add_bool(j, "zone_known", zone->zone_known);
    json_add_text_or_null(j, "owner", zone->owner);
    json_add_text_or_null(j, "soa_contact", zone->contact);
    hosts_add(j, zone->hosts);
    json_add_text(j, "account", zone->account);
    json_add_text_or_null(j, "format", zone->format);
    counts_add(j, zone->counts);
    when_add(j, "asked_since", zone->since);
    when_add(j, "deadline", zone->deadline);
    json_add_array(j, "records");
    for (uint32_t i = 0; i < zone->len && sink_turn(out); i++)
        item_add(j, list, &list->items[zone->first + i]);
    json_end(j);
    json_end(j);
}

void due_json_write(struct sink *out, const struct due_list *list, const struct due_style *style)
{
    struct json_out j;
    (void)style;
    json_init(&j, &out->buf);
    json_add_object(&j, NULL);
    json_add_u64(&j, "format_version", 1);
    if (list->run)
        json_add_u64(&j, "run", list->run);
    else
        json_add_null(&j, "run");
    when_add(&j, "looked", list->now);
    when_add(&j, "last_look", list->last_look);
    when_add(&j, "since", list->since);
    json_add_word(&j, "by", due_by_name(list->by));
    counts_add(&j, list->counts);
    json_add_array(&j, "zones");
    for (uint32_t i = 0; i < list->zones_len && sink_turn(out); i++)
        zone_add(out, &j, list, &list->zones[i]);
    json_end_line(&j, "\n");
    json_end(&j);
    buf_add_char(&out->buf, '\n');
}
