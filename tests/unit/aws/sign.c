/*
 * SigV4 held against the signing suite of aws-c-auth (tests/data/sigv4, Apache-2.0) and against
 * four SES requests that botocore signed.
 */
#include "aws/sign.h"

#include "base/count.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SUITE       TEST_DATA "/sigv4/v4"
#define SUITE_CASES 38
#define FILE_MAX    65536

static struct text file_read(const char *folder, const char *name)
{
    static char bytes[4][FILE_MAX];
    static unsigned turn;
    char path[1024], *at = bytes[turn++ % 4];
    snprintf(path, sizeof path, "%s/%s/%s", SUITE, folder, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t len = fread(at, 1, FILE_MAX - 1, f);
    fclose(f);
    return (struct text){at, len};
}

/* One case of the suite: request.txt taken apart, context.json read. */
struct suite_case {
    struct text head; /* request line and headers as they stand, ending in a newline */
    struct sign_header headers[16];
    struct sign_request request;
    struct sign_options options;
    struct credentials credentials;
    cJSON *context;
};

static void request_line_read(struct suite_case *k, struct text line)
{
    k->request.method = text_cut(&line, ' ');
    struct text target = text_slice(line, 0, text_rfind(line, ' '));
    k->request.path = text_cut(&target, '?');
    k->request.query = target;
}

static void request_read(struct suite_case *k, struct text all)
{
    size_t end = text_find_text(all, TEXT("\n\n"));
    k->request.body = text_from(all, end + 2);
    k->head = text_slice(all, 0, end);
    if (k->head.at[k->head.len - 1] == '\n')
        k->head.len--;
    struct text rest = k->head;
    request_line_read(k, text_cut(&rest, '\n'));
    k->request.headers = k->headers;
    while (rest.at) {
        struct text line = text_cut(&rest, '\n');
        if (line.at[0] == ' ') { /* folded: the value goes on */
            struct text *value = &k->headers[k->request.headers_len - 1].value;
            value->len = (size_t)(line.at + line.len - value->at);
            continue;
        }
        struct sign_header *header = &k->headers[k->request.headers_len++];
        header->value = line;
        header->name = text_cut(&header->value, ':');
    }
}

static const char *context_text(const cJSON *object, const char *name)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItem(object, name));
    return value ? value : "";
}

static bool context_true(const struct suite_case *k, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItem(k->context, name));
}

static void context_read(struct suite_case *k, struct text json)
{
    k->context = cJSON_ParseWithLength(json.at, json.len);
    assert_non_null(k->context);
    const cJSON *keys = cJSON_GetObjectItem(k->context, "credentials");
    struct credentials *c = &k->credentials;
    snprintf(c->access_key_id, sizeof c->access_key_id, "%s", context_text(keys, "access_key_id"));
    snprintf(c->secret_access_key, sizeof c->secret_access_key, "%s",
             context_text(keys, "secret_access_key"));
    snprintf(c->session_token, sizeof c->session_token, "%s", context_text(keys, "token"));
    k->options.region = text_of(context_text(k->context, "region"));
    k->options.service = text_of(context_text(k->context, "service"));
    assert_true(when_parse(text_of(context_text(k->context, "timestamp")), &k->options.at));
    k->options.keep_path = !context_true(k, "normalize");
    k->options.sign_body = context_true(k, "sign_body");
    k->options.omit_session_token = context_true(k, "omit_session_token");
}

static void add_header_line(struct buf *out, struct text name, struct text value)
{
    buf_add_fmt(out, TEXT_FMT ":", TEXT_ARG(name));
    buf_add_text(out, value);
    buf_add_char(out, '\n');
}

static void add_signed_request(struct buf *out, const struct suite_case *k,
                               const struct signature *s)
{
    buf_add_text(out, k->head);
    buf_add_char(out, '\n');
    for (uint32_t i = 0; i < s->added_len; i++)
        add_header_line(out, s->added[i].name, s->added[i].value);
    add_header_line(out, TEXT("Authorization"), buf_text(&s->authorization));
    buf_add_char(out, '\n');
    buf_add_text(out, k->request.body);
}

static unsigned check(const char *folder, const char *name, struct text got)
{
    struct text expected = file_read(folder, name);
    if (!text_eq(got, expected))
        fail_msg("%s/%s\nexpected\n" TEXT_FMT "\ngot\n" TEXT_FMT, folder, name, TEXT_ARG(expected),
                 TEXT_ARG(got));
    return 1;
}

