/*
 * The front door of the AWS room: whole requests, whole answers, and STS.
 */
#include "aws/aws_request.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

/* A call with its endpoints and keys, at the instant of the signing examples. */
struct scheduler {
    struct call *call;
    struct aws_endpoints at;
    struct credentials cred;
    struct aws_request request;
    instant_us now;
    struct why why;
};

static void scheduler_init(struct scheduler *d, enum call_kind kind, enum api api,
                           const char *identity)
{
    memset(d, 0, sizeof *d);
    d->call = calloc(1, sizeof *d->call);
    assert_non_null(d->call);
    arena_init(&d->call->arena, 8u << 20);
    d->call->kind = kind;
    d->call->api = api;
    d->call->count = identity ? 1 : 0;
    d->call->identities[0] = text_of(identity);
    assert_int_equal(endpoint_make(&d->at.ses, TEXT("ses"), TEXT("us-east-1"), NULL, NULL), OK);
    d->at.sesv2 = d->at.ses;
    assert_int_equal(endpoint_make(&d->at.sts, TEXT("sts"), TEXT("us-east-1"), NULL, NULL), OK);
    strcpy(d->cred.access_key_id, "AKIDEXAMPLE");
    strcpy(d->cred.secret_access_key, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    assert_true(when_parse(TEXT("2015-08-30T12:36:00Z"), &d->now));
    aws_request_init(&d->request);
}

static void scheduler_clear(struct scheduler *d)
{
    aws_request_clear(&d->request);
    aws_request_clear(&d->request);
    arena_clear(&d->call->arena);
    free(d->call);
}

static enum err make(struct scheduler *d)
{
    return aws_request_make(&d->request, d->call, &d->at, &d->cred, d->now, &d->why);
}

static struct text header(const struct scheduler *d, const char *name)
{
    for (uint32_t i = 0; i < d->request.headers_len; i++) {
        struct text value = buf_text(&d->request.headers[i]);
        if (text_eq(text_cut(&value, ':'), text_of(name)))
            return text_trim(value);
    }
    return TEXT_NONE;
}

static void a_v2_write_is_put_together_and_signed(void **state)
{
    (void)state;
    struct scheduler d;
    scheduler_init(&d, CALL_SET, API_V2, "user+x@example.com");
    d.call->mail_from = TEXT("bounce.example.com");
    assert_int_equal(make(&d), OK);
    assert_string_equal(d.request.method, "PUT");
    assert_string_equal(d.request.url.at,
                        "https://email.us-east-1.amazonaws.com/v2/email/identities/"
                        "user%2Bx%40example.com/mail-from");
    assert_text(header(&d, "Host"), TEXT("email.us-east-1.amazonaws.com"));
    assert_text(header(&d, "Content-Type"), TEXT("application/json"));
    assert_text(header(&d, "X-Amz-Date"), TEXT("20150830T123600Z"));
    assert_text(header(&d, "Authorization"),
                TEXT("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/ses/aws4_request, "
                     "SignedHeaders=content-type;host;x-amz-date, Signature="
                     "29ac210387be26d8666fae97553448d9c3de2f5586de47a153d4dd273df41f24"));
    assert_int_equal(d.request.headers_len, 4);
    scheduler_clear(&d);
}

static void a_v1_read_with_a_token_is_put_together_and_signed(void **state)
{
    (void)state;
    struct scheduler d;
    scheduler_init(&d, CALL_READ_MAIL_FROM, API_V2,
                   "example.com"); /* reads are v1 whatever api says */
    d.call->identities[d.call->count++] = TEXT("user+x@example.com");
    strcpy(d.cred.session_token, "TOKEN/+=");
    assert_int_equal(make(&d), OK);
    assert_string_equal(d.request.method, "POST");
    assert_string_equal(d.request.url.at, "https://email.us-east-1.amazonaws.com/");
    assert_text(header(&d, "X-Amz-Security-Token"), TEXT("TOKEN/+="));
    assert_true(
        text_ends(header(&d, "Authorization"),
                  TEXT("9373ab2c1be84ee46f6c39232758db0007b09e397a9fef9880206b07a4f35381")));
    scheduler_clear(&d);
}

static void a_get_has_neither_body_nor_content_type(void **state)
{
    (void)state;
    struct scheduler d;
    scheduler_init(&d, CALL_LIST, API_V2, NULL);
    d.call->token = TEXT("a/b+c=");
    assert_int_equal(make(&d), OK);
    assert_string_equal(d.request.url.at,
                        "https://email.us-east-1.amazonaws.com/v2/email/identities"
                        "?NextToken=a%2Fb%2Bc%3D&PageSize=1000");
    assert_int_equal(d.request.body.len, 0);
    assert_int_equal(header(&d, "Content-Type").len, 0);
    assert_true(
        text_ends(header(&d, "Authorization"),
                  TEXT("c7f7e8d66efa9f6fd650156c78f2da0c8e82d3934001daf4dd36bedef0f5a4f6")));
    scheduler_clear(&d);
}

static void a_request_that_would_leave_its_endpoint_is_not_signed(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "https://evil.com", "https://email.us-east-1.amazonaws.com@evil.com",
        "http://email.us-east-1.amazonaws.com", "https://email.us-east-1.amazonaws.com/x", ""};
    for (size_t i = 0; i < COUNT(urls); i++) {
        struct scheduler d;
        scheduler_init(&d, CALL_SET, API_V1, "example.com");
        strcpy(d.at.ses.url, urls[i]);
        assert_int_equal(make(&d), ERR_INPUT);
        assert_non_null(strstr(d.why.text, "not signed"));
        assert_int_equal(d.request.headers_len, 0);
        assert_int_equal(d.request.url.len + d.request.body.len, 0);
        scheduler_clear(&d);
    }
}

