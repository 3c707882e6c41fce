/*
 * Regions and endpoint URLs, most of them hostile: none may lead a signed request elsewhere.
 */
#include "aws/endpoints.h"
#include "model/region.h"
#include "unit.h"

static const struct {
    const char *service, *region, *url, *host;
    bool known;
} by_region[] = {
    {"ses", "us-east-1", "https://email.us-east-1.amazonaws.com", "email.us-east-1.amazonaws.com",
     true},
    {"sts", "eu-west-1", "https://sts.eu-west-1.amazonaws.com", "sts.eu-west-1.amazonaws.com",
     true},
    {"ses", "us-gov-west-1", "https://email.us-gov-west-1.amazonaws.com",
     "email.us-gov-west-1.amazonaws.com", true},
    {"ses", "eusc-de-east-1", "https://email.eusc-de-east-1.amazonaws.eu",
     "email.eusc-de-east-1.amazonaws.eu", true},
    {"ses", "cn-north-1", "https://email.cn-north-1.amazonaws.com.cn",
     "email.cn-north-1.amazonaws.com.cn", false},
    {"ses", "us-iso-east-1", "https://email.us-iso-east-1.c2s.ic.gov",
     "email.us-iso-east-1.c2s.ic.gov", false},
    {"ses", "us-isob-east-1", "https://email.us-isob-east-1.sc2s.sgov.gov",
     "email.us-isob-east-1.sc2s.sgov.gov", false},
    {"ses", "eu-isoe-west-1", "https://email.eu-isoe-west-1.cloud.adc-e.uk",
     "email.eu-isoe-west-1.cloud.adc-e.uk", false},
    {"ses", "us-isof-south-1", "https://email.us-isof-south-1.csp.hci.ic.gov",
     "email.us-isof-south-1.csp.hci.ic.gov", false},
    {"ses", "mx-central-1", "https://email.mx-central-1.amazonaws.com",
     "email.mx-central-1.amazonaws.com", false},
    {"ses", "ap-southeast-42", "https://email.ap-southeast-42.amazonaws.com",
     "email.ap-southeast-42.amazonaws.com", false},
};

static void a_region_leads_to_the_host_of_its_partition(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(by_region); i++) {
        struct endpoint e;
        assert_int_equal(endpoint_make(&e, text_of(by_region[i].service),
                                       text_of(by_region[i].region), NULL, NULL),
                         OK);
        assert_string_equal(e.url, by_region[i].url);
        assert_string_equal(e.host, by_region[i].host);
        assert_string_equal(e.region, by_region[i].region);
        assert_string_equal(e.service, by_region[i].service);
        assert_int_equal(e.known_region, by_region[i].known);
    }
}

static const struct {
    const char *service, *region;
    bool fips, dual_stack;
    const char *host, *partition;
} by_settings[] = {
    {"ses", "us-east-1", true, false, "email-fips.us-east-1.amazonaws.com", "aws"},
    {"ses", "eu-west-1", false, true, "email.eu-west-1.api.aws", "aws"},
    {"ses", "us-west-2", true, true, "email-fips.us-west-2.api.aws", "aws"},
    {"ses", "us-gov-west-1", true, false, "email-fips.us-gov-west-1.amazonaws.com", "aws-us-gov"},
    {"ses", "eusc-de-east-1", false, true, "email.eusc-de-east-1.api.amazonwebservices.eu",
     "aws-eusc"},
    {"sts", "us-east-1", true, false, "sts-fips.us-east-1.amazonaws.com", "aws"},
    {"sts", "us-east-1", false, true, "sts.us-east-1.api.aws", "aws"},
    {"sts", "us-gov-east-1", true, false, "sts.us-gov-east-1.amazonaws.com", "aws-us-gov"},
    {"sts", "us-gov-east-1", true, true, "sts-fips.us-gov-east-1.api.aws", "aws-us-gov"},
    {"sts", "cn-north-1", false, true, "sts.cn-north-1.api.amazonwebservices.com.cn", "aws-cn"},
    {"sso", "eu-central-1", false, false, "portal.sso.eu-central-1.amazonaws.com", "aws"},
    {"sso", "us-east-1", true, false, "portal.sso-fips.us-east-1.amazonaws.com", "aws"},
    {"sso", "us-gov-west-1", true, false, "portal.sso.us-gov-west-1.amazonaws.com", "aws-us-gov"},
    {"sso", "us-east-1", false, true, "portal.sso.us-east-1.api.aws", "aws"},
    {"sso-oidc", "eu-central-1", false, false, "oidc.eu-central-1.amazonaws.com", "aws"},
    {"sso-oidc", "cn-northwest-1", false, false, "oidc.cn-northwest-1.amazonaws.com.cn", "aws-cn"},
    {"sso-oidc", "us-gov-west-1", true, false, "oidc.us-gov-west-1.amazonaws.com", "aws-us-gov"},
    {"sso-oidc", "us-east-1", true, true, "oidc-fips.us-east-1.api.aws", "aws"},
    {"sts", "us-iso-east-1", false, true, "sts.us-iso-east-1.api.aws.ic.gov", "aws-iso"},
    {"sts", "us-isob-east-1", true, false, "sts-fips.us-isob-east-1.sc2s.sgov.gov", "aws-iso-b"},
    {"sts", "eu-isoe-west-1", false, true, "sts.eu-isoe-west-1.api.cloud-aws.adc-e.uk",
     "aws-iso-e"},
    {"sts", "us-isof-south-1", false, true, "sts.us-isof-south-1.api.aws.hci.ic.gov", "aws-iso-f"},
};

