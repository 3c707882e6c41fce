/*
 * The names of a call: arguments, lines of @FILE, lines of standard input for "-". Blank lines and
 * lines that begin with # are skipped.
 */
#ifndef MF_INSPECT_NAMES_H
#define MF_INSPECT_NAMES_H

#include "base/arena.h"
#include "base/error.h"

struct inspect_names {
    struct arena arena;
    struct text *list; /* A-labels, lower case; in arena. Owned: the array */
    size_t len, cap;
    unsigned faults; /* names that are none; each was complained about */
};

void inspect_names_init(struct inspect_names *names);
void inspect_names_clear(struct inspect_names *names);
/* All complaints are printed; ERR_INPUT when there were any, or when a file cannot be read. */
enum err inspect_names_read(struct inspect_names *names, const char *const *arguments, size_t len,
                            struct why *why);
#endif
