/*
 * A program that is run for what it prints. For the family of this folder.
 */
#ifndef MF_CHILD_H
#define MF_CHILD_H

#include "base/buf.h"
#include "base/error.h"
#include "base/when.h"

struct child_result {
    struct buf out;   /* standard output; a longer one than its bound ends the program */
    struct buf err;   /* standard error, its beginning */
    int status;       /* as waitpid() tells */
    bool is_late;     /* was killed, because the time was over */
    bool is_too_long; /* was killed, because it printed too much */
};

/* Runs argv[0], looked up in PATH when it has no slash, without a shell: one execve, standard input
 * empty, no descriptor of ours, a process group of its own, which is killed as a whole. Blocks.
 * ERR_AUTH: it cannot be started; ERR_BUSY: ending_fd became readable; both say so in why. */
enum err child_run(char *const argv[], span_us time_max, int ending_fd, struct child_result *result,
                   struct why *why);

#endif
