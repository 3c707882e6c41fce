/*
 * Roles: who assumes them, what STS is sent, and what is made of its answers.
 */
#include "aws_script.h"

#define STS(action, id)                                                                            \
    "<" action "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" action             \
    "Result><Credentials><AccessKeyId>" id "</AccessKeyId><SecretAccessKey>SECRET/+=</"            \
    "SecretAccessKey><SessionToken>TOK</SessionToken><Expiration>" LATER                           \
    "</Expiration></Credentials></" action "Result></" action "Response>"
#define CALLER                                                                                     \
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/ops</Arn>"       \
    "<Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
#define STS_ERROR(code, message)                                                                   \
    "<ErrorResponse><Error><Type>Sender</Type><Code>" code "</Code><Message>" message              \
    "</Message></Error><RequestId>r</RequestId></ErrorResponse>"
#define R    "arn:aws:iam::111122223333:role/"
#define BASE "[profile base]\n" KEYS("AKIDBASE")

static const struct row roles[] = {
    {.config = BASE "[profile x]\nrole_arn = " R "mail\nsource_profile = base\nexternal_id = e:1\n"
                    "role_session_name = me@x\nduration_seconds = 7200\n",
     .profile = "x",
     .steps = {{{"POST https://sts.us-east-1.amazonaws.com/ ",
                 "Credential=AKIDBASE/20231114/us-east-1/sts/",
                 "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%"
                 "3Arole%2Fmail",
                 "RoleSessionName=me%40x&ExternalId=e%3A1&DurationSeconds=7200"},
                200,
                STS("AssumeRole", "ASIA1"),
                0}},
     .key_id = "ASIA1",
     .expires = NOW_US + SPAN_H(12)},
    /* a role of the manifest, with the keys of the environment, and of a source_profile */
    {.environment = {"AWS_ACCESS_KEY_ID", "AKIDENV", "AWS_SECRET_ACCESS_KEY", "SECRET"},
     .role_arn = R "mail",
     .external_id = "ex-1",
     .steps = {{{"Credential=AKIDENV/", "RoleSessionName=mailfrom&ExternalId=ex-1", "!Duration"},
                200,
                STS("AssumeRole", "ASIA2"),
                0}},
     .key_id = "ASIA2"},
    {.config = BASE,
     .environment = {"AWS_ACCESS_KEY_ID", "AKIDENV", "AWS_SECRET_ACCESS_KEY", "SECRET"},
     .role_arn = R "mail",
     .source_profile = "base",
     .steps = {{{"Credential=AKIDBASE/"}, 200, STS("AssumeRole", "ASIA2"), 0}},
     .key_id = "ASIA2"},
    /* a chain: the role of x is assumed with the keys of the role of y */
    {.config = BASE "[profile y]\nrole_arn = " R "hop\nsource_profile = base\n"
                    "[profile x]\nrole_arn = " R "mail\nsource_profile = y\n",
     .profile = "x",
     .steps = {{{"Credential=AKIDBASE/", "role%2Fhop"}, 200, STS("AssumeRole", "ASIAHOP"), 0},
               {{"Credential=ASIAHOP/", "role%2Fmail", "X-Amz-Security-Token: TOK"},
                200,
                STS("AssumeRole", "ASIAEND"),
                0}},
     .key_id = "ASIAEND"},
    /* a profile that names itself has keys of its own; keys of a source come before its role */
    {.config = "[profile x]\nrole_arn = " R "mail\nsource_profile = x\n" KEYS("AKIDX"),
     .profile = "x",
     .steps = {{{"Credential=AKIDX/"}, 200, STS("AssumeRole", "ASIA3"), 0}},
     .key_id = "ASIA3"},
    {.config = "[profile y]\nrole_arn = " R "hop\nsource_profile = x\n" KEYS(
         "AKIDY") "[profile x]\nrole_arn = " R "mail\nsource_profile = y\n",
     .profile = "x",
     .steps = {{{"Credential=AKIDY/"}, 200, STS("AssumeRole", "ASIA3"), 0}},
     .key_id = "ASIA3"},
    {.config = "[profile x]\nrole_arn = " R "mail\ncredential_source = Environment\n",
     .environment = {"AWS_ACCESS_KEY_ID", "AKIDENV", "AWS_SECRET_ACCESS_KEY", "SECRET"},
     .profile = "x",
     .steps = {{{"Credential=AKIDENV/"}, 200, STS("AssumeRole", "ASIA4"), 0}},
     .key_id = "ASIA4"},
    {.config = BASE "[profile x]\nrole_arn = " R "mail\nsource_profile = base\n",
     .environment = {"AWS_ENDPOINT_URL_STS", "http://127.0.0.1:8000"},
     .profile = "x",
     .steps = {{{"POST http://127.0.0.1:8000/ "}, 200, STS("AssumeRole", "ASIA5"), 0}},
     .key_id = "ASIA5"},
    /* trouble that passes: no answer, a page of a proxy; clocks that differ are corrected once */
    {.config = BASE "[profile x]\nrole_arn = " R "mail\nsource_profile = base\n",
     .profile = "x",
     .steps = {{{"POST"}, 0, NULL, 0},
               {{"POST"}, 503, HTML, 0},
               {{"POST"}, 200, STS("AssumeRole", "ASIA6"), 0}},
     .key_id = "ASIA6"},
    {.config = BASE "[profile x]\nrole_arn = " R "mail\nsource_profile = base\n",
     .profile = "x",
     .steps = {{{"X-Amz-Date: 20231114T221320Z"},
                403,
                STS_ERROR("SignatureDoesNotMatch", "Signature expired"),
                NOW_US + SPAN_H(1)},
               {{"X-Amz-Date: 20231114T231320Z"}, 200, STS("AssumeRole", "ASIA7"), 0}},
     .key_id = "ASIA7"},
};

