/* Finds the runs that have not ended, and their open identities. */
#include "unfinished.h"

#include "base/plural.h"
#include "model/fleet_index.h"

#include <stdlib.h>

struct head_list {
    struct arena *arena;
    struct unfinished *out;
    uint32_t cap;
    bool failed; /* no memory */
};

static bool head_add(void *ctx, const struct run_head *head)
{
    struct head_list *h = ctx;
    struct unfinished *out = h->out;
    if (run_is_over(head->state) || head->verb == RUN_PLAN)
        return true;
    if (out->len == h->cap) {
        void *more = arena_grow(h->arena, out->at, sizeof *out->at, out->len, &h->cap);
        h->failed = !more;
        if (h->failed)
            return false;
        out->at = more;
    }
    struct text options = arena_text(h->arena, head->options);
    h->failed = head->options.at && !options.at;
    if (h->failed)
        return false;
    out->at[out->len++] = (struct unfinished_run){.options = options,
                                                  .id = head->id,
                                                  .verb = head->verb,
                                                  .state = head->state,
                                                  .started = head->started,
                                                  .jobs = head->jobs,
                                                  .open = head->jobs};
    return true;
}

static bool ended_note(void *ctx, const struct record *record)
{
    bool *ended = ctx;
    ended[record->job] = record->row.state == JOB_DONE;
    return true;
}

/* Is it known whose the row is, or that nobody tells? */
static bool is_decided(const struct fleet *f, uint32_t row)
{
    uint16_t lane = f->choices[row].lane;
    return f->lanes[lane].caller.account != NAME_NONE || fleet_account_number(f, lane) != NAME_NONE;
}

struct open_run {
    struct journal *journal;
    const struct fleet_index *index; /* NULL: nothing is compared */
    struct unfinished_run *run;
    struct fleet fleet; /* of the run */
    bool *ended;        /* one for each job */
};

static bool target_count(void *ctx, const struct publish_target *target)
{
    struct unfinished_run *run = ctx;
    (void)target;
    run->jobs++;
    run->open++;
    return true;
}

static bool target_end(void *ctx, const struct publish_record *record)
{
    struct unfinished_run *run = ctx;
    run->open -= publish_state_is_final(record->state);
    return true;
}

/* Of a publishing. Its names are nobody else's to write, so nothing is compared. */
static enum err targets_count(struct journal *journal, struct unfinished_run *run, struct why *why)
{
    run->jobs = run->open = 0;
    enum err err = journal_targets(journal, run->id, target_count, run, why);
    return err == OK ? journal_publish_rows(journal, run->id, target_end, run, why) : err;
}

const char *unfinished_noun(const struct unfinished_run *run, uint32_t count)
{
    return journal_verb_publishes(run->verb) ? plural(count, "name", "names")
                                             : plural(count, "identity", "identities");
}

enum err run_unfinished(struct journal *journal, const struct fleet *fleet, struct arena *arena,
                        struct unfinished *out, struct why *why)
{
    return run_unfinished_of(journal, fleet, NULL, arena, out, why);
}

enum err run_unfinished_of(struct journal *journal, const struct fleet *fleet, const bool *wanted,
                           struct arena *arena, struct unfinished *out, struct why *why)
{
    struct head_list heads = {.arena = arena, .out = out};
    struct fleet_index index;
    struct arena memory;
    *out = (struct unfinished){0};
    arena_init(&memory, SIZE_MAX);
    enum err err = journal_runs(journal, head_add, &heads, why);
    bool compares = fleet && out->len;
    if (err == OK && (heads.failed || (compares && !fleet_index_init(&index, &memory, fleet))))
        err = why_set(why, ERR_NOMEM, "out of memory");
    /* The journal has the newest first. */
    for (uint32_t i = 0; i < out->len / 2; i++) {
        struct unfinished_run other = out->at[i];
        out->at[i] = out->at[out->len - 1 - i];
        out->at[out->len - 1 - i] = other;
    }
    for (uint32_t i = 0; i < out->len && err == OK; i++) {
        struct open_run o = {
            .journal = journal, .index = compares ? &index : NULL, .run = &out->at[i]};
        if (journal_verb_publishes(o.run->verb)) {
            err = targets_count(journal, o.run, why);
            continue;
        }
        fleet_init(&o.fleet);
        err = journal_fleet(o.journal, o.run->id, &o.fleet, why);
        if (err == OK) {
            o.ended = calloc(o.fleet.choices_len + 1u, sizeof *o.ended);
            err = o.ended ? journal_rows(o.journal, o.run->id, ended_note, o.ended, why)
                          : why_set(why, ERR_NOMEM, "out of memory");
        }
        if (err == OK) {
            struct unfinished_run *run = o.run;
            run->open = 0;
            for (uint32_t k = 0; k < o.fleet.choices_len; k++) {
                struct lane_name lane = fleet_lane_name(&o.fleet, k);
                uint32_t row = 0;
                if (o.ended[k])
                    continue;
                run->open++;
                if (o.index)
                    row = fleet_index_row(o.index, &lane, fleet_identity(&o.fleet, k));
                if (row && (!wanted || wanted[row - 1]) && is_decided(fleet, row - 1) &&
                    run->common++ < COMMON_TOLD)
                    run->rows[run->common - 1] = row - 1;
            }
        }
        free(o.ended);
        fleet_clear(&o.fleet);
    }
    arena_clear(&memory);
    return err;
}

struct meaning {
    uint64_t id;
    instant_us last;
};

/* Of several open runs all but one were cut off: the one with the newest record goes on. */
static bool open_find(void *ctx, const struct run_head *head)
{
    struct meaning *m = ctx;
    if (head->state == RUN_OPEN && (m->id == 0 || head->last > m->last))
        *m = (struct meaning){head->id, head->last};
    return true;
}

enum err run_meant(struct journal *journal, uint64_t *id, struct why *why)
{
    char holder[JOURNAL_HOLDER_MAX];
    struct meaning m = {0};
    enum err err = journal_runs(journal, open_find, &m, why);
    bool goes_on = m.id && journal_writer(journal, m.id, holder) == JOURNAL_HAS_WRITER;
    *id = goes_on ? m.id : 0;
    return err;
}
