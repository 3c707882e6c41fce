/* Compares versions of libraries number by number with the table that the build has read. */
#include "tried.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Compares numbers part by part, as many as the bound has: 1.34.9 and 1.34 are the same. */
static int version_compare(const char *version, const char *bound)
{
    while (*bound) {
        char *version_end, *bound_end;
        unsigned long v = strtoul(version, &version_end, 10), b = strtoul(bound, &bound_end, 10);
        if (v != b)
            return v < b ? -1 : 1;
        version = version_end + (*version_end == '.');
        bound = bound_end + (*bound_end == '.');
    }
    return 0;
}

static const struct tried_row *row_of(const char *library)
{
    for (const struct tried_row *row = tried_rows; row->name; row++)
        if (strcmp(row->name, library) == 0)
            return row;
    return NULL;
}

bool version_is_tried(const char *library, const char *version, char complaint[COMPLAINT_LEN])
{
    const struct tried_row *row = row_of(library);
    complaint[0] = '\0';
    if (!row)
        snprintf(complaint, COMPLAINT_LEN, "no version of %s was tried", library);
    else if (version_compare(version, row->least) < 0)
        snprintf(complaint, COMPLAINT_LEN, "%s %s is older than %s, the least that was tried",
                 library, version, row->least);
    else if (version_compare(version, row->greatest) > 0)
        snprintf(complaint, COMPLAINT_LEN, "%s %s is newer than %s, the greatest that was tried",
                 library, version, row->greatest);
    return complaint[0] == '\0';
}
