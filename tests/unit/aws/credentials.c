/*
 * Where keys are found: real files in a folder of one's own, a real environment.
 */
#include "aws/credentials/ini.h"
#include "aws_home.h"

#include <pwd.h>

/* As the refresher does it: what is held, or what a refresh brings. */
static enum err keys_get(struct credential_source *source, instant_us now, struct credentials *out,
                         struct why *why)
{
    if (credential_source_held(source, now, out) != KEYS_MISSING)
        return OK;
    enum err err = credential_source_refresh(
        source, NULL, &(struct credential_terms){.now = now, .told = now}, why);
    if (!err)
        assert_int_not_equal(credential_source_held(source, now, out), KEYS_MISSING);
    return err;
}

/* What the user said, and what came of it. */
struct search {
    const char *config, *credentials; /* contents; NULL: no file */
    const char *environment[8];       /* name, value, name, value, ... */
    const char *profile;              /* explicit */
    const char *role_arn;
    enum err err;
    const char *key_id, *token, *name; /* of OK */
    const char *says[3];               /* of an error */
};

static enum err search_run(const struct search *s, struct credential_source **source,
                           struct credentials *found, struct why *why)
{
    struct credential_request request = {.profile = text_of(s->profile),
                                         .profile_is_explicit = s->profile != NULL,
                                         .role_arn = text_of(s->role_arn),
                                         .region = TEXT("us-east-1")};
    for (size_t i = 0; i < COUNT(s->environment) && s->environment[i]; i += 2)
        setenv(s->environment[i], s->environment[i + 1], 1);
    enum err err = credential_source_open(source, &request, why);
    return err ? err : keys_get(*source, SPAN_S(1700000000), found, why);
}

static void search_check(const struct home *h, const struct search *s, size_t row)
{
    struct credential_source *source = NULL;
    struct credentials found = {.access_key_id = ""};
    struct why why = {""};
    if (s->config)
        file_write(h, ".aws/config", s->config);
    if (s->credentials)
        file_write(h, ".aws/credentials", s->credentials);
    enum err err = search_run(s, &source, &found, &why);
    if (err != s->err)
        fail_msg("row %zu: expected %d, got %d: %s", row, s->err, err, why.text);
    if (!err) {
        assert_string_equal(found.access_key_id, s->key_id);
        assert_string_equal(found.session_token, s->token ? s->token : "");
        assert_string_equal(credential_source_name(source), s->name);
    }
    for (size_t i = 0; i < COUNT(s->says) && s->says[i]; i++)
        if (!strstr(why.text, s->says[i]))
            fail_msg("row %zu: \"%s\" is not in: %s", row, s->says[i], why.text);
    assert_null(strstr(why.text, "SECRET"));
    credentials_wipe(&found);
    credential_source_close(source);
}

/* Each row in a home of its own. */
static void searches_check(const struct search *rows, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        void *h = NULL;
        assert_int_equal(home_open(&h), 0);
        search_check(h, &rows[i], i);
        home_close(&h);
    }
}

#define ENV_KEYS "AWS_ACCESS_KEY_ID", "AKIDENV", "AWS_SECRET_ACCESS_KEY", "SECRETENV"