static void fips_and_dual_stack_choose_the_host(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(by_settings); i++) {
        struct endpoint e;
        struct endpoint_settings settings = {.use_fips = by_settings[i].fips,
                                             .use_dual_stack = by_settings[i].dual_stack};
        struct text region = text_of(by_settings[i].region);
        assert_int_equal(
            endpoint_make(&e, text_of(by_settings[i].service), region, &settings, NULL), OK);
        assert_string_equal(e.host, by_settings[i].host);
        assert_string_equal(e.url + strlen("https://"), by_settings[i].host);
        assert_string_equal(region_partition(region), by_settings[i].partition);
    }
}

/* botocore's rule set of Route 53: one endpoint and one signing Region for each partition. */
static const struct {
    const char *region;
    bool fips, dual_stack;
    const char *host, *signing_region; /* NULL: there is none */
} route53[] = {
    {"us-east-1", false, false, "route53.amazonaws.com", "us-east-1"},
    {"eu-central-1", false, false, "route53.amazonaws.com", "us-east-1"},
    {"ap-southeast-2", true, false, "route53-fips.amazonaws.com", "us-east-1"},
    {"eu-central-1", false, true, "route53.global.api.aws", "us-east-1"},
    {"eu-central-1", true, true, "route53-fips.global.api.aws", "us-east-1"},
    {"us-gov-east-1", false, false, "route53.us-gov.amazonaws.com", "us-gov-west-1"},
    {"us-gov-west-1", true, false, "route53.us-gov.amazonaws.com", "us-gov-west-1"},
    {"us-gov-west-1", false, true, "route53.us-gov.api.aws", "us-gov-west-1"},
    {"us-gov-east-1", true, true, "route53.us-gov.api.aws", "us-gov-west-1"},
    {"cn-north-1", false, false, "route53.amazonaws.com.cn", "cn-northwest-1"},
    {"cn-north-1", true, false, NULL, "cn-northwest-1"},
    {"cn-northwest-1", false, true, "route53.global.api.amazonwebservices.com.cn",
     "cn-northwest-1"},
    {"eusc-de-east-1", false, false, "route53.amazonaws.eu", "eusc-de-east-1"},
    {"us-iso-west-1", false, false, "route53.c2s.ic.gov", "us-iso-east-1"},
    {"us-iso-east-1", false, true, NULL, "us-iso-east-1"},
    {"us-isob-east-1", false, false, "route53.sc2s.sgov.gov", "us-isob-east-1"},
    {"eu-isoe-west-1", false, false, "route53.cloud.adc-e.uk", "eu-isoe-west-1"},
    {"us-isof-east-1", false, false, "route53.csp.hci.ic.gov", "us-isof-south-1"},
};

