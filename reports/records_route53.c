/*
 * Change batches for Route 53: aws route53 change-resource-record-sets --change-batch. One line, a
 * JSON document, for each batch; a batch is of one zone, and Route 53 carries a batch out whole or
 * not at all.
 *
 * CREATE fails on an existing set. UPSERT, for a set seen in DNS, replaces the whole set, so
 * unchanged values are repeated. Source: Route 53 Developer Guide, "Quotas on records" and
 * "Supported DNS record types"; API Reference, ChangeResourceRecordSets.
 */
#include "records_internal.h"

#include "base/bounds.h"

#include <stdio.h>

/* The weight of a change in a batch; an UPSERT counts twice. */
struct request_load {
    size_t elements, characters;
};

static struct request_load load_of(const struct records_set *set, bool *fits)
{
    struct request_load load = {records_after_len(set), 0};
    *fits = true;
    for (uint32_t i = 0; i < load.elements; i++) {
        size_t len = records_route53_len(set->type, records_after_at(set, i));
        *fits = *fits && len <= ROUTE53_VALUE_MAX;
        load.characters += len;
    }
    if (set->there_len) {
        load.elements *= 2;
        load.characters *= 2;
    }
    *fits = *fits && load.elements <= ROUTE53_BATCH_RECORDS &&
            load.characters <= ROUTE53_BATCH_CHARACTERS;
    return load;
}

static void name_add(struct json_out *j, const char *key, struct text name, const char *after,
                     struct buf *scratch)
{
    buf_reset(scratch);
    buf_add_text(scratch, name);
    buf_add_str(scratch, after);
    json_add_text(j, key, buf_text(scratch));
    j->buf->failed = j->buf->failed || scratch->failed;
}

#define COMMENT_MAX 256 /* characters of a batch's comment */

struct batch {
    struct request_load load;
    uint64_t changes;
    char comment[COMMENT_MAX]; /* behind the zone */
};

/* A batch has one comment, so the sets for a person to decide are counted there, and the first one
 * is named: the others are on standard error. */
static void comment_make(struct records_out *o, size_t from, size_t to, struct batch *batch)
{
    struct records_set set, first = {.zone = TEXT_NONE};
    unsigned blocked = 0;
    to = to - from > ROUTE53_BATCH_RECORDS ? from + ROUTE53_BATCH_RECORDS : to;
    for (size_t i = from; i < to; i++) {
        o->list->at(o->list->ctx, i, &set);
        if (set.action == RECORDS_BLOCKED && blocked++ == 0)
            first = set;
    }
    int len = snprintf(batch->comment, sizeof batch->comment, ": MAIL FROM for Amazon SES");
    /* the zone may have all of its 253 characters */
    if (blocked && first.zone.len + first.name.len + 100 < COMMENT_MAX)
        snprintf(batch->comment + len, sizeof batch->comment - (size_t)len,
                 "; %u not here, a person decides: " TEXT_FMT " %s%s", blocked,
                 TEXT_ARG(first.name), records_type_name(first.type), blocked > 1 ? ", ..." : "");
}

/* False: the batch is full. A set larger than a batch is left out. */
static bool set_add(struct records_out *o, const struct records_set *set, struct batch *batch,
                    struct buf *scratch)
{
    bool fits;
    struct request_load load = load_of(set, &fits);
    if (!fits) {
        records_leave_out(o, set);
        return true;
    }
    batch->load.elements += load.elements;
    batch->load.characters += load.characters;
    if (batch->load.elements > ROUTE53_BATCH_RECORDS ||
        batch->load.characters > ROUTE53_BATCH_CHARACTERS)
        return false;
    if (batch->changes++ == 0) {
        json_init(&o->json, &o->sink->buf);
        json_add_object(&o->json, NULL);
        name_add(&o->json, "Comment", set->zone, batch->comment, scratch);
        json_add_array(&o->json, "Changes");
    }
    json_add_object(&o->json, NULL);
    json_add_word(&o->json, "Action", set->there_len ? "UPSERT" : "CREATE");
    json_add_object(&o->json, "ResourceRecordSet");
    name_add(&o->json, "Name", set->name, ".", scratch);
    json_add_word(&o->json, "Type", records_type_name(set->type));
    json_add_u64(&o->json, "TTL", o->style->ttl_s);
    json_add_array(&o->json, "ResourceRecords");
    for (uint32_t i = 0; i < records_after_len(set); i++) {
        buf_reset(scratch);
        records_add_route53(scratch, set->type, records_after_at(set, i), " ");
        json_add_object(&o->json, NULL);
        json_add_text(&o->json, "Value", buf_text(scratch));
        json_end(&o->json);
        o->json.buf->failed = o->json.buf->failed || scratch->failed;
    }
    json_end(&o->json);
    json_end(&o->json);
    json_end(&o->json);
    records_count(o, set);
    return true;
}

static size_t route53_zone(struct records_out *o, size_t from, size_t to)
{
    struct batch batch = {{0, 0}, 0, ""};
    struct buf scratch;
    comment_make(o, from, to, &batch);
    buf_init(&scratch, RECORDS_VALUE_MAX);
    for (; from < to; from++) {
        struct records_set set;
        o->list->at(o->list->ctx, from, &set);
        if ((set.action == RECORDS_ADD || set.action == RECORDS_REPLACE) &&
            !set_add(o, &set, &batch, &scratch))
            break;
    }
    if (batch.changes) {
        json_end(&o->json);
        json_end(&o->json);
        buf_add_char(&o->sink->buf, '\n');
    }
    buf_clear(&scratch);
    return from;
}

const struct records_format records_route53 = {"route53", ".json", true, NULL, route53_zone, NULL};
