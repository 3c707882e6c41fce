/*
 * The zone-file family: a snippet for a zone file (RFC 1035, section 5), and updates for nsupdate
 * and knsupdate (RFC 2136).
 *
 * Each set is an update with its own prerequisites. If DNS has changed meanwhile, the server
 * refuses this one update; no record is overwritten, and no other set is held up. Servers compare
 * TXT strings as cut, so what is there is written in the strings that DNS has shown.
 */
#include "records_internal.h"

static void owner_add(struct buf *out, const struct records_set *set)
{
    buf_add_text(out, set->name);
    buf_add_char(out, '.');
}

/* ---- bind ---- */

static bool line_add(struct records_out *o, const struct records_set *set)
{
    struct buf *out = &o->sink->buf;
    records_add_notes(out, ";", set);
    if (set->action == RECORDS_BLOCKED)
        return true;
    buf_add_fmt(out, TEXT_FMT " %u IN %s ", TEXT_ARG(records_host(set)), o->style->ttl_s,
                records_type_name(set->type));
    records_add_rdata(out, set->type, &set->wanted);
    buf_add_char(out, '\n');
    return true;
}

static size_t bind_zone(struct records_out *o, size_t from, size_t to)
{
    struct records_set first;
    o->list->at(o->list->ctx, from, &first);
    buf_add_fmt(&o->sink->buf, "%s$ORIGIN " TEXT_FMT ".\n", o->in_file ? "\n" : "",
                TEXT_ARG(first.zone));
    return records_each(o, from, to, line_add);
}

const struct records_format records_bind = {"bind", ".zone", false, NULL, bind_zone, NULL};

/* ---- nsupdate ---- */

static void absence_add(struct buf *out, const struct records_set *set, const char *type)
{
    buf_add_str(out, "prereq nxrrset ");
    owner_add(out, set);
    buf_add_fmt(out, " %s\n", type);
}

static bool update_add(struct records_out *o, const struct records_set *set)
{
    struct buf *out = &o->sink->buf;
    const char *type = records_type_name(set->type);
    records_add_notes(out, ";", set);
    if (set->action == RECORDS_BLOCKED || set->action == RECORDS_KEEP)
        return true;
    /* Prerequisite: exactly this set exists, or none. At a CNAME a server drops an addition and
     * still answers NOERROR (RFC 2136, section 3.4.2.2), so the absence of a CNAME is a
     * prerequisite too. */
    absence_add(out, set, "CNAME");
    for (uint32_t i = 0; i < set->there_len; i++) {
        buf_add_str(out, "prereq yxrrset ");
        owner_add(out, set);
        buf_add_fmt(out, " %s ", type);
        records_add_rdata(out, set->type, &set->there[i]);
        buf_add_char(out, '\n');
    }
    if (!set->there_len)
        absence_add(out, set, type);
    if (set->action == RECORDS_REPLACE) {
        buf_add_str(out, "update delete ");
        owner_add(out, set);
        buf_add_fmt(out, " %s ", type);
        records_add_rdata(out, set->type, &set->there[set->replaced]);
        buf_add_char(out, '\n');
    }
    buf_add_str(out, "update add ");
    owner_add(out, set);
    buf_add_fmt(out, " %u %s ", o->style->ttl_s, type);
    records_add_rdata(out, set->type, &set->wanted);
    buf_add_str(out, "\nsend\n");
    return true;
}

static size_t nsupdate_zone(struct records_out *o, size_t from, size_t to)
{
    struct buf *out = &o->sink->buf;
    if (o->style->server.len)
        buf_add_fmt(out, "server " TEXT_FMT "\n", TEXT_ARG(o->style->server));
    /* A server refuses a whole update of an unknown zone, so a guessed zone gives no zone line:
     * nsupdate asks for the SOA then. */
    struct records_set set = {.zone_known = false};
    for (size_t i = from; i < to && !set.zone_known; i++)
        o->list->at(o->list->ctx, i, &set);
    if (set.zone_known)
        buf_add_fmt(out, "zone " TEXT_FMT ".\n", TEXT_ARG(set.zone));
    else
        buf_add_fmt(out,
                    "; The zone of names below " TEXT_FMT
                    " is not known: nsupdate finds it by its SOA; knsupdate\n; needs a line such "
                    "as \"zone " TEXT_FMT ".\". --zone names it; --missing asks the authorities\n; "
                    "for it, beside --resolver only with --dns authority.\n",
                    TEXT_ARG(set.zone), TEXT_ARG(set.zone));
    return records_each(o, from, to, update_add);
}

const struct records_format records_nsupdate = {"nsupdate", ".nsupdate",   true,
                                                NULL,       nsupdate_zone, NULL};
