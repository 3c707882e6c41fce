/*
 * Invariant: a name has at most one entry with a future. An entry holds all that host_read() would
 * take from the reply.
 */
#include "host_book.h"

#include <stdlib.h>
#include <string.h>

void host_book_init(struct host_book *b, struct siphash_key key)
{
    *b = (struct host_book){.key = key};
}

void host_book_clear(struct host_book *b)
{
    free(b->hosts);
    b->hosts = NULL;
}

static bool is_of_host(const struct dns_question *q)
{
    return q->server.family == 0 && q->type == DNS_TYPE_A && !q->unchecked && !q->of_all &&
           q->name.len > 0 && q->name.len <= HOST_KEPT_LEN_MAX;
}

static struct known_host *set_of(const struct host_book *b, struct text name)
{
    uint64_t hash = siphash(b->key, name.at, name.len);
    return &b->hosts[hash % HOST_BOOK_SETS * HOST_BOOK_WAYS];
}

/* The entry of the name, or the one to be dropped for it. */
static struct known_host *entry_for(const struct host_book *b, struct text name)
{
    struct known_host *set = set_of(b, name), *oldest = set;
    for (int way = 0; way < HOST_BOOK_WAYS; way++) {
        if (text_eq((struct text){set[way].name, set[way].name_len}, name))
            return &set[way];
        if (set[way].until < oldest->until)
            oldest = &set[way];
    }
    return oldest;
}

const struct dns_reply *host_book_find(struct host_book *b, const struct dns_question *question,
                                       instant_us now)
{
    if (!b->hosts || !is_of_host(question))
        return NULL;
    const struct known_host *h = entry_for(b, question->name);
    if (h->until <= now || !text_eq((struct text){h->name, h->name_len}, question->name))
        return NULL;
    for (uint32_t i = 0; i < h->addresses_len; i++) {
        b->records[i] = (struct dns_record){.owner = question->name,
                                            .type = DNS_TYPE_A,
                                            .section = DNS_ANSWER,
                                            .ttl_s = (uint32_t)((h->expires - now) / SPAN_S(1))};
        memcpy(b->records[i].address, h->addresses[i], sizeof h->addresses[i]);
    }
    b->reply = (struct dns_reply){.outcome = DNS_ANSWERED, .same_until = h->same_until};
    b->reply.message = (struct dns_message){.is_response = true,
                                            .recursion_available = true,
                                            .question = question->name,
                                            .question_type = DNS_TYPE_A,
                                            .records = b->records,
                                            .records_len = h->addresses_len};
    return &b->reply;
}

static void entry_write(struct known_host *h, const struct dns_question *question,
                        const struct dns_reply *reply, instant_us now)
{
    const struct dns_message *m = &reply->message;
    uint32_t ttl_s = UINT32_MAX;
    *h = (struct known_host){.same_until = reply->same_until};
    for (uint32_t i = 0; i < m->records_len; i++) {
        const struct dns_record *r = &m->records[i];
        if (r->section != DNS_ANSWER)
            continue;
        ttl_s = r->ttl_s < ttl_s ? r->ttl_s : ttl_s; /* of an alias, too */
        if (r->type == DNS_TYPE_A && h->addresses_len < HOST_ADDRESSES_MAX)
            memcpy(h->addresses[h->addresses_len++], r->address, sizeof h->addresses[0]);
    }
    memcpy(h->name, question->name.at, question->name.len);
    h->name_len = (uint8_t)question->name.len;
    h->expires = now + SPAN_S(ttl_s);
    h->until = h->addresses_len ? when_earlier(h->expires, now + HOST_KEEP) : 0;
}

void host_book_reply(struct host_book *b, const struct dns_question *question,
                     const struct dns_reply *reply, instant_us now)
{
    bool is_answer = reply->outcome == DNS_ANSWERED && reply->message.rcode == DNS_RCODE_NOERROR &&
                     reply->message.records_len > 0;
    if (!is_of_host(question) || !is_answer)
        return;
    if (!b->hosts)
        b->hosts = calloc((size_t)HOST_BOOK_SETS * HOST_BOOK_WAYS, sizeof *b->hosts);
    if (b->hosts)
        entry_write(entry_for(b, question->name), question, reply, now);
}
