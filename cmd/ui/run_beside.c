/* Sentences about unfinished runs. */
#include "run_beside.h"

#include "journal/store_sqlite/store_sqlite.h"
#include "messages.h"
#include "options/advice.h"
#include "run/unfinished.h"

#include "base/bounds.h"
#include "base/plural.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_taken_back(const struct run *r, uint64_t id)
{
    return r->head.parent && id >= r->head.parent && (id <= r->through || id == r->head.parent);
}

/* A command for the other run, which was reached by options of its own. */
static const char *command_of(struct advice *a, const struct options *o,
                              const struct unfinished_run *u, const char *more)
{
    struct options theirs = *o;
    struct arena arena;
    struct why why;
    theirs.access = (struct access){.carriers = o->access.carriers,
                                    .call_timeout_us = o->access.call_timeout_us,
                                    .psl_file = o->access.psl_file};
    arena_init(&arena, SIZE_MAX);
    if (access_read(&theirs.access, u->options, &arena, &why) != OK)
        theirs.access = o->access;
    const char *command = advice_run(a, &theirs, "resume", u->id, more);
    arena_clear(&arena);
    return command;
}

static void other_tell(const struct options *o, const struct unfinished_run *u)
{
    struct advice a;
    char began[WHEN_LEN];
    if (options_journal_is_shared(o) && u->state == RUN_OPEN) {
        message_note_then(advice_run(&a, o, "status", u->id, ""),
                          "run %llu (%s of %s) is open: %u of %u %s. Where both runs have a lane, "
                          "the older one has it first. To see it:",
                          (unsigned long long)u->id, journal_verb_name(u->verb),
                          when_format(u->started, began), u->open, u->jobs,
                          unfinished_noun(u, u->jobs));
        return;
    }
    message_note_then(command_of(&a, o, u, ""),
                      "run %llu (%s of %s) is not finished: %u of %u %s open. To go on with it:",
                      (unsigned long long)u->id, journal_verb_name(u->verb),
                      when_format(u->started, began), u->open, u->jobs,
                      unfinished_noun(u, u->jobs));
}

/* The same command without the few identities that are open elsewhere. */
static void others_note(struct advice *a, const struct options *o, const struct run *r,
                        const struct unfinished_run *u)
{
    struct buf words, name;
    bool is_apply = o->arguments_len > 0 && !r->head.parent && !r->resumes;
    if (u->common > COMMON_TOLD || u->common == r->fleet.choices_len || (!is_apply && !o->plan))
        return;
    buf_init(&words, sizeof a->text);
    if (o->plan)
        buf_add_fmt(&words, "--plan %s ", advice_word(a, o->plan));
    for (size_t i = 0; i < o->arguments_len; i++)
        buf_add_fmt(&words, "%s ", advice_word(a, o->arguments[i]));
    buf_init(&name, LINE_LEN_MAX);
    for (uint32_t i = 0; i < u->common; i++) {
        buf_reset(&name);
        buf_add_fmt(&name, TEXT_FMT "%c", TEXT_ARG(fleet_identity(&r->fleet, u->rows[i])), '\0');
        buf_add_fmt(&words, "%s--exclude %s", i ? " " : "", advice_word(a, name.at));
    }
    buf_add_char(&words, '\0');
    if (!words.failed)
        message_note_then(advice_make(a, o, "apply", words.at), "To do the others of this run:");
    buf_clear(&name);
    buf_clear(&words);
}

static bool is_itself(const struct run *r, uint64_t id)
{
    return r->resumes && id == r->head.id;
}

/* wanted: which rows of the run matter; NULL: all. */
static enum err rows_hold(const struct options *o, const struct run *r, const bool *wanted,
                          struct why *why)
{
    struct unfinished found;
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct journal *journal = r->aside ? r->aside : r->journal;
    enum err err = run_unfinished_of(journal, &r->fleet, wanted, &arena, &found, why);
    for (uint32_t i = 0; i < found.len && err == OK; i++)
        if (found.at[i].common && !is_taken_back(r, found.at[i].id) &&
            !is_itself(r, found.at[i].id)) {
            struct advice a;
            struct buf names;
            buf_init(&names, WHY_LEN_MAX);
            /* "a.example, b.example, c.example and 22 more". */
            uint32_t told = found.at[i].common < COMMON_TOLD ? found.at[i].common : COMMON_TOLD;
            for (uint32_t k = 0; k < told; k++)
                buf_add_fmt(&names, "%s" TEXT_FMT, k ? ", " : "",
                            TEXT_ARG(fleet_identity(&r->fleet, found.at[i].rows[k])));
            if (found.at[i].common > told)
                buf_add_fmt(&names, " and %u more", found.at[i].common - told);
            message_error(
                "run %llu (%s) is not finished, and %u %s of this run %s open in it: " TEXT_FMT
                ". Two runs must not change one identity",
                (unsigned long long)found.at[i].id, journal_verb_name(found.at[i].verb),
                found.at[i].common, plural(found.at[i].common, "identity", "identities"),
                plural(found.at[i].common, "is", "are"), TEXT_ARG(buf_text(&names)));
            buf_clear(&names);
            message_note_then(command_of(&a, o, &found.at[i], ""),
                              "To go on with run %llu:", (unsigned long long)found.at[i].id);
            others_note(&a, o, r, &found.at[i]);
            message_note_then(command_of(&a, o, &found.at[i], "--give-up"),
                              "To end run %llu as it stands, and leave its %u open %s to other "
                              "runs:",
                              (unsigned long long)found.at[i].id, found.at[i].open,
                              unfinished_noun(&found.at[i], found.at[i].open));
            err = why_set(why, ERR_INPUT, "nothing was done");
        }
    arena_clear(&arena);
    return err;
}

