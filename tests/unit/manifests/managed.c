/* Identities from infrastructure code: accounts and Regions, defaults, folders, and refusals. */
#include "manifest_room.h"

#define STATE(instances)                                                                           \
    "{\"version\": 4, \"terraform_version\": \"1.9.5\", \"serial\": 1, \"resources\": [" instances \
    "]}"
#define ONE(type, attributes)                                                                      \
    "{\"mode\": \"managed\", \"type\": \"" type "\", \"name\": \"a\", \"provider\": \"p\", "       \
    "\"instances\": [{\"attributes\": {" attributes "}}]}"
#define ARN(account, identity)                                                                     \
    "\"arn\": \"arn:aws:ses:eu-west-1:" account ":identity/" identity "\", "
#define IDENTITY(account, identity)                                                                \
    ONE("aws_sesv2_email_identity", ARN(account, identity) "\"email_identity\": \"" identity "\"")

static void copy_corpus(void)
{
    assert_int_equal(system("cp -r " TEST_DATA "/managed/. ."), 0);
}

static void row_is(const struct loaded *l, uint32_t row, const char *want)
{
    struct buf source;
    char got[512];
    const struct fleet *f = &l->fleet;
    buf_init(&source, 512);
    snprintf(got, sizeof got, TEXT_FMT " " TEXT_FMT " " TEXT_FMT " " TEXT_FMT " %s " TEXT_FMT,
             TEXT_ARG(fleet_identity(f, row)), TEXT_ARG(fleet_account_name(f, row)),
             TEXT_ARG(fleet_region(f, row)), TEXT_ARG(fleet_mail_from(f, row)),
             behavior_name(fleet_policy_of(f, row)->behavior),
             TEXT_ARG(fleet_source(f, row, &source)));
    assert_string_equal(got, want);
    buf_clear(&source);
}

#define DEFAULTS "version: 1\ndefaults: {region: us-west-2, mail_from: 'em.{domain}'}\n"

static void what_a_resource_sets_is_kept_and_the_rest_takes_the_defaults(void **state)
{
    struct loaded l;
    (void)state;
    copy_corpus();
    file_write("m.yaml", DEFAULTS "identities_from: [provider_v4.tfstate, cdk.out/]\n"
                                  "identities: [short.example]\n");
    load(&l, "m.yaml");
    assert_loads(&l);
    assert_int_equal(l.fleet.choices_len, 7);
    row_is(&l, 0, "short.example default us-west-2 em.short.example USE_DEFAULT_VALUE m.yaml:4");
    row_is(&l, 1,
           "example.com default us-east-1 bounce.example.com USE_DEFAULT_VALUE "
           "provider_v4.tfstate:75");
    row_is(&l, 2,
           "example.net default us-east-1 em.example.net USE_DEFAULT_VALUE provider_v4.tfstate:55");
    row_is(&l, 3,
           "billing@example.org default eu-west-1 em.example.org USE_DEFAULT_VALUE "
           "provider_v4.tfstate:98");
    row_is(&l, 4,
           "example.com default eu-west-1 bounce.example.com REJECT_MESSAGE "
           "cdk.out/MailEu.template.json:6");
    row_is(&l, 5,
           "example.org default eu-west-1 em.example.org USE_DEFAULT_VALUE "
           "cdk.out/MailEuMore5E6F7A8B.nested.template.json:6");
    row_is(&l, 6,
           "example.net default us-west-2 em.example.net USE_DEFAULT_VALUE "
           "cdk.out/assembly-Prod/ProdMail.template.json:6");
    loaded_clear(&l);
}

static void a_resource_that_sets_the_default_counts(void **state)
{
    struct loaded l;
    (void)state;
    copy_corpus();
    file_write("m.yaml", DEFAULTS "identities_from: provider_v6.tfstate\n");
    load(&l, "m.yaml");
    assert_loads(&l);
    assert_int_equal(l.fleet.choices_len, 2);
    assert_text(fleet_mail_from(&l.fleet, 0), TEXT("em.example.com"));
    assert_text(fleet_region(&l.fleet, 1), TEXT("us-east-1"));
    assert_int_equal(fleet_mail_from(&l.fleet, 1).len, 0);
    loaded_clear(&l);
}

