/*
 * A command line split by POSIX quoting alone: no expansion, no pipe, no execution. For the family
 * of this folder, and for the hooks of engine/notify. Source: Python's shlex.split(), used by
 * botocore for credential_process.
 */
#ifndef MF_COMMAND_LINE_H
#define MF_COMMAND_LINE_H

#include "base/bounds.h"
#include "base/buf.h"
#include "base/error.h"

struct command_line {
    struct buf bytes;                      /* the arguments, each with a NUL */
    char *argv[COMMAND_ARGUMENTS_MAX + 1]; /* NULL at the end; into bytes */
    unsigned argc;
};

void command_line_init(struct command_line *c);
void command_line_clear(struct command_line *c); /* wipes */
/* Pure. ERR_INPUT: an open quote, an empty line, a NUL; ERR_LIMIT. */
enum err command_line_parse(struct command_line *c, struct text line, struct why *why);

#endif
