/*
 * What environment and profile say about reaching AWS: real files, a real environment.
 */
#include "aws/settings.h"
#include "aws/variables.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CONFIG "/tmp/mailfrom-settings-XXXXXX"

/* One situation, and where each client then goes in us-east-1. NULL: as by Region. */
struct setup {
    const char *config; /* of the file; NULL: there is none */
    const char *environment[8];
    const char *option; /* --endpoint-url */
    const char *ses, *sesv2, *sts;
    const char *refused; /* in the sentence of whatever fails first; NULL: nothing does */
};

static enum err settings_of(const struct setup *s, struct aws_settings *settings, struct why *why)
{
    char path[] = CONFIG;
    struct credential_request request = {.profile = TEXT_NONE};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    for (int v = 0; v < AWS_VARIABLES; v++)
        unsetenv(aws_variable_name((enum aws_variable)v));
    setenv("AWS_CONFIG_FILE", path, 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent", 1);
    if (s->config)
        assert_true(write(fd, s->config, strlen(s->config)) > 0);
    close(fd);
    for (size_t i = 0; i < COUNT(s->environment) && s->environment[i]; i += 2)
        setenv(s->environment[i], s->environment[i + 1], 1);
    enum err err = aws_settings_read(settings, &request, why);
    unlink(path);
    return err;
}

static enum err goes(const struct setup *s, const struct aws_settings *settings,
                     enum aws_client client, const char *wanted, struct why *why)
{
    static const char *const by_region[CLIENTS] = {
        "https://email.us-east-1.amazonaws.com", "https://email.us-east-1.amazonaws.com",
        "https://sts.us-east-1.amazonaws.com", "https://portal.sso.us-east-1.amazonaws.com",
        "https://oidc.us-east-1.amazonaws.com"};
    struct endpoint e;
    enum err err =
        aws_settings_endpoint(settings, client, TEXT("us-east-1"),
                              client == CLIENT_STS ? TEXT_NONE : text_of(s->option), &e, why);
    if (err == OK && !s->refused)
        assert_string_equal(e.url, wanted ? wanted : by_region[client]);
    return err;
}

static void check(const struct setup *s, size_t row)
{
    struct aws_settings settings;
    struct why why = {""};
    enum err err = settings_of(s, &settings, &why);
    if (err == OK)
        err = goes(s, &settings, CLIENT_SES, s->ses, &why);
    if (err == OK)
        err = goes(s, &settings, CLIENT_SESV2, s->sesv2, &why);
    if (err == OK)
        err = goes(s, &settings, CLIENT_STS, s->sts, &why);
    if (s->refused ? !strstr(why.text, s->refused) : err != OK)
        fail_msg("row %zu: \"%s\" is not in \"%s\"", row, s->refused ? s->refused : "", why.text);
}

#define PROFILE "[default]\nendpoint_url = https://profile.example\n"
#define SERVICES                                                                                   \
    "[default]\nservices = local\nendpoint_url = https://profile.example\n[services local]\n"      \
    "ses =\n  endpoint_url = https://ses.example\nsts =\n"                                         \
    "  max_attempts = 2\n  endpoint_url = https://sts.example\n"

static const struct setup setups[] = {
    {.config = NULL},
    {.config = PROFILE,
     .ses = "https://profile.example",
     .sesv2 = "https://profile.example",
     .sts = "https://profile.example"},
    {.config = SERVICES,
     .ses = "https://ses.example",
     .sesv2 = "https://profile.example",
     .sts = "https://sts.example"},
    {.config = SERVICES,
     .environment = {"AWS_ENDPOINT_URL", "https://all.example"},
     .ses = "https://all.example",
     .sesv2 = "https://all.example",
     .sts = "https://all.example"},
    {.config = SERVICES,
     .environment = {"AWS_ENDPOINT_URL", "https://all.example", "AWS_ENDPOINT_URL_SESV2",
                     "https://v2.example:8443"},
     .ses = "https://all.example",
     .sesv2 = "https://v2.example:8443",
     .sts = "https://all.example"},
    {.environment = {"AWS_ENDPOINT_URL_SES", "https://v1.example"}, .ses = "https://v1.example"},
    {.environment = {"AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9"}, .sts = "http://127.0.0.1:9"},
    {.config = SERVICES,
     .environment = {"AWS_ENDPOINT_URL", "https://all.example"},
     .option = "https://option.example",
     .ses = "https://option.example",
     .sesv2 = "https://option.example",
     .sts = "https://all.example"},
    {.config = SERVICES,
     .environment = {"AWS_ENDPOINT_URL", "https://all.example",
                     "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}},
    {.config =
         "[default]\nignore_configured_endpoint_urls = TRUE\nendpoint_url = https://x.example\n"},
    {.config =
         "[default]\nignore_configured_endpoint_urls = true\nendpoint_url = https://x.example\n",
     .environment = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false"},
     .ses = "https://x.example",
     .sesv2 = "https://x.example",
     .sts = "https://x.example"},
    {.environment = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"},
     .option = "https://option.example",
     .ses = "https://option.example",
     .sesv2 = "https://option.example"},
    {.environment = {"AWS_USE_FIPS_ENDPOINT", "true"},
     .ses = "https://email-fips.us-east-1.amazonaws.com",
     .sesv2 = "https://email-fips.us-east-1.amazonaws.com",
     .sts = "https://sts-fips.us-east-1.amazonaws.com"},
    {.config = "[default]\nuse_dualstack_endpoint = true\nuse_fips_endpoint = true\n",
     .environment = {"AWS_USE_FIPS_ENDPOINT", "false"},
     .ses = "https://email.us-east-1.api.aws",
     .sesv2 = "https://email.us-east-1.api.aws",
     .sts = "https://sts.us-east-1.api.aws"},
    /* refused */
    {.environment = {"AWS_USE_FIPS_ENDPOINT", "yes"},
     .refused = "AWS_USE_FIPS_ENDPOINT takes true or false"},
    {.config = "[default]\nuse_dualstack_endpoint = 1\n",
     .refused = "use_dualstack_endpoint of profile \"default\" takes true or false"},
    {.config = PROFILE,
     .environment = {"AWS_USE_FIPS_ENDPOINT", "true"},
     .refused = "endpoint_url of profile \"default\": a custom endpoint URL and FIPS endpoints "
                "exclude each other"},
    {.environment = {"AWS_USE_DUALSTACK_ENDPOINT", "true"},
     .option = "https://option.example",
     .refused = "a custom endpoint URL and dual-stack endpoints exclude each other"},
    {.environment = {"AWS_ENDPOINT_URL_STS", "https://user@sts.example"},
     .refused = "AWS_ENDPOINT_URL_STS: endpoint URL: "},
    {.config = "[default]\nservices = s\n[services s]\nsesv2 =\n  endpoint_url = //x.example\n",
     .refused = "endpoint_url of sesv2 in the services of profile \"default\": "},
    {.config = "[default]\nendpoint_url = https://x.example/path\n",
     .refused = "endpoint_url of profile \"default\": endpoint URL: must end after host"},
    {.config = "[default]\nno value\n", .refused = "line 2: a line must look like key = value"},
};

static void each_setting_counts_in_the_order_of_the_aws_tools(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(setups); i++)
        check(&setups[i], i);
}

static void a_url_that_is_too_long_is_refused_and_not_cut(void **state)
{
    (void)state;
    char url[700];
    struct aws_settings settings;
    struct why why = {""};
    memset(url, 'a', sizeof url - 1);
    memcpy(url, "https://", 8);
    url[sizeof url - 1] = '\0';
    struct setup s = {.environment = {"AWS_ENDPOINT_URL_SES", url}};
    assert_int_equal(settings_of(&s, &settings, &why), ERR_INPUT);
    assert_non_null(strstr(why.text, "AWS_ENDPOINT_URL_SES is longer than"));
}

static enum err region_of(const struct setup *s, const char *profile, struct aws_settings *settings,
                          struct why *why)
{
    char path[] = CONFIG;
    struct setup without = *s;
    struct credential_request request = {.profile = text_of(profile),
                                         .profile_is_explicit = profile != NULL};
    without.config = NULL;
    settings_of(&without, settings, NULL); /* lays the environment */
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    if (s->config)
        assert_true(write(fd, s->config, strlen(s->config)) > 0);
    close(fd);
    setenv("AWS_CONFIG_FILE", path, 1);
    enum err err = aws_settings_region(settings, &request, why);
    unlink(path);
    return err;
}

static void a_region_that_is_none_is_named_with_its_source(void **state)
{
    (void)state;
    static const struct {
        struct setup setup;
        const char *profile;
        enum err err;
        const char *says;
    } table[] = {
        {{.environment = {"AWS_REGION", "\"us-east-1\""}},
         NULL,
         ERR_INPUT,
         "AWS_REGION is '\"us-east-1\"', which is not a Region: the quotes are part of the value; "
         "remove them; did you mean us-east-1?"},
        {{.environment = {"AWS_REGION", "us-east-1 "}},
         NULL,
         ERR_INPUT,
         "a blank at its beginning"},
        {{.environment = {"AWS_DEFAULT_REGION", "us-east-1\r"}},
         NULL,
         ERR_INPUT,
         "AWS_DEFAULT_REGION is 'us-east-1\r', which is not a Region: a line end (CR"},
        {{.environment = {"AWS_REGION", "US-East-1"}}, NULL, ERR_INPUT, "did you mean us-east-1?"},
        {{.environment = {"AWS_REGION", "\xe2\x80\x9cus-east-1\xe2\x80\x9d"}},
         NULL,
         ERR_INPUT,
         "typographic quotes"},
        {{.environment = {"AWS_REGION", "us-east-1\xc2\xa0"}}, NULL, ERR_INPUT, "U+00A0"},
        {{.environment = {"AWS_REGION", "Virginia"}}, NULL, ERR_INPUT, "is not a Region"},
        {{.config = "[default]\nregion = 'eu-west-1'\n"},
         NULL,
         ERR_INPUT,
         "region of profile \"default\" is ''eu-west-1''"},
        {{.config = "[profile x]\n"}, NULL, OK, ""},
        {{.config = "[profile x]\n"}, "y", ERR_AUTH, "profile \"y\" is neither in"},
        {{.config = "[profile x]\n", .environment = {"AWS_PROFILE", "y"}},
         NULL,
         ERR_AUTH,
         "profile \"y\" (AWS_PROFILE) is neither in"},
        {{.config = "[x]\nregion = eu-west-1\n"}, "x", ERR_AUTH, "write [profile x]"},
        {{.config = "[x]\n", .environment = {"AWS_REGION", "us-east-1"}}, "x", OK, ""},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct aws_settings settings;
        struct why why = {""};
        enum err err = region_of(&table[i].setup, table[i].profile, &settings, &why);
        if (err != table[i].err || !strstr(why.text, table[i].says))
            fail_msg("row %zu: %d, \"%s\"", i, err, why.text);
    }
}

static void the_region_is_that_of_the_environment_before_the_profile(void **state)
{
    (void)state;
    static const struct {
        struct setup setup;
        const char *region;
    } table[] = {
        {{.config = NULL}, ""},
        {{.config = "[default]\nregion = eu-west-1\n"}, "eu-west-1"},
        {{.config = "[default]\nregion = eu-west-1\n[profile p]\nregion = eu-west-2\n",
          .environment = {"AWS_PROFILE", "p"}},
         "eu-west-2"},
        {{.config = "[default]\nregion = eu-west-1\n",
          .environment = {"AWS_DEFAULT_REGION", "eu-west-3"}},
         "eu-west-3"},
        {{.environment = {"AWS_DEFAULT_REGION", "eu-west-3", "AWS_REGION", "us-east-2"}},
         "us-east-2"},
        /* found, although something else is wrong */
        {{.environment = {"AWS_REGION", "us-east-2", "AWS_USE_FIPS_ENDPOINT", "x"}}, "us-east-2"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct aws_settings settings;
        settings_of(&table[i].setup, &settings, NULL);
        assert_string_equal(settings.region, table[i].region);
    }
}

static void trust_anchors_and_the_clock_are_settings_too(void **state)
{
    (void)state;
    struct aws_settings settings;
    struct setup profile = {
        .config = "[default]\nca_bundle = /etc/a.pem\ndisable_clock_skew_correction = true\n"};
    struct setup both = profile;
    assert_int_equal(settings_of(&profile, &settings, NULL), OK);
    assert_string_equal(settings.ca_bundle, "/etc/a.pem");
    assert_true(settings.keeps_own_clock);
    both.environment[0] = "AWS_CA_BUNDLE";
    both.environment[1] = "/etc/b.pem";
    both.environment[2] = "AWS_DISABLE_CLOCK_SKEW_CORRECTION";
    both.environment[3] = "false";
    assert_int_equal(settings_of(&both, &settings, NULL), OK);
    assert_string_equal(settings.ca_bundle, "/etc/b.pem");
    assert_false(settings.keeps_own_clock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_setting_counts_in_the_order_of_the_aws_tools),
        cmocka_unit_test(a_url_that_is_too_long_is_refused_and_not_cut),
        cmocka_unit_test(a_region_that_is_none_is_named_with_its_source),
        cmocka_unit_test(the_region_is_that_of_the_environment_before_the_profile),
        cmocka_unit_test(trust_anchors_and_the_clock_are_settings_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
