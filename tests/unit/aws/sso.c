/*
 * SSO: the cached token, its refresh, and the keys that it is exchanged for.
 */
#include "aws_script.h"

#include "aws/credentials/sso_token.h"

#define SESSION                                                                                    \
    "[sso-session my-sso]\nsso_start_url = https://d-1.awsapps.com/start\nsso_region = "           \
    "eu-west-1\n"
#define SSO(more)                                                                                  \
    SESSION "[profile x]\nsso_session = my-sso\nsso_account_id = 111122223333\n"                   \
            "sso_role_name = Mail Ops\n" more
#define TOKEN(expires, more)                                                                       \
    "{\"startUrl\":\"https://d-1.awsapps.com/start\",\"region\":\"eu-west-1\","                    \
    "\"accessToken\":\"SECRETAT\",\"expiresAt\":\"" expires "\"" more "}"
#define REFRESHABLE                                                                                \
    ",\"refreshToken\":\"SECRETRT\",\"clientId\":\"cid\",\"clientSecret\":\"SECRETCS\","           \
    "\"registrationExpiresAt\":\"2024-01-01T00:00:00UTC\""
#define EXPIRED "2023-11-14T22:00:00Z"
#define ROLE_CREDENTIALS                                                                           \
    "{\"roleCredentials\":{\"accessKeyId\":\"ASIAS\",\"secretAccessKey\":\"SECRET\","              \
    "\"sessionToken\":\"TOK\",\"expiration\":1700003600000}}"
#define KEYS_GET(token)                                                                            \
    {                                                                                              \
        "GET https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?role_name="         \
        "Mail%20Ops&account_id=111122223333 ",                                                     \
            "x-amz-sso_bearer_token: " token "\n", "!Authorization"                                \
    }
#define RENEWED                                                                                    \
    {                                                                                              \
        {"POST https://oidc.eu-west-1.amazonaws.com/token ",                                       \
         "{\"grantType\":\"refresh_token\",\"clientId\":\"cid\",\"clientSecret\":\"SECRETCS\","    \
         "\"refreshToken\":\"SECRETRT\"}"},                                                        \
            200,                                                                                   \
            "{\"accessToken\":\"SECRETN\",\"expiresIn\":28800,\"refreshToken\":\"SECRETR2\"}", 0   \
    }

struct sso_row {
    struct row row;
    const char *cached;
    const char *left[2]; /* of the cache afterwards */
};

static const struct sso_row sso[] = {
    {{.config = SSO(""),
      .steps = {{KEYS_GET("SECRETAT"), 200, ROLE_CREDENTIALS, 0}},
      .key_id = "ASIAS",
      .expires = NOW_US + SPAN_H(1)},
     TOKEN(LATER, ""),
     {NULL}},
    /* a refresh, which is written back for the AWS CLI and the next time */
    {{.config = SSO(""),
      .steps = {RENEWED, {KEYS_GET("SECRETN"), 200, ROLE_CREDENTIALS, 0}},
      .key_id = "ASIAS"},
     TOKEN(EXPIRED, REFRESHABLE),
     {"\"accessToken\": \"SECRETN\", \"startUrl\": \"https://d-1.awsapps.com/start\", \"region\": "
      "\"eu-west-1\", \"refreshToken\": \"SECRETR2\"",
      "\"expiresAt\": \"2023-11-15T06:13:20Z\", \"registrationExpiresAt\": "
      "\"2024-01-01T00:00:00Z\""}},
    /* a refresh that fails: what is left of the old token serves */
    {{.config = SSO(""),
      .steps = {{{"/token "}, 400, "{\"error\":\"invalid_grant\"}", 0},
                {KEYS_GET("SECRETAT"), 200, ROLE_CREDENTIALS, 0}},
      .key_id = "ASIAS"},
     TOKEN("2023-11-14T22:20:00Z", REFRESHABLE),
     {"\"SECRETAT\""}},
    {{.config = SSO(""),
      .steps = {{{"/token "}, 400, "{\"error\":\"invalid_grant\"}", 0}},
      .err = ERR_AUTH,
      .says = {"the SSO session expired at " EXPIRED, "aws sso login --profile x", "resume"}},
     TOKEN(EXPIRED, REFRESHABLE),
     {"\"SECRETAT\""}},
    {{.config = SSO(""),
      .steps = {{{"/token "}, 0, NULL, 0}, {{"/token "}, 0, NULL, 0}, {{"/token "}, 0, NULL, 0}},
      .err = ERR_IO,
      .says = {"cannot be refreshed at oidc.eu-west-1.amazonaws.com"}},
     TOKEN(EXPIRED, REFRESHABLE),
     {NULL}},
    {{.config = SSO(""), .err = ERR_AUTH, .says = {"expired at", "aws sso login"}},
     TOKEN("2023-11-14T22:00:00UTC", ""),
     {NULL}},
    {{.config = SSO(""), .err = ERR_AUTH, .says = {"there is no login", "aws sso login"}},
     NULL,
     {NULL}},
    {{.config = SSO(""), .err = ERR_AUTH, .says = {".json: JSON"}}, "SECRET", {NULL}},
    {{.config = SSO(""), .err = ERR_AUTH, .says = {"accessToken"}},
     "{\"expiresAt\":\"" LATER "\",\"accessToken\":\"a\\r\\nb\"}",
     {NULL}},
    {{.config = SSO(""),
      .steps = {{{"GET"}, 401, "{\"message\":\"Session token not found or invalid\"}", 0}},
      .err = ERR_AUTH,
      .says = {"no longer accepted", "aws sso login --profile x"}},
     TOKEN(LATER, ""),
     {NULL}},
    {{.config = SSO(""),
      .steps = {{{"GET"}, 403, "{\"message\":\"No access\"}", 0}},
      .err = ERR_AUTH,
      .says = {"SSO does not give role Mail Ops of account 111122223333 to this user (HTTP 403)"}},
     TOKEN(LATER, ""),
     {NULL}},
    {{.config = SSO(""),
      .steps = {{{"GET"}, 429, NULL, 0}, {{"GET"}, 200, HTML, 0}},
      .err = ERR_IO,
      .says = {"SSO at portal.sso.eu-west-1.amazonaws.com: JSON"}},
     TOKEN(LATER, ""),
     {NULL}},
    {{.config = SSO("sso_region = us-west-2\n"),
      .err = ERR_AUTH,
      .says = {"sso_region differs from [sso-session my-sso]"}},
     NULL,
     {NULL}},
    {{.config = "[profile x]\nsso_session = gone\nsso_account_id = 1\nsso_role_name = r\n",
      .err = ERR_AUTH,
      .says = {"there is no [sso-session gone] in"}},
     NULL,
     {NULL}},
    {{.config = SESSION "[profile x]\nsso_session = my-sso\nsso_account_id = 1\n",
      .err = ERR_AUTH,
      .says = {"profile \"x\" (SSO): sso_role_name is missing"}},
     NULL,
     {NULL}},
};

