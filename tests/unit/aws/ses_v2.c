/*
 * SES v2: paths, queries and bodies byte for byte; answers in the shapes of the API reference; and
 * JSON that nobody should believe.
 */
#include "aws/ses_v2.h"
#include "aws/json.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

static struct call *call_new(enum call_kind kind, const char *identity)
{
    struct call *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->kind = kind;
    c->api = API_V2;
    c->count = identity ? 1 : 0;
    c->identities[0] = text_of(identity);
    arena_init(&c->arena, 8u << 20);
    return c;
}

static void call_free(struct call *c)
{
    arena_clear(&c->arena);
    free(c);
}

struct encoded {
    const char *method;
    struct buf path, query, body;
};

static enum err encode(struct encoded *e, const struct call *c)
{
    buf_init(&e->path, REQUEST_BODY_MAX);
    buf_init(&e->query, REQUEST_BODY_MAX);
    buf_init(&e->body, REQUEST_BODY_MAX);
    return ses_v2_encode(c, &e->method, &e->path, &e->query, &e->body, NULL);
}

static void encoded_clear(struct encoded *e)
{
    buf_clear(&e->path);
    buf_clear(&e->query);
    buf_clear(&e->body);
}

static const struct {
    enum call_kind kind;
    const char *identity, *mail_from, *token;
    enum behavior behavior;
    const char *method, *path, *query, *body;
} requests[] = {
    {CALL_GET, "user+x@example.com", "", "", 0, "GET",
     "/v2/email/identities/user%2Bx%40example.com", "", ""},
    {CALL_GET, "o'b/x@example.com", "", "", 0, "GET",
     "/v2/email/identities/o%27b%2Fx%40example.com", "", ""},
    {CALL_GET, "percent%41@example.com", "", "", 0, "GET",
     "/v2/email/identities/percent%2541%40example.com", "", ""},
    {CALL_GET, "../account", "", "", 0, "GET", "/v2/email/identities/..%2Faccount", "", ""},
    {CALL_GET,
     "b\xc3\xbc"
     "cher.example",
     "", "", 0, "GET", "/v2/email/identities/b%C3%BCcher.example", "", ""},
    {CALL_SET, "example.com", "bounce.example.com", "", BEHAVIOR_USE_DEFAULT_VALUE, "PUT",
     "/v2/email/identities/example.com/mail-from", "",
     "{\"MailFromDomain\":\"bounce.example.com\",\"BehaviorOnMxFailure\":\"USE_DEFAULT_VALUE\"}"},
    {CALL_SET, "example.com", "b.example.com", "", BEHAVIOR_REJECT_MESSAGE, "PUT",
     "/v2/email/identities/example.com/mail-from", "",
     "{\"MailFromDomain\":\"b.example.com\",\"BehaviorOnMxFailure\":\"REJECT_MESSAGE\"}"},
    {CALL_SET, "example.com", "", "", BEHAVIOR_USE_DEFAULT_VALUE, "PUT",
     "/v2/email/identities/example.com/mail-from", "",
     "{\"BehaviorOnMxFailure\":\"USE_DEFAULT_VALUE\"}"},
    {CALL_LIST, NULL, "", "", 0, "GET", "/v2/email/identities", "PageSize=1000", ""},
    {CALL_LIST, NULL, "", "a/b+c=", 0, "GET", "/v2/email/identities",
     "NextToken=a%2Fb%2Bc%3D&PageSize=1000", ""},
    {CALL_ACCOUNT, NULL, "", "", 0, "GET", "/v2/email/account", "", ""},
    {CALL_ENDPOINTS, NULL, "", "", 0, "GET", "/v2/email/multi-region-endpoints", "PageSize=1000",
     ""},
    {CALL_ENDPOINTS, NULL, "", "YWI=", 0, "GET", "/v2/email/multi-region-endpoints",
     "NextToken=YWI%3D&PageSize=1000", ""},
    {CALL_ADVICE, NULL, "", "", 0, "POST", "/v2/email/vdm/recommendations", "",
     "{\"Filter\":{\"STATUS\":\"OPEN\"},\"PageSize\":100}"},
    {CALL_ADVICE, NULL, "", "a\"b", 0, "POST", "/v2/email/vdm/recommendations", "",
     "{\"Filter\":{\"STATUS\":\"OPEN\"},\"NextToken\":\"a\\\"b\",\"PageSize\":100}"},
};

