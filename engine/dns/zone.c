/*
 * Reads delegations. A hostile zone can name many servers, so each count has a bound; servers
 * beyond the bound are not asked.
 */
#include "zone.h"

#include "base/dname.h"

#include <arpa/inet.h>
#include <string.h>

#define TOP_LEVEL_SERVERS_MAX 2 /* registries are asked for a referral only, and are many */

static struct host *zone_host(struct zone *z, struct text name, struct arena *arena)
{
    uint32_t max = dname_labels(z->cut) == 1 ? TOP_LEVEL_SERVERS_MAX : INQUIRY_HOSTS_MAX;
    for (uint32_t i = 0; i < z->hosts_len; i++)
        if (dname_eq(z->hosts[i].name, name))
            return &z->hosts[i];
    struct text copy = arena_text(arena, name);
    if (z->hosts_len == max || !copy.at)
        return NULL;
    z->hosts[z->hosts_len] = (struct host){.name = copy};
    return &z->hosts[z->hosts_len++];
}

static const struct dns_record *denial_soa(const struct dns_message *m, struct text name)
{
    bool denial = m->rcode == DNS_RCODE_NOERROR || m->rcode == DNS_RCODE_NXDOMAIN;
    for (uint32_t i = 0; denial && i < m->records_len; i++) {
        const struct dns_record *r = &m->records[i];
        if (r->section == DNS_AUTHORITY && r->type == DNS_TYPE_SOA &&
            (dname_eq(name, r->owner) || dname_below(name, r->owner)))
            return r;
    }
    return NULL;
}

struct text zone_of_denial(const struct dns_message *m, struct text name)
{
    const struct dns_record *soa = denial_soa(m, name);
    return soa ? soa->owner : TEXT_NONE;
}

/* An octet of a local part without quotes (RFC 5322, section 3.2.3). */
static bool is_atext(char c)
{
    return char_is_alnum(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* RFC 1035, section 8: the first label is the local part, and its dots have backslashes. */
struct text zone_contact(const struct dns_message *m, struct text name, struct arena *arena)
{
    const struct dns_record *soa = denial_soa(m, name);
    struct text mailbox = soa ? soa->mailbox : TEXT_NONE;
    char local[DLABEL_LEN_MAX + 1];
    size_t len = 0, at = 0;
    for (; at < mailbox.len && mailbox.at[at] != '.' && len < DLABEL_LEN_MAX; at++) {
        bool is_dot = text_starts(text_from(mailbox, at), TEXT("\\."));
        if (!is_dot && !is_atext(mailbox.at[at]))
            return TEXT_NONE;
        at += is_dot;
        local[len++] = mailbox.at[at];
    }
    struct text domain = text_from(mailbox, at + 1);
    bool is_address = len && local[0] != '.' && local[len - 1] != '.' && at < mailbox.len &&
                      mailbox.at[at] == '.' && dname_check(domain) == DNAME_OK;
    return is_address ? arena_fmt(arena, "%.*s@" TEXT_FMT, (int)len, local, TEXT_ARG(domain))
                      : TEXT_NONE;
}

void host_read(struct host *h, const struct dns_message *m, enum dns_section section,
               struct text owner, uint16_t type, uint16_t port)
{
    for (uint32_t i = 0; i < m->records_len; i++) {
        const struct dns_record *r = &m->records[i];
        bool is_wanted =
            r->section == section && r->type == type && (!owner.len || dname_eq(r->owner, owner));
        if (!is_wanted || h->at_len == HOST_ADDRESSES_MAX)
            continue;
        bool ipv4 = r->type == DNS_TYPE_A;
        struct dns_server *at = &h->at[h->at_len++];
        *at = (struct dns_server){.family = ipv4 ? 4 : 6, .port = port};
        memcpy(at->address, r->address, ipv4 ? 4 : sizeof at->address);
    }
}

void zone_read(struct zone *z, const struct dns_message *m, struct text cut, uint16_t port,
               struct arena *arena)
{
    *z = (struct zone){.cut = arena_text(arena, cut)};
    for (uint32_t i = 0; i < m->records_len; i++) {
        const struct dns_record *r = &m->records[i];
        if (r->type != DNS_TYPE_NS || r->section == DNS_ADDITIONAL || !dname_eq(r->owner, cut))
            continue;
        struct host *h = zone_host(z, r->name, arena);
        if (!h || h->at_len || !dname_below(h->name, cut))
            continue;
        host_read(h, m, DNS_ADDITIONAL, h->name, DNS_TYPE_A, port);
        if (!h->at_len)
            host_read(h, m, DNS_ADDITIONAL, h->name, DNS_TYPE_AAAA, port);
    }
}

bool zone_is_in(const struct dns_message *m, struct text owner, enum dns_section section)
{
    for (uint32_t i = 0; i < m->records_len; i++) {
        const struct dns_record *r = &m->records[i];
        if (r->section == section && r->type == DNS_TYPE_NS && dname_eq(r->owner, owner))
            return true;
    }
    return false;
}

struct text host_label(const struct host *h, const struct dns_server *at, struct arena *arena)
{
    char address[INET6_ADDRSTRLEN] = "";
    inet_ntop(at->family == 4 ? AF_INET : AF_INET6, at->address, address, sizeof address);
    if (at->port == DNS_PORT)
        return arena_fmt(arena, TEXT_FMT " (%s)", TEXT_ARG(h->name), address);
    if (at->family == 4)
        return arena_fmt(arena, TEXT_FMT " (%s:%u)", TEXT_ARG(h->name), address, at->port);
    return arena_fmt(arena, TEXT_FMT " ([%s]:%u)", TEXT_ARG(h->name), address, at->port);
}
