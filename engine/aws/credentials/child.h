/*
 * Runs a program of the user: one that prints keys, or a hook that is told of an event. For the
 * family of this folder, and for engine/notify.
 */
#ifndef MF_CHILD_H
#define MF_CHILD_H

#include "base/buf.h"
#include "base/error.h"
#include "base/when.h"

/* Borrowed for the call. */
struct child_terms {
    char *const *argv;
    char *const *envp; /* NULL: the environment of this process */
    struct text input; /* its standard input; empty: /dev/null */
    span_us time_max;  /* then it is asked to end, */
    span_us grace;     /* and after so much more it is killed; 0: killed at once */
    int ending_fd;     /* readable: the program is killed at once; -1: never */
    bool drops_output; /* output beyond the bounds is read and dropped, and ends nothing */
};

struct child_result {
    struct buf out;   /* standard output; output beyond the bound ends the program */
    struct buf err;   /* the beginning of standard error */
    int status;       /* as waitpid() tells */
    bool is_late;     /* was asked to end or killed, because the time was over */
    bool is_too_long; /* killed after too much output */
};

/* The file of a program: looked up in PATH unless the name has a slash. ERR_AUTH: there is none
 * that may be run. */
enum err child_find(const char *name, char path[], struct why *why); /* of PATH_LEN_MAX bytes */

/* Runs argv[0] without a shell: one execve, no descriptor of ours, a process group of its own,
 * killed as a whole, also what is left of it after its end. Blocks.
 * ERR_AUTH: cannot be started; ERR_BUSY: ending_fd became readable; both with a sentence in why. */
enum err child_run(const struct child_terms *terms, struct child_result *result, struct why *why);

#endif