static const struct {
    const char *title, *accounts, *account, *says; /* one of the last two is NULL */
} accounts[] = {
    {"no accounts", "", "default", NULL},
    {"the number of one",
     "accounts: {a: {account_id: '999988887777'}, b: {account_id: "
     "'111122223333'}}\n",
     "b", NULL},
    {"one without a number", "accounts: {a: {profile: x}}\n", "a", NULL},
    {"another number", "accounts: {a: {account_id: '999988887777'}}\n", NULL,
     "x.tfstate:1:300: it was found in account 111122223333, which is none of the manifest"},
    {"several, none of them by default", "accounts: {a: {profile: x}, b: {profile: y}}\n", NULL,
     "it was found in account 111122223333, which is none of the manifest"},
    {"a default account without a number", "accounts: {a: {profile: x}, default: {profile: y}}\n",
     "default", NULL},
};

static void accounts_are_found_by_their_numbers(void **state)
{
    (void)state;
    file_write("x.tfstate", STATE(IDENTITY("111122223333", "x.example")));
    for (size_t i = 0; i < COUNT(accounts); i++) {
        struct loaded l;
        char manifest[512];
        snprintf(manifest, sizeof manifest, DEFAULTS "%sidentities_from: x.tfstate\n",
                 accounts[i].accounts);
        file_write("m.yaml", manifest);
        load(&l, "m.yaml");
        if (accounts[i].account) {
            assert_loads(&l);
            assert_text(fleet_account_name(&l.fleet, 0), text_of(accounts[i].account));
        } else {
            const char *says = accounts[i].says;
            const char *rest = strncmp(says, "x.tfstate:", 10) == 0 ? strchr(says, ' ') + 1 : says;
            assert_says(&l, rest);
        }
        loaded_clear(&l);
    }
}

static void an_account_without_a_number_is_held_to_that_of_its_rows(void **state)
{
    struct loaded l;
    (void)state;
    file_write("x.tfstate", STATE(IDENTITY("111122223333", "x.example")));
    file_write("y.tfstate", STATE(IDENTITY("999988887777", "y.example")));
    file_write("m.yaml", DEFAULTS "identities_from: x.tfstate\nidentities: [z.example]\n");
    load(&l, "m.yaml");
    assert_loads(&l);
    assert_text(names_text(&l.fleet.names, l.fleet.accounts[0].account_id), TEXT("111122223333"));
    loaded_clear(&l);
    file_write("m.yaml", DEFAULTS "identities_from: [x.tfstate, y.tfstate]\n");
    load(&l, "m.yaml");
    assert_says(&l, "y.tfstate:1:");
    assert_says(&l, "it was found in account 999988887777, which is none of the manifest");
    loaded_clear(&l);
}

static const struct {
    const char *title, *name, *bytes, *says;
} refusals[] = {
    {"an identity that is no name", "x.tfstate",
     STATE(ONE("aws_ses_domain_identity", "\"domain\": \"a b\"")), "identity: found \"a b\""},
    {"a Region that is none", "x.tfstate",
     STATE(ONE("aws_ses_domain_identity", "\"domain\": \"a.example\", \"region\": \"mars\"")),
     "region: found \"mars\""},
    {"a behaviour that is none", "x.tfstate",
     STATE(ONE("aws_ses_domain_mail_from", "\"domain\": \"a.example\", \"mail_from_domain\": "
                                           "\"b.a.example\", \"behavior_on_mx_failure\": \"x\"")),
     "behavior_on_mx_failure: found \"x\""},
    {"a MAIL FROM with a brace", "x.tfstate",
     STATE(ONE("aws_ses_domain_mail_from", "\"domain\": \"a.example\", \"mail_from_domain\": "
                                           "\"{d}.a.example\"")),
     "mail_from: found"},
    {"one identity twice with two values", "x.tfstate",
     STATE(ONE("aws_ses_domain_mail_from",
               "\"domain\": \"a.example\", \"mail_from_domain\": "
               "\"b.a.example\"") ", " ONE("aws_ses_domain_mail_from",
                                           "\"domain\": \"a.example\", \"mail_from_domain\": "
                                           "\"c.a.example\"")),
     "stands in x.tfstate:1:"},
    {"a MAIL FROM of an identity in two Regions", "x.tfstate",
     STATE(IDENTITY("111122223333", "a.example") ", " ONE(
         "aws_sesv2_email_identity",
         "\"arn\": \"arn:aws:ses:us-east-1:111122223333:identity/a.example\", "
         "\"email_identity\": \"a.example\"") ", " ONE("aws_ses_domain_mail_from",
                                                       "\"domain\": \"a.example\"")),
     "aws_ses_domain_mail_from.a does not say in which account and Region it is, expected one, for "
     "a.example is in several here"},
    {"a state without identities", "x.tfstate", STATE(""), "found no SES identity in it"},
    {"a template without identities", "x.json", "{\"Resources\": {}}",
     "found no SES identity in it, expected resources such as AWS::SES::EmailIdentity"},
    {"a template in YAML", "x.yaml", "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n",
     "it is a CloudFormation template in YAML"},
    {"a state that is cut off", "x.tfstate", "{\"version\": 4, \"resour", "it ends too early"},
    {"a report of our own", "x.json", "{\"format_version\": 1,\n\"run\": 3}", "is a JSON report"},
    {"JSON of some other kind", "x.json", "{\"a\": 1}", "JSON of some other kind"},
    {"an assembly that leads out", "x.json",
     "{\"version\": \"1\", \"artifacts\": {\"S\": {\"type\": \"aws:cloudformation:stack\", "
     "\"properties\": {\"templateFile\": \"../m.yaml\"}}}}",
     "\"../m.yaml\" has .. in it"},
    {"an assembly without its template", "x.json",
     "{\"version\": \"1\", \"artifacts\": {\"S\": {\"type\": \"aws:cloudformation:stack\", "
     "\"properties\": {\"templateFile\": \"gone.json\"}}}}",
     "\"gone.json\" cannot be read"},
    {"an assembly that names itself", "x.json",
     "{\"version\": \"1\", \"artifacts\": {\"S\": {\"type\": \"aws:cloudformation:stack\", "
     "\"properties\": {\"templateFile\": \"x.json\"}}}}",
     "is read already"},
};

