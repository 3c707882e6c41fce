/* What is read of a large run without its whole records: its moves, and its rows once it was
 * vetted.
 */
#include "journal/journal.h"

#include "memory_store.h"
#include "stores.h"

struct moved {
    const struct record *wanted;
    uint32_t len;
};

static bool same_move(void *ctx, const struct record *r)
{
    struct moved *m = ctx;
    const struct record *w = &m->wanted[m->len++];
    assert_int_equal(r->job, w->job);
    assert_int_equal(r->at, w->at);
    assert_int_equal(r->kind, w->kind);
    assert_int_equal(r->from, w->from);
    assert_int_equal(r->row.state, w->row.state);
    assert_int_equal(r->row.outcome, w->row.outcome);
    return true;
}

static void moves_are_the_records_in_short(void **state)
{
    struct stored *b = *state;
    static const struct record r[] = {
        {.job = 1, .at = 10, .from = JOB_READING, .row.state = JOB_READY},
        {.job = 1, .at = 20, .kind = RECORD_INTENT, .from = JOB_READY, .row.state = JOB_WRITING},
        {.job = 0, .at = 30, .row = {.state = JOB_DONE, .outcome = OUTCOME_REFUSED}},
        {.job = 1,
         .at = 40,
         .kind = RECORD_ANSWER,
         .from = JOB_WRITING,
         .row.state = JOB_FOLLOWING},
    };
    struct moved m = {.wanted = r};
    stored_open(b, JOURNAL_WRITE);
    uint64_t run = stored_begin(b, 3), other = stored_begin(b, 3);
    assert_int_equal(journal_keep(b->journal, run, r, 2, &b->why), OK);
    assert_int_equal(journal_keep(b->journal, other, r, 1, &b->why), OK);
    assert_int_equal(journal_keep(b->journal, run, r + 2, 2, &b->why), OK);
    assert_int_equal(journal_moves(b->journal, run, same_move, &m, &b->why), OK);
    assert_int_equal(m.len, 4);
}

struct seen {
    uint32_t len;
    instant_us at[8];
    bool has_notes[8];
};

static bool see(void *ctx, const struct record *r)
{
    struct seen *s = ctx;
    s->at[s->len] = r->at;
    s->has_notes[s->len] = r->row.notes.known && r->row.notes.len == 1;
    return ++s->len < COUNT(s->at);
}

static void rows_of_a_vetted_run_are_the_same(void **state)
{
    struct stored *b = *state;
    static const struct finding_note note = {SANDBOX, SEVERITY_INFO, false, TEXT("old")};
    const struct record r[] = {
        {.job = 2, .at = 10, .row.notes = {&note, 1, true}},
        {.job = 0, .at = 20},
        {.job = 2, .at = 30},
    };
    stored_open(b, JOURNAL_WRITE);
    uint64_t run = stored_begin(b, 3), other = stored_begin(b, 3);
    assert_int_equal(journal_keep(b->journal, other, r, 2, &b->why), OK);
    assert_int_equal(journal_keep(b->journal, run, r, 3, &b->why), OK);
    stored_open(b, JOURNAL_READ);
    for (int vetted = 0; vetted < 3; vetted++) {
        struct seen s = {0};
        struct run_loss lost;
        if (vetted)
            assert_int_equal(journal_vet(b->journal, vetted == 1 ? run : other, &lost, &b->why),
                             OK);
        assert_int_equal(journal_rows(b->journal, run, see, &s, &b->why), OK);
        assert_int_equal(s.len, 2);
        assert_int_equal(s.at[0], 20);
        assert_int_equal(s.at[1], 30);
        assert_true(s.has_notes[1] && !s.has_notes[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STORES(moves_are_the_records_in_short),
        ON_STORES(rows_of_a_vetted_run_are_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
