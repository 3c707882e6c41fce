/*
 * What the journal says of records that are lost, whatever store it is kept in: those that a digest
 * misses, and those that a store was found to have lost when it was opened. Which of its files a
 * journal of SQLite may lose is in damage.c.
 */
#include "memory_store.h"
#include "stores.h"

#include <stdio.h>

#define RECORDS 12 /* each in a commit of its own */

static void keep(struct stored *s, uint64_t run, int from, int to)
{
    for (int i = from; i <= to; i++) {
        struct record r = {.kind = RECORD_INTENT,
                           .at = 1000 + i,
                           .write_mail_from = TEXT("bounce.example.com"),
                           .row = {.state = JOB_WRITING,
                                   .reason = TEXT("a reason"),
                                   .findings = FINDING_BIT(SPF_MISSING) | FINDING_BIT(SENDS_MAIL),
                                   .notes = {.known = i % 3 == 0},
                                   .writes = (uint32_t)i}};
        assert_int_equal(journal_keep(s->journal, run, &r, 1, &s->why), OK);
    }
}

static struct run_loss loss_of(struct stored *s, uint64_t run)
{
    struct run_loss lost;
    assert_int_equal(journal_vet(s->journal, run, &lost, &s->why), OK);
    return lost;
}

static void assert_lost(struct stored *s, const char *what, uint64_t kept)
{
    struct run_loss lost = loss_of(s, 1);
    if (!strstr(lost.what, what))
        fail_msg("'%s' is not in '%s'", what, lost.what);
    assert_int_equal(lost.kept, kept);
}

static void what_is_whole_says_nothing(void **state)
{
    struct stored *s = *state;
    uint64_t of;
    stored_open(s, JOURNAL_WRITE);
    stored_begin(s, 1);
    keep(s, 1, 1, RECORDS);
    assert_int_equal(journal_stop(s->journal, 1, RUN_STOPPED, 2000, &s->why), OK);
    stored_begin(s, 1);
    keep(s, 2, 1, 3);
    assert_int_equal(journal_stop(s->journal, 1, RUN_OPEN, 0, &s->why), OK);
    keep(s, 1, RECORDS + 1, RECORDS + 2); /* behind those of the run that was begun meanwhile */
    for (int mode = JOURNAL_READ; mode <= JOURNAL_WRITE; mode++) {
        stored_open(s, (enum journal_mode)mode);
        assert_string_equal(journal_loss(s->journal, &of), "");
        assert_string_equal(loss_of(s, 1).what, "");
        assert_string_equal(loss_of(s, 2).what, "");
    }
}

/* Found by a reader, who leaves no trace; then by a writer, who writes it down; then it is known.
 */
static void records_that_are_missing_or_changed(void **state)
{
    static const struct {
        unsigned nth; /* record, from 1; 0: the run's head */
        const char *column;
        struct store_value value;
        const char *what;
        uint64_t kept;
    } cases[] = {
        {5, NULL, {0}, "does not follow record", RECORDS - 1},
        {1, NULL, {0}, "does not begin the run", RECORDS - 1},
        {12, NULL, {0}, "missing", RECORDS - 1}, /* which SQLite's mark tells, too */
        {7, "write_mail_from", {STORE_TEXT, {.text = TEXT("bounce.example.con")}}, "follow", 12},
        {7, "findings", {STORE_INT, {.number = 32}}, "does not follow record", 12},
        {6, "findings_json", {STORE_NULL, {0}}, "does not follow record", 12},
        {8, "digest", {STORE_NULL, {0}}, "does not follow record", 12},
        {8, "digest", {STORE_INT, {.number = 4711}}, "does not follow record", 12},
        {0, "seed", {STORE_INT, {.number = 8}}, "does not begin the run", 12},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct stored *s = *state;
        stored_open(s, JOURNAL_WRITE);
        stored_begin(s, 1);
        keep(s, 1, 1, RECORDS);
        assert_int_equal(journal_stop(s->journal, 1, RUN_STOPPED, 2000, &s->why), OK);
        enum store_table table = cases[i].nth ? TABLE_RECORD : TABLE_RUN;
        uint64_t number = cases[i].nth ? stored_number(s, cases[i].nth) : 1;
        if (cases[i].column)
            stored_set(s, table, number, cases[i].column, cases[i].value);
        else
            stored_drop(s, table, number);
        stored_open(s, JOURNAL_READ);
        assert_lost(s, cases[i].what, cases[i].kept);
        stored_open(s, JOURNAL_WRITE);
        assert_lost(s, cases[i].what, cases[i].kept);
        keep(s, 1, RECORDS + 1, RECORDS + 3);
        stored_open(s, JOURNAL_READ);
        assert_lost(s, cases[i].what, cases[i].kept); /* not of those that came later */
        stored_again(state);
    }
}

struct told {
    uint32_t len;
    uint64_t run[4];
    bool is_gone[4];
};

