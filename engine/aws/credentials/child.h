/*
 * Runs a program for its output. For the family of this folder.
 */
#ifndef MF_CHILD_H
#define MF_CHILD_H

#include "base/buf.h"
#include "base/error.h"
#include "base/when.h"

struct child_result {
    struct buf out;   /* standard output; output beyond the bound ends the program */
    struct buf err;   /* the beginning of standard error */
    int status;       /* as waitpid() tells */
    bool is_late;     /* was killed, because the time was over */
    bool is_too_long; /* killed after too much output */
};

/* Runs argv[0] without a shell, looked up in PATH unless the name has a slash: one execve, standard
 * input empty, no descriptor of ours, a process group of its own, killed as a whole. Blocks.
 * ERR_AUTH: cannot be started; ERR_BUSY: ending_fd became readable; both with a sentence in why. */
enum err child_run(char *const argv[], span_us time_max, int ending_fd, struct child_result *result,
                   struct why *why);

#endif