static void cache_check(const struct home *h, const char *path, const struct sso_row *r)
{
    char content[4096] = "", whole[192];
    struct stat st;
    snprintf(whole, sizeof whole, "%s/%s", h->path, path);
    FILE *f = fopen(whole, "rb");
    for (size_t i = 0; i < COUNT(r->left) && r->left[i]; i++) {
        assert_non_null(f);
        rewind(f);
        content[fread(content, 1, sizeof content - 1, f)] = '\0';
        if (!strstr(content, r->left[i]))
            fail_msg("\"%s\" is not in: %s", r->left[i], content);
    }
    if (f && r->row.steps[0].status == 200 && r->left[0]) {
        assert_int_equal(fstat(fileno(f), &st), 0);
        assert_int_equal(st.st_mode & 077, 0);
    }
    if (f)
        fclose(f);
}

static void sso_check(const struct sso_row *r, const char *path, size_t number)
{
    static const char *const folders[] = {".aws/sso", ".aws/sso/cache"};
    void *home = NULL;
    struct row row = r->row;
    row.profile = "x";
    assert_int_equal(home_open(&home), 0);
    for (size_t i = 0; i < COUNT(folders); i++) {
        char folder[128];
        snprintf(folder, sizeof folder, "%s/%s", ((struct home *)home)->path, folders[i]);
        mkdir(folder, 0700);
    }
    if (r->cached)
        file_write(home, path, r->cached);
    row_check_in(home, &row, number);
    cache_check(home, path, r);
    home_close(&home);
}

/* Named by SHA-1 of the session's name: sha1("my-sso"). */
static void an_sso_session_is_refreshed_and_exchanged(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sso); i++)
        sso_check(&sso[i], ".aws/sso/cache/0ad374308c5a4e22f723adf10145eafad7c4031c.json", i);
}

/* The old form has no session, its token is named by the start URL and cannot be refreshed. */
static void an_sso_profile_of_the_old_form_works(void **state)
{
    (void)state;
    struct sso_row row = {
        {.config =
             "[profile x]\nsso_start_url = https://d-1234567890.awsapps.com/start\n"
             "sso_region = eu-west-1\nsso_account_id = 111122223333\nsso_role_name = Mail Ops\n",
         .steps = {{KEYS_GET("SECRETAT"), 200, ROLE_CREDENTIALS, 0}},
         .key_id = "ASIAS"},
        TOKEN(LATER, ""),
        {NULL}};
    sso_check(&row, ".aws/sso/cache/7487b5b67d5fa1132cf33fa93ae51ef38cc37752.json", 0);
}

static void a_token_renewed_for_a_time_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const spans[] = {"1e300", "-1", "0", "\"3600\"", "null"};
    for (size_t i = 0; i < COUNT(spans); i++) {
        char answer[100];
        struct sso_token t;
        sso_token_init(&t);
        snprintf(answer, sizeof answer, "{\"accessToken\":\"t\",\"expiresIn\":%s}", spans[i]);
        assert_int_equal(sso_token_renew(&t, text_of(answer), SPAN_H(1), NULL), ERR_PROTO);
        assert_int_equal(t.expires, 0);
        sso_token_clear(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_sso_session_is_refreshed_and_exchanged),
        cmocka_unit_test(an_sso_profile_of_the_old_form_works),
        cmocka_unit_test(a_token_renewed_for_a_time_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