static void requests_are_encoded_for_the_wire(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(requests); i++) {
        struct encoded e;
        struct call *c = call_new(requests[i].kind, requests[i].identity);
        c->mail_from = text_of(requests[i].mail_from);
        c->token = text_of(requests[i].token);
        c->behavior = requests[i].behavior;
        assert_int_equal(encode(&e, c), OK);
        assert_string_equal(e.method, requests[i].method);
        assert_text(buf_text(&e.path), text_of(requests[i].path));
        assert_text(buf_text(&e.query), text_of(requests[i].query));
        assert_text(buf_text(&e.body), text_of(requests[i].body));
        encoded_clear(&e);
        call_free(c);
    }
}

static void an_identity_that_would_change_the_path_is_refused(void **state)
{
    (void)state;
    static const char *const identities[] = {"", ".", ".."};
    for (size_t i = 0; i < COUNT(identities); i++) {
        struct encoded e;
        struct call *c = call_new(CALL_SET, identities[i]);
        assert_int_equal(encode(&e, c), ERR_INPUT);
        c->kind = CALL_GET;
        assert_int_equal(encode(&e, c), ERR_INPUT);
        c->kind = CALL_READ_MAIL_FROM;
        assert_int_equal(encode(&e, c), ERR_INPUT);
        encoded_clear(&e);
        call_free(c);
    }
}

static const struct {
    const char *body;
    enum verification verification;
    const char *mail_from;
    enum mail_from_status status;
    enum behavior behavior;
    bool forwarding;
} identities[] = {
    {"{\"IdentityType\":\"DOMAIN\",\"FeedbackForwardingStatus\":true,\"VerifiedForSendingStatus\":"
     "true,\"DkimAttributes\":{\"SigningEnabled\":true,\"Status\":\"SUCCESS\",\"Tokens\":[\"a\"],"
     "\"LastKeyGenerationTimestamp\":1.6961472E9},\"MailFromAttributes\":{\"MailFromDomain\":"
     "\"bounce.example.com\",\"MailFromDomainStatus\":\"PENDING\",\"BehaviorOnMxFailure\":"
     "\"REJECT_MESSAGE\"},\"Policies\":{},\"Tags\":[],\"VerificationStatus\":\"SUCCESS\"}",
     VERIFICATION_SUCCESS, "bounce.example.com", MAIL_FROM_PENDING, BEHAVIOR_REJECT_MESSAGE, true},
    {"{\"VerificationStatus\":\"SUCCESS\",\"FeedbackForwardingStatus\":false,"
     "\"MailFromAttributes\":{\"BehaviorOnMxFailure\":\"USE_DEFAULT_VALUE\"}}",
     VERIFICATION_SUCCESS, "", MAIL_FROM_NONE, BEHAVIOR_USE_DEFAULT_VALUE, false},
    {"{\"VerificationStatus\":\"PENDING\",\"VerifiedForSendingStatus\":true,\"MailFromAttributes\":"
     "null,\"FeedbackForwardingStatus\":null}",
     VERIFICATION_PENDING, "", MAIL_FROM_NONE, BEHAVIOR_USE_DEFAULT_VALUE, true},
    {" {\"VerifiedForSendingStatus\":true, \"MailFromAttributes\":{\"MailFromDomain\":\"\","
     "\"MailFromDomainStatus\":\"FAILED\"}} \r\n",
     VERIFICATION_SUCCESS, "", MAIL_FROM_NONE, BEHAVIOR_USE_DEFAULT_VALUE, true},
    {"{\"VerifiedForSendingStatus\":false,\"MailFromAttributes\":{\"MailFromDomain\":\"a.b\","
     "\"MailFromDomainStatus\":\"DREAMING\",\"BehaviorOnMxFailure\":\"SHRUG\"}}",
     VERIFICATION_PENDING, "a.b", MAIL_FROM_UNKNOWN, BEHAVIOR_USE_DEFAULT_VALUE, true},
    {"{\"VerificationStatus\":\"UNHEARD_OF\"}", VERIFICATION_NOT_STARTED, "", MAIL_FROM_NONE,
     BEHAVIOR_USE_DEFAULT_VALUE, true},
};

