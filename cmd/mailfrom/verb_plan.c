#include "run.h"
#include "say.h"
#include "summary.h"
#include "verbs.h"

int verb_plan(const struct options *given)
{
    struct options o = *given;
    struct run run;
    struct why why = {""};
    int code = EXIT_CANNOT_RUN;
    run_init(&run, &o);
    run.head.verb = RUN_PLAN;
    enum err err = run_load(&run, &why);
    if (err == OK)
        err = journal_open(&run.journal, NULL, JOURNAL_MEMORY, &why);
    if (err == OK)
        code = run_conclude(&run, run_carry_out(&run, &why), &why);
    else
        say_error("%s", why.text);
    run_clear(&run);
    return code;
}
