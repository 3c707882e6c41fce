/*
 * apply. Without --yes a person at a terminal is shown the plan first and asked; nobody at the
 * terminal means nothing is done.
 */
#include "confirm.h"
#include "run.h"
#include "say.h"
#include "summary.h"
#include "verbs.h"

static int apply_run(struct run *r, struct why *why)
{
    enum err err = run_journal(r, JOURNAL_WRITE, why);
    if (err == OK)
        err = run_carry_out(r, why);
    int code = run_conclude(r, err, why);
    return code;
}

int verb_apply(const struct options *o)
{
    struct run run;
    struct why why = {""};
    int code = EXIT_CANNOT_RUN;
    run_init(&run, o);
    enum err err = o->yes ? OK : confirm_possible(&why);
    if (err == OK)
        err = run_load(&run, &why);
    if (err == OK && !o->yes)
        err = confirm_plan(o, &why);
    if (err == OK)
        code = apply_run(&run, &why);
    else
        say_error("%s", why.text);
    run_clear(&run);
    return code;
}
