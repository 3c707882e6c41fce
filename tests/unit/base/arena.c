#include "unit.h"

#include "base/arena.h"

#include <stdalign.h>

static void what_was_taken_stays_where_it_is(void **state)
{
    (void)state;
    struct arena a;
    uint32_t *taken[3000];
    arena_init(&a, SIZE_MAX);
    for (uint32_t i = 0; i < COUNT(taken); i++) {
        taken[i] = ARENA_ARRAY(&a, uint32_t, 1 + i % 37);
        assert_non_null(taken[i]);
        assert_int_equal((uintptr_t)taken[i] % alignof(max_align_t), 0);
        for (uint32_t k = 0; k < 1 + i % 37; k++) {
            assert_int_equal(taken[i][k], 0);
            taken[i][k] = i;
        }
    }
    for (uint32_t i = 0; i < COUNT(taken); i++)
        for (uint32_t k = 0; k < 1 + i % 37; k++)
            assert_int_equal(taken[i][k], i);
    arena_clear(&a);
}

static void packed_bytes_lie_side_by_side(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, SIZE_MAX);
    char *first = arena_take_packed(&a, 3);
    char *second = arena_take_packed(&a, 5);
    assert_ptr_equal(second, first + 3);
    void *aligned = arena_take(&a, 1); /* after an odd number of bytes */
    assert_int_equal((uintptr_t)aligned % alignof(max_align_t), 0);
    assert_true((char *)aligned >= second + 5);
    arena_clear(&a);
}

static void the_limit_holds_and_the_arena_survives_it(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 10000);
    size_t taken = 0;
    while (arena_take(&a, 100))
        taken += 100;
    assert_between(taken, 4096, 10000);
    assert_true(a.used_bytes <= 10000);
    assert_null(arena_take(&a, 20000));
    assert_null(arena_array(&a, SIZE_MAX / 2, 3));
    assert_null(arena_take(&a, SIZE_MAX));
    arena_clear(&a);
    assert_non_null(arena_take(&a, 100));
    arena_clear(&a);
}

static void reset_keeps_memory_for_the_next_turn(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, SIZE_MAX);
    for (int i = 0; i < 1000; i++)
        assert_non_null(arena_take(&a, 64));
    size_t kept = 0;
    for (int turn = 0; turn < 5; turn++) {
        arena_reset(&a);
        assert_true(turn == 0 || a.used_bytes == kept); /* no growth from turn to turn */
        kept = a.used_bytes;
        unsigned char *again = arena_take(&a, 200);
        for (int i = 0; i < 200; i++)
            assert_int_equal(again[i], 0); /* old bytes do not show */
        memset(again, 0xaa, 200);
    }
    arena_clear(&a);
    arena_reset(&a); /* an empty arena is fine */
    arena_clear(&a);
}

static void texts_are_copied_and_terminated(void **state)
{
    (void)state;
    struct arena a;
    char original[] = "bounce.example";
    arena_init(&a, SIZE_MAX);
    struct text copy = arena_text(&a, text_of(original));
    original[0] = 'X';
    assert_string_equal(copy.at, "bounce.example");
    assert_null(arena_text(&a, TEXT_NONE).at);
    assert_non_null(arena_text(&a, TEXT("")).at);
    assert_text(arena_fmt(&a, "%s:%d", "fleet.yaml", 12), TEXT("fleet.yaml:12"));
    assert_text(arena_fmt(&a, "%8000d", 1).len == 8000 ? TEXT("long") : TEXT_NONE, TEXT("long"));
    arena_clear(&a);
}

static void a_list_grows_with_what_it_holds(void **state)
{
    (void)state;
    struct arena a;
    uint32_t *list = NULL, cap = 0;
    arena_init(&a, 16384);
    for (uint32_t i = 0; i < 200; i++) {
        if (i == cap)
            list = arena_grow(&a, list, sizeof *list, i, &cap);
        assert_non_null(list);
        list[i] = i;
    }
    assert_int_equal(cap, 256);
    for (uint32_t i = 0; i < 200; i++)
        assert_int_equal(list[i], i);
    cap = 4096; /* twice that is beyond the limit */
    assert_null(arena_grow(&a, list, sizeof *list, 200, &cap));
    assert_int_equal(cap, 4096);
    arena_clear(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_taken_stays_where_it_is),
        cmocka_unit_test(packed_bytes_lie_side_by_side),
        cmocka_unit_test(the_limit_holds_and_the_arena_survives_it),
        cmocka_unit_test(reset_keeps_memory_for_the_next_turn),
        cmocka_unit_test(texts_are_copied_and_terminated),
        cmocka_unit_test(a_list_grows_with_what_it_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