static const struct search found[] = {
    {.environment = {ENV_KEYS}, .key_id = "AKIDENV", .name = "environment"},
    {.environment = {ENV_KEYS, "AWS_SESSION_TOKEN", "TOK"},
     .key_id = "AKIDENV",
     .token = "TOK",
     .name = "environment"},
    {.environment = {ENV_KEYS, "AWS_SECURITY_TOKEN", "OLD"},
     .key_id = "AKIDENV",
     .token = "OLD",
     .name = "environment"},
    /* files that are none */
    {.environment = {ENV_KEYS, "AWS_CONFIG_FILE", "/tmp"},
     .key_id = "AKIDENV",
     .name = "environment"},
    {.environment = {"AWS_CONFIG_FILE", "/dev/null"},
     .credentials = "[default]\n" KEYS("AKIDD"),
     .key_id = "AKIDD",
     .name = "profile default"},
    /* the environment wins over a profile of the environment, not over one that is named */
    {.environment = {ENV_KEYS, "AWS_PROFILE", "x"},
     .credentials = "[x]\n" KEYS("AKIDX"),
     .key_id = "AKIDENV",
     .name = "environment"},
    {.environment = {ENV_KEYS},
     .profile = "x",
     .credentials = "[x]\n" KEYS("AKIDX"),
     .key_id = "AKIDX",
     .name = "profile x"},
    {.environment = {"AWS_PROFILE", "x"},
     .credentials = "[default]\n" KEYS("AKIDD") "[x]\n" KEYS("AKIDX"),
     .key_id = "AKIDX",
     .name = "profile x"},
    {.environment = {"AWS_ACCESS_KEY_ID", "", "AWS_SECRET_ACCESS_KEY", ""},
     .credentials = "[default]\n" KEYS("AKIDD"),
     .key_id = "AKIDD",
     .name = "profile default"},
    {.config = "[default]\n" KEYS("AKIDC"), .key_id = "AKIDC", .name = "profile default"},
    {.config = "[default]\n" KEYS("AKID1") "[profile default]\n" KEYS("AKID2"),
     .key_id = "AKID2",
     .name = "profile default"},
    {.config = "[profile x]\n" KEYS("AKIDC"),
     .profile = "x",
     .key_id = "AKIDC",
     .name = "profile x"},
    {.config = "[profile x]\n" KEYS("AKIDC") "aws_session_token = STALE\n",
     .credentials = "[x]\n" KEYS("AKIDX"),
     .profile = "x",
     .key_id = "AKIDX",
     .name = "profile x"},
    {.config = "[profile \"a b\"]\n" KEYS("AKIDQ"),
     .profile = "a b",
     .key_id = "AKIDQ",
     .name = "profile a b"},
    {.config = "[ profile\t'a b' ] ; note\n" KEYS("AKIDQ"),
     .profile = "a b",
     .key_id = "AKIDQ",
     .name = "profile a b"},
    {.credentials = "\xef\xbb\xbf# note\r\n[default]\r\n  AWS_Access_Key_ID: AKIDD # mine\r\n"
                    "  ; note\r\n\r\n  AWS_SECRET_access_key=SECRET/+=\r\n",
     .key_id = "AKIDD",
     .name = "profile default"},
    {.credentials = "[default]\raws_access_key_id = AKIDD\r\raws_secret_access_key=SECRET/+=\r",
     .key_id = "AKIDD",
     .name = "profile default"},
    {.credentials = "[default]\naws_access_key_id = AKID1\naws_secret_access_key = SECRET\n"
                    "[x]\n[default]\naws_access_key_id = AKID2\n",
     .key_id = "AKID2",
     .name = "profile default"},
    {.config = "[default]\ns3 =\n  max = 1\n  aws_access_key_id = NESTED\n" KEYS("AKIDC"),
     .key_id = "AKIDC",
     .name = "profile default"},
    /* keys of the credentials file come before a program, a program before keys of the config */
    {.config = "[default]\ncredential_process = /bin/false\n",
     .credentials = "[default]\n" KEYS("AKIDD"),
     .key_id = "AKIDD",
     .name = "profile default"},
};

static void keys_are_found_in_the_order_of_botocore(void **state)
{
    (void)state;
    searches_check(found, COUNT(found));
}

