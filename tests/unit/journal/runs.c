/*
 * Whole runs of the engine in the simulated world, with their journal in each store: the same
 * records in the same order, and the same rows; and a store that fails at any write costs no row.
 */
#include "crash_run.h"
#include "memory_store.h"
#include "stores.h"

#define JOBS  12
#define SEEDS 5

static enum err stored_reopen(void *ctx, struct journal **out, struct why *why)
{
    struct stored *s = ctx;
    enum err err = stored_try(s, out, JOURNAL_WRITE);
    if (err != OK)
        *why = s->why;
    return err;
}

static void make(struct crash_run *v, struct stored *s, uint64_t seed)
{
    if (!crash_run_make(v, seed, JOBS))
        fail_msg("seed %llu: out of memory", (unsigned long long)seed);
    v->open = stored_reopen;
    v->open_ctx = s;
}

/* Runs to the end, or to the first error; what is there then is what was acknowledged. */
static enum err go(struct crash_run *v, uint64_t seed)
{
    struct why why = {""};
    enum err err = crash_run_go(v, NULL, &why);
    const char *complaint = crash_run_audit(v, NULL, &why);
    if (complaint)
        fail_msg("seed %llu: %s", (unsigned long long)seed, complaint);
    return err;
}

static void rows_of(struct crash_run *v, struct crash_run_row rows[JOBS])
{
    struct why why = {""};
    memset(rows, 0, JOBS * sizeof *rows);
    if (crash_run_rows(v, NULL, rows, &why) != OK)
        fail_msg("%s", why.text);
}

static void assert_same_rows(const struct crash_run_row *a, const struct crash_run_row *b,
                             uint64_t seed)
{
    for (int i = 0; i < JOBS; i++)
        if (!crash_run_same(&a[i], &b[i]))
            fail_msg("seed %llu: row %d differs", (unsigned long long)seed, i);
}

static void a_run_is_the_same_in_every_store(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct crash_run v[STORE_KINDS];
        struct crash_run_row rows[STORE_KINDS][JOBS];
        void *stores[STORE_KINDS];
        for (size_t i = 0; i < STORE_KINDS; i++) {
            stores[i] = &store_kinds[i];
            stored_set_up(&stores[i]);
            make(&v[i], stores[i], seed);
            assert_int_equal(go(&v[i], seed), OK);
            rows_of(&v[i], rows[i]);
            assert_int_equal(v[i].kept, v[0].kept);
            assert_true(v[i].kept_digest == v[0].kept_digest);
            assert_same_rows(rows[i], rows[0], seed);
        }
        for (size_t i = 0; i < STORE_KINDS; i++) {
            crash_run_clear(&v[i]);
            stored_tear_down(&stores[i]);
        }
    }
}

/* Cut at each write in turn, with what was to be kept and without, and gone on with at once. */
static void a_store_that_fails_costs_no_row(void **state)
{
    uint64_t cuts = 0;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct crash_run undisturbed;
        struct crash_run_row want[JOBS], rows[JOBS];
        stored_again(state);
        make(&undisturbed, *state, seed);
        assert_int_equal(go(&undisturbed, seed), OK);
        rows_of(&undisturbed, want);
        bool was_cut = true;
        for (unsigned nth = 1; was_cut; nth++) {
            struct crash_run v;
            stored_again(state);
            struct stored *s = *state;
            make(&v, s, seed);
            memory_fail_at(s->rows, nth, nth % 2);
            was_cut = go(&v, seed) != OK;
            memory_fail_at(s->rows, 0, false);
            if (was_cut)
                assert_int_equal(go(&v, seed), OK);
            rows_of(&v, rows);
            assert_same_rows(rows, want, seed);
            crash_run_clear(&v);
            cuts += was_cut;
        }
        crash_run_clear(&undisturbed);
    }
    assert_true(cuts > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {.name = "sqlite, memory: a_run_is_the_same_in_every_store",
         .test_func = a_run_is_the_same_in_every_store},
        ON_STORE(STORE_OF_MEMORY, "memory", a_store_that_fails_costs_no_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
