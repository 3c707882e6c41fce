/*
 * Zones of tests. A linear list: no test has more than a few hundred records.
 */
#include "paper_zone.h"

#include "base/count.h"
#include "base/dname.h"
#include "rules/spf_address.h"

#include <assert.h>
#include <string.h>

struct paper_zone_entry {
    struct paper_zone_entry *next;
    struct text name, type;
    struct dns_record record; /* type 0: no record that can be asked for */
};

void paper_zone_init(struct paper_zone *z)
{
    memset(z, 0, sizeof *z);
    arena_init(&z->arena, 64u << 20);
}

void paper_zone_clear(struct paper_zone *z)
{
    arena_clear(&z->arena);
    paper_zone_init(z);
}

static uint16_t type_of(struct text word)
{
    static const struct {
        struct text word;
        uint16_t type;
    } types[] = {{TEXT("A"), DNS_TYPE_A},         {TEXT("AAAA"), DNS_TYPE_AAAA},
                 {TEXT("MX"), DNS_TYPE_MX},       {TEXT("PTR"), DNS_TYPE_PTR},
                 {TEXT("CNAME"), DNS_TYPE_CNAME}, {TEXT("TXT"), DNS_TYPE_TXT}};
    for (size_t i = 0; i < COUNT(types); i++)
        if (text_eq(word, types[i].word))
            return types[i].type;
    return 0;
}

static struct text undotted(struct text name)
{
    return name.len && name.at[name.len - 1] == '.' ? text_slice(name, 0, name.len - 1) : name;
}

void paper_zone_add(struct paper_zone *z, struct text name, struct text type, struct text value)
{
    struct paper_zone_entry *e = ARENA_NEW(&z->arena, struct paper_zone_entry);
    struct spf_address address = {0};
    uint64_t preference = 0;
    struct text copy = arena_text(&z->arena, value), host = copy;
    assert(e && (copy.at || !value.at));
    *e = (struct paper_zone_entry){.name = arena_text(&z->arena, undotted(name)),
                                   .type = arena_text(&z->arena, type)};
    e->record = (struct dns_record){.type = type_of(type), .owner = e->name, .txt = copy};
    if (e->record.type == DNS_TYPE_MX) {
        bool is_number = text_to_u64(text_cut(&host, ' '), &preference);
        assert(is_number);
    }
    if (e->record.type == DNS_TYPE_A || e->record.type == DNS_TYPE_AAAA) {
        bool is_address = e->record.type == DNS_TYPE_A ? spf_address_parse_ip4(copy, &address)
                                                       : spf_address_parse_ip6(copy, &address);
        assert(is_address);
    }
    e->record.preference = (uint16_t)preference;
    e->record.name = undotted(host);
    memcpy(e->record.address, address.bytes, sizeof address.bytes);
    *(z->last ? &z->last->next : &z->first) = e;
    z->last = e;
}

/* "\\" stands for "\" in questions; names of zones are raw. */
static bool name_is_asked(struct text name, struct text asked)
{
    size_t n = 0;
    for (size_t i = 0; i < asked.len; i++, n++) {
        i += asked.at[i] == '\\' && i + 1 < asked.len;
        if (n >= name.len || char_lower(name.at[n]) != char_lower(asked.at[i]))
            return false;
    }
    return n == name.len;
}

static void fail(struct dns_reply *reply, struct text how)
{
    if (text_eq(how, TEXT("SERVFAIL"))) {
        reply->message.rcode = DNS_RCODE_SERVFAIL;
        return;
    }
    reply->outcome = DNS_TIMED_OUT;
    strcpy(reply->trouble, "no answer in time");
}

void paper_zone_answer(struct paper_zone *z, const struct dns_question *question,
                       struct dns_reply *reply)
{
    bool exists = false;
    const struct dns_record *alias = NULL;
    struct dns_message *m = &reply->message;
    *reply = (struct dns_reply){.outcome = DNS_ANSWERED};
    m->is_response = true;
    m->question = question->name;
    m->question_type = question->type;
    m->records = z->records;
    z->asked++;
    for (const struct paper_zone_entry *e = z->first; e; e = e->next) {
        if (!name_is_asked(e->name, question->name))
            continue;
        exists = true;
        if (e->record.type == DNS_TYPE_CNAME)
            alias = &e->record;
        bool fails = text_eq(e->type, TEXT("TIMEOUT")) || text_eq(e->type, TEXT("SERVFAIL"));
        if (fails && m->records_len == 0) {
            fail(reply, e->type);
            return;
        }
        if (e->record.type != question->type || m->records_len == DNS_RECORDS_MAX)
            continue;
        m->records[m->records_len] = e->record;
        m->records[m->records_len++].owner = question->name;
    }
    if (alias && m->records_len == 0) {
        m->records[0] = *alias;
        m->records[0].owner = question->name;
        m->records_len = 1;
    }
    m->rcode = exists ? DNS_RCODE_NOERROR : DNS_RCODE_NXDOMAIN;
}
