/*
 * Progress on standard error: a line that is rewritten on a terminal, a plain line now and then
 * elsewhere, so that a CI log stays readable.
 */
#ifndef MF_PROGRESS_H
#define MF_PROGRESS_H

#include "desk.h"
#include "options.h"

struct progress {
    enum progress_mode mode; /* never PROGRESS_AUTO */
    const struct fleet *fleet;
    instant_us next; /* when to show something again */
    bool shown;
};

/* For what has no desk: is a line due, and that line, which may be cut. */
bool progress_is_due(struct progress *p, instant_us now);
void progress_show(struct progress *p, char *line);
void progress_close(struct progress *p); /* ends a line that is being rewritten */

void progress_begin(struct progress *p, const struct options *o, const struct fleet *fleet);
void progress_turn(void *ctx, const struct desk *desk, instant_us now);
void progress_end(struct progress *p, const struct desk *desk);

#endif
