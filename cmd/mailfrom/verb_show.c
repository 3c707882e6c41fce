/* show: a plan file as plan showed it, whatever has become of SES, DNS and the manifests since. */
#include "kinds.h"
#include "options/advice.h"
#include "run/planned.h"
#include "session.h"
#include "ui/messages.h"
#include "ui/plan_facts.h"
#include "verbs.h"

#include <stdio.h>
#include <string.h>

static enum err show_vet(struct options *o, struct why *why)
{
    if (o->arguments_len != 1)
        return why_set(why, ERR_INPUT, "found %zu files, expected one plan file at a time",
                       o->arguments_len);
    o->plan = o->arguments[0];
    enum err err = session_report_vet(o, why);
    return err == OK ? kinds_plan_vet(o, why) : err;
}

static void facts_print(const struct session *s)
{
    struct buf out;
    buf_init(&out, LINE_LEN_MAX);
    plan_facts_add(&out, &s->run, &s->options.access, s->options.plan);
    fputs(out.failed || !out.len ? "" : out.at, stdout);
    buf_clear(&out);
}

/* Of the part that was shown; a plan's endpoint is not repeated, for only the person who applies it
 * may trust that. Not inlined: its advice would lie on the stack of all that is printed. */
__attribute__((noinline)) static void next_tell(const struct options *given, const struct run *r,
                                                const char *plan)
{
    struct advice a;
    span_us age = run_plan_age(r);
    size_t len = strlen(advice_plan(&a, given, plan));
    if (age <= PLAN_AGE_MAX) {
        message_note_then(a.text, "To do just that:");
        return;
    }
    snprintf(a.text + len, sizeof a.text - len, " --max-age %ud", run_plan_days(age));
    message_note_then(a.text, "The plan is older than a day: a new one is better. To do just that "
                              "all the same:");
}

int verb_show(const struct options *given)
{
    struct session *s = session_new(given);
    struct why why = {""};
    int code = EXIT_CANNOT_RUN;
    if (!s)
        return session_refused();
    struct options *o = &s->options;
    enum err err = show_vet(o, &why);
    if (err == OK)
        err = run_plan_open(&s->run, &o->access, o->plan, &o->selection, &why);
    bool tells = err == OK && !o->quiet && !session_takes_stdout(o);
    if (tells)
        facts_print(s);
    o->dry_run = true; /* no next steps of a plan that was just made */
    if (err == OK)
        code = session_conclude(s, OK, &why) == EXIT_CANNOT_RUN ? EXIT_CANNOT_RUN : EXIT_OK;
    else
        message_error("%s", why.text);
    if (tells && code == EXIT_OK)
        next_tell(given, &s->run, o->plan);
    session_free(s);
    return code;
}
