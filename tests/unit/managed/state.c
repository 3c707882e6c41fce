/* Terraform states as versions 4, 5 and 6 of the provider leave them, and what is no such state. */
#include "managed_room.h"

#define MODULE "module.mail[\"eu\"]."
#define EU     " 111122223333 eu-west-1 "
#define US     " 111122223333 us-east-1 "

static const struct {
    const char *file, *settings, *joined, *fault;
} files[] = {
    {"provider_v4.tfstate",
     "aws_ses_domain_identity.mail[0] example.com" US "unset -\n"
     "aws_ses_domain_identity.mail[1] example.net" US "unset -\n"
     "aws_ses_domain_mail_from.mail[0] example.com" US "bounce.example.com UseDefaultValue\n"
     "aws_ses_email_identity.billing billing@example.org" EU "unset -\n",
     "aws_ses_domain_mail_from.mail[0] example.com" US "bounce.example.com UseDefaultValue\n"
     "aws_ses_domain_identity.mail[1] example.net" US "unset -\n"
     "aws_ses_email_identity.billing billing@example.org" EU "unset -\n",
     ""},
    {"provider_v5.tfstate",
     MODULE "aws_sesv2_email_identity.this[\"example.com\"] example.com" EU "unset -\n" MODULE
            "aws_sesv2_email_identity_mail_from_attributes.this[\"example.com\"] example.com" EU
            "bounce.example.com REJECT_MESSAGE\n"
            "aws_sesv2_email_identity.plain example.net" US "unset -\n",
     MODULE "aws_sesv2_email_identity_mail_from_attributes.this[\"example.com\"] example.com" EU
            "bounce.example.com REJECT_MESSAGE\n"
            "aws_sesv2_email_identity.plain example.net" US "unset -\n",
     ""},
    {"provider_v6.tfstate",
     "aws_sesv2_email_identity.mail[\"eu-west-1\"] example.com" EU "unset -\n"
     "aws_sesv2_email_identity.mail[\"us-east-1\"] example.com" US "unset -\n"
     "aws_sesv2_email_identity_mail_from_attributes.mail[\"eu-west-1\"] example.com" EU
     "em.example.com USE_DEFAULT_VALUE\n"
     "aws_sesv2_email_identity_mail_from_attributes.mail[\"us-east-1\"] example.com" US "- -\n",
     "aws_sesv2_email_identity_mail_from_attributes.mail[\"eu-west-1\"] example.com" EU
     "em.example.com USE_DEFAULT_VALUE\n"
     "aws_sesv2_email_identity_mail_from_attributes.mail[\"us-east-1\"] example.com" US "- -\n",
     ""},
    {"opentofu_encrypted.tfstate", "", "", "0:0: it is a state that OpenTofu has encrypted"},
    {"backend_pointer.tfstate", "", "", "0:0: it only says where the state is kept"},
    {"version_3.tfstate", "", "", "2:14: it is a state of version 3, expected version 4"},
};

static void starts_with(struct buf *got, const char *want)
{
    if (!text_starts(buf_text(got), text_of(want)) || (!*want && got->len))
        fail_msg("got '" TEXT_FMT "', want '%s'", TEXT_ARG(buf_text(got)), want);
}

static void states_of_every_provider_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        struct seen s;
        see_file(&s, files[i].file, false);
        assert_text(buf_text(&s.settings), text_of(files[i].settings));
        starts_with(&s.faults, files[i].fault);
        seen_clear(&s);
        see_file(&s, files[i].file, true);
        assert_text(buf_text(&s.settings), text_of(files[i].joined));
        seen_clear(&s);
    }
}

static void opentofu_writes_the_same(void **state)
{
    struct seen ours, theirs;
    (void)state;
    see_file(&ours, "provider_v5.tfstate", false);
    see_file(&theirs, "opentofu.tfstate", false);
    assert_text(buf_text(&theirs.settings), buf_text(&ours.settings));
    seen_clear(&ours);
    seen_clear(&theirs);
}

#define STATE(resources) "{\"version\": 4, \"serial\": 1, \"resources\": [" resources "]}"
#define OF(type, instances)                                                                        \
    "{\"mode\": \"managed\", \"type\": \"" type "\", \"name\": \"a\", \"provider\": \"p\", "       \
    "\"instances\": [" instances "]}"
#define V1 "aws_ses_domain_mail_from"
#define V2 "aws_sesv2_email_identity"

