/* A question on a terminal, and its answer from standard input. */
#include "confirm.h"

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

enum err confirm_ask(const char *question, struct why *why)
{
    char answer[16] = "";
    fflush(stdout);
    fprintf(stderr, "\n%s Only \"yes\" is taken for yes: ", question);
    fflush(stderr);
    if (fgets(answer, sizeof answer, stdin) && strcmp(answer, "yes\n") == 0)
        return OK;
    return why_set(why, ERR_INPUT,
                   "not confirmed, so nothing was written; \"yes\" or --yes would have");
}
