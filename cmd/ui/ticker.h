/*
 * Progress in one line, for work that has no progress view: rewritten on a terminal, now and then
 * elsewhere.
 */
#ifndef MF_TICKER_H
#define MF_TICKER_H

#include "options/options.h"
#include "screen.h"

struct ticker {
    enum progress_mode mode;
    instant_us began, next; /* next: when to show something again */
    bool shown;
    struct screen screen;
};

void ticker_begin(struct ticker *t, const struct options *o);
bool ticker_is_due(struct ticker *t, instant_us now);
void ticker_show(struct ticker *t, const char *line); /* ours, not from outside */
void ticker_end(struct ticker *t);                    /* the last line stays */

#endif
