/*
 * Duty: what only SES knows beside identities, by version 2: global endpoints and recommendations
 * of the advisor, as two tables have them. Invariant: a call sees the rows of its own account and
 * Region only.
 */
#include "base/count.h"
#include "base/json_out.h"
#include "model/recommendation.h"
#include "sim.h"

#include <stdio.h>

#define ENDPOINTS_PAGE 1000
#define CREATED_S      1767225600 /* of everything: 1 January 2026 */

enum { E_ACCOUNT, E_NAME, E_PRIMARY, E_SECONDARY, E_STATUS, E_COLUMNS };
enum { R_ACCOUNT, R_REGION, R_IDENTITY, R_TYPE, R_IMPACT, R_STATUS, R_DESCRIPTION, R_COLUMNS };

static bool is_one_of(struct text t, const char *const *words, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text_eq(t, text_of(words[i])))
            return true;
    return false;
}

static const char *row_fault(const struct table *t, uint32_t row, bool is_endpoint)
{
    static const char *const statuses[] = {"", "CREATING", "READY", "FAILED", "DELETING"};
    static const char *const types[] = {"",          "DKIM",   "DMARC",       "SPF",       "BIMI",
                                        "COMPLAINT", "BOUNCE", "FEEDBACK_3P", "IP_LISTING"};
    static const char *const impacts[] = {"", "LOW", "HIGH"}, *const open[] = {"", "OPEN", "FIXED"};
    for (uint32_t column = 0; column < (is_endpoint ? E_STATUS : R_IDENTITY); column++)
        if (!table_cell(t, row, column).len)
            return is_endpoint ? "account, name, primary and secondary are needed"
                               : "account and region are needed";
    if (is_endpoint)
        return is_one_of(table_cell(t, row, E_STATUS), statuses, COUNT(statuses))
                   ? NULL
                   : "status: CREATING, READY, FAILED or DELETING";
    if (!is_one_of(table_cell(t, row, R_TYPE), types, COUNT(types)))
        return "type: DKIM, DMARC, SPF, BIMI, COMPLAINT, BOUNCE, FEEDBACK_3P or IP_LISTING; or "
               "empty: the advisor is there and recommends nothing";
    if (!is_one_of(table_cell(t, row, R_IMPACT), impacts, COUNT(impacts)))
        return "impact: LOW or HIGH";
    return is_one_of(table_cell(t, row, R_STATUS), open, COUNT(open)) ? NULL
                                                                      : "status: OPEN or FIXED";
}

static enum err load(struct table *t, const char *file, bool is_endpoint, struct why *why)
{
    static const char *const endpoints[E_COLUMNS] = {"account", "name", "primary", "secondary",
                                                     "status"};
    static const char *const recommendations[R_COLUMNS] = {
        "account", "region", "identity", "type", "impact", "status", "description"};
    if (!file)
        return OK;
    enum err err = is_endpoint ? table_read(t, file, endpoints, E_COLUMNS, E_STATUS, why)
                               : table_read(t, file, recommendations, R_COLUMNS, R_IMPACT, why);
    for (uint32_t row = 0; err == OK && row < t->rows; row++) {
        const char *fault = row_fault(t, row, is_endpoint);
        if (fault)
            err = why_set(why, ERR_INPUT, "%s: row %u: %s", file, row + 2, fault);
    }
    return err;
}

enum err advice_load(struct sim *s, const char *endpoints, const char *recommendations,
                     struct why *why)
{
    enum err err = load(&s->endpoints, endpoints, true, why);
    return err == OK ? load(&s->recommendations, recommendations, false, why) : err;
}

bool advice_has_advisor(const struct sim *s, const struct exchange *x)
{
    for (uint32_t row = 0; row < s->recommendations.rows; row++)
        if (text_eq(table_cell(&s->recommendations, row, R_ACCOUNT), x->account) &&
            text_eq(table_cell(&s->recommendations, row, R_REGION), x->region))
            return true;
    return false;
}

/* A page begins behind so many rows that fit; eight digits are base64 too, as SES's tokens are. */
bool advice_token(struct exchange *x, struct text token, uint64_t *from)
{
    *from = 0;
    if (!token.len || (token.len == 8 && text_to_u64(token, from)))
        return true;
    exchange_fail(x, 400, "InvalidNextTokenException", "The next token is not valid.");
    return false;
}