static bool hear(void *ctx, uint64_t run, struct text what, bool is_gone)
{
    struct told *t = ctx;
    assert_true(text_starts(what, TEXT("the moths")));
    t->run[t->len] = run;
    t->is_gone[t->len] = is_gone;
    return ++t->len < COUNT(t->run);
}

/* A store that finds a loss says so once, and it stays known. */
static void what_a_store_has_found_is_told_and_kept(void **state)
{
    struct stored *s = *state;
    struct run_head head;
    struct told told = {.len = 0};
    uint64_t of;
    stored_open(s, JOURNAL_WRITE);
    stored_begin(s, 1);
    keep(s, 1, 1, 3);
    stored_close(s);
    memory_lose(s->rows, &(struct store_loss){true, 0, 2, false, "the moths were at it"});
    stored_open(s, JOURNAL_READ);
    assert_string_equal(journal_loss(s->journal, &of), "the moths were at it");
    assert_int_equal(of, 0);
    assert_lost(s, "moths", 3);
    assert_int_equal(journal_losses(s->journal, hear, &told, &s->why), OK);
    assert_int_equal(told.len, 0); /* what is written down */
    stored_open(s, JOURNAL_WRITE);
    assert_string_equal(journal_loss(s->journal, &of), "the moths were at it");
    keep(s, 1, 4, 5);
    for (int i = 0; i < 2; i++) {
        stored_open(s, i ? JOURNAL_READ : JOURNAL_WRITE);
        assert_string_equal(journal_loss(s->journal, &of), "");
        assert_lost(s, "moths", 3);
    }
    assert_int_equal(journal_losses(s->journal, hear, &told, &s->why), OK);
    assert_int_equal(told.len, 2);
    assert_true(told.run[0] == 1 && !told.is_gone[0] && told.run[1] == 2 && told.is_gone[1]);
    assert_int_equal(journal_run(s->journal, 2, &head, &s->arena, &s->why), ERR_IO);
    assert_non_null(strstr(s->why.text, "has lost run 2"));
    stored_open(s, JOURNAL_WRITE);
    assert_int_equal(stored_begin(s, 1), 3); /* the number of the lost run stays its own */
}

/* A store that cannot tell whether it has lost anything; and one that then does lose something. */
static void what_is_only_suspected_is_told_apart(void **state)
{
    struct stored *s = *state;
    struct run_head head;
    struct told told = {.len = 0};
    stored_open(s, JOURNAL_WRITE);
    stored_begin(s, 1);
    keep(s, 1, 1, 3);
    for (int i = 0; i < 2; i++) { /* the second time it is not said twice */
        struct store_loss loss = {true, 0, 1, true, "the moths" STORE_NOT_KNOWN};
        stored_close(s);
        memory_lose(s->rows, &loss);
        stored_open(s, i ? JOURNAL_WRITE : JOURNAL_READ);
        assert_true(journal_may_have_lost(text_of(loss_of(s, 1).what)));
        assert_int_equal(journal_run(s->journal, 2, &head, &s->arena, &s->why), ERR_IO);
        assert_non_null(strstr(s->why.text, "has no such run, and may have lost it"));
        stored_open(s, JOURNAL_WRITE);
    }
    assert_int_equal(journal_losses(s->journal, hear, &told, &s->why), OK);
    assert_int_equal(told.len, 2);
    assert_true(told.run[0] == 0 && told.is_gone[0] && told.run[1] == 1 && !told.is_gone[1]);
    stored_close(s);
    memory_lose(s->rows, &(struct store_loss){true, 1, 1, false, "the moths again"});
    stored_open(s, JOURNAL_WRITE);
    assert_lost(s, "; the moths again", 3);
    assert_false(journal_may_have_lost(text_of(loss_of(s, 1).what)));
}

static void a_run_that_was_never_there(void **state)
{
    struct stored *s = *state;
    struct run_head head;
    stored_open(s, JOURNAL_WRITE);
    assert_int_equal(journal_run(s->journal, 0, &head, &s->arena, &s->why), ERR_GONE);
    assert_non_null(strstr(s->why.text, "holds no run yet"));
    stored_begin(s, 1);
    assert_int_equal(journal_run(s->journal, 2, &head, &s->arena, &s->why), ERR_GONE);
    assert_non_null(strstr(s->why.text, "has no run 2"));
    assert_int_equal(journal_keep(s->journal, 2, &(struct record){.at = 1}, 1, &s->why), ERR_GONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STORES(what_is_whole_says_nothing),
        ON_STORES_OF_ONE(records_that_are_missing_or_changed),
        ON_STORE(STORE_OF_MEMORY, "memory", what_a_store_has_found_is_told_and_kept),
        ON_STORE(STORE_OF_MEMORY, "memory", what_is_only_suspected_is_told_apart),
        ON_STORES(a_run_that_was_never_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