static void one_identity_comes_with_all_its_facts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(identities); i++) {
        struct call *c = call_new(CALL_GET, "example.com");
        ses_v2_decode(c, 200, TEXT_NONE, text_of(identities[i].body));
        if (c->reply.how != REPLY_HTTP)
            fail_msg("row %zu: %s", i, c->reply.message);
        const struct ses_facts *f = &c->facts[0];
        assert_int_equal(f->known,
                         KNOWN_VERIFICATION | KNOWN_MAIL_FROM | KNOWN_FORWARDING | KNOWN_DKIM);
        assert_int_equal(f->verification, identities[i].verification);
        assert_text(f->mail_from, text_of(identities[i].mail_from));
        assert_int_equal(f->status, identities[i].status);
        assert_int_equal(f->behavior, identities[i].behavior);
        assert_int_equal(f->forwarding, identities[i].forwarding);
        call_free(c);
    }
}

static void dkim_comes_with_an_identity(void **state)
{
    (void)state;
    static const struct {
        const char *dkim;
        bool is_good;
        enum dkim_status status;
    } table[] = {
        {"{\"SigningEnabled\":true,\"Status\":\"SUCCESS\",\"Tokens\":[\"a\",\"b\",\"c\"]}", true,
         DKIM_SUCCESS},
        {"{\"SigningEnabled\":false,\"Status\":\"SUCCESS\"}", true, DKIM_DISABLED},
        {"{\"SigningEnabled\":null,\"Status\":\"SUCCESS\"}", true, DKIM_UNKNOWN},
        {"{\"Status\":\"SUCCESS\"}", true, DKIM_UNKNOWN},
        {"{\"SigningEnabled\":false,\"Status\":\"NOT_STARTED\"}", true, DKIM_NOT_STARTED},
        {"{\"SigningEnabled\":true,\"Status\":\"TEMPORARY_FAILURE\"}", true,
         DKIM_TEMPORARY_FAILURE},
        {"{\"SigningEnabled\":true,\"Status\":\"UNHEARD_OF\"}", true, DKIM_UNKNOWN},
        {"{}", true, DKIM_UNKNOWN},
        {"null", true, DKIM_UNKNOWN},
        {"[]", false, DKIM_UNKNOWN},
        {"{\"SigningEnabled\":\"yes\"}", false, DKIM_UNKNOWN},
        {"{\"Status\":7}", false, DKIM_UNKNOWN},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct call *c = call_new(CALL_GET, "example.com");
        char body[256];
        snprintf(body, sizeof body, "{\"VerificationStatus\":\"SUCCESS\",\"DkimAttributes\":%s}",
                 table[i].dkim);
        ses_v2_decode(c, 200, TEXT_NONE, text_of(body));
        if ((c->reply.how == REPLY_HTTP) != table[i].is_good ||
            c->facts[0].dkim != table[i].status ||
            (c->facts[0].known & KNOWN_DKIM) != (table[i].is_good ? KNOWN_DKIM : 0))
            fail_msg("row %zu: %s", i, c->reply.message);
        call_free(c);
    }
}

