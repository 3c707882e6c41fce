/*
 * DNS servers in writing: "127.0.0.1:5353,[::1]:53". Pure.
 */
#ifndef MF_SERVERS_H
#define MF_SERVERS_H

#include "base/bounds.h"
#include "base/error.h"
#include "dns/question.h"

#define SERVER_LEN 64 /* "[" IPv6 "]:" port NUL */

struct servers {
    struct dns_server at[DNS_RESOLVERS_MAX];
    uint32_t len;
};

/* A list with commas, at least one entry: IPv4 or IPv6 address, each with an optional port (an IPv6
 * address in brackets then); the default port is 53. Names are refused, since no resolver is known
 * yet. ERR_INPUT names the wrong entry. */
enum err servers_parse(struct servers *out, struct text list, struct why *why);

/* "192.0.2.1:53", "[2001:db8::1]:53". Returns out. Family 0 gives "the resolver". */
char *server_format(const struct dns_server *server, char out[SERVER_LEN]);
bool server_eq(const struct dns_server *a, const struct dns_server *b);

#endif
