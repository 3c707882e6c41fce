/* Who still has to publish what: the formats, and the words that they share. */
#include "due.h"

#include "base/count.h"
#include "base/escape.h"
#include "base/plural.h"
#include "deliver.h"
#include "due_internal.h"

const char *due_by_name(enum due_by by)
{
    static const char *const names[DUE_BYS] = {"zone", "owner", "account"};
    return names[by];
}

const char *due_state_name(enum due_state state)
{
    static const char *const names[DUE_STATES] = {"blocked", "wrong", "missing", "published"};
    return names[state];
}

uint32_t due_open(const struct due_zone *zone)
{
    return zone->counts[DUE_BLOCKED] + zone->counts[DUE_WRONG] + zone->counts[DUE_MISSING];
}

struct text due_recipient(const struct due_zone *zone)
{
    return zone->owner.len ? zone->owner : zone->contact;
}

/* ---- formats ---- */

static const struct {
    const char *name;
    due_writer *write;
} formats[] = {{"text", due_text_write},
               {"csv", due_csv_write},
               {"json", due_json_write},
               {"html", due_html_write}};

const char *due_format_name(size_t i)
{
    return i < COUNT(formats) ? formats[i].name : NULL;
}

static due_writer *format_find(struct text format)
{
    for (size_t i = 0; i < COUNT(formats); i++)
        if (text_eq(format, text_of(formats[i].name)))
            return formats[i].write;
    return NULL;
}

bool due_format_known(struct text format)
{
    return format_find(format) != NULL;
}

struct writing {
    due_writer *write;
    const struct due_list *list;
    const struct due_style *style;
};

static enum err list_write(void *ctx, struct sink *out, struct why *why)
{
    const struct writing *w = ctx;
    (void)why;
    w->write(out, w->list, w->style);
    return OK;
}

enum err due_write(struct text format, const struct due_list *list, const struct due_style *style,
                   struct why *why)
{
    struct writing w = {format_find(format), list, style};
    if (!w.write)
        return why_set(why, ERR_INPUT, "unknown format \"" TEXT_FMT "\" of what is due",
                       TEXT_ARG(format));
    enum err err = deliver("-", list_write, &w, why);
    return err == OK ? OK : why_wrap(why, err, "standard output");
}

/* ---- words ---- */

void due_set(const struct due_list *list, const struct due_item *item, struct records_set *set)
{
    list->sets.at(list->sets.ctx, item->set, set);
}

static void value_add(struct buf *out, enum records_type type, const struct records_value *value)
{
    struct buf presented;
    buf_init(&presented, 4 * DUE_VALUE_MAX + 64);
    struct records_value cut = {value->preference, text_slice(value->data, 0, DUE_VALUE_MAX)};
    records_add_rdata(&presented, type, &cut);
    if (!presented.failed)
        buf_add(out, presented.at, presented.len);
    if (cut.data.len < value->data.len)
        buf_add_str(out, " ...");
    buf_spend(&presented, out);
}

void due_value_add(struct buf *out, const struct due_item *item, const struct records_set *set)
{
    switch (item->state) {
    case DUE_BLOCKED: escape_terminal(out, set->reason); break;
    case DUE_MISSING:
    case DUE_PUBLISHED: value_add(out, set->type, &set->wanted); break;
    case DUE_WRONG:
        value_add(out, set->type, &set->wanted);
        buf_add_str(out, " in place of ");
        value_add(out, set->type, &set->there[set->replaced]);
        break;
    case DUE_STATES: break;
    }
}

void due_counts_add(struct buf *out, const uint32_t counts[DUE_STATES])
{
    const char *between = "";
    for (int s = 0; s < DUE_PUBLISHED; s++) {
        if (!counts[s])
            continue;
        buf_add_fmt(out, "%s%u %s", between, counts[s], due_state_name((enum due_state)s));
        between = ", ";
    }
}

void due_times_add(struct buf *out, const struct due_list *list, const struct due_zone *zone)
{
    char when[WHEN_LEN], span[WHEN_LEN];
    if (zone->since)
        buf_add_fmt(out, "asked for since %s (%s)", when_format(zone->since, when),
                    span_format(list->now - zone->since, span));
    if (zone->deadline == WHEN_NEVER)
        return;
    buf_add_fmt(out, "%sdeadline %s ", zone->since ? ", " : "", when_format(zone->deadline, when));
    if (zone->deadline > list->now)
        buf_add_fmt(out, "(in %s)", span_format(zone->deadline - list->now, span));
    else
        buf_add_fmt(out, "(%s ago)", span_format(list->now - zone->deadline, span));
}

void due_verdict_add(struct buf *out, const struct due_list *list)
{
    uint32_t due = list->counts[DUE_BLOCKED] + list->counts[DUE_WRONG] + list->counts[DUE_MISSING];
    char when[WHEN_LEN];
    if (list->since) {
        buf_add_fmt(out, "since %s: ", when_format(list->since, when));
        due_counts_add(out, list->counts);
        buf_add_fmt(out, "%s%u published", due ? ", " : "", list->counts[DUE_PUBLISHED]);
        return;
    }
    if (due == 0) {
        buf_add_str(out, "DNS has all of the records");
    } else {
        buf_add_fmt(out, "%u %s due in %u %s: ", due,
                    plural(due, "record set is", "record sets are"), list->zones_due,
                    plural(list->zones_due, "zone", "zones"));
        due_counts_add(out, list->counts);
    }
    if (list->last_look)
        buf_add_fmt(out, "; published since the last look, %s: %u",
                    when_format(list->last_look, when), list->counts[DUE_PUBLISHED]);
}

static struct text group_of(const struct due_list *list, const struct due_zone *zone)
{
    if (list->by == DUE_BY_ACCOUNT)
        return zone->account;
    struct text recipient = due_recipient(zone);
    return recipient.len ? recipient : TEXT("no owner and no contact");
}

struct text due_group(const struct due_list *list, uint32_t zone)
{
    const struct due_zone *at = &list->zones[zone];
    if (list->by == DUE_BY_ZONE || (zone && text_eq(group_of(list, at), group_of(list, at - 1))))
        return TEXT_NONE;
    return group_of(list, at);
}
