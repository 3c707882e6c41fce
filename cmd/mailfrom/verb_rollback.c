/*
 * rollback. A run is taken back by another run (rollback.h), which can be resumed, reported and
 * taken back like any other. With --dry-run the journal is only read, and the run lives in memory.
 */
#include "access/trust.h"
#include "base/plural.h"
#include "managing.h"
#include "options/advice.h"
#include "preview.h"
#include "run/limit.h"
#include "run/narrow.h"
#include "run/publishing.h"
#include "run/recent.h"
#include "run/rollback.h"
#include "session.h"
#include "ui/confirm.h"
#include "ui/messages.h"
#include "ui/rollback_facts.h"
#include "ui/run_beside.h"
#include "ui/run_lost.h"
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
        return why_set(why, ERR_INPUT, "no run given: name the run to roll back. %s lists them",
                       advice_make(&a, o, "status", "--all"));
    enum err err = session_number(o, id, why);
    return err == OK ? session_report_vet(o, why) : err;
}

/* The part of the run that is meant; what is left can be rolled back later. */
static enum err rollback_choose(struct session *s, struct text options, struct why *why)
{
    struct run *r = &s->run;
    struct options *o = &s->options;
    char whole[64];
    const struct selection *of_run;
    snprintf(whole, sizeof whole, "those that run %llu has changed",
             (unsigned long long)r->head.parent);
    enum err err = selection_of_run(&of_run, &o->selection, options, &r->arena, why);
    o->access.selection = NULL; /* of that run: this one takes all of it, or a part of its own */
    if (err == OK)
        err = run_narrow(r, &o->access, of_run, 0, whole, why);
    r->limit = o->selection.limit;
    return err;
}

/* Runs of this journal that came later lie on top: they go first, or together with this one. */
__attribute__((noinline)) static enum err later_hold(struct session *s, struct why *why)
{
    struct advice a;
    char words[64];
    struct run *r = &s->run;
    enum err err = run_recent(r, why);
    if (err != OK || s->options.force)
        return err;
    struct rollback_later later = rollback_later(&r->fleet, r->through);
    if (later.rows == 0)
        return OK;
    message_error("run %llu has changed %u of these %u identities since: take back run %llu "
                  "first, or all with --through %llu",
                  (unsigned long long)later.run, later.rows, r->fleet.choices_len,
                  (unsigned long long)later.run, (unsigned long long)later.run);
    message_note_then(advice_run(&a, &s->options, "rollback", later.run, ""),
                      "To take back run %llu:", (unsigned long long)later.run);
    snprintf(words, sizeof words, "%llu --through %llu", (unsigned long long)r->head.parent,
             (unsigned long long)later.run);
    message_note_then(advice_make(&a, &s->options, "rollback", words),
                      "To take back runs %llu to %llu together:",
                      (unsigned long long)r->head.parent, (unsigned long long)later.run);
    message_note("which would take back, whether they have to do with it or not:");
    err = rollback_runs_note(r, r->head.parent, later.run, why);
    return err == OK ? why_set(why, ERR_INPUT, "nothing was done") : err;
}

/* A run with lost records needs rules of its own (rollback.c): it is taken back alone. */
static enum err several_vet(struct run *r, struct why *why)
{
    if (r->through < r->head.parent)
        return why_set(why, ERR_INPUT, "--through %llu comes before run %llu: name a later run",
                       (unsigned long long)r->through, (unsigned long long)r->head.parent);
    for (uint64_t id = r->head.parent; r->through > r->head.parent && id <= r->through; id++) {
        struct run_loss lost;
        enum err err = journal_vet(r->journal, id, &lost, why);
        if (err == OK && *lost.what)
            err = why_set(why, ERR_INPUT,
                          "the journal has lost records of run %llu: take the runs back one by "
                          "one, the newest first",
                          (unsigned long long)id);
        if (err != OK)
            return err;
    }
    return OK;
}

/* Record sets are no setting of SES: they stay, for bounces of mail on its way go there. */
__attribute__((noinline)) static enum err publishing_refuse(const struct options *o,
                                                            const struct run_head *old,
                                                            struct why *why)
{
    struct advice a;
    unsigned long long id = old->id;
    if (old->verb == RUN_PUBLISH)
        message_note_then(advice_run(&a, o, "withdraw", old->id, ""),
                          "To take back the record sets that run %llu has created:", id);
    return why_set(why, ERR_INPUT, "run %llu (%s) has changed nothing at SES: nothing was done", id,
                   journal_verb_name(old->verb));
}

/* The same of an apply that has published as well: its record sets stay. Not inlined: likewise. */
__attribute__((noinline)) static enum err records_tell(const struct options *o, const struct run *r,
                                                       struct why *why)
{
    struct advice a;
    enum err err = OK;
    for (uint64_t id = r->head.parent; id <= r->through && err == OK; id++) {
        uint32_t names;
        err = publishing_count(r->journal, id, &names, why);
        if (err == OK && names && !o->quiet)
            message_note_then(advice_run(&a, o, "withdraw", id, ""),
                              "the record sets that run %llu has created at %u %s stay, for "
                              "bounces of mail that is on its way go there. To take them back "
                              "later:",
                              (unsigned long long)id, names, plural(names, "name", "names"));
    }
    return err;
}