static void lists_and_accounts_are_read(void **state)
{
    (void)state;
    struct call *c = call_new(CALL_LIST, NULL);
    ses_v2_decode(
        c, 200, TEXT_NONE,
        TEXT("{\"EmailIdentities\":[{\"IdentityName\":\"a.example\",\"IdentityType\":"
             "\"DOMAIN\",\"SendingEnabled\":true},{\"IdentityName\":\"\\u00fc@a.example\"}]"
             ",\"NextToken\":\"t/+\"}"));
    assert_int_equal(c->reply.how, REPLY_HTTP);
    assert_int_equal(c->listed_len, 2);
    assert_text(c->listed[1], TEXT("\xc3\xbc@a.example"));
    assert_text(c->next_token, TEXT("t/+"));
    ses_v2_decode(c, 200, TEXT_NONE, TEXT("{\"EmailIdentities\":[],\"NextToken\":null}"));
    assert_int_equal(c->reply.how, REPLY_HTTP);
    assert_int_equal(c->listed_len + c->next_token.len, 0);
    c->kind = CALL_ACCOUNT;
    ses_v2_decode(c, 200, TEXT_NONE,
                  TEXT("{\"SendingEnabled\":true,\"ProductionAccessEnabled\":false,"
                       "\"EnforcementStatus\":\"PROBATION\",\"SendQuota\":{\"Max24HourSend\":200.0,"
                       "\"MaxSendRate\":1.5,\"SentLast24Hours\":0}}"));
    assert_int_equal(c->reply.how, REPLY_HTTP);
    assert_true(c->account.sending_enabled && !c->account.production_access);
    assert_text(c->account.enforcement_status, TEXT("PROBATION"));
    assert_true(c->account.max_24_hour_send == 200.0 && c->account.max_send_rate == 1.5);
    assert_false(c->account.has_advisor);
    call_free(c);
}

static void global_endpoints_are_read(void **state)
{
    (void)state;
    struct call *c = call_new(CALL_ENDPOINTS, NULL);
    ses_v2_decode(c, 200, TEXT_NONE,
                  TEXT("{\"MultiRegionEndpoints\":[{\"EndpointName\":\"ha\",\"Status\":\"READY\","
                       "\"EndpointId\":\"a1.b2\",\"Regions\":[\"us-east-1\",\"eu-west-1\"],"
                       "\"CreatedTimestamp\":1.73E9},{\"EndpointName\":\"new\",\"Regions\":null}],"
                       "\"NextToken\":\"YQ==\"}"));
    assert_int_equal(c->reply.how, REPLY_HTTP);
    assert_int_equal(c->endpoints_len, 2);
    assert_text(c->endpoints[0].name, TEXT("ha"));
    assert_text(c->endpoints[0].status, TEXT("READY"));
    assert_text(global_endpoint_other(&c->endpoints[0], TEXT("us-east-1")), TEXT("eu-west-1"));
    assert_text(global_endpoint_other(&c->endpoints[0], TEXT("eu-west-1")), TEXT("us-east-1"));
    assert_int_equal(global_endpoint_other(&c->endpoints[0], TEXT("us-west-2")).len, 0);
    assert_true(global_endpoint_counts(&c->endpoints[0]));
    assert_false(global_endpoint_counts(&c->endpoints[1]));
    assert_text(c->next_token, TEXT("YQ=="));
    ses_v2_decode(c, 200, TEXT_NONE, TEXT("{}"));
    assert_int_equal(c->reply.how, REPLY_HTTP);
    assert_int_equal(c->endpoints_len + c->next_token.len, 0);
    static const char *const broken[] = {
        "{\"MultiRegionEndpoints\":{}}",
        "{\"MultiRegionEndpoints\":[\"ha\"]}",
        "{\"MultiRegionEndpoints\":[{\"Status\":\"READY\"}]}",
        "{\"MultiRegionEndpoints\":[{\"EndpointName\":\"a\",\"Regions\":\"us-east-1\"}]}",
        "{\"MultiRegionEndpoints\":[{\"EndpointName\":\"a\",\"Regions\":[1]}]}",
        "{\"MultiRegionEndpoints\":[{\"EndpointName\":\"a\"}],\"NextToken\":1}",
    };
    for (size_t i = 0; i < COUNT(broken); i++) {
        ses_v2_decode(c, 200, TEXT_NONE, text_of(broken[i]));
        if (c->reply.how != REPLY_GARBLED || c->endpoints_len)
            fail_msg("%s was accepted", broken[i]);
    }
    call_free(c);
}

