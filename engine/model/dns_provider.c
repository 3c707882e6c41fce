/* The names of the providers, as keys of a manifest. */
#include "dns_provider.h"

const char *provider_kind_name(enum provider_kind kind)
{
    static const char *const names[PROVIDER_KINDS] = {
        [PROVIDER_ROUTE53] = "route53",
        [PROVIDER_RFC2136] = "rfc2136",
        [PROVIDER_CLOUDFLARE] = "cloudflare",
    };
    return names[kind];
}
