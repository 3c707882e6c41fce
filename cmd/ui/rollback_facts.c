/* Sentences about the runs that a rollback takes back. */
#include "rollback_facts.h"

#include "messages.h"
#include "plan_facts.h"
#include "run/rollback.h"

#include "base/plural.h"

#define RUNS_TOLD 20 /* of those taken back together */

static enum err run_note(const struct run *r, uint64_t id, struct arena *arena, struct why *why)
{
    struct run_head head;
    struct fleet fleet;
    struct buf files;
    char began[WHEN_LEN];
    const struct rollback whole = {.refresh = false};
    fleet_init(&fleet);
    buf_init(&files, LINE_LEN_MAX);
    enum err err = journal_run(r->journal, id, &head, arena, why);
    if (err == OK)
        err = rollback_fleet(&fleet, r->journal, id, &whole, why);
    if (err == OK) {
        plan_files_add(&files, &fleet);
        message_note("  run %llu (%s of %s, " TEXT_FMT ") has changed %u %s",
                     (unsigned long long)id, journal_verb_name(head.verb),
                     when_format(head.started, began), TEXT_ARG(buf_text(&files)),
                     fleet.choices_len, plural(fleet.choices_len, "identity", "identities"));
    }
    buf_clear(&files);
    fleet_clear(&fleet);
    return err;
}

enum err rollback_runs_note(const struct run *r, uint64_t first, uint64_t last, struct why *why)
{
    struct arena arena;
    enum err err = OK;
    arena_init(&arena, SIZE_MAX);
    for (uint64_t id = last; id >= first && err == OK; id--) {
        if (last - id == RUNS_TOLD) {
            message_note("  and %llu more", (unsigned long long)(id - first + 1));
            break;
        }
        err = run_note(r, id, &arena, why);
    }
    arena_clear(&arena);
    return err;
}

static bool is_put_back(const struct fleet *f, uint32_t row)
{
    (void)f;
    (void)row;
    return true;
}

void rollback_question_add(struct buf *out, const struct run *r, uint32_t len, const char *back_to)
{
    if (len == r->fleet.choices_len) { /* no --limit */
        buf_add_str(out, "Identities by account and Region:\n");
        plan_lanes_add(out, &r->fleet, is_put_back);
    }
    buf_add_fmt(out, "Put %u %s back to %s?", len, plural(len, "identity", "identities"), back_to);
}
