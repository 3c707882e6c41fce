/*
 * Rows that wait for DNS, folded by zone: how many, since when, which has waited longest, and the
 * order of the zones.
 */
#include "unit.h"

#include "base/dname.h"
#include "reports/waiting.h"

#include <stdio.h>

#define ROWS 6

struct bench {
    struct fleet fleet;
    struct job_row jobs[ROWS];
    struct record moves[2 * ROWS];
    size_t moves_len;
};

static enum err rows_tell(void *ctx,
                          bool (*fn)(void *fn_ctx, uint32_t row, const struct job_row *job),
                          void *fn_ctx, struct why *why)
{
    const struct bench *b = ctx;
    (void)why;
    for (uint32_t i = 0; i < ROWS && fn(fn_ctx, i, &b->jobs[i]); i++)
        continue;
    return OK;
}

static enum err moves_tell(void *ctx, bool (*fn)(void *fn_ctx, const struct record *record),
                           void *fn_ctx, struct why *why)
{
    const struct bench *b = ctx;
    (void)why;
    for (size_t i = 0; i < b->moves_len && fn(fn_ctx, &b->moves[i]); i++)
        continue;
    return OK;
}

static void row_add(struct bench *b, const char *mail_from, enum job_state state, instant_us since,
                    instant_us deadline)
{
    struct choice choice = {0};
    uint32_t row;
    assert_true(names_add(&b->fleet.names, text_of(mail_from), &choice.mail_from));
    assert_true(names_add(&b->fleet.names, dname_parent(text_of(mail_from)), &choice.identity));
    assert_true(fleet_choice(&b->fleet, choice, &row));
    b->jobs[row] = (struct job_row){.state = state, .deadline = deadline};
    for (int again = 0; since && again < 2; again++) /* a new reason is no new wait */
        b->moves[b->moves_len++] =
            (struct record){.job = row, .at = since + again * 50, .row.state = JOB_WAITING_DNS};
}

static void the_oldest_zone_is_first_and_then_the_largest(void **state)
{
    struct bench b = {.moves_len = 0};
    struct report_source source = {&b, rows_tell, moves_tell};
    const struct report report = {.fleet = &b.fleet, .source = &source};
    struct waiting w;
    struct why why = {""};
    struct buf told;
    (void)state;
    fleet_init(&b.fleet);
    assert_true(names_init(&b.fleet.names, 1u << 20));
    row_add(&b, "x.one.test", JOB_WAITING_DNS, SPAN_H(30), 900);
    row_add(&b, "x.two.test", JOB_WAITING_DNS, SPAN_H(30) + SPAN_M(5), 800);
    row_add(&b, "y.two.test", JOB_WAITING_DNS, SPAN_H(40), 700);
    row_add(&b, "x.three.test", JOB_WAITING_DNS, SPAN_H(20), 600);
    row_add(&b, "z.two.test", JOB_FOLLOWING, SPAN_H(10),
            500); /* it has waited, and waits no more */
    row_add(&b, "y.one.test", JOB_DONE, SPAN_H(5), WHEN_NEVER);
    assert_int_equal(waiting_make(&w, &report, waiting_parent, NULL, &why), OK);
    buf_init(&told, 1 << 12);
    for (uint32_t i = 0; i < w.len; i++)
        buf_add_fmt(&told, TEXT_FMT " %u since %lld row %u until %lld; ",
                    TEXT_ARG(waiting_name(&w, &w.list[i])), w.list[i].rows,
                    (long long)(w.list[i].since / SPAN_H(1)), w.list[i].oldest,
                    (long long)w.list[i].deadline);
    buf_add_char(&told, '\0');
    assert_string_equal(told.at, "three.test 1 since 20 row 3 until 600; "
                                 "two.test 2 since 30 row 1 until 700; "
                                 "one.test 1 since 30 row 0 until 900; ");
    assert_int_equal(w.rows, 4);
    buf_clear(&told);
    waiting_clear(&w);
    fleet_clear(&b.fleet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_zone_is_first_and_then_the_largest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
