/*
 * apply. Without --yes, a person at a terminal sees the plan first and is asked, and then exactly
 * this plan is carried out; without a terminal the verb refuses. The journal is opened before any
 * question to SES or DNS, so another run under way is reported at once.
 */
#include "kinds.h"
#include "run/planned.h"
#include "run/shown.h"
#include "session.h"
#include "ui/confirm.h"
#include "ui/messages.h"
#include "ui/run_beside.h"
#include "ui/run_lost.h"
#include "verbs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Was the plan made from the named manifests? */
static enum err manifests_vet(const struct session *s, struct why *why)
{
    struct session *named = malloc(sizeof *named); /* too large for a small stack */
    if (!named)
        return why_set(why, ERR_NOMEM, "out of memory");
    session_init(named, &s->options);
    enum err err = session_load(named, why);
    if (err == OK &&
        memcmp(named->run.fleet.digest, s->run.fleet.digest, sizeof s->run.fleet.digest) != 0)
        err = why_set(why, ERR_INPUT,
                      "plan %s was made from other manifests than these (their contents or names "
                      "differ): make and review a new plan",
                      s->options.plan);
    session_clear(named);
    free(named);
    return err;
}

static enum err apply_load(struct session *s, struct why *why)
{
    struct options *o = &s->options;
    if (o->plan) {
        enum err err = session_report_vet(o, why);
        if (err == OK)
            err = kinds_plan_vet(o, why);
        if (err == OK)
            err = run_plan_load(&s->run, &o->access, o->plan, o->max_age, why);
        return err == OK && o->arguments_len ? manifests_vet(s, why) : err;
    }
    if (o->max_age)
        return why_set(why, ERR_INPUT,
                       "--max-age bounds the age of a plan file: give --plan FILE too");
    return session_load(s, why);
}

/* The answer to the question is also the answer to this. */
static const char *beside_words(uint32_t others)
{
    return others == 0   ? ""
           : others == 1 ? ", beside the unfinished run"
                         : ", beside the unfinished runs";
}

static enum err plan_confirm(const struct session *s, uint32_t others, struct why *why)
{
    char question[160];
    snprintf(question, sizeof question, "Change SES for %u of %u identities, as reviewed%s?",
             run_plan_changes(&s->run), s->run.fleet.choices_len, beside_words(others));
    return confirm_ask(question, why);
}

/* Standard output goes where fd goes; returns where it went before, or -1. */
static int stdout_turn(int fd)
{
    fflush(stdout);
    int before = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return before >= 0 && dup2(fd, STDOUT_FILENO) >= 0 ? before : -1;
}

/* Where a report goes to standard output, the plan that is asked about is shown beside it, on
 * standard error. Plans and shows the plan, without reports: these are for the following run.
 * Returns the exit code of a plan. */
static int plan_show(struct session *s, struct why *why)
{
    struct options *o = &s->options;
    size_t reports_len = o->reports_len;
    bool detailed_exitcode = o->detailed_exitcode;
    int code = EXIT_CANNOT_RUN;
    int kept = session_takes_stdout(o) ? stdout_turn(STDERR_FILENO) : -1;
    o->reports_len = 0;
    o->detailed_exitcode = true;
    if (run_shown_begin(&s->run, why) == OK)
        code = session_carry_out(s, why);
    run_shown_end(&s->run);
    signals_end(&s->signals); /* at the question nothing is under way */
    if (kept >= 0)
        close(stdout_turn(kept));
    if (kept >= 0)
        close(kept);
    o->reports_len = reports_len;
    o->detailed_exitcode = detailed_exitcode;
    return code;
}

static enum err shown_confirm(struct session *s, uint32_t others, bool *stopped, struct why *why)
{
    uint32_t changes = 0;
    char question[80];
    int code = plan_show(s, why);
    *stopped = code == EXIT_STOPPED;
    s->notes.follows_plan = true;
    if (code == EXIT_CANNOT_RUN)
        return why_set(why, ERR_INPUT,
                       "the plan could not be made (see above), so nothing was written");
    if (code == EXIT_STOPPED)
        return why_set(why, ERR_INPUT, "stopped while planning; nothing was written");
    enum err err = run_shown_guard(&s->run, &changes, why);
    if (err != OK)
        return err;
    if (changes == 0)
        return why_set(why, ERR_GONE,
                       "no changes: every identity is as wanted already, or is refused above");
    err = run_begun(&s->run, why, "the plan above");
    snprintf(question, sizeof question, "Change SES as shown%s?", beside_words(others));
    return err == OK ? confirm_ask(question, why) : err;
}

static enum err apply_confirm(struct session *s, bool *stopped, struct why *why)
{
    uint32_t others;
    enum err err = run_beside_hold(&s->options, &s->run, &others, why);
    if (err != OK || s->options.yes)
        return err;
    return s->options.plan ? plan_confirm(s, others, why) : shown_confirm(s, others, stopped, why);
}

int verb_apply(const struct options *given)
{
    struct session s;
    struct why why = {""};
    int code = EXIT_CANNOT_RUN;
    bool stopped = false;
    session_init(&s, given);
    enum err err = apply_load(&s, &why);
    if (err == OK && !given->yes)
        err = confirm_possible(&why);
    if (err == OK)
        err = run_journal(&s.run, JOURNAL_WRITE, &why);
    if (err == OK)
        err = run_lost_note(given, &s.run, &why);
    if (err == OK)
        err = apply_confirm(&s, &stopped, &why);
    if (err == OK)
        code = session_carry_out(&s, &why);
    else
        message_error("%s", why.text);
    if (stopped)
        code = EXIT_STOPPED;
    session_clear(&s);
    return code;
}
