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

/* A list of ever other pages; the n-th leads to tokens[n % tokens_len], or to a new one. */
static unsigned pages_taken(const char *const *tokens, uint32_t tokens_len, struct text (*names)[2],
                            uint32_t names_len)
{
    struct arena memory;
    struct paged_list l = {0};
    char token[16], next[16] = "";
    unsigned n = 0;
    enum page taken = PAGE_MORE;
    arena_init(&memory, SIZE_MAX);
    for (; taken == PAGE_MORE; n++) {
        snprintf(token, sizeof token, "%s", next);
        snprintf(next, sizeof next, tokens_len ? "%s" : "%s%u",
                 tokens_len ? tokens[n % tokens_len] : "t", n);
        struct call *call = page(token, next);
        call->listed = names_len ? names[n % names_len] : NULL;
        call->listed_len = names_len ? 2 : 0;
        taken = paged_list_take(&l, call, &memory);
    }
    assert_int_equal(taken, PAGE_ENDLESS);
    arena_clear(&memory);
    return n;
}

static void a_list_that_comes_round_is_found_soon(void **state)
{
    static const char *const circle[] = {"a", "b", "c"};
    struct text names[50][2];
    char numbers[50][2][8];
    (void)state;
    for (unsigned i = 0; i < COUNT(names); i++)
        for (unsigned k = 0; k < 2; k++) {
            snprintf(numbers[i][k], sizeof numbers[i][k], "%u", 2 * i + k);
            names[i][k] = text_of(numbers[i][k]);
        }
    assert_int_equal(pages_taken(circle, 2, names, COUNT(names)), 5);
    assert_int_equal(pages_taken(circle, 3, names, COUNT(names)), 8);
    /* ever new tokens */
    assert_int_equal(pages_taken(NULL, 0, names, 1), 2);
    assert_int_equal(pages_taken(NULL, 0, names, 2), 5);
    assert_int_equal(pages_taken(NULL, 0, names, COUNT(names)), 115);
    assert_int_equal(pages_taken(NULL, 0, NULL, 0), LIST_EMPTY_MAX);
}

/* Pages that list nothing may come in between, and one name may move. */
static void a_list_that_goes_on_is_left_to_its_end(void **state)
{
    struct arena memory;
    struct paged_list l = {0};
    struct text name = TEXT("example.com"), names[1000][2];
    char token[16], next[16] = "", numbers[1000][2][8];
    (void)state;
    arena_init(&memory, SIZE_MAX);
    for (unsigned n = 0; n < 4000; n++) {
        snprintf(token, sizeof token, "%s", next);
        snprintf(next, sizeof next, "t%u", n);
        struct call *call = page(token, next);
        bool is_whole = n % 4 == 0;
        for (unsigned k = 0; k < 2; k++) {
            snprintf(numbers[n / 4][k], sizeof numbers[0][k], "%u", n / 2 + k);
            names[n / 4][k] = text_of(numbers[n / 4][k]);
        }
        call->listed = is_whole ? names[n / 4] : &name;
        call->listed_len = is_whole ? 2 : n % 4 == 1;
        assert_int_equal(paged_list_take(&l, call, &memory), PAGE_MORE);
    }
    assert_int_equal(paged_list_take(&l, page(next, ""), &memory), PAGE_LAST);
    arena_clear(&memory);
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
        cmocka_unit_test(a_list_that_comes_round_is_found_soon),
        cmocka_unit_test(a_list_that_goes_on_is_left_to_its_end),
        cmocka_unit_test(a_page_that_fails_is_asked_for_again_for_a_while),
        cmocka_unit_test(a_token_that_is_too_old_begins_the_list_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