static void a_role_is_assumed_with_the_keys_of_its_source(void **state)
{
    ROWS(roles);
}

static const struct row roles_refused[] = {
    /* who, which role, STS's own words, and what to do */
    {.config = BASE "[profile x]\nrole_arn = " R "mail\nsource_profile = base\n",
     .profile = "x",
     .steps = {{{"AssumeRole"}, 403, STS_ERROR("AccessDenied", "User: u is not authorized"), 0},
               {{"GetCallerIdentity", "Credential=AKIDBASE/"}, 200, CALLER, 0}},
     .err = ERR_AUTH,
     .says = {"credentials of profile x: role " R
              "mail cannot be assumed by arn:aws:iam::1:user/ops, "
              "profile \"base\": STS says AccessDenied: User: u is not authorized",
              "trust policy"}},
    {.config = BASE "[profile x]\nrole_arn = " R "mail\nsource_profile = base\n",
     .profile = "x",
     .steps = {{{"AssumeRole"}, 403, STS_ERROR("InvalidClientTokenId", "The token is invalid"), 0},
               {{"GetCallerIdentity"}, 403, HTML, 0}},
     .err = ERR_AUTH,
     .says = {"an unknown caller", "InvalidClientTokenId"}},
    {.config = BASE "[profile x]\nrole_arn = " R "mail\nsource_profile = base\n",
     .profile = "x",
     .steps = {{{"POST"}, 500, HTML, 0}, {{"POST"}, 0, NULL, 0}, {{"POST"}, 503, HTML, 0}},
     .err = ERR_IO,
     .says = {"STS at sts.us-east-1.amazonaws.com: HTTP 503"}},
    {.config = BASE "[profile x]\nrole_arn = " R "mail\nsource_profile = base\n",
     .profile = "x",
     .steps = {{{"POST"}, 200, HTML, 0}},
     .err = ERR_IO,
     .says = {"not a AssumeRoleResponse"}},
    {.config = BASE "[profile x]\nrole_arn = " R "mail\nsource_profile = base\n",
     .profile = "x",
     .steps = {{{"POST"}, 200, "<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>", 0}},
     .err = ERR_IO,
     .says = {"no whole credentials"}},
    /* what is wrong with the files is found before anything is sent */
    {.config = "[profile x]\nrole_arn = " R "a\nsource_profile = y\n"
               "[profile y]\nrole_arn = " R "b\nsource_profile = x\n",
     .profile = "x",
     .err = ERR_AUTH,
     .says = {"source_profile x of profile \"y\" leads back to itself"}},
    {.config = "[profile x]\nrole_arn = " R "a\nsource_profile = x\n",
     .profile = "x",
     .err = ERR_AUTH,
     .says = {"leads back to itself"}},
    {.config = "[profile x]\nrole_arn = " R "a\n",
     .profile = "x",
     .err = ERR_AUTH,
     .says = {"neither source_profile nor credential_source"}},
    {.config = BASE "[profile x]\nrole_arn = " R "a\nsource_profile = base\ncredential_source = "
                    "Environment\n",
     .profile = "x",
     .err = ERR_AUTH,
     .says = {"both source_profile and credential_source"}},
    {.config = "[profile x]\nrole_arn = " R "a\ncredential_source = Wallet\n",
     .profile = "x",
     .err = ERR_AUTH,
     .says = {"credential_source Wallet is not one of"}},
    {.config = "[profile x]\nrole_arn = " R "a\ncredential_source = Environment\n",
     .profile = "x",
     .err = ERR_AUTH,
     .says = {"no such credentials"}},
    {.config = "[profile y]\nregion = x\n[profile x]\nrole_arn = " R "a\nsource_profile = y\n",
     .profile = "x",
     .environment = {"AWS_ACCESS_KEY_ID", "AKIDENV", "AWS_SECRET_ACCESS_KEY", "SECRET"},
     .err = ERR_AUTH,
     .says = {"profile \"y\", the source_profile of profile x, holds no keys"}},
    {.config = BASE "[profile x]\nrole_arn = mail\nsource_profile = base\n",
     .profile = "x",
     .err = ERR_AUTH,
     .says = {"role_arn \"mail\" is not of the form"}},
    {.config =
         BASE "[profile x]\nrole_arn = " R "a\nsource_profile = base\nduration_seconds = 899\n",
     .profile = "x",
     .err = ERR_AUTH,
     .says = {"duration_seconds must be a number from 900 to 43200"}},
    {.config =
         BASE "[profile x]\nrole_arn = " R "a\nsource_profile = base\nrole_session_name = a b\n",
     .profile = "x",
     .err = ERR_AUTH,
     .says = {"role_session_name"}},
    {.config = BASE "[profile x]\nrole_arn = " R "a\nsource_profile = base\nexternal_id = 1\n",
     .profile = "x",
     .err = ERR_AUTH,
     .says = {"external_id"}},
    {.config = BASE "[profile x]\nrole_arn = " R "a\nsource_profile = base\nmfa_serial = m\n",
     .profile = "x",
     .err = ERR_AUTH,
     .says = {"mfa_serial", "export-credentials --profile x"}},
};

