/*
 * A file that the program carries inside itself; cmake/embed_pages.cmake makes tables of them.
 */
#ifndef MF_PAGE_H
#define MF_PAGE_H

#include "text.h"

struct page {
    const char *name; /* of the file, without its end; NULL ends a table */
    struct text text;
};

#endif
