/*
 * One DNS server in writing: "192.0.2.1", "192.0.2.1:53", "[2001:db8::1]:53". Pure.
 */
#ifndef MF_SERVER_TEXT_H
#define MF_SERVER_TEXT_H

#include "question.h"

/* An IPv4 or IPv6 address with an optional port (an IPv6 address in brackets then); the default
 * port is 53. False: it is none; names are none. */
bool server_parse(struct dns_server *out, struct text entry);

#endif
