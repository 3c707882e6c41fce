/*
 * The exit codes of `mailfrom`: one table, from which --help and the manual are made, and which
 * README.md repeats (tests/guards/exit_codes.py).
 */
#ifndef MF_EXIT_CODES_H
#define MF_EXIT_CODES_H

#include <stdio.h>

enum exit_code {
    EXIT_OK = 0,
    EXIT_CANNOT_RUN = 1,
    EXIT_CHANGES = 2,
    EXIT_TROUBLE = 3,
    EXIT_STOPPED = 4,
};

/* Of two parts of one run: the worse code. */
int exit_worse(int a, int b);
/* "  3  finished, but ...", a code to a paragraph. */
void exit_codes_print(FILE *out);

#endif
