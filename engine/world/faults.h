/*
 * Faults by seed. A hash of (seed, kind, number of the call) decides about each fault, so equal
 * seeds give equal faults. A share of 0 switches a kind off.
 */
#ifndef MF_FAULTS_H
#define MF_FAULTS_H

#include "base/error.h"
#include "base/when.h"

enum fault {
    FAULT_THROTTLE,    /* throttled although the bucket had a token */
    FAULT_NOT_SENT,    /* no connection */
    FAULT_LOST_BEFORE, /* the request never took effect, and no answer came */
    FAULT_LOST_AFTER,  /* the call took effect, and no answer came */
    FAULT_LATE,        /* no answer came, and the call takes effect later */
    FAULT_HTTP_500,    /* an HTML page instead of an answer; no effect */
    FAULT_EXPIRED,     /* ExpiredToken */
    FAULT_ODD,         /* 403 with the page of a proxy: no word of SES */
    FAULT_STALE,       /* a read without the newest write */
    FAULT_DNS_TIMEOUT,
    FAULT_DNS_SERVFAIL,
    FAULT_BUSY,    /* Route 53: PriorRequestNotComplete */
    FAULT_PARTIAL, /* a change is answered with success, and some of it was made */
    FAULT_HOLLOW,  /* likewise, and none of it */
    FAULTS_LEN,
};

struct faults {
    uint64_t seed;
    double share[FAULTS_LEN]; /* 0 .. 1 */
    span_us late_max;         /* how late FAULT_LATE may take effect */
    span_us stale_max;        /* how old a stale read may be */
};

const char *fault_name(enum fault f); /* "lost-after" */
bool fault_hits(const struct faults *f, enum fault kind, uint64_t number);
/* "throttle=0.02,lost-after=0.01"; an unknown name is ERR_INPUT. Shares only. */
enum err faults_parse(struct faults *f, struct text spec, struct why *why);
/* A mix drawn from the seed: each kind is off, rare or frequent. For simulations. */
void faults_draw(struct faults *f, uint64_t seed);

#endif
