/*
 * Which identities a new run has in common with an unfinished one: one account may have two names,
 * and one name may mean two accounts.
 */
#include "unit.h"

#include "base/count.h"
#include "journal/store_sqlite/store_sqlite.h"
#include "run/unfinished.h"

/* How a run knows an account. */
struct known {
    const char *name;
    const char *demanded; /* account_id of the manifest; NULL: none */
    const char *caller;   /* NULL: not asked yet */
};

static name_id name_of(struct fleet *f, const char *bytes)
{
    name_id id = NAME_NONE;
    assert_true(!bytes || names_add(&f->names, text_of(bytes), &id));
    return id;
}

static void fleet_make(struct fleet *f, const struct known *k, const char *region)
{
    uint16_t index;
    uint32_t row;
    fleet_init(f);
    assert_true(names_init(&f->names, 1 << 20));
    const struct account account = {.name = name_of(f, k->name),
                                    .account_id = name_of(f, k->demanded)};
    assert_true(fleet_account(f, account, &index));
    assert_true(fleet_lane(f, 0, name_of(f, region), &index));
    f->lanes[0].caller.account = name_of(f, k->caller);
    assert_true(fleet_policy(f, (struct policy){.require = REQUIRE_MX_SPF}, &index));
    assert_true(fleet_choice(f, (struct choice){.identity = name_of(f, "example.com")}, &row));
}

static uint32_t common_of(const struct known *theirs, const struct known *mine, const char *region)
{
    struct fleet old, new;
    struct journal *journal;
    struct arena arena;
    struct unfinished found;
    struct why why = {""};
    struct run_head head = {.jobs = 1, .options = TEXT("{}")};
    arena_init(&arena, SIZE_MAX);
    fleet_make(&old, theirs, "us-east-1");
    fleet_make(&new, mine, region);
    assert_int_equal(journal_open_memory(&journal, &why), OK);
    assert_int_equal(journal_begin(journal, &head, &old, &why), OK);
    assert_int_equal(run_unfinished(journal, &new, &arena, &found, &why), OK);
    assert_int_equal(found.len, 1);
    uint32_t common = found.at[0].common;
    journal_close(journal);
    fleet_clear(&old);
    fleet_clear(&new);
    arena_clear(&arena);
    return common;
}

static void an_account_is_known_by_its_number_where_it_has_one(void **state)
{
    static const struct {
        const char *what;
        struct known theirs, mine;
        uint32_t common;
    } rows[] = {
        {"one name, one number", {"default", NULL, "111"}, {"default", NULL, "111"}, 1},
        {"one name, two numbers", {"default", NULL, "111"}, {"default", NULL, "222"}, 0},
        {"two names, one number", {"default", NULL, "111"}, {"main", NULL, "111"}, 1},
        {"STS tells me none", {"default", NULL, "111"}, {"default", NULL, CALLER_UNKNOWN}, 1},
        {"it told them none", {"default", NULL, CALLER_UNKNOWN}, {"default", NULL, "222"}, 1},
        {"neither, and two names", {"a", NULL, CALLER_UNKNOWN}, {"b", NULL, CALLER_UNKNOWN}, 0},
        {"the manifest demands it", {"default", NULL, "111"}, {"main", "111", NULL}, 1},
        {"or another", {"default", NULL, "111"}, {"default", "222", NULL}, 0},
        {"not asked yet", {"default", NULL, "111"}, {"default", NULL, NULL}, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("%s\n", rows[i].what);
        assert_int_equal(common_of(&rows[i].theirs, &rows[i].mine, "us-east-1"), rows[i].common);
        assert_int_equal(common_of(&rows[i].theirs, &rows[i].mine, "eu-west-1"), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_is_known_by_its_number_where_it_has_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