static void a_role_that_is_refused_or_set_up_wrongly_is_told(void **state)
{
    ROWS(roles_refused);
}

#define WEB "AWS_WEB_IDENTITY_TOKEN_FILE", "^/token", "AWS_ROLE_ARN", R "pod"

static const struct row web_identities[] = {
    {.environment = {WEB, "AWS_ROLE_SESSION_NAME", "job7"},
     .token = "eyJ.SECRET.x\n",
     .steps = {{{"Action=AssumeRoleWithWebIdentity", "WebIdentityToken=eyJ.SECRET.x",
                 "RoleSessionName=job7", "!Authorization", "!X-Amz-Date"},
                200,
                STS("AssumeRoleWithWebIdentity", "ASIAW"),
                0}},
     .key_id = "ASIAW"},
    {.config = "[profile x]\nrole_arn = " R "ci\nweb_identity_token_file = ^/token\n",
     .environment = {WEB},
     .token = "eyJ.y",
     .profile = "x",
     .steps = {{{"role%2Fci", "RoleSessionName=mailfrom"},
                200,
                STS("AssumeRoleWithWebIdentity", "ASIAW"),
                0}},
     .key_id = "ASIAW"},
    /* a role that is assumed with the keys of a web identity */
    {.config = "[profile w]\nrole_arn = " R "ci\nweb_identity_token_file = ^/token\n"
               "[profile x]\nrole_arn = " R "mail\nsource_profile = w\n",
     .token = "eyJ.y",
     .profile = "x",
     .steps = {{{"role%2Fci"}, 200, STS("AssumeRoleWithWebIdentity", "ASIAW"), 0},
               {{"role%2Fmail", "Credential=ASIAW/"}, 200, STS("AssumeRole", "ASIAX"), 0}},
     .key_id = "ASIAX"},
    {.environment = {WEB},
     .token = "eyJ.y",
     .steps = {{{"POST"}, 400, STS_ERROR("IDPCommunicationError", "try again"), 0},
               {{"POST"}, 200, STS("AssumeRoleWithWebIdentity", "ASIAW"), 0}},
     .key_id = "ASIAW"},
    /* many accounts ask at once: throttling is no refusal, and is tried longer than an outage */
    {.environment = {WEB},
     .token = "eyJ.y",
     .steps = {{{"POST"}, 400, STS_ERROR("Throttling", "Rate exceeded"), 0},
               {{"POST"}, 400, STS_ERROR("ThrottlingException", "Rate exceeded"), 0},
               {{"POST"}, 429, STS_ERROR("TooManyRequestsException", "slower"), 0},
               {{"POST"}, 400, STS_ERROR("Throttling", "Rate exceeded"), 0},
               {{"POST"}, 200, STS("AssumeRoleWithWebIdentity", "ASIAW"), 0}},
     .key_id = "ASIAW"},
    {.environment = {WEB},
     .token = "eyJ.y",
     .steps = {{{"POST"}, 400, STS_ERROR("ExpiredTokenException", "Token expired"), 0}},
     .err = ERR_AUTH,
     .says = {"by the web identity token: STS says ExpiredTokenException: Token expired"}},
    {.environment = {WEB}, .err = ERR_AUTH, .says = {"web identity: cannot open"}},
    {.environment = {WEB}, .token = "\n", .err = ERR_AUTH, .says = {"holds no token"}},
    {.environment = {"AWS_WEB_IDENTITY_TOKEN_FILE", "^/token"},
     .token = "eyJ.y",
     .err = ERR_AUTH,
     .says = {"without a role"}},
};

