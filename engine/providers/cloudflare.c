/*
 * Calls to version 4 of Cloudflare's API, its JSON to zones and record sets.
 *
 * Cloudflare knows records, not record sets: a set is created value by value, and removed by the
 * IDs of its records. It refuses no second record of a name and type, so the caller looks before
 * and after. A batch is one transaction: deletes, then patches, then posts.
 *
 * Invariant: an unreadable answer leaves no zone and no set behind.
 *
 * Source: Cloudflare API reference, "List Zones", "List DNS Records", "Batch DNS Records";
 * Cloudflare DNS docs, "Batch record changes".
 */
#include "providers_internal.h"

#include "aws/json.h"
#include "aws/reply.h"
#include "base/bounds.h"
#include "base/count.h"
#include "base/escape.h"
#include "base/json_out.h"
#include "dns/message.h"

#include <stdio.h>
#include <string.h>

#define API_URL       "https://api.cloudflare.com"
#define ROOT          "/client/v4/zones"
#define COMMENT       "mailfrom"
#define AUTOMATIC_TTL 1   /* stands for ... */
#define AUTOMATIC_S   300 /* ... so many seconds ("Time to Live") */

enum err cloudflare_endpoint(struct endpoint *e, struct text url, struct why *why)
{
    return endpoint_of_token(e, url.len ? url : TEXT(API_URL), why);
}

/* Encoding */

static void query_name(struct buf *query, const char *key, struct text name)
{
    buf_add_fmt(query, "%s=", key);
    escape_percent(query, name);
    buf_add_char(query, '&');
}

static void query_page(struct buf *query, const struct call *c, int per_page)
{
    buf_add_fmt(query, "per_page=%d&page=", per_page);
    escape_percent(query, c->token.len ? c->token : TEXT("1"));
}

static enum err records_path(const struct call *c, struct aws_parts *p, const char *rest,
                             struct why *why)
{
    buf_add_str(&p->path, ROOT);
    enum err err = id_add(&p->path, c->zone_id, why);
    buf_add_str(&p->path, rest);
    return err;
}

/* The three lists of a batch, filled before they are written in their order. */
struct record_batch {
    struct buf lists[3];
    struct json_out writers[3];
    uint32_t len;
};

enum { DELETES, PATCHES, POSTS };
static const char *const list_names[] = {"deletes", "patches", "posts"};

static void content_add(struct json_out *j, const struct record_set *set,
                        const struct record_value *v)
{
    struct buf quoted;
    if (set->type == DNS_TYPE_MX) {
        json_add_text(j, "content", v->data.len ? v->data : TEXT("."));
        json_add_u64(j, "priority", v->preference);
    } else if (set->type == DNS_TYPE_TXT) {
        buf_init(&quoted, REQUEST_BODY_MAX);
        quoted_add(&quoted, v->data, QUOTED_DECIMAL, " ");
        j->buf->failed |= quoted.failed;
        json_add_text(j, "content", buf_text(&quoted));
        buf_clear(&quoted);
    } else
        json_add_text(j, "content", v->data);
    json_add_u64(j, "ttl", set->ttl_s);
}

static void post_add(struct record_batch *b, const struct record_set *set,
                     const struct record_value *v)
{
    struct json_out *j = &b->writers[POSTS];
    b->len++;
    json_add_object(j, NULL);
    json_add_text(j, "name", set->name);
    json_add_word(j, "type", record_type_name(set->type));
    content_add(j, set, v);
    json_add_word(j, "comment", COMMENT);
    json_end(j);
}

static enum err by_id(struct record_batch *b, unsigned list, const struct record_set *set,
                      const struct record_value *v, struct why *why)
{
    if (v->id.len == 0)
        return why_set(why, ERR_INPUT, "a record of " TEXT_FMT " %s has no ID", TEXT_ARG(set->name),
                       record_type_name(set->type));
    b->len++;
    json_add_object(&b->writers[list], NULL);
    json_add_text(&b->writers[list], "id", v->id);
    return OK;
}