static void route53_has_one_endpoint_for_each_partition(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(route53); i++) {
        struct endpoint e;
        struct why why = {""};
        struct endpoint_settings settings = {.use_fips = route53[i].fips,
                                             .use_dual_stack = route53[i].dual_stack};
        enum err err =
            endpoint_make(&e, TEXT("route53"), text_of(route53[i].region), &settings, &why);
        assert_int_equal(err, route53[i].host ? OK : ERR_INPUT);
        assert_string_equal(e.host, route53[i].host ? route53[i].host : "");
        assert_int_equal(strstr(why.text, "Route 53 has no ") != NULL, err != OK);
        settings = (struct endpoint_settings){.url = TEXT("http://127.0.0.1:4566")};
        assert_int_equal(
            endpoint_make(&e, TEXT("route53"), text_of(route53[i].region), &settings, NULL), OK);
        assert_string_equal(e.url, "http://127.0.0.1:4566");
        assert_string_equal(e.region, route53[i].signing_region);
        assert_string_equal(e.service, "route53");
    }
}

static void a_custom_endpoint_excludes_fips_and_dual_stack(void **state)
{
    (void)state;
    for (unsigned i = 1; i < 4; i++) {
        struct endpoint e;
        struct why why = {""};
        struct endpoint_settings settings = {
            .url = TEXT("https://ses.example.com"), .use_fips = i & 1, .use_dual_stack = i & 2};
        assert_int_equal(endpoint_make(&e, TEXT("ses"), TEXT("us-east-1"), &settings, &why),
                         ERR_INPUT);
        assert_non_null(strstr(why.text, "exclude each other"));
        assert_string_equal(e.url, "");
    }
}

static const struct text hostile_regions[] = {
    TEXT(""),
    TEXT(" "),
    TEXT("x@attacker.com:443/#"),
    TEXT("us-east-1@attacker.com"),
    TEXT("us-east-1.evil.com"),
    TEXT("us-east-1.evil.com/"),
    TEXT("us-east-1/"),
    TEXT("us-east-1#"),
    TEXT("us-east-1?"),
    TEXT("us-east-1:443"),
    TEXT("us-east-1\\"),
    TEXT("us-east-1\n"),
    TEXT("us-east-1\r\n"),
    TEXT("us-east-1\0"),
    TEXT("us-east-1\0.evil.com"),
    TEXT("us-east-1 "),
    TEXT(" us-east-1"),
    TEXT("\tus-east-1"),
    TEXT("us-east-1%00"),
    TEXT("us-east-1%2eevil.com"),
    TEXT("US-EAST-1"),
    TEXT("Us-east-1"),
    TEXT("us-east-\xd9\xa1"),     /* Arabic-Indic digit one */
    TEXT("us-east-\xef\xbc\x91"), /* full-width digit one */
    TEXT("us-\xd0\xb5\x61st-1"),  /* Cyrillic e */
    TEXT("us\xe2\x80\x90"
         "east-1"),
    TEXT("us-east-1\xe2\x80\x8b"),
    TEXT("us-east-"),
    TEXT("us-east"),
    TEXT("us-"),
    TEXT("us"),
    TEXT("-"),
    TEXT("us--1"),
    TEXT("us-east--1"),
    TEXT("us-east-1-1"),
    TEXT("us-east-1a"),
    TEXT("us-east-x"),
    TEXT("us-east-0x1"),
    TEXT("us-east-1111"),
    TEXT("us-east-+1"),
    TEXT("us_east_1"),
    TEXT("us-e.st-1"),
    TEXT("us-e@st-1"),
    TEXT("us-e/st-1"),
    TEXT("us-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-1"),
    TEXT("xx-east-1"),
    TEXT("attacker"),
    TEXT("attacker.com"),
    TEXT("fips-us-east-1"),
    TEXT("aws-global"),
    TEXT("us-gov--1"),
    TEXT("eusc-fr-east-1"),
    TEXT("../us-east-1"),
    TEXT("us-east-1;rm"),
    TEXT("$(id)"),
    TEXT("{region}"),
    TEXT("[::1]"),
    TEXT("127.0.0.1"),
    TEXT("169.254.169.254/us-east-1"),
};

static void a_region_that_is_not_spelled_like_one_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(hostile_regions); i++) {
        struct endpoint e;
        struct why why = {""};
        struct text region = hostile_regions[i];
        assert_false(region_is_plausible(region));
        assert_false(region_has_ses(region));
        assert_int_equal(endpoint_make(&e, TEXT("ses"), region, NULL, &why), ERR_INPUT);
        assert_null(region_partition(region));
        assert_string_equal(e.url, "");
        assert_true(why.text[0]);
        for (const char *c = why.text; *c; c++)
            assert_true((unsigned char)*c >= ' ');
    }
}