#define ADVISED(more) "{\"ResourceArn\":\"arn:aws:ses:us-east-1:111122223333:identity/" more "}"

static void recommendations_are_read(void **state)
{
    (void)state;
    struct call *c = call_new(CALL_ACCOUNT, NULL);
    ses_v2_decode(c, 200, TEXT_NONE,
                  TEXT("{\"SendingEnabled\":true,\"VdmAttributes\":{\"VdmEnabled\":\"ENABLED\"}}"));
    assert_true(c->account.has_advisor);
    ses_v2_decode(c, 200, TEXT_NONE,
                  TEXT("{\"SendingEnabled\":true,\"VdmAttributes\":{\"VdmEnabled\":7}}"));
    assert_int_equal(c->reply.how, REPLY_GARBLED);
    c->kind = CALL_ADVICE;
    ses_v2_decode(
        c, 200, TEXT_NONE,
        TEXT("{\"Recommendations\":[" ADVISED(
            "a.example\",\"Type\":\"SPF\",\"Description\":\"MAIL FROM record is not aligned.\","
            "\"Status\":\"OPEN\",\"Impact\":\"HIGH\"") "," ADVISED("b.example\",\"Status\":"
                                                                   "\"FIXED\"") ","
                                                                                "{\"ResourceArn\":"
                                                                                "\"arn:aws:ses:us-"
                                                                                "east-1:"
                                                                                "111122223333:"
                                                                                "configuration-set/"
                                                                                "x\","
                                                                                "\"Type\":\"BIMI\","
                                                                                "\"Impact\":"
                                                                                "\"LOW\"}," ADVISED(
                                                                                    "u/"
                                                                                    "x@c.example\","
                                                                                    "\"Type\":"
                                                                                    "\"DKIM\"") "]"
                                                                                                "}"));
    assert_int_equal(c->reply.how, REPLY_HTTP);
    assert_int_equal(c->advice_len, 3); /* without the one that is fixed */
    assert_int_equal(c->advice[0].type, ADVISOR_SPF);
    assert_true(c->advice[0].is_high && !c->advice[1].is_high);
    assert_text(c->advice[0].identity, TEXT("a.example"));
    assert_text(c->advice[0].description, TEXT("MAIL FROM record is not aligned."));
    assert_int_equal(c->advice[1].type, ADVISOR_OTHER);
    assert_int_equal(c->advice[1].identity.len, 0);
    assert_text(c->advice[2].identity, TEXT("u/x@c.example"));
    static const char *const broken[] = {
        "{\"Recommendations\":1}",
        "{\"Recommendations\":[[]]}",
        "{\"Recommendations\":[{\"Type\":1}]}",
        "{\"Recommendations\":[{\"Type\":\"SPF\"}],\"NextToken\":{}}",
    };
    for (size_t i = 0; i < COUNT(broken); i++) {
        ses_v2_decode(c, 200, TEXT_NONE, text_of(broken[i]));
        if (c->reply.how != REPLY_GARBLED || c->advice_len)
            fail_msg("%s was accepted", broken[i]);
    }
    call_free(c);
}

static void a_set_is_answered_by_an_empty_object_or_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum reply_how how;
    } answers[] = {
        {"{}", REPLY_HTTP},    {"", REPLY_HTTP},     {"{\"Surprise\":[1,2]}", REPLY_GARBLED},
        {"[]", REPLY_GARBLED}, {"{", REPLY_GARBLED}, {"<html></html>", REPLY_GARBLED}};
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct call *c = call_new(CALL_SET, "example.com");
        ses_v2_decode(c, 200, TEXT_NONE, text_of(answers[i].body));
        assert_int_equal(c->reply.how, answers[i].how);
        call_free(c);
    }
}