static const struct {
    const char *title, *document, *settings, *fault;
} rows[] = {
    {"no resources", STATE(""), "", ""},
    {"resources that are null", "{\"version\": 4, \"resources\": null}", "", ""},
    {"no instances", STATE(OF(V1, "")), "", ""},
    {"a data source",
     STATE("{\"mode\": \"data\", \"type\": \"" V2 "\", \"name\": \"a\","
           "\"instances\": [{\"attributes\": {\"email_identity\": \"x.example\"}}]}"),
     "", ""},
    {"another type", STATE(OF("aws_s3_bucket", "{\"attributes\": {\"id\": \"b\"}}")), "", ""},
    {"a deposed object",
     STATE(OF(V2, "{\"deposed\": \"12345678\", \"attributes\": "
                  "{\"email_identity\": \"x.example\"}}")),
     "", ""},
    {"attributes_flat",
     STATE(OF(V1, "{\"attributes_flat\": {\"domain\": \"x.example\", \"id\": "
                  "\"x.example\", \"mail_from_domain\": \"b.x.example\"}}")),
     V1 ".a x.example - - b.x.example -\n", ""},
    {"no identity, but an id", STATE(OF(V1, "{\"attributes\": {\"id\": \"x.example\"}}")),
     V1 ".a x.example - - - -\n", ""},
    {"empty attributes", STATE(OF(V1, "{\"attributes\": {}}")), "",
     "has no identity in its attributes"},
    {"attributes that are null", STATE(OF(V1, "{\"attributes\": null}")), "", "has no attributes"},
    {"an identity that is no text", STATE(OF(V2, "{\"attributes\": {\"email_identity\": 7}}")), "",
     "has no identity in its attributes"},
    {"a member twice",
     STATE(OF(V2, "{\"attributes\": {\"email_identity\": \"a.example\", "
                  "\"email_identity\": \"b.example\"}}")),
     V2 ".a b.example - - unset -\n", "stands twice in this object"},
    {"a key that HCL escapes",
     STATE(OF(V2, "{\"index_key\": \"a\\\"${b}%{c}\\\\\\n$\", \"attributes\": {\"email_identity\": "
                  "\"x.example\"}}")),
     V2 ".a[\"a\\\"$${b}%%{c}\\\\\\n$\"] x.example - - unset -\n", ""},
    {"a key with a control character",
     STATE(OF(V2, "{\"index_key\": \"\\u001b[2J\", \"attributes\": {\"email_identity\": "
                  "\"x.example\"}}")),
     V2 ".a[\"\\u001b[2J\"] x.example - - unset -\n", ""},
    {"an ARN of another service",
     STATE(OF(V2, "{\"attributes\": {\"arn\": \"arn:aws:sns:eu-west-1:111122223333:t\", "
                  "\"email_identity\": \"x.example\"}}")),
     V2 ".a x.example - - unset -\n", ""},
    {"an ARN without an account",
     STATE(OF(V2, "{\"attributes\": {\"arn\": \"arn:aws:ses:eu-west-1::identity/x.example\", "
                  "\"email_identity\": \"x.example\"}}")),
     V2 ".a x.example - eu-west-1 unset -\n", ""},
    {"resources that stand twice", "{\"version\": 4, \"resources\": [], \"resources\": []}", "",
     "stands twice"},
    {"a state that ends too early", "{\"version\": 4, \"resources\": [{\"mode\": \"mana", "",
     "it is no JSON: it ends too early"},
    {"nothing", "", "", "it is no JSON"},
    {"a list", "[]", "", "JSON of some other kind"},
    {"terraform show -json", "{\"format_version\": \"1.0\", \"values\": {\"root_module\": {}}}", "",
     "terraform show -json prints"},
    {"a plan as JSON", "{\"format_version\": \"1.2\", \"planned_values\": {}}", "",
     "terraform show -json prints"},
    {"a version that is a text", "{\"version\": \"4\", \"resources\": []}", "",
     "JSON of some other kind"},
    {"version 5", "{\"version\": 5, \"resources\": []}", "", "version 5, expected version 4"},
    {"version 40", "{\"version\": 40, \"resources\": []}", "", "version 40, expected version 4"},
};

static void hostile_states_get_a_sentence_or_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct seen s;
        see(&s, rows[i].document);
        struct text faults = buf_text(&s.faults);
        bool says = text_find_text(faults, text_of(rows[i].fault)) < faults.len;
        if (!text_eq(buf_text(&s.settings), text_of(rows[i].settings)) ||
            (*rows[i].fault ? !says : faults.len > 0))
            fail_msg("%s: '" TEXT_FMT "' and '" TEXT_FMT "'", rows[i].title,
                     TEXT_ARG(buf_text(&s.settings)), TEXT_ARG(faults));
        seen_clear(&s);
    }
}

static void no_secret_comes_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        struct seen s;
        see_file(&s, files[i].file, true);
        assert_true(text_find_text(buf_text(&s.settings), TEXT("do-not-show")) == s.settings.len);
        assert_true(text_find_text(buf_text(&s.faults), TEXT("do-not-show")) == s.faults.len);
        seen_clear(&s);
    }
}

