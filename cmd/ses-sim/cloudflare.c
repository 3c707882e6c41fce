/*
 * Duty: Cloudflare's API v4, JSON: tokens, zones, and what is read of records. Writing is in
 * cloudflare_write.c. Sources: Cloudflare API, "Zones: List Zones, Zone Details", "DNS Records:
 * List DNS Records", "User: API Tokens: Verify Token". Invariant: a token sees the zones of its
 * account that its policy allows, and knows of no others.
 */
#include "base/count.h"
#include "base/json_out.h"
#include "sim.h"

#define ID_LEN           32
#define ZONES_PAGE       20
#define ZONES_PAGE_MAX   50
#define RECORDS_PAGE     100
#define RECORDS_PAGE_MAX 5000000
#define PAGE_MIN         5

/* The envelope of every answer. */

static void answer_begin(struct json_out *j, struct exchange *x)
{
    json_init(j, &x->out);
    json_add_object(j, NULL);
}

static void answer_end(struct json_out *j, const char *message)
{
    json_add_bool(j, "success", true);
    json_add_array(j, "errors");
    json_end(j);
    json_add_array(j, "messages");
    if (message) {
        json_add_object(j, NULL);
        json_add_u64(j, "code", 10000);
        json_add_word(j, "message", message);
        json_add_null(j, "type");
        json_end(j);
    }
    json_end(j);
    json_end(j);
}

/* Pages */

struct zone_page {
    uint64_t number, size; /* from 1 */
    uint64_t total, count; /* of all that fit; of those on the page */
};

static bool page_read(struct exchange *x, struct zone_page *p, uint64_t size, uint64_t most)
{
    struct text number = query_get(x, "page"), per = query_get(x, "per_page");
    *p = (struct zone_page){.number = 1, .size = size};
    if ((number.at && !text_to_u64(number, &p->number)) ||
        (per.at && !text_to_u64(per, &p->size)) || p->number == 0 || p->size < PAGE_MIN ||
        p->size > most)
        exchange_fail(x, 400, "6003", "Invalid request parameters");
    return !x->is_error;
}

/* Counts one that fits; is it on the page? */
static bool page_holds(struct zone_page *p)
{
    uint64_t before = (p->number - 1) * p->size, place = p->total++;
    bool on = place >= before && place - before < p->size;
    p->count += on;
    return on;
}

static void page_write(struct json_out *j, const struct zone_page *p)
{
    json_add_object(j, "result_info");
    json_add_u64(j, "page", p->number);
    json_add_u64(j, "per_page", p->size);
    json_add_u64(j, "count", p->count);
    json_add_u64(j, "total_count", p->total);
    json_add_u64(j, "total_pages", (p->total + p->size - 1) / p->size);
    json_end(j);
}

/* Tokens */

static void verify_token(struct sim *s, struct exchange *x)
{
    struct json_out j;
    bool is_disabled = text_eq(x->state, TEXT("disabled"));
    (void)s;
    answer_begin(&j, x);
    json_add_object(&j, "result");
    json_add_text(&j, "id", x->key_id);
    json_add_word(&j, "status", is_disabled ? "disabled" : "active");
    json_end(&j);
    answer_end(&j, is_disabled ? NULL : "This API Token is valid and active");
}

/* Zones */

static bool is_visible(const struct exchange *x, const struct sim_zone *z)
{
    return z->provider == ZONE_CLOUDFLARE && text_eq(z->account, x->account) &&
           iam_allows(x, "zones", z->id);
}

static const char *zone_status(const struct sim_zone *z)
{
    static const char *const words[] = {"initializing", "pending", "moved", "deleted",
                                        "deactivated"};
    for (size_t i = 0; i < COUNT(words); i++)
        if (zone_state(z, words[i]).at)
            return words[i];
    return "active";
}

static const char *zone_type(const struct sim_zone *z)
{
    return zone_state(z, "internal").at  ? "internal"
           : zone_state(z, "partial").at ? "partial"
                                         : "full";
}

static void zone_write(struct json_out *j, const char *key, const struct sim_zone *z)
{
    struct text hosts = z->name_servers;
    json_add_object(j, key);
    json_add_text(j, "id", z->id);
    json_add_text(j, "name", z->name);
    json_add_word(j, "status", zone_status(z));
    json_add_bool(j, "paused", zone_state(z, "paused").at != NULL);
    json_add_word(j, "type", zone_type(z));
    json_add_u64(j, "development_mode", 0);
    json_add_array(j, "name_servers");
    while (hosts.len)
        json_add_text(j, NULL, text_cut(&hosts, ' '));
    json_end(j);
    json_add_null(j, "original_name_servers");
    json_add_word(j, "created_on", "2024-01-01T00:00:00.000000Z");
    json_add_word(j, "modified_on", "2024-01-01T00:00:00.000000Z");
    json_add_object(j, "account");
    json_add_text(j, "id", z->account);
    json_add_word(j, "name", "ses-sim");
    json_end(j);
    json_end(j);
}

