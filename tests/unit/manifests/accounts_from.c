/*
 * The key accounts_from: what the organization is asked for, what becomes of its answer, and that
 * nobody is asked where nothing can come of it.
 */
#include "manifest_room.h"

#include "base/count.h"

/* An organization of a few accounts, and what it was asked for. */
struct asked {
    unsigned times;
    char units[256], excluded[256], tags[256], profile[64], region[64];
    enum err err;
    uint32_t unit_missing;
};

static void joined(char out[256], const struct text *list, uint32_t len)
{
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < len; i++)
        used += (size_t)snprintf(out + used, 256 - used, "%s" TEXT_FMT, i ? "|" : "",
                                 TEXT_ARG(list[i]));
}

static struct organization_member members[] = {
    {{"000000000007", 12}, {"mail\nseven", 10}, false},
    {{"111122223333", 12}, {"management", 10}, true},
    {{"222233334444", 12}, {"shop", 4}, false},
};

static struct organization_left_out left[] = {
    {{"333344445555", 12}, ORGANIZATION_INACTIVE},
    {{"444455556666", 12}, ORGANIZATION_EXCLUDED},
    {{"555566667777", 12}, ORGANIZATION_UNTAGGED},
};

static enum err ask(void *ctx, const struct organization_wish *w, struct organization_found *found,
                    struct why *why)
{
    struct asked *a = ctx;
    size_t used = 0;
    a->times++;
    joined(a->units, w->units, w->units_len);
    joined(a->excluded, w->excluded, w->excluded_len);
    for (uint32_t i = 0; i < w->tags_len; i++)
        used += (size_t)snprintf(a->tags + used, sizeof a->tags - used, TEXT_FMT "=" TEXT_FMT ";",
                                 TEXT_ARG(w->tags[i].key), TEXT_ARG(w->tags[i].value));
    snprintf(a->profile, sizeof a->profile, TEXT_FMT, TEXT_ARG(w->profile));
    snprintf(a->region, sizeof a->region, TEXT_FMT, TEXT_ARG(w->region));
    *found = (struct organization_found){.partition = TEXT("aws-us-gov"),
                                         .members = members,
                                         .len = COUNT(members),
                                         .left = left,
                                         .left_len = COUNT(left),
                                         .unit_missing = a->unit_missing};
    return a->err == OK ? OK : why_set(why, a->err, "this is why");
}

static void load_text(struct loaded *l, struct asked *a, const char *text, bool every_account)
{
    static const char *const path = "accounts_from.yaml";
    file_write(path, text);
    struct manifest_options options = {
        .members_of = a ? ask : NULL, .members_ctx = a, .every_account = every_account};
    load_by(l, options, &path, 1);
    remove(path);
}

#define HEAD                                                                                       \
    "version: 1\n"                                                                                 \
    "defaults: {mail_from: 'bounce.{domain}', region: us-east-1}\n"

static struct text name_of(const struct loaded *l, name_id id)
{
    return names_text(&l->fleet.names, id);
}

static void accounts_that_are_named_are_taken(void **state)
{
    (void)state;
    struct loaded l;
    struct asked a = {0};
    load_text(
        &l, &a,
        HEAD
        "accounts_from:\n  organization:\n    role_name: team/mail\n    profile: org mgmt\n"
        "    external_id: x7\n    rate: 2.5\n    organizational_units: [A/B, ou-abcd-11111111]\n"
        "    tags: {mail: yes, stage: \"1\"}\n    exclude: sandbox-*\n"
        "identities:\n  - {identity: a.example, account: 000000000007}\n"
        "  - {identity: b.example, account: \"111122223333\"}\n",
        false);
    assert_loads(&l);
    assert_int_equal(a.times, 1);
    assert_string_equal(a.units, "A/B|ou-abcd-11111111");
    assert_string_equal(a.tags, "mail=yes;stage=1;");
    assert_string_equal(a.excluded, "sandbox-*");
    assert_string_equal(a.profile, "org mgmt");
    assert_string_equal(a.region, "us-east-1"); /* of the defaults */
    assert_int_equal(l.fleet.accounts_len, 2);  /* nothing names the third */
    const struct account *seven = &l.fleet.accounts[0], *own = &l.fleet.accounts[1];
    assert_text(name_of(&l, seven->name), TEXT("000000000007"));
    assert_text(name_of(&l, seven->account_id), TEXT("000000000007"));
    assert_text(name_of(&l, seven->role_arn),
                TEXT("arn:aws-us-gov:iam::000000000007:role/team/mail"));
    assert_text(name_of(&l, seven->source_profile), TEXT("org mgmt"));
    assert_text(name_of(&l, seven->external_id), TEXT("x7"));
    assert_text(name_of(&l, seven->title), TEXT("mail\nseven"));
    assert_int_equal(seven->profile, NAME_NONE);
    assert_true(seven->rate_per_s > 2.4 && seven->rate_per_s < 2.6);
    assert_text(name_of(&l, own->account_id), TEXT("111122223333"));
    assert_int_equal(own->role_arn, NAME_NONE); /* no role leads there */
    assert_text(name_of(&l, own->profile), TEXT("org mgmt"));
    loaded_clear(&l);
}