static void each_version_goes_to_its_own_endpoint(void **state)
{
    (void)state;
    static const struct {
        enum call_kind kind;
        enum api api;
        const char *host;
    } table[] = {
        {CALL_SET, API_V1, "one.example"},
        {CALL_SET, API_V2, "two.example"},
        {CALL_READ_MAIL_FROM, API_V2, "one.example"},
        {CALL_GET, API_V1, "two.example"},
        {CALL_CALLER, API_V2, "sts.example"},
    };
    struct endpoint_settings one = {.url = TEXT("https://one.example")},
                             two = {.url = TEXT("https://two.example")},
                             sts = {.url = TEXT("https://sts.example")};
    for (size_t i = 0; i < COUNT(table); i++) {
        struct scheduler d;
        scheduler_init(&d, table[i].kind, table[i].api, "example.com");
        endpoint_make(&d.at.ses, TEXT("ses"), TEXT("us-east-1"), &one, NULL);
        endpoint_make(&d.at.sesv2, TEXT("ses"), TEXT("us-east-1"), &two, NULL);
        endpoint_make(&d.at.sts, TEXT("sts"), TEXT("us-east-1"), &sts, NULL);
        assert_int_equal(make(&d), OK);
        assert_text(header(&d, "Host"), text_of(table[i].host));
        scheduler_clear(&d);
    }
}

static void every_kind_of_call_can_be_made_again_in_one_request(void **state)
{
    (void)state;
    struct scheduler d;
    scheduler_init(&d, CALL_SET, API_V1, "example.com");
    for (int kind = 0; kind < CALL_ASK; kind++) {
        d.call->kind = (enum call_kind)kind;
        assert_int_equal(make(&d), OK);
        assert_true(d.request.headers_len >= 3 && d.request.headers_len <= AWS_HEADERS_MAX);
        assert_text(header(&d, "Host"),
                    text_of(kind == CALL_CALLER ? d.at.sts.host : d.at.ses.host));
    }
    d.call->kind = CALL_SET;
    d.call->count = 0;
    assert_int_equal(make(&d), ERR_INPUT);
    assert_int_equal(d.request.headers_len, 0);
    scheduler_clear(&d);
}

static void an_answer_carries_its_headers(void **state)
{
    (void)state;
    struct scheduler d;
    instant_us date;
    scheduler_init(&d, CALL_GET, API_V2, "example.com");
    struct aws_reply r = {.http_status = 429,
                          .error_type = TEXT("TooManyRequestsException"),
                          .request_id = TEXT("id-1"),
                          .retry_after = TEXT("1500"),
                          .date = TEXT("Sun, 06 Nov 1994 08:49:37 GMT"),
                          .body = TEXT("{\"message\":null}")};
    aws_reply_decode(d.call, &r);
    assert_string_equal(d.call->reply.code, "TooManyRequestsException");
    assert_string_equal(d.call->reply.request_id, "id-1");
    assert_int_equal(d.call->reply.retry_after_ms, 1500);
    assert_true(when_parse(TEXT("1994-11-06T08:49:37Z"), &date));
    assert_true(d.call->reply.server_date == date);
    r.age = TEXT("0"); /* a cache stood between: its clock, not the server's */
    r.retry_after = TEXT("99999999999");
    aws_reply_decode(d.call, &r);
    assert_int_equal(d.call->reply.server_date, 0);
    assert_int_equal(d.call->reply.retry_after_ms, UINT32_MAX);
    scheduler_clear(&d);
}