static void list_zones(struct sim *s, struct exchange *x)
{
    struct json_out j;
    struct zone_page page;
    struct text name = query_get(x, "name"), status = query_get(x, "status");
    if (!page_read(x, &page, ZONES_PAGE, ZONES_PAGE_MAX))
        return;
    answer_begin(&j, x);
    json_add_array(&j, "result");
    for (uint32_t i = 0; i < s->zones.len; i++) {
        const struct sim_zone *z = &s->zones.zones[s->zones.by_name[i]];
        if (is_visible(x, z) && (!name.len || text_eq_nocase(name, z->name)) &&
            (!status.len || text_eq(status, text_of(zone_status(z)))) && page_holds(&page))
            zone_write(&j, NULL, z);
    }
    json_end(&j);
    page_write(&j, &page);
    answer_end(&j, NULL);
}

/* The zone of the path; NULL with the error in x. One that is not there and one that is not to be
 * seen look the same. */
static struct sim_zone *zone_asked(struct sim *s, struct exchange *x)
{
    struct sim_zone *z = zones_find(&s->zones, ZONE_CLOUDFLARE, x->zone_id);
    if (!z || !is_visible(x, z))
        exchange_trouble(x, TROUBLE_ACCESS_DENIED, NULL);
    return x->is_error ? NULL : z;
}

static void get_zone(struct sim *s, struct exchange *x)
{
    struct json_out j;
    const struct sim_zone *z = zone_asked(s, x);
    if (!z)
        return;
    answer_begin(&j, x);
    zone_write(&j, "result", z);
    answer_end(&j, NULL);
}

/* Records */

/* An MX is kept as "10 mail.example.net" and shown in two members. */
void cloudflare_record_write(struct json_out *j, const char *key, const struct sim_zone *z,
                             const struct zone_record *r)
{
    char id[33], when[WHEN_LEN];
    struct text content = r->value, priority = TEXT_NONE;
    uint64_t number = 0;
    bool is_web = text_eq(r->type, TEXT("A")) || text_eq(r->type, TEXT("AAAA")) ||
                  text_eq(r->type, TEXT("CNAME"));
    if (text_eq(r->type, TEXT("MX")))
        priority = text_cut(&content, ' ');
    json_add_object(j, key);
    json_add_word(j, "id", cloudflare_id(r, id));
    json_add_text(j, "zone_id", z->id);
    json_add_text(j, "zone_name", z->name);
    json_add_text(j, "name", r->name);
    json_add_text(j, "type", r->type);
    json_add_text(j, "content", content);
    if (priority.len && text_to_u64(priority, &number))
        json_add_u64(j, "priority", number);
    json_add_bool(j, "proxiable", is_web);
    json_add_bool(j, "proxied", false);
    json_add_u64(j, "ttl", r->ttl_s);
    json_add_object(j, "settings");
    json_end(j);
    json_add_object(j, "meta");
    json_end(j);
    json_add_text_or_null(j, "comment", r->comment);
    json_add_array(j, "tags");
    json_end(j);
    instant_us since = r->from && r->from != WHEN_NEVER ? r->from : SPAN_S(1704067200);
    json_add_word(j, "created_on", when_format_ms(since, when));
    json_add_word(j, "modified_on", when_format_ms(since, when));
    json_end(j);
}

char *cloudflare_id(const struct zone_record *r, char out[33])
{
    snprintf(out, 33, "372e67954025e0ba%016llx", (unsigned long long)r->id);
    return out;
}

/* The older parameter and the newer one of the same meaning. */
static struct text filter_get(struct exchange *x, const char *name, const char *exact)
{
    struct text value = query_get(x, exact);
    return value.at ? value : query_get(x, name);
}

static struct text content_of(const struct zone_record *r)
{
    struct text content = r->value;
    if (text_eq(r->type, TEXT("MX")))
        text_cut(&content, ' ');
    return content;
}

