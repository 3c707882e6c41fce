/* Sentences about unfinished runs. */
#include "run_beside.h"

#include "messages.h"
#include "options/advice.h"
#include "run/unfinished.h"

#include "base/bounds.h"

#include <stdio.h>

static const char *identities_word(uint32_t count)
{
    return count == 1 ? "identity" : "identities";
}

static bool is_taken_back(const struct run *r, uint64_t id)
{
    return r->head.parent && id >= r->head.parent && id <= r->through;
}

/* "a.example, b.example, c.example and 22 more". */
static void names_add_told(struct buf *out, const struct fleet *f, const struct unfinished_run *u)
{
    uint32_t told = u->common < COMMON_TOLD ? u->common : COMMON_TOLD;
    for (uint32_t i = 0; i < told; i++)
        buf_add_fmt(out, "%s" TEXT_FMT, i ? ", " : "", TEXT_ARG(fleet_identity(f, u->rows[i])));
    if (u->common > told)
        buf_add_fmt(out, " and %u more", u->common - told);
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

static enum err common_refuse(const struct options *o, const struct run *r,
                              const struct unfinished_run *u, struct why *why)
{
    struct advice a;
    struct buf names;
    buf_init(&names, WHY_LEN_MAX);
    names_add_told(&names, &r->fleet, u);
    message_error("run %llu (%s) is not finished, and %u %s of this run %s open in it: " TEXT_FMT
                  ". Two runs must not change one identity",
                  (unsigned long long)u->id, journal_verb_name(u->verb), u->common,
                  identities_word(u->common), u->common == 1 ? "is" : "are",
                  TEXT_ARG(buf_text(&names)));
    buf_clear(&names);
    message_note_then(command_of(&a, o, u, ""),
                      "To go on with run %llu:", (unsigned long long)u->id);
    message_note_then(command_of(&a, o, u, "--give-up"),
                      "To leave open what run %llu has not done, for another run to do:",
                      (unsigned long long)u->id);
    return why_set(why, ERR_INPUT, "nothing was done");
}

static void other_tell(const struct options *o, const struct unfinished_run *u)
{
    struct advice a;
    char began[WHEN_LEN];
    message_note_then(command_of(&a, o, u, ""),
                      "run %llu (%s of %s) is not finished: %u of %u %s open. To go on with it:",
                      (unsigned long long)u->id, journal_verb_name(u->verb),
                      when_format(u->started, began), u->open, u->jobs, identities_word(u->jobs));
}

enum err run_beside_hold(const struct options *o, const struct run *r, uint32_t *others,
                         struct why *why)
{
    struct unfinished found;
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    *others = 0;
    enum err err = run_unfinished(r->journal, &r->fleet, &arena, &found, why);
    for (uint32_t i = 0; i < found.len && err == OK; i++)
        if (found.at[i].common && !is_taken_back(r, found.at[i].id))
            err = common_refuse(o, r, &found.at[i], why);
    for (uint32_t i = 0; i < found.len && err == OK; i++) {
        if (is_taken_back(r, found.at[i].id))
            continue;
        other_tell(o, &found.at[i]);
        ++*others;
    }
    arena_clear(&arena);
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
    if (err == OK && found.len) {
        const struct unfinished_run *u = &found.at[0];
        *id = u->id;
        if (found.len > 1)
            snprintf(of, sizeof of, ", the oldest of %u unfinished runs", found.len);
        if (!o->quiet)
            message_note("resuming run %llu (%s of %s)%s: %u of %u %s open",
                         (unsigned long long)u->id, journal_verb_name(u->verb),
                         when_format(u->started, began), of, u->open, u->jobs,
                         identities_word(u->jobs));
        for (uint32_t i = 1; i < found.len && !o->quiet; i++)
            other_tell(o, &found.at[i]);
    }
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
               identities_word(u->jobs), command_of(&a, o, u, ""));
    }
    if (listed)
        fputc('\n', stdout);
    arena_clear(&arena);
    return err;
}
