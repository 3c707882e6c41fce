/* Sentences about lost records, and whether a verb may go on without --refresh. */
#include "run_lost.h"

#include "messages.h"
#include "options/advice.h"

#include <stdio.h>

static const char *lost_words(struct text what)
{
    return journal_may_have_lost(what) ? "may have lost" : "has lost";
}

struct listing {
    const char *file;
    uint64_t gone_after; /* only runs that are gone, with a greater number */
};

static bool list_one(void *ctx, uint64_t run, struct text what, bool is_gone)
{
    const struct listing *l = ctx;
    if (l->gone_after && (!is_gone || run <= l->gone_after))
        return true;
    if (run == 0)
        message_note("journal %s %s whole runs: " TEXT_FMT, l->file, lost_words(what),
                     TEXT_ARG(what));
    else
        message_note("journal %s %s %s run %llu: " TEXT_FMT, l->file, lost_words(what),
                     is_gone ? "all of" : "records of", (unsigned long long)run, TEXT_ARG(what));
    return true;
}

static void found_tell(const struct options *o, const struct run *r)
{
    struct advice a;
    uint64_t run;
    const char *what = journal_loss(r->journal, &run);
    const char *file = options_journal(o);
    if (*what && run)
        message_note_then(advice_run(&a, o, "status", run, ""),
                          "journal %s %s records of run %llu: %s. For more:", file,
                          lost_words(text_of(what)), (unsigned long long)run, what);
    else if (*what)
        message_note_then(advice_make(&a, o, "status", "--all"),
                          "journal %s %s records, and which of its runs they belong to is not "
                          "known: %s. To see the runs:",
                          file, lost_words(text_of(what)), what);
}

enum err run_lost_list(const struct options *o, const struct run *r, struct why *why)
{
    struct listing l = {.file = options_journal(o)};
    found_tell(o, r);
    return journal_losses(r->journal, list_one, &l, why);
}

/* The newest run may be an older one now. */
static enum err others_tell(const struct options *o, const struct run *r, uint64_t run,
                            struct why *why)
{
    struct listing l = {.file = options_journal(o), .gone_after = run};
    uint64_t of;
    if (*journal_loss(r->journal, &of)) {
        found_tell(o, r);
        return OK;
    }
    return journal_losses(r->journal, list_one, &l, why);
}

enum err run_lost_tell(const struct options *o, struct run *r, struct why *why)
{
    struct advice a;
    enum err err = journal_vet(r->journal, r->head.id, &r->lost, why);
    if (err != OK)
        return err;
    if (!*r->lost.what)
        return others_tell(o, r, r->head.id, why);
    const char *verb = run_is_over(r->head.state) ? "rollback" : "resume";
    const char *next = advice_run(&a, o, verb, r->head.id, "--refresh");
    message_note_then(next,
                      "journal %s %s records of run %llu: %s. Its writes are not completely known. "
                      "To read every identity of the run from SES before more is written:",
                      options_journal(o), lost_words(text_of(r->lost.what)),
                      (unsigned long long)r->head.id, r->lost.what);
    return OK;
}

enum err run_lost_hold(const struct options *o, struct run *r, uint64_t id, const char *verb,
                       struct why *why)
{
    struct advice a;
    enum err err = journal_vet(r->journal, id, &r->lost, why);
    if (err != OK)
        return err;
    if (!*r->lost.what)
        return others_tell(o, r, id, why);
    if (!o->refresh)
        return why_set(
            why, ERR_INPUT,
            "journal %s %s records of run %llu: %s. Its writes are not completely known, so "
            "nothing was done. To read every identity of the run from SES first: %s",
            options_journal(o), lost_words(text_of(r->lost.what)), (unsigned long long)id,
            r->lost.what, advice_run(&a, o, verb, id, "--refresh"));
    message_note(
        "journal %s %s records of run %llu: %s. Every identity of the run is read from SES",
        options_journal(o), lost_words(text_of(r->lost.what)), (unsigned long long)id,
        r->lost.what);
    return OK;
}

struct counting {
    uint64_t runs, newest;
    char what[JOURNAL_LOSS_MAX]; /* of the newest */
};

static bool count_one(void *ctx, uint64_t run, struct text what, bool is_gone)
{
    struct counting *c = ctx;
    (void)is_gone;
    c->runs += run > 0;
    c->newest = run;
    snprintf(c->what, sizeof c->what, TEXT_FMT, TEXT_ARG(what));
    return true;
}

enum err run_lost_note(const struct options *o, const struct run *r, struct why *why)
{
    struct advice a;
    uint64_t run;
    struct counting c = {.runs = 0};
    if (*journal_loss(r->journal, &run)) {
        found_tell(o, r);
        return OK;
    }
    enum err err = journal_losses(r->journal, count_one, &c, why);
    if (err == OK && c.runs)
        message_note_then(advice_make(&a, o, "status", "--all"),
                          "journal %s %s records of %llu of its runs; of run %llu: %s. To see all:",
                          options_journal(o), lost_words(text_of(c.what)),
                          (unsigned long long)c.runs, (unsigned long long)c.newest, c.what);
    else if (err == OK && *c.what)
        message_note_then(advice_make(&a, o, "status", "--all"),
                          "journal %s %s whole runs: %s. To see those that it has:",
                          options_journal(o), lost_words(text_of(c.what)), c.what);
    return err;
}
