/*
 * The authority of a URL (RFC 3986, section 3.2), read strictly: a URL in need of guesses by curl
 * or a browser is refused. For the family of this room, and for engine/notify.
 */
#ifndef MF_URL_H
#define MF_URL_H

#include "base/error.h"
#include "base/text.h"

#define URL_LEN_MAX 512

struct url {
    bool is_https;    /* otherwise http */
    bool is_loopback; /* 127.0.0.0/8, ::1 or localhost, by spelling; no name is looked up */
    char host[256];   /* lower case; an IPv6 address without brackets */
    bool is_ipv6;
    unsigned port; /* the scheme's own when none is written */
};

/* scheme "://" host [":" port] ["/"] alone: no user, path, query or fragment. */
enum err url_parse_origin(struct text t, struct url *url, struct why *why);

/* "https://host:8443" and "host:8443", without the scheme's default port. Returns out.
 */
char *url_origin(const struct url *url, char *out, size_t out_len);
char *url_authority(const struct url *url, char *out, size_t out_len);

#endif
