/* Which rows of a fleet the options of a command line mean, and what is left of the fleet. */
#include "unit.h"

#include "base/count.h"
#include "model/fleet_part.h"
#include "rules/selection.h"

#include <string.h>

#define BOOK "xn--bcher-kva.example"

/* Two accounts, two Regions; rows are known by one letter in the tables below. */
static const struct {
    const char *identity, *mail_from;
    uint16_t lane;
} rows[] = {
    {"a.shop.example", "bounce.a.shop.example", 0}, /* A: main, us-east-1 */
    {"b.shop.example", "bounce.b.shop.example", 1}, /* B: main, eu-west-1 */
    {"news.example", "bounce.news.example", 2},     /* C: side, us-east-1 */
    {"kim@news.example", "bounce.news.example", 0}, /* D */
    {BOOK, "bounce." BOOK, 1},                      /* E */
};

static name_id name_of(struct fleet *f, const char *text)
{
    name_id id;
    assert_true(names_add(&f->names, text_of(text), &id));
    return id;
}

static void fleet_make(struct fleet *f)
{
    uint16_t index;
    uint32_t row;
    fleet_init(f);
    assert_true(names_init(&f->names, 1 << 20));
    assert_true(fleet_account(f, (struct account){.name = name_of(f, "main")}, &index));
    assert_true(fleet_account(
        f, (struct account){.name = name_of(f, "side"), .account_id = name_of(f, "444455556666")},
        &index));
    assert_true(fleet_lane(f, 0, name_of(f, "us-east-1"), &index));
    assert_true(fleet_lane(f, 0, name_of(f, "eu-west-1"), &index));
    assert_true(fleet_lane(f, 1, name_of(f, "us-east-1"), &index));
    assert_true(fleet_policy(f, (struct policy){.require = REQUIRE_MX}, &index));
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct choice c = {.identity = name_of(f, rows[i].identity),
                           .mail_from = name_of(f, rows[i].mail_from),
                           .lane = rows[i].lane};
        assert_true(fleet_choice(f, c, &row));
    }
}

struct wish {
    enum selection_kind kind;
    const char *value;
};

#define WISHES_MAX 4

static void selection_make(struct selection *s, const struct wish *wishes, struct arena *arena)
{
    *s = (struct selection){.len = 0};
    for (size_t i = 0; i < WISHES_MAX && wishes[i].value; i++)
        assert_true(selection_add(s, wishes[i].kind, wishes[i].value));
    assert_true(selection_settle(s, arena));
}

