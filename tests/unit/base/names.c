#include "unit.h"

#include "base/bounds.h"
#include "base/names.h"

#include <stdio.h>
#include <string.h>

#define MANY 100000u

static struct text numbered(char *out, size_t size, uint32_t i)
{
    return (struct text){out, (size_t)snprintf(out, size, "bounce.d%u.example", i)};
}

static void a_hundred_thousand_names_keep_their_numbers(void **state)
{
    (void)state;
    struct names n;
    char text[64];
    name_id id;
    assert_true(names_init(&n, NAMES_BYTES_MAX));
    for (uint32_t i = 0; i < MANY; i++) {
        assert_int_equal(names_find(&n, numbered(text, sizeof text, i)), NAME_NONE);
        assert_true(names_add(&n, numbered(text, sizeof text, i), &id));
        assert_int_equal(id, i + 1);
    }
    const char *early = names_text(&n, 1).at;
    for (uint32_t i = 0; i < MANY; i++) {
        assert_true(names_add(&n, numbered(text, sizeof text, i), &id));
        assert_int_equal(id, i + 1);
        assert_int_equal(names_find(&n, numbered(text, sizeof text, i)), id);
        assert_text(names_text(&n, id), numbered(text, sizeof text, i));
        assert_int_equal(names_text(&n, id).at[names_text(&n, id).len], '\0');
    }
    assert_ptr_equal(names_text(&n, 1).at, early);
    assert_true(n.bytes.used_bytes < MANY * 40);
    names_clear(&n);
}

static void names_differ_by_case_and_by_every_byte(void **state)
{
    (void)state;
    struct names n;
    name_id lower, upper, zero;
    assert_true(names_init(&n, NAMES_BYTES_MAX));
    assert_true(names_add(&n, TEXT("a@example"), &lower));
    assert_true(names_add(&n, TEXT("A@example"), &upper));
    assert_true(names_add(&n, TEXT("a@example\0"), &zero));
    assert_true(lower != upper && lower != zero);
    names_clear(&n);
}

static void a_stowed_name_gets_a_number_of_its_own_or_that_of_its_equal(void **state)
{
    (void)state;
    struct names n;
    name_id id, again;
    char longest[NAME_LEN_MAX + 2] = {0};
    memset(longest, 'a', NAME_LEN_MAX + 1);
    assert_true(names_init(&n, NAMES_BYTES_MAX));
    const char *first = names_stow(&n, TEXT("a.example")),
               *second = names_stow(&n, TEXT("a.example"));
    assert_ptr_not_equal(first, second);
    assert_text(names_stowed(second), TEXT("a.example"));
    assert_int_equal(names_find(&n, TEXT("a.example")), NAME_NONE);
    assert_true(names_adopt(&n, first, names_hash(&n, TEXT("a.example")), &id));
    assert_ptr_equal(names_text(&n, id).at, first);
    names_prefetch(&n, names_hash(&n, TEXT("a.example")));
    assert_true(names_adopt(&n, second, names_hash(&n, TEXT("a.example")), &again));
    assert_int_equal(again, id);
    assert_true(names_add(&n, TEXT("a.example"), &again));
    assert_int_equal(again, id);
    assert_null(names_stow(&n, TEXT("")));
    assert_null(names_stow(&n, (struct text){longest, NAME_LEN_MAX + 1}));
    assert_non_null(names_stow(&n, (struct text){longest, NAME_LEN_MAX}));
    names_clear(&n);
}

static void the_empty_name_is_number_none(void **state)
{
    (void)state;
    struct names n;
    name_id id = 9;
    assert_true(names_init(&n, NAMES_BYTES_MAX));
    assert_true(names_add(&n, TEXT(""), &id));
    assert_int_equal(id, NAME_NONE);
    assert_int_equal(names_text(&n, NAME_NONE).len, 0);
    assert_int_equal(names_find(&n, TEXT_NONE), NAME_NONE);
    names_clear(&n);
}

static void bounds_are_kept(void **state)
{
    (void)state;
    struct names n;
    name_id id = 9;
    static char longest[NAME_LEN_MAX + 1];
    memset(longest, 'x', sizeof longest);
    assert_true(names_init(&n, 20000));
    assert_true(names_add(&n, (struct text){longest, NAME_LEN_MAX}, &id));
    assert_int_equal(names_text(&n, id).len, NAME_LEN_MAX);
    assert_false(names_add(&n, (struct text){longest, NAME_LEN_MAX + 1}, &id));
    assert_int_equal(id, NAME_NONE);
    char text[64];
    uint32_t i = 0;
    while (names_add(&n, numbered(text, sizeof text, i), &id))
        i++;
    assert_between(i, 200, 1000); /* 20,000 bytes of names of 25 bytes */
    assert_int_equal(id, NAME_NONE);
    assert_int_equal(names_find(&n, numbered(text, sizeof text, 0)), 2); /* the others are there */
    names_clear(&n);
}

static void room_is_made_for_many_at_once(void **state)
{
    (void)state;
    struct names n;
    char text[64];
    name_id id;
    assert_true(names_init(&n, NAMES_BYTES_MAX));
    for (uint32_t i = 0; i < 600; i++)
        assert_true(names_add(&n, numbered(text, sizeof text, i), &id));
    assert_true(names_reserve(&n, 9000));
    uint32_t slots = n.slots_len;
    assert_between(slots, 9600, 14400);
    for (uint32_t i = 600; i < 9600; i++)
        assert_true(names_add(&n, numbered(text, sizeof text, i), &id));
    assert_int_equal(n.slots_len, slots);
    for (uint32_t i = 9600; i < 20000; i++) /* more than was said */
        assert_true(names_add(&n, numbered(text, sizeof text, i), &id));
    for (uint32_t i = 0; i < 20000; i++)
        assert_int_equal(names_find(&n, numbered(text, sizeof text, i)), i + 1);
    assert_true(names_reserve(&n, 0));
    names_clear(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_thousand_names_keep_their_numbers),
        cmocka_unit_test(names_differ_by_case_and_by_every_byte),
        cmocka_unit_test(a_stowed_name_gets_a_number_of_its_own_or_that_of_its_equal),
        cmocka_unit_test(the_empty_name_is_number_none),
        cmocka_unit_test(bounds_are_kept),
        cmocka_unit_test(room_is_made_for_many_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
