/* A list that comes page by page: its end, its tokens, and pages that fail. */
#include "unit.h"

#include "calls/backoff.h"
#include "calls/paged_list.h"

#include <stdio.h>

static const struct retry_rules rules = {3, true, true, 0};

static struct call *page(const char *token, const char *next)
{
    static struct call call;
    call = (struct call){.kind = CALL_LIST, .token = text_of(token), .next_token = text_of(next)};
    return &call;
}

static struct call *failed(const char *code, const char *token)
{
    struct call *call = page(token, "");
    snprintf(call->reply.code, sizeof call->reply.code, "%s", code);
    return call;
}

static void pages_follow_each_other_to_the_last(void **state)
{
    (void)state;
    struct arena memory;
    struct paged_list l = {0};
    struct call call = {0};
    arena_init(&memory, SIZE_MAX);
    paged_list_ask(&l, &call);
    assert_true(l.out);
    assert_int_equal(call.token.len, 0);
    assert_int_equal(paged_list_take(&l, page("", "a"), &memory), PAGE_MORE);
    assert_false(l.out);
    paged_list_ask(&l, &call);
    assert_text(call.token, TEXT("a"));
    assert_int_equal(paged_list_take(&l, page("a", "b"), &memory), PAGE_MORE);
    assert_int_equal(paged_list_take(&l, page("b", ""), &memory), PAGE_LAST);
    assert_int_equal(l.pages, 3);
    arena_clear(&memory);
}

static void a_list_that_does_not_end_is_found(void **state)
{
    (void)state;
    struct arena memory, tiny;
    struct paged_list l = {0};
    arena_init(&memory, SIZE_MAX);
    arena_init(&tiny, 0);
    assert_int_equal(paged_list_take(&l, page("a", "a"), &memory), PAGE_ENDLESS);
    assert_int_equal(paged_list_take(&l, page("a", "b"), &tiny), PAGE_UNKEPT);
    l.pages = LIST_PAGES_MAX - 1;
    assert_int_equal(paged_list_take(&l, page("a", "b"), &memory), PAGE_ENDLESS);
    arena_clear(&memory);
    arena_clear(&tiny);
}

static void a_page_that_fails_is_asked_for_again_for_a_while(void **state)
{
    (void)state;
    bool begins_again;
    struct call call = {0};
    struct paged_list l = {.token = TEXT("a"), .pages = 1, .out = true};
    struct call *lost = failed("", "a");
    assert_int_equal(
        paged_list_failed(&l, &rules, lost, VERDICT_SLOW_DOWN, 1, SPAN_S(9), &begins_again),
        RETRY_BY_PACE);
    assert_int_equal(l.attempts, 0);
    assert_int_equal(l.throttles, 1);
    for (unsigned i = 1; i < 3; i++) {
        l.out = true;
        assert_int_equal(
            paged_list_failed(&l, &rules, lost, VERDICT_AGAIN, 1, SPAN_S(9), &begins_again),
            RETRY_BACKOFF);
        assert_false(begins_again);
        assert_false(l.out);
        assert_int_equal(l.attempts, i);
        assert_int_equal(l.wake, SPAN_S(9) + backoff_span(BACKOFF_ERROR, 1, 0, i));
    }
    paged_list_ask(&l, &call);
    assert_text(call.token, TEXT("a"));
    assert_int_equal(call.attempt, 3);
    assert_int_equal(
        paged_list_failed(&l, &rules, lost, VERDICT_AGAIN, 1, SPAN_S(9), &begins_again),
        RETRY_EXHAUSTED);
    lost = failed("AccessDenied", "a");
    assert_int_equal(
        paged_list_failed(&l, &rules, lost, VERDICT_DENIED, 1, SPAN_S(9), &begins_again),
        RETRY_FALL_BACK);
}

/* Restarts are counted over the whole list, since each of them may have had pages that worked. */
static void a_token_that_is_too_old_begins_the_list_again(void **state)
{
    (void)state;
    bool begins_again;
    struct arena memory;
    struct paged_list l = {0};
    arena_init(&memory, SIZE_MAX);
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(paged_list_take(&l, page("", "a"), &memory), PAGE_MORE);
        assert_int_equal(paged_list_failed(&l, &rules, failed("InvalidNextTokenException", "a"),
                                           VERDICT_AGAIN, 1, SPAN_S(9), &begins_again),
                         i < 3 ? RETRY_BACKOFF : RETRY_EXHAUSTED);
        assert_int_equal(begins_again, i < 3);
        assert_int_equal(l.restarts, i);
        assert_true(i == 3 || (l.token.len == 0 && l.pages == 0));
    }
    arena_clear(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_follow_each_other_to_the_last),
        cmocka_unit_test(a_list_that_does_not_end_is_found),
        cmocka_unit_test(a_page_that_fails_is_asked_for_again_for_a_while),
        cmocka_unit_test(a_token_that_is_too_old_begins_the_list_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
