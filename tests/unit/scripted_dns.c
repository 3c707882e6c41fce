#include "scripted_dns.h"

#include "base/count.h"
#include "base/dname.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void script_init(struct script *s)
{
    memset(s, 0, sizeof *s);
    arena_init(&s->arena, 16u << 20);
    s->resolver.apex = TEXT("");
}

void script_clear(struct script *s)
{
    arena_clear(&s->arena);
}

/* ---- reading ---- */

static struct text word(struct text *line)
{
    *line = text_trim(*line);
    struct text w = text_cut(line, ' ');
    *line = line->at ? text_trim(*line) : TEXT_NONE;
    return w;
}

static uint16_t type_of(struct text word)
{
    static const uint16_t types[] = {DNS_TYPE_A,  DNS_TYPE_AAAA, DNS_TYPE_NS,   DNS_TYPE_SOA,
                                     DNS_TYPE_MX, DNS_TYPE_TXT,  DNS_TYPE_CNAME};
    for (size_t i = 0; i < COUNT(types); i++)
        if (text_eq(word, text_of(dns_type_name(types[i]))))
            return types[i];
    return 0;
}

static struct text name_of(struct text t)
{
    if (t.len && t.at[t.len - 1] == '.')
        t.len--;
    return t;
}

static uint64_t number_of(struct text t)
{
    uint64_t n = 0;
    assert(text_to_u64(t, &n));
    return n;
}

/* "a" "b" -> ab; \xNN is one byte. */
static struct text strings_join(struct arena *arena, struct text rest)
{
    char *out = arena_take(arena, rest.len + 1);
    size_t len = 0;
    bool inside = false;
    assert(out);
    for (size_t i = 0; i < rest.len; i++) {
        if (rest.at[i] == '"') {
            inside = !inside;
        } else if (inside && rest.at[i] == '\\' && i + 3 < rest.len && rest.at[i + 1] == 'x') {
            char hex[3] = {rest.at[i + 2], rest.at[i + 3], 0};
            out[len++] = (char)strtol(hex, NULL, 16);
            i += 3;
        } else if (inside) {
            out[len++] = rest.at[i];
        }
    }
    return (struct text){out, len};
}

static void address_of(struct text t, uint16_t type, uint8_t out[16])
{
    char bytes[64];
    snprintf(bytes, sizeof bytes, TEXT_FMT, TEXT_ARG(t));
    assert(inet_pton(type == DNS_TYPE_A ? AF_INET : AF_INET6, bytes, out) == 1);
}

static bool record_line(struct script *s, struct script_server *server, struct text owner,
                        struct text rest)
{
    struct text ttl = word(&rest);
    uint16_t type = type_of(word(&rest));
    if (!type || !server)
        return false;
    assert(server->records_len < SCRIPT_RECORDS_MAX);
    struct dns_record *r = &server->records[server->records_len++];
    *r = (struct dns_record){
        .owner = name_of(owner), .type = type, .ttl_s = (uint32_t)number_of(ttl)};
    switch (type) {
    case DNS_TYPE_MX: r->preference = (uint16_t)number_of(word(&rest)); break;
    case DNS_TYPE_TXT: r->txt = strings_join(&s->arena, rest); return true;
    case DNS_TYPE_SOA: r->soa_minimum_s = (uint32_t)number_of(word(&rest)); return true;
    case DNS_TYPE_A:
    case DNS_TYPE_AAAA: address_of(rest, type, r->address); return true;
    default: break;
    }
    r->name = name_of(rest);
    return true;
}

static struct script_server *current(struct script *s)
{
    if (s->servers_len)
        return &s->servers[s->servers_len - 1];
    return s->resolver_is_scripted ? &s->resolver : NULL;
}

bool script_line(struct script *s, struct text line)
{
    struct text rest = arena_text(&s->arena, text_trim(line)), first = word(&rest);
    struct script_server *server = current(s);
    if (text_eq(first, TEXT("resolver"))) {
        s->resolver_is_scripted = true;
        return s->servers_len == 0;
    }
    if (text_eq(first, TEXT("server"))) {
        assert(s->servers_len < SCRIPT_SERVERS_MAX);
        s->servers[s->servers_len++] =
            (struct script_server){.address = rest, .apex = TEXT("example.com")};
        return true;
    }
    if (server && text_eq(first, TEXT("zone"))) {
        server->apex = rest;
        return true;
    }
    if (server && text_eq(first, TEXT("says"))) {
        uint16_t type = type_of(word(&rest));
        assert(server->faults_len < 8);
        server->faults[server->faults_len++] = (struct script_fault){type, rest};
        return true;
    }
    return record_line(s, server, first, rest);
}

