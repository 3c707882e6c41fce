/*
 * The lanes of providers of DNS: what each is reached with, and that one in trouble stops nobody.
 */
#include "unit.h"

#include "access/lanes.h"
#include "access/provider_lanes.h"
#include "aws/credentials/secrets.h"
#include "providers/providers.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOKEN  "v1.0-abcdefghijklmnopqrstuvwxyz"
#define SECRET "c2VjcmV0IG9mIGEga2V5IGZvciB0ZXN0cyE="

struct bench {
    struct fleet fleet;
    struct lanes lanes;
    struct access access;
    struct notices notices;
    struct why why;
    char folder[64];
};

static name_id name(struct bench *b, const char *text)
{
    name_id id;
    assert_true(names_add(&b->fleet.names, text_of(text), &id));
    return id;
}

static void add(struct bench *b, struct provider p)
{
    struct text zone = TEXT("*");
    uint16_t index;
    p.zones = &zone;
    p.zones_len = 1;
    p.line = b->fleet.providers_len + 1;
    assert_true(fleet_provider(&b->fleet, &p, &index));
}

/* An account with a lane of SES, and one with none. */
static int set_up(void **state)
{
    static const char *const cleared[] = {"AWS_PROFILE",        "AWS_ENDPOINT_URL",
                                          "AWS_SESSION_TOKEN",  "AWS_REGION",
                                          "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_ROUTE_53"};
    struct bench *b = calloc(1, sizeof *b);
    uint16_t index;
    assert_non_null(b);
    for (size_t i = 0; i < COUNT(cleared); i++)
        unsetenv(cleared[i]);
    strcpy(b->folder, "/tmp/provider_lanes.XXXXXX");
    assert_non_null(mkdtemp(b->folder));
    setenv("AWS_CONFIG_FILE", "/dev/null", 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", 1);
    fleet_init(&b->fleet);
    assert_true(names_init(&b->fleet.names, 1 << 20));
    assert_true(fleet_account(&b->fleet, (struct account){.name = name(b, "mail")}, &index));
    assert_true(fleet_account(&b->fleet, (struct account){.name = name(b, "dns")}, &index));
    assert_true(fleet_lane(&b->fleet, 0, name(b, "cn-north-1"), &index));
    assert_true(fleet_file(&b->fleet, TEXT("fleet.yaml"), &index));
    *state = b;
    return 0;
}

static int set_down(void **state)
{
    struct bench *b = *state;
    char command[128];
    lanes_close(&b->lanes);
    fleet_clear(&b->fleet);
    snprintf(command, sizeof command, "rm -rf %s", b->folder);
    assert_int_equal(system(command), 0);
    free(b);
    return 0;
}

static void opened(struct bench *b, enum lanes_of of)
{
    if (lanes_open(&b->lanes, &b->fleet, &b->access, of, &b->notices, &b->why) != OK)
        fail_msg("%s", b->why.text);
}

static const struct provider_at *at_of(const struct bench *b, uint32_t row)
{
    return b->lanes.list[b->fleet.lanes_len + row].provider;
}

static const char *trouble_of(const struct bench *b, uint32_t row)
{
    return b->lanes.trouble[b->fleet.lanes_len + row];
}

static void route_53_is_reached_in_the_partition_of_the_account(void **state)
{
    struct bench *b = *state;
    add(b, (struct provider){.kind = PROVIDER_ROUTE53, .account = 0});
    add(b, (struct provider){.kind = PROVIDER_ROUTE53, .account = 1});
    add(b, (struct provider){.kind = PROVIDER_ROUTE53,
                             .account = 1,
                             .endpoint_url = TEXT("http://127.0.0.1:4566")});
    opened(b, LANES_OF_BOTH);
    assert_string_equal(at_of(b, 0)->endpoint.host, "route53.amazonaws.com.cn");
    assert_string_equal(at_of(b, 0)->endpoint.region, "cn-northwest-1");
    assert_string_equal(at_of(b, 1)->endpoint.url, "https://route53.amazonaws.com");
    assert_string_equal(at_of(b, 1)->endpoint.region, "us-east-1");
    assert_string_equal(at_of(b, 2)->endpoint.url, "http://127.0.0.1:4566");
    assert_string_equal(b->lanes.list[2].at.sts.host, "sts.us-east-1.amazonaws.com");
    assert_ptr_equal(b->lanes.list[0].credentials, b->lanes.list[1].credentials);
    assert_ptr_equal(b->lanes.list[2].credentials, b->lanes.list[3].credentials);
    assert_ptr_not_equal(b->lanes.list[0].credentials, b->lanes.list[2].credentials);
    assert_null(b->lanes.list[0].provider);
    assert_true(lanes_may_ask_caller(&b->lanes, 2));
    assert_false(lanes_may_ask_caller(&b->lanes, 3)); /* elsewhere, and STS at AWS */
    assert_int_equal(lanes_usable(&b->lanes), 4);
}

static void route_53_is_reached_as_the_environment_says(void **state)
{
    struct bench *b = *state;
    add(b, (struct provider){.kind = PROVIDER_ROUTE53, .account = 1});
    setenv("AWS_ENDPOINT_URL_ROUTE_53", "http://localhost:4566", 1);
    opened(b, LANES_OF_DNS);
    assert_string_equal(at_of(b, 0)->endpoint.url, "http://localhost:4566");
}

static void cloudflare_is_reached_by_a_token_that_is_hidden(void **state)
{
    struct bench *b = *state;
    char text[] = "the token " TOKEN " is invalid";
    add(b, (struct provider){.kind = PROVIDER_CLOUDFLARE, .token_env = TEXT("TEST_TOKEN")});
    setenv("TEST_TOKEN", TOKEN, 1);
    opened(b, LANES_OF_DNS);
    assert_text(at_of(b, 0)->token, TEXT(TOKEN));
    assert_string_equal(at_of(b, 0)->endpoint.url, "https://api.cloudflare.com");
    assert_null(b->lanes.list[1].credentials);
    secrets_hide_string(b->lanes.secrets, text);
    assert_null(strstr(text, TOKEN));
}

static void a_server_is_reached_with_a_key_of_a_file_or_of_a_variable(void **state)
{
    struct bench *b = *state;
    char file[96], text[] = "key " SECRET;
    snprintf(file, sizeof file, "%s/tsig.key", b->folder);
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    fputs("key \"k.example\" { algorithm hmac-sha512; secret \"" SECRET "\"; };\n", out);
    fclose(out);
    assert_int_equal(chmod(file, 0600), 0);
    setenv("TEST_SECRET", SECRET, 1);
    add(b, (struct provider){.kind = PROVIDER_RFC2136,
                             .server = TEXT("[2001:db8::53]:5353"),
                             .key_file = text_of(file)});
    add(b, (struct provider){.kind = PROVIDER_RFC2136,
                             .server = TEXT("192.0.2.53"),
                             .key_name = TEXT("Other.Example."),
                             .key_algorithm = TEXT("hmac-sha256"),
                             .key_secret_env = TEXT("TEST_SECRET")});
    opened(b, LANES_OF_DNS);
    assert_string_equal(at_of(b, 0)->key.algorithm, "hmac-sha512");
    assert_int_equal(at_of(b, 0)->server.port, 5353);
    assert_string_equal(at_of(b, 1)->key.name, "other.example");
    assert_int_equal(at_of(b, 1)->server.family, 4);
    assert_int_equal(at_of(b, 0)->key.secret_len, at_of(b, 1)->key.secret_len);
    secrets_hide_string(b->lanes.secrets, text);
    assert_null(strstr(text, SECRET));
}

/* Each keeps its own sentence, and the others go on. */
static void trouble_stops_nobody_else(void **state)
{
    struct bench *b = *state;
    unsetenv("TEST_TOKEN");
    add(b, (struct provider){.kind = PROVIDER_CLOUDFLARE, .token_env = TEXT("TEST_TOKEN")});
    add(b, (struct provider){.kind = PROVIDER_RFC2136,
                             .server = TEXT("192.0.2.53"),
                             .key_file = TEXT("/nowhere/tsig.key")});
    add(b, (struct provider){.kind = PROVIDER_RFC2136,
                             .server = TEXT("192.0.2.53"),
                             .key_name = TEXT("k"),
                             .key_algorithm = TEXT("hmac-sha256"),
                             .key_secret_env = TEXT("TEST_TOKEN")});
    add(b, (struct provider){.kind = PROVIDER_ROUTE53, .account = 1});
    opened(b, LANES_OF_DNS);
    assert_non_null(strstr(trouble_of(b, 0), "variable TEST_TOKEN is not set"));
    assert_non_null(strstr(trouble_of(b, 1), "/nowhere/tsig.key"));
    assert_non_null(strstr(trouble_of(b, 2), "the secret of a TSIG key"));
    assert_null(trouble_of(b, 3));
    assert_int_equal(lanes_usable(&b->lanes), 1);
    assert_non_null(b->lanes.trouble[0]); /* of SES: not asked */
    assert_null(b->lanes.sources[0]);
}

static void without_any_lane_the_first_one_s_trouble_is_the_end(void **state)
{
    struct bench *b = *state;
    unsetenv("TEST_TOKEN");
    add(b, (struct provider){.kind = PROVIDER_CLOUDFLARE, .token_env = TEXT("TEST_TOKEN")});
    assert_int_equal(
        lanes_open(&b->lanes, &b->fleet, &b->access, LANES_OF_DNS, &b->notices, &b->why), ERR_AUTH);
    assert_true(text_starts(text_of(b->why.text), TEXT("fleet.yaml:1 (cloudflare): ")));
}

/* A run of SES reads no key of DNS. */
static void providers_are_left_alone_where_they_are_not_asked(void **state)
{
    struct bench *b = *state;
    unsetenv("TEST_TOKEN");
    add(b, (struct provider){.kind = PROVIDER_CLOUDFLARE, .token_env = TEXT("TEST_TOKEN")});
    opened(b, LANES_OF_SES);
    assert_null(b->lanes.trouble[0]);
    assert_null(at_of(b, 0));
    assert_non_null(trouble_of(b, 0));
}

static void an_endpoint_is_vetted_by_what_it_would_show(void **state)
{
    struct bench *b = *state;
    const struct text open = TEXT("http://dns.example"), local = TEXT("http://127.0.0.1:1");
    assert_int_equal(provider_endpoint_vet(PROVIDER_CLOUDFLARE, open, &b->why), ERR_INPUT);
    assert_int_equal(provider_endpoint_vet(PROVIDER_CLOUDFLARE, local, &b->why), OK);
    assert_int_equal(provider_endpoint_vet(PROVIDER_ROUTE53, open, &b->why), OK); /* signed */
    assert_int_equal(provider_endpoint_vet(PROVIDER_ROUTE53, TEXT("https://x/y"), &b->why),
                     ERR_INPUT);
}

int main(void)
{
#define TEST_OF(function) cmocka_unit_test_setup_teardown(function, set_up, set_down)
    const struct CMUnitTest tests[] = {
        TEST_OF(route_53_is_reached_in_the_partition_of_the_account),
        TEST_OF(route_53_is_reached_as_the_environment_says),
        TEST_OF(cloudflare_is_reached_by_a_token_that_is_hidden),
        TEST_OF(a_server_is_reached_with_a_key_of_a_file_or_of_a_variable),
        TEST_OF(trouble_stops_nobody_else),
        TEST_OF(without_any_lane_the_first_one_s_trouble_is_the_end),
        TEST_OF(providers_are_left_alone_where_they_are_not_asked),
        TEST_OF(an_endpoint_is_vetted_by_what_it_would_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
