#include "memo.h"

#include "base/dname.h"

#define MEMO_BYTES_MAX 65536u

void memo_init(struct memo *m, struct siphash_key key)
{
    *m = (struct memo){.key = key};
    for (int i = 0; i < MEMO_SLOTS; i++)
        arena_init(&m->slots[i].arena, MEMO_BYTES_MAX);
}

void memo_clear(struct memo *m)
{
    for (int i = 0; i < MEMO_SLOTS; i++)
        arena_clear(&m->slots[i].arena);
}

bool memo_is_shared(const struct dns_question *question)
{
    struct text name = question->name;
    bool dmarc = text_starts(name, TEXT("_dmarc."));
    unsigned labels = dname_labels(name);
    if (question->server.family != 0)
        return false;
    return dmarc ? labels <= 2 : text_ends_nocase(name, TEXT("amazonses.com"));
}

static struct memo_slot *slot_of(const struct memo *m, const struct dns_question *question)
{
    uint64_t name = siphash(m->key, question->name.at, question->name.len);
    return (struct memo_slot *)&m->slots[siphash_pair(m->key, name, question->type) % MEMO_SLOTS];
}

const struct dns_reply *memo_find(const struct memo *m, const struct dns_question *question,
                                  instant_us now)
{
    const struct memo_slot *slot = slot_of(m, question);
    if (slot->name.len == 0 || slot->until <= now || slot->type != question->type ||
        !text_eq(slot->name, question->name))
        return NULL;
    return &slot->reply;
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

void memo_keep(struct memo *m, const struct dns_question *question, const struct dns_reply *reply,
               instant_us now)
{
    struct memo_slot *slot = slot_of(m, question);
    arena_reset(&slot->arena);
    slot->reply = *reply;
    slot->type = question->type;
    slot->until = now + MEMO_KEEP;
    slot->name = arena_text(&slot->arena, question->name);
    if (reply->outcome == DNS_ANSWERED && !message_keep(&slot->arena, &slot->reply.message))
        slot->name = TEXT_NONE;
}
