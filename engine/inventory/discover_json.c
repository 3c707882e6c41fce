/*
 * Everything that SES told, for programs: {"format_version", "lanes": [..], "identities": [..]}.
 * What is not known is null.
 */
#include "base/escape.h"
#include "discover.h"

static void member_add(struct buf *out, const char *name, struct text value)
{
    buf_add_fmt(out, ",\"%s\":", name);
    if (value.len)
        escape_json(out, value);
    else
        buf_add_str(out, "null");
}

static struct text number_of(const struct discover *d, uint32_t lane)
{
    return text_of(inventory_account(d->inventory, d->fleet.lanes[lane].account)->number);
}

static const char *state_of(const struct discover *d, uint32_t lane)
{
    if (d->by_lane[lane].is_twin)
        return "duplicate";
    return discover_has_lane(d, lane) ? "read" : "refused";
}

static void lane_add(const struct discover *d, uint32_t lane, struct buf *out)
{
    const struct inventory_lane *l = inventory_lane(d->inventory, lane);
    buf_add_fmt(out, "%s\n  {\"state\":\"%s\"", lane ? "," : "", state_of(d, lane));
    member_add(out, "account", discover_account(d, lane));
    member_add(out, "account_id", number_of(d, lane));
    member_add(out, "region", discover_region(d, lane));
    buf_add_fmt(out, ",\"listed\":%u,\"identities\":%u", l->listed, d->by_lane[lane].len);
    member_add(out, "reason", text_of(l->reason));
    buf_add_char(out, '}');
}

static void tags_add(const struct inventory_row *row, struct buf *out)
{
    buf_add_str(out, ",\"tags\":{");
    for (uint32_t i = 0; i < row->tags_len; i++) {
        buf_add_str(out, i ? "," : "");
        escape_json(out, row->tags[i].key);
        buf_add_char(out, ':');
        escape_json(out, row->tags[i].value);
    }
    buf_add_char(out, '}');
}

static void facts_add(const struct inventory_row *row, struct buf *out)
{
    bool told = row->known & KNOWN_MAIL_FROM, has = row->mail_from.len > 0;
    const char *word = verification_name((enum verification)row->verification);
    member_add(out, "verification", row->known & KNOWN_VERIFICATION ? text_of(word) : TEXT_NONE);
    member_add(out, "mail_from", row->mail_from);
    member_add(out, "mail_from_status",
               has ? text_of(mail_from_status_name((enum mail_from_status)row->status))
                   : TEXT_NONE);
    member_add(out, "behavior_on_mx_failure",
               told ? text_of(behavior_name((enum behavior)row->behavior)) : TEXT_NONE);
    buf_add_fmt(out, ",\"feedback_forwarding\":%s",
                !(row->known & KNOWN_FORWARDING) ? "null"
                : row->forwarding                ? "true"
                                                 : "false");
    if (row->tags)
        tags_add(row, out);
}

static void identity_add(const struct discover *d, const struct found *f, struct buf *out)
{
    char reason[FOUND_REASON_LEN], name[NAME_LEN_MAX + 1];
    enum identity_type type = identity_type_of(f->row->identity);
    buf_add_str(out, f == d->found ? "\n  {\"identity\":" : ",\n  {\"identity\":");
    escape_json(out, f->row->identity);
    member_add(out, "account", discover_account(d, f->lane));
    member_add(out, "account_id", number_of(d, f->lane));
    member_add(out, "region", discover_region(d, f->lane));
    member_add(out, "identity_type", text_of(identity_type_name(type)));
    facts_add(f->row, out);
    member_add(out, "left_out", text_of(found_reason(f, reason)));
    if (d->config->mail_from)
        member_add(out, "proposed_mail_from",
                   f->how == FOUND_PROPOSED ? found_mail_from(d, f, name) : TEXT_NONE);
    buf_add_char(out, '}');
}

enum err discover_json(void *ctx, struct sink *out, struct why *why)
{
    const struct discover *d = ctx;
    (void)why;
    buf_add_str(&out->buf, "{\"format_version\":1,\n \"lanes\":[");
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++)
        lane_add(d, i, &out->buf);
    buf_add_str(&out->buf, "],\n \"identities\":[");
    for (uint32_t i = 0; i < d->found_len && sink_turn(out); i++)
        identity_add(d, &d->found[i], &out->buf);
    buf_add_str(&out->buf, "]}\n");
    return OK;
}