static const struct {
    const char *override, *url, *host;
} overrides[] = {
    {"https://ses.example.com", "https://ses.example.com", "ses.example.com"},
    {"https://ses.example.com/", "https://ses.example.com", "ses.example.com"},
    {"https://SES.Example.Com:443/", "https://ses.example.com", "ses.example.com"},
    {"https://ses.example.com:8443", "https://ses.example.com:8443", "ses.example.com:8443"},
    {"https://localstack:4566", "https://localstack:4566", "localstack:4566"},
    {"https://192.0.2.7", "https://192.0.2.7", "192.0.2.7"},
    {"https://[2001:db8::1]:65535", "https://[2001:db8::1]:65535", "[2001:db8::1]:65535"},
    {"http://127.0.0.1:1", "http://127.0.0.1:1", "127.0.0.1:1"},
    {"http://127.0.0.1:80/", "http://127.0.0.1", "127.0.0.1"},
    {"http://127.255.3.4:9000", "http://127.255.3.4:9000", "127.255.3.4:9000"},
    {"http://[::1]:8080", "http://[::1]:8080", "[::1]:8080"},
    {"http://[::1]", "http://[::1]", "[::1]"},
    {"http://localhost:443", "http://localhost:443", "localhost:443"},
    {"http://LOCALHOST", "http://localhost", "localhost"},
};

static void an_override_is_taken_as_a_bare_origin(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(overrides); i++) {
        struct endpoint e;
        struct endpoint_settings there = {.url = text_of(overrides[i].override)};
        assert_int_equal(endpoint_make(&e, TEXT("ses"), TEXT("us-east-1"), &there, NULL), OK);
        assert_string_equal(e.url, overrides[i].url);
        assert_string_equal(e.host, overrides[i].host);
    }
}

static const struct text hostile_overrides[] = {
    TEXT(" "),
    TEXT("ses.example.com"),
    TEXT("//ses.example.com"),
    TEXT("https:"),
    TEXT("https:ses.example.com"),
    TEXT("https://"),
    TEXT("https:///"),
    TEXT("https://:443"),
    TEXT("HTTPS://ses.example.com"),
    TEXT("ftp://ses.example.com"),
    TEXT("file:///etc/passwd"),
    TEXT("javascript:alert(1)"),
    TEXT(" https://ses.example.com"),
    TEXT("https://ses.example.com "),
    TEXT("https://ses.example.com\n"),
    TEXT("https://ses.example.com\0"),
    TEXT("https://localhost\0.evil.com"),
    TEXT("https://ses.example.com/path"),
    TEXT("https://ses.example.com//"),
    TEXT("https://ses.example.com/?q"),
    TEXT("https://ses.example.com?q"),
    TEXT("https://ses.example.com#f"),
    TEXT("https://ses.example.com/#f"),
    TEXT("https://user@ses.example.com"),
    TEXT("https://user:pass@ses.example.com"),
    TEXT("https://ses.example.com@evil.com"),
    TEXT("https://ses.example.com:443@evil.com"),
    TEXT("https://ses.example.com\\@evil.com"),
    TEXT("https://ses.example.com\\evil.com"),
    TEXT("https://ses.example.com:"),
    TEXT("https://ses.example.com:0"),
    TEXT("https://ses.example.com:00443"),
    TEXT("https://ses.example.com:65536"),
    TEXT("https://ses.example.com:99999999999"),
    TEXT("https://ses.example.com:-1"),
    TEXT("https://ses.example.com:+443"),
    TEXT("https://ses.example.com:4 43"),
    TEXT("https://ses.example.com:http"),
    TEXT("https://ses.example.com:443:443"),
    TEXT("https://ses..example.com"),
    TEXT("https://.example.com"),
    TEXT("https://ses.example.com."),
    TEXT("https://-ses.example.com"),
    TEXT("https://s\xc3\xa9s.example.com"),
    TEXT("https://ses%2eexample.com"),
    TEXT("https://1.2.3"),
    TEXT("https://127.1"),
    TEXT("https://2130706433"),
    TEXT("https://0x7f.0.0.1"),
    TEXT("https://0x7f000001"),
    TEXT("https://0177.0.0.1"),
    TEXT("https://256.0.0.1"),
    TEXT("https://1.2.3.4.5"),
    TEXT("https://[::1"),
    TEXT("https://::1"),
    TEXT("https://[]"),
    TEXT("https://[127.0.0.1]"),
    TEXT("https://[fe80::1%25eth0]"),
    TEXT("https://[::1]evil.com"),
    TEXT("https://[::1]@evil.com"),
    TEXT("http://localhost."),
    TEXT("http://127.0.0.1."),
};

