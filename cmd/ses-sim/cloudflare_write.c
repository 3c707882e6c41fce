/*
 * Duty: what changes records at Cloudflare: one by one, or in a batch of which all is done or
 * nothing. Sources: Cloudflare API, "DNS Records" and "Batch DNS Records". Invariant: as there, a
 * second record of the same name and type is no error unless it is the very same; an alias (CNAME)
 * stands in the way of addresses and of aliases, and of nothing else.
 */
#include "base/json_out.h"
#include "sim.h"

#include "aws/json.h"

#define BATCH_MAX     3500 /* of a paid plan; 200 of a free one */
#define TTL_AUTOMATIC 1
#define TTL_MIN_S     60
#define TTL_MAX_S     86400

struct zone_write {
    struct sim *sim;
    struct exchange *x;
    struct sim_zone *zone;
    struct json_out *out;
};

/* What a body says of a record */

/* A full or a relative name, "@" for the zone's own. */
static bool name_take(const struct zone_write *w, struct text written, struct zone_record *r)
{
    struct arena *arena = &w->x->arena;
    struct text apex = w->zone->name;
    if (text_eq(written, TEXT("@")))
        written = apex;
    if (record_name_read(written, arena, &r->name))
        return false;
    if (!record_name_within(r->name, apex))
        r->name = arena_fmt(arena, TEXT_FMT "." TEXT_FMT, TEXT_ARG(r->name), TEXT_ARG(apex));
    r->key = record_key(r->name, arena);
    return r->name.at && r->key.at;
}

/* Names of hosts are kept without their final dot. */
static struct text host_of(struct text content)
{
    return text_slice(content, 0, content.len - text_ends(content, TEXT(".")));
}

static void content_take(const struct zone_write *w, const struct json *body, struct zone_record *r)
{
    struct exchange *x = w->x;
    struct text content = TEXT_NONE;
    struct text old = r->value, old_priority = TEXT_NONE;
    bool mx = text_eq(r->type, TEXT("MX"));
    double priority = -1;
    uint64_t number;
    if (mx && old.len) {
        old_priority = text_cut(&old, ' ');
        priority = text_to_u64(old_priority, &number) ? (double)number : -1;
    }
    if (!json_text(json_member(body, "content"), &content))
        content = old;
    json_number(json_member(body, "priority"), &priority);
    if (mx || text_eq(r->type, TEXT("CNAME")) || text_eq(r->type, TEXT("NS")))
        content = host_of(content);
    if (content.len == 0)
        exchange_fail(x, 400, "9007", "Content for " TEXT_FMT " record is required.",
                      TEXT_ARG(r->type));
    else if (mx && !(priority >= 0 && priority <= 65535))
        exchange_fail(x, 400, "9100", "priority is a required data field.");
    else
        r->value = mx ? arena_fmt(&x->arena, "%u " TEXT_FMT, (unsigned)priority, TEXT_ARG(content))
                      : arena_text(&x->arena, content);
}

/* What the body has is laid over r, which is empty for POST and PUT. */
static bool body_take(const struct zone_write *w, const struct json *body, struct zone_record *r)
{
    struct exchange *x = w->x;
    double ttl = r->ttl_s ? r->ttl_s : TTL_AUTOMATIC;
    struct text name, type;
    bool is_free = true; /* a TXT that is not quoted is quoted by Cloudflare */
    if (json_text(json_member(body, "type"), &type))
        r->type = arena_text(&x->arena, type);
    if (json_text(json_member(body, "name"), &name) && !name_take(w, name, r))
        exchange_fail(x, 400, "9000", "DNS name is invalid.");
    else if (r->name.len == 0 || r->type.len == 0)
        exchange_fail(x, 400, "1004", "DNS Validation Error");
    if (!x->is_error)
        content_take(w, body, r);
    json_number(json_member(body, "ttl"), &ttl);
    json_text(json_member(body, "comment"), &r->comment);
    if (x->is_error)
        return false;
    is_free = text_eq(r->type, TEXT("TXT")) && !text_starts(r->value, TEXT("\""));
    if (ttl != TTL_AUTOMATIC && !(ttl >= TTL_MIN_S && ttl <= TTL_MAX_S))
        exchange_fail(x, 400, "9021",
                      "Invalid TTL. Must be between 60 and 86,400 seconds, or 1 for Automatic.");
    else if (!is_free && !record_value_fits(r->type, r->value))
        exchange_fail(x, 400, "9005", "Content for " TEXT_FMT " record is invalid.",
                      TEXT_ARG(r->type));
    r->ttl_s = (uint32_t)ttl;
    return !x->is_error;
}

