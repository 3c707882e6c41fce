/* What the public DNS shows of the zones of the providers, at each authority with its lag. */
#include "provider_model.h"

#include "base/dname.h"
#include "dns_model.h"

#include <string.h>

#define SOA_TTL_S 60

/* ns1 of zone 258 is 10.1.2.1. */
static void host_address(uint8_t address[4], uint32_t zone, uint8_t server)
{
    address[0] = 10;
    address[1] = (uint8_t)(zone >> 8);
    address[2] = (uint8_t)zone;
    address[3] = (uint8_t)((zone >> 16) * MODEL_SERVERS + server + 1);
}

static bool exists(const struct provider_model *m, uint32_t zone, struct text name, instant_us at)
{
    for (const struct model_record *r = provider_model_first(m, name); r;
         r = provider_model_after(m, r))
        if (r->zone == zone && model_record_is_there(r, at))
            return true;
    return false;
}

static void denial_add(struct dns_message *message, struct arena *arena, struct text zone)
{
    struct dns_record *r = dns_model_record(message, arena, zone, DNS_TYPE_SOA);
    r->section = DNS_AUTHORITY;
    r->ttl_s = r->soa_minimum_s = SOA_TTL_S;
    r->name = TEXT("ns1.hosts.test");
    r->mailbox = TEXT("hostmaster.hosts.test");
}

static void delegation_add(struct dns_message *message, struct arena *arena,
                           const struct provider_model *m, const struct model_delegation *d,
                           enum dns_section section)
{
    for (uint32_t i = 0; i < d->len; i++) {
        struct dns_record *r = dns_model_record(message, arena, d->name, DNS_TYPE_NS);
        r->section = (uint8_t)section;
        r->name = m->zones[d->zones[i]].hosts[d->servers[i]];
    }
}

/* The records of the type at `there`, owned by `name`: of the name itself, or of a wildcard. */
static bool records_add(struct dns_message *message, struct arena *arena,
                        const struct provider_model *m, uint32_t zone, struct text there,
                        struct text name, uint16_t type, instant_us at)
{
    bool any = false;
    for (const struct model_record *from = provider_model_first(m, there); from;
         from = provider_model_after(m, from)) {
        if (from->zone != zone || from->type != type || !model_record_is_there(from, at))
            continue;
        struct dns_record *r = dns_model_record(message, arena, name, type);
        r->ttl_s = from->ttl_s;
        r->preference = from->preference;
        if (type == DNS_TYPE_TXT)
            r->txt = from->data;
        else
            r->name = from->data;
        any = true;
    }
    return any;
}

/* Whose records the name has: its own, or those of the wildcard at the closest encloser (RFC 4592).
 */
static struct text wildcard_of(const struct provider_model *m, const struct model_zone *z,
                               struct text name, instant_us at, struct arena *arena)
{
    uint32_t zone = (uint32_t)(z - m->zones);
    if (exists(m, zone, name, at))
        return name;
    for (struct text above = name; dname_below(above, z->name);) {
        above = dname_parent(above);
        struct text wildcard = arena_fmt(arena, "*." TEXT_FMT, TEXT_ARG(above));
        if (exists(m, zone, wildcard, at))
            return wildcard;
        if (exists(m, zone, above, at))
            break;
    }
    return name;
}

/* As the zone stood at an instant. */
static void zone_answer(const struct provider_model *m, uint32_t zone,
                        const struct dns_question *question, struct text name, instant_us at,
                        struct arena *arena, struct dns_message *message)
{
    const struct model_zone *z = &m->zones[zone];
    struct text there = wildcard_of(m, z, name, at, arena);
    bool is_there = dname_eq(name, z->name) || exists(m, zone, there, at);
    bool any = is_there && (records_add(message, arena, m, zone, there, name, DNS_TYPE_CNAME, at) ||
                            records_add(message, arena, m, zone, there, name, question->type, at));
    message->rcode = is_there ? DNS_RCODE_NOERROR : DNS_RCODE_NXDOMAIN;
    if (!any)
        denial_add(message, arena, z->name);
}

static void server_answer(const struct provider_model *m, uint32_t zone, uint8_t server,
                          const struct dns_question *question, struct text name, instant_us now,
                          struct arena *arena, struct dns_reply *reply)
{
    const struct model_zone *z = &m->zones[zone];
    const struct model_delegation *d = provider_model_served(m, name);
    struct dns_message *message = &reply->message;
    if (z->silent[server]) {
        *reply = (struct dns_reply){.outcome = DNS_TIMED_OUT, .trouble = "timed out"};
        return;
    }
    message->authoritative = true;
    if (!dname_eq(name, z->name) && !dname_below(name, z->name)) {
        message->authoritative = false;
        message->rcode = DNS_RCODE_REFUSED;
    } else if (d && dname_below(d->name, z->name)) {
        message->authoritative = false;
        delegation_add(message, arena, m, d, DNS_AUTHORITY);
    } else {
        zone_answer(m, zone, question, name, now - z->lags[server], arena, message);
    }
}

static void resolver_answer(const struct provider_model *m, const struct model_delegation *d,
                            const struct dns_question *question, struct text name, instant_us now,
                            struct arena *arena, struct dns_message *message)
{
    message->recursion_available = true;
    if (question->type == DNS_TYPE_NS && dname_eq(name, d->name))
        delegation_add(message, arena, m, d, DNS_ANSWER);
    else
        zone_answer(m, d->zones[0], question, name, now, arena, message);
}

bool provider_dns_mx(const struct provider_model *m, struct text name, instant_us now,
                     struct mx_fact *mx, bool *is_there)
{
    const struct model_delegation *d = provider_model_served(m, name);
    *is_there = false;
    for (const struct model_record *r = d ? provider_model_first(m, name) : NULL; r;
         r = provider_model_after(m, r)) {
        if (r->zone != d->zones[0] || r->type != DNS_TYPE_MX || !model_record_is_there(r, now))
            continue;
        *mx = (struct mx_fact){r->preference, r->data};
        *is_there = true;
    }
    return d != NULL;
}

bool provider_dns_answer(const struct provider_model *m, const struct dns_question *question,
                         instant_us now, struct arena *arena, struct dns_reply *reply)
{
    struct text name = arena_text(arena, question->name);
    struct dns_message *message = &reply->message;
    const struct model_delegation *d = provider_model_served(m, name);
    name_id id = names_find(&m->names, name);
    uint32_t host = id != NAME_NONE && id < m->by_name_cap ? m->by_name[id].host : 0;
    const uint8_t *at = question->server.address;
    *reply = (struct dns_reply){.outcome = DNS_ANSWERED};
    message->is_response = true;
    message->question = name;
    message->question_type = question->type;
    if (question->server.family == 4 && at[0] == 10) {
        uint32_t zone =
            (uint32_t)((at[3] - 1) / MODEL_SERVERS) << 16 | (uint32_t)at[1] << 8 | at[2];
        server_answer(m, zone, (uint8_t)((at[3] - 1) % MODEL_SERVERS), question, name, now, arena,
                      reply);
    } else if (host && question->type == DNS_TYPE_A) {
        struct dns_record *r = dns_model_record(message, arena, name, DNS_TYPE_A);
        message->recursion_available = true;
        host_address(r->address, (host - 1) / MODEL_SERVERS, (uint8_t)((host - 1) % MODEL_SERVERS));
    } else if (host) {
        message->recursion_available = true; /* an empty answer */
    } else if (d) {
        resolver_answer(m, d, question, name, now, arena, message);
    } else {
        return false;
    }
    return true;
}