/* Hosts that are not this machine, whatever they look like. */
static const char *const open_overrides[] = {
    "http://ses.example.com",
    "http://10.0.0.1",
    "http://0.0.0.0",
    "http://126.255.255.255",
    "http://128.0.0.1",
    "http://169.254.169.254",
    "http://localhost.evil.com",
    "http://127.0.0.1.evil.com",
    "http://evil-localhost",
    "http://[::2]",
    "http://[::]",
    "http://[::ffff:127.0.0.1]",
    "http://[::ffff:10.0.0.1]",
    "http://localstack:4566",
    "http://local_stack:4566",
};

/* A mistake here would send somebody's keys over the network for all to read. */
static void plain_http_beyond_loopback_takes_no_real_key(void **state)
{
    static const char *const real[] = {"AKIAIOSFODNN7EXAMPLE", "ASIAQAAAAAAVNCBMPNSG",
                                       "AKIA0123456789ABCDEF", "ASIAQAAAAAAVNCBMPNSGLONGER"};
    static const char *const made_up[] = {"test",
                                          "000000000000",
                                          "LSIAQAAAAAAVNCBMPNSG",
                                          "LKIAQAAAAAAVNCBMPNSG",
                                          "AKIDEXAMPLE",
                                          "AKIATEST",
                                          "akiaiosfodnn7example",
                                          "minioadmin",
                                          "AKIAIOSFODNN7EXAMPL-",
                                          ""};
    struct endpoint e;
    struct why why = {""};
    (void)state;
    for (size_t i = 0; i < COUNT(open_overrides); i++) {
        struct endpoint_settings there = {.url = text_of(open_overrides[i])};
        assert_int_equal(endpoint_make(&e, TEXT("ses"), TEXT("us-east-1"), &there, &why), OK);
        assert_true(e.is_open);
        for (size_t k = 0; k < COUNT(real); k++)
            assert_int_equal(endpoint_admits(&e, real[k], &why), ERR_AUTH);
        for (size_t k = 0; k < COUNT(made_up); k++)
            assert_int_equal(endpoint_admits(&e, made_up[k], NULL), OK);
        assert_int_equal(endpoint_admits(&e, NULL, NULL), ERR_AUTH);
        /* tokens of SSO have no form that tells */
        assert_int_equal(endpoint_make(&e, TEXT("sso"), TEXT("us-east-1"), &there, NULL),
                         ERR_INPUT);
        assert_int_equal(endpoint_make(&e, TEXT("sso-oidc"), TEXT("us-east-1"), &there, NULL),
                         ERR_INPUT);
    }
    assert_null(strstr(why.text, "ASIAQAAAAAAVNCBMPNSG")); /* names the key by its first letters */
    for (size_t i = 0; i < COUNT(overrides); i++) {
        struct endpoint_settings there = {.url = text_of(overrides[i].override)};
        assert_int_equal(endpoint_make(&e, TEXT("ses"), TEXT("us-east-1"), &there, NULL), OK);
        assert_false(e.is_open);
        assert_int_equal(endpoint_admits(&e, real[0], NULL), OK);
    }
}

