/*
 * Cloudflare: what leaves, byte for byte; what its answers mean; and answers that nobody should
 * believe. The shapes are those of its API reference.
 */
#include "calls/verdict.h"
#include "providers/provider_calls.h"

#include <stdio.h>

#define ZONE_ID "023e105f4ecef8ad9ca31a8372d0c353"
#define TOKEN   "Sn3lZJTBX6kkg7OdcBUAxOO963GEIyGQqnFTOFYY"
#define ORIGIN  "https://api.cloudflare.com"

static struct call *call_new(enum call_kind kind)
{
    struct call *c = call_to(API_CLOUDFLARE, kind);
    c->zone_id = TEXT(ZONE_ID);
    return c;
}

static enum err make_at(struct aws_request *r, const struct call *c, const char *url,
                        const char *token, struct why *why)
{
    struct provider_at at = {.kind = PROVIDER_CLOUDFLARE, .token = text_of(token)};
    assert_int_equal(cloudflare_endpoint(&at.endpoint, text_of(url), why), OK);
    return provider_request_make(r, c, &at, NULL, 0, why);
}

static const struct {
    enum call_kind kind;
    const char *zone, *token, *url;
} questions[] = {
    {CALL_ZONES, "example.com", "", "?name=example.com&per_page=50&page=1"},
    {CALL_ZONES, "", "3", "?per_page=50&page=3"},
    {CALL_RECORDS, "", "",
     "/" ZONE_ID "/dns_records?name.exact=bounce.example.com&per_page=100&page=1"},
    {CALL_RECORDS, "", "2",
     "/" ZONE_ID "/dns_records?name.exact=bounce.example.com&per_page=100&page=2"},
};

static void a_question_is_a_get_with_the_token(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(questions); i++) {
        struct aws_request r;
        struct call *c = call_new(questions[i].kind);
        char url[256];
        c->zone = text_of(questions[i].zone);
        c->token = text_of(questions[i].token);
        aws_request_init(&r);
        assert_int_equal(make_at(&r, c, "", TOKEN, NULL), OK);
        snprintf(url, sizeof url, ORIGIN "/client/v4/zones%s", questions[i].url);
        assert_string_equal(r.method, "GET");
        assert_string_equal(r.url.at, url);
        assert_string_equal(header_of(&r, "Authorization"), "Bearer " TOKEN);
        assert_string_equal(header_of(&r, "Host"), "api.cloudflare.com");
        assert_string_equal(header_of(&r, "X-Amz-Date"), "");
        aws_request_clear(&r);
        call_free(c);
    }
}

static const struct {
    const char *url;
    bool is_good;
} endpoints[] = {
    {"", true},
    {"https://api.example", true},
    {"http://127.0.0.1:8080", true},
    {"http://localhost:8080/", true},
    {"http://[::1]:8080", true},
    {"http://api.cloudflare.com", false},
    {"http://10.0.0.1", false},
    {"https://user@api.example", false},
    {"https://api.example/path", false},
    {"ftp://api.example", false},
};

static void the_token_leaves_over_plain_http_to_loopback_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(endpoints); i++) {
        struct endpoint e;
        struct why why = {""};
        enum err err = cloudflare_endpoint(&e, text_of(endpoints[i].url), &why);
        assert_int_equal(err, endpoints[i].is_good ? OK : ERR_INPUT);
        assert_int_equal(why.text[0] != '\0', err != OK);
    }
    struct provider_at open = {.kind = PROVIDER_CLOUDFLARE, .token = TEXT(TOKEN)};
    struct endpoint_settings settings = {.url = TEXT("http://10.0.0.1")};
    assert_int_equal(endpoint_make(&open.endpoint, TEXT("ses"), TEXT("us-east-1"), &settings, NULL),
                     OK);
    struct aws_request r;
    struct why why = {""};
    struct call *c = call_new(CALL_ZONES);
    aws_request_init(&r);
    assert_int_equal(provider_request_make(&r, c, &open, NULL, 0, &why), ERR_AUTH);
    assert_int_equal(r.headers_len, 0);
    assert_null(strstr(why.text, TOKEN));
    call_free(c);
}

