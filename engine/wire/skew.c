/* The skew of one answer: the Date against the middle of the round trip. */
#include "skew.h"

bool skew_measure(instant_us sent_at, instant_us received_at, instant_us server_date, span_us *skew)
{
    span_us trip = received_at - sent_at;
    if (server_date == 0 || trip > SKEW_TRIP_MAX_US)
        return false;
    span_us difference = server_date - (sent_at + trip / 2);
    bool is_far = difference > SKEW_MIN_US || difference < -SKEW_MIN_US;
    *skew = is_far ? difference : 0;
    return true;
}
