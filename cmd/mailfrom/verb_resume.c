/* resume: a run goes on from the state in its journal. */
#include "access/trust.h"
#include "journal/leases.h"
#include "managing.h"
#include "options/advice.h"
#include "publishing_session.h"
#include "run/run_orders.h"
#include "session.h"
#include "ui/exit_codes.h"
#include "ui/messages.h"
#include "ui/run_beside.h"
#include "ui/run_lost.h"
#include "ui/summary.h"
#include "verbs.h"

#include "wire/os_clock.h"

/* The pace that a person has given the run goes before the rate that the run began with. */
static enum err pace_recall(struct session *s, struct why *why)
{
    struct run *r = &s->run;
    enum err err = run_orders_resume(r, why);
    if (err == OK && r->kept_pace_per_s > 0 && !s->options.quiet && !run_is_over(r->head.state))
        message_note("run %llu goes on at the pace that mailfrom pace gave it, %g calls a second "
                     "of each action; --rate gives another",
                     (unsigned long long)r->head.id, r->kept_pace_per_s);
    return err;
}

static enum err resume_load(struct session *s, struct why *why)
{
    uint64_t id;
    struct run *r = &s->run;
    struct access *access = &s->options.access;
    const struct access given = *access;
    enum err err = session_number(&s->options, &id, why);
    if (err == OK)
        err = session_report_vet(&s->options, why);
    if (err == OK)
        err = session_states(s, why);
    if (err == OK)
        err = run_beside_open(&s->options, r, JOURNAL_UPDATE, why);
    if (err == OK && id == 0)
        err = run_beside_choose(&s->options, r, &id, why);
    if (err == OK)
        err = run_recall(r, id, why);
    if (err == OK)
        err = access_read(access, r->head.options, &r->arena, why);
    s->gives_pace = given.rate_per_s;
    if (err == OK && given.rate_per_s <= 0 && !s->options.give_up)
        err = pace_recall(s, why);
    if (err == OK && !s->options.give_up)
        err = run_lost_hold(&s->options, r, r->head.id, "resume", why);
    if (err == OK)
        err = access_trust_vet(&given, access, "the journal of this run", why);
    /* In a file one process writes at a time, and knows what the later run has written. */
    if (err == OK && r->reopens && !s->options.give_up && journal_is_shared(r->journal) &&
        !journal_verb_publishes(r->head.verb))
        err = run_beside_hold_bad(&s->options, r, why);
    if (err == OK)
        err = run_begun(r, why, "run %llu", (unsigned long long)r->head.id);
    return err;
}

/* A script that resumes until all is done need not know whether the end was reached before the
 * process was killed: reports and exit code are those of the run. */
static int nothing_to_resume(struct session *s, struct why *why)
{
    struct advice a;
    struct report_sum sum = {0};
    struct run *r = &s->run;
    unsigned long long id = (unsigned long long)r->head.id;
    bool given_up = r->head.state == RUN_GIVEN_UP;
    if (journal_verb_publishes(r->head.verb)) {
        message_note("run %llu has ended", id);
        r->end = ENGINE_ENDED;
        return publishing_ended(s, why);
    }
    enum err err = summary_count(r, &sum, why);
    if (err == OK && !given_up && summary_bad(&sum) == 0)
        message_note("run %llu has ended, and none of its identities is left to be done", id);
    else if (err == OK)
        message_note_then(advice_run(&a, &s->options, "resume", r->head.id, "--retry-failed"),
                          given_up ? "run %llu was given up; to take it up again:"
                                   : "run %llu has ended; to try again what did not succeed:",
                          id);
    report_sum_clear(&sum);
    r->end = ENGINE_ENDED;
    return session_conclude(s, err, why);
}

/* The run ends as it stands: its reports are those of this moment, and its open identities are free
 * for other runs. */
static int give_up(struct session *s, struct why *why)
{
    struct advice a;
    struct os_clock clock;
    struct run *r = &s->run;
    os_clock_open(&clock, r->head.last);
    enum err err = journal_stop(r->journal, r->head.id, RUN_GIVEN_UP, os_clock_now(&clock), why);
    if (err == OK)
        message_note_then(advice_run(&a, &s->options, "resume", r->head.id, "--retry-failed"),
                          "run %llu is given up: what it has not done stays as it is. To take it "
                          "up again:",
                          (unsigned long long)r->head.id);
    r->end = ENGINE_ENDED;
    if (err == ERR_BUSY) { /* workers carry it: nothing has changed */
        message_error("%s", why->text);
        return EXIT_CANNOT_RUN;
    }
    return err == OK && journal_verb_publishes(r->head.verb) ? publishing_ended(s, why)
                                                             : session_conclude(s, err, why);
}

