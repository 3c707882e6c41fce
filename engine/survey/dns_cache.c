/*
 * Invariant: a (name, type) has at most one entry, and an entry with a question out stays until the
 * reply. In a set full of such entries a question is sent without an entry.
 */
#include "dns_cache.h"

#define DNS_CACHE_BYTES_MAX 65536u /* of one entry: the records of a message with texts */

void dns_cache_init(struct dns_cache *c, struct siphash_key key)
{
    *c = (struct dns_cache){.key = key};
    for (unsigned set = 0; set < DNS_CACHE_SETS; set++)
        for (unsigned way = 0; way < DNS_CACHE_WAYS; way++)
            arena_init(&c->entries[set][way].arena, DNS_CACHE_BYTES_MAX);
}

void dns_cache_clear(struct dns_cache *c)
{
    for (unsigned set = 0; set < DNS_CACHE_SETS; set++)
        for (unsigned way = 0; way < DNS_CACHE_WAYS; way++)
            arena_clear(&c->entries[set][way].arena);
}

static bool is_of_ses(struct text name)
{
    const struct text ses = TEXT("amazonses.com");
    return text_ends_nocase(name, ses) &&
           (name.len == ses.len || name.at[name.len - ses.len - 1] == '.');
}

bool dns_cache_is_shared(const struct dns_question *question)
{
    return question->server.family == 0 && !question->unchecked &&
           (text_starts(question->name, TEXT("_dmarc.")) || is_of_ses(question->name) ||
            (question->type == DNS_TYPE_DS && question->of_all));
}

static struct dns_cache_entry *set_of(struct dns_cache *c, const struct dns_question *question)
{
    uint64_t name = siphash(c->key, question->name.at, question->name.len);
    return c->entries[siphash_pair(c->key, name, question->type) % DNS_CACHE_SETS];
}

static struct dns_cache_entry *entry_find(struct dns_cache *c, const struct dns_question *question)
{
    struct dns_cache_entry *set = set_of(c, question);
    for (unsigned way = 0; way < DNS_CACHE_WAYS; way++)
        if (set[way].name.len && set[way].type == question->type &&
            text_eq(set[way].name, question->name))
            return &set[way];
    return NULL;
}

/* Makes an entry for a question about to be sent, if an entry of the set may be dropped. */
static void entry_add(struct dns_cache *c, const struct dns_question *question)
{
    struct dns_cache_entry *set = set_of(c, question), *oldest = NULL;
    for (unsigned way = 0; way < DNS_CACHE_WAYS; way++)
        if (!set[way].is_out && (!oldest || set[way].used_at < oldest->used_at))
            oldest = &set[way];
    if (!oldest)
        return;
    arena_reset(&oldest->arena);
    oldest->name = arena_text(&oldest->arena, question->name);
    oldest->type = question->type;
    oldest->is_out = oldest->name.len > 0;
    oldest->used_at = c->uses;
}

enum dns_cache_state dns_cache_ask(struct dns_cache *c, const struct dns_question *question,
                                   instant_us now, const struct dns_reply **known)
{
    if (!dns_cache_is_shared(question))
        return DNS_CACHE_SEND;
    struct dns_cache_entry *entry = entry_find(c, question);
    c->uses++;
    if (!entry) {
        entry_add(c, question);
        return DNS_CACHE_SEND;
    }
    entry->used_at = c->uses;
    if (entry->is_out)
        return DNS_CACHE_OUT;
    if (entry->until > now) {
        *known = &entry->reply;
        return DNS_CACHE_KNOWN;
    }
    entry->is_out = true;
    return DNS_CACHE_SEND;
}

static bool text_keep(struct arena *arena, struct text *t)
{
    struct text copy = arena_text(arena, *t);
    bool kept = !t->at || copy.at;
    *t = copy;
    return kept;
}

static bool message_keep(struct arena *arena, struct dns_message *message)
{
    const struct dns_record *from = message->records;
    message->records = ARENA_ARRAY(arena, struct dns_record, message->records_len + 1);
    bool kept = message->records && text_keep(arena, &message->question);
    for (uint32_t i = 0; kept && i < message->records_len; i++) {
        struct dns_record *r = &message->records[i];
        *r = from[i];
        kept =
            text_keep(arena, &r->owner) && text_keep(arena, &r->name) && text_keep(arena, &r->txt);
    }
    return kept;
}

void dns_cache_reply(struct dns_cache *c, const struct dns_question *question,
                     const struct dns_reply *reply, instant_us now)
{
    struct dns_cache_entry *entry = dns_cache_is_shared(question) ? entry_find(c, question) : NULL;
    if (!entry || !entry->is_out)
        return;
    arena_reset(&entry->arena);
    entry->name = arena_text(&entry->arena, question->name);
    entry->is_out = false;
    entry->until = now + DNS_CACHE_KEEP;
    entry->reply = *reply;
    bool kept = entry->name.len > 0;
    if (kept && reply->outcome == DNS_ANSWERED)
        kept = message_keep(&entry->arena, &entry->reply.message);
    if (!kept)
        entry->name = TEXT_NONE;
}