static enum err delete_add(struct record_batch *b, const struct record_set *set,
                           const struct record_value *v, struct why *why)
{
    enum err err = by_id(b, DELETES, set, v, why);
    if (!err)
        json_end(&b->writers[DELETES]);
    return err;
}

static bool value_eq(const struct record_value *a, const struct record_value *b)
{
    return a->preference == b->preference && text_eq(a->data, b->data);
}

/* The next value from *i on that other has not. Providers hold no value of a set twice. TTLs belong
 * to records: with another one every record changes. */
static const struct record_value *next_of_its_own(const struct record_set *set, uint32_t *i,
                                                  const struct record_set *other)
{
    while (*i < set->len) {
        const struct record_value *v = &set->values[(*i)++];
        bool is_shared = false;
        for (uint32_t k = 0; k < other->len && !is_shared; k++)
            is_shared = set->ttl_s == other->ttl_s && value_eq(v, &other->values[k]);
        if (!is_shared)
            return v;
    }
    return NULL;
}

/* A record that stays is not touched; one that goes is patched into one that comes. */
static enum err swap_add(struct record_batch *b, const struct record_change *change,
                         struct why *why)
{
    const struct record_set *set = &change->set, *old = &change->old;
    uint32_t i = 0, k = 0;
    enum err err = OK;
    while (!err) {
        const struct record_value *comes = next_of_its_own(set, &i, old);
        const struct record_value *goes = next_of_its_own(old, &k, set);
        if (!comes && !goes)
            break;
        if (comes && goes) {
            err = by_id(b, PATCHES, old, goes, why);
            if (!err) {
                content_add(&b->writers[PATCHES], set, comes);
                json_end(&b->writers[PATCHES]);
            }
        } else if (comes)
            post_add(b, set, comes);
        else
            err = delete_add(b, old, goes, why);
    }
    return err;
}

static enum err change_add(struct record_batch *b, const struct record_change *change,
                           struct why *why)
{
    enum err err = change_vet(change, why);
    if (err || change->kind == CHANGE_SWAP)
        return err ? err : swap_add(b, change, why);
    for (uint32_t i = 0; i < change->set.len && !err; i++)
        if (change->kind == CHANGE_CREATE)
            post_add(b, &change->set, &change->set.values[i]);
        else
            err = delete_add(b, &change->set, &change->set.values[i], why);
    return err;
}

static enum err batch_fill(struct record_batch *b, const struct call *c, struct buf *body,
                           struct why *why)
{
    enum err err = OK;
    struct json_out j;
    for (uint32_t i = 0; i < c->changes_len && !err; i++)
        err = change_add(b, &c->changes[i], why);
    if (!err && b->len == 0)
        err = why_set(why, ERR_INPUT, "a batch has no change");
    if (!err && b->len > CLOUDFLARE_BATCH_RECORDS)
        err = why_set(why, ERR_LIMIT,
                      "a batch of %u records is larger than the %d that every plan of Cloudflare "
                      "takes",
                      b->len, CLOUDFLARE_BATCH_RECORDS);
    json_init(&j, body);
    json_add_object(&j, NULL);
    for (unsigned i = 0; i < COUNT(list_names) && !err; i++) {
        json_end(&b->writers[i]);
        body->failed |= b->lists[i].failed;
        if (b->lists[i].len > 2)
            json_add_raw(&j, list_names[i], buf_text(&b->lists[i]));
    }
    json_end(&j);
    return err;
}

static enum err batch_encode(const struct call *c, struct buf *body, struct why *why)
{
    struct record_batch b = {.len = 0};
    for (unsigned i = 0; i < COUNT(list_names); i++) {
        buf_init(&b.lists[i], REQUEST_BODY_MAX);
        json_init(&b.writers[i], &b.lists[i]);
        json_add_array(&b.writers[i], NULL);
    }
    enum err err = batch_fill(&b, c, body, why);
    for (unsigned i = 0; i < COUNT(list_names); i++)
        buf_clear(&b.lists[i]);
    return err;
}