static int resume_one(const struct options *given, bool *asked_to_stop)
{
    struct session *s = session_new(given);
    struct why why = {""};
    int code = EXIT_CANNOT_RUN;
    *asked_to_stop = false;
    if (!s)
        return session_refused();
    s->run.resumes = true;
    s->run.reopens = given->retry_failed;
    enum err err = resume_load(s, &why);
    bool publishes = err == OK && journal_verb_publishes(s->run.head.verb);
    if (err == OK && !publishes)
        err = publishing_attach(s, &why);
    bool looks = *s->run.lost.what && given->refresh;
    bool is_over = err == OK && run_is_over(s->run.head.state) && !given->retry_failed && !looks;
    if (err == OK && !is_over && !given->give_up)
        err = session_listen(s, &why);
    if (err == OK && is_over)
        code = publishing_told(s, nothing_to_resume(s, &why), &why);
    else if (err == OK && given->give_up)
        code = give_up(s, &why);
    else if (err == OK && publishes)
        code = publishing_resume(s, &why);
    else if (err == OK) {
        /* Tells whose failures no longer count. */
        struct quota max = s->run.fleet.max_failures;
        if (s->options.retry_failed && !s->options.quiet && max.value >= 0)
            message_note("max_failures allows %g%s of run %llu to fail; identities that are tried "
                         "again no longer count",
                         max.value, max.is_percent ? " %" : " identities",
                         (unsigned long long)s->run.head.id);
        managing_tell(&s->options, s->managed, &s->run.fleet, false);
        code = publishing_told(s, session_carry_out(s, &why), &why);
    } else
        message_error("%s", why.text);
    *asked_to_stop = signals_asked(&s->signals);
    session_free(s);
    return code;
}

static enum err all_vet(const struct options *o, struct why *why)
{
    bool is_left = o->submit && options_journal_is_shared(o);
    if (!o->no_wait && !is_left)
        return why_set(why, ERR_INPUT,
                       "--all is for --no-wait, or for --submit in a shared journal: a run that "
                       "waits would hold up the others");
    if (o->arguments_len)
        return why_set(why, ERR_INPUT, "--all takes every unfinished run: name no run beside it");
    if (o->give_up || o->retry_failed || o->reports_len)
        return why_set(why, ERR_INPUT,
                       "--give-up, --retry-failed and --report are for one run: name it, without "
                       "--all");
    return OK;
}

static enum err all_next(const struct options *o, uint64_t *id, struct why *why)
{
    struct session *s = session_new(o);
    if (!s)
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err = run_journal(&s->run, JOURNAL_READ, why);
    if (err == OK)
        err = run_beside_next(&s->run, *id, id, why);
    session_free(s);
    return err;
}

/* What a script has to know of several ends: one could not be run, one has to be resumed, or one
 * has rows that need attention. */
static int worse(int a, int b)
{
    static const int ranks[] = {
        [EXIT_OK] = 0, [EXIT_TROUBLE] = 1, [EXIT_STOPPED] = 2, [EXIT_CANNOT_RUN] = 3};
    return ranks[a] > ranks[b] ? a : b;
}

static int resume_all(const struct options *given)
{
    struct why why;
    uint64_t id = 0;
    uint32_t runs = 0;
    int code = EXIT_OK;
    bool stops = false;
    enum err err = all_vet(given, &why);
    if (err == OK)
        err = all_next(given, &id, &why);
    for (; err == OK && id && !stops; runs++, err = all_next(given, &id, &why)) {
        char number[24];
        const char *arguments[] = {number};
        struct options one = *given;
        snprintf(number, sizeof number, "%llu", (unsigned long long)id);
        one.arguments = arguments;
        one.arguments_len = 1;
        code = worse(code, resume_one(&one, &stops));
    }
    if (err != OK) {
        message_error("%s", why.text);
        return EXIT_CANNOT_RUN;
    }
    if (runs == 0 && !given->quiet)
        message_note("no run of this journal is unfinished");
    return code;
}

int verb_resume(const struct options *given)
{
    bool stops;
    int code;
    if (!given->all && control_resumes(given, &code))
        return code;
    return given->all ? resume_all(given) : resume_one(given, &stops);
}
