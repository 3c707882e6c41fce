/*
 * Clock skew: how far the service's clock is from ours, as the Date of an answer shows it. For the
 * carrier. Source: the AWS SDKs' correction of 2026 (smithy-rs pull 4800 and its kin).
 */
#ifndef MF_SKEW_H
#define MF_SKEW_H

#include "base/when.h"

/* SigV4 allows five minutes either way; a smaller difference is left alone, so that the clock of a
 * server that is a little off changes nothing. */
#define SKEW_MIN_US SPAN_M(4)
/* Of a longer trip nobody knows when on its way the Date was written. */
#define SKEW_TRIP_MAX_US SPAN_M(15)

/* The service's clock minus ours, taken at the middle of the trip; 0 when that is not far. False:
 * the answer says nothing, because it has no Date, one from a cache (then server_date is 0 too), or
 * took too long. */
bool skew_measure(instant_us sent_at, instant_us received_at, instant_us server_date,
                  span_us *skew);

#endif