/* ---- answering ---- */

struct answering {
    struct script *script;
    const struct script_server *server;
    struct dns_message *m;
};

static void put(struct answering *a, const struct dns_record *r, struct text owner,
                enum dns_section section)
{
    struct dns_record *copy = &a->m->records[a->m->records_len++];
    *copy = *r;
    copy->owner = owner;
    copy->section = (uint8_t)section;
}

static bool exists(const struct script_server *s, struct text name)
{
    for (uint32_t i = 0; i < s->records_len; i++)
        if (dname_eq(s->records[i].owner, name) || dname_below(s->records[i].owner, name))
            return true;
    return false;
}

/* The name itself, or the wildcard that stands for it. */
static struct text source_of(struct answering *a, struct text name)
{
    struct text above = name;
    if (exists(a->server, name))
        return name;
    while ((above = dname_parent(above)).len)
        if (exists(a->server, above))
            return arena_fmt(&a->script->arena, "*." TEXT_FMT, TEXT_ARG(above));
    return name;
}

static bool put_all(struct answering *a, struct text name, struct text source, uint16_t type)
{
    bool any = false;
    for (uint32_t i = 0; i < a->server->records_len; i++) {
        const struct dns_record *r = &a->server->records[i];
        if (r->type != type || !dname_eq(r->owner, source))
            continue;
        put(a, r, name, DNS_ANSWER);
        any = true;
    }
    return any;
}

static void put_glue(struct answering *a, struct text host)
{
    for (uint32_t i = 0; i < a->server->records_len; i++) {
        const struct dns_record *r = &a->server->records[i];
        bool address = r->type == DNS_TYPE_A || r->type == DNS_TYPE_AAAA;
        if (address && dname_eq(r->owner, host))
            put(a, r, r->owner, DNS_ADDITIONAL);
    }
}

static bool refer(struct answering *a, struct text name)
{
    const struct script_server *s = a->server;
    bool any = false;
    for (uint32_t i = 0; s->apex.len && i < s->records_len; i++) {
        const struct dns_record *r = &s->records[i];
        bool holds = dname_eq(name, r->owner) || dname_below(name, r->owner);
        if (r->type != DNS_TYPE_NS || dname_eq(r->owner, s->apex) || !holds)
            continue;
        put(a, r, r->owner, DNS_AUTHORITY);
        put_glue(a, r->name);
        any = true;
    }
    return any;
}

static void deny(struct answering *a, struct text name, bool is_there)
{
    const struct dns_record *best = NULL;
    for (uint32_t i = 0; i < a->server->records_len; i++) {
        const struct dns_record *r = &a->server->records[i];
        bool holds = dname_eq(name, r->owner) || dname_below(name, r->owner);
        if (r->type == DNS_TYPE_SOA && holds && (!best || dname_below(r->owner, best->owner)))
            best = r;
    }
    if (best)
        put(a, best, best->owner, DNS_AUTHORITY);
    a->m->rcode = is_there ? DNS_RCODE_NOERROR : DNS_RCODE_NXDOMAIN;
}

static void answer(struct answering *a, const struct dns_question *q)
{
    struct text name = q->name;
    for (int aliases = 0; aliases < 8; aliases++) {
        struct text source = source_of(a, name);
        if (refer(a, name)) {
            a->m->authoritative = false;
            return;
        }
        bool found = put_all(a, name, source, q->type);
        uint32_t before = a->m->records_len;
        bool alias = q->type != DNS_TYPE_NS && put_all(a, name, source, DNS_TYPE_CNAME);
        if (found || !alias) {
            if (!found)
                deny(a, name, exists(a->server, source));
            return;
        }
        name = a->m->records[before].name;
        bool ours = dname_eq(name, a->server->apex) || dname_below(name, a->server->apex);
        if (a->server->apex.len && !ours)
            return;
    }
}

