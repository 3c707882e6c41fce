/*
 * Live control of a run: a companion that listens beside the journal and hands orders to the
 * deciding thread. A run whose file system takes no socket goes on without, and says so once.
 */
#ifndef MF_CONTROL_H
#define MF_CONTROL_H

#include "orders.h"

#include "run/run.h"

/* journal: the file, NULL: no socket (orders of the page alone); borrowed, with the notices. NULL:
 * out of memory. */
struct control *control_new(const char *journal, const struct notices *notices);
void control_free(struct control *c); /* NULL is fine; not while the run goes on */
struct run_companion control_companion(struct control *c);

#endif
