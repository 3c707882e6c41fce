/*
 * Keys that a container or an instance hands out, and to whom they are asked for.
 */
#include "aws_script.h"

#define FULL "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define JSON(id)                                                                                   \
    "{\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":\"SECRET\",\"Token\":\"TOK\","                \
    "\"Expiration\":\"" LATER "\"}"

static const struct row containers[] = {
    {.environment = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/SECRETID", FULL,
                     "http://elsewhere.example/"},
     .steps = {{{"GET http://169.254.170.2/v2/credentials/SECRETID direct=1", "Host: 169.254.170.2",
                 "!Authorization"},
                200,
                JSON("ASIAC"),
                0}},
     .key_id = "ASIAC",
     .expires = NOW_US + SPAN_H(12)},
    {.environment = {FULL, "http://169.254.170.23/v1/credentials",
                     "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "^/token",
                     "AWS_CONTAINER_AUTHORIZATION_TOKEN", "stale"},
     .token = "Basic SECRET\n",
     .steps = {{{"Authorization: Basic SECRET", "direct=1"}, 200, JSON("ASIAC"), 0}},
     .key_id = "ASIAC"},
    {.environment = {FULL, "https://keys.example.com:8443/x?a=b",
                     "AWS_CONTAINER_AUTHORIZATION_TOKEN", "T"},
     .steps = {{{"GET https://keys.example.com:8443/x?a=b ", "Host: keys.example.com:8443",
                 "Authorization: T"},
                200,
                JSON("ASIAC"),
                0}},
     .key_id = "ASIAC"},
    {.environment = {FULL, "http://[fd00:ec2::23]/x"},
     .steps = {{{"GET"}, 0, NULL, 0}, {{"GET"}, 500, NULL, 0}, {{"GET"}, 200, JSON("ASIAC"), 0}},
     .key_id = "ASIAC"},
    {.environment = {FULL, "http://localhost:9/x"},
     .steps = {{{"GET"}, 403, "SECRET", 0}},
     .err = ERR_AUTH,
     .says = {"the container's credentials at localhost:9: HTTP 403"}},
    {.environment = {FULL, "http://localhost/x"},
     .steps = {{{"GET"}, 200, HTML, 0}},
     .err = ERR_IO,
     .says = {"JSON"}},
    {.environment = {FULL, "http://localhost/x"},
     .steps = {{{"GET"}, 200, "{\"AccessKeyId\":\"A\"}", 0}},
     .err = ERR_IO,
     .says = {"without its secret access key"}},
    {.environment = {FULL, "http://localhost/x", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                     "a\r\nX-Evil: SECRET"},
     .err = ERR_AUTH,
     .says = {"control characters"}},
    {.environment = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", ".evil.example/x"},
     .err = ERR_AUTH,
     .says = {"slash"}},
};

static void a_container_hands_out_its_keys(void **state)
{
    ROWS(containers);
}

static void keys_are_asked_for_at_no_strange_host(void **state)
{
    static const char *const urls[] = {
        "http://169.254.169.254/x",
        "http://169.254.170.2.evil.example/x",
        "http://evil.example/x",
        "http://169.254.170.2@evil.example/x",
        "http://169.254.170.2:80@evil/",
        "http://127.0.0.1.evil.example/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://[fd00:ec2::24]/",
        "http://[::ffff:169.254.170.2]/",
        "ftp://localhost/x",
        "http:/localhost/x",
        "//localhost/x",
        "localhost/x",
        "http://localhost:99999/",
        "http://localhost/a b",
        "http://localhost/a\r\nHost: x",
        "http://localhost/x#y",
        "http://localhost?x",
        "https://user@keys.example.com/",
        "https:///x",
        "http://10.0.0.1/",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(urls); i++) {
        struct row row = {.environment = {FULL, urls[i]}, .err = ERR_AUTH};
        row_check(&row, i);
        row.environment[0] = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
        row.environment[2] = "AWS_EC2_METADATA_DISABLED";
        row.environment[3] = "false";
        if (i > 0)
            row_check(&row, i);
    }
}

#define IMDS "AWS_EC2_METADATA_DISABLED", "false"
#define TOKEN_STEP                                                                                 \
    {                                                                                              \
        {"PUT http://169.254.169.254/latest/api/token direct=1",                                   \
         "x-aws-ec2-metadata-token-ttl-seconds: 21600"},                                           \
            200, "SECRETSESSION==", 0                                                              \
    }