static void a_date_that_is_no_date_is_none(void **state)
{
    (void)state;
    static const char *const dates[] = {"",
                                        "now",
                                        "Sunday, 06-Nov-94 08:49:37 GMT",
                                        "Sun Nov  6 08:49:37 1994",
                                        "Sun, 06 Nov 1994 08:49:37 UTC",
                                        "Sun, 06 Nox 1994 08:49:37 GMT",
                                        "Sun, 99 Nov 1994 08:49:37 GMT",
                                        "Sun, 06 Nov 1994 08:49:37 GMT ",
                                        "1994-11-06T08:49:37Z"};
    for (size_t i = 0; i < COUNT(dates); i++) {
        struct scheduler d;
        scheduler_init(&d, CALL_GET, API_V2, "example.com");
        struct aws_reply r = {.http_status = 500, .date = text_of(dates[i])};
        aws_reply_decode(d.call, &r);
        assert_int_equal(d.call->reply.server_date, 0);
        scheduler_clear(&d);
    }
}

#define CALLER(inner)                                                                              \
    "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"              \
    "<GetCallerIdentityResult>" inner "</GetCallerIdentityResult><ResponseMetadata><RequestId>r"   \
    "</RequestId></ResponseMetadata></GetCallerIdentityResponse>"

static void sts_tells_whose_keys_these_are(void **state)
{
    (void)state;
    struct scheduler d;
    scheduler_init(&d, CALL_CALLER, API_V1, NULL);
    assert_int_equal(make(&d), OK);
    assert_string_equal(d.request.url.at, "https://sts.us-east-1.amazonaws.com/");
    assert_string_equal(d.request.body.at, "Action=GetCallerIdentity&Version=2011-06-15");
    assert_true(text_find_text(header(&d, "Authorization"), TEXT("/us-east-1/sts/aws4_request")) <
                header(&d, "Authorization").len);
    struct aws_reply r = {
        .http_status = 200,
        .body = TEXT(CALLER("<Arn>arn:aws:iam::123456789012:user/Alice</Arn><UserId>AIDA</UserId>"
                            "<Account>123456789012</Account>"))};
    aws_reply_decode(d.call, &r);
    assert_int_equal(d.call->reply.how, REPLY_HTTP);
    assert_text(d.call->account.caller_account, TEXT("123456789012"));
    assert_text(d.call->account.caller_arn, TEXT("arn:aws:iam::123456789012:user/Alice"));
    static const char *const wrong[] = {CALLER(""), CALLER("<Account>12345678901</Account>"),
                                        CALLER("<Account>12345678901x</Account>"), "",
                                        ("<GetCallerIdentityResponse><GetCallerIdentityResult>"
                                         "<Account>123456789012</Account>")};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        r.body = text_of(wrong[i]);
        aws_reply_decode(d.call, &r);
        assert_int_equal(d.call->reply.how, REPLY_GARBLED);
        assert_int_equal(d.call->account.caller_account.len, 0);
    }
    scheduler_clear(&d);
}

#define SET_XML                                                                                    \
    "<SetIdentityMailFromDomainResponse xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\">"       \
    "<SetIdentityMailFromDomainResult/><ResponseMetadata><RequestId>r</RequestId>"                 \
    "</ResponseMetadata></SetIdentityMailFromDomainResponse>"