static bool is_address(struct text type)
{
    return text_eq(type, TEXT("A")) || text_eq(type, TEXT("AAAA"));
}

/* Does what lives at the name leave room for r? */
static bool has_room(const struct zone_write *w, const struct zone_record *r)
{
    const struct sim_zone *z = w->zone;
    bool is_alias = text_eq(r->type, TEXT("CNAME"));
    for (uint32_t i = zone_first(z, r->key); i < z->len && text_eq(z->records[i]->key, r->key);
         i++) {
        const struct zone_record *other = z->records[i];
        bool other_alias = text_eq(other->type, TEXT("CNAME"));
        if (!record_lives(other))
            continue;
        if (text_eq(other->type, r->type) && text_eq(other->value, r->value))
            exchange_fail(w->x, 400, "81058", "An identical record already exists.");
        else if (is_alias && (other_alias || is_address(other->type)))
            exchange_fail(w->x, 400, "81053",
                          "An A, AAAA, or CNAME record with that host already exists.");
        else if (other_alias && is_address(r->type))
            exchange_fail(w->x, 400, "81054", "A CNAME record with that host already exists.");
        if (w->x->is_error)
            return false;
    }
    return true;
}

/* The four operations. Each writes the record that it has found or made. */

static struct zone_record *record_find(const struct zone_write *w, struct text wanted)
{
    char id[33];
    for (uint32_t i = 0; i < w->zone->len; i++) {
        struct zone_record *r = w->zone->records[i];
        if (record_lives(r) && text_eq(wanted, text_of(cloudflare_id(r, id))))
            return r;
    }
    exchange_fail(w->x, 404, "81044", "Record does not exist.");
    return NULL;
}

static void record_add(const struct zone_write *w, const char *key, const struct zone_record *r,
                       uint64_t id)
{
    struct zone_record *added = has_room(w, r) ? zone_add(w->sim, w->zone, r) : NULL;
    if (w->x->is_error)
        return;
    if (!added) {
        exchange_trouble(w->x, TROUBLE_INTERNAL, NULL);
        return;
    }
    if (id)
        added->id = id;
    cloudflare_record_write(w->out, key, w->zone, added);
}

static void record_post(const struct zone_write *w, const char *key, const struct json *body)
{
    struct zone_record r = {.ttl_s = 0};
    if (body_take(w, body, &r))
        record_add(w, key, &r, 0);
}

/* PUT replaces the whole of a record, PATCH the members that are there; it keeps its id. */
static void record_change(const struct zone_write *w, const char *key, struct text id,
                          const struct json *body, bool whole)
{
    struct zone_record *old = record_find(w, id);
    if (!old)
        return;
    struct zone_record r = whole ? (struct zone_record){.ttl_s = 0} : *old;
    zone_remove(old);
    if (body_take(w, body, &r))
        record_add(w, key, &r, old->id);
}

static void record_delete(const struct zone_write *w, const char *key, struct text id, bool batched)
{
    struct zone_record *old = record_find(w, id);
    char written[33];
    if (!old)
        return;
    zone_remove(old);
    if (batched) {
        cloudflare_record_write(w->out, key, w->zone, old);
        return;
    }
    json_add_object(w->out, key);
    json_add_word(w->out, "id", cloudflare_id(old, written));
    json_end(w->out);
}

/* Batches */

