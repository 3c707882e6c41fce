/*
 * A file embedded in the program; cmake/embed_pages.cmake makes tables of such pages.
 */
#ifndef MF_PAGE_H
#define MF_PAGE_H

#include "text.h"

struct page {
    const char *name; /* of the file, without the extension; NULL ends a table */
    struct text text;
};

#endif
