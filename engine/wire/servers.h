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

/* A list with commas, at least one: IPv4 address, IPv6 address, either with a port (the IPv6 one
 * in brackets then); without one the port is 53. Names are not looked up: who would look them up?
 * ERR_INPUT names the entry that is wrong. */
enum err servers_parse(struct servers *out, struct text list, struct why *why);

/* "192.0.2.1:53", "[2001:db8::1]:53". Returns out. Family 0 gives "the resolver". */
char *server_format(const struct dns_server *server, char out[SERVER_LEN]);
bool server_eq(const struct dns_server *a, const struct dns_server *b);

#endif