static void a_write_is_accepted_by_its_documented_answer_alone(void **state)
{
    (void)state;
    static const struct {
        enum api api;
        int status;
        const char *type, *id, *body;
        enum reply_how how;
    } rows[] = {
        {API_V2, 200, "application/json", "r", "{}", REPLY_HTTP},
        {API_V2, 200, "application/json; charset=utf-8", "", " { } ", REPLY_HTTP},
        {API_V2, 200, "application/json", "r", "", REPLY_HTTP},
        {API_V2, 200, "", "r", "", REPLY_HTTP},
        {API_V2, 200, "", "r", "{}", REPLY_HTTP},
        {API_V2, 200, "", "", "", REPLY_GARBLED},
        {API_V2, 200, "application/json", "", "", REPLY_GARBLED},
        {API_V2, 200, "text/html", "r", "", REPLY_GARBLED},
        {API_V2, 200, "text/html", "r", "{}", REPLY_GARBLED},
        {API_V2, 200, "application/json", "r", "{\"error\":\"sign in\"}", REPLY_GARBLED},
        {API_V2, 200, "application/json", "r", "[]", REPLY_GARBLED},
        {API_V2, 201, "application/json", "r", "{}", REPLY_GARBLED},
        {API_V2, 202, "application/json", "r", "{}", REPLY_GARBLED},
        {API_V2, 204, "", "r", "", REPLY_GARBLED},
        {API_V2, 206, "application/json", "r", "{}", REPLY_GARBLED},
        {API_V1, 200, "text/xml", "r", SET_XML, REPLY_HTTP},
        {API_V1, 200, "", "", SET_XML, REPLY_HTTP},
        {API_V1, 200, "text/html", "r", SET_XML, REPLY_GARBLED},
        {API_V1, 200, "text/xml", "r", "", REPLY_GARBLED},
        {API_V1, 204, "text/xml", "r", "", REPLY_GARBLED},
        {API_V1, 206, "text/xml", "r", SET_XML, REPLY_GARBLED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct scheduler d;
        scheduler_init(&d, CALL_SET, rows[i].api, "example.com");
        struct aws_reply r = {.http_status = rows[i].status,
                              .content_type = text_of(rows[i].type),
                              .request_id = text_of(rows[i].id),
                              .body = text_of(rows[i].body)};
        aws_reply_decode(d.call, &r);
        if (d.call->reply.how != rows[i].how)
            fail_msg("row %zu: %d, %s", i, d.call->reply.how, d.call->reply.message);
        scheduler_clear(&d);
    }
}

/* LocalStack and moto say it with a page, or with words of their own. */
static void what_an_emulator_lacks_of_version_2_is_said_with_the_option(void **state)
{
    (void)state;
    static const struct {
        enum call_kind kind;
        enum api api;
        int status;
        const char *error_type, *body, *hint;
    } rows[] = {
        {CALL_SET, API_V2, 404, "", "<html>Not Found</html>", "--write-api v1"},
        {CALL_SET, API_V2, 404, "", "", "--write-api v1"},
        {CALL_SET, API_V2, 405, "", "", "--write-api v1"},
        {CALL_SET, API_V2, 501, "InternalFailure", "{\"message\":\"not yet implemented\"}",
         "--write-api v1"},
        {CALL_GET, API_V2, 404, "", "", "--read-api v1"},
        {CALL_GET, API_V2, 404, "NotFoundException", "{\"message\":\"x\"}", NULL},
        {CALL_SET, API_V2, 400, "BadRequestException", "{\"message\":\"x\"}", NULL},
        {CALL_SET, API_V1, 404, "", "", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct scheduler d;
        scheduler_init(&d, rows[i].kind, rows[i].api, "example.com");
        struct aws_reply r = {.http_status = rows[i].status,
                              .error_type = text_of(rows[i].error_type),
                              .body = text_of(rows[i].body)};
        aws_reply_decode(d.call, &r);
        const char *said = strstr(d.call->reply.message, "an emulator may lack version 2");
        if (!rows[i].hint ? said != NULL : !said || !strstr(said, rows[i].hint))
            fail_msg("row %zu: %s", i, d.call->reply.message);
        scheduler_clear(&d);
    }
}

static void no_part_of_an_answer_is_read(void **state)
{
    (void)state;
    static const int statuses[] = {201, 202, 203, 204, 206, 207, 226, 299};
    for (size_t i = 0; i < COUNT(statuses); i++) {
        struct scheduler d;
        scheduler_init(&d, CALL_GET, API_V2, "example.com");
        struct aws_reply r = {.http_status = statuses[i],
                              .content_type = TEXT("application/json"),
                              .request_id = TEXT("r"),
                              .body = TEXT("{\"VerificationStatus\":\"SUCCESS\"}")};
        aws_reply_decode(d.call, &r);
        assert_int_equal(d.call->reply.how, REPLY_GARBLED);
        assert_int_equal(d.call->facts[0].known, 0);
        scheduler_clear(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_v2_write_is_put_together_and_signed),
        cmocka_unit_test(a_v1_read_with_a_token_is_put_together_and_signed),
        cmocka_unit_test(a_get_has_neither_body_nor_content_type),
        cmocka_unit_test(a_request_that_would_leave_its_endpoint_is_not_signed),
        cmocka_unit_test(each_version_goes_to_its_own_endpoint),
        cmocka_unit_test(every_kind_of_call_can_be_made_again_in_one_request),
        cmocka_unit_test(an_answer_carries_its_headers),
        cmocka_unit_test(a_date_that_is_no_date_is_none),
        cmocka_unit_test(sts_tells_whose_keys_these_are),
        cmocka_unit_test(a_write_is_accepted_by_its_documented_answer_alone),
        cmocka_unit_test(what_an_emulator_lacks_of_version_2_is_said_with_the_option),
        cmocka_unit_test(no_part_of_an_answer_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