#define LIST_STEP                                                                                  \
    {                                                                                              \
        {"GET http://169.254.169.254/latest/meta-data/iam/security-credentials/ direct=1",         \
         "x-aws-ec2-metadata-token: SECRETSESSION=="},                                             \
            200, "mail-role\n", 0                                                                  \
    }
#define KEYS_WANTED                                                                                \
    {                                                                                              \
        "GET http://169.254.169.254/latest/meta-data/iam/security-credentials/mail-role ",         \
            "x-aws-ec2-metadata-token: SECRETSESSION=="                                            \
    }

static const struct row instances[] = {
    {.environment = {IMDS},
     .steps = {TOKEN_STEP, LIST_STEP, {KEYS_WANTED, 200, JSON("ASIAI"), 0}},
     .key_id = "ASIAI",
     .expires = NOW_US + SPAN_H(12)},
    {.config =
         "[default]\nec2_metadata_service_endpoint_mode = ipv6\nmetadata_service_num_attempts "
         "= 2\n",
     .environment = {IMDS},
     .steps = {{{"PUT http://[fd00:ec2::254]/latest/api/token "}, 0, NULL, 0},
               {{"PUT"}, 200, "T", 0},
               {{"GET"}, 200, "r", 0},
               {{"/r "}, 200, JSON("ASIAI"), 0}},
     .key_id = "ASIAI"},
    /* version 1 is never spoken */
    {.environment = {IMDS},
     .steps = {{{"PUT"}, 404, "SECRET", 0}},
     .err = ERR_AUTH,
     .says = {"mailfrom does not use IMDSv1"}},
    {.environment = {IMDS},
     .steps = {{{"PUT"}, 0, NULL, 0}},
     .err = ERR_AUTH,
     .says = {"no AWS credentials found: searched AWS_ACCESS_KEY_ID, profile \"default\"",
              "metadata service does not answer", "aws configure"}},
    {.environment = {IMDS},
     .steps = {TOKEN_STEP, {{"GET"}, 404, NULL, 0}},
     .err = ERR_AUTH,
     .says = {"the instance has no role"}},
    {.environment = {IMDS},
     .steps = {TOKEN_STEP, {{"GET"}, 200, "../../user-data\n", 0}},
     .err = ERR_IO,
     .says = {"is malformed"}},
    {.environment = {IMDS},
     .steps =
         {TOKEN_STEP,
          LIST_STEP,
          {KEYS_WANTED, 200,
           "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"EC2 cannot assume the role\"}",
           0}},
     .err = ERR_AUTH,
     .says = {"it says AssumeRoleUnauthorizedAccess: EC2 cannot assume the role"}},
    {.environment = {IMDS},
     .steps = {TOKEN_STEP, LIST_STEP, {KEYS_WANTED, 200, HTML, 0}},
     .err = ERR_IO,
     .says = {"metadata service at 169.254.169.254: its answer: JSON"}},
    {.environment = {IMDS, "AWS_METADATA_SERVICE_TIMEOUT", "0"},
     .err = ERR_AUTH,
     .says = {"AWS_METADATA_SERVICE_TIMEOUT must be a number from 1 to 60"}},
};

static void an_instance_hands_out_its_keys_by_version_2_only(void **state)
{
    ROWS(instances);
}

/* Keys that have run out are often good for a while, and are asked for again soon. */
static void late_keys_of_an_instance_are_used_and_asked_for_again(void **state)
{
    struct row row = {.environment = {IMDS},
                      .steps = {TOKEN_STEP,
                                LIST_STEP,
                                {KEYS_WANTED, 200,
                                 "{\"AccessKeyId\":\"ASIAI\",\"SecretAccessKey\":\"SECRET\","
                                 "\"Token\":\"T\",\"Expiration\":\"2023-11-14T22:13:00Z\"}",
                                 0}},
                      .key_id = "ASIAI"};
    struct script script = {.steps = row.steps, .len = 3};
    struct credentials out;
    struct why why;
    (void)state;
    assert_int_equal(home_open(state), 0);
    assert_int_equal(row_run(*state, &row, &script, &out, &why), OK);
    assert_true(out.expires >= NOW_US + SPAN_M(17) && out.expires <= NOW_US + SPAN_M(25));
    home_close(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_container_hands_out_its_keys),
        cmocka_unit_test(keys_are_asked_for_at_no_strange_host),
        cmocka_unit_test(an_instance_hands_out_its_keys_by_version_2_only),
        cmocka_unit_test(late_keys_of_an_instance_are_used_and_asked_for_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