static struct text member_text(const struct json *body, const char *name)
{
    struct text value = TEXT_NONE;
    json_text(json_member(body, name), &value);
    return value;
}

static void batch_part(const struct zone_write *w, const struct json *body, const char *part)
{
    const struct json *item = json_first(json_member(body, part));
    json_add_array(w->out, part);
    for (; item && !w->x->is_error; item = json_next(item)) {
        struct text id = member_text(item, "id");
        if (text_eq(text_of(part), TEXT("posts")))
            record_post(w, NULL, item);
        else if (text_eq(text_of(part), TEXT("deletes")))
            record_delete(w, NULL, id, true);
        else
            record_change(w, NULL, id, item, text_eq(text_of(part), TEXT("puts")));
    }
    if (!w->x->is_error)
        json_end(w->out);
}

/* In this order, whatever the order of the body. */
static void batch_do(const struct zone_write *w, const struct json *body)
{
    static const char *const parts[] = {"deletes", "patches", "puts", "posts"};
    uint32_t items = 0;
    for (unsigned i = 0; i < 4; i++)
        for (const struct json *item = json_first(json_member(body, parts[i])); item;
             item = json_next(item))
            items++;
    if (items > BATCH_MAX) {
        exchange_fail(w->x, 400, "1004", "A batch has at most %d records.", BATCH_MAX);
        return;
    }
    json_add_object(w->out, "result");
    for (unsigned i = 0; i < 4 && !w->x->is_error; i++)
        batch_part(w, body, parts[i]);
    if (!w->x->is_error)
        json_end(w->out);
}

static void names_tell(struct exchange *x, const struct sim_zone *z)
{
    uint32_t len = 0;
    struct text *names = ARENA_ARRAY(&x->arena, struct text, z->len);
    for (uint32_t i = 0; names && i < z->len; i++) {
        const struct zone_record *r = z->records[i];
        bool is_touched = r->leaving || r->from == WHEN_NEVER;
        if (is_touched && (len == 0 || !text_eq(names[len - 1], r->name)))
            names[len++] = arena_text(&x->arena, r->name);
    }
    exchange_names(x, names, len);
}

/* The name and type that a body is about first: where another operator's hand is put. */
static bool body_place(const struct zone_write *w, const struct json *body,
                       struct zone_record *place)
{
    const struct json *post = json_first(json_member(body, "posts"));
    struct text name = member_text(post ? post : body, "name");
    place->type = member_text(post ? post : body, "type");
    return name.len && place->type.len && name_take(w, name, place);
}

static void body_do(const struct zone_write *w, const struct json *body)
{
    struct text method = w->x->method;
    if (text_eq(method, TEXT("DELETE")))
        record_delete(w, "result", w->x->item_id, false);
    else if (!json_is_object(body))
        exchange_fail(w->x, 400, "9207", "Request body is invalid.");
    else if (text_ends(w->x->path, TEXT("/batch")))
        batch_do(w, body);
    else if (text_eq(method, TEXT("POST")))
        record_post(w, "result", body);
    else
        record_change(w, "result", w->x->item_id, body, text_eq(method, TEXT("PUT")));
}

uint64_t cloudflare_write(struct sim *s, struct exchange *x, struct sim_zone *z,
                          struct json_out *out)
{
    struct zone_write w = {s, x, z, out};
    struct zone_record place = {.ttl_s = 0};
    struct json *body = NULL;
    struct why why;
    uint64_t ticket = 0;
    if (x->body.len && json_parse(&body, x->body, &why) != OK)
        exchange_fail(x, 400, "9207", "Request body is invalid.");
    if (!x->is_error && x->is_meddled && body_place(&w, body, &place))
        zone_meddle(s, x, z, place.name, place.type);
    if (!x->is_error)
        body_do(&w, body);
    if (x->is_error) {
        zone_drop(z);
    } else {
        names_tell(x, z);
        ticket = zone_commit(s, x, z);
    }
    json_free(body);
    return ticket;
}
