/*
 * Which versions of a library have been tried: the table of docs/LIBRARIES.md, as the build has
 * read it. Pure.
 */
#ifndef MF_TRIED_H
#define MF_TRIED_H

#include <stdbool.h>

#define COMPLAINT_LEN 128

/* False: the version ("1.34.9") is outside of what was tried of this library, or none was;
 * complaint is then a sentence without its full stop. */
bool version_is_tried(const char *library, const char *version, char complaint[COMPLAINT_LEN]);

#endif
