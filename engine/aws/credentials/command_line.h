/*
 * A command line taken apart as a POSIX shell would quote it, and no further: nothing is expanded,
 * nothing is piped, nothing is run. For the family of this folder.
 * Source: Python's shlex.split(), which is what botocore does with credential_process.
 */
#ifndef MF_COMMAND_LINE_H
#define MF_COMMAND_LINE_H

#include "base/bounds.h"
#include "base/buf.h"
#include "base/error.h"

struct command_line {
    struct buf bytes;                      /* the arguments, each with its NUL */
    char *argv[COMMAND_ARGUMENTS_MAX + 1]; /* NULL at the end; into bytes */
    unsigned argc;
};

void command_line_init(struct command_line *c);
void command_line_clear(struct command_line *c); /* wipes */
/* Pure. ERR_INPUT: a quote that is not closed, nothing at all, a NUL; ERR_LIMIT. */
enum err command_line_parse(struct command_line *c, struct text line, struct why *why);

#endif
