/*
 * For explain.c: the pages of docs/rules as the build embeds them.
 */
#ifndef MF_PAGES_H
#define MF_PAGES_H

#include "base/text.h"

struct page {
    const char *name; /* "mx-missing"; NULL ends the table */
    struct text text; /* the file, byte by byte; a NUL follows */
};

extern const struct page pages[];

#endif