static void what_is_no_token_is_not_sent(void **state)
{
    (void)state;
    static const char *const tokens[] = {"", "two words", "line\nend", "t\xc3\xb6ken", "tab\t"};
    for (size_t i = 0; i < COUNT(tokens); i++) {
        struct aws_request r;
        struct why why = {""};
        struct call *c = call_new(CALL_ZONES);
        aws_request_init(&r);
        assert_int_equal(make_at(&r, c, "", tokens[i], &why), ERR_AUTH);
        assert_int_equal(r.headers_len + r.url.len, 0);
        assert_true(!tokens[i][0] || !strstr(why.text, tokens[i]));
        call_free(c);
    }
}

#define NAME "bounce.example.com"

static struct record_set set_of(uint16_t type, const struct record_value *values, uint32_t len)
{
    return (struct record_set){TEXT(NAME), type, 300, values, len, false};
}

static void assert_batch(const struct record_change *changes, uint32_t len, const char *body)
{
    struct aws_request r;
    struct call *c = call_new(CALL_CHANGE);
    c->changes = changes;
    c->changes_len = len;
    aws_request_init(&r);
    assert_int_equal(make_at(&r, c, "", TOKEN, NULL), OK);
    assert_string_equal(r.method, "POST");
    assert_string_equal(r.url.at, ORIGIN "/client/v4/zones/" ZONE_ID "/dns_records/batch");
    assert_string_equal(header_of(&r, "Content-Type"), "application/json");
    assert_string_equal(r.body.at, body);
    aws_request_clear(&r);
    call_free(c);
}

static void a_set_is_created_value_by_value(void **state)
{
    (void)state;
    const struct record_value mx[] = {
        {.preference = 10, .data = TEXT("feedback-smtp.us-east-1.amazonses.com")},
        {.data = TEXT("")}};
    const struct record_value txt = {.data = TEXT("v=spf1 \"x\" include:amazonses.com ~all")};
    const struct record_change changes[] = {
        {.kind = CHANGE_CREATE, .set = set_of(DNS_TYPE_MX, mx, 2)},
        {.kind = CHANGE_CREATE, .set = set_of(DNS_TYPE_TXT, &txt, 1)},
    };
    assert_batch(changes, COUNT(changes),
                 "{\"posts\":["
                 "{\"name\":\"" NAME "\",\"type\":\"MX\",\"content\":"
                 "\"feedback-smtp.us-east-1.amazonses.com\",\"priority\":10,\"ttl\":300,"
                 "\"comment\":\"mailfrom\"},"
                 "{\"name\":\"" NAME "\",\"type\":\"MX\",\"content\":\".\",\"priority\":0,"
                 "\"ttl\":300,\"comment\":\"mailfrom\"},"
                 "{\"name\":\"" NAME "\",\"type\":\"TXT\",\"content\":"
                 "\"\\\"v=spf1 \\\\\\\"x\\\\\\\" include:amazonses.com ~all\\\"\",\"ttl\":300,"
                 "\"comment\":\"mailfrom\"}]}");
}

static void a_set_is_removed_by_the_ids_of_its_records(void **state)
{
    (void)state;
    const struct record_value mx[] = {{.preference = 10, .data = TEXT("a"), .id = TEXT("id1")},
                                      {.preference = 20, .data = TEXT("b"), .id = TEXT("id2")}};
    const struct record_change change = {.kind = CHANGE_DELETE, .set = set_of(DNS_TYPE_MX, mx, 2)};
    assert_batch(&change, 1, "{\"deletes\":[{\"id\":\"id1\"},{\"id\":\"id2\"}]}");
}

