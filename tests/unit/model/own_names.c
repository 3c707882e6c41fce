/* Which rows of a fleet have a name that is ours, by what runs before have written. */
#include "model/own_names.h"
#include "unit.h"

#include <stdio.h>

static void row_add(struct fleet *f, uint16_t account, const char *region, const char *identity)
{
    struct choice choice = {0};
    name_id id;
    uint32_t row;
    assert_true(names_add(&f->names, text_of(region), &id));
    assert_true(fleet_lane(f, account, id, &choice.lane));
    assert_true(names_add(&f->names, text_of(identity), &choice.identity));
    assert_true(fleet_choice(f, choice, &row));
}

/* The same identity lives in two accounts and in two Regions. */
static void fleet_make(struct fleet *f)
{
    struct account account = {0};
    uint16_t first, second;
    fleet_init(f);
    assert_true(names_init(&f->names, 1u << 20));
    assert_true(names_add(&f->names, TEXT("one"), &account.name));
    assert_true(fleet_account(f, account, &first));
    assert_true(names_add(&f->names, TEXT("two"), &account.name));
    assert_true(fleet_account(f, account, &second));
    row_add(f, first, "us-east-1", "example.com");
    row_add(f, second, "us-east-1", "example.com");
    row_add(f, first, "eu-west-1", "example.com");
    row_add(f, first, "us-east-1", "example.org");
}

static void write_add(struct own_names *own, const char *account, const char *region,
                      const char *identity, const char *mail_from)
{
    const struct lane_name lane = {.account = text_of(account), .region = text_of(region)};
    assert_true(own_names_add(own, &lane, text_of(identity), text_of(mail_from)));
}

static void a_name_is_ours_where_a_run_has_written_it(void **state)
{
    struct own_names own;
    struct fleet fleet;
    (void)state;
    fleet_make(&fleet);
    assert_true(own_names_init(&own, &fleet));
    write_add(&own, "one", "us-east-1", "example.com", "a.example.com");
    write_add(&own, "one", "us-east-1", "example.com", "b.example.com");
    write_add(&own, "one", "us-east-1", "example.com", "a.example.com");
    write_add(&own, "two", "us-east-1", "example.com", "");
    write_add(&own, "none", "us-east-1", "example.com", "c.example.com");
    write_add(&own, "one", "us-east-1", "gone.example", "d.gone.example");
    assert_int_equal(own.len, 2);
    assert_true(own_names_has(&own, 0, TEXT("a.example.com")));
    assert_true(own_names_has(&own, 0, TEXT("b.example.com")));
    assert_false(own_names_has(&own, 0, TEXT("c.example.com")));
    assert_false(own_names_has(&own, 0, TEXT_NONE));
    for (uint32_t row = 1; row < fleet.choices_len; row++)
        assert_false(own_names_has(&own, row, TEXT("a.example.com")));
    assert_false(own_names_has(NULL, 0, TEXT("a.example.com")));
    own_names_clear(&own);
    fleet_clear(&fleet);
}

static void there_is_room_for_many(void **state)
{
    struct own_names own;
    struct fleet fleet;
    char name[64];
    (void)state;
    fleet_make(&fleet);
    assert_true(own_names_init(&own, &fleet));
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "n%u.example.org", i);
        write_add(&own, "one", "us-east-1", "example.org", name);
    }
    assert_int_equal(own.len, 1000);
    assert_true(own_names_has(&own, 3, TEXT("n0.example.org")));
    assert_true(own_names_has(&own, 3, TEXT("n999.example.org")));
    own_names_clear(&own);
    fleet_clear(&fleet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_ours_where_a_run_has_written_it),
        cmocka_unit_test(there_is_room_for_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