static enum err parts_encode(const struct call *c, struct aws_parts *p, struct aws_request *r,
                             struct why *why)
{
    p->content_type = c->kind == CALL_CHANGE ? "application/json" : NULL;
    r->method = c->kind == CALL_CHANGE ? "POST" : "GET";
    enum err err;
    switch (c->kind) {
    case CALL_ZONES:
        buf_add_str(&p->path, ROOT);
        if (c->zone.len)
            query_name(&p->query, "name", c->zone);
        query_page(&p->query, c, CLOUDFLARE_PAGE_ZONES);
        return OK;
    case CALL_RECORDS:
        if (c->name.len == 0)
            return why_set(why, ERR_INPUT, "no name is given");
        query_name(&p->query, "name.exact", c->name);
        query_page(&p->query, c, CLOUDFLARE_PAGE_RECORDS);
        return records_path(c, p, "/dns_records", why);
    case CALL_CHANGE:
        err = records_path(c, p, "/dns_records/batch", why);
        return err ? err : batch_encode(c, &r->body, why);
    default: return why_set(why, ERR_INPUT, "Cloudflare has no such call");
    }
}

static enum err authorize(struct aws_request *r, struct text token, struct why *why)
{
    struct buf bearer;
    if (token.len == 0 || !text_is_visible(token))
        return why_set(why, ERR_AUTH, "the API token of Cloudflare is %s",
                       token.len ? "not one: it has blanks or other characters that no token has"
                                 : "empty");
    buf_init(&bearer, SIGN_TEXT_MAX);
    buf_add_str(&bearer, "Bearer ");
    buf_add_text(&bearer, token);
    aws_request_header(r, TEXT("Authorization"), buf_text(&bearer));
    bool good = !bearer.failed;
    buf_wipe(&bearer);
    aws_request_header(r, TEXT("User-Agent"), TEXT("mailfrom")); /* some front ends want one */
    for (uint32_t i = 0; i < r->headers_len; i++)
        good &= !r->headers[i].failed;
    return good ? OK : why_set(why, ERR_LIMIT, "a header of the request is too long");
}

enum err cloudflare_request_make(struct aws_request *r, const struct call *c,
                                 const struct provider_at *at, struct why *why)
{
    struct aws_parts parts = {.target = TEXT_NONE};
    buf_init(&parts.path, REQUEST_BODY_MAX);
    buf_init(&parts.query, REQUEST_BODY_MAX);
    enum err err = parts_encode(c, &parts, r, why);
    if (!err && at->endpoint.is_open)
        err = why_set(why, ERR_AUTH, "%s is plain http, which would show the API token: use https",
                      at->endpoint.url);
    if (!err)
        err = aws_request_put(r, &parts, &at->endpoint, NULL, 0, why);
    if (!err)
        err = authorize(r, at->token, why);
    if (err)
        aws_request_clear(r);
    buf_clear(&parts.path);
    buf_clear(&parts.query);
    return err;
}

/* Decoding. A reader of one member is true when the member is absent or of the right type. */

static bool read_text(const struct json *object, const char *name, struct text *out)
{
    const struct json *member = json_member(object, name);
    return !member || json_text(member, out);
}

static bool read_u32(const struct json *object, const char *name, uint32_t *out)
{
    const struct json *member = json_member(object, name);
    double value = 0;
    if (!member)
        return true;
    if (!json_number(member, &value) || !(value >= 0 && value <= UINT32_MAX) ||
        value != (double)(uint32_t)value)
        return false;
    *out = (uint32_t)value;
    return true;
}

