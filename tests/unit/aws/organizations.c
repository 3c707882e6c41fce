/*
 * AWS Organizations: bodies byte for byte; pages in the shapes of the API reference; and JSON that
 * nobody should believe.
 */
#include "aws/organizations.h"
#include "aws/aws_request.h"
#include "base/count.h"
#include "unit.h"

#include <stdlib.h>

static struct call *call_new(enum call_kind kind, const char *above)
{
    struct call *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->kind = kind;
    c->above = text_of(above);
    arena_init(&c->arena, 8u << 20);
    return c;
}

static void call_free(struct call *c)
{
    arena_clear(&c->arena);
    free(c);
}

static const struct {
    enum call_kind kind;
    const char *above, *token, *target, *body;
} requests[] = {
    {CALL_MEMBERS, "", "", "AWSOrganizationsV20161128.ListAccounts", "{\"MaxResults\":20}"},
    {CALL_MEMBERS, "", "a\"b", "AWSOrganizationsV20161128.ListAccounts",
     "{\"NextToken\":\"a\\\"b\",\"MaxResults\":20}"},
    {CALL_MEMBERS_OF, "ou-abcd-11111111", "", "AWSOrganizationsV20161128.ListAccountsForParent",
     "{\"ParentId\":\"ou-abcd-11111111\",\"MaxResults\":20}"},
    {CALL_UNITS, "r-abcd", "", "AWSOrganizationsV20161128.ListOrganizationalUnitsForParent",
     "{\"ParentId\":\"r-abcd\",\"MaxResults\":20}"},
    {CALL_ROOTS, "", "", "AWSOrganizationsV20161128.ListRoots", "{\"MaxResults\":20}"},
    {CALL_ACCOUNT_TAGS, "111122223333", "t", "AWSOrganizationsV20161128.ListTagsForResource",
     "{\"ResourceId\":\"111122223333\",\"NextToken\":\"t\"}"},
};

static void requests_are_made(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(requests); i++) {
        struct call *c = call_new(requests[i].kind, requests[i].above);
        struct buf target, body;
        buf_init(&target, 1024);
        buf_init(&body, 1024);
        c->token = text_of(requests[i].token);
        assert_int_equal(organizations_encode(c, &target, &body, NULL), OK);
        assert_text(buf_text(&target), text_of(requests[i].target));
        assert_text(buf_text(&body), text_of(requests[i].body));
        buf_clear(&target);
        buf_clear(&body);
        call_free(c);
    }
}

static void a_request_needs_what_it_is_about(void **state)
{
    (void)state;
    static const enum call_kind kinds[] = {CALL_MEMBERS_OF, CALL_UNITS, CALL_ACCOUNT_TAGS};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct call *c = call_new(kinds[i], "");
        struct buf target, body;
        buf_init(&target, 1024);
        buf_init(&body, 1024);
        assert_int_equal(organizations_encode(c, &target, &body, NULL), ERR_INPUT);
        buf_clear(&target);
        buf_clear(&body);
        call_free(c);
    }
}

/* The headers of a request that goes out, and where to. */
static void requests_name_their_action_under_the_signature(void **state)
{
    (void)state;
    struct endpoint e;
    struct aws_endpoints at = {.organizations = &e};
    struct credentials cred = {.access_key_id = "AKIDEXAMPLE", .secret_access_key = "x"};
    struct aws_request r;
    struct why why = {""};
    bool has_target = false, has_signed = false;
    assert_int_equal(endpoint_make(&e, TEXT("organizations"), TEXT("eu-west-1"), NULL, &why), OK);
    struct call *c = call_new(CALL_MEMBERS, "");
    aws_request_init(&r);
    assert_int_equal(aws_request_make(&r, c, &at, &cred, SPAN_S(1767225600), &why), OK);
    assert_string_equal(r.method, "POST");
    assert_text(buf_text(&r.url), TEXT("https://organizations.us-east-1.amazonaws.com/"));
    for (uint32_t i = 0; i < r.headers_len; i++) {
        struct text line = buf_text(&r.headers[i]);
        has_target |= text_eq(line, TEXT("X-Amz-Target: AWSOrganizationsV20161128.ListAccounts"));
        has_signed |=
            text_find_text(line, TEXT("us-east-1/organizations/aws4_request, "
                                      "SignedHeaders=content-type;host;x-amz-date;x-amz-target")) <
            line.len;
    }
    assert_true(has_target);
    assert_true(has_signed);
    aws_request_clear(&r);
    call_free(c);
}

static const struct {
    const char *region, *url; /* NULL: there is none */
    bool fips;
} places[] = {
    {"us-west-2", "https://organizations.us-east-1.amazonaws.com", false},
    {"us-west-2", "https://organizations-fips.us-east-1.amazonaws.com", true},
    {"cn-north-1", "https://organizations.cn-northwest-1.amazonaws.com.cn", false},
    {"us-gov-east-1", "https://organizations.us-gov-west-1.amazonaws.com", false},
    {"us-gov-east-1", "https://organizations.us-gov-west-1.amazonaws.com", true},
};

