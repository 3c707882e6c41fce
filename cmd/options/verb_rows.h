/*
 * The table of verbs: --help, completion and printed commands read it. What a verb does is verbs.h.
 */
#ifndef MF_VERB_ROWS_H
#define MF_VERB_ROWS_H

#include "options.h"

struct verb_row {
    const char *name;
    const char *arguments; /* "MANIFEST...", for the usage line */
    const char *summary;   /* one line */
    option_set options;
    const char *help; /* what it does, in a few lines */
    const char *example;
};

/* In the order of a migration; ends with a NULL name. */
extern const struct verb_row verb_rows[];

const struct verb_row *verb_row_find(const char *name); /* NULL: there is none */

#endif
