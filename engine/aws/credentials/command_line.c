/* Splits a command line by quotes and backslashes, as a POSIX shell does, without any expansion. */
#include "command_line.h"

#include <string.h>

void command_line_init(struct command_line *c)
{
    *c = (struct command_line){.argc = 0};
    buf_init(&c->bytes, COMMAND_LEN_MAX);
}

void command_line_clear(struct command_line *c)
{
    buf_wipe(&c->bytes);
    command_line_init(c);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* One argument; the index behind it, or past the end when a quote or a backslash hangs. */
static size_t argument_take(struct buf *out, struct text line, size_t i)
{
    while (i < line.len && !is_blank(line.at[i])) {
        char c = line.at[i++];
        if (c == '\'' || c == '"') {
            /* After the opening quote; the index behind the closing one, or past the end when there
             * is none. In double quotes a backslash quotes only itself and the quote. */
            for (; i < line.len && line.at[i] != c; i++) {
                bool escapes = c == '"' && line.at[i] == '\\' && i + 1 < line.len &&
                               (line.at[i + 1] == '"' || line.at[i + 1] == '\\');
                buf_add_char(out, line.at[i += escapes]);
            }
            i++;
        } else if (c != '\\') {
            buf_add_char(out, c);
        } else if (i < line.len) {
            buf_add_char(out, line.at[i++]);
        } else {
            return line.len + 1;
        }
    }
    buf_add_char(out, '\0');
    return i;
}

enum err command_line_parse(struct command_line *c, struct text line, struct why *why)
{
    if (text_find(line, '\0') < line.len)
        return why_set(why, ERR_INPUT, "contains a NUL byte");
    for (size_t i = 0;;) {
        while (i < line.len && is_blank(line.at[i]))
            i++;
        if (i >= line.len)
            break;
        if (c->argc == COMMAND_ARGUMENTS_MAX)
            return why_set(why, ERR_LIMIT, "more than %d arguments", COMMAND_ARGUMENTS_MAX);
        i = argument_take(&c->bytes, line, i);
        if (i > line.len)
            return why_set(why, ERR_INPUT,
                           "a quote is not closed, or the line ends in a backslash");
        c->argc++;
    }
    if (c->bytes.failed)
        return why_set(why, ERR_LIMIT, "longer than %d bytes", COMMAND_LEN_MAX);
    if (c->argc == 0)
        return why_set(why, ERR_INPUT, "the command line is empty");
    /* Last, because growing moves the bytes. */
    char *at = c->bytes.at;
    for (unsigned i = 0; i < c->argc; i++, at += strlen(at) + 1)
        c->argv[i] = at;
    c->argv[c->argc] = NULL;
    return OK;
}