/* Not inlined: what it reads would lie on the stack of the whole run. */
__attribute__((noinline)) static enum err rollback_load(struct session *s, struct why *why)
{
    struct run_head old;
    struct run *r = &s->run;
    const struct options *o = &s->options;
    struct access *access = &s->options.access;
    const struct access given = *access;
    struct rollback how = {.to_default = is_to_default(o),
                           .forced = o->force,
                           .by_outcome = o->outcome_given,
                           .outcome = o->outcome};
    uint32_t others;
    enum err err = rollback_vet(o, &r->head.parent, why);
    if (err == OK)
        err = session_states(s, why);
    r->through = o->through ? o->through : r->head.parent;
    r->ends_parents = !selection_chooses(&o->selection) && !o->selection.limit && !o->outcome_given;
    if (err == OK)
        err = o->dry_run ? run_journal(r, JOURNAL_READ, why)
                         : run_beside_open(o, r, JOURNAL_UPDATE, why);
    if (err == OK)
        err = several_vet(r, why);
    if (err == OK)
        err = journal_run(r->journal, r->through, &old, &r->arena, why);
    if (err == OK && journal_verb_publishes(old.verb))
        err = publishing_refuse(o, &old, why);
    if (err == OK)
        err = access_read(access, old.options, &r->arena, why);
    if (err == OK)
        err = run_lost_hold(o, r, r->head.parent, "rollback", why);
    how.refresh = *r->lost.what;
    how.kept = r->lost.kept;
    r->lost = (struct run_loss){.kept = 0}; /* it is not the new run that has lost records */
    if (err == OK)
        err = access_trust_vet(&given, access, "the journal of that run", why);
    if (err == OK)
        err = run_parents_mark(r, why);
    if (err == OK)
        err = rollback_runs(&r->fleet, r->journal, r->head.parent, r->through, &how, why);
    if (err == OK)
        err = rollback_choose(s, old.options, why);
    if (err == OK)
        err = run_beside_hold(o, r, why);
    if (err == OK)
        err = run_beside_tell(o, r, &others, why);
    if (err == OK)
        err = later_hold(s, why);
    if (err == OK && r->through > r->head.parent && !o->quiet) {
        message_note("taken back together, the newest first:");
        err = rollback_runs_note(r, r->head.parent, r->through, why);
    }
    if (err == OK)
        err = records_tell(o, r, why);
    if (err == OK)
        err = run_begun(r, why, "run %llu", (unsigned long long)r->through);
    if (err == OK && o->dry_run)
        err = run_journal_in_memory(r, why);
    r->head.verb = o->dry_run ? RUN_PLAN : RUN_ROLLBACK;
    return err;
}

static enum err rollback_confirm(const struct session *s, uint32_t len, struct why *why)
{
    struct buf question;
    const struct options *o = &s->options;
    if (o->yes || o->dry_run || len == 0)
        return OK;
    buf_init(&question, LINE_LEN_MAX);
    rollback_question_add(
        &question, &s->run, len,
        is_to_default(o)
            ? (o->force ? "the default MAIL FROM, whatever SES has now" : "the default MAIL FROM")
        : o->force ? "what was there before, whatever SES has now"
                   : "what was there before");
    enum err err =
        question.failed ? why_set(why, ERR_NOMEM, "out of memory") : confirm_possible(why);
    if (err == OK)
        err = confirm_ask(question.at, why);
    buf_clear(&question);
    return err;
}

/* With a limit, a plan tells which identities would change: those that are back already count for
 * nothing. *len becomes the number of identities to put back. */
static enum err changes_count(struct session *s, uint32_t *len, bool *stopped, struct why *why)
{
    *len = s->run.fleet.choices_len;
    if (!s->run.limit || s->options.dry_run || *len == 0)
        return OK;
    enum err err = s->options.yes ? OK : confirm_possible(why);
    if (err == OK)
        err = preview_make(s, s->options.yes, stopped, why);
    return err == OK ? run_shown_limit(&s->run, len, why) : err;
}

int verb_rollback(const struct options *given)
{
    struct session *s = session_new(given);
    struct why why = {""};
    int code = EXIT_CANNOT_RUN;
    bool stopped = false;
    uint32_t len = 0;
    if (!s)
        return session_refused();
    s->limits_changes = true;
    enum err err = rollback_load(s, &why);
    if (err == OK && s->run.fleet.choices_len)
        err = session_listen(s, &why);
    if (err == OK)
        err = changes_count(s, &len, &stopped, &why);
    if (err == OK)
        managing_tell(&s->options, s->managed, &s->run.fleet, true);
    if (err == OK)
        err = rollback_confirm(s, len, &why);
    if (err == OK && s->run.fleet.choices_len == 0) {
        bool some = s->options.outcome_given;
        printf("Run %llu wrote nothing%s: there is nothing to put back\n",
               (unsigned long long)s->run.head.parent, some ? " to what was asked for" : "");
        code = EXIT_OK;
    } else if (err == OK) {
        code = session_carry_out(s, &why);
    } else {
        message_error("%s", why.text);
    }
    if (stopped)
        code = EXIT_STOPPED;
    session_free(s);
    return code;
}
