/*
 * A web server for tests: plain HTTP or TLS on a loopback port of the system's choice, a thread per
 * connection. What it does depends on the path; see the table in web_server.c.
 */
#ifndef MF_TEST_WEB_SERVER_H
#define MF_TEST_WEB_SERVER_H

#include <stdint.h>

enum web_security {
    WEB_PLAIN,
    WEB_TRUSTED,     /* a certificate for 127.0.0.1 and localhost by the authority in ca_path */
    WEB_EXPIRED,     /* the same, of yesterday */
    WEB_OTHER_HOST,  /* the same for elsewhere.example */
    WEB_SELF_SIGNED, /* ca_path holds somebody else */
    WEB_UNKNOWN_CA,
    WEB_OLD_TLS, /* trusted, but TLS 1.1 at most */
    WEB_MUTE,    /* takes connections and says nothing */
};

struct web_server;

struct web_server *web_server_open(enum web_security security);
void web_server_close(struct web_server *s);
uint16_t web_server_port(const struct web_server *s);
const char *web_server_ca_path(const struct web_server *s); /* PEM file; gone after close */
unsigned web_server_requests(const struct web_server *s);   /* whose header came as a whole */
unsigned web_server_connections(const struct web_server *s);
unsigned web_server_closed(const struct web_server *s); /* connections that it has closed */
/* Start line and header of the last request; NUL-terminated. Only while nothing is under way. */
const char *web_server_last(struct web_server *s);

#endif
