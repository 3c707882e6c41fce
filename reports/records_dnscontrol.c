/*
 * DNSControl, as additions to zones declared in other files: D_EXTEND, since D declares a whole
 * zone and would delete all other records. Strings are JavaScript's, and every JSON string is one;
 * DNSControl itself cuts long strings. Source: DNSControl's language reference, D_EXTEND, MX, TXT.
 */
#include "records_internal.h"

#include "base/escape.h"

static bool modifier_add(struct records_out *o, const struct records_set *set)
{
    struct buf *out = &o->sink->buf;
    struct text host = records_host(set), value = set->wanted.data;
    records_add_notes(out, "  //", set);
    if (set->action == RECORDS_BLOCKED)
        return true;
    buf_add_fmt(out, "  %s(\"" TEXT_FMT "\", ", records_type_name(set->type), TEXT_ARG(host));
    if (set->type == RECORDS_MX)
        buf_add_fmt(out, "%u, \"" TEXT_FMT ".\"", set->wanted.preference, TEXT_ARG(value));
    else
        escape_json(out, value);
    buf_add_fmt(out, ", TTL(%u)),\n", o->style->ttl_s);
    return true;
}

/* An empty object ends the arguments: ES5 takes no comma after the last one. */
static size_t dnscontrol_zone(struct records_out *o, size_t from, size_t to)
{
    struct buf *out = &o->sink->buf;
    struct records_set first;
    o->list->at(o->list->ctx, from, &first);
    buf_add_fmt(out, "D_EXTEND(\"" TEXT_FMT "\",\n", TEXT_ARG(first.zone));
    to = records_each(o, from, to, modifier_add);
    buf_add_str(out, "  {}\n);\n");
    return to;
}

const struct records_format records_dnscontrol = {"dnscontrol", ".js",           false,
                                                  NULL,         dnscontrol_zone, NULL};