static void hostile_files_are_refused_with_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct loaded l;
        char manifest[512];
        snprintf(manifest, sizeof manifest, DEFAULTS "identities_from: %s\n", refusals[i].name);
        file_write("m.yaml", manifest);
        file_write(refusals[i].name, refusals[i].bytes);
        load(&l, "m.yaml");
        assert_says(&l, refusals[i].says);
        loaded_clear(&l);
    }
}

static void a_folder_is_one_of_cdk(void **state)
{
    struct loaded l;
    (void)state;
    assert_int_equal(mkdir("folder", 0700), 0);
    file_write("m.yaml", DEFAULTS "identities_from: folder\n");
    load(&l, "m.yaml");
    assert_says(&l, "\"folder/manifest.json\" cannot be read: ");
    assert_says(&l, "so a folder that cdk synth wrote is expected");
    loaded_clear(&l);
    assert_int_equal(symlink("/", "out"), 0);
    file_write("m.yaml", DEFAULTS "identities_from: out\n");
    load(&l, "m.yaml");
    assert_says(&l, "a symbolic link leads out of the manifest's folder");
    loaded_clear(&l);
}

static void a_pattern_takes_several_states(void **state)
{
    struct loaded l;
    (void)state;
    assert_int_equal(mkdir("states", 0700), 0);
    file_write("states/a.tfstate", STATE(IDENTITY("111122223333", "a.example")));
    file_write("states/b.tfstate", STATE(IDENTITY("111122223333", "b.example")));
    file_write("states/c.csv", "identity\nc.example\n");
    file_write("m.yaml", DEFAULTS "identities_from: states/*\n");
    load(&l, "m.yaml");
    assert_loads(&l);
    assert_int_equal(l.fleet.choices_len, 3);
    assert_text(fleet_identity(&l.fleet, 1), TEXT("b.example"));
    loaded_clear(&l);
}

static void a_state_in_the_place_of_a_manifest_is_told(void **state)
{
    struct loaded l;
    (void)state;
    file_write("x.tfstate", STATE(IDENTITY("111122223333", "x.example")));
    load(&l, "x.tfstate");
    assert_says(&l, "the file is a Terraform state, expected a manifest: name it in "
                    "identities_from of one");
    loaded_clear(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_a_resource_sets_is_kept_and_the_rest_takes_the_defaults, set_up, set_down),
        cmocka_unit_test_setup_teardown(a_resource_that_sets_the_default_counts, set_up, set_down),
        cmocka_unit_test_setup_teardown(accounts_are_found_by_their_numbers, set_up, set_down),
        cmocka_unit_test_setup_teardown(an_account_without_a_number_is_held_to_that_of_its_rows,
                                        set_up, set_down),
        cmocka_unit_test_setup_teardown(hostile_files_are_refused_with_their_place, set_up,
                                        set_down),
        cmocka_unit_test_setup_teardown(a_folder_is_one_of_cdk, set_up, set_down),
        cmocka_unit_test_setup_teardown(a_pattern_takes_several_states, set_up, set_down),
        cmocka_unit_test_setup_teardown(a_state_in_the_place_of_a_manifest_is_told, set_up,
                                        set_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