static void a_swap_patches_only_what_differs(void **state)
{
    (void)state;
    const struct record_value old[] = {{.data = TEXT("site=1"), .id = TEXT("id1")},
                                       {.data = TEXT("v=spf1 -all"), .id = TEXT("id2")},
                                       {.data = TEXT("site=2"), .id = TEXT("id3")}};
    const struct record_value new[] = {{.data = TEXT("site=1")},
                                       {.data = TEXT("v=spf1 include:amazonses.com -all")},
                                       {.data = TEXT("site=2")},
                                       {.data = TEXT("site=3")}};
    const struct record_change grows = {.kind = CHANGE_SWAP,
                                        .old = set_of(DNS_TYPE_TXT, old, 3),
                                        .set = set_of(DNS_TYPE_TXT, new, 4)};
    assert_batch(&grows, 1,
                 "{\"patches\":[{\"id\":\"id2\",\"content\":"
                 "\"\\\"v=spf1 include:amazonses.com -all\\\"\",\"ttl\":300}],"
                 "\"posts\":[{\"name\":\"" NAME "\",\"type\":\"TXT\",\"content\":"
                 "\"\\\"site=3\\\"\",\"ttl\":300,\"comment\":\"mailfrom\"}]}");
    const struct record_change shrinks = {.kind = CHANGE_SWAP,
                                          .old = set_of(DNS_TYPE_TXT, old, 3),
                                          .set = set_of(DNS_TYPE_TXT, new, 2)};
    assert_batch(&shrinks, 1,
                 "{\"deletes\":[{\"id\":\"id3\"}],\"patches\":[{\"id\":\"id2\",\"content\":"
                 "\"\\\"v=spf1 include:amazonses.com -all\\\"\",\"ttl\":300}]}");
}

static void a_change_that_must_not_be_sent_is_refused(void **state)
{
    (void)state;
    static struct record_value many[CLOUDFLARE_BATCH_RECORDS + 1];
    const struct record_value no_id = {.data = TEXT("a")};
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = (struct record_value){.preference = (uint16_t)i, .data = TEXT("a")};
    struct record_change changes[] = {
        {.kind = CHANGE_DELETE, .set = set_of(DNS_TYPE_MX, &no_id, 1)},
        {.kind = CHANGE_CREATE, .set = set_of(DNS_TYPE_MX, &no_id, 0)},
        {.kind = CHANGE_CREATE, .set = set_of(0, &no_id, 1)},
        {.kind = CHANGE_SWAP,
         .old = set_of(DNS_TYPE_MX, &no_id, 1),
         .set = set_of(DNS_TYPE_TXT, &no_id, 1)},
        {.kind = CHANGE_SWAP, /* nothing differs */
         .old = set_of(DNS_TYPE_MX, &no_id, 1),
         .set = set_of(DNS_TYPE_MX, &no_id, 1)},
        {.kind = CHANGE_CREATE, .set = set_of(DNS_TYPE_MX, many, COUNT(many))},
    };
    struct aws_request r;
    struct call *c = call_new(CALL_CHANGE);
    aws_request_init(&r);
    c->changes_len = 1;
    for (size_t i = 0; i < COUNT(changes); i++) {
        c->changes = &changes[i];
        assert_int_equal(make_at(&r, c, "", TOKEN, NULL), i == 5 ? ERR_LIMIT : ERR_INPUT);
        assert_int_equal(r.body.len + r.url.len + r.headers_len, 0);
    }
    c->changes_len = 0;
    assert_int_equal(make_at(&r, c, "", TOKEN, NULL), ERR_INPUT);
    c->kind = CALL_ZONE;
    assert_int_equal(make_at(&r, c, "", TOKEN, NULL), ERR_INPUT);
    c->kind = CALL_RECORDS;
    c->zone_id = TEXT("..");
    assert_int_equal(make_at(&r, c, "", TOKEN, NULL), ERR_INPUT);
    c->zone_id = TEXT("a/../b?c");
    assert_int_equal(make_at(&r, c, "", TOKEN, NULL), OK);
    assert_non_null(strstr(r.url.at, "/zones/a%2F..%2Fb%3Fc/dns_records?"));
    aws_request_clear(&r);
    call_free(c);
}

#define GOOD(result, info)                                                                         \
    "{\"success\":true,\"errors\":[],\"messages\":[],\"result\":" result ",\"result_info\":" info  \
    "}"
