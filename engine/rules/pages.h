/*
 * For explain.c: the pages of docs/rules as the build embeds them.
 */
#ifndef MF_PAGES_H
#define MF_PAGES_H

#include "base/page.h"

extern const struct page pages[];

#endif