static void an_account_that_is_listed_wins(void **state)
{
    (void)state;
    struct loaded l;
    struct asked a = {0};
    load_text(
        &l, &a,
        "version: 1\naccounts_from: organization\naccounts:\n  mine: {profile: p, account_id: "
        "\"000000000007\", regions: [eu-west-1]}\ndefaults: {region: us-east-1}\n",
        true);
    assert_loads(&l);
    assert_int_equal(l.fleet.accounts_len, 3);
    assert_text(name_of(&l, l.fleet.accounts[0].name), TEXT("mine"));
    assert_text(name_of(&l, l.fleet.accounts[1].name), TEXT("111122223333"));
    assert_text(name_of(&l, l.fleet.accounts[2].name), TEXT("222233334444"));
    assert_text(name_of(&l, l.fleet.accounts[2].role_arn),
                TEXT("arn:aws-us-gov:iam::222233334444:role/OrganizationAccountAccessRole"));
    assert_int_equal(l.fleet.lanes_len, 3);
    loaded_clear(&l);
}

/* Without a number it stands beside the members, whose numbers nothing has named yet. */
static void an_account_without_a_number_hides_none(void **state)
{
    (void)state;
    struct loaded l;
    struct asked a = {0};
    load_text(&l, &a,
              "version: 1\naccounts_from: organization\naccounts:\n  mine: {profile: p, regions: "
              "[eu-west-1]}\ndefaults: {region: us-east-1}\n",
              true);
    assert_loads(&l);
    assert_int_equal(l.fleet.accounts_len, 4);
    assert_text(name_of(&l, l.fleet.accounts[1].name), TEXT("000000000007"));
    loaded_clear(&l);
}

static void all_regions_are_those_of_the_partition(void **state)
{
    (void)state;
    struct loaded l;
    struct asked a = {0};
    load_text(&l, &a, "version: 1\naccounts_from: {organization: {regions: all}}\n", true);
    assert_loads(&l);
    assert_true(l.fleet.lanes_len >= 3 && l.fleet.lanes_len % 3 == 0);
    for (uint32_t i = 0; i < l.fleet.lanes_len; i++)
        assert_true(text_starts(name_of(&l, l.fleet.lanes[i].region), TEXT("us-gov-")));
    assert_true(l.fleet.accounts[0].every_region);
    loaded_clear(&l);
    /* Of a plan, an identity names its own. */
    load_text(&l, &a,
              "version: 1\naccounts_from: {organization: {regions: all}}\ndefaults: {mail_from: "
              "default}\nidentities: [{identity: a.example, account: \"222233334444\"}]\n",
              false);
    assert_says(&l, "no Region: expected the key region");
    loaded_clear(&l);
    load_text(&l, &a, "version: 1\naccounts_from: organization\n", true);
    assert_int_equal(l.complaints.len, 1); /* not one for each account */
    assert_says(&l, "no Region for account");
    loaded_clear(&l);
}

static void without_a_hook_twelve_digits_are_an_account(void **state)
{
    (void)state;
    struct loaded l;
    load_text(&l, NULL,
              HEAD "accounts_from: organization\nidentities:\n  - {identity: a.example, account: "
                   "999988887777}\n  - {identity: b.example, account: 999988887777}\n",
              false);
    assert_loads(&l);
    assert_int_equal(l.fleet.accounts_len, 1);
    assert_text(name_of(&l, l.fleet.accounts[0].account_id), TEXT("999988887777"));
    loaded_clear(&l);
}

