/*
 * Backoff: how long a job waits after an error. Backoff is about errors of one job; pace.h is about
 * load. The wait grows by a factor up to a ceiling, and the jitter is a hash of (seed, job,
 * attempt), so a replay waits exactly as long.
 */
#ifndef MF_BACKOFF_H
#define MF_BACKOFF_H

#include "base/when.h"

struct backoff {
    span_us first, ceiling;
    double factor;
};

/* attempt counts from 1. Between half and all of first * factor^(attempt - 1). */
span_us backoff_span(struct backoff b, uint64_t seed, uint32_t job, uint32_t attempt);

extern const struct backoff BACKOFF_ERROR;  /* SES or the network failed */
extern const struct backoff BACKOFF_DNS;    /* DNS does not show the records yet */
extern const struct backoff BACKOFF_FOLLOW; /* SES still says Pending */

#define ATTEMPTS_MAX                                                                               \
    8 /* failures in a row before a job is given up: over two minutes of trying                    \
       */

#endif