#define LAST "{\"page\":1,\"per_page\":50,\"count\":1,\"total_count\":1,\"total_pages\":1}"

static void zones_tell_their_state_and_their_name_servers(void **state)
{
    (void)state;
    static const char body[] = GOOD(
        "[{\"id\":\"id1\",\"name\":\"Example.com\",\"status\":\"active\",\"paused\":false,"
        "\"type\":\"full\",\"name_servers\":[\"BOB.ns.cloudflare.com\","
        "\"lola.ns.cloudflare.com\"]},"
        "{\"id\":\"id2\",\"name\":\"example.com\",\"status\":\"pending\",\"paused\":false},"
        "{\"id\":\"id3\",\"name\":\"example.com\",\"status\":\"active\",\"type\":\"internal\"},"
        "{\"id\":\"id4\",\"name\":\"example.com\",\"status\":\"active\",\"paused\":true,"
        "\"name_servers\":null},"
        "{\"id\":\"id5\",\"name\":\"notexample.com\",\"status\":\"active\"}]",
        "{\"total_pages\":2}");
    static const enum zone_bar bars[] = {ZONE_OPEN, ZONE_INACTIVE, ZONE_PRIVATE, ZONE_OPEN};
    struct call *c = call_new(CALL_ZONES);
    answer_give(c, 200, body);
    assert_int_equal(c->reply.how, REPLY_HTTP);
    assert_int_equal(c->zones_len, 4);
    for (size_t i = 0; i < COUNT(bars); i++) {
        assert_text(c->zones[i].name, TEXT("example.com"));
        assert_int_equal(c->zones[i].bar, bars[i]);
    }
    assert_text(c->zones[0].id, TEXT("id1"));
    assert_int_equal(c->zones[0].hosts_len, 2);
    assert_text(c->zones[0].hosts[0], TEXT("bob.ns.cloudflare.com"));
    assert_text(c->zones[1].bar_words, TEXT("pending"));
    assert_text(c->next_token, TEXT("2"));
    c->token = TEXT("2");
    answer_give(c, 200, body);
    assert_int_equal(c->next_token.len, 0);
    c->zone = TEXT_NONE;
    answer_give(c, 200, body);
    assert_int_equal(c->zones_len, 5);
    call_free(c);
}

static void records_of_a_type_are_one_set(void **state)
{
    (void)state;
    struct call *c = call_new(CALL_RECORDS);
    answer_give(
        c, 200,
        GOOD("[{\"id\":\"a\",\"name\":\"" NAME "\",\"type\":\"MX\",\"content\":\"Mx1.example.com\","
             "\"priority\":10,\"ttl\":1,\"meta\":{}},"
             "{\"id\":\"b\",\"name\":\"" NAME "\",\"type\":\"TXT\",\"content\":"
             "\"\\\"v=spf1 \\\" \\\"-all\\\"\",\"ttl\":120},"
             "{\"id\":\"c\",\"name\":\"" NAME "\",\"type\":\"MX\",\"content\":\".\",\"priority\":0,"
             "\"ttl\":1},"
             "{\"id\":\"d\",\"name\":\"" NAME "\",\"type\":\"TXT\",\"content\":\"old style\","
             "\"ttl\":120},"
             "{\"id\":\"e\",\"name\":\"" NAME "\",\"type\":\"CNAME\",\"content\":\"x.example\","
             "\"ttl\":1,\"meta\":{\"read_only\":true}},"
             "{\"id\":\"f\",\"name\":\"x." NAME "\",\"type\":\"A\",\"content\":\"192.0.2.1\"}]",
             LAST));
    assert_int_equal(c->reply.how, REPLY_HTTP);
    assert_int_equal(c->sets_len, 3);
    const struct record_set *mx = &c->sets[0], *txt = &c->sets[1], *cname = &c->sets[2];
    assert_int_equal(mx->type, DNS_TYPE_MX);
    assert_int_equal(mx->len, 2);
    assert_int_equal(mx->ttl_s, 300);
    assert_text(mx->values[0].data, TEXT("mx1.example.com"));
    assert_int_equal(mx->values[0].preference, 10);
    assert_text(mx->values[0].verbatim, TEXT("Mx1.example.com"));
    assert_text(mx->values[1].id, TEXT("c"));
    assert_int_equal(mx->values[1].data.len, 0);
    assert_int_equal(txt->ttl_s, 120);
    assert_text(txt->values[0].data, TEXT("v=spf1 -all"));
    assert_text(txt->values[1].data, TEXT("old style"));
    assert_false(mx->is_special || txt->is_special);
    assert_int_equal(cname->type, DNS_TYPE_CNAME);
    assert_true(cname->is_special);
    call_free(c);
}

