/*
 * From a sweep of watching to the live page: the problems, worst first, and every identity for the search.
 */
#ifndef MF_LIVE_WATCHING_H
#define MF_LIVE_WATCHING_H

#include "live_page.h"
#include "ui/watch_report.h"

/* After a sweep, or what should have been one. */
struct live_sweep {
    const struct watch_report *report;
    const char *blind;       /* why nothing was seen; NULL: it has looked */
    instant_us last_success; /* 0: none yet */
    span_us every;
    struct text metrics;
    instant_us now;
};

/* *p may be NULL. */
enum err live_page_swept(struct live_page *p, const struct live_sweep *sweep, struct why *why);

#endif