static const struct search refused[] = {
    {.err = ERR_AUTH, .says = {"no AWS credentials", "AWS_ACCESS_KEY_ID", "/.aws/credentials"}},
    {.environment = {"AWS_ACCESS_KEY_ID", "AKIDENV"},
     .err = ERR_AUTH,
     .says = {"environment", "an access key id without its secret access key"}},
    {.environment = {"AWS_SECRET_ACCESS_KEY", "SECRETENV"},
     .err = ERR_AUTH,
     .says = {"a secret key without its access key id"}},
    {.environment = {ENV_KEYS, "AWS_SESSION_TOKEN", "A\r\nX-Evil: SECRET"},
     .err = ERR_AUTH,
     .says = {"the session token contains"}},
    {.environment = {ENV_KEYS, "AWS_CREDENTIAL_EXPIRATION", "soon"},
     .err = ERR_AUTH,
     .says = {"AWS_CREDENTIAL_EXPIRATION"}},
    {.environment = {ENV_KEYS, "AWS_CREDENTIAL_EXPIRATION", "2020-01-01T00:00:00Z"},
     .err = ERR_AUTH,
     .says = {"environment expired at 2020-01-01T00:00:00Z"}},
    {.credentials = "[default]\naws_access_key_id = AKIDD\n",
     .err = ERR_AUTH,
     .says = {"/.aws/credentials: an access key id without"}},
    {.credentials = "[default]\naws_access_key_id = AKIDD\n",
     .config = "[default]\naws_secret_access_key = SECRET\n",
     .err = ERR_AUTH,
     .says = {"without its secret"}},
    {.profile = "nobody",
     .credentials = "[x]\n" KEYS("AKIDX"),
     .environment = {ENV_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/"},
     .err = ERR_AUTH,
     .says = {"profile \"nobody\" is neither in", "/.aws/config", "/.aws/credentials"}},
    {.environment = {"AWS_PROFILE", "nobody"},
     .err = ERR_AUTH,
     .says = {"\"nobody\" (AWS_PROFILE) is neither"}},
    /* what was meant */
    {.config = "# mine\n[x]\nregion = us-east-1\n",
     .profile = "x",
     .err = ERR_AUTH,
     .says = {"/.aws/config:2: [x] is not read as profile \"x\"; write [profile x]"}},
    {.config = "[Profile a b]\n" KEYS("AKIDX"),
     .profile = "a b",
     .err = ERR_AUTH,
     .says = {"/.aws/config:1: [Profile a b]", "write [profile \"a b\"]"}},
    {.config = "[\"profile x\"]\n" KEYS("AKIDX"),
     .profile = "x",
     .err = ERR_AUTH,
     .says = {"write [profile x]"}},
    {.credentials = "[profile x]\n" KEYS("AKIDX"),
     .profile = "x",
     .err = ERR_AUTH,
     .says = {"/.aws/credentials:1: [profile x] is not read as profile \"x\"; write [x]"}},
    {.config = "[profile production]\n[sso-session productiom]\n",
     .profile = "prodction",
     .err = ERR_AUTH,
     .says = {"; did you mean \"production\"?"}},
    {.credentials = "[Shop]\n" KEYS("AKIDX"),
     .environment = {"AWS_DEFAULT_PROFILE", "\"shop\""},
     .err = ERR_AUTH,
     .says = {"(AWS_DEFAULT_PROFILE)", "did you mean \"Shop\"?"}},
    {.environment = {"AWS_PROFILE", "x "}, .err = ERR_AUTH, .says = {"a blank at its beginning"}},
    {.environment = {"AWS_PROFILE", "x\r"}, .err = ERR_INPUT, .says = {"AWS_PROFILE: ", "CR"}},
    /* slips of shells and .env files */
    {.environment = {"AWS_ACCESS_KEY_ID", "\"AKIDENV\"", "AWS_SECRET_ACCESS_KEY", "SECRETENV"},
     .err = ERR_AUTH,
     .says = {"AWS_ACCESS_KEY_ID: the quotes are part of the value"}},
    {.environment = {"AWS_ACCESS_KEY_ID", "AKIDENV", "AWS_SECRET_ACCESS_KEY", "SECRETENV",
                     "AWS_SESSION_TOKEN", "TOKEN\r"},
     .err = ERR_AUTH,
     .says = {"AWS_SESSION_TOKEN: a line end (CR"}},
    {.credentials = "[default]\n" KEYS("'AKIDD'"), .err = ERR_AUTH, .says = {"the quotes"}},
    /* files that are none */
    {.environment = {"AWS_CONFIG_FILE", "/tmp"}, .err = ERR_INPUT, .says = {"not a regular file"}},
    {.environment = {ENV_KEYS, "AWS_CONFIG_FILE", "/tmp"},
     .profile = "x",
     .err = ERR_INPUT,
     .says = {"not a regular file"}},
    {.environment = {"AWS_SHARED_CREDENTIALS_FILE", "/dev/null", "AWS_CONFIG_FILE", "/dev/null"},
     .err = ERR_AUTH,
     .says = {"no AWS credentials found", "/dev/null"}},
    {.config = "\xff\xfe[\n", .err = ERR_INPUT, .says = {"UTF-16"}},
    {.profile = "a\x1b[2J", .err = ERR_INPUT, .says = {"control characters"}},
    {.config = "[x]\n" KEYS("AKIDX"), .profile = "x", .err = ERR_AUTH, .says = {"is neither in"}},
    {.config =
         "[profile x]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = y\n" KEYS(
             "AKIDX"),
     .profile = "x",
     .err = ERR_AUTH,
     .says = {"profile \"y\" (a source_profile) is neither in"}},
    {.config = "[profile x]\nrole_arn = arn\nmfa_serial = arn:aws:iam::111122223333:mfa/me\n",
     .profile = "x",
     .err = ERR_AUTH,
     .says = {"MFA", "export-credentials", "environment"}},
    {.config = "[profile x]\nrole_arn = arn\nweb_identity_token_file = /t\n",
     .profile = "x",
     .err = ERR_AUTH,
     .says = {"web identity"}},
    {.environment = {"AWS_ROLE_ARN", "arn", "AWS_WEB_IDENTITY_TOKEN_FILE", "/t"},
     .credentials = "[default]\n" KEYS("AKIDD"),
     .err = ERR_AUTH,
     .says = {"web identity"}},
    {.config = "[profile x]\nsso_session = s\n",
     .profile = "x",
     .err = ERR_AUTH,
     .says = {"no AWS credentials"}},
    {.config = "[profile x]\nlogin_session = u\n",
     .profile = "x",
     .err = ERR_AUTH,
     .says = {"aws login"}},
    {.role_arn = "arn:aws:iam::111122223333:role/r",
     .environment = {ENV_KEYS},
     .profile = "default",
     .config = "[default]\n",
     .err = ERR_AUTH,
     .says = {"no AWS credentials", "switched off"}},
    {.credentials = "aws_access_key_id = AKIDSECRET\n",
     .err = ERR_INPUT,
     .says = {"/.aws/credentials: line 1: a section"}},
    {.credentials = "[default]\nSECRET\n", .err = ERR_INPUT, .says = {"line 2: a line must"}},
    {.credentials = "[default\n", .err = ERR_INPUT, .says = {"line 1: a section must look"}},
    {.credentials = "[]\n", .err = ERR_INPUT, .says = {"line 1: a section must look"}},
    {.credentials = "[a] SECRET\n", .err = ERR_INPUT, .says = {"line 1: a section must look"}},
    {.credentials = "[a]\n= SECRET\n", .err = ERR_INPUT, .says = {"line 2: a line must"}},
    {.environment = {"AWS_SHARED_CREDENTIALS_FILE", "/dev/zero"},
     .err = ERR_INPUT,
     .says = {"/dev/zero is not a regular file"}},
    {.environment = {"AWS_CONFIG_FILE", "~/.aws"},
     .err = ERR_INPUT,
     .says = {"/.aws is not a regular file"}},
};

static void what_cannot_be_used_is_said_with_the_way_out(void **state)
{
    (void)state;
    searches_check(refused, COUNT(refused));
}

static void paths_of_the_environment_are_expanded(void **state)
{
    struct home *h = *state;
    struct search s = {.environment = {"AWS_SHARED_CREDENTIALS_FILE", "${HOME}/other"},
                       .key_id = "AKIDO",
                       .name = "profile default"};
    file_write(h, "other", "[default]\n" KEYS("AKIDO"));
    search_check(h, &s, 0);
    s.environment[1] = "$HOME/other";
    search_check(h, &s, 1);
    s.environment[1] = "~/other";
    search_check(h, &s, 2);
}

static void keys_rotated_in_the_file_are_found_after_expired_token(void **state)
{
    struct home *h = *state;
    struct credential_source *source;
    struct credential_request request = {.region = TEXT("us-east-1")};
    struct credentials c;
    file_write(h, ".aws/credentials", "[default]\n" KEYS("AKID1"));
    assert_int_equal(credential_source_open(&source, &request, NULL), OK);
    file_write(h, ".aws/credentials", "[default]\n" KEYS("AKID2"));
    assert_int_equal(keys_get(source, SPAN_S(1), &c, NULL), OK);
    assert_string_equal(c.access_key_id, "AKID1");
    credential_source_expired(source, "AKID0"); /* not the one in use */
    assert_int_equal(keys_get(source, SPAN_S(1), &c, NULL), OK);
    assert_string_equal(c.access_key_id, "AKID1");
    credential_source_expired(source, "AKID1");
    assert_int_equal(keys_get(source, SPAN_S(1), &c, NULL), OK);
    assert_string_equal(c.access_key_id, "AKID2");
    file_write(h, ".aws/credentials", "[default]\n");
    credential_source_expired(source, "AKID2");
    assert_int_equal(keys_get(source, SPAN_S(1), &c, NULL), ERR_AUTH);
    credential_source_close(source);
}

static void keys_of_the_environment_serve_until_they_expire(void **state)
{
    (void)state;
    struct credential_source *source;
    struct credential_request request = {.region = TEXT("us-east-1")};
    struct credentials c;
    instant_us end;
    setenv("AWS_ACCESS_KEY_ID", "AKIDENV", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "SECRET", 1);
    setenv("AWS_CREDENTIAL_EXPIRATION", "2026-05-20T08:30:00+00:00", 1);
    assert_true(when_parse(TEXT("2026-05-20T08:30:00Z"), &end));
    assert_int_equal(credential_source_open(&source, &request, NULL), OK);
    assert_int_equal(keys_get(source, end - SPAN_H(1), &c, NULL), OK);
    assert_int_equal(keys_get(source, end - SPAN_S(1), &c, NULL), OK);
    assert_true(c.expires == end);
    assert_int_equal(keys_get(source, end, &c, NULL), ERR_AUTH);
    setenv("AWS_CREDENTIAL_EXPIRATION", "2026-05-20T09:30:00Z", 1);
    assert_int_equal(keys_get(source, end, &c, NULL), OK);
    credential_source_close(source);
}

static void a_file_of_any_bytes_is_read_or_refused(void **state)
{
    (void)state;
    static const char alphabet[] = "[]=:#; \t\r\n\"'ab\xff\xef\xbb\xbf\0";
    uint64_t seed = 20260522;
    for (unsigned i = 0; i < 20000; i++) {
        struct ini ini;
        ini_init(&ini);
        for (uint64_t len = dice(&seed) % 40; len > 0; len--)
            buf_add_char(&ini.bytes, alphabet[dice(&seed) % (sizeof alphabet - 1)]);
        if (ini_parse(&ini, NULL) == OK)
            for (uint32_t e = 0; e < ini.len; e++) /* every slice lies inside */
                assert_true(ini.entries[e].value.len == 0 ||
                            (ini.entries[e].value.at >= ini.bytes.at &&
                             ini.entries[e].value.at + ini.entries[e].value.len <=
                                 ini.bytes.at + ini.bytes.len));
        ini_get(&ini, "profile", TEXT("a"), "b");
        ini_clear(&ini);
    }
}

/* As tools write them for IAM Identity Center: one for each account and role. */
static void a_file_of_ten_thousand_profiles_is_read(void **state)
{
    struct home *h = *state;
    struct buf config;
    const struct search last = {.profile = "last", .key_id = "AKIDL", .name = "profile last"};
    buf_init(&config, 8u << 20);
    for (unsigned i = 0; i < 10000; i++)
        buf_add_fmt(&config,
                    "[profile Account-%u.AdministratorAccess]\nsso_session = corp\n"
                    "sso_account_id = %012u\nsso_role_name = AdministratorAccess\n"
                    "sso_start_url = https://company-portal.awsapps.com/start\n"
                    "sso_region = us-east-1\nregion = us-east-1\noutput = json\n\n",
                    i, i);
    buf_add_str(&config, "[profile last]\n" KEYS("AKIDL"));
    assert_true(config.len > 2u << 20);
    file_write(h, ".aws/config", config.at);
    search_check(h, &last, 0);
    buf_clear(&config);
}

static void without_home_the_user_database_names_the_folder(void **state)
{
    struct why why = {""};
    struct credential_source *source = NULL;
    struct credential_request request = {.region = TEXT("us-east-1")};
    const struct passwd *user = getpwuid(getuid());
    (void)state;
    assert_non_null(user);
    unsetenv("HOME");
    setenv("AWS_PROFILE", "a profile that nobody has", 1);
    assert_int_equal(credential_source_open(&source, &request, &why), ERR_AUTH);
    assert_non_null(strstr(why.text, user->pw_dir));
}

int main(void)
{
#define WITH_HOME(test) cmocka_unit_test_setup_teardown(test, home_open, home_close)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_found_in_the_order_of_botocore),
        cmocka_unit_test(what_cannot_be_used_is_said_with_the_way_out),
        WITH_HOME(paths_of_the_environment_are_expanded),
        WITH_HOME(a_file_of_ten_thousand_profiles_is_read),
        WITH_HOME(without_home_the_user_database_names_the_folder),
        WITH_HOME(keys_rotated_in_the_file_are_found_after_expired_token),
        WITH_HOME(keys_of_the_environment_serve_until_they_expire),
        cmocka_unit_test(a_file_of_any_bytes_is_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
