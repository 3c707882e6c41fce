/*
 * A provider of DNS, as the manifest names it under dns.publish: who can write which zones, and by
 * whose credentials. No secret is in here: a provider names files and variables.
 */
#ifndef MF_DNS_PROVIDER_H
#define MF_DNS_PROVIDER_H

#include "record_set.h"

struct provider {
    enum provider_kind kind;
    struct text *zones; /* patterns as in base/glob.h, in lower case: "*.example.com" */
    uint32_t zones_len;
    uint16_t account;         /* ROUTE53: row of fleet.accounts */
    struct text endpoint_url; /* ROUTE53, CLOUDFLARE: instead of the usual one; empty: none */
    struct text token_env;    /* CLOUDFLARE: the variable that has the API token */
    struct text server;       /* RFC2136: "192.0.2.53", "[2001:db8::53]:5353" */
    struct text key_file;     /* RFC2136: a TSIG key as tsig-keygen and keymgr write it; or */
    struct text key_name, key_algorithm, key_secret_env; /* name, algorithm, variable */
    uint16_t file;                                       /* row of fleet.files */
    uint32_t line, column;                               /* of the entry, from 1 */
};

const char *provider_kind_name(enum provider_kind kind); /* "route53", "rfc2136", "cloudflare" */

#endif
