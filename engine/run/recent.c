/* The newest write of each identity of the fleet, from all runs of the journal. */
#include "recent.h"

#include "model/fleet_index.h"
#include "own.h"

#include <stdlib.h>

struct gathering {
    struct run *run;
    struct fleet_index index;
    struct recent_write *taken; /* the last write known to be accepted, one per row */
};

static bool is_of_interest(const struct run *r, const struct journal_accepted *a)
{
    span_us age = r->head.started - a->at;
    if (r->head.verb == RUN_PLAN)
        return age < RECENT_FOR_PLAN && age > -RECENT_FOR_PLAN; /* clocks are set back, too */
    return !r->resumes || a->run != r->head.id;
}

static bool recent_add(void *ctx, const struct journal_accepted *a)
{
    struct gathering *g = ctx;
    struct fleet *f = &g->run->fleet;
    uint32_t row = fleet_index_row(&g->index, &a->lane, a->identity);
    bool resumes = g->run->resumes;
    if (row == 0 || !is_of_interest(g->run, a))
        return true;
    struct recent_write *recent = &f->recent[row - 1], *taken = &g->taken[row - 1];
    if (a->word == JOURNAL_REFUSED) {
        *recent = *taken;
        return true;
    }
    *recent = (struct recent_write){.behavior = (uint8_t)a->behavior,
                                    .behavior_before = (uint8_t)a->behavior_before,
                                    .is_later = resumes && a->run > g->run->head.id,
                                    .at_s = (uint32_t)(a->at / SPAN_S(1)),
                                    .run = (uint32_t)a->run};
    bool ok = names_add(&f->names, a->mail_from, &recent->mail_from) &&
              names_add(&f->names, a->mail_from_before, &recent->mail_from_before);
    if (a->word == JOURNAL_TAKEN)
        *taken = *recent;
    return ok;
}

static enum err recent_read(struct run *r, struct why *why)
{
    struct gathering g = {.run = r};
    struct arena memory;
    arena_init(&memory, SIZE_MAX);
    g.taken = calloc(r->fleet.choices_len + 1, sizeof *g.taken);
    enum err err = g.taken && fleet_index_init(&g.index, &memory, &r->fleet)
                       ? journal_accepted(r->journal, recent_add, &g, why)
                       : why_set(why, ERR_NOMEM, "out of memory");
    arena_clear(&memory);
    free(g.taken);
    return err;
}

enum err run_recent(struct run *r, struct why *why)
{
    free(r->fleet.recent); /* of the shown plan */
    r->fleet.recent = calloc(r->fleet.choices_len + 1, sizeof *r->fleet.recent);
    if (!r->fleet.recent)
        return why_set(why, ERR_NOMEM, "out of memory");
    if (r->head.verb != RUN_PLAN)
        return recent_read(r, why);
    enum err err = run_read_aside(r, recent_read, why);
    return err == ERR_NOMEM ? err : OK;
}
