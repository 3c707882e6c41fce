/* Memory that runs out while infrastructure code is read: it is said, and nothing is half there. */
#include "out_of_memory.h"

#include "managed/managed.h"
#include "model/managed_index.h"

#include <stdio.h>

static char bytes[65536];
static size_t len;

static bool read_and_join(void)
{
    struct managed_file m;
    struct why why;
    const struct managed_stack stack = {TEXT("Stack"), TEXT("111122223333"), TEXT("eu-west-1")};
    bool good = managed_read(&m, (struct text){bytes, len}, &stack, &why) == OK &&
                managed_join(&m, &why) == OK && m.faults_len == 0;
    if (good)
        assert_true(m.settings_len + m.parts_len > 0);
    for (uint32_t i = 0; good && i < m.settings_len; i++)
        assert_true(m.settings[i].address.len > 0 && m.settings[i].identity.len > 0);
    managed_clear(&m);
    return good;
}

static void file_take(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
}

static void a_file_is_read_whole_or_not_at_all(void **state)
{
    (void)state;
    static const char *const paths[] = {TEST_DATA "/managed/provider_v5.tfstate",
                                        TEST_DATA "/managed/provider_v6.tfstate",
                                        TEST_DATA "/managed/cdk.out/MailEu.template.json",
                                        TEST_DATA "/managed/cdk.out/manifest.json"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        file_take(paths[i]);
        fail_every_allocation(read_and_join);
    }
    len = (size_t)snprintf(bytes, sizeof bytes, "%s",
                           "{\"version\": 4, \"resources\": [{\"mode\": \"managed\", \"type\": "
                           "\"aws_ses_domain_mail_from\", \"name\": \"a\", \"instances\": "
                           "[{\"index_key\": \"a\\\"b\", \"attributes\": {\"domain\": "
                           "\"a\\/b.example\"}}]}]}");
    fail_every_allocation(read_and_join);
}

static bool index_make(void)
{
    struct managed_index *index = managed_index_new();
    bool good = index != NULL;
    char name[32];
    for (int i = 0; good && i < 200; i++) {
        snprintf(name, sizeof name, "n%d.example", i);
        struct managed_resource r = {.identity = text_of(name),
                                     .region = TEXT("eu-west-1"),
                                     .address = text_of(name),
                                     .file = TEXT("terraform.tfstate")};
        good = managed_index_add(index, &r);
    }
    managed_index_free(index);
    return good;
}

static void an_index_says_what_it_could_not_hold(void **state)
{
    (void)state;
    fail_every_allocation(index_make);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_whole_or_not_at_all),
        cmocka_unit_test(an_index_says_what_it_could_not_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
