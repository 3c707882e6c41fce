/* Parses and writes lists of addresses with ports. */
#include "servers.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define DNS_PORT 53

/* Cuts the port and the brackets off *entry. False: the text after the address is no port. */
static bool cut_port(struct text *entry, uint16_t *port)
{
    struct text digits;
    size_t colon = text_find(*entry, ':');
    bool bracketed = text_starts(*entry, TEXT("["));
    *port = DNS_PORT;
    if (bracketed) {
        size_t close = text_find(*entry, ']');
        if (close == entry->len)
            return false;
        digits = text_from(*entry, close + 1);
        *entry = text_slice(*entry, 1, close);
        if (digits.len == 0)
            return true;
        if (digits.at[0] != ':')
            return false;
        digits = text_from(digits, 1);
    } else if (colon < entry->len && colon == text_rfind(*entry, ':')) {
        digits = text_from(*entry, colon + 1);
        *entry = text_slice(*entry, 0, colon);
    } else {
        return true; /* no colon, or a plain IPv6 address */
    }
    uint64_t number;
    if (!text_to_u64(digits, &number) || number == 0 || number > UINT16_MAX)
        return false;
    *port = (uint16_t)number;
    return true;
}

static bool server_parse(struct dns_server *out, struct text entry)
{
    char address[INET6_ADDRSTRLEN];
    bool six_only = text_starts(entry, TEXT("["));
    *out = (struct dns_server){0};
    if (!cut_port(&entry, &out->port) || entry.len == 0 || entry.len >= sizeof address)
        return false;
    memcpy(address, entry.at, entry.len);
    address[entry.len] = '\0';
    if (!six_only && inet_pton(AF_INET, address, out->address) == 1)
        out->family = 4;
    else if (inet_pton(AF_INET6, address, out->address) == 1)
        out->family = 6;
    return out->family != 0;
}

enum err servers_parse(struct servers *out, struct text list, struct why *why)
{
    out->len = 0;
    while (list.at) {
        struct text entry = text_trim(text_cut(&list, ','));
        if (out->len == DNS_RESOLVERS_MAX)
            return why_set(why, ERR_INPUT,
                           "found more than %d resolvers, expected that many at most",
                           DNS_RESOLVERS_MAX);
        if (!server_parse(&out->at[out->len], entry))
            return why_set(why, ERR_INPUT,
                           "resolver \"" TEXT_FMT "\": not an address such as 192.0.2.1, "
                           "192.0.2.1:53 or [2001:db8::1]:53",
                           TEXT_ARG(entry));
        out->len++;
    }
    return out->len
               ? OK
               : why_set(
                     why, ERR_INPUT,
                     "the list of resolvers is empty, expected an address such as 192.0.2.1:53");
}

char *server_format(const struct dns_server *server, char out[SERVER_LEN])
{
    char address[INET6_ADDRSTRLEN] = "";
    if (server->family == 0) {
        snprintf(out, SERVER_LEN, "the resolver");
        return out;
    }
    inet_ntop(server->family == 4 ? AF_INET : AF_INET6, server->address, address, sizeof address);
    snprintf(out, SERVER_LEN, server->family == 4 ? "%s:%u" : "[%s]:%u", address,
             (unsigned)server->port);
    return out;
}

bool server_eq(const struct dns_server *a, const struct dns_server *b)
{
    size_t len = a->family == 4 ? 4 : a->family == 6 ? 16 : 0;
    return a->family == b->family && (len == 0 || a->port == b->port) &&
           memcmp(a->address, b->address, len) == 0;
}
