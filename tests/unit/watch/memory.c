/* The memory of watching: what it keeps, and what it tells again after a process has ended. */
#include "looks.h"

#include "unit.h"

#include <stdio.h>

static struct watch_memory *opened(const struct rows_kept *rows)
{
    struct watch_memory *m = rows_open(rows, &WATCH_POLICY_USUAL);
    assert_non_null(m);
    return m;
}

static void sweep(struct watch_memory *m, unsigned signs, instant_us now)
{
    watch_sweep_begin(m, now);
    assert_true(look(m, TEXT("a.test"), signs, now));
    assert_true(watch_sweep_end(m, now));
}

static void kept(struct rows_kept *rows, struct watch_memory *m)
{
    assert_true(rows_keep(rows, m));
    watch_kept(m);
}

static void assert_told(const struct watch_memory *m, const char *want)
{
    struct buf out;
    buf_init(&out, 1 << 12);
    events_print(m, &out);
    assert_string_equal(out.at, want);
    buf_clear(&out);
}

/* 72 hours from the first look, through a look without SES and another process. */
static void the_deadline_counts_from_the_first_look(void **state)
{
    static struct rows_kept rows;
    const struct watch_key key = {looks_lane, TEXT("a.test")};
    struct watch_problem p[WATCH_KINDS];
    uint32_t len;
    (void)state;
    memset(&rows, 0, sizeof rows);
    struct watch_memory *m = opened(&rows);
    sweep(m, TEMPORARY | REJECT, START);
    const struct watch_event *e = watch_events(m, &len);
    assert_int_equal(len, 2);
    for (uint32_t i = 0; i < len; i++) {
        assert_true(e[i].deadline == START + WATCH_GRACE);
        assert_true(e[i].since == START);
        assert_int_equal(e[i].tag, 7);
        assert_text(e[i].key.identity, TEXT("a.test"));
        assert_text(e[i].key.lane.number, TEXT("111122223333"));
    }
    watch_told(m);
    kept(&rows, m);
    watch_close(m);
    m = opened(&rows);
    sweep(m, UNREAD | REJECT, START + SPAN_H(20));
    kept(&rows, m);
    sweep(m, TEMPORARY | REJECT, START + SPAN_H(71));
    assert_int_equal(watch_problems(m, &key, p), 2);
    assert_int_equal(p[0].kind, WATCH_REJECTING);
    assert_int_equal(p[1].kind, WATCH_STATUS_TEMPORARY);
    assert_int_equal(p[1].level, WATCH_PAGE);
    assert_true(p[0].deadline == START + WATCH_GRACE && p[1].deadline == START + WATCH_GRACE);
    /* SES has given up long ago: these 72 hours are others. */
    sweep(m, TEMPORARY | REJECT, START + SPAN_H(200));
    assert_int_equal(watch_problems(m, &key, p), 2);
    assert_true(p[1].deadline == START + SPAN_H(200) + WATCH_GRACE);
    watch_close(m);
}

/* A process that ends between keep and tell, and one that ends between tell and keep. */
static void a_process_that_ends_loses_no_event(void **state)
{
    static struct rows_kept rows;
    (void)state;
    memset(&rows, 0, sizeof rows);
    struct watch_memory *m = opened(&rows);
    sweep(m, FAILED, START);
    assert_told(m, "status-failed well>critical");
    kept(&rows, m);
    watch_close(m);

    m = opened(&rows);
    sweep(m, FAILED, START + SPAN_M(15));
    assert_told(m, "status-failed well>critical (again?)");
    watch_told(m);
    kept(&rows, m);
    sweep(m, FAILED, START + SPAN_M(30));
    assert_told(m, "");
    sweep(m, WELL, START + SPAN_M(45));
    sweep(m, WELL, START + SPAN_M(60));
    assert_told(m, "status-failed critical>well");
    kept(&rows, m);
    watch_close(m);

    /* Was the end told? What returns is told in either case. */
    m = opened(&rows);
    sweep(m, FAILED, START + SPAN_M(75));
    assert_told(m, "status-failed well>critical (again?)");
    watch_close(m);

    m = opened(&rows);
    sweep(m, WELL, START + SPAN_M(75));
    assert_told(m, "status-failed critical>well (again?)");
    watch_told(m);
    kept(&rows, m);
    sweep(m, WELL, START + SPAN_M(90));
    assert_told(m, "");
    watch_close(m);
}