static void each_partition_has_one_endpoint(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(places); i++) {
        struct endpoint e;
        struct endpoint_settings settings = {.use_fips = places[i].fips};
        assert_int_equal(
            endpoint_make(&e, TEXT("organizations"), text_of(places[i].region), &settings, NULL),
            OK);
        assert_string_equal(e.url, places[i].url);
    }
}

static void decode(struct call *c, int status, const char *type, const char *body)
{
    call_answer_reset(c);
    organizations_decode(c, status, text_of(type), text_of(body));
}

static void accounts_are_read(void **state)
{
    (void)state;
    struct call *c = call_new(CALL_MEMBERS, "");
    decode(c, 200, "",
           "{\"Accounts\":[{\"Id\":\"111122223333\",\"Name\":\"a\\nb\",\"Status\":\"ACTIVE\"},"
           "{\"Id\":\"222233334444\",\"Status\":\"SUSPENDED\"},"
           "{\"Id\":\"333344445555\",\"Status\":\"ACTIVE\",\"State\":\"PENDING_ACTIVATION\"},"
           "{\"Id\":\"444455556666\",\"Status\":\"SUSPENDED\",\"State\":\"ACTIVE\",\"Paths\":[]},"
           "{\"Id\":\"555566667777\"}],\"NextToken\":\"n\"}");
    assert_int_equal(c->reply.how, REPLY_HTTP);
    assert_int_equal(c->items_len, 5);
    assert_text(c->items[0].name, TEXT("a\nb"));
    assert_true(c->items[0].is_active);
    assert_false(c->items[1].is_active);
    assert_false(c->items[2].is_active); /* the state is the newer word */
    assert_true(c->items[3].is_active);
    assert_false(c->items[4].is_active); /* nothing says so */
    assert_text(c->next_token, TEXT("n"));
    decode(c, 200, "", "{\"Accounts\":[],\"NextToken\":\"m\"}");
    assert_int_equal(c->items_len, 0);
    assert_text(c->next_token, TEXT("m"));
    decode(c, 200, "", "{\"Accounts\":[],\"NextToken\":null}");
    assert_int_equal(c->next_token.len, 0);
    call_free(c);
}

static void tags_are_read(void **state)
{
    (void)state;
    struct call *c = call_new(CALL_ACCOUNT_TAGS, "111122223333");
    decode(c, 200, "",
           "{\"Tags\":[{\"Key\":\"mail\",\"Value\":\"yes\"},{\"Key\":\"e\",\"Value\":\"\"}]}");
    assert_int_equal(c->tags_len, 2);
    assert_text(c->tags[0].key, TEXT("mail"));
    assert_text(c->tags[0].value, TEXT("yes"));
    call_free(c);
}

static void what_is_no_page_leaves_nothing(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "",
        "<html>",
        "[]",
        "{\"Accounts\":{}}",
        "{\"Accounts\":[1]}",
        "{\"Accounts\":[{\"Id\":\"111122223333\"},{\"Id\":7}]}",
        "{\"Accounts\":[{\"Id\":\"not-a-number\"}]}",
        "{\"Accounts\":[{\"Name\":\"a\"}]}",
        "{\"Accounts\":[{\"Id\":\"111122223333\"}],\"NextToken\":7}",
    };
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct call *c = call_new(CALL_MEMBERS, "");
        decode(c, 200, "", bodies[i]);
        assert_int_equal(c->reply.how, REPLY_GARBLED);
        assert_int_equal(c->items_len, 0);
        assert_int_equal(c->next_token.len, 0);
        call_free(c);
    }
}

static const struct {
    const char *type, *body, *code, *message;
} errors[] = {
    {"", "{\"__type\":\"AccessDeniedException\",\"Message\":\"no\"}", "AccessDeniedException",
     "no"},
    {"", "{\"__type\":\"com.amazonaws.organizations#TooManyRequestsException\"}",
     "TooManyRequestsException", "HTTP 400 without a message"},
    {"AccessDeniedException:http://x", "", "AccessDeniedException", "HTTP 400 without a message"},
    {"",
     "{\"__type\":\"InvalidInputException\",\"Reason\":\"INVALID_NEXT_TOKEN\",\"Message\":\"m\"}",
     "InvalidNextTokenException", "m"},
    {"", "{\"__type\":\"InvalidInputException\",\"Reason\":\"INVALID_PATTERN\"}",
     "InvalidInputException", "HTTP 400 without a message"},
};

static void errors_keep_their_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(errors); i++) {
        struct call *c = call_new(CALL_MEMBERS, "");
        decode(c, 400, errors[i].type, errors[i].body);
        assert_int_equal(c->reply.how, REPLY_HTTP);
        assert_string_equal(c->reply.code, errors[i].code);
        assert_string_equal(c->reply.message, errors[i].message);
        call_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_made),
        cmocka_unit_test(a_request_needs_what_it_is_about),
        cmocka_unit_test(requests_name_their_action_under_the_signature),
        cmocka_unit_test(each_partition_has_one_endpoint),
        cmocka_unit_test(accounts_are_read),
        cmocka_unit_test(tags_are_read),
        cmocka_unit_test(what_is_no_page_leaves_nothing),
        cmocka_unit_test(errors_keep_their_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