static bool read_hosts(struct call *c, const struct json *list, struct hosted_zone *zone)
{
    struct text *hosts = NULL;
    uint32_t cap = 0;
    if (list && !json_is_array(list))
        return false;
    for (const struct json *item = json_first(list); item; item = json_next(item)) {
        struct text host;
        if (!json_text(item, &host))
            return false;
        struct text *grown = list_room(&c->arena, hosts, sizeof *hosts, zone->hosts_len, &cap);
        if (!grown)
            return false;
        hosts = grown;
        hosts[zone->hosts_len] = record_name_read(&c->arena, host);
        if (!hosts[zone->hosts_len++].at)
            return false;
    }
    zone->hosts = hosts;
    return true;
}

static bool read_zone(struct call *c, const struct json *item, struct hosted_zone *zone)
{
    struct text id = TEXT_NONE, name = TEXT_NONE, status = TEXT("active"), type = TEXT_NONE;
    if (!json_is_object(item) || !read_text(item, "id", &id) || !read_text(item, "name", &name) ||
        !read_text(item, "status", &status) || !read_text(item, "type", &type))
        return false;
    bool is_internal = text_eq(type, TEXT("internal"));
    bool is_active = text_eq(status, TEXT("active"));
    zone->id = arena_text(&c->arena, id);
    zone->name = record_name_read(&c->arena, name);
    zone->bar = is_internal ? ZONE_PRIVATE : is_active ? ZONE_OPEN : ZONE_INACTIVE;
    if (zone->bar != ZONE_OPEN)
        zone->bar_words = arena_text(&c->arena, is_internal ? type : status);
    return id.len && name.len && zone->id.at && zone->name.at &&
           (zone->bar == ZONE_OPEN || zone->bar_words.at) &&
           read_hosts(c, json_member(item, "name_servers"), zone);
}

static bool decode_zones(struct call *c, const struct json *result)
{
    uint32_t cap = 0;
    for (const struct json *item = json_first(result); item; item = json_next(item)) {
        struct hosted_zone zone = {.bar = ZONE_OPEN};
        if (!read_zone(c, item, &zone))
            return false;
        if (c->zone.len && !dname_eq(zone.name, c->zone))
            continue;
        struct hosted_zone *zones =
            list_room(&c->arena, c->zones, sizeof *zones, c->zones_len, &cap);
        if (!zones)
            return false;
        c->zones = zones;
        zones[c->zones_len++] = zone;
    }
    return true;
}

/* One record of an answer. */
struct cloudflare_record {
    uint16_t type;
    uint32_t ttl_s;
    bool is_special;
    struct record_value value;
};

/* Old records may have TXT content without quotes. */
static bool read_content(struct call *c, struct cloudflare_record *record, struct text content,
                         uint32_t priority)
{
    struct record_value *v = &record->value;
    v->verbatim = arena_text(&c->arena, content);
    if (record->type == DNS_TYPE_MX) {
        v->preference = (uint16_t)priority;
        v->data = text_eq(content, TEXT(".")) ? TEXT("") : record_name_read(&c->arena, content);
    } else if (record->type == DNS_TYPE_TXT && content.len && content.at[0] == '"')
        record->is_special |= !record_txt_read(&c->arena, content, QUOTED_DECIMAL, v);
    else
        v->data = v->verbatim;
    return v->verbatim.at && v->data.at;
}

static bool read_record(struct call *c, const struct json *item, struct text *name,
                        struct cloudflare_record *record)
{
    struct text id = TEXT_NONE, type = TEXT_NONE, content = TEXT("");
    uint32_t priority = 0, ttl_s = AUTOMATIC_TTL;
    bool is_read_only = false, is_locked = false;
    if (!json_is_object(item) || !read_text(item, "id", &id) || !read_text(item, "name", name) ||
        !read_text(item, "type", &type) || !read_text(item, "content", &content) ||
        !read_u32(item, "priority", &priority) || !read_u32(item, "ttl", &ttl_s) ||
        priority > UINT16_MAX || !id.len || !name->len || !type.len)
        return false;
    json_bool(json_member(item, "locked"), &is_locked);
    json_bool(json_member(json_member(item, "meta"), "read_only"), &is_read_only);
    record->type = record_type_of(type);
    record->ttl_s = ttl_s == AUTOMATIC_TTL ? AUTOMATIC_S : ttl_s;
    record->is_special = is_locked || is_read_only;
    record->value.id = arena_text(&c->arena, id);
    return record->value.id.at && read_content(c, record, content, priority);
}