static void an_override_that_is_more_than_an_origin_is_refused(void **state)
{
    (void)state;
    char longest[600];
    struct endpoint e;
    for (size_t i = 0; i < COUNT(hostile_overrides); i++) {
        struct why why = {""};
        struct endpoint_settings there = {.url = hostile_overrides[i]};
        if (endpoint_make(&e, TEXT("ses"), TEXT("us-east-1"), &there, &why) != ERR_INPUT)
            fail_msg("%s was accepted", hostile_overrides[i].at);
        assert_string_equal(e.url, "");
        assert_true(why.text[0]);
    }
    memset(longest, 'a', sizeof longest);
    memcpy(longest, "https://", 8);
    struct endpoint_settings there = {.url = {longest, sizeof longest}};
    assert_int_equal(endpoint_make(&e, TEXT("ses"), TEXT("us-east-1"), &there, NULL), ERR_INPUT);
    /* A good override does not make up for a bad Region, which is signed, or service. */
    there.url = TEXT("http://[::1]");
    assert_int_equal(endpoint_make(&e, TEXT("ses"), TEXT("x/y"), &there, NULL), ERR_INPUT);
    assert_int_equal(endpoint_make(&e, TEXT("s3"), TEXT("us-east-1"), NULL, NULL), ERR_INPUT);
}

static const struct {
    const char *url;
    bool owned;
} finished[] = {
    {"https://email.us-east-1.amazonaws.com/", true},
    {"https://email.us-east-1.amazonaws.com/v2/email/identities/a%40b?x=y", true},
    {"https://email.us-east-1.amazonaws.com", false},
    {"https://email.us-east-1.amazonaws.com.evil.com/", false},
    {"https://email.us-east-1.amazonaws.com@evil.com/", false},
    {"https://email.us-east-1.amazonaws.com:443/", false},
    {"https://email.us-east-1.amazonaws.com:80/", false},
    {"https://email.us-east-1.amazonaws.com?/", false},
    {"https://email.us-east-1.amazonaws.com\\/", false},
    {"http://email.us-east-1.amazonaws.com/", false},
    {"https://evil.com/email.us-east-1.amazonaws.com/", false},
    {"https://email.us-east-1.amazonaws.com/a b", false},
    {"https://email.us-east-1.amazonaws.com/a\nHost: evil.com", false},
    {"https://email.us-east-1.amazonaws.com/\xc3\xa9", false},
    {"", false},
};

static void a_finished_url_is_owned_by_its_own_endpoint_only(void **state)
{
    (void)state;
    struct endpoint e;
    assert_int_equal(endpoint_make(&e, TEXT("ses"), TEXT("us-east-1"), NULL, NULL), OK);
    for (size_t i = 0; i < COUNT(finished); i++)
        if (endpoint_owns_url(&e, text_of(finished[i].url)) != finished[i].owned)
            fail_msg("%s: expected %d", finished[i].url, finished[i].owned);
    /* An endpoint that was filled in by hand proves nothing by itself. */
    strcpy(e.url, "https://evil.com");
    assert_false(endpoint_owns_url(&e, TEXT("https://evil.com/")));
    strcpy(e.url, "http://email.us-east-1.amazonaws.com");
    assert_false(endpoint_owns_url(&e, TEXT("http://email.us-east-1.amazonaws.com/")));
}

static void a_mistyped_region_has_a_near_one(void **state)
{
    (void)state;
    assert_string_equal(region_near(TEXT("us-esat-1")), "us-east-1");
    assert_string_equal(region_near(TEXT("eu-wst-3")), "eu-west-3");
    assert_string_equal(region_near(TEXT("US-east-1")), "us-east-1");
    assert_null(region_near(TEXT("attacker.com")));
    assert_null(region_near(TEXT("")));
    assert_true(region_has_ses(TEXT("us-gov-east-1")));
    assert_true(region_has_ses(TEXT("ca-west-1")));
    assert_false(region_has_ses(TEXT("mx-central-1")));
    assert_false(region_has_ses(TEXT("eusc-de-east-1")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_region_leads_to_the_host_of_its_partition),
        cmocka_unit_test(fips_and_dual_stack_choose_the_host),
        cmocka_unit_test(route53_has_one_endpoint_for_each_partition),
        cmocka_unit_test(a_custom_endpoint_excludes_fips_and_dual_stack),
        cmocka_unit_test(a_region_that_is_not_spelled_like_one_is_refused),
        cmocka_unit_test(an_override_is_taken_as_a_bare_origin),
        cmocka_unit_test(an_override_that_is_more_than_an_origin_is_refused),
        cmocka_unit_test(plain_http_beyond_loopback_takes_no_real_key),
        cmocka_unit_test(a_finished_url_is_owned_by_its_own_endpoint_only),
        cmocka_unit_test(a_mistyped_region_has_a_near_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
