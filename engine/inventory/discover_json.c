/*
 * All answers of SES, for programs: {"format_version", "lanes": [..], "identities": [..]}. Unknown
 * values are null.
 */
#include "base/bounds.h"
#include "base/json_out.h"
#include "discover_formats.h"
#include "rules/dmarc_ready.h"

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

/* DNS was not asked, so a custom MAIL FROM proves nothing yet. */
static void ready_add(const struct inventory_row *row, struct json_out *j)
{
    const struct dmarc_ready_facts facts = {.ses_known = row->known & KNOWN_MAIL_FROM,
                                            .mail_from = row->mail_from,
                                            .status = (enum mail_from_status)row->status,
                                            .dkim = (enum dkim_status)row->dkim};
    struct buf words;
    buf_init(&words, LINE_LEN_MAX);
    dmarc_ready_add(&words, dmarc_ready_of(&facts));
    json_add_text(j, "dmarc_ready", buf_text(&words));
    buf_spend(&words, j->buf);
}

static void facts_add(const struct inventory_row *row, struct json_out *j)
{
    bool told = row->known & KNOWN_MAIL_FROM, has = row->mail_from.len > 0;
    const char *verification = verification_name((enum verification)row->verification);
    const char *status = mail_from_status_name((enum mail_from_status)row->status);
    const char *behavior = behavior_name((enum behavior)row->behavior);
    json_add_text_or_null(j, "verification",
                          text_of(row->known & KNOWN_VERIFICATION ? verification : NULL));
    json_add_text_or_null(j, "mail_from", row->mail_from);
    json_add_text_or_null(j, "mail_from_status", text_of(has ? status : NULL));
    json_add_text_or_null(j, "behavior_on_mx_failure", text_of(told ? behavior : NULL));
    if (row->known & KNOWN_FORWARDING)
        json_add_bool(j, "feedback_forwarding", row->forwarding);
    else
        json_add_null(j, "feedback_forwarding");
    const char *dkim = dkim_status_name((enum dkim_status)row->dkim);
    json_add_text_or_null(j, "dkim", text_of(row->known & KNOWN_DKIM ? dkim : NULL));
    ready_add(row, j);
    if (row->tags) {
        json_add_object(j, "tags");
        for (uint32_t i = 0; i < row->tags_len; i++)
            json_add_pair(j, row->tags[i].key, row->tags[i].value);
        json_end(j);
    }
}

/* Null: not known. */
static void advice_add(const struct discover *d, uint32_t lane, struct json_out *j)
{
    const struct inventory_lane *l = inventory_lane(d->inventory, lane);
    if (l->endpoints_known)
        json_add_array(j, "endpoints");
    else
        json_add_null(j, "endpoints");
    for (uint32_t i = 0; l->endpoints_known && i < l->endpoints_len; i++) {
        const struct global_endpoint *e = &l->endpoints[i];
        struct endpoint_differences differ;
        json_add_object(j, NULL);
        json_add_text(j, "name", e->name);
        json_add_text(j, "status", e->status);
        json_add_array(j, "regions");
        json_add_text(j, NULL, e->regions[0]);
        json_add_text(j, NULL, e->regions[1]);
        json_end(j);
        if (discover_endpoint(d, lane, e, &differ))
            json_add_u64(j, "differing", differ.len);
        else
            json_add_null(j, "differing");
        json_end(j);
    }
    if (l->endpoints_known)
        json_end(j);
    if (!l->advice_known) {
        json_add_null(j, "recommendations");
        return;
    }
    json_add_object(j, "recommendations");
    for (int type = 0; type < ADVISOR_TYPES; type++)
        json_add_u64(j, advisor_type_name((enum advisor_type)type), l->advice[type]);
    json_end(j);
}

enum err discover_json(void *ctx, struct sink *out, struct why *why)
{
    const struct discover *d = ctx;
    struct json_out j;
    (void)why;
    json_init(&j, &out->buf);
    json_add_object(&j, NULL);
    json_add_u64(&j, "format_version", 1);
    json_line(&j, "\n ");
    json_add_array(&j, "lanes");
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++) {
        const struct inventory_lane *l = inventory_lane(d->inventory, i);
        json_line(&j, "\n  ");
        json_add_object(&j, NULL);
        json_add_word(&j, "state", state_of(d, i));
        json_add_text_or_null(&j, "account", discover_account(d, i));
        json_add_text_or_null(&j, "account_id", number_of(d, i));
        json_add_text_or_null(&j, "region", discover_region(d, i));
        json_add_u64(&j, "listed", l->listed);
        json_add_u64(&j, "identities", d->by_lane[i].len);
        json_add_text_or_null(&j, "reason", text_of(l->reason));
        advice_add(d, i, &j);
        json_end(&j);
    }
    json_end(&j);
    json_line(&j, "\n ");
    json_add_array(&j, "identities");
    for (uint32_t i = 0; i < d->found_len && sink_turn(out); i++) {
        const struct found *f = &d->found[i];
        char reason[FOUND_REASON_LEN], name[NAME_LEN_MAX + 1];
        enum identity_type type = identity_type_of(f->row->identity);
        json_line(&j, "\n  ");
        json_add_object(&j, NULL);
        json_add_text(&j, "identity", f->row->identity);
        json_add_text_or_null(&j, "account", discover_account(d, f->lane));
        json_add_text_or_null(&j, "account_id", number_of(d, f->lane));
        json_add_text_or_null(&j, "region", discover_region(d, f->lane));
        json_add_word(&j, "identity_type", identity_type_name(type));
        facts_add(f->row, &j);
        json_add_text_or_null(&j, "left_out", text_of(found_reason(f, reason)));
        if (d->config->mail_from)
            json_add_text_or_null(&j, "proposed_mail_from",
                                  f->how == FOUND_PROPOSED ? found_mail_from(d, f, name)
                                                           : TEXT_NONE);
        json_end(&j);
    }
    json_end(&j);
    json_end(&j);
    buf_add_char(&out->buf, '\n');
    return OK;
}