static const struct {
    int status;
    const char *error_type, *body, *code, *message;
} errors[] = {
    {404, "NotFoundException", "{\"message\":\"Email identity x does not exist.\"}",
     "NotFoundException", "Email identity x does not exist."},
    {403, "InvalidSignatureException:http://internal.amazon.com/coral/com.amazon.coral.service/",
     "{\"Message\":\"no\",\"message\":null}", "InvalidSignatureException", "no"},
    {400, "", "{\"__type\":\"com.amazonaws.ses#BadRequestException\",\"message\":\"m\"}",
     "BadRequestException", "m"},
    {429, "", "{\"code\":\"TooManyRequestsException\"}", "TooManyRequestsException",
     "HTTP 429 without a message"},
    {400, "", "{\"Code\":\"aws#ThrottlingException:http://x\",\"code\":null,\"message\":7}",
     "ThrottlingException", "HTTP 400 without a message"},
    {503, "", "<html>busy</html>", "", "HTTP 503 without a message"},
    {500, "", "", "", "HTTP 500 without a message"},
    {500, "InternalServiceErrorException", "", "InternalServiceErrorException",
     "HTTP 500 without a message"},
    {400, "", "[\"code\"]", "", "HTTP 400 without a message"},
    {302, "", "", "", "HTTP 302 is a redirect, which is not followed"},
};

static void errors_are_found_in_header_and_body(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(errors); i++) {
        struct call *c = call_new(CALL_GET, "example.com");
        ses_v2_decode(c, errors[i].status, text_of(errors[i].error_type), text_of(errors[i].body));
        assert_int_equal(c->reply.how, REPLY_HTTP);
        assert_int_equal(c->reply.http_status, errors[i].status);
        assert_string_equal(c->reply.code, errors[i].code);
        assert_string_equal(c->reply.message, errors[i].message);
        assert_int_equal(c->facts[0].known, 0);
        call_free(c);
    }
}

static void tags_come_with_an_identity(void **state)
{
    (void)state;
    struct call *c = call_new(CALL_GET, "example.com");
    ses_v2_decode(c, 200, TEXT_NONE,
                  TEXT("{\"VerificationStatus\":\"SUCCESS\",\"Tags\":[{\"Key\":\"team\","
                       "\"Value\":\"a=b\"},{\"Value\":\"no key\"},{\"Key\":\"bare\"}]}"));
    assert_int_equal(c->reply.how, REPLY_HTTP);
    assert_int_equal(c->tags_len, 2);
    assert_text(c->tags[0].key, TEXT("team"));
    assert_text(c->tags[0].value, TEXT("a=b"));
    assert_text(c->tags[1].key, TEXT("bare"));
    assert_text(c->tags[1].value, TEXT(""));
    call_answer_reset(c);
    assert_int_equal(c->tags_len, 0);
    call_free(c);
}

#define GOOD "\"VerificationStatus\":\"SUCCESS\""

static const struct text garbled[] = {
    TEXT(""),
    TEXT("null"),
    TEXT("[]"),
    TEXT("\"VerificationStatus\""),
    TEXT("{}"),
    TEXT("{" GOOD),
    TEXT("{" GOOD "}}"),
    TEXT("{" GOOD "} {}"),
    TEXT("{" GOOD ",\"Tags\":{}}"),
    TEXT("{" GOOD ",\"Tags\":[\"team\"]}"),
    TEXT("{" GOOD ",\"Tags\":[{\"Key\":1}]}"),
    TEXT("{" GOOD "}\0"),
    TEXT("{" GOOD "} x"),
    TEXT("{" GOOD "," GOOD "}"),
    TEXT("{" GOOD ",\"MailFromAttributes\":{\"MailFromDomain\":\"a\",\"MailFromDomain\":\"b\"}}"),
    TEXT("{" GOOD ",\"MailFromAttributes\":{\"MailFromDomain\":7}}"),
    TEXT("{" GOOD ",\"MailFromAttributes\":{\"MailFromDomain\":\"a.b\\u0000.c\"}}"),
    TEXT("{" GOOD ",\"MailFromAttributes\":\"none\"}"),
    TEXT("{" GOOD ",\"FeedbackForwardingStatus\":\"true\"}"),
    TEXT("{\"VerificationStatus\":true}"),
    TEXT("{" GOOD ",\"x\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"),
};

