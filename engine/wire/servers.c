/* Parses and writes lists of addresses with ports. */
#include "servers.h"

#include "dns/server_text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

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
