/*
 * The table of options, the only list: source of --help, parsing and completion. For the family of
 * options.c.
 */
#ifndef MF_OPTION_ROWS_H
#define MF_OPTION_ROWS_H

#include "base/buf.h"
#include "options.h"

struct option_row {
    const char *name;
    option_set set;    /* the verbs that list it; OPTIONS_NONE: every verb */
    const char *value; /* what it takes, for --help; NULL: a switch */
    const char *help;
    enum err (*read)(struct options *o, const char *value, struct why *why);
    /* The words that it takes instead of value: those of another table, so that there is one. */
    const char *(*word)(size_t i);
    char letter;    /* the short spelling; 0: there is none */
    bool is_common; /* every verb takes it, also where it changes nothing and is not listed */
    bool repeats;   /* each value is added to the others */
    bool may_be_empty;
};

#define OPTIONS_MAX 128 /* rows, the last one among them */

/* In the order of --help; ends with a NULL name. */
extern const struct option_row option_rows[];

/* What it takes, as --help has it: value, or the words with "|" between. */
void option_value_add(struct buf *out, const struct option_row *row);
/* Is it listed for such a verb? */
bool option_is_for(option_set accepted, const struct option_row *row);
/* A row of that name that such a verb takes, listed or not; NULL: there is none. */
const struct option_row *option_find(option_set accepted, struct text name);
/* The same of any verb. */
const struct option_row *option_find_any(struct text name);
const struct option_row *option_find_letter(char letter);

#endif