static const struct script_fault *fault_of(const struct script_server *s, uint16_t type)
{
    for (uint32_t i = 0; i < s->faults_len; i++)
        if (s->faults[i].type == 0 || s->faults[i].type == type)
            return &s->faults[i];
    return NULL;
}

static void break_message(struct dns_reply *reply, struct text what)
{
    struct dns_message *m = &reply->message;
    if (text_eq(what, TEXT("timeout")))
        reply->outcome = DNS_TIMED_OUT;
    else if (text_eq(what, TEXT("unreachable")))
        reply->outcome = DNS_UNREACHABLE;
    else if (text_eq(what, TEXT("garbled")))
        reply->outcome = DNS_GARBLED;
    else if (text_eq(what, TEXT("truncated")))
        m->truncated = true;
    else if (text_eq(what, TEXT("lame")))
        m->authoritative = false;
    else if (text_eq(what, TEXT("other-question")))
        m->question = TEXT("elsewhere.example.net");
    else {
        m->records_len = 0;
        m->rcode = 11; /* NOTZONE and the like, unless it is one of the known ones */
        for (uint8_t rcode = 0; rcode < 6; rcode++)
            if (text_eq(what, text_of(dns_rcode_name(rcode))))
                m->rcode = rcode;
    }
}

static struct dns_reply server_reply(struct script *s, const struct script_server *server,
                                     const struct dns_question *q, bool resolves)
{
    const struct script_fault *fault = fault_of(server, q->type);
    struct dns_reply reply = {.outcome = DNS_ANSWERED};
    struct dns_record *records = ARENA_ARRAY(&s->arena, struct dns_record, 9 * SCRIPT_RECORDS_MAX);
    assert(records);
    reply.message = (struct dns_message){.authoritative = !resolves,
                                         .recursion_available = resolves,
                                         .is_response = true,
                                         .question = q->name,
                                         .question_type = q->type,
                                         .records = records};
    struct answering a = {s, server, &reply.message};
    answer(&a, q);
    if (fault)
        break_message(&reply, fault->what);
    return reply;
}

static struct script_server *server_at(struct script *s, const struct dns_server *at)
{
    char bytes[INET6_ADDRSTRLEN];
    inet_ntop(at->family == 4 ? AF_INET : AF_INET6, at->address, bytes, sizeof bytes);
    for (uint32_t i = 0; i < s->servers_len; i++)
        if (text_eq(s->servers[i].address, text_of(bytes)))
            return &s->servers[i];
    return NULL;
}

/* What any resolver knows of the servers of a case: ns1, ns2, ... serve example.com. */
static void resolver_default(struct script *s)
{
    char line[256];
    if (s->resolver.records_len || s->resolver_is_scripted)
        return;
    uint32_t servers = s->servers_len;
    s->resolver_is_scripted = true;
    s->servers_len = 0; /* lines go to the resolver */
    assert(script_line(s, TEXT("example.com 300 SOA 300")));
    for (uint32_t i = 0; i < servers; i++) {
        struct text address = s->servers[i].address;
        bool ipv6 = text_find(address, ':') < address.len;
        snprintf(line, sizeof line, "example.com 300 NS ns%u.example.com", i + 1);
        assert(script_line(s, text_of(line)));
        snprintf(line, sizeof line, "ns%u.example.com 300 %s " TEXT_FMT, i + 1, ipv6 ? "AAAA" : "A",
                 TEXT_ARG(address));
        assert(script_line(s, text_of(line)));
    }
    s->servers_len = servers;
    s->resolver_is_scripted = false;
}

struct dns_reply script_reply(struct script *s, const struct dns_question *q)
{
    bool value = q->type == DNS_TYPE_MX || q->type == DNS_TYPE_TXT;
    if (q->server.family) {
        struct script_server *server = server_at(s, &q->server);
        if (!server)
            return (struct dns_reply){.outcome = DNS_UNREACHABLE, .trouble = "no route"};
        return server_reply(s, server, q, false);
    }
    resolver_default(s);
    if (value && !s->resolver_is_scripted && s->servers_len)
        return server_reply(s, &s->servers[0], q, true);
    return server_reply(s, &s->resolver, q, true);
}
