/*
 * Duty: a zone's records, and edits of them. Invariant: records stand in order of key, type, set_id
 * and time. Only the edit that holds the lock sees records it has added, and misses those it has
 * removed, before it is committed. What was replaced stays for as long as a stale read looks back.
 */
#include "sim.h"

#include "base/count.h"
#include "base/hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Order */

int zone_record_cmp(const struct zone_record *a, const struct zone_record *b)
{
    int order = text_cmp(a->key, b->key);
    if (order == 0)
        order = text_cmp(a->type, b->type);
    return order ? order : text_cmp(a->set_id, b->set_id);
}

/* The first record for which "is before r" no longer holds; with ties, behind all of r's set. */
static uint32_t place_of(const struct sim_zone *z, const struct zone_record *r, bool behind)
{
    uint32_t low = 0, high = z->len;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = zone_record_cmp(z->records[middle], r);
        if (order < 0 || (behind && order == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t zone_first(const struct sim_zone *z, struct text key)
{
    return place_of(z, &(struct zone_record){.key = key}, false);
}

bool record_lives(const struct zone_record *r)
{
    return !r->leaving && r->until == WHEN_NEVER;
}

bool record_seen(const struct zone_record *r, instant_us at)
{
    return r->from <= at && at < r->until;
}

/* Edits */

/* A copy in one piece of memory: the texts stand behind the struct. */
static struct zone_record *record_copy(const struct zone_record *r)
{
    struct zone_record *copy;
    size_t size = sizeof *copy;
    const struct text *from[] = {&r->name,         &r->key,    &r->type,       &r->value,
                                 &r->set_id,       &r->weight, &r->alias_zone, &r->alias_name,
                                 &r->alias_health, &r->comment};
    for (size_t i = 0; i < COUNT(from); i++)
        size += from[i]->len;
    if (!(copy = malloc(size)))
        return NULL;
    *copy = *r;
    struct text *to[] = {&copy->name,         &copy->key,    &copy->type,       &copy->value,
                         &copy->set_id,       &copy->weight, &copy->alias_zone, &copy->alias_name,
                         &copy->alias_health, &copy->comment};
    char *at = (char *)(copy + 1);
    for (size_t i = 0; i < COUNT(to); i++) {
        if (from[i]->len)
            memcpy(at, from[i]->at, from[i]->len);
        to[i]->at = from[i]->len ? at : "";
        at += from[i]->len;
    }
    return copy;
}

struct zone_record *zone_add(struct sim *s, struct sim_zone *z, const struct zone_record *r)
{
    struct zone_record *copy = record_copy(r);
    if (!copy)
        return NULL;
    if (z->len == z->cap) {
        uint32_t cap = z->cap ? z->cap * 2 : 8;
        struct zone_record **grown = realloc(z->records, sizeof(struct zone_record *) * cap);
        if (!grown) {
            free(copy);
            return NULL;
        }
        z->records = grown;
        z->cap = cap;
    }
    copy->id = ++s->zones.records;
    copy->from = copy->until = WHEN_NEVER;
    copy->leaving = false;
    uint32_t place = place_of(z, copy, true);
    memmove(z->records + place + 1, z->records + place,
            sizeof(struct zone_record *) * (z->len - place));
    z->records[place] = copy;
    z->len++;
    return copy;
}

void zone_remove(struct zone_record *r)
{
    r->leaving = true;
}

void zone_drop(struct sim_zone *z)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < z->len; i++) {
        struct zone_record *r = z->records[i];
        r->leaving = false;
        if (r->from == WHEN_NEVER)
            free(r);
        else
            z->records[kept++] = r;
    }
    z->len = kept;
}

/* What nobody can read any more goes. */
static void past_forget(struct sim_zone *z, instant_us before)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < z->len; i++) {
        if (z->records[i]->until < before)
            free(z->records[i]);
        else
            z->records[kept++] = z->records[i];
    }
    z->len = kept;
}

/* The faults "silent" and "partial": the provider has it all, its name servers get less. */
static uint32_t lose_some(const struct exchange *x, uint32_t touched)
{
    if (x->is_silent)
        return 0;
    return x->is_partial && touched > 1 ? 1 : touched;
}

uint64_t zone_commit(struct sim *s, struct exchange *x, struct sim_zone *z)
{
    uint32_t len = 0;
    const struct zone_record **touched = ARENA_ARRAY(&x->arena, const struct zone_record *, z->len);
    for (uint32_t i = 0; i < z->len; i++) {
        struct zone_record *r = z->records[i];
        bool is_new = r->from == WHEN_NEVER;
        if (!is_new && !r->leaving)
            continue;
        if (is_new)
            r->from = x->real;
        if (r->leaving)
            r->until = x->real;
        r->leaving = false;
        bool is_known = len && zone_record_cmp(touched[len - 1], r) == 0;
        if (touched && !is_known)
            touched[len++] = r;
    }
    uint32_t heard = lose_some(x, len);
    if (heard < len)
        x->fault = x->is_silent ? "silent" : "partial";
    uint64_t ticket = heard ? publisher_take(s->publisher, z, touched, heard) : 0;
    past_forget(z, x->real - s->faults.lag - SPAN_M(1));
    return ticket;
}

void zone_meddle(struct sim *s, struct exchange *x, struct sim_zone *z, struct text name,
                 struct text type)
{
    bool mx = text_eq(type, TEXT("MX"));
    struct zone_record theirs = {
        .name = name,
        .key = record_key(name, &x->arena),
        .type = mx ? TEXT("MX") : TEXT("TXT"),
        .value =
            mx ? TEXT("10 mail.another-operator.example") : TEXT("\"placed by another operator\""),
        .ttl_s = 300,
    };
    for (uint32_t i = zone_first(z, theirs.key);
         i < z->len && text_eq(z->records[i]->key, theirs.key); i++) {
        struct zone_record *r = z->records[i];
        if (text_eq(r->type, TEXT("CNAME")) && record_lives(r))
            return; /* it would stand beside an alias */
        if (text_eq(r->type, theirs.type))
            zone_remove(r);
    }
    if (zone_add(s, z, &theirs)) {
        publisher_wait(s->publisher, zone_commit(s, x, z));
        x->fault = "writer";
    } else {
        zone_drop(z);
    }
}
