/*
 * The table of options, the only list: source of --help, parsing and completion. For the family of
 * options.c.
 */
#ifndef MF_OPTION_ROWS_H
#define MF_OPTION_ROWS_H

#include "options.h"

struct option_row {
    const char *name;
    enum option_set set; /* the groups it belongs to; OPTIONS_NONE: every verb has it */
    const char *value;   /* what it takes, for --help; NULL: a switch */
    const char *help;
    enum err (*read)(struct options *o, const char *value, struct why *why);
};

/* In the order of --help; ends with a NULL name. */
extern const struct option_row option_rows[];

bool option_is_for(enum option_set accepted, const struct option_row *row);

#endif
