/* Lines for a person: made safe for a terminal, wrapped, coloured where colours are wanted. */
#include "messages.h"

#include "base/bounds.h"
#include "base/escape.h"
#include "exit_codes.h"
#include "rules/near_miss.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

void message_setup(const struct options *o)
{
    (void)o;
    setvbuf(stderr, NULL, _IOLBF, 4096);
}

__attribute__((format(printf, 3, 0))) static void message_line(const char *prefix,
                                                               const char *command, const char *fmt,
                                                               va_list ap)
{
    char line[4096];
    struct buf safe;
    vsnprintf(line, sizeof line, fmt, ap);
    buf_init(&safe, sizeof line * 8);
    fflush(stdout); /* in a log that takes both, a note stands after what was said before it */
    fprintf(stderr, "%s%s%s%s\n", prefix, message_safe(&safe, text_of(line)), *command ? " " : "",
            command);
    buf_clear(&safe);
}

void message_error(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    message_line("mailfrom: ", "", fmt, ap);
    va_end(ap);
}

void message_note(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    message_line("", "", fmt, ap);
    va_end(ap);
}

static void notice_print(void *ctx, enum notice kind, const char *sentence)
{
    (void)ctx;
    if (kind == NOTICE_ERROR)
        message_error("%s", sentence);
    else
        message_note("%s", sentence);
}

struct notices message_notices(void)
{
    return (struct notices){.tell = notice_print};
}

void message_error_then(const char *command, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    message_line("mailfrom: ", command, fmt, ap);
    va_end(ap);
}

void message_note_then(const char *command, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    message_line("", command, fmt, ap);
    va_end(ap);
}

const char *message_color(const struct options *o, enum color color)
{
    static const char *const sequences[] = {"\033[0m",  "\033[32m", "\033[33m",
                                            "\033[31m", "\033[2m",  "\033[1m"};
    return o->no_color || !isatty(STDOUT_FILENO) ? "" : sequences[color];
}

const char *message_safe(struct buf *scratch, struct text t)
{
    buf_reset(scratch);
    escape_terminal(scratch, t);
    return scratch->failed ? "(too long to show)" : scratch->at ? scratch->at : "";
}

const char *message_value(struct buf *scratch, struct text t)
{
    buf_reset(scratch);
    near_show(scratch, t);
    buf_add_char(scratch, '\0');
    return scratch->failed ? "(too long to show)" : scratch->at;
}

const char *message_place(struct buf *scratch, struct text file, uint32_t line, uint32_t column)
{
    message_safe(scratch, file);
    if (line)
        buf_add_fmt(scratch, ":%u", line);
    if (line && column)
        buf_add_fmt(scratch, ":%u", column);
    buf_add_char(scratch, '\0');
    return scratch->failed ? "(too long to show)" : scratch->at;
}

void message_complaints(const struct options *o, const struct complaints *complaints)
{
    struct buf place, text;
    uint32_t shown = complaints->len;
    buf_init(&place, LINE_LEN_MAX);
    buf_init(&text, LINE_LEN_MAX);
    if (!o->all && shown > COMPLAINTS_SHOWN)
        shown = COMPLAINTS_SHOWN;
    for (uint32_t i = 0; i < shown; i++) {
        const struct complaint *c = &complaints->list[i];
        const char *at = message_place(&place, c->file, c->line, c->column);
        fprintf(stderr, "%s%s%s\n", at, *at ? ": " : "", message_safe(&text, c->text));
    }
    uint32_t more = complaints->more + complaints->len - shown;
    if (more && o->all)
        fprintf(stderr,
                "... and %u more: these are the first %u of %u, for no more are kept; the others "
                "are shown once some of these are mended\n",
                more, shown, shown + more);
    else if (more && complaints->more)
        fprintf(stderr, "... and %u more; --all shows the first %u\n", more, complaints->len);
    else if (more)
        fprintf(stderr, "... and %u more; --all shows them\n", more);
    buf_clear(&place);
    buf_clear(&text);
}

size_t message_width(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void message_wrapped(size_t indent, struct text safe)
{
    size_t width = message_width(), columns = width > indent + 20 ? width - indent : SIZE_MAX;
    while (safe.len) {
        struct text line = text_cut_line(&safe, columns);
        printf("%*s" TEXT_FMT "\n", (int)indent, "", TEXT_ARG(line));
    }
}

void message_say(size_t indent, const char *fmt, ...)
{
    char *line = NULL;
    va_list ap;
    va_start(ap, fmt);
    int len = vasprintf(&line, fmt, ap);
    va_end(ap);
    if (len >= 0)
        message_wrapped(indent, (struct text){line, (size_t)len});
    if (len >= 0)
        free(line);
}

int message_flush(int exit_code)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    bool is_flushed = fflush(stdout) == 0;
    int error =
        is_flushed ? 0 : errno; /* of an earlier flush, which took the text, none is known */
    if (is_flushed && !ferror(stdout))
        return exit_code;
    if (error == EPIPE || (!error && poll(&out, 1, 0) > 0 && (out.revents & POLLERR)))
        return exit_code; /* the reader went away; the work itself is done and kept */
    message_error("cannot write to standard output: %s",
                  error ? strerror(error) : "it has not taken all of the text");
    return exit_code == EXIT_OK ? EXIT_CANNOT_RUN : exit_code;
}