static void options_choose_rows(void **state)
{
    (void)state;
    const struct {
        struct wish wishes[WISHES_MAX];
        uint32_t limit;
        const char *letters; /* of the rows that are left */
    } table[] = {
        {{{SELECT_ONLY, "*.shop.example"}}, 0, "AB"},
        {{{SELECT_ONLY, "A.*"}, {SELECT_ONLY, "news.*"}}, 0, "AC"},
        {{{SELECT_EXCLUDE, "*.shop.example"}}, 0, "CDE"},
        {{{SELECT_ONLY, "*news*"}, {SELECT_EXCLUDE, "*@*"}}, 0, "C"},
        {{{SELECT_ONLY, "b\xc3\xbc"
                        "cher.example"}},
         0,
         "E"},
        {{{SELECT_ONLY, "B\xc3\x9c"
                        "CHER.*"}},
         0,
         "E"},
        {{{SELECT_ONLY, "b\xc3\xbc*"}}, 0, "E"},
        {{{SELECT_ONLY, "xn--*"}}, 0, "E"},
        {{{SELECT_ACCOUNT, "main"}}, 0, "ABDE"},
        {{{SELECT_ACCOUNT, "444455556666"}}, 0, "C"},
        {{{SELECT_ACCOUNT, "main,side"}}, 0, "ABCDE"},
        {{{SELECT_ACCOUNT, "main"}, {SELECT_REGION, "eu-west-1"}}, 0, "BE"},
        {{{SELECT_REGION, "eu-*"}, {SELECT_REGION, "us-east-1"}}, 0, "ABCDE"},
        {{{SELECT_REGION, "all"}}, 0, "ABCDE"},
        {{{SELECT_ONLY, "*.example"}}, 2, "AB"},
        {{{SELECT_ACCOUNT, "main"}}, 3, "ABD"},
        {{{SELECT_ONLY, "gone.example"}}, 0, ""},
        {{{SELECT_ONLY, NULL}}, 4, "ABCD"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct fleet f;
        struct arena arena;
        struct selection s;
        struct selection_found found;
        bool keep[COUNT(rows)];
        char letters[COUNT(rows) + 1] = "";
        arena_init(&arena, SIZE_MAX);
        fleet_make(&f);
        selection_make(&s, table[i].wishes, &arena);
        selection_mark(&s, &f, table[i].limit, keep, &found);
        for (size_t row = 0; row < COUNT(rows); row++)
            if (keep[row])
                letters[strlen(letters)] = (char)('A' + row);
        assert_string_equal(letters, table[i].letters);
        assert_int_equal(found.kept, strlen(letters));
        assert_int_equal(found.rows, COUNT(rows));
        fleet_clear(&f);
        arena_clear(&arena);
    }
}

static void values_that_fit_nothing_are_known(void **state)
{
    (void)state;
    const struct wish wishes[WISHES_MAX] = {{SELECT_ONLY, "*.shop.example"},
                                            {SELECT_ONLY, "gone.example"},
                                            {SELECT_EXCLUDE, "a.*"},
                                            {SELECT_REGION, "us-east-1,sa-east-1"}};
    struct fleet f;
    struct arena arena;
    struct selection s;
    struct selection_found found;
    bool keep[COUNT(rows)];
    arena_init(&arena, SIZE_MAX);
    fleet_make(&f);
    selection_make(&s, wishes, &arena);
    selection_mark(&s, &f, 0, keep, &found);
    const uint32_t hits[] = {2, 0, 1, 3, 0};
    assert_int_equal(s.len, COUNT(hits));
    for (size_t i = 0; i < COUNT(hits); i++)
        assert_int_equal(found.hits[i], hits[i]);
    fleet_clear(&f);
    arena_clear(&arena);
}

static void words_are_written_again(void **state)
{
    (void)state;
    const struct wish wishes[WISHES_MAX] = {
        {SELECT_ONLY, "*.example"}, {SELECT_ACCOUNT, "main,side"}, {SELECT_ONLY, NULL}};
    struct arena arena;
    struct selection s;
    struct buf out;
    arena_init(&arena, SIZE_MAX);
    buf_init(&out, 1000);
    selection_make(&s, wishes, &arena);
    s.limit = 10;
    selection_write(&s, &out);
    assert_string_equal(out.at, "--only '*.example' --account main --account side --limit 10");
    buf_clear(&out);
    arena_clear(&arena);
}

static void too_many_values_are_refused(void **state)
{
    (void)state;
    struct selection s = {.len = 0};
    for (int i = 0; i < SELECTION_VALUES_MAX; i++)
        assert_true(selection_add(&s, SELECT_ONLY, "a"));
    assert_false(selection_add(&s, SELECT_ONLY, "a"));
}

static void a_part_has_its_rows_and_their_lanes(void **state)
{
    (void)state;
    const bool keep[COUNT(rows)] = {false, true, false, true, true};
    struct fleet f;
    struct arena arena;
    struct fleet_part part;
    arena_init(&arena, SIZE_MAX);
    fleet_make(&f);
    f.expected = calloc(COUNT(rows), sizeof *f.expected);
    assert_non_null(f.expected);
    for (size_t i = 0; i < COUNT(rows); i++)
        f.expected[i].mail_from = f.choices[i].mail_from;
    assert_true(fleet_part_take(&f, keep, &arena, &part));
    assert_int_equal(f.choices_len, 3);
    assert_int_equal(f.lanes_len, 2); /* the other account is not even asked */
    assert_text(fleet_identity(&f, 0), TEXT("b.shop.example"));
    assert_text(fleet_region(&f, 0), TEXT("eu-west-1"));
    assert_text(fleet_identity(&f, 1), TEXT("kim@news.example"));
    assert_text(fleet_region(&f, 1), TEXT("us-east-1"));
    for (uint32_t row = 0; row < f.choices_len; row++)
        assert_int_equal(f.expected[row].mail_from, f.choices[row].mail_from);
    const uint32_t to[] = {FLEET_LEFT_OUT, 0, FLEET_LEFT_OUT, 1, 2};
    for (size_t i = 0; i < COUNT(to); i++)
        assert_int_equal(part.row[i], to[i]);
    assert_int_equal(part.lane[2], FLEET_LEFT_OUT);
    fleet_clear(&f);
    arena_clear(&arena);
}

static void a_shared_mail_from_stays_known_as_shared(void **state)
{
    (void)state;
    const bool keep[COUNT(rows)] = {true, false, true, false, false};
    struct fleet f;
    struct arena arena;
    struct fleet_part part;
    arena_init(&arena, SIZE_MAX);
    fleet_make(&f);
    assert_false(fleet_is_shared(&f, 2));
    assert_true(fleet_part_take(&f, keep, &arena, &part));
    assert_false(fleet_is_shared(&f, 0));
    assert_true(fleet_is_shared(&f, 1)); /* with the address that is left out */
    fleet_clear(&f);
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_choose_rows),
        cmocka_unit_test(values_that_fit_nothing_are_known),
        cmocka_unit_test(words_are_written_again),
        cmocka_unit_test(too_many_values_are_refused),
        cmocka_unit_test(a_part_has_its_rows_and_their_lanes),
        cmocka_unit_test(a_shared_mail_from_stays_known_as_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
