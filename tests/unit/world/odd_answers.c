/*
 * Answers that deny what has worked, in the middle of a long wait: once, for a while, and for good.
 */
#include "refusing.h"

#define TIMEOUT   SPAN_H(72)
#define DNS_DELAY SPAN_H(20)

static const struct refusal by_iam = {403, "AccessDenied", "User: u is not authorized"};
static const struct refusal by_proxy = {403, "", "<html>not for you</html>"};
static const struct refusal bad_key = {403, "InvalidClientTokenId",
                                       "The security token is invalid"};
static const struct refusal served = {0, NULL, NULL};

/* Calls of some kinds are refused from an instant on, and served again from another one on. */
struct denial {
    struct refusal no;
    unsigned kinds; /* bits of 1 << enum call_kind; 0: batched reads */
    instant_us from, until;
    uint32_t most; /* so many at most */

    uint32_t refused, one_by_one;
    instant_us first, last;      /* of the refusals */
    instant_us first_one_by_one; /* read of one identity by version 2; 0: none */
    uint32_t batched_after;      /* batched reads that were served, after the first refusal */
};

static struct refusal refuse(void *test, const struct call *call, instant_us now)
{
    struct denial *d = test;
    if (call->kind == CALL_GET) {
        d->one_by_one++;
        d->first_one_by_one = d->first_one_by_one ? d->first_one_by_one : now;
    }
    unsigned kinds = d->kinds ? d->kinds : 1u << CALL_READ_MAIL_FROM | 1u << CALL_READ_VERIFICATION;
    if (!(kinds & 1u << call->kind))
        return served;
    if (now < d->from || now >= d->until || d->refused >= d->most) {
        d->batched_after += d->refused > 0;
        return served;
    }
    d->refused++;
    d->first = d->first ? d->first : now;
    d->last = now;
    return d->no;
}

/* Returns how many rows are not done. */
static uint32_t run_denied(struct denial *d)
{
    struct scheduler_totals totals;
    struct refusing r = {.refuse = refuse, .test = d, .timeout = TIMEOUT, .dns_delay = DNS_DELAY};
    refusing_run(&r, &totals);
    print_message("%u refused, %u identities read one by one, %u batched reads after it\n",
                  d->refused, d->one_by_one, d->batched_after);
    return JOBS - totals.by_outcome[OUTCOME_DONE];
}

static void one_odd_answer_changes_nothing(void **state)
{
    const struct refusal all[] = {by_iam, by_proxy, bad_key};
    (void)state;
    for (size_t i = 0; i < COUNT(all); i++)
        for (uint32_t most = 1; most <= 2; most++) {
            struct denial d = {
                .no = all[i], .from = START + SPAN_H(5), .until = WHEN_NEVER, .most = most};
            assert_int_equal(run_denied(&d), 0);
            assert_int_equal(d.refused, most);
            assert_int_equal(d.one_by_one, 0);
        }
}

/* Three times over ten minutes; then version 1 is tried once an hour, and taken when it serves. */
static void a_denial_that_lasts_is_believed_and_asked_again(void **state)
{
    struct denial d = {
        .no = by_iam, .from = START + SPAN_H(5), .until = START + SPAN_H(10), .most = UINT32_MAX};
    (void)state;
    assert_int_equal(run_denied(&d), 0);
    assert_true(d.first_one_by_one >= d.first + SPAN_M(10));
    assert_between(d.refused, 3 + 4, 3 + 5);
    assert_true(d.batched_after > 0);
    assert_true(d.last < d.until && d.first >= d.from);
}

/* By then SES has taken some writes: the others wait, and none is skipped. Only a row that was
 * itself refused three times over ten minutes ends. */
static void writes_denied_for_a_while_are_made_later(void **state)
{
    static const span_us spans[] = {SPAN_M(1), SPAN_M(9), SPAN_M(30), SPAN_H(5)};
    (void)state;
    for (size_t i = 0; i < COUNT(spans); i++) {
        struct denial d = {.no = by_iam,
                           .kinds = 1u << CALL_SET,
                           .from = START + SPAN_S(20),
                           .until = START + SPAN_S(20) + spans[i],
                           .most = UINT32_MAX};
        assert_between(run_denied(&d), 0, spans[i] >= SPAN_H(1));
        assert_between(d.refused, 3, 3 + 3 + spans[i] / SPAN_H(1) + 1);
    }
}

/* Version 1 and then version 2, one identity after the other: the lane is probed, not stormed. */
static void reads_denied_by_both_versions_are_probed(void **state)
{
    struct denial d = {.no = by_iam,
                       .kinds = 1u << CALL_READ_MAIL_FROM | 1u << CALL_READ_VERIFICATION |
                                1u << CALL_GET,
                       .from = START + SPAN_H(5),
                       .until = START + SPAN_H(7),
                       .most = UINT32_MAX};
    (void)state;
    assert_int_equal(run_denied(&d), 0);
    assert_between(d.refused, 6, 40);
}

static void what_never_worked_is_believed_at_once(void **state)
{
    struct denial d = {.no = by_iam, .until = WHEN_NEVER, .most = UINT32_MAX};
    (void)state;
    assert_int_equal(run_denied(&d), 0);
    assert_between(d.refused, 1, 2);
    assert_true(d.first_one_by_one < START + SPAN_M(1));
}

/* Other batched reads work meanwhile, and so do lists: what IAM refuses of the first one is no odd
 * answer. Each row has a single read in its place, once. */
static void one_batched_read_that_was_never_allowed_holds_nothing_up(void **state)
{
    struct denial d = {.no = by_iam,
                       .kinds = 1u << CALL_READ_VERIFICATION,
                       .until = WHEN_NEVER,
                       .most = UINT32_MAX};
    (void)state;
    assert_int_equal(run_denied(&d), 0);
    assert_between(d.refused, 1, 2);
    assert_between(d.one_by_one, JOBS, JOBS + 5); /* some are throttled */
    assert_true(d.first_one_by_one < START + SPAN_M(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_odd_answer_changes_nothing),
        cmocka_unit_test(a_denial_that_lasts_is_believed_and_asked_again),
        cmocka_unit_test(writes_denied_for_a_while_are_made_later),
        cmocka_unit_test(reads_denied_by_both_versions_are_probed),
        cmocka_unit_test(what_never_worked_is_believed_at_once),
        cmocka_unit_test(one_batched_read_that_was_never_allowed_holds_nothing_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