static const struct {
    enum call_kind kind;
    const char *body;
} broken[] = {
    {CALL_ZONES, ""},
    {CALL_ZONES, "<html>Just a moment...</html>"},
    {CALL_ZONES, "[]"},
    {CALL_ZONES, "{\"success\":true}"},
    {CALL_ZONES, "{\"success\":\"true\",\"result\":[]}"},
    {CALL_ZONES, "{\"success\":false,\"errors\":[],\"result\":[]}"},
    {CALL_ZONES, GOOD("{}", LAST)},
    {CALL_ZONES, GOOD("[1]", LAST)},
    {CALL_ZONES, GOOD("[{\"id\":\"a\"}]", LAST)},
    {CALL_ZONES, GOOD("[{\"id\":1,\"name\":\"example.com\"}]", LAST)},
    {CALL_ZONES, GOOD("[{\"id\":\"a\",\"name\":\"example.com\",\"status\":[]}]", LAST)},
    {CALL_ZONES, GOOD("[{\"id\":\"a\",\"name\":\"example.com\",\"name_servers\":[1]}]", LAST)},
    {CALL_ZONES, GOOD("[{\"id\":\"a\",\"name\":\"example.com\",\"name_servers\":{}}]", LAST)},
    {CALL_ZONES, GOOD("[]", "{\"total_pages\":1e300}")},
    {CALL_ZONES, GOOD("[]", "{\"total_pages\":-1}")},
    {CALL_ZONES, GOOD("[]", "{\"total_pages\":1.5}")},
    {CALL_RECORDS, GOOD("[{\"name\":\"" NAME "\",\"type\":\"MX\",\"content\":\"a\"}]", LAST)},
    {CALL_RECORDS, GOOD("[{\"id\":\"a\",\"name\":\"" NAME "\",\"type\":\"MX\",\"content\":\"a\","
                        "\"priority\":70000}]",
                        LAST)},
    {CALL_RECORDS,
     GOOD("[{\"id\":\"a\",\"name\":\"" NAME "\",\"type\":\"MX\",\"content\":{}}]", LAST)},
    {CALL_RECORDS, GOOD("[{\"id\":\"a\",\"name\":\"" NAME "\",\"type\":\"MX\",\"content\":\"a\","
                        "\"ttl\":\"300\"}]",
                        LAST)},
    {CALL_CHANGE, GOOD("null", LAST)},
    {CALL_CHANGE, GOOD("[]", LAST)},
    {CALL_CHANGE, "{\"success\":false,\"errors\":[{\"code\":9005,\"message\":\"x\"}]}"},
};

static void an_answer_outside_the_promise_leaves_nothing_behind(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(broken); i++) {
        struct call *c = call_new(broken[i].kind);
        answer_give(c, 200, broken[i].body);
        assert_int_equal(c->reply.how, REPLY_GARBLED);
        assert_int_equal(c->sets_len + c->zones_len + c->next_token.len, 0);
        assert_int_equal(verdict_of(&c->reply, c->kind),
                         broken[i].kind == CALL_CHANGE ? VERDICT_UNSURE : VERDICT_AGAIN);
        call_free(c);
    }
}

#define FAILED(code, message)                                                                      \
    "{\"success\":false,\"errors\":[{\"code\":" code ",\"message\":\"" message                     \
    "\"}],\"messages\":[],\"result\":null}"

