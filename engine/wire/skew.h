/*
 * Clock skew: the difference between the service's clock and ours, by the Date of an answer. For
 * the carrier. Source: the AWS SDKs' correction of 2026 (smithy-rs pull 4800 and related changes).
 */
#ifndef MF_SKEW_H
#define MF_SKEW_H

#include "base/when.h"

/* SigV4 allows five minutes either way; a smaller difference is ignored, so a slightly wrong server
 * clock has no effect. */
#define SKEW_MIN_US SPAN_M(4)
/* In a longer trip the time of writing the Date is too uncertain. */
#define SKEW_TRIP_MAX_US SPAN_M(15)

/* The service's clock minus ours, taken at the middle of the trip; 0 for a small difference. False:
 * the answer has no Date, a Date from a cache (then server_date is 0 too), or took too long. */
bool skew_measure(instant_us sent_at, instant_us received_at, instant_us server_date,
                  span_us *skew);

#endif