static unsigned suite_case_run(const char *folder)
{
    struct suite_case k = {0};
    struct signature s;
    struct buf sent;
    unsigned compared = 0;
    struct text request = file_read(folder, "request.txt");
    char *copy = strndup(request.at, request.len);
    request_read(&k, (struct text){copy, request.len});
    context_read(&k, file_read(folder, "context.json"));
    signature_init(&s);
    buf_init(&sent, FILE_MAX);
    assert_int_equal(sign_request(&s, &k.request, &k.options, &k.credentials, NULL), OK);
    add_signed_request(&sent, &k, &s);
    compared += check(folder, "header-canonical-request.txt", buf_text(&s.canonical_request));
    compared += check(folder, "header-string-to-sign.txt", buf_text(&s.string_to_sign));
    compared += check(folder, "header-signature.txt", text_of(s.hex));
    compared += check(folder, "header-signed-request.txt", buf_text(&sent));
    buf_clear(&sent);
    signature_clear(&s);
    cJSON_Delete(k.context);
    free(copy);
    return compared;
}

static void every_case_of_the_signing_suite_agrees_in_all_four_artefacts(void **state)
{
    (void)state;
    unsigned compared = 0;
    DIR *suite = opendir(SUITE);
    assert_non_null(suite);
    for (struct dirent *entry; (entry = readdir(suite));)
        if (entry->d_name[0] != '.')
            compared += suite_case_run(entry->d_name);
    closedir(suite);
    assert_int_equal(compared, SUITE_CASES * 4);
}

/* What SES is sent. Expected values by botocore and by an independent script. */
static const struct ses_case {
    const char *method, *path, *query, *content_type, *token, *body, *canonical_sha256, *signature;
} ses_cases[] = {
    {"POST", "/", "", "application/x-www-form-urlencoded; charset=utf-8", "",
     "Action=SetIdentityMailFromDomain&Version=2010-12-01&Identity=example.com"
     "&MailFromDomain=bounce.example.com&BehaviorOnMXFailure=UseDefaultValue",
     "be5ae262fd8a9f36d0ba86ec9d2309cd6aae3d4c19d07e650aca8e0282607795",
     "ff96c473fe15acae1814e080a9525ba5818a2f9d71730380d42a71890be0c04e"},
    {"POST", "/", "", "application/x-www-form-urlencoded; charset=utf-8", "TOKEN/+=",
     "Action=GetIdentityMailFromDomainAttributes&Version=2010-12-01"
     "&Identities.member.1=example.com&Identities.member.2=user%2Bx%40example.com",
     "df359e9174aa39d591eea6612b7947fa7f53de0a6ee81a0209860adb35a5a3eb",
     "9373ab2c1be84ee46f6c39232758db0007b09e397a9fef9880206b07a4f35381"},
    {"PUT", "/v2/email/identities/user%2Bx%40example.com/mail-from", "", "application/json", "",
     "{\"MailFromDomain\":\"bounce.example.com\",\"BehaviorOnMxFailure\":\"USE_DEFAULT_VALUE\"}",
     "468027a424feb4a55d3dcb27014da7f671e1c7ed12e38552e759d21d4fbe7436",
     "29ac210387be26d8666fae97553448d9c3de2f5586de47a153d4dd273df41f24"},
    {"GET", "/v2/email/identities", "NextToken=a%2Fb%2Bc%3D&PageSize=1000", NULL, "", "",
     "fbad38b33af7d572d2b932fa6e2cb551a46aa5ec215fea1b7c6458a2f23d2394",
     "c7f7e8d66efa9f6fd650156c78f2da0c8e82d3934001daf4dd36bedef0f5a4f6"},
};

static void key_set(struct credentials *c, const char *token)
{
    strcpy(c->access_key_id, "AKIDEXAMPLE");
    strcpy(c->secret_access_key, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    strcpy(c->session_token, token);
}

static void ses_case_run(const struct ses_case *k)
{
    struct credentials cred = {0};
    struct signature s;
    struct sign_header headers[] = {{TEXT("Host"), TEXT("email.us-east-1.amazonaws.com")},
                                    {TEXT("Content-Type"), text_of(k->content_type)}};
    struct sign_request request = {text_of(k->method),        text_of(k->path),
                                   text_of(k->query),         headers,
                                   k->content_type ? 2u : 1u, text_of(k->body)};
    struct sign_options options = {.region = TEXT("us-east-1"), .service = TEXT("ses")};
    assert_true(when_parse(TEXT("2015-08-30T12:36:00Z"), &options.at));
    key_set(&cred, k->token);
    signature_init(&s);
    assert_int_equal(sign_request(&s, &request, &options, &cred, NULL), OK);
    assert_string_equal(s.hex, k->signature);
    assert_true(text_ends(buf_text(&s.string_to_sign), text_of(k->canonical_sha256)));
    signature_clear(&s);
}

static void ses_requests_are_signed_as_botocore_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ses_cases); i++)
        ses_case_run(&ses_cases[i]);
}

