/*
 * Instants and spans, in microseconds. No function here asks for the time: callers pass `now`.
 */
#ifndef MF_WHEN_H
#define MF_WHEN_H

#include "text.h"

typedef int64_t instant_us; /* since 1970-01-01T00:00:00Z, UTC */
typedef int64_t span_us;

#define WHEN_NEVER INT64_MAX
#define SPAN_MS(n) ((span_us)(n)*1000)
#define SPAN_S(n)  ((span_us)(n)*1000000)
#define SPAN_M(n)  SPAN_S((span_us)(n)*60)
#define SPAN_H(n)  SPAN_M((span_us)(n)*60)

static inline instant_us when_earlier(instant_us a, instant_us b)
{
    return a < b ? a : b;
}

static inline instant_us when_later(instant_us a, instant_us b)
{
    return a > b ? a : b;
}

#define WHEN_LEN 32

/* "2026-05-20T08:30:00Z" (whole seconds); "" for 0 and for WHEN_NEVER. Returns out. */
char *when_format(instant_us at, char out[WHEN_LEN]);
/* With milliseconds: "2026-05-20T08:30:00.250Z". */
char *when_format_ms(instant_us at, char out[WHEN_LEN]);
/* "20260520T083000Z", as in SigV4. */
char *when_format_basic(instant_us at, char out[WHEN_LEN]);
/* ISO 8601 in UTC, with "T" or blank, fraction optional, ending in Z, +00:00 or UTC. */
bool when_parse(struct text t, instant_us *out);

/* "72h", "90m", "45s", "500ms", "2d", "1h30m". False on any other text, zero included. */
bool span_parse(struct text t, span_us *out);
/* For people, at most two units: "2 h 47 min", "1 min 40 s", "12 s", "0 s". Returns out. */
char *span_format(span_us span, char out[WHEN_LEN]);
/* In the form of span_parse(), in whole milliseconds: "1h30m", "9s", "1s500ms"; "" below one.
 * Returns out. */
char *span_write(span_us span, char out[WHEN_LEN]);

#endif
