/*
 * The manifest. One identity a line, so two manifests can be compared line by line; settings of the
 * defaults or of the only account are not repeated. Names come from SES, so all pass through
 * escape_yaml(), in comments too.
 */
#include "base/dname.h"
#include "base/escape.h"
#include "base/plural.h"
#include "discover_formats.h"

static uint32_t lanes_of(const struct discover *d, uint32_t account)
{
    uint32_t len = 0;
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++)
        len += d->fleet.lanes[i].account == account && discover_shows_lane(d, i);
    return len;
}

static uint32_t accounts_len(const struct discover *d)
{
    uint32_t len = 0;
    for (uint32_t i = 0; i < d->fleet.accounts_len; i++)
        len += lanes_of(d, i) > 0;
    return len;
}

static uint32_t sum(const struct discover *d, enum found_how from, enum found_how to)
{
    uint32_t len = 0;
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++)
        for (unsigned how = from; how <= (unsigned)to; how++)
            len += d->by_lane[i].by_how[how];
    return len;
}

/* A key with a value, unless empty. */
static void key_add(struct buf *out, const char *before, const char *key, struct text value)
{
    if (value.len == 0)
        return;
    buf_add_fmt(out, "%s%s: ", before, key);
    escape_yaml(out, value);
}

static void account_add(const struct discover *d, uint32_t account, struct buf *out)
{
    const struct names *names = &d->fleet.names;
    const struct account *a = &d->fleet.accounts[account];
    const char *line = "\n    ";
    buf_add_str(out, "  ");
    escape_yaml(out, names_text(names, a->name));
    buf_add_str(out, ":");
    if (a->title != NAME_NONE) {
        buf_add_str(out, "  # ");
        escape_yaml(out, names_text(names, a->title));
    }
    key_add(out, line, "profile", names_text(names, a->profile));
    key_add(out, line, "role_arn", names_text(names, a->role_arn));
    key_add(out, line, "external_id", names_text(names, a->external_id));
    key_add(out, line, "source_profile", names_text(names, a->source_profile));
    key_add(out, line, "account_id", text_of(inventory_account(d->inventory, account)->number));
    const char *between = "\n    regions: [";
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++) {
        if (d->fleet.lanes[i].account != account || !discover_shows_lane(d, i))
            continue;
        buf_add_str(out, between);
        escape_yaml(out, discover_region(d, i));
        between = ", ";
    }
    buf_add_str(out, "]");
    if (a->rate_per_s > 0)
        buf_add_fmt(out, "\n    rate: %.9g", a->rate_per_s);
    buf_add_str(out, "\n");
}

/* Does most of the lane not forward feedback? */
static bool is_silent(const struct found_lane *l)
{
    return 2 * l->forwarding < l->forwarding_known;
}

/* What is unusual about an identity, as a comment beside the entry. */
static void note_add(const struct discover *d, const struct found *f, struct buf *out)
{
    char reason[FOUND_REASON_LEN], name[NAME_LEN_MAX + 1];
    const struct inventory_row *row = f->row;
    const char *status = mail_from_status_name((enum mail_from_status)row->status);
    bool stays = dname_eq(found_mail_from(d, f, name), row->mail_from);
    size_t before = out->len;
    buf_add_str(out, "  # ");
    size_t empty = out->len;
    buf_add_str(out, found_reason(f, reason));
    bool is_well = row->status == MAIL_FROM_SUCCESS;
    if (found_is_entry(f) && row->mail_from.len && !stays) {
        buf_add_str(out, "now ");
        escape_yaml(out, row->mail_from);
        buf_add_fmt(out, "%s%s", is_well ? "" : ", ", is_well ? "" : status);
    } else if (found_is_entry(f) && row->mail_from.len && !is_well) {
        buf_add_fmt(out, "%s%s", status,
                    f->how == FOUND_PROPOSED ? ": apply starts its set-up again" : "");
    }
    bool is_usual = row->forwarding != is_silent(&d->by_lane[f->lane]);
    if ((row->known & KNOWN_FORWARDING) && !is_usual)
        buf_add_fmt(out, "%sfeedback forwarding %s", out->len > empty ? "; " : "",
                    row->forwarding ? "on" : "off");
    if (row->dkim == DKIM_FAILED || row->dkim == DKIM_DISABLED)
        buf_add_fmt(out, "%sDKIM %s", out->len > empty ? "; " : "",
                    dkim_status_name((enum dkim_status)row->dkim));
    if (out->len == empty)
        out->len = before;
}