static void list_records(struct sim *s, struct exchange *x)
{
    struct json_out j;
    struct zone_page page;
    struct text name = filter_get(x, "name", "name.exact"), type = query_get(x, "type");
    struct text content = filter_get(x, "content", "content.exact");
    const struct sim_zone *z = zone_asked(s, x);
    instant_us at = x->is_stale ? x->real - s->faults.lag : x->real;
    if (!z || !page_read(x, &page, RECORDS_PAGE, RECORDS_PAGE_MAX))
        return;
    if (x->is_stale)
        x->fault = "stale";
    answer_begin(&j, x);
    json_add_array(&j, "result");
    for (uint32_t i = 0; i < z->len; i++) {
        const struct zone_record *r = z->records[i];
        if (record_seen(r, at) && (!name.len || text_eq_nocase(name, r->name)) &&
            (!type.len || text_eq(type, r->type)) &&
            (!content.len || text_eq(content, content_of(r))) && page_holds(&page))
            cloudflare_record_write(&j, NULL, z, r);
    }
    json_end(&j);
    page_write(&j, &page);
    answer_end(&j, NULL);
}

static void get_record(struct sim *s, struct exchange *x)
{
    char id[33];
    struct json_out j;
    const struct sim_zone *z = zone_asked(s, x);
    instant_us at = x->is_stale ? x->real - s->faults.lag : x->real;
    for (uint32_t i = 0; z && i < z->len; i++) {
        const struct zone_record *r = z->records[i];
        if (!record_seen(r, at) || !text_eq(x->item_id, text_of(cloudflare_id(r, id))))
            continue;
        answer_begin(&j, x);
        cloudflare_record_write(&j, "result", z, r);
        answer_end(&j, NULL);
        return;
    }
    if (z)
        exchange_fail(x, 404, "81044", "Record does not exist.");
}

/* Writing */

/* Changes are answered in the same envelope, by what cloudflare_write.c finds. */
static void change_records(struct sim *s, struct exchange *x)
{
    struct json_out j;
    struct sim_zone *z = zone_asked(s, x);
    if (!z)
        return;
    answer_begin(&j, x);
    uint64_t ticket = cloudflare_write(s, x, z, &j);
    if (x->is_error)
        return;
    answer_end(&j, NULL);
    publisher_wait(s->publisher, ticket);
}

/* Routes */

static const struct route verify_route = {CLOUDFLARE_VERIFY, verify_token, SES_ACTIONS};
static const struct route zones_route = {"ListZones", list_zones, SES_ACTIONS};
static const struct route zone_route = {"GetZone", get_zone, SES_ACTIONS};
static const struct route records_route = {"ListRecords", list_records, SES_ACTIONS};
static const struct route record_route = {"GetRecord", get_record, SES_ACTIONS};
static const struct route post_route = {"CreateRecord", change_records, SES_ACTIONS};
static const struct route patch_route = {"EditRecord", change_records, SES_ACTIONS};
static const struct route put_route = {"OverwriteRecord", change_records, SES_ACTIONS};
static const struct route delete_route = {"DeleteRecord", change_records, SES_ACTIONS};
static const struct route batch_route = {"BatchRecords", change_records, SES_ACTIONS};

static const struct route *route_find(struct exchange *x)
{
    struct text rest = text_from(x->path, sizeof "/client/v4/" - 1);
    bool get = text_eq(x->method, TEXT("GET")), post = text_eq(x->method, TEXT("POST"));
    if (get && text_eq(rest, TEXT("user/tokens/verify")))
        return &verify_route;
    if (get && text_eq(rest, TEXT("zones")))
        return &zones_route;
    if (!text_eq(text_cut(&rest, '/'), TEXT("zones")))
        return NULL;
    struct text id = text_cut(&rest, '/');
    if (id.len != ID_LEN)
        return NULL;
    x->zone_id = id;
    if (get && !rest.at)
        return &zone_route;
    if (!text_eq(text_cut(&rest, '/'), TEXT("dns_records")))
        return NULL;
    if (!rest.at)
        return get ? &records_route : post ? &post_route : NULL;
    if (post && text_eq(rest, TEXT("batch")))
        return &batch_route;
    x->item_id = rest;
    return get                                  ? &record_route
           : text_eq(x->method, TEXT("PATCH"))  ? &patch_route
           : text_eq(x->method, TEXT("PUT"))    ? &put_route
           : text_eq(x->method, TEXT("DELETE")) ? &delete_route
                                                : NULL;
}

const struct route *cloudflare_route(struct exchange *x)
{
    const struct route *route = route_find(x);
    x->content_type = "application/json";
    if (route)
        x->action = route->action;
    else
        exchange_fail(x, 404, "7003",
                      "Could not route to " TEXT_FMT ", perhaps your object identifier is invalid?",
                      TEXT_ARG(x->path));
    return route;
}
