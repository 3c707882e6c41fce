/*
 * Rows that wait for records, asked for at their authorities: a look is one question while a server
 * denies what it has denied, and whole as soon as anything may have changed.
 */
#include "refusing.h"

#define NOTICED_WITHIN                                                                             \
    SPAN_M(2)                 /* a poll interval of those who wait for so long, and the answers */
#define WHOLE_EVERY SPAN_M(7) /* the TTL of the simulated servers, and one poll interval more */

struct looks {
    uint32_t questions, whole; /* until the records are there */
    instant_us last_whole[JOBS];
    span_us longest; /* between two whole looks */
    span_us delay;
    uint32_t ready, late, told;
};

static uint32_t row_of(struct text name)
{
    struct text number = name;
    if (text_starts(number, TEXT("bounce.")))
        number = text_slice(number, 7, number.len - 7);
    return (uint32_t)strtoul(number.at + 1, NULL, 10);
}

static struct refusal let_through(void *test, const struct call *call, instant_us now)
{
    (void)test, (void)call, (void)now;
    return (struct refusal){0, NULL, NULL};
}

/* A whole look begins with the NS set, in the parent's zone. */
static void asked(void *test, const struct call *call, instant_us now)
{
    struct looks *l = test;
    if (now >= START + l->delay)
        return;
    l->questions++;
    if (call->question.type == DNS_TYPE_NS) {
        uint32_t row = row_of(call->question.name);
        span_us gap = l->last_whole[row] ? now - l->last_whole[row] : 0;
        l->longest = gap > l->longest ? gap : l->longest;
        l->last_whole[row] = now;
        l->whole++;
    }
}

static void kept(void *test, const struct record *r)
{
    struct looks *l = test;
    if (r->from == JOB_WAITING_DNS && r->row.state == JOB_READY) {
        l->ready++;
        l->late += r->at > START + l->delay + NOTICED_WITHIN;
    }
    if (r->row.state == JOB_DONE)
        l->told += text_find_text(r->row.reason, TEXT("no MX")) < r->row.reason.len;
}

static void looks_run(struct looks *l, span_us timeout, struct scheduler_totals *totals)
{
    const struct scheduler_options options = {.read_api = API_V1,
                                              .write_api = API_V2,
                                              .read_falls_back = true,
                                              .authority_dns = true,
                                              .looks_closer = true};
    struct refusing r = {.refuse = let_through,
                         .asked = asked,
                         .kept = kept,
                         .test = l,
                         .needs_records = true,
                         .timeout = timeout,
                         .dns_delay = l->delay,
                         .options = &options};
    refusing_run(&r, totals);
}

/* Waits are drawn, up to a minute: forty minutes are some seventy looks of each row. A whole one is
 * seven questions. */
static void a_look_is_one_question_while_nothing_changes(void **state)
{
    struct looks l = {.delay = SPAN_M(40)};
    struct scheduler_totals totals;
    (void)state;
    looks_run(&l, SPAN_H(4), &totals);
    print_message("%u questions and %u whole looks of %u rows\n", l.questions, l.whole, JOBS);
    assert_int_equal(totals.by_outcome[OUTCOME_DONE], JOBS);
    assert_between(l.whole, 40 / 7 * JOBS, 40 / 4 * JOBS);
    assert_between(l.questions - 7 * l.whole, 50 * JOBS, 80 * JOBS); /* those of one */
}

static void the_way_to_the_servers_is_asked_for_within_its_ttl(void **state)
{
    struct looks l = {.delay = SPAN_M(40)};
    struct scheduler_totals totals;
    (void)state;
    looks_run(&l, SPAN_H(4), &totals);
    assert_true(l.longest > SPAN_M(4));
    assert_true(l.longest <= WHOLE_EVERY);
}

static void records_are_noticed_within_one_poll_interval(void **state)
{
    struct looks l = {.delay = SPAN_M(40)};
    struct scheduler_totals totals;
    (void)state;
    looks_run(&l, SPAN_H(4), &totals);
    assert_int_equal(l.ready, JOBS);
    assert_int_equal(l.late, 0);
}

/* The look at the deadline is whole: the row ends with what is missing. */
static void a_row_that_waits_in_vain_says_what_is_missing(void **state)
{
    struct looks l = {.delay = SPAN_H(9)};
    struct scheduler_totals totals;
    (void)state;
    looks_run(&l, SPAN_H(1), &totals);
    assert_int_equal(totals.by_outcome[OUTCOME_EXPIRED], JOBS);
    assert_int_equal(l.told, JOBS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_look_is_one_question_while_nothing_changes),
        cmocka_unit_test(the_way_to_the_servers_is_asked_for_within_its_ttl),
        cmocka_unit_test(records_are_noticed_within_one_poll_interval),
        cmocka_unit_test(a_row_that_waits_in_vain_says_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
