/*
 * rollback. A run is taken back by another run (rollback.h), which can be resumed, reported and
 * taken back like any other. With --dry-run the journal is only read, and the run lives in memory.
 */
#include "run.h"
#include "run/rollback.h"
#include "run_lost.h"
#include "run_options.h"
#include "run_trust.h"
#include "ui/advice.h"
#include "ui/confirm.h"
#include "ui/messages.h"
#include "ui/summary.h"
#include "verbs.h"

#include <string.h>

static bool is_to_default(const struct options *o)
{
    return o->to && strcmp(o->to, "default") == 0;
}

/* Not inlined: its advice would lie on the stack of the whole run. */
__attribute__((noinline)) static enum err rollback_vet(const struct options *o, uint64_t *id,
                                                       struct why *why)
{
    struct advice a;
    if (o->arguments_len != 1)
        return why_set(why, ERR_INPUT, "which run is to be taken back? %s lists them",
                       advice_make(&a, o, "status", "--all"));
    enum err err = run_number(o, id, why);
    return err == OK ? run_report_vet(o, why) : err;
}

/* The run that is only planned: its journal is in memory, that of the old one is closed again. */
static enum err rollback_to_memory(struct run *r, struct why *why)
{
    journal_close(r->journal);
    r->journal = NULL;
    return journal_open(&r->journal, NULL, JOURNAL_MEMORY, why);
}

static enum err rollback_load(struct run *r, struct options *o, struct why *why)
{
    struct run_head old;
    const struct options given = *o;
    struct rollback how = {.to_default = is_to_default(o),
                           .forced = o->force,
                           .only = o->only,
                           .by_outcome = o->outcome_given,
                           .outcome = o->outcome};
    enum err err = rollback_vet(o, &r->head.parent, why);
    if (err == OK)
        err = run_journal(r, o->dry_run ? JOURNAL_READ : JOURNAL_UPDATE, why);
    if (err == OK)
        err = journal_run(r->journal, r->head.parent, &old, &r->arena, why);
    if (err == OK)
        err = run_options_read(o, old.options, &r->arena, why);
    if (err == OK)
        err = run_lost_hold(r, r->head.parent, "rollback", why);
    how.refresh = *r->lost.what;
    how.kept = r->lost.kept;
    r->lost = (struct run_loss){.kept = 0}; /* it is not the new run that has lost records */
    if (err == OK)
        err = run_trust_vet(&given, o, "the journal of that run", why);
    if (err == OK)
        err = rollback_fleet(&r->fleet, r->journal, r->head.parent, &how, why);
    if (err == OK)
        err = run_begun(r, why, "run %llu", (unsigned long long)r->head.parent);
    if (err == OK && o->dry_run)
        err = rollback_to_memory(r, why);
    r->head.verb = o->dry_run ? RUN_PLAN : RUN_ROLLBACK;
    return err;
}

static enum err rollback_confirm(const struct run *r, struct why *why)
{
    char question[160];
    if (r->options->yes || r->options->dry_run || r->fleet.choices_len == 0)
        return OK;
    snprintf(question, sizeof question, "Put %u identities back to %s%s?", r->fleet.choices_len,
             is_to_default(r->options) ? "the default MAIL FROM" : "what they were before the run",
             r->options->force ? ", whatever is there now" : "");
    enum err err = confirm_possible(why);
    return err == OK ? confirm_ask(question, why) : err;
}

static void message_nothing_to_do(const struct run *r)
{
    bool some = r->options->only || r->options->outcome_given;
    printf("Run %llu wrote nothing%s: there is nothing to put back\n",
           (unsigned long long)r->head.parent, some ? " to what was asked for" : "");
}

int verb_rollback(const struct options *given)
{
    struct options o = *given;
    struct run run;
    struct why why = {""};
    int code = EXIT_CANNOT_RUN;
    run_init(&run, &o);
    enum err err = rollback_load(&run, &o, &why);
    if (err == OK)
        err = rollback_confirm(&run, &why);
    if (err == OK && run.fleet.choices_len == 0) {
        message_nothing_to_do(&run);
        code = EXIT_OK;
    } else if (err == OK) {
        code = run_conclude(&run, run_carry_out(&run, &why), &why);
    } else {
        message_error("%s", why.text);
    }
    run_clear(&run);
    return code;
}
