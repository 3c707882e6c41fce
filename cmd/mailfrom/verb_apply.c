/*
 * apply. Without --yes, a person at a terminal sees the plan first and is asked, and then exactly
 * this plan is carried out; without a terminal the verb refuses. The journal is opened before any
 * question to SES or DNS, so another run under way is reported at once.
 */
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

/* The answer to the question is also the answer to this. */
static const char *beside_words(uint32_t others)
{
    return others == 0   ? ""
           : others == 1 ? ", beside the unfinished run"
                         : ", beside the unfinished runs";
}

static enum err plan_confirm(const struct session *s, uint32_t others, struct why *why)
{
    struct buf question;
    buf_init(&question, LINE_LEN_MAX);
    plan_question_add(&question, &s->run, beside_words(others));
    enum err err =
        question.failed ? why_set(why, ERR_NOMEM, "out of memory") : confirm_ask(question.at, why);
    buf_clear(&question);
    return err;
}

static enum err shown_confirm(struct session *s, uint32_t others, bool *stopped, struct why *why)
{
    uint32_t changes = 0;
    char question[80];
    enum err err = preview_make(s, s->options.yes, stopped, why);
    s->notes.follows_plan = true;
    if (err == OK)
        err = run_shown_guard(&s->run, &changes, why);
    if (err != OK || s->options.yes)
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
    bool counts = s->run.limit && !s->options.plan; /* the changes, which only a plan can */
    enum err err = run_beside_hold(&s->options, &s->run, why);
    if (err == OK)
        err = run_beside_tell(&s->options, &s->run, &others, why);
    if (err != OK || (s->options.yes && !counts))
        return err;
    return s->options.plan ? plan_confirm(s, others, why) : shown_confirm(s, others, stopped, why);
}

/* A plan of this moment; of a plan file, what would become of its rows now. */
static int apply_dry(struct session *s, struct why *why)
{
    int code = EXIT_CANNOT_RUN;
    s->run.head.verb = RUN_PLAN;
    if (run_journal_in_memory(&s->run, why) == OK)
        code = session_carry_out(s, why);
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
    bool stopped = false;
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
        err = apply_confirm(s, &stopped, &why);
    if (err == OK)
        code = session_carry_out(s, &why);
    else
        message_error("%s", why.text);
    if (stopped)
        code = EXIT_STOPPED;
    session_free(s);
    return code;
}
