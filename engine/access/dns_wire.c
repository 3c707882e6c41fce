/* A wire without lanes, for verbs with questions to DNS alone. */
#include "dns_wire.h"

#define CALL_TIMEOUT SPAN_S(6) /* of one question: two tries of two and four seconds */

enum err dns_wire_open(struct wire **wire, const struct access *a, struct why *why)
{
    const struct wire_config config = {.carriers = 1,
                                       .resolvers = text_of(a->resolver),
                                       .call_timeout_us = CALL_TIMEOUT,
                                       .verbose = a->verbose};
    return wire_open(wire, &config, why);
}
