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
        const struct managed_resource *r =
            managed_index_find(index, text_of(questions[i].identity), text_of(questions[i].account),
                               text_of(questions[i].region));
        if (!r != !questions[i].want)
            fail_msg("question %zu", i);
        if (r)
            assert_text(r->address, text_of(questions[i].want));
    }
    managed_index_free(index);
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
        assert_text(managed_index_find(index, text_of(name), TEXT_NONE, TEXT("eu-west-1"))->address,
                    text_of(name));
    }
    managed_index_free(index);
    assert_null(managed_index_find(NULL, TEXT("a.example"), TEXT_NONE, TEXT_NONE));
    managed_index_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_known_place_is_found),
        cmocka_unit_test(an_index_holds_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