static const struct {
    const char *below, *says;
    unsigned times; /* the organization is asked */
} faults[] = {
    {"identities: [{identity: a.example, account: \"999988887777\"}]\n",
     "4:45: account: found \"999988887777\", expected the number of an account that accounts_from "
     "finds",
     1},
    {"identities: [{identity: a.example, account: \"999988887777\"}]\n",
     "the key accounts lists; the organization does not have it", 1},
    {"identities: [{identity: a.example, account: \"333344445555\"}]\n", "but it is not active", 1},
    {"accounts: {mine: {account_id: \"999988887777\"}}\nidentities: [{identity: a.example, "
     "account: "
     "\"999988887777\"}]\n",
     "the key accounts lists; the key accounts lists it under a name; did you mean \"mine\"?", 1},
    {"identities: [{identity: a.example, account: \"444455556666\"}]\n",
     "but exclude leaves it out", 1},
    {"identities: [{identity: a.example, account: \"555566667777\"}]\n", "but without those tags",
     1},
    {"identities: [{identity: a.example, account: 7}]\n", "spreadsheets take away zeros in front",
     1},
    {"identities: [a.example]\n", "no account: expected the key account here or in defaults", 1},
    {"identities: [{identity: a.example, account: \"222233334444\", regio: x}]\n",
     "unknown key \"regio\"", 0},
    {"accounts: {shop: {account_id: \"222233334444\"}}\n"
     "identities: [{identity: a.example, account: \"222233334444\"}]\n",
     "did you mean \"shop\"?", 1},
    {"accounts_from: organization\n", "duplicate key accounts_from", 0},
};

/* A state says in which account an identity is, by its ARN. */
static void an_account_of_a_state_is_taken(void **state)
{
    (void)state;
    struct loaded l;
    struct asked a = {0};
    file_write(
        "s.tfstate",
        "{\"version\": 4, \"serial\": 1, \"resources\": [{\"mode\": \"managed\", \"type\": "
        "\"aws_sesv2_email_identity\", \"name\": \"a\", \"provider\": \"p\", \"instances\": "
        "[{\"attributes\": {\"arn\": \"arn:aws-us-gov:ses:us-gov-west-1:222233334444:identity/"
        "a.example\", \"email_identity\": \"a.example\"}}]}]}");
    for (int asks = 0; asks < 2; asks++) {
        load_text(&l, asks ? &a : NULL,
                  HEAD "accounts_from: organization\nidentities_from: s.tfstate\n", false);
        assert_loads(&l);
        assert_int_equal(l.fleet.choices_len, 1);
        assert_text(fleet_account_name(&l.fleet, 0), TEXT("222233334444"));
        assert_text(fleet_region(&l.fleet, 0), TEXT("us-gov-west-1"));
        loaded_clear(&l);
    }
    remove("s.tfstate");
}

static void complaints_have_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(faults); i++) {
        struct loaded l;
        struct asked a = {0};
        char text[1024];
        snprintf(text, sizeof text, HEAD "accounts_from: organization\n%s", faults[i].below);
        load_text(&l, &a, text, false);
        assert_says(&l, faults[i].says);
        assert_int_equal(a.times, faults[i].times);
        loaded_clear(&l);
    }
}

static const struct {
    const char *value, *says;
} values[] = {
    {"organisation", "expected organization"},
    {"[organization]", "found a list"},
    {"{}", "the key organization is missing"},
    {"{role_name: x}", "unknown key \"role_name\" in accounts_from; it stands below organization"},
    {"{organization: {role_arn: x}}", "so role_name names the role"},
    {"{organization: {role_name: 'arn:aws:iam::1:role/x'}}", "role_name: found"},
    {"{organization: {role_name: /x}}", "role_name: found"},
    {"{organization: {regions: mars}}", "regions: found \"mars\""},
    {"{organization: {regions: [all]}}", "regions: found all in a list, expected all by itself"},
    {"{organization: {regions: [us-east-1, all]}}", "expected all by itself"},
    {"{organization: {organizational_units: [A//B]}}", "organizational_units: found \"A//B\""},
    {"{organization: {organizational_units: []}}", "found an empty list"},
    {"{organization: {tags: [a]}}", "tags: found a list"},
    {"{organization: {tags: {a: [b]}}}", "tags: found a list"},
    {"{organization: {tags: {a: b, a: c}}}", "tags: found \"a\" twice"},
    {"{organization: {exclude: \"\"}}", "exclude: found"},
    {"{organization: {rate: 0}}", "rate: found \"0\""},
    {"{organization: {unit: x}}", "unknown key \"unit\" in organization"},
};

static void values_are_vetted(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        struct loaded l;
        struct asked a = {0};
        char text[1024];
        snprintf(text, sizeof text,
                 HEAD "accounts_from: %s\nidentities: [{identity: a.example, account: "
                      "\"222233334444\"}]\n",
                 values[i].value);
        load_text(&l, &a, text, false);
        assert_says(&l, values[i].says);
        assert_int_equal(a.times, 0);
        loaded_clear(&l);
    }
}