/* A level that was kept and not told is told, though the problem has gone meanwhile. */
static void what_was_kept_is_told_though_it_has_gone(void **state)
{
    static struct rows_kept rows;
    (void)state;
    memset(&rows, 0, sizeof rows);
    struct watch_memory *m = opened(&rows);
    sweep(m, FAILED, START);
    kept(&rows, m);
    watch_close(m);
    m = opened(&rows);
    sweep(m, WELL, START + SPAN_M(15));
    assert_told(m, "status-failed well>critical (again?)");
    watch_told(m);
    sweep(m, WELL, START + SPAN_M(30));
    assert_told(m, "status-failed critical>well");
    watch_close(m);
}

/* An output is dead, so the beginning is not told yet; meanwhile the problem comes and goes. */
static void what_is_well_again_is_no_problem_though_it_is_not_told(void **state)
{
    static struct rows_kept rows;
    struct watch_problem found[WATCH_KINDS];
    const struct watch_key key = {looks_lane, TEXT("a.test")};
    (void)state;
    memset(&rows, 0, sizeof rows);
    struct watch_memory *m = opened(&rows);
    sweep(m, TEMPORARY, START);
    assert_told(m, "status-temporary well>critical");
    sweep(m, WELL, START + SPAN_M(15));
    assert_int_equal(watch_problems(m, &key, found), 1); /* one good look does not end it */
    sweep(m, WELL, START + SPAN_M(30));
    assert_told(m, "status-temporary well>critical");
    assert_int_equal(watch_problems(m, &key, found), 0);
    watch_told(m);
    sweep(m, WELL, START + SPAN_M(45));
    assert_told(m, "status-temporary critical>well");
    assert_int_equal(watch_problems(m, &key, found), 0);
    watch_close(m);
}

static void a_lane_has_problems_of_its_own(void **state)
{
    const struct watch_key key = {.lane = looks_lane};
    struct watch_problem p[WATCH_KINDS];
    static const struct {
        int minute;
        struct watch_lane_seen seen;
        const char *told;
    } steps[] = {
        {0, {.is_read = false}, ""},
        {15, {.is_read = false}, ""},
        {30, {.is_read = false}, "unseen well>warning"},
        {360, {.is_read = false}, "unseen warning>critical"},
        {375, {true, true, false, 0, 0}, "account-cannot-send well>critical"},
        {390, {true, false, false, 0, 0}, "unseen critical>well"},
        {405, {true, true, true, 0, 0}, ""},
        {420, {true, true, true, 0, 0}, "account-cannot-send critical>well"},
    };
    (void)state;
    struct watch_memory *m = watch_open(&WATCH_POLICY_USUAL);
    for (size_t i = 0; i < COUNT(steps); i++) {
        instant_us now = START + SPAN_M(steps[i].minute);
        watch_sweep_begin(m, now);
        assert_true(watch_look_lane(m, &looks_lane, 0, &steps[i].seen, now));
        assert_true(watch_sweep_end(m, now));
        assert_told(m, steps[i].told);
        watch_told(m);
    }
    assert_int_equal(watch_problems(m, &key, p), 0);
    watch_close(m);
}

/* Thousands of sweeps with faults that come and go leave as many rows as there ever were at once.
 */
static void the_rows_do_not_grow(void **state)
{
    static struct rows_kept rows;
    (void)state;
    memset(&rows, 0, sizeof rows);
    struct watch_memory *m = opened(&rows);
    uint64_t seed = 77;
    for (int i = 0; i < 5000; i++) {
        static const unsigned signs[] = {WELL, WELL, MX_NO, TEMPORARY | REJECT, SPF_NO | STRICT};
        sweep(m, signs[dice(&seed) % COUNT(signs)], START + SPAN_M(15) * i);
        kept(&rows, m);
        watch_told(m);
        kept(&rows, m);
        if (i % 100 == 0) {
            watch_close(m);
            m = opened(&rows);
        }
    }
    assert_int_equal(rows.identities_len, 1);
    assert_between(rows.problems_len, 2, 6);
    uint64_t writes = rows.writes;
    for (int i = 5000; i < 5090; i++) { /* nothing happens: "was looked at" alone, once a day */
        sweep(m, WELL, START + SPAN_M(15) * i);
        watch_told(m);
    }
    kept(&rows, m);
    assert_between(rows.writes - writes, 1, 8);
    watch_close(m);
}

