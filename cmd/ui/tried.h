/*
 * Which versions of a library have been tried: the table of docs/LIBRARIES.md, as the build has
 * read it. Pure.
 */
#ifndef MF_TRIED_H
#define MF_TRIED_H

#include <stdbool.h>

#define COMPLAINT_LEN 128

/* The table; a row without a name ends it. libraries_tried.c in the build folder. */
struct tried_row {
    const char *name, *least, *greatest;
};

extern const struct tried_row tried_rows[];

/* False: the version ("1.34.9") is outside of what was tried of this library, or none was;
 * complaint is then a sentence without its full stop. */
bool version_is_tried(const char *library, const char *version, char complaint[COMPLAINT_LEN]);

#endif
