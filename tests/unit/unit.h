/*
 * What a unit test of this tree includes first: cmocka, which wants four headers before it, and a
 * few words that its tables share.
 */
#ifndef MF_UNIT_H
#define MF_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

#include "base/count.h"

/* Same length and bytes; on a difference both are shown. */
#define assert_text(got, want)                                                                     \
    do {                                                                                           \
        struct text got_ = (got), want_ = (want);                                                  \
        if (!text_eq(got_, want_))                                                                 \
            fail_msg("got '" TEXT_FMT "', want '" TEXT_FMT "'", TEXT_ARG(got_), TEXT_ARG(want_));  \
    } while (0)

/* cmocka 2 has one for each kind of integer, and calls the one of cmocka 1 deprecated, so that is
 * not to be had here with either. */
#undef assert_in_range
#define assert_between(value, least, most)                                                         \
    do {                                                                                           \
        long long value_ = (long long)(value), least_ = (long long)(least);                        \
        long long most_ = (long long)(most);                                                       \
        if (value_ < least_ || value_ > most_)                                                     \
            fail_msg("%lld is not within %lld and %lld", value_, least_, most_);                   \
    } while (0)

/* By how much a bound on time may be missed; see tests/wire/timeouts.py. */
static inline double test_timeouts(void)
{
    const char *factor = getenv("TEST_PATIENCE");
    return factor ? strtod(factor, NULL) : 1;
}

/* A repeatable stream for property tests: xorshift64* (Vigna 2016). Print the seed on failure. */
static inline uint64_t dice(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * 0x2545f4914f6cdd1du;
}

#endif