/* The signature of one request, by the signer or by none. */
static void sign_with(struct signer *signer, uint32_t lane, const struct credentials *cred,
                      const char *at, const char *region, const char *service, char hex[])
{
    struct signature s;
    struct sign_header header = {TEXT("Host"), TEXT("email.us-east-1.amazonaws.com")};
    struct sign_request request = {TEXT("POST"), TEXT("/"), TEXT_NONE, &header, 1, TEXT("Action=")};
    struct sign_options options = {
        .region = text_of(region), .service = text_of(service), .signer = signer, .lane = lane};
    assert_true(when_parse(text_of(at), &options.at));
    signature_init(&s);
    assert_int_equal(sign_request(&s, &request, &options, cred, NULL), OK);
    memcpy(hex, s.hex, sizeof s.hex);
    signature_clear(&s);
}

/* Each step changes one thing of those that a derived key depends on, or comes back to an earlier
 * one. What a signer signs is what is signed without one, and no two of the keys are the same. */
static void a_remembered_key_is_used_for_its_day_region_service_and_secret_alone(void **state)
{
    (void)state;
    static const struct {
        const char *at, *region, *service, *id, *secret;
        uint32_t lane;
    } steps[] = {
        {"2015-08-30T12:36:00Z", "us-east-1", "ses", "AKIDEXAMPLE", "one secret", 0},
        {"2015-08-30T12:36:01Z", "us-east-1", "ses", "AKIDEXAMPLE", "one secret", 0},
        {"2015-08-30T23:59:59Z", "us-east-1", "ses", "AKIDEXAMPLE", "one secret", 0},
        {"2015-08-31T00:00:00Z", "us-east-1", "ses", "AKIDEXAMPLE", "one secret", 0},
        {"2015-08-30T23:59:59Z", "us-east-1", "ses", "AKIDEXAMPLE", "one secret", 0},
        {"2015-08-30T23:59:59Z", "us-east-1", "ses", "AKIDEXAMPLE", "another secret", 0},
        {"2015-08-30T23:59:59Z", "us-east-1", "ses", "AKIDOTHER", "one secret", 0},
        {"2015-08-30T23:59:59Z", "us-east-2", "ses", "AKIDOTHER", "one secret", 0},
        {"2015-08-30T23:59:59Z", "us-east-2", "sts", "AKIDOTHER", "one secret", 0},
        {"2015-08-30T23:59:59Z", "us-east-2", "ses", "AKIDOTHER", "another secret", 1},
        {"2015-08-30T23:59:59Z", "us-east-2", "sts", "AKIDOTHER", "one secret", 0},
        {"2015-08-30T23:59:59Z", "us-east-2", "sts", "AKIDOTHER", "one secre", 0},
    };
    struct signer *signer = signer_new(2);
    assert_non_null(signer);
    for (size_t i = 0; i < COUNT(steps); i++) {
        struct credentials cred = {0};
        char kept[SHA256_HEX_LEN], fresh[SHA256_HEX_LEN];
        strcpy(cred.access_key_id, steps[i].id);
        strcpy(cred.secret_access_key, steps[i].secret);
        sign_with(signer, steps[i].lane, &cred, steps[i].at, steps[i].region, steps[i].service,
                  kept);
        sign_with(NULL, 0, &cred, steps[i].at, steps[i].region, steps[i].service, fresh);
        assert_string_equal(kept, fresh);
    }
    signer_free(signer);
    signer_free(NULL);
}

static void a_request_beyond_the_bounds_is_refused_not_cut(void **state)
{
    (void)state;
    static char query[4 * 64];
    struct credentials cred = {0};
    struct signature s;
    struct sign_header header = {TEXT("Host"), TEXT("h")};
    struct sign_request request = {TEXT("GET"), TEXT("/"), TEXT_NONE, &header, 1, TEXT_NONE};
    struct sign_options options = {.region = TEXT("r"), .service = TEXT("s"), .at = 0};
    signature_init(&s);
    assert_int_equal(sign_request(&s, &request, &options, &cred, NULL), ERR_INPUT); /* no time */
    signature_clear(&s);
    options.at = SPAN_S(1);
    for (size_t i = 0; i < sizeof query; i += 4)
        memcpy(query + i, "a=b&", 4);
    request.query = (struct text){query, sizeof query};
    assert_int_equal(sign_request(&s, &request, &options, &cred, NULL), ERR_LIMIT);
    signature_clear(&s);
    request.query = TEXT_NONE;
    options.region = (struct text){query, SIGN_SCOPE_LEN - 1};
    assert_int_equal(sign_request(&s, &request, &options, &cred, NULL), ERR_LIMIT);
    signature_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_of_the_signing_suite_agrees_in_all_four_artefacts),
        cmocka_unit_test(ses_requests_are_signed_as_botocore_does),
        cmocka_unit_test(a_remembered_key_is_used_for_its_day_region_service_and_secret_alone),
        cmocka_unit_test(a_request_beyond_the_bounds_is_refused_not_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
