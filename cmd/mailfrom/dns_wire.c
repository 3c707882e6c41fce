#include "dns_wire.h"

#include <string.h>

#define CALL_TIMEOUT SPAN_S(6) /* of one question: two tries of two and four seconds */

enum inquiry_mode dns_wire_mode(const struct options *o)
{
    bool authority = o->dns ? strcmp(o->dns, "authority") == 0 : !o->resolver;
    return authority ? INQUIRY_AUTHORITY : INQUIRY_RECURSIVE;
}

enum err dns_wire_open(struct wire **wire, const struct options *o, struct why *why)
{
    const struct wire_config config = {.carriers = 1,
                                       .resolvers = text_of(o->resolver),
                                       .call_timeout_us = CALL_TIMEOUT,
                                       .verbose = o->verbose};
    return wire_open(wire, &config, why);
}
