/* Which resource is asked for: by identity, and by account and Region as far as they are known. */
#include "unit.h"

#include "model/managed_index.h"

#include <stdio.h>

static const struct {
    const char *identity, *account, *region, *address;
} resources[] = {
    {"a.example", "111122223333", "eu-west-1", "a-eu"},
    {"A.Example", "111122223333", "us-east-1", "a-us"},
    {"a.example", "", "", "a-anywhere"},
    {"b.example", "", "us-east-1", "b-us"},
    {"c.example", "111122223333", "", "c-account"},
    {"Who@D.example", "", "", "d"},
};

static const struct {
    const char *identity, *account, *region, *want; /* NULL: none */
} questions[] = {
    {"a.example", "111122223333", "eu-west-1", "a-eu"},
    {"a.example", "111122223333", "us-east-1", "a-us"},
    {"a.example", "", "us-east-1", "a-us"},
    {"a.example", "999988887777", "us-east-1", "a-anywhere"},
    {"a.example", "111122223333", "ap-south-1", "a-anywhere"},
    {"b.example", "111122223333", "us-east-1", "b-us"},
    {"b.example", "111122223333", "eu-west-1", NULL},
    {"c.example", "111122223333", "eu-west-1", "c-account"},
    {"c.example", "999988887777", "eu-west-1", NULL},
    {"Who@d.example", "", "eu-west-1", "d"},
    {"who@d.example", "", "eu-west-1", NULL},
    {"none.example", "", "eu-west-1", NULL},
    {"", "", "", NULL},
};

static struct managed_resource resource_of(size_t i)
{
    return (struct managed_resource){.identity = text_of(resources[i].identity),
                                     .account = text_of(resources[i].account),
                                     .region = text_of(resources[i].region),
                                     .mail_from = TEXT("bounce.example"),
                                     .address = text_of(resources[i].address),
                                     .file = TEXT("terraform.tfstate")};
}

static void the_best_known_place_is_found(void **state)
{
    struct managed_index *index = managed_index_new();
    (void)state;
    assert_non_null(index);
    for (size_t i = 0; i < COUNT(resources); i++) {
        struct managed_resource r = resource_of(i);
        assert_true(managed_index_add(index, &r));
    }
    for (size_t i = 0; i < COUNT(questions); i++) {
        const struct managed_question asked = {.identity = text_of(questions[i].identity),
                                               .account = text_of(questions[i].account),
                                               .region = text_of(questions[i].region)};
        const struct managed_resource *r = managed_index_find(index, &asked);
        if (!r != !questions[i].want)
            fail_msg("question %zu", i);
        if (r)
            assert_text(r->address, text_of(questions[i].want));
    }
    managed_index_free(index);
}

/* Whichever comes first: an apply of the one that differs would undo what is wanted. */
static void of_two_alike_the_one_that_differs_is_found(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct managed_index *index = managed_index_new();
        struct managed_resource same = resource_of(0), other = same;
        struct managed_question asked = {.identity = same.identity,
                                         .account = same.account,
                                         .region = same.region,
                                         .mail_from = TEXT("Bounce.Example"),
                                         .behavior = same.behavior};
        other.address = TEXT("other");
        other.mail_from = TEXT("elsewhere.example");
        assert_true(managed_index_add(index, swapped ? &other : &same));
        assert_true(managed_index_add(index, swapped ? &same : &other));
        assert_text(managed_index_find(index, &asked)->address, TEXT("other"));
        asked.mail_from = TEXT("third.example");
        assert_non_null(managed_index_find(index, &asked));
        managed_index_free(index);
    }
}

static void an_index_holds_many(void **state)
{
    struct managed_index *index = managed_index_new();
    char name[64];
    (void)state;
    for (int i = 0; i < 100000; i++) {
        snprintf(name, sizeof name, "n%d.example", i);
        struct managed_resource r = resource_of(0);
        r.identity = r.address = text_of(name);
        assert_true(managed_index_add(index, &r));
    }
    for (int i = 0; i < 100000; i++) {
        snprintf(name, sizeof name, "n%d.example", i);
        const struct managed_question asked = {.identity = text_of(name),
                                               .region = TEXT("eu-west-1")};
        assert_text(managed_index_find(index, &asked)->address, text_of(name));
    }
    managed_index_free(index);
    assert_null(
        managed_index_find(NULL, &(struct managed_question){.identity = TEXT("a.example")}));
    managed_index_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_known_place_is_found),
        cmocka_unit_test(of_two_alike_the_one_that_differs_is_found),
        cmocka_unit_test(an_index_holds_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