static void places_are_those_of_the_identity(void **state)
{
    struct seen s;
    (void)state;
    see_file(&s, "provider_v5.tfstate", true);
    assert_int_equal(s.file.settings[0].line, 70);
    assert_int_equal(s.file.settings[0].column, 31);
    seen_clear(&s);
    see(&s, "\xef\xbb\xbf" STATE(OF(V2, "{\"attributes\":\n {\"\xc3\xa9\": 1, \"email_identity\": "
                                        "\"x.example\"}}")));
    assert_int_equal(s.file.settings[0].line, 2);
    assert_int_equal(s.file.settings[0].column, 29);
    seen_clear(&s);
}

static void faults_are_bounded(void **state)
{
    struct buf many;
    struct seen s;
    (void)state;
    buf_init(&many, 1u << 20);
    buf_add_str(&many, "{\"version\": 4, \"resources\": [");
    for (int i = 0; i < MANAGED_FAULTS_MAX + 5; i++)
        buf_add_fmt(&many, "%s%s", i ? "," : "", OF(V1, "{\"attributes\": {}}"));
    buf_add_str(&many, "]}");
    buf_add_char(&many, '\0');
    assert_false(many.failed);
    see(&s, many.at);
    assert_int_equal(s.file.faults_len, MANAGED_FAULTS_MAX);
    assert_int_equal(s.file.faults_more, 5);
    seen_clear(&s);
    buf_clear(&many);
}

#define MF(identity, name)                                                                         \
    "{\"attributes\": {\"domain\": \"" identity "\", \"mail_from_domain\": \"" name "\"}}"

static void two_resources_of_one_identity_are_one_if_they_agree(void **state)
{
    struct seen s;
    struct why why;
    (void)state;
    see(&s, STATE(OF(V1, MF("a.example", "b.a.example") "," MF("A.example", "B.a.example") "," MF(
                             "a.example", "c.a.example"))));
    assert_int_equal(managed_join(&s.file, &why), OK);
    assert_int_equal(s.file.settings_len, 2);
    assert_text(s.file.settings[0].mail_from, TEXT("b.a.example"));
    assert_text(s.file.settings[1].mail_from, TEXT("c.a.example"));
    seen_clear(&s);
}

#define AT(region, arn_region)                                                                     \
    "{\"attributes\": {" region "\"arn\": \"arn:aws:ses:" arn_region                               \
    ":111122223333:identity/a.example\", \"email_identity\": \"a.example\"}}"
#define V6_US AT("\"region\": \"us-east-1\", ", "us-east-1")
#define V6_EU AT("\"region\": \"eu-west-1\", ", "eu-west-1")
#define V5_MF                                                                                      \
    OF(V2 "_mail_from_attributes", "{\"attributes\": {\"email_identity\": \"a.example\", "         \
                                   "\"mail_from_domain\": \"us.a.example\"}}")
#define OTHER                                                                                      \
    OF(V2, "{\"attributes\": {\"region\": \"ap-south-1\", \"email_identity\": \"o.example\", "     \
           "\"arn\": \"arn:aws:ses:ap-south-1:111122223333:identity/o.example\"}}")

/* In whichever order they stand. */
static void a_mail_from_without_a_region_is_where_its_identity_is(void **state)
{
    static const struct {
        const char *document, *region; /* NULL: in several */
    } orders[] = {
        {STATE(OF(V2, V6_US) "," OF(V2, V6_EU) "," V5_MF), NULL},
        {STATE(OF(V2, V6_EU) "," V5_MF "," OF(V2, V6_US)), NULL},
        {STATE(V5_MF "," OF(V2, V6_US) "," OF(V2, V6_EU)), NULL},
        {STATE(OTHER "," OF(V2, V6_US) "," V5_MF), "us-east-1"},
        {STATE(V5_MF "," OTHER "," OF(V2, V6_EU) "," OF(V2, V6_EU)), "eu-west-1"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(orders); i++) {
        struct seen s;
        struct why why;
        uint32_t found = 0;
        see(&s, orders[i].document);
        assert_int_equal(managed_join(&s.file, &why), OK);
        for (uint32_t n = 0; n < s.file.settings_len; n++) {
            const struct managed_setting *m = &s.file.settings[n];
            if (!m->sets_mail_from)
                continue;
            found++;
            assert_int_equal(m->is_unclear, orders[i].region == NULL);
            assert_text(m->region, orders[i].region ? text_of(orders[i].region) : TEXT(""));
        }
        assert_int_equal(found, 1);
        assert_int_equal(s.file.settings_len, orders[i].region ? 2 : 3);
        seen_clear(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_of_every_provider_are_read),
        cmocka_unit_test(opentofu_writes_the_same),
        cmocka_unit_test(hostile_states_get_a_sentence_or_nothing),
        cmocka_unit_test(no_secret_comes_out),
        cmocka_unit_test(places_are_those_of_the_identity),
        cmocka_unit_test(faults_are_bounded),
        cmocka_unit_test(two_resources_of_one_identity_are_one_if_they_agree),
        cmocka_unit_test(a_mail_from_without_a_region_is_where_its_identity_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
