/*
 * The zones that a run waits for, for a person who asks the owners of their DNS.
 */
#ifndef MF_WAITING_TEXT_H
#define MF_WAITING_TEXT_H

#include "options/options.h"
#include "run/run.h"

/* The oldest and largest zones of r->head.id with the row that has waited longest, ten without
 * --verbose; nothing when no row waits for DNS. */
enum err waiting_print(const struct options *o, struct run *r, struct why *why);

#endif
