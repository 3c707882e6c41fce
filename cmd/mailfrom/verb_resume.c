#include "run.h"
#include "run_lost.h"
#include "run_options.h"
#include "run_trust.h"
#include "ui/advice.h"
#include "ui/messages.h"
#include "ui/summary.h"
#include "verbs.h"

static enum err resume_load(struct run *r, struct options *o, struct why *why)
{
    uint64_t id;
    const struct options given = *o;
    enum err err = run_number(o, &id, why);
    if (err == OK)
        err = run_report_vet(o, why);
    if (err == OK)
        err = run_journal(r, JOURNAL_UPDATE, why);
    if (err == OK)
        err = journal_run(r->journal, id, &r->head, &r->arena, why);
    if (err == OK)
        err = run_options_read(o, r->head.options, &r->arena, why);
    if (err == OK)
        err = run_lost_hold(r, r->head.id, "resume", why);
    if (err == OK)
        err = run_trust_vet(&given, o, "the journal of this run", why);
    if (err == OK)
        err = journal_fleet(r->journal, r->head.id, &r->fleet, why);
    if (err == OK)
        err = run_begun(r, why, "run %llu", (unsigned long long)r->head.id);
    return err;
}

/* A script that resumes until all is done need not know whether the end was reached before the
 * process was killed: reports and exit code are those of the run. */
static int nothing_to_resume(struct run *r, struct why *why)
{
    struct advice a;
    const char *command = advice_run(&a, r->options, "resume", r->head.id, "--retry-failed");
    message_note_then(command, "run %llu has ended; to begin again with what did not succeed:",
                      (unsigned long long)r->head.id);
    r->end = ENGINE_ENDED;
    return run_conclude(r, OK, why);
}

/* Whose failures count from now on. */
static void budget_tell(const struct run *r)
{
    struct quota max = r->fleet.max_failures;
    if (r->options->retry_failed && !r->options->quiet && max.value >= 0)
        message_note(
            "max_failures allows %g%s of run %llu to fail; what begins again no longer counts",
            max.value, max.is_percent ? " %" : " identities", (unsigned long long)r->head.id);
}

int verb_resume(const struct options *given)
{
    struct options o = *given;
    struct run run;
    struct why why = {""};
    int code = EXIT_CANNOT_RUN;
    run_init(&run, &o);
    run.resumes = true;
    run.reopens = o.retry_failed;
    enum err err = resume_load(&run, &o, &why);
    bool looks = *run.lost.what && o.refresh;
    if (err == OK && run.head.state == RUN_ENDED && !o.retry_failed && !looks)
        code = nothing_to_resume(&run, &why);
    else if (err == OK) {
        budget_tell(&run);
        code = run_conclude(&run, run_carry_out(&run, &why), &why);
    } else
        message_error("%s", why.text);
    run_clear(&run);
    return code;
}