static const struct {
    int status;
    const char *body, *code;
    enum verdict change, records, zones;
} refusals[] = {
    {429, FAILED("971", "Please wait"), "971", VERDICT_SLOW_DOWN, VERDICT_SLOW_DOWN,
     VERDICT_SLOW_DOWN},
    {429, "<html>", "", VERDICT_SLOW_DOWN, VERDICT_SLOW_DOWN, VERDICT_SLOW_DOWN},
    {403, FAILED("10000", "Authentication error"), "10000", VERDICT_REFUSED, VERDICT_REFUSED,
     VERDICT_DENIED},
    {403, FAILED("9109", "Unauthorized to access requested resource"), "9109", VERDICT_REFUSED,
     VERDICT_REFUSED, VERDICT_DENIED},
    {403, FAILED("9109", "Invalid access token"), "9109", VERDICT_DENIED, VERDICT_DENIED,
     VERDICT_DENIED},
    {400, FAILED("6003", "Invalid request headers"), "6003", VERDICT_DENIED, VERDICT_DENIED,
     VERDICT_DENIED},
    {401, FAILED("10001", "Unable to authenticate request"), "10001", VERDICT_DENIED,
     VERDICT_DENIED, VERDICT_DENIED},
    {403, FAILED("1038", "You cannot use this API for domains with a .cf TLD"), "1038",
     VERDICT_REFUSED, VERDICT_REFUSED, VERDICT_REFUSED},
    {404, FAILED("7003", "Could not route to /zones/x"), "7003", VERDICT_GONE, VERDICT_GONE,
     VERDICT_GONE},
    {400, FAILED("81058", "An identical record already exists."), "81058", VERDICT_REFUSED,
     VERDICT_REFUSED, VERDICT_REFUSED},
    {400, FAILED("1e300", "x"), "", VERDICT_REFUSED, VERDICT_REFUSED, VERDICT_REFUSED},
    {400, FAILED("\"Throttling\"", "x"), "", VERDICT_REFUSED, VERDICT_REFUSED, VERDICT_REFUSED},
    {403, "<html>Attention required</html>", "", VERDICT_DENIED, VERDICT_DENIED, VERDICT_DENIED},
    {500, FAILED("10013", "internal"), "10013", VERDICT_UNSURE, VERDICT_AGAIN, VERDICT_AGAIN},
    {524, "", "", VERDICT_UNSURE, VERDICT_AGAIN, VERDICT_AGAIN},
    {301, "", "", VERDICT_UNSURE, VERDICT_AGAIN, VERDICT_AGAIN},
};

static void refusals_have_their_consequences(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        const enum verdict verdicts[] = {refusals[i].change, refusals[i].records,
                                         refusals[i].zones};
        const enum call_kind kinds[] = {CALL_CHANGE, CALL_RECORDS, CALL_ZONES};
        for (size_t k = 0; k < 3; k++) {
            struct call *c = call_new(kinds[k]);
            answer_give(c, refusals[i].status, refusals[i].body);
            assert_int_equal(c->reply.how, REPLY_HTTP);
            assert_string_equal(c->reply.code, refusals[i].code);
            assert_int_equal(verdict_of(&c->reply, c->kind), verdicts[k]);
            assert_true(c->reply.message[0]);
            call_free(c);
        }
    }
}

static void headers_tell_when_to_ask_again_and_what_to_quote(void **state)
{
    (void)state;
    struct call *c = call_new(CALL_ZONES);
    struct aws_reply reply = {.http_status = 429,
                              .retry_after_s = TEXT("300"),
                              .trace_id = TEXT("8f1-FRA"),
                              .body = TEXT("")};
    call_answer_reset(c);
    provider_reply_decode(c, &reply);
    assert_int_equal(c->reply.retry_after_ms, 300000);
    assert_string_equal(c->reply.request_id, "8f1-FRA");
    reply.retry_after_s = TEXT("99999999999999999999");
    provider_reply_decode(c, &reply);
    assert_int_equal(c->reply.retry_after_ms, 0);
    reply.retry_after_s = TEXT("4294967295");
    provider_reply_decode(c, &reply);
    assert_int_equal(c->reply.retry_after_ms, UINT32_MAX);
    call_free(c);
}