/* The keys an entry of a lane needs in addition. */
struct entry_form {
    struct text account, region; /* empty: goes without saying */
};

static bool lane_add(const struct discover *d, uint32_t lane, struct sink *out)
{
    const struct found_lane *l = &d->by_lane[lane];
    const struct entry_form form = {
        .account = accounts_len(d) > 1 ? discover_account(d, lane) : TEXT_NONE,
        .region =
            lanes_of(d, d->fleet.lanes[lane].account) > 1 ? discover_region(d, lane) : TEXT_NONE};
    struct buf *buf = &out->buf;
    if (!discover_tells_lane(d, lane))
        return true;
    buf_add_str(buf, "\n  # account ");
    escape_yaml(buf, discover_account(d, lane));
    discover_lane_add(d, lane, buf);
    if (!discover_has_lane(d, lane)) {
        buf_add_char(buf, '\n');
        return true;
    }
    buf_add_fmt(buf, ": %u %s%s\n", l->len, plural(l->len, "identity", "identities"),
                is_silent(l) ? ", feedback forwarding off but for those that say on" : "");
    for (uint32_t i = 0; i < l->len; i++) {
        const struct found *f = &d->found[l->first + i];
        const struct inventory_row *row = f->row;
        char name[NAME_LEN_MAX + 1];
        bool rejects = row->mail_from.len && row->behavior == BEHAVIOR_REJECT_MESSAGE &&
                       found_mail_from(d, f, name).len;
        bool is_short = !f->names_its_own && !rejects && !form.account.len && !form.region.len;
        buf_add_fmt(buf, "  %s- %s", found_is_entry(f) ? "" : "# ", is_short ? "" : "{identity: ");
        escape_yaml(buf, row->identity);
        key_add(buf, ", ", "account", form.account);
        key_add(buf, ", ", "region", form.region);
        key_add(buf, ", ", "mail_from", f->names_its_own ? row->mail_from : TEXT_NONE);
        if (rejects)
            buf_add_fmt(buf, ", behavior_on_mx_failure: %s",
                        behavior_name(BEHAVIOR_REJECT_MESSAGE));
        buf_add_str(buf, is_short ? "" : "}");
        note_add(d, f, buf);
        buf_add_char(buf, '\n');
        if (!sink_turn(out))
            return false;
    }
    return true;
}

enum err discover_yaml(void *ctx, struct sink *out, struct why *why)
{
    const struct discover *d = ctx;
    (void)why;
    uint32_t proposed = sum(d, FOUND_PROPOSED, FOUND_PROPOSED);
    uint32_t left = sum(d, FOUND_UNVERIFIED, FOUND_SAME);
    buf_add_fmt(&out->buf, "# Written by mailfrom discover: what lives in SES.\n");
    if (d->config->mail_from)
        buf_add_fmt(&out->buf, "# mailfrom plan shows what this proposes: %u of %u identities.\n",
                    proposed, sum(d, FOUND_AS_IS, FOUND_PROPOSED));
    else
        buf_add_str(&out->buf, "# mailfrom plan finds nothing to change in it.\n");
    if (left)
        buf_add_fmt(&out->buf, "# %u identit%s, with the reason.\n", left,
                    plural(left, "y is left as a comment", "ies are left as comments"));
    buf_add_str(&out->buf, "version: 1\n");
    const char *mail_from = d->config->mail_from;
    buf_add_str(&out->buf, "\naccounts:\n");
    for (uint32_t i = 0; i < d->fleet.accounts_len; i++)
        if (lanes_of(d, i))
            account_add(d, i, &out->buf);
    buf_add_str(&out->buf, "\ndefaults:");
    key_add(&out->buf, "\n  ", "mail_from", text_of(mail_from ? mail_from : "default"));
    buf_add_str(&out->buf, "\n\nidentities:");
    buf_add_str(&out->buf, sum(d, FOUND_AS_IS, FOUND_PROPOSED) ? "" : " []");
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++)
        if (!lane_add(d, i, out))
            break;
    return OK;
}
