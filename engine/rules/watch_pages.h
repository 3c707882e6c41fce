/*
 * For explain.c: the pages of docs/watch as the build embeds them.
 */
#ifndef MF_WATCH_PAGES_H
#define MF_WATCH_PAGES_H

#include "base/page.h"

extern const struct page watch_pages[];

#endif
