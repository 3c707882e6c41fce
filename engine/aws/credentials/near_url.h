/*
 * URLs of services with keys for unsigned requests: a container's and an instance's. Plain http
 * goes only to this machine and to AWS's addresses of these services; names are not looked up for
 * plain http. For the family of this folder.
 */
#ifndef MF_NEAR_URL_H
#define MF_NEAR_URL_H

#include "aws/url.h"

struct near_url {
    struct url at;
    struct text origin, path; /* of the parsed text; path begins with "/" or is empty */
    char host[URL_LEN_MAX];   /* the Host header */
};

/* Pure. hosts: hosts allowed besides loopback for http. ERR_AUTH, with the reason. */
enum err near_url_parse(struct text t, const char *const *hosts, size_t hosts_len,
                        struct near_url *url, struct why *why);

#endif
