/*
 * A journal, opened to read as `report` does. The input is the SQLite file; what can be read of it
 * is written into a journal in memory and must come back the same.
 */
#include "fleets.h"
#include "fuzz.h"

#include "base/bounds.h"
#include "journal/journal.h"
#include "journal/store_sqlite/store_sqlite.h"

#define JOBS_MAX 10000 /* of what is written again: more would only be slower */

struct copying {
    struct journal *to;
    uint64_t run;
    uint32_t records, rows;
};

static bool record_is_sound(void *ctx, const struct record *r)
{
    uint32_t *count = ctx;
    assert(r->kind <= RECORD_ANSWER && r->from < JOB_STATES && r->row.state < JOB_STATES);
    assert(r->row.action <= ACTION_RESTART && r->row.outcome < OUTCOMES);
    assert(r->row.status_seen <= MAIL_FROM_UNKNOWN && r->row.findings < FINDING_BIT(FINDINGS_LEN));
    assert(r->row.verification <= VERIFICATION_NOT_STARTED);
    ++*count;
    return true;
}

static bool record_copy(void *ctx, const struct record *r)
{
    struct copying *c = ctx;
    record_is_sound(&c->records, r);
    assert(journal_keep(c->to, c->run, r, 1, NULL) == OK);
    return true;
}

static void fleet_comes_back(struct copying *c, const struct fleet *fleet)
{
    struct fleet again;
    fleet_init(&again);
    assert(journal_fleet(c->to, c->run, &again, NULL) == OK);
    fleets_are_same(fleet, &again);
    fleet_clear(&again);
}

static void run_copy(struct journal *from, struct run_head *head, const struct fleet *fleet)
{
    struct copying c = {0};
    uint32_t records = 0, rows = 0;
    struct why why;
    uint64_t run = head->id;
    assert(journal_open_memory(&c.to, &why) == OK);
    assert(journal_begin(c.to, head, fleet, &why) == OK);
    c.run = head->id;
    fleet_comes_back(&c, fleet);
    bool whole = journal_replay(from, run, record_copy, &c, &why) == OK;
    assert(journal_replay(c.to, c.run, record_is_sound, &records, &why) == OK);
    assert(records == c.records);
    assert(journal_rows(c.to, c.run, record_is_sound, &rows, &why) == OK && rows <= records);
    if (journal_rows(from, run, record_is_sound, &c.rows, &why) == OK && whole)
        assert(c.rows == rows);
    assert(journal_stop(c.to, c.run, RUN_ENDED, 1, &why) == OK);
    journal_close(c.to);
}

static void run_is_sound(struct journal *j, uint64_t run)
{
    struct run_head head;
    struct arena arena;
    struct fleet fleet;
    struct why why;
    fleet_init(&fleet);
    arena_init(&arena, LINE_LEN_MAX * 16);
    if (journal_run(j, run, &head, &arena, &why) == OK &&
        journal_fleet(j, run, &fleet, &why) == OK) {
        assert(fleet.choices_len == head.jobs);
        fleet_is_sound(&fleet);
        if (head.jobs <= JOBS_MAX)
            run_copy(j, &head, &fleet);
    }
    fleet_clear(&fleet);
    arena_clear(&arena);
}

static bool head_is_sound(void *ctx, const struct run_head *head)
{
    unsigned *runs = ctx;
    assert(head->verb < RUN_VERBS && head->state <= RUN_GIVEN_UP && head->jobs <= IDENTITIES_MAX);
    return ++*runs < 1000;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char path[FUZZ_PATH_LEN], holder[JOURNAL_HOLDER_MAX];
    struct journal *j;
    struct why why = {""};
    unsigned runs = 0;
    fuzz_file("journal.db", (struct text){(const char *)bytes, len}, path);
    enum err err = journal_open_file(&j, path, JOURNAL_READ, &why);
    assert((err == OK) == (j != NULL) && (err == OK || why.text[0]));
    if (err != OK)
        return 0;
    journal_runs(j, head_is_sound, &runs, &why);
    for (uint64_t run = 0; run < 3; run++)
        run_is_sound(j, run);
    assert(journal_writer(j, 0, holder) != JOURNAL_HAS_WRITER);
    journal_close(j);
    return 0;
}