static void a_web_identity_token_is_exchanged(void **state)
{
    ROWS(web_identities);
}

/* An STS that hands out keys of an hour, and is down for `down_us` after each hour of the run. */
struct hourly {
    instant_us now;
    span_us down_us;
    unsigned handed, refused;
};

static enum err hourly_ask(void *context, const struct aws_request *request,
                           const struct http_terms *terms, struct http_answer *answer,
                           struct why *why)
{
    struct hourly *s = context;
    char until[WHEN_LEN];
    (void)request, (void)terms;
    if ((s->now - NOW_US) % SPAN_H(1) < s->down_us && s->now != NOW_US) {
        s->refused++;
        return why_set(why, ERR_IO, "nobody there");
    }
    s->handed++;
    answer->status = 200;
    buf_add_fmt(&answer->body,
                "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA%u</"
                "AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken>"
                "<Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>",
                s->handed, when_format(s->now + SPAN_H(1), until));
    return OK;
}

static bool hourly_rest(void *context, span_us span)
{
    (void)context, (void)span;
    return true;
}

/* Looked at every minute, as the refresher does it: at no minute are there no keys. */
static void a_run_of_72_hours_survives_every_rotation(void **state)
{
    static const struct {
        span_us down_us;
        unsigned handed_least, handed_most;
    } rows[] = {{0, 94, 94}, {SPAN_M(4), 90, 94}, {SPAN_M(12), 72, 94}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        void *home = NULL;
        struct hourly sts = {.now = NOW_US, .down_us = rows[i].down_us};
        struct http_exchange exchange = {&sts, hourly_ask, hourly_rest, -1};
        struct credential_source *source = NULL;
        struct credential_request request = {
            .profile = TEXT("x"), .profile_is_explicit = true, .region = TEXT("us-east-1")};
        struct credentials out;
        struct why why;
        assert_int_equal(home_open(&home), 0);
        file_write(home, ".aws/config",
                   BASE "[profile x]\nrole_arn = " R "mail\nsource_profile = base\n");
        assert_int_equal(credential_source_open(&source, &request, &why), OK);
        assert_int_equal(credential_source_refresh(
                             source, &exchange,
                             &(struct credential_terms){.now = sts.now, .told = sts.now}, &why),
                         OK);
        for (; sts.now < NOW_US + SPAN_H(72); sts.now += SPAN_M(1)) {
            enum keys_state held = credential_source_held(source, sts.now, &out);
            if (held == KEYS_MISSING)
                fail_msg("row %zu: no keys after %lld s", i,
                         (long long)((sts.now - NOW_US) / 1000000));
            assert_true(out.expires > sts.now);
            if (held == KEYS_AGING)
                credential_source_refresh(
                    source, &exchange, &(struct credential_terms){.now = sts.now, .told = sts.now},
                    &why);
        }
        if (sts.handed < rows[i].handed_least || sts.handed > rows[i].handed_most)
            fail_msg("row %zu: %u handed out, %u refused", i, sts.handed, sts.refused);
        assert_int_equal(sts.refused > 0, rows[i].down_us > 0);
        credential_source_close(source);
        home_close(&home);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_role_is_assumed_with_the_keys_of_its_source),
        cmocka_unit_test(a_role_that_is_refused_or_set_up_wrongly_is_told),
        cmocka_unit_test(a_web_identity_token_is_exchanged),
        cmocka_unit_test(a_run_of_72_hours_survives_every_rotation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