static const struct {
    const char *body;
    int64_t faults[3]; /* indices of changes, -1: of none; ended by -2 */
} blamed[] = {
    {"{\"errors\":[{\"code\":9005,\"message\":\"Content is invalid\",\"source\":{\"pointer\":"
     "\"/posts/2\"}}]}",
     {2, -2}},
    {"{\"errors\":[{\"code\":9005,\"message\":\"x\",\"source\":{\"pointer\":\"posts[0].ttl\"}}]}",
     {0, -2}},
    {"{\"errors\":[{\"code\":9005,\"message\":\"x\",\"source\":{\"pointer\":\"/deletes/1\"}}]}",
     {1, -2}},
    {"{\"errors\":[{\"code\":9005,\"message\":\"x\",\"source\":{\"pointer\":\"/patches/0\"}}]}",
     {3, -2}},
    {"{\"errors\":[{\"code\":9005,\"message\":\"x\",\"source\":{\"pointer\":\"/posts/99\"}}]}",
     {-1, -2}},
    {"{\"errors\":[{\"code\":1004,\"message\":\"DNS Validation Error\",\"error_chain\":[{\"code\":"
     "9021,\"message\":\"Invalid TTL for c.example.com TXT\"}]}]}",
     {2, -2}},
    {"{\"errors\":[{\"code\":81058,\"message\":\"An identical record already exists.\"}]}",
     {-1, -2}},
};

static void a_refused_batch_blames_the_change_that_it_points_at(void **state)
{
    (void)state;
    const struct record_value v[] = {{.data = TEXT("a"), .id = TEXT("1")},
                                     {.data = TEXT("b"), .id = TEXT("2")}};
    const struct record_change changes[] = {
        {.kind = CHANGE_CREATE, .set = set_of(DNS_TYPE_MX, v, 2)},
        {.kind = CHANGE_DELETE, .set = set_of(DNS_TYPE_TXT, v, 2)},
        {.kind = CHANGE_CREATE, .set = {TEXT("c.example.com"), DNS_TYPE_TXT, 300, v, 1, false}},
        {.kind = CHANGE_SWAP,
         .old = set_of(DNS_TYPE_TXT, &v[0], 1),
         .set = set_of(DNS_TYPE_TXT, &v[1], 1)},
    };
    for (size_t i = 0; i < COUNT(blamed); i++) {
        struct call *c = call_new(CALL_CHANGE);
        uint32_t len = 0;
        c->changes = changes;
        c->changes_len = COUNT(changes);
        answer_give(c, 400, blamed[i].body);
        for (; blamed[i].faults[len] != -2; len++) {
            assert_true(len < c->faults_len);
            assert_int_equal(c->faults[len].change, (uint32_t)blamed[i].faults[len]);
        }
        assert_int_equal(c->faults_len, len);
        call_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_a_get_with_the_token),
        cmocka_unit_test(the_token_leaves_over_plain_http_to_loopback_alone),
        cmocka_unit_test(what_is_no_token_is_not_sent),
        cmocka_unit_test(a_set_is_created_value_by_value),
        cmocka_unit_test(a_set_is_removed_by_the_ids_of_its_records),
        cmocka_unit_test(a_swap_patches_only_what_differs),
        cmocka_unit_test(a_change_that_must_not_be_sent_is_refused),
        cmocka_unit_test(zones_tell_their_state_and_their_name_servers),
        cmocka_unit_test(records_of_a_type_are_one_set),
        cmocka_unit_test(an_answer_outside_the_promise_leaves_nothing_behind),
        cmocka_unit_test(refusals_have_their_consequences),
        cmocka_unit_test(headers_tell_when_to_ask_again_and_what_to_quote),
        cmocka_unit_test(a_refused_batch_blames_the_change_that_it_points_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
