/*
 * For explain.c: the pages of docs/states as the build embeds them.
 */
#ifndef MF_STATES_H
#define MF_STATES_H

#include "base/page.h"

extern const struct page states[];

#endif
