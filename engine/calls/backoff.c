/* Exponential backoff with jitter: factors and ceilings; the jitter is a hash. */
#include "backoff.h"

#include "base/hash.h"

/* 1 s, as the AWS SDKs do for throttled calls. Trouble beyond the SDKs' 20 s is an outage, and one
 * try in five minutes is enough to see the end. */
const struct backoff BACKOFF_ERROR = {SPAN_S(1), SPAN_M(5), 2};
/* DNS is not metered, but the servers are other people's: at most one look a minute, and fewer
 * after a long wait (step.c). */
const struct backoff BACKOFF_DNS = {SPAN_S(2), SPAN_S(60), 1.6};
/* SES often sees the MX within a minute; later once in a quarter of an hour is enough, since the
 * job waits for the owner of the DNS. */
const struct backoff BACKOFF_FOLLOW = {SPAN_S(5), SPAN_M(15), 2};

span_us backoff_span(struct backoff b, uint64_t seed, uint32_t job, uint32_t attempt)
{
    double span = (double)b.first;
    for (uint32_t i = 1; i < attempt && span < (double)b.ceiling; i++)
        span *= b.factor;
    if (span > (double)b.ceiling)
        span = (double)b.ceiling;
    return (span_us)(span * (0.5 + 0.5 * hash_unit(seed, job, attempt)));
}