static bool set_grow(struct call *c, struct record_set *set, const struct cloudflare_record *record)
{
    struct record_value *values = ARENA_ARRAY(&c->arena, struct record_value, set->len + 1);
    if (!values)
        return false;
    if (set->len)
        memcpy(values, set->values, set->len * sizeof *values);
    values[set->len++] = record->value;
    set->values = values;
    set->is_special |= record->is_special;
    return true;
}

static bool set_add(struct call *c, const struct cloudflare_record *record, uint32_t *cap)
{
    uint32_t i = 0;
    while (i < c->sets_len && c->sets[i].type != record->type)
        i++;
    if (i == c->sets_len) {
        struct record_set *sets = list_room(&c->arena, c->sets, sizeof *sets, c->sets_len, cap);
        struct text name = arena_text(&c->arena, c->name);
        if (!sets || !name.at)
            return false;
        c->sets = sets;
        sets[c->sets_len++] =
            (struct record_set){.name = name, .type = record->type, .ttl_s = record->ttl_s};
    }
    return set_grow(c, &c->sets[i], record);
}

static bool decode_records(struct call *c, const struct json *result)
{
    uint32_t cap = 0, seen = 0;
    for (const struct json *item = json_first(result); item; item = json_next(item)) {
        struct cloudflare_record record = {.type = 0};
        struct text name = TEXT_NONE;
        if (!read_record(c, item, &name, &record))
            return false;
        if (!dname_eq(name, c->name))
            continue;
        if (++seen > CLOUDFLARE_PAGE_RECORDS || !set_add(c, &record, &cap))
            return false;
    }
    return true;
}

/* The token is the number of the page. Absent figures: the only page. */
static bool next_page(struct call *c, const struct json *root)
{
    uint64_t page = 1;
    uint32_t pages = 1;
    if (!read_u32(json_member(root, "result_info"), "total_pages", &pages) ||
        (c->token.len && !text_to_u64(c->token, &page)))
        return false;
    if (page < pages)
        c->next_token = arena_fmt(&c->arena, "%u", (uint32_t)page + 1);
    return page >= pages || c->next_token.at;
}

static bool decode_ok(struct call *c, const struct json *root)
{
    const struct json *result = json_member(root, "result");
    bool success = false;
    if (!json_bool(json_member(root, "success"), &success) || !success)
        return false;
    if (c->kind == CALL_CHANGE)
        return json_is_object(result);
    return json_is_array(result) && next_page(c, root) &&
           (c->kind == CALL_ZONES ? decode_zones(c, result) : decode_records(c, result));
}

/* Refusals: {"success": false, "errors": [{"code": 9005, "message": "...", "error_chain": [...],
 * "source": {"pointer": "/posts/3"}}]}. */

/* The change of record i of a list of the batch, as change_add() has made them. */
static uint32_t change_of(const struct call *c, unsigned list, uint64_t i)
{
    for (uint32_t k = 0; k < c->changes_len; k++) {
        const struct record_change *change = &c->changes[k];
        uint32_t comes = change->set.len, goes = 0;
        if (change->kind == CHANGE_DELETE) {
            goes = comes;
            comes = 0;
        } else if (change->kind == CHANGE_SWAP) {
            uint32_t at = 0;
            for (comes = 0; next_of_its_own(&change->set, &at, &change->old); comes++)
                ;
            for (at = 0; next_of_its_own(&change->old, &at, &change->set); goes++)
                ;
        }
        uint32_t patches = comes < goes ? comes : goes;
        patches = change->kind == CHANGE_SWAP ? patches : 0;
        uint32_t of[] = {
            [DELETES] = goes - patches, [PATCHES] = patches, [POSTS] = comes - patches};
        if (i < of[list])
            return k;
        i -= of[list];
    }
    return UINT32_MAX;
}

