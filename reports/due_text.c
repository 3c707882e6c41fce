/* What is due, for a terminal: zone by zone, the oldest and largest first. */
#include "base/escape.h"
#include "due_internal.h"

#define ITEMS_SHOWN 6 /* of a zone, without --verbose: two names, and what is wrong */

static void facts_add(struct buf *out, const struct due_zone *zone)
{
    buf_add_str(out, "  owner ");
    escape_terminal(out, zone->owner.len ? zone->owner : TEXT("not given"));
    buf_add_str(out, ", SOA contact ");
    escape_terminal(out, zone->contact.len ? zone->contact : TEXT("not known"));
    if (zone->hosts.len) {
        buf_add_str(out, ", name servers ");
        escape_terminal(out, zone->hosts);
    }
    buf_add_char(out, '\n');
}

static void item_add(struct buf *out, const struct due_list *list, const struct due_item *item)
{
    struct records_set set;
    due_set(list, item, &set);
    buf_add_fmt(out, "  %-9s %-3s ", due_state_name(item->state), records_type_name(set.type));
    escape_terminal(out, set.name);
    buf_add_str(out, "  ");
    due_value_add(out, item, &set);
    buf_add_char(out, '\n');
}

static void zone_add(struct sink *sink, const struct due_list *list, const struct due_zone *zone,
                     bool verbose)
{
    struct buf *out = &sink->buf;
    buf_add_char(out, '\n');
    escape_terminal(out, zone->zone);
    buf_add_str(out, zone->zone_known ? ": " : " (not confirmed by DNS): ");
    due_counts_add(out, zone->counts);
    if (zone->counts[DUE_PUBLISHED])
        buf_add_fmt(out, "%s%u published", due_open(zone) ? ", " : "", zone->counts[DUE_PUBLISHED]);
    if (zone->since || zone->deadline != WHEN_NEVER)
        buf_add_str(out, "; ");
    due_times_add(out, list, zone);
    buf_add_char(out, '\n');
    facts_add(out, zone);
    uint32_t shown = verbose || zone->len <= ITEMS_SHOWN ? zone->len : ITEMS_SHOWN - 1;
    for (uint32_t i = 0; i < shown && sink_turn(sink); i++)
        item_add(out, list, &list->items[zone->first + i]);
    if (shown < zone->len)
        buf_add_fmt(out, "  ... and %u more; --verbose shows all\n", zone->len - shown);
}

void due_text_write(struct sink *out, const struct due_list *list, const struct due_style *style)
{
    struct buf *b = &out->buf;
    due_verdict_add(b, list);
    buf_add_char(b, '\n');
    for (uint32_t i = 0; i < list->zones_len && sink_turn(out); i++) {
        struct text group = due_group(list, i);
        if (group.len) {
            buf_add_fmt(b, "\n== %s ", due_by_name(list->by));
            escape_terminal(b, group);
            buf_add_str(b, " ==\n");
        }
        zone_add(out, list, &list->zones[i], style->verbose);
    }
}