static void token_add(struct json_out *j, uint64_t next)
{
    char token[24];
    snprintf(token, sizeof token, "%08llu", (unsigned long long)next);
    json_add_word(j, "NextToken", token);
}

static void timestamps_add(struct json_out *j)
{
    json_add_u64(j, "CreatedTimestamp", CREATED_S);
    json_add_u64(j, "LastUpdatedTimestamp", CREATED_S);
}

void list_endpoints(struct sim *s, struct exchange *x)
{
    struct text size = query_get(x, "PageSize");
    uint64_t max = ENDPOINTS_PAGE, from, at = 0;
    struct json_out j;
    if (size.len && (!text_to_u64(size, &max) || max < 1 || max > ENDPOINTS_PAGE)) {
        exchange_fail(x, 400, "BadRequestException", "PageSize must be between 1 and 1000.");
        return;
    }
    if (!advice_token(x, query_get(x, "NextToken"), &from))
        return;
    json_init(&j, &x->out);
    json_add_object(&j, NULL);
    json_add_array(&j, "MultiRegionEndpoints");
    for (uint32_t row = 0; row < s->endpoints.rows; row++) {
        const struct table *t = &s->endpoints;
        struct text status = table_cell(t, row, E_STATUS);
        if (!text_eq(table_cell(t, row, E_ACCOUNT), x->account) ||
            !text_eq(table_cell(t, row, E_PRIMARY), x->region) || at++ < from || at > from + max)
            continue;
        char id[24];
        snprintf(id, sizeof id, "%08x.ses", row);
        json_add_object(&j, NULL);
        json_add_text(&j, "EndpointName", table_cell(t, row, E_NAME));
        json_add_text(&j, "Status", status.len ? status : TEXT("READY"));
        json_add_word(&j, "EndpointId", id);
        json_add_array(&j, "Regions");
        json_add_text(&j, NULL, table_cell(t, row, E_PRIMARY));
        json_add_text(&j, NULL, table_cell(t, row, E_SECONDARY));
        json_end(&j);
        timestamps_add(&j);
        json_end(&j);
    }
    json_end(&j);
    if (at > from + max)
        token_add(&j, from + max);
    json_end(&j);
}

static bool is_wished(const char *wish, struct text value)
{
    return !wish || text_eq(text_of(wish), value);
}

void advice_write(struct sim *s, struct exchange *x, const struct advice_wish *w)
{
    const struct table *t = &s->recommendations;
    uint64_t at = 0;
    struct json_out j;
    json_init(&j, &x->out);
    json_add_object(&j, NULL);
    json_add_array(&j, "Recommendations");
    for (uint32_t row = 0; row < t->rows; row++) {
        struct text type = table_cell(t, row, R_TYPE), impact = table_cell(t, row, R_IMPACT),
                    status = table_cell(t, row, R_STATUS);
        struct text resource = arena_fmt(
            &x->arena, "arn:aws:ses:" TEXT_FMT ":" TEXT_FMT ":identity/" TEXT_FMT,
            TEXT_ARG(x->region), TEXT_ARG(x->account), TEXT_ARG(table_cell(t, row, R_IDENTITY)));
        status = status.len ? status : TEXT("OPEN");
        impact = impact.len ? impact : TEXT("LOW");
        if (!type.len || !text_eq(table_cell(t, row, R_ACCOUNT), x->account) ||
            !text_eq(table_cell(t, row, R_REGION), x->region) || !is_wished(w->type, type) ||
            !is_wished(w->impact, impact) || !is_wished(w->status, status) ||
            !is_wished(w->resource, resource) || at++ < w->from || at > w->from + w->max)
            continue;
        json_add_object(&j, NULL);
        json_add_text(&j, "ResourceArn", resource);
        json_add_text(&j, "Type", type);
        json_add_text(&j, "Description", table_cell(t, row, R_DESCRIPTION));
        json_add_text(&j, "Status", status);
        json_add_text(&j, "Impact", impact);
        timestamps_add(&j);
        json_end(&j);
    }
    json_end(&j);
    if (at > w->from + w->max)
        token_add(&j, w->from + w->max);
    json_end(&j);
}

void advice_clear(struct sim *s)
{
    table_clear(&s->endpoints);
    table_clear(&s->recommendations);
}