static void what_the_organization_says_is_told(void **state)
{
    (void)state;
    struct loaded l;
    struct asked a = {.err = ERR_INPUT, .unit_missing = 2};
    load_text(&l, &a,
              HEAD
              "accounts_from:\n  organization:\n    organizational_units:\n      - A\n      - B\n"
              "identities: [{identity: a.example, account: \"222233334444\"}]\n",
              false);
    assert_says(&l, "7:9: organizational_units: found \"B\", but this is why");
    assert_int_equal(l.complaints.len, 1);
    loaded_clear(&l);
    a = (struct asked){.err = ERR_AUTH};
    load_text(&l, &a,
              HEAD "accounts_from: organization\nidentities: [{identity: a.example, account: "
                   "\"222233334444\"}]\n",
              false);
    assert_int_equal(l.err, ERR_AUTH);
    assert_string_equal(l.why.text, "this is why");
    loaded_clear(&l);
}

#define FOUND_IN(number)                                                                           \
    "{\"version\": 4, \"resources\": [{\"mode\": \"managed\", \"type\": "                          \
    "\"aws_sesv2_email_identity\", \"name\": \"a\", \"provider\": \"p\", \"instances\": "          \
    "[{\"attributes\": {\"arn\": \"arn:aws:ses:us-east-1:" number                                  \
    ":identity/a.example\", \"email_identity\": \"a.example\"}}]}]}"

/* The account of a row is known by its number alone. */
static void accounts_in_which_rows_are_found_are_taken(void **state)
{
    static const char *const manifest =
        HEAD "accounts_from: organization\nidentities_from: x.tfstate\n";
    struct asked a = {0};
    (void)state;
    file_write("x.tfstate", FOUND_IN("222233334444"));
    for (int is_asked = 0; is_asked < 2; is_asked++) {
        struct loaded l;
        load_text(&l, is_asked ? &a : NULL, manifest, false);
        assert_loads(&l);
        assert_int_equal(l.fleet.accounts_len, 1);
        assert_int_equal(l.fleet.choices_len, 1);
        assert_text(name_of(&l, l.fleet.accounts[0].account_id), TEXT("222233334444"));
        assert_text(name_of(&l, l.fleet.accounts[0].role_arn),
                    is_asked ? TEXT("arn:aws-us-gov:iam::222233334444:role/" ORGANIZATION_ROLE)
                             : TEXT("arn:aws:iam::222233334444:role/" ORGANIZATION_ROLE));
        loaded_clear(&l);
    }
    struct loaded l;
    file_write("x.tfstate", FOUND_IN("999988887777"));
    load_text(&l, &a, manifest, false);
    assert_says(&l, "it was found in account 999988887777, which is none of the manifest");
    loaded_clear(&l);
    file_write("x.tfstate", FOUND_IN("222233334444"));
    load_text(&l, &a,
              "version: 1\naccounts_from: organization\naccounts: {mine: {profile: p}}\n"
              "defaults: {account: mine, mail_from: 'bounce.{domain}'}\n"
              "identities_from: x.tfstate\n",
              false);
    assert_loads(&l); /* the account of the defaults is held to the number, as without the key */
    assert_int_equal(l.fleet.accounts_len, 1);
    assert_text(name_of(&l, l.fleet.accounts[0].name), TEXT("mine"));
    loaded_clear(&l);
    remove("x.tfstate");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(accounts_that_are_named_are_taken, set_up, set_down),
        cmocka_unit_test_setup_teardown(accounts_in_which_rows_are_found_are_taken, set_up,
                                        set_down),
        cmocka_unit_test_setup_teardown(an_account_that_is_listed_wins, set_up, set_down),
        cmocka_unit_test_setup_teardown(an_account_without_a_number_hides_none, set_up, set_down),
        cmocka_unit_test_setup_teardown(all_regions_are_those_of_the_partition, set_up, set_down),
        cmocka_unit_test_setup_teardown(without_a_hook_twelve_digits_are_an_account, set_up,
                                        set_down),
        cmocka_unit_test_setup_teardown(complaints_have_their_place, set_up, set_down),
        cmocka_unit_test_setup_teardown(an_account_of_a_state_is_taken, set_up, set_down),
        cmocka_unit_test_setup_teardown(values_are_vetted, set_up, set_down),
        cmocka_unit_test_setup_teardown(what_the_organization_says_is_told, set_up, set_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
