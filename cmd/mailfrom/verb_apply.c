/*
 * apply. Without --yes, a person at a terminal sees the plan first and is asked, and then exactly
 * this plan is carried out; without a terminal the verb refuses. The journal is opened before any
 * question to SES or DNS, so another run under way is reported at once.
 */
#include "base/plural.h"
#include "kinds.h"
#include "preview.h"
#include "run/limit.h"
#include "run/narrow.h"
#include "run/planned.h"
#include "run/shown.h"
#include "session.h"
#include "ui/confirm.h"
#include "ui/messages.h"
#include "ui/plan_facts.h"
#include "ui/run_beside.h"
#include "ui/run_lost.h"
#include "verbs.h"

#include "base/plural.h"

#include <string.h>

/* Was the plan made from the named manifests? */
static enum err manifests_vet(const struct session *s, struct why *why)
{
    struct session *named = session_new(&s->options);
    if (!named)
        return why_set(why, ERR_NOMEM, "out of memory");
    named->options.selection = (struct selection){.len = 0};
    named->asks_nobody = true; /* the plan has the accounts */
    enum err err = session_load(named, why);
    if (err == OK &&
        memcmp(named->run.fleet.digest, s->run.fleet.digest, sizeof s->run.fleet.digest) != 0)
        err = why_set(why, ERR_INPUT,
                      "plan %s was made from other manifests than these (their contents or names "
                      "differ): make and review a new plan",
                      s->options.plan);
    session_free(named);
    return err;
}

/* The part of the plan that is meant. */
static enum err plan_choose(struct session *s, struct why *why)
{
    struct options *o = &s->options;
    uint32_t rows = s->run.fleet.choices_len;
    enum err err = run_narrow(&s->run, &o->access, &o->selection, 0, "the plan", why);
    s->run.limit = o->selection.limit;
    if (err == OK && !run_verdicts_limit(&s->run))
        err = why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK && !o->quiet && s->run.fleet.choices_len < rows)
        message_note("%u of the %u identities of the plan %s selected", s->run.fleet.choices_len,
                     rows, plural(s->run.fleet.choices_len, "is", "are"));
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
            err = session_states(s, why);
        if (err == OK)
            err = run_plan_load(&s->run, &o->access, o->plan, o->max_age, why);
        if (err == OK && o->arguments_len)
            err = manifests_vet(s, why);
        return err == OK ? plan_choose(s, why) : err;
    }
    if (o->max_age)
        return why_set(why, ERR_INPUT,
                       "--max-age bounds the age of a plan file: give --plan FILE too");
    return session_load(s, why);
}

/* An apply until it begins. */
struct applying {
    struct session *session;
    struct publishing publishing; /* --publish */
    uint32_t others;              /* unfinished runs */
    uint32_t names;               /* whose record sets would be created, as was shown */
    bool stopped;
};

/* --publish: from now on the run has record sets too. They are shown, unless nobody is asked. */
static enum err record_sets_add(struct applying *a, struct why *why)
{
    struct session *s = a->session;
    if (!s->options.publish)
        return OK;
    enum err err = preview_targets(s, &a->publishing, why);
    if (err != OK || a->publishing.targets_len == 0)
        return err;
    int code = s->options.yes ? EXIT_OK : preview_publishing(s, &a->publishing, &a->names, why);
    a->stopped = code == EXIT_STOPPED;
    if (code == EXIT_STOPPED || code == EXIT_CANNOT_RUN)
        return why_set(why, ERR_INPUT,
                       "the record sets could not be shown (see above), so nothing was written");
    s->run.publishing = &a->publishing;
    return OK;
}

/* The answer to the question is also the answer to this. */
static const char *beside_words(const struct applying *a, char words[120])
{
    char sets[64] = "";
    if (a->names)
        snprintf(sets, sizeof sets, ", and create the record sets of %u %s", a->names,
                 plural(a->names, "name", "names"));
    snprintf(words, 120, "%s%s%s", sets, a->others ? ", beside the unfinished run" : "",
             a->others > 1 ? "s" : "");
    return words;
}

static enum err plan_confirm(struct applying *a, struct why *why)
{
    struct buf question;
    char words[120];
    const struct session *s = a->session;
    enum err first = record_sets_add(a, why);
    if (first != OK || s->options.yes)
        return first;
    buf_init(&question, LINE_LEN_MAX);
    plan_question_add(&question, &s->run, beside_words(a, words));
    enum err err =
        question.failed ? why_set(why, ERR_NOMEM, "out of memory") : confirm_ask(question.at, why);
    buf_clear(&question);
    return err;
}

static enum err shown_confirm(struct applying *a, struct why *why)
{
    uint32_t changes = 0;
    char question[160], words[120];
    struct session *s = a->session;
    enum err err = preview_make(s, s->options.yes, &a->stopped, why);
    s->notes.follows_plan = true;
    if (err == OK)
        err = run_shown_guard(&s->run, &changes, why);
    if (err == OK && changes == 0 && !s->options.yes)
        return why_set(why, ERR_GONE,
                       "no changes: every identity is as wanted already, or is refused above");
    if (err == OK)
        err = record_sets_add(a, why);
    if (err != OK || s->options.yes)
        return err;
    err = run_begun(&s->run, why, "the plan above");
    snprintf(question, sizeof question, "Change SES as shown%s?", beside_words(a, words));
    return err == OK ? confirm_ask(question, why) : err;
}

static enum err apply_confirm(struct applying *a, struct why *why)
{
    struct session *s = a->session;
    const struct options *o = &s->options;
    /* Which rows change, and so whose record sets are meant, only a plan can tell. */
    bool wants_plan = !o->plan && (s->run.limit || o->publish);
    enum err err = run_beside_hold(o, &s->run, why);
    if (err == OK)
        err = run_beside_tell(o, &s->run, &a->others, why);
    if (err != OK || (o->yes && !wants_plan && !o->publish))
        return err;
    return o->plan ? plan_confirm(a, why) : shown_confirm(a, why);
}

/* A plan of this moment; of a plan file, what would become of its rows now. */
static int apply_dry(struct session *s, struct why *why)
{
    int code = EXIT_CANNOT_RUN;
    s->run.head.verb = RUN_PLAN;
    if (run_journal_in_memory(&s->run, why) == OK)
        code = preview_record_sets(s, session_carry_out(s, why), why);
    else
        message_error("%s", why->text);
    session_free(s);
    return code;
}

int verb_apply(const struct options *given)
{
    struct session *s = session_new(given);
    struct why why = {""};
    int code = EXIT_CANNOT_RUN;
    struct applying a = {.session = s};
    if (!s)
        return session_refused();
    s->limits_changes = true;
    enum err err = apply_load(s, &why);
    if (err == OK && given->dry_run)
        return apply_dry(s, &why);
    if (err == OK && !given->yes)
        err = confirm_possible(&why);
    if (err == OK)
        err = run_beside_open(given, &s->run, JOURNAL_WRITE, &why);
    if (err == OK)
        err = run_lost_note(given, &s->run, &why);
    if (err == OK)
        err = session_listen(s, &why);
    if (err == OK)
        err = apply_confirm(&a, &why);
    if (err == OK)
        code = publishing_told(s, session_carry_out(s, &why), &why);
    else
        message_error("%s", why.text);
    if (a.stopped)
        code = EXIT_STOPPED;
    session_free(s);
    return code;
}
