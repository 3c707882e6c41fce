/* The table of the providers that speak HTTP. */
#include "providers_internal.h"

#include <assert.h>

enum err provider_request_make(struct aws_request *r, const struct call *c,
                               const struct provider_at *at, const struct credentials *cred,
                               instant_us now, struct why *why)
{
    assert(call_is_of_provider(c->kind) && at->kind != PROVIDER_RFC2136);
    aws_request_clear(r);
    return at->kind == PROVIDER_ROUTE53 ? route53_request_make(r, c, at, cred, now, why)
                                        : cloudflare_request_make(r, c, at, why);
}

void provider_reply_decode(struct call *c, const struct aws_reply *r)
{
    assert(call_is_of_provider(c->kind) && c->api != API_RFC2136);
    provider_answer_drop(c);
    if (c->api == API_ROUTE53)
        route53_reply_decode(c, r);
    else
        cloudflare_reply_decode(c, r);
    aws_reply_headers(c, r);
}
