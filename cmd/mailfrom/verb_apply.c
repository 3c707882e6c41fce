/*
 * apply. Without --yes a person at a terminal is shown the plan first and asked, and then just that
 * plan is done; nobody at the terminal means nothing is done. The journal is opened before anything
 * is asked of anybody: where another run is going on, that is said at once.
 */
#include "run.h"
#include "run_lost.h"
#include "run_plan.h"
#include "run_shown.h"
#include "ui/confirm.h"
#include "ui/messages.h"
#include "ui/summary.h"
#include "verbs.h"

static enum err apply_load(struct run *r, struct options *o, struct why *why)
{
    if (o->plan)
        return run_plan_load(r, o, why);
    if (o->max_age)
        return why_set(why, ERR_INPUT, "--max-age is about the file of --plan, and none is given");
    return run_load(r, why);
}

static enum err apply_confirm(struct run *r, const struct options *o, bool *stopped,
                              struct why *why)
{
    if (o->yes)
        return OK;
    return o->plan ? run_plan_confirm(r, why) : run_shown_ask(r, stopped, why);
}

int verb_apply(const struct options *given)
{
    struct options o = *given;
    struct run run;
    struct why why = {""};
    int code = EXIT_CANNOT_RUN;
    bool stopped = false;
    run_init(&run, &o);
    enum err err = o.yes ? OK : confirm_possible(&why);
    if (err == OK)
        err = apply_load(&run, &o, &why);
    if (err == OK)
        err = run_journal(&run, JOURNAL_WRITE, &why);
    if (err == OK)
        run_lost_note(&run);
    if (err == OK)
        err = apply_confirm(&run, &o, &stopped, &why);
    if (err == OK)
        code = run_conclude(&run, run_carry_out(&run, &why), &why);
    else
        message_error("%s", why.text);
    if (stopped)
        code = EXIT_STOPPED;
    run_clear(&run);
    return code;
}