static void damaged_rows_are_left_out_and_overwritten(void **state)
{
    static struct rows_kept rows;
    struct watch_identity_record identity = {.number = 1,
                                             .key = {looks_lane, TEXT("a.test")},
                                             .mail_from = TEXT("b.a.test"),
                                             .looked = START};
    const struct watch_problem_record problem = {.number = 1,
                                                 .owner = 1,
                                                 .kind = WATCH_MX_GONE,
                                                 .level = WATCH_WARNING,
                                                 .told = WATCH_WARNING,
                                                 .since = START,
                                                 .began = START};
    struct watch_problem_record odd[9];
    (void)state;
    memset(&rows, 0, sizeof rows);
    struct watch_memory *m = watch_open(&WATCH_POLICY_USUAL);
    assert_true(watch_learn_identity(m, &identity));
    identity.number = 2; /* the same once more */
    assert_true(watch_learn_identity(m, &identity));
    identity.number = 0;
    assert_true(watch_learn_identity(m, &identity));
    identity.number = UINT64_MAX;
    assert_true(watch_learn_identity(m, &identity));
    assert_true(watch_learn_identity(m, &(struct watch_identity_record){.number = 3}));
    assert_int_equal(watch_left_out(m), 4);
    for (size_t i = 0; i < COUNT(odd); i++) {
        odd[i] = problem;
        odd[i].number = i + 2;
    }
    odd[0].owner = 2; /* left out itself */
    odd[1].owner = 99;
    odd[2].kind = WATCH_KINDS;
    odd[3].level = WATCH_LEVELS;
    odd[4].told = WATCH_LEVELS;
    odd[5].since = 0;
    odd[6].began = START - 1;
    odd[7].kind = WATCH_MX_GONE; /* a second of its kind */
    odd[8].number = UINT64_MAX;
    assert_true(watch_learn_problem(m, &problem));
    for (size_t i = 0; i < COUNT(odd); i++)
        assert_true(watch_learn_problem(m, &odd[i]));
    assert_int_equal(watch_left_out(m), 4 + COUNT(odd));
    sweep(m, MX_NO, START + SPAN_M(1));
    assert_told(m, "");
    kept(&rows, m);
    watch_close(m);
    m = opened(&rows);
    assert_int_equal(watch_left_out(m), 0);
    watch_close(m);
}

/* Two accounts that manifests call by one name are two, once their numbers are known. */
static void accounts_of_one_name_are_told_apart(void **state)
{
    const struct watch_wanted wanted = {.mail_from = TEXT("b.a.test")};
    struct watch_seen seen = seen_of(FAILED);
    struct watch_key key = {looks_lane, TEXT("a.test")};
    struct watch_problem p[WATCH_KINDS];
    (void)state;
    struct watch_memory *m = watch_open(&WATCH_POLICY_USUAL);
    watch_sweep_begin(m, START);
    key.lane.number = TEXT_NONE;
    assert_true(watch_look(m, &key, 1, &wanted, &seen, START));
    key.lane.number = TEXT("111122223333"); /* the same, with its number */
    assert_int_equal(watch_problems(m, &key, p), 1);
    assert_true(watch_look(m, &key, 1, &wanted, &seen, START));
    key.lane.number = TEXT("444455556666");
    assert_int_equal(watch_problems(m, &key, p), 0);
    assert_true(watch_look(m, &key, 2, &wanted, &seen, START));
    assert_true(watch_sweep_end(m, START));
    uint32_t len;
    watch_events(m, &len);
    assert_int_equal(len, 2);
    watch_close(m);
}

static void verification_is_asked_for_again_when_it_was_bad(void **state)
{
    const struct watch_key key = {looks_lane, TEXT("a.test")};
    (void)state;
    struct watch_memory *m = watch_open(&WATCH_POLICY_USUAL);
    assert_true(watch_verified_at(m, &key) == 0);
    sweep(m, WELL, START);
    assert_true(watch_verified_at(m, &key) == START);
    sweep(m, UNVERIFIED, START + 5);
    assert_true(watch_verified_at(m, &key) == 0);
    watch_close(m);
}