enum err run_beside_hold(const struct options *o, const struct run *r, struct why *why)
{
    return rows_hold(o, r, NULL, why);
}

static bool bad_note(void *ctx, const struct record *record)
{
    bool *bad = ctx;
    const struct job_row *row = &record->row;
    bad[record->job] = row->state == JOB_DONE && outcome_is_bad(row->outcome);
    return true;
}

enum err run_beside_hold_bad(const struct options *o, const struct run *r, struct why *why)
{
    bool *bad = calloc(r->fleet.choices_len + 1u, sizeof *bad);
    if (!bad)
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err = journal_rows(r->journal, r->head.id, bad_note, bad, why);
    if (err == OK)
        err = rows_hold(o, r, bad, why);
    free(bad);
    return err;
}

enum err run_beside_tell(const struct options *o, const struct run *r, uint32_t *others,
                         struct why *why)
{
    struct unfinished found;
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    *others = 0;
    enum err err = run_unfinished(r->journal, NULL, &arena, &found, why);
    for (uint32_t i = 0; i < found.len && err == OK; i++) {
        if (is_taken_back(r, found.at[i].id))
            continue;
        other_tell(o, &found.at[i]);
        ++*others;
    }
    arena_clear(&arena);
    return err;
}

/* The run that another process carries out, by its journal. false: it is not known. */
static bool busy_tell(const struct options *o, struct journal *journal, struct arena *arena)
{
    struct advice a;
    struct run_head head;
    struct why unknown;
    uint64_t id = 0;
    char holder[JOURNAL_HOLDER_MAX] = "", began[WHEN_LEN];
    if (run_meant(journal, &id, &unknown) != OK || id == 0 ||
        journal_run(journal, id, &head, arena, &unknown) != OK)
        return false;
    if (journal_writer(journal, id, holder) == JOURNAL_HAS_WRITER && *holder)
        snprintf(holder + strlen(holder), sizeof holder - strlen(holder), ",");
    message_error(
        "journal %s: another mailfrom%s%s is at run %llu (%s of %s, %u %s), and one process "
        "at a time writes. Wait until it ends, or stop it with Ctrl-C there",
        options_journal(o), *holder ? ", " : "", holder, (unsigned long long)id,
        journal_verb_name(head.verb), when_format(head.started, began), head.jobs,
        plural(head.jobs, "identity", "identities"));
    message_note_then(advice_run(&a, o, "status", id, "--watch"), "To watch it:");
    return true;
}

enum err run_beside_open(const struct options *o, struct run *r, enum journal_mode mode,
                         struct why *why)
{
    struct journal *other;
    struct why unread;
    struct arena arena;
    enum err err = run_journal(r, mode, why);
    if (err != ERR_BUSY || options_journal_is_shared(o) ||
        journal_open_file(&other, options_journal(o), JOURNAL_READ, &unread) != OK)
        return err;
    arena_init(&arena, SIZE_MAX);
    if (busy_tell(o, other, &arena))
        why_set(why, ERR_BUSY, "nothing was done");
    arena_clear(&arena);
    journal_close(other);
    return err;
}

enum err run_beside_choose(const struct options *o, const struct run *r, uint64_t *id,
                           struct why *why)
{
    struct unfinished found;
    struct arena arena;
    char began[WHEN_LEN], of[64] = "";
    arena_init(&arena, SIZE_MAX);
    *id = 0;
    enum err err = run_unfinished(r->journal, NULL, &arena, &found, why);
    if (err == OK && !found.len && !o->quiet)
        message_note("no run of this journal is unfinished");
    if (err == OK && found.len) {
        const struct unfinished_run *u = &found.at[0];
        *id = u->id;
        if (found.len > 1)
            snprintf(of, sizeof of, ", the oldest of %u unfinished runs", found.len);
        if (!o->quiet)
            message_note("resuming run %llu (%s of %s)%s: %u of %u %s open",
                         (unsigned long long)u->id, journal_verb_name(u->verb),
                         when_format(u->started, began), of, u->open, u->jobs,
                         unfinished_noun(u, u->jobs));
        for (uint32_t i = 1; i < found.len && !o->quiet; i++)
            other_tell(o, &found.at[i]);
    }
    arena_clear(&arena);
    return err;
}

enum err run_beside_next(const struct run *r, uint64_t after, uint64_t *id, struct why *why)
{
    struct unfinished found;
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    *id = 0;
    enum err err = run_unfinished(r->journal, NULL, &arena, &found, why);
    for (uint32_t i = 0; i < found.len && err == OK && *id == 0; i++)
        *id = found.at[i].id > after ? found.at[i].id : 0;
    arena_clear(&arena);
    return err;
}

enum err run_beside_list(const struct options *o, const struct run *r, uint64_t but,
                         struct why *why)
{
    struct advice a;
    struct unfinished found;
    struct arena arena;
    char began[WHEN_LEN];
    uint32_t listed = 0;
    arena_init(&arena, SIZE_MAX);
    enum err err = run_unfinished(r->journal, NULL, &arena, &found, why);
    for (uint32_t i = 0; i < found.len && err == OK; i++) {
        const struct unfinished_run *u = &found.at[i];
        if (u->id == but)
            continue;
        if (listed++ == 0)
            printf("Other runs that are not finished:\n");
        printf("  run %llu (%s of %s), %u of %u %s open; to go on: %s\n", (unsigned long long)u->id,
               journal_verb_name(u->verb), when_format(u->started, began), u->open, u->jobs,
               unfinished_noun(u, u->jobs), command_of(&a, o, u, ""));
    }
    if (listed)
        fputc('\n', stdout);
    arena_clear(&arena);
    return err;
}
