/* A DNS message, and what is read from it as the answer to its own question. */
#include "fuzz.h"

#include "base/bounds.h"
#include "dns/answer.h"

static bool is_ascii(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (t.at[i] < 0x20 || t.at[i] > 0x7e)
            return false;
    return true;
}

static void message_is_sound(const struct dns_message *m)
{
    assert(m->records_len <= DNS_RECORDS_MAX && is_ascii(m->question));
    for (uint32_t i = 0; i < m->records_len; i++) {
        const struct dns_record *r = &m->records[i];
        assert(is_ascii(r->owner) && is_ascii(r->name));
        assert(r->owner.len <= NAME_LEN_MAX && r->name.len <= NAME_LEN_MAX);
        assert(r->txt.len <= DNS_MESSAGE_MAX && r->ttl_s <= INT32_MAX);
        assert(r->section <= DNS_ADDITIONAL && r->type != DNS_TYPE_OPT);
    }
}

static void answer_is_sound(const struct dns_reply *reply, uint16_t type, bool recurse,
                            struct arena *arena)
{
    struct answer a, again;
    struct dns_question question = {.name = reply->message.question,
                                    .type = type,
                                    .recurse = recurse,
                                    .server = {.family = recurse ? 0 : 4}};
    if (answer_read(&a, &question, reply, arena) != OK)
        return;
    assert((a.kind == ANSWER_SPOKE) == (a.trouble.len == 0));
    assert((a.state == DNS_FOUND) == (a.mx_len + a.txt_len > 0));
    assert(a.mx_len + a.txt_len <= reply->message.records_len);
    assert(answer_read(&again, &question, reply, arena) != OK || answer_same(&a, &again));
    assert(fuzz_is_printable(answer_say(&a, type, arena)));
    assert(fuzz_is_printable(answer_note(TEXT("server"), &a, &again, arena).said));
    answer_referral(&reply->message, question.name, TEXT("example"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct dns_reply reply = {.outcome = DNS_ANSWERED};
    struct arena arena;
    struct why why;
    arena_init(&arena, INQUIRY_BYTES_MAX);
    if (dns_message_parse(&reply.message, bytes, len, &arena, &why) == OK) {
        message_is_sound(&reply.message);
        for (unsigned i = 0; i < 4; i++)
            answer_is_sound(&reply, i & 1 ? DNS_TYPE_MX : DNS_TYPE_TXT, i & 2, &arena);
        assert(dns_rcode_name(reply.message.rcode) && dns_type_name(reply.message.question_type));
    } else {
        assert(reply.message.records_len == 0 && fuzz_is_printable(text_of(why.text)));
    }
    arena_clear(&arena);
    return 0;
}
