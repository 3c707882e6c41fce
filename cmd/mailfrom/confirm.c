#include "confirm.h"

#include "verbs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum err confirm_possible(struct why *why)
{
    if (isatty(STDIN_FILENO))
        return OK;
    return why_set(
        why, ERR_INPUT,
        "nobody is at the terminal to say yes: give --yes to write to SES without asking");
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

enum err confirm_plan(const struct options *o, bool *stopped, struct why *why)
{
    struct options plan = *o;
    plan.reports_len = 0;
    plan.out = NULL;
    plan.detailed_exitcode = true;
    *stopped = false;
    switch (verb_plan(&plan)) {
    case EXIT_OK:
        return why_set(why, ERR_GONE,
                       "there is nothing to change: SES has what the manifest wants");
    case EXIT_CANNOT_RUN:
        return why_set(why, ERR_INPUT,
                       "the plan could not be made (see above), so nothing was written");
    case EXIT_STOPPED:
        *stopped = true;
        return why_set(why, ERR_INPUT, "stopped while planning; nothing was written");
    default: return confirm_ask("Change SES as shown?", why);
    }
}