static void json_that_is_not_what_was_promised_is_no_fact(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(garbled); i++) {
        struct call *c = call_new(CALL_GET, "example.com");
        ses_v2_decode(c, 200, TEXT_NONE, garbled[i]);
        if (c->reply.how != REPLY_GARBLED)
            fail_msg("row %zu was accepted", i);
        assert_true(c->reply.message[0]);
        assert_int_equal(c->facts[0].known, 0);
        c->kind = CALL_LIST;
        ses_v2_decode(c, 200, TEXT_NONE, garbled[i]);
        assert_int_equal(c->reply.how, REPLY_GARBLED);
        call_free(c);
    }
}

static void json_is_bounded_before_it_costs_memory(void **state)
{
    (void)state;
    struct json *root;
    struct buf text;
    buf_init(&text, 8u << 20);
    buf_add_char(&text, '[');
    for (unsigned i = 0; i < JSON_NODES_MAX + 10; i++)
        buf_add_str(&text, "1,");
    buf_add_str(&text, "1]");
    assert_int_equal(json_parse(&root, buf_text(&text), NULL), ERR_PROTO);
    assert_null(root);
    buf_reset(&text);
    buf_add_char(&text, '{');
    for (unsigned i = 0; i < JSON_MEMBERS_MAX + 1; i++)
        buf_add_fmt(&text, "%s\"m%u\":1", i ? "," : "", i);
    buf_add_char(&text, '}');
    assert_int_equal(json_parse(&root, buf_text(&text), NULL), ERR_PROTO);
    buf_reset(&text);
    for (unsigned i = 0; i < 100000; i++)
        buf_add_char(&text, '[');
    assert_int_equal(json_parse(&root, buf_text(&text), NULL), ERR_PROTO);
    buf_clear(&text);
}

static void a_damaged_answer_is_whole_or_nothing(void **state)
{
    (void)state;
    uint64_t seed = 20260521;
    struct text good = text_of(identities[0].body);
    char *copy = malloc(good.len);
    struct call *c = call_new(CALL_GET, "example.com");
    for (size_t i = 0; i < good.len + 2000; i++) {
        size_t len = i < good.len ? i : good.len;
        memcpy(copy, good.at, good.len);
        if (len == good.len)
            copy[dice(&seed) % len] = (char)dice(&seed);
        memset(c->facts, 0, sizeof c->facts[0]);
        ses_v2_decode(c, 200, TEXT_NONE, (struct text){copy, len});
        assert_true((c->reply.how == REPLY_HTTP) == (c->facts[0].known != 0));
        arena_reset(&c->arena);
    }
    free(copy);
    call_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_encoded_for_the_wire),
        cmocka_unit_test(an_identity_that_would_change_the_path_is_refused),
        cmocka_unit_test(one_identity_comes_with_all_its_facts),
        cmocka_unit_test(dkim_comes_with_an_identity),
        cmocka_unit_test(lists_and_accounts_are_read),
        cmocka_unit_test(global_endpoints_are_read),
        cmocka_unit_test(recommendations_are_read),
        cmocka_unit_test(a_set_is_answered_by_an_empty_object_or_nothing),
        cmocka_unit_test(tags_come_with_an_identity),
        cmocka_unit_test(errors_are_found_in_header_and_body),
        cmocka_unit_test(json_that_is_not_what_was_promised_is_no_fact),
        cmocka_unit_test(json_is_bounded_before_it_costs_memory),
        cmocka_unit_test(a_damaged_answer_is_whole_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