/* "/posts/3", "posts[3].content" */
static uint32_t change_at(const struct call *c, struct text pointer)
{
    for (unsigned i = 0; i < COUNT(list_names); i++) {
        struct text name = text_of(list_names[i]);
        size_t at = text_find_text(pointer, name), end;
        if (at == pointer.len)
            continue;
        struct text rest = text_from(pointer, at + name.len + 1);
        uint64_t index;
        for (end = 0; end < rest.len && char_is_digit(rest.at[end]);)
            end++;
        if (text_to_u64(text_slice(rest, 0, end), &index))
            return change_of(c, i, index);
    }
    return UINT32_MAX;
}

static void error_words(struct buf *out, const struct json *error)
{
    struct text message = TEXT_NONE;
    read_text(error, "message", &message);
    buf_add_text(out, message);
    for (const struct json *link = json_first(json_member(error, "error_chain")); link;
         link = json_next(link)) {
        message = TEXT_NONE;
        read_text(link, "message", &message);
        if (message.len) {
            buf_add_str(out, out->len ? ": " : "");
            buf_add_text(out, message);
        }
    }
}

static void error_take(struct call *c, const struct json *error, bool is_first)
{
    struct text pointer = TEXT_NONE;
    struct buf words;
    uint32_t code = 0;
    char digits[16] = "";
    buf_init(&words, XML_TEXT_MAX);
    error_words(&words, error);
    if (read_u32(error, "code", &code) && code)
        snprintf(digits, sizeof digits, "%u", code);
    if (is_first)
        reply_fail(&c->reply, text_of(digits), buf_text(&words));
    read_text(json_member(error, "source"), "pointer", &pointer);
    if (c->kind == CALL_CHANGE)
        faults_add(c, change_at(c, pointer), buf_text(&words));
    buf_clear(&words);
}

static void errors_read(struct call *c, const struct json *root)
{
    const struct json *errors = json_member(root, "errors");
    const struct json *error = json_is_array(errors) ? json_first(errors) : NULL;
    if (!error)
        reply_fail(&c->reply, TEXT_NONE, TEXT_NONE);
    for (bool is_first = true; error && c->faults_len < PROVIDER_FAULTS_MAX;
         error = json_next(error), is_first = false)
        error_take(c, error, is_first);
}

void cloudflare_reply_decode(struct call *c, const struct aws_reply *r)
{
    struct json *root = NULL;
    struct why why = {""};
    uint64_t seconds;
    reply_begin(&c->reply, r->http_status);
    if (c->reply.how != REPLY_HTTP)
        return;
    REPLY_PUT(c->reply.request_id, r->trace_id);
    if (text_to_u64(r->retry_after_s, &seconds))
        c->reply.retry_after_ms =
            seconds < UINT32_MAX / 1000 ? (uint32_t)seconds * 1000 : UINT32_MAX;
    enum err err = json_parse(&root, r->body, &why);
    if (!HTTP_IS_OK(r->http_status))
        errors_read(c, root); /* HTML or an empty body: NULL, which every reader accepts */
    else if (err)
        reply_garble(&c->reply, "the answer is not the JSON that was promised: %.200s", why.text);
    else if (!decode_ok(c, root))
        reply_garble(&c->reply, "the answer is not one of %s",
                     call_action(c->kind, API_CLOUDFLARE));
    if (c->reply.how != REPLY_HTTP || !HTTP_IS_OK(r->http_status))
        provider_answer_drop(c);
    json_free(root);
}
