/*
 * What is due, as one self-contained page. Text from outside is only ever the text
 * of an element.
 */
#include "base/count.h"
#include "due_internal.h"
#include "html_internal.h"
#include "html_page.h"
#include "markup.h"

#define ITEMS_SHOWN 200 /* of a zone; CSV and JSON have all */

static void made_add(struct buf *out, struct buf *made)
{
    markup_add_told(out, buf_text(made));
    buf_spend(made, out);
}

static void words_begin(struct buf *words)
{
    buf_init(words, 64 * DUE_VALUE_MAX);
}

static void item_add(struct buf *out, const struct due_list *list, const struct due_item *item)
{
    struct records_set set;
    struct buf value;
    due_set(list, item, &set);
    buf_add_fmt(out, "<tr><td>%s</td><td>%s</td><td>", due_state_name(item->state),
                records_type_name(set.type));
    markup_add(out, set.name);
    buf_add_str(out, "</td><td>");
    words_begin(&value);
    due_value_add(&value, item, &set);
    made_add(out, &value);
    buf_add_str(out, "</td><td>");
    markup_add_instant(out, item->since);
    buf_add_str(out, "</td></tr>\n");
}

static void zone_add(struct sink *sink, const struct due_list *list, const struct due_zone *zone)
{
    static const char *const columns[] = {"state", "type", "name", "value", "asked for since"};
    struct buf *out = &sink->buf, words;
    int level = list->by == DUE_BY_ZONE ? 2 : 3; /* below the heading of a group */
    buf_add_fmt(out, "<section>\n<h%d>", level);
    markup_add(out, zone->zone);
    buf_add_fmt(out, "</h%d>\n<p>", level);
    words_begin(&words);
    due_counts_add(&words, zone->counts);
    if (zone->since || zone->deadline != WHEN_NEVER)
        buf_add_str(&words, "; ");
    due_times_add(&words, list, zone);
    made_add(out, &words);
    buf_add_str(out, "</p>\n<p>Owner: ");
    markup_add(out, zone->owner.len ? zone->owner : TEXT("not given"));
    buf_add_str(out, ". SOA contact: ");
    markup_add(out, zone->contact.len ? zone->contact : TEXT("not known"));
    buf_add_str(out, ". Name servers: ");
    markup_add(out, zone->hosts.len ? zone->hosts : TEXT("not known"));
    buf_add_str(out, ".</p>\n");
    scroll_begin(out, "scroll", "records");
    buf_add_str(out, "<table>\n<thead><tr>");
    for (size_t i = 0; i < COUNT(columns); i++)
        buf_add_fmt(out, "<th scope=\"col\">%s</th>", columns[i]);
    buf_add_str(out, "</tr></thead>\n<tbody>\n");
    uint32_t shown = zone->len < ITEMS_SHOWN ? zone->len : ITEMS_SHOWN;
    for (uint32_t i = 0; i < shown && sink_turn(sink); i++)
        item_add(out, list, &list->items[zone->first + i]);
    buf_add_str(out, "</tbody>\n</table>");
    scroll_end(out);
    if (shown < zone->len)
        buf_add_fmt(out, "<p>... and %u more; the CSV and the JSON have all.</p>\n",
                    zone->len - shown);
    buf_add_str(out, "</section>\n");
}

void due_html_write(struct sink *sink, const struct due_list *list, const struct due_style *style)
{
    struct buf *out = &sink->buf, words;
    (void)style;
    html_page_begin(out, TEXT("mailfrom due"), TEXT_NONE, TEXT_NONE);
    buf_add_fmt(out, "<header class=\"%s\">\n<h1>", list->zones_due ? "open" : "good");
    words_begin(&words);
    due_verdict_add(&words, list);
    made_add(out, &words);
    buf_add_str(out, "</h1>\n<p class=\"facts\">mailfrom due. DNS was asked at ");
    markup_add_instant(out, list->now);
    buf_add_str(out, ".</p>\n</header>\n<main>\n");
    for (uint32_t i = 0; i < list->zones_len && sink_turn(sink); i++) {
        struct text group = due_group(list, i);
        if (group.len) {
            buf_add_fmt(out, "<h2>%s ", due_by_name(list->by));
            markup_add(out, group);
            buf_add_str(out, "</h2>\n");
        }
        zone_add(sink, list, &list->zones[i]);
    }
    buf_add_str(out, "</main>\n");
    html_page_end(out, TEXT("Instants are UTC. Every record is in the CSV and the JSON."),
                  TEXT_NONE);
}
