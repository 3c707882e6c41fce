#include "unit.h"

#include "access/trust.h"
#include "base/bounds.h"

static enum err vet(const char *given, const char *kept, struct why *why)
{
    const struct access before = {.endpoint_url = given}, after = {.endpoint_url = kept};
    return access_trust_vet(&before, &after, "plan a.plan", why);
}

static void the_hosts_of_a_region_need_nobodys_word(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "https://email.us-east-1.amazonaws.com", "https://email.eu-central-1.amazonaws.com/",
        "https://email-fips.us-east-1.amazonaws.com", "https://email.us-gov-west-1.amazonaws.com"};
    for (size_t i = 0; i < COUNT(urls); i++) {
        struct why why = {""};
        if (vet(NULL, urls[i], &why) != OK)
            fail_msg("%s: %s", urls[i], why.text);
    }
}

static void whatever_only_looks_like_one_does(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "https://ec2-203-0-113-1.us-east-1.compute.amazonaws.com",
        "https://x1y2z3.execute-api.us-east-1.amazonaws.com",
        "https://email.us-east-1.amazonaws.com.example",
        "https://email.us-east-1.amazonaws.com:8443",
        "https://email.us-east-1.amazonaws.com@elsewhere.example",
        "https://elsewhere.example/email.us-east-1.amazonaws.com",
        "https://email.us-east-1.example",
        "http://email.us-east-1.amazonaws.com",
        "http://127.0.0.1:8005",
        "https://vpce-1.email.us-east-1.vpce.amazonaws.com",
        "email.us-east-1.amazonaws.com",
    };
    for (size_t i = 0; i < COUNT(urls); i++) {
        struct why why = {""};
        assert_int_equal(vet(NULL, urls[i], &why), ERR_INPUT);
        assert_non_null(strstr(why.text, urls[i]));
        assert_non_null(strstr(why.text, "give the same --endpoint-url on the command line"));
        assert_int_equal(vet(urls[i], urls[i], &why), OK);
    }
}

static void the_environment_is_the_users_word_too(void **state)
{
    (void)state;
    struct why why = {""};
    setenv("AWS_ENDPOINT_URL", "https://ses.example", 1);
    assert_int_equal(vet(NULL, "https://ses.example", &why), OK);
    assert_int_equal(vet(NULL, "https://ses.example.net", &why), ERR_INPUT);
    unsetenv("AWS_ENDPOINT_URL");
    assert_int_equal(vet(NULL, "https://ses.example", &why), ERR_INPUT);
}

static void authorities_are_as_good_as_an_endpoint(void **state)
{
    (void)state;
    struct why why = {""};
    const struct access none = {.ca_bundle = NULL}, some = {.ca_bundle = "/tmp/ca.pem"};
    assert_int_equal(access_trust_vet(&none, &some, "plan a.plan", &why), ERR_INPUT);
    assert_non_null(strstr(why.text, "--ca-bundle"));
    assert_int_equal(access_trust_vet(&some, &some, "plan a.plan", &why), OK);
    setenv("AWS_CA_BUNDLE", "/tmp/ca.pem", 1);
    assert_int_equal(access_trust_vet(&none, &some, "plan a.plan", &why), OK);
    unsetenv("AWS_CA_BUNDLE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hosts_of_a_region_need_nobodys_word),
        cmocka_unit_test(whatever_only_looks_like_one_does),
        cmocka_unit_test(the_environment_is_the_users_word_too),
        cmocka_unit_test(authorities_are_as_good_as_an_endpoint),
    };
    unsetenv("AWS_ENDPOINT_URL");
    unsetenv("AWS_CA_BUNDLE");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
