/*
 * URLs of services that hand out keys without asking for any: a container's and an instance's.
 * Plain http goes to this machine and to the addresses that AWS gives to those services, nowhere
 * else; names are not looked up for it. For the family of this folder.
 */
#ifndef MF_NEAR_URL_H
#define MF_NEAR_URL_H

#include "aws/url.h"

struct near_url {
    struct url at;
    struct text origin, path; /* of the text that was parsed; path begins with "/" or is empty */
    char host[URL_LEN_MAX];   /* the Host header */
};

/* Pure. hosts: those allowed besides loopback for http. ERR_AUTH, with the reason. */
enum err near_url_parse(struct text t, const char *const *hosts, size_t hosts_len,
                        struct near_url *url, struct why *why);

#endif
