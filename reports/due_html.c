/*
 * What is due, as one self-contained page without a script. Text from outside is only ever the text
 * of an element.
 */
#include "due_internal.h"
#include "html_files.h"
#include "markup.h"

#define ITEMS_SHOWN 200 /* of a zone; CSV and JSON have all */

static void made_add(struct buf *out, struct buf *made)
{
    markup_add(out, buf_text(made));
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
    char when[WHEN_LEN];
    due_set(list, item, &set);
    buf_add_fmt(out, "<tr><td>%s</td><td>%s</td><td>", due_state_name(item->state),
                records_type_name(set.type));
    markup_add(out, set.name);
    buf_add_str(out, "</td><td>");
    words_begin(&value);
    due_value_add(&value, item, &set);
    made_add(out, &value);
    buf_add_fmt(out, "</td><td>%s</td></tr>\n", when_format(item->since, when));
}

static void zone_add(struct sink *sink, const struct due_list *list, const struct due_zone *zone)
{
    struct buf *out = &sink->buf, words;
    buf_add_str(out, "<section>\n<h2>");
    markup_add(out, zone->zone);
    buf_add_str(out, "</h2>\n<p>");
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
    buf_add_str(out, ".</p>\n<table>\n<tr><th>state</th><th>type</th><th>name</th><th>value</th>"
                     "<th>asked for since</th></tr>\n");
    uint32_t shown = zone->len < ITEMS_SHOWN ? zone->len : ITEMS_SHOWN;
    for (uint32_t i = 0; i < shown && sink_turn(sink); i++)
        item_add(out, list, &list->items[zone->first + i]);
    buf_add_str(out, "</table>\n");
    if (shown < zone->len)
        buf_add_fmt(out, "<p>... and %u more; the CSV and the JSON have all.</p>\n",
                    zone->len - shown);
    buf_add_str(out, "</section>\n");
}

void due_html_write(struct sink *sink, const struct due_list *list, const struct due_style *style)
{
    struct buf *out = &sink->buf, words;
    char when[WHEN_LEN];
    bool is_due = list->zones_due > 0;
    (void)style;
    buf_add_str(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                     "style-src 'unsafe-inline'\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<title>mailfrom due</title>\n<style>\n");
    buf_add_text(out, html_files[HTML_STYLE].text);
    buf_add_fmt(out, "</style>\n</head>\n<body>\n<header class=\"%s\">\n<h1>",
                is_due ? "open" : "good");
    words_begin(&words);
    due_verdict_add(&words, list);
    made_add(out, &words);
    buf_add_fmt(out,
                "</h1>\n<p class=\"facts\">mailfrom due. DNS was asked at %s.</p>\n</header>\n",
                when_format(list->now, when));
    for (uint32_t i = 0; i < list->zones_len && sink_turn(sink); i++) {
        struct text group = due_group(list, i);
        if (group.len) {
            buf_add_fmt(out, "<h2>%s ", due_by_name(list->by));
            markup_add(out, group);
            buf_add_str(out, "</h2>\n");
        }
        zone_add(sink, list, &list->zones[i]);
    }
    buf_add_str(out, "</body>\n</html>\n");
}