/* Asked and not told is asked all the same: what was told before stands. */
static void the_last_dkim_that_was_told_is_remembered(void **state)
{
    const struct watch_key key = {looks_lane, TEXT("a.test")};
    const struct watch_wanted wanted = {.mail_from = TEXT("m.a.test")};
    static const struct {
        bool is_asked;
        enum dkim_status told, stands;
        instant_us asked;
    } looks[] = {
        {false, DKIM_UNKNOWN, DKIM_UNKNOWN, 0},
        {true, DKIM_UNKNOWN, DKIM_UNKNOWN, START + 1},
        {true, DKIM_PENDING, DKIM_PENDING, START + 2},
        {false, DKIM_UNKNOWN, DKIM_PENDING, START + 2},
        {true, DKIM_SUCCESS, DKIM_SUCCESS, START + 4},
        {true, DKIM_UNKNOWN, DKIM_SUCCESS, START + 5},
    };
    (void)state;
    instant_us asked;
    struct watch_memory *m = watch_open(&WATCH_POLICY_USUAL);
    assert_int_equal(watch_dkim(m, &key, &asked), DKIM_UNKNOWN);
    assert_true(asked == 0);
    for (unsigned i = 0; i < sizeof looks / sizeof *looks; i++) {
        const struct watch_seen seen = {
            .exists = true, .dkim_is_asked = looks[i].is_asked, .dkim = looks[i].told};
        instant_us now = START + i;
        watch_sweep_begin(m, now);
        assert_true(watch_look(m, &key, 0, &wanted, &seen, now));
        assert_true(watch_sweep_end(m, now));
        assert_int_equal(watch_dkim(m, &key, &asked), looks[i].stands);
        assert_true(asked == looks[i].asked);
        assert_int_equal(watch_dkim(m, &key, NULL), looks[i].stands);
    }
    struct watch_rows rows;
    assert_true(watch_rows(m, &rows));
    assert_int_equal(rows.identities_len, 1);
    assert_int_equal(rows.identities[0].dkim, DKIM_SUCCESS);
    assert_true(rows.identities[0].dkim_asked == START + 5);
    watch_sweep_begin(m, START + 3); /* a clock that was set back */
    watch_dkim(m, &key, &asked);
    assert_true(asked == START + 3);
    watch_close(m);
}

static void many_identities_are_found_again(void **state)
{
    char name[32];
    const struct watch_wanted wanted = {.mail_from = TEXT("b.a.test")};
    struct watch_problem p[WATCH_KINDS];
    (void)state;
    struct watch_memory *m = watch_open(&WATCH_POLICY_USUAL);
    for (int round = 0; round < 2; round++) {
        watch_sweep_begin(m, START + round);
        for (int i = 0; i < 20000; i++) {
            struct watch_seen seen = seen_of(i % 100 ? WELL : FAILED);
            int len = snprintf(name, sizeof name, "d%d.test", i);
            const struct watch_key key = {looks_lane, {name, (size_t)len}};
            assert_true(watch_look(m, &key, (uint32_t)(20000 - i), &wanted, &seen, START + round));
            assert_int_equal(watch_problems(m, &key, p), i % 100 ? 0 : 1);
        }
        assert_true(watch_sweep_end(m, START + round));
        uint32_t len;
        const struct watch_event *e = watch_events(m, &len);
        assert_int_equal(len, round ? 0 : 200);
        for (uint32_t i = 1; i < len; i++) /* in the order of looks, by their tags */
            assert_true(e[i - 1].tag < e[i].tag);
        watch_told(m);
    }
    watch_close(m);
}

static void a_lane_is_not_told_of_what_it_accepts(void **state)
{
    (void)state;
    for (unsigned accepts = 0; accepts < 2; accepts++) {
        uint32_t len;
        const struct watch_lane_seen seen = {
            .is_read = true,
            .account_is_known = true,
            .accepted = accepts ? WATCH_BIT(WATCH_ACCOUNT_CANNOT_SEND) : 0};
        struct watch_memory *m = watch_open(&WATCH_POLICY_USUAL);
        assert_non_null(m);
        watch_sweep_begin(m, START);
        assert_true(watch_look_lane(m, &looks_lane, 0, &seen, START));
        assert_true(watch_sweep_end(m, START));
        watch_events(m, &len);
        assert_int_equal(len, accepts ? 0 : 1);
        watch_close(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_deadline_counts_from_the_first_look),
        cmocka_unit_test(a_process_that_ends_loses_no_event),
        cmocka_unit_test(what_was_kept_is_told_though_it_has_gone),
        cmocka_unit_test(what_is_well_again_is_no_problem_though_it_is_not_told),
        cmocka_unit_test(a_lane_has_problems_of_its_own),
        cmocka_unit_test(the_rows_do_not_grow),
        cmocka_unit_test(damaged_rows_are_left_out_and_overwritten),
        cmocka_unit_test(accounts_of_one_name_are_told_apart),
        cmocka_unit_test(verification_is_asked_for_again_when_it_was_bad),
        cmocka_unit_test(the_last_dkim_that_was_told_is_remembered),
        cmocka_unit_test(many_identities_are_found_again),
        cmocka_unit_test(a_lane_is_not_told_of_what_it_accepts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
