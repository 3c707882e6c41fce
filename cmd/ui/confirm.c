/* A question on a terminal, and its answer from standard input. */
#include "confirm.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum err confirm_possible(struct why *why)
{
    if (isatty(STDIN_FILENO))
        return OK;
    return why_set(
        why, ERR_INPUT,
        "no terminal to ask for confirmation: give --yes to write to SES without asking");
}

/* The terminal that the answer is read from, since standard error may be a file: there the question
 * would be seen by nobody. NULL: it cannot be written to. */
static FILE *terminal_open(void)
{
    const char *const names[] = {"/proc/self/fd/0", "/dev/tty"};
    int fd = -1;
    for (size_t i = 0; i < sizeof names / sizeof *names && fd < 0; i++)
        fd = open(names[i], O_WRONLY | O_NOCTTY | O_CLOEXEC);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (fd >= 0 && !out)
        close(fd);
    return out;
}

enum err confirm_ask(const char *question, struct why *why)
{
    char answer[16] = "";
    FILE *terminal = isatty(STDERR_FILENO) ? NULL : terminal_open();
    FILE *out = terminal ? terminal : stderr;
    fflush(stdout);
    fprintf(out, "\n%s Only \"yes\" is taken for yes: ", question);
    fflush(out);
    bool confirmed = fgets(answer, sizeof answer, stdin) && strcmp(answer, "yes\n") == 0;
    if (terminal)
        fclose(terminal);
    return confirmed
               ? OK
               : why_set(why, ERR_INPUT,
                         "not confirmed, so nothing was written; \"yes\" or --yes would have");
}
