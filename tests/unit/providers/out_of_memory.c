/* Requests to providers, and their answers, with memory that runs out; see out_of_memory.h. */
#include "out_of_memory.h"

#include "providers/provider_calls.h"

static const struct record_value txt = {.data = TEXT("v=spf1 -all"), .id = TEXT("1")};
static const struct record_value spf = {.data = TEXT("v=spf1 include:amazonses.com -all")};
static const struct record_change changes[] = {
    {.kind = CHANGE_CREATE, .set = {TEXT("bounce.example.com"), DNS_TYPE_MX, 300, &spf, 1, false}},
    {.kind = CHANGE_SWAP,
     .old = {TEXT("bounce.example.com"), DNS_TYPE_TXT, 300, &txt, 1, false},
     .set = {TEXT("bounce.example.com"), DNS_TYPE_TXT, 300, &spf, 1, false}},
};

static bool work_request(enum api api)
{
    static const struct credentials cred = {
        .access_key_id = "AKID", .secret_access_key = "secret", .expires = WHEN_NEVER};
    static struct call c;
    struct provider_at at = {.kind = PROVIDER_ROUTE53, .token = TEXT("token")};
    struct aws_request r;
    struct why why = {""};
    c = (struct call){.kind = CALL_CHANGE, .api = api, .zone_id = TEXT("Z1")};
    c.changes = changes;
    c.changes_len = COUNT(changes);
    if (api == API_CLOUDFLARE) {
        at.kind = PROVIDER_CLOUDFLARE;
        assert_int_equal(cloudflare_endpoint(&at.endpoint, TEXT_NONE, &why), OK);
    } else
        assert_int_equal(
            endpoint_make(&at.endpoint, TEXT("route53"), TEXT("us-east-1"), NULL, &why), OK);
    aws_request_init(&r);
    enum err err = provider_request_make(&r, &c, &at, &cred, 1700000000000000, &why);
    assert_true(err == OK || (r.url.len + r.body.len + r.headers_len == 0 && why.text[0]));
    aws_request_clear(&r);
    return err == OK;
}

static bool work_route53_request(void)
{
    return work_request(API_ROUTE53);
}

static bool work_cloudflare_request(void)
{
    return work_request(API_CLOUDFLARE);
}

/* An answer is whole or not believed; there is no half of one. */
static bool work_answer(enum api api, enum call_kind kind, const char *body)
{
    static struct call c;
    struct aws_reply reply = {.http_status = 200, .body = text_of(body)};
    c = (struct call){.kind = kind, .api = api, .zone = TEXT("example.com")};
    c.name = TEXT("bounce.example.com");
    arena_init(&c.arena, HTTP_BODY_MAX);
    provider_reply_decode(&c, &reply);
    bool is_whole = c.reply.how == REPLY_HTTP;
    assert_int_equal(c.sets_len + c.zones_len, is_whole ? 2 : 0);
    assert_int_equal(c.next_token.len > 0, is_whole);
    arena_clear(&c.arena);
    return is_whole;
}

static bool work_route53_records(void)
{
    return work_answer(
        API_ROUTE53, CALL_RECORDS,
        "<ListResourceRecordSetsResponse><ResourceRecordSets><ResourceRecordSet>"
        "<Name>bounce.example.com.</Name><Type>MX</Type><TTL>300</TTL><ResourceRecords>"
        "<ResourceRecord><Value>10 x.</Value></ResourceRecord></ResourceRecords>"
        "</ResourceRecordSet><ResourceRecordSet><Name>bounce.example.com.</Name><Type>TXT</Type>"
        "<TTL>300</TTL><ResourceRecords><ResourceRecord><Value>\"a\" \"b\"</Value>"
        "</ResourceRecord></ResourceRecords></ResourceRecordSet></ResourceRecordSets>"
        "<IsTruncated>true</IsTruncated><NextRecordName>bounce.example.com.</NextRecordName>"
        "<NextRecordType>TXT</NextRecordType></ListResourceRecordSetsResponse>");
}

static bool work_route53_zones(void)
{
    return work_answer(
        API_ROUTE53, CALL_ZONES,
        "<ListHostedZonesByNameResponse><HostedZones><HostedZone><Id>/hostedzone/Z1</Id>"
        "<Name>example.com.</Name></HostedZone><HostedZone><Id>/hostedzone/Z2</Id>"
        "<Name>example.com.</Name><Config><PrivateZone>true</PrivateZone></Config></HostedZone>"
        "</HostedZones><IsTruncated>true</IsTruncated><NextDNSName>example.com.</NextDNSName>"
        "<NextHostedZoneId>Z3</NextHostedZoneId></ListHostedZonesByNameResponse>");
}

static bool work_cloudflare_records(void)
{
    return work_answer(
        API_CLOUDFLARE, CALL_RECORDS,
        "{\"success\":true,\"result\":[{\"id\":\"a\",\"name\":\"bounce.example.com\","
        "\"type\":\"MX\",\"content\":\"x.example\",\"priority\":10},{\"id\":\"b\","
        "\"name\":\"bounce.example.com\",\"type\":\"TXT\",\"content\":"
        "\"\\\"a\\\" \\\"b\\\"\"}],\"result_info\":{\"total_pages\":2}}");
}

static bool work_cloudflare_zones(void)
{
    return work_answer(API_CLOUDFLARE, CALL_ZONES,
                       "{\"success\":true,\"result\":[{\"id\":\"a\",\"name\":\"example.com\","
                       "\"status\":\"active\",\"name_servers\":[\"bob.ns.cloudflare.com\"]},"
                       "{\"id\":\"b\",\"name\":\"example.com\",\"status\":\"pending\"}],"
                       "\"result_info\":{\"total_pages\":2}}");
}

/* A refusal is one whatever is known of its reasons. */
static bool work_refusal(enum api api, const char *body)
{
    static struct call c;
    struct aws_reply reply = {.http_status = 400, .body = text_of(body)};
    c = (struct call){.kind = CALL_CHANGE, .api = api};
    c.changes = changes;
    c.changes_len = COUNT(changes);
    arena_init(&c.arena, HTTP_BODY_MAX);
    provider_reply_decode(&c, &reply);
    assert_int_equal(c.reply.how, REPLY_HTTP);
    assert_true(c.faults_len <= 1);
    bool is_whole = c.faults_len == 1 && c.faults[0].change == 0 && c.reply.code[0];
    arena_clear(&c.arena);
    assert_true(is_whole || memory_ran_out());
    return !memory_ran_out();
}

static bool work_route53_refusal(void)
{
    return work_refusal(API_ROUTE53,
                        "<ErrorResponse><Error><Code>InvalidChangeBatch</Code><Message>[Tried to "
                        "create resource record set [name='bounce.example.com.', type='MX'] but it "
                        "already exists]</Message></Error></ErrorResponse>");
}

static bool work_cloudflare_refusal(void)
{
    return work_refusal(API_CLOUDFLARE,
                        "{\"success\":false,\"errors\":[{\"code\":9005,\"message\":\"x\","
                        "\"source\":{\"pointer\":\"/posts/0\"}}]}");
}

static void what_finds_no_memory_is_no_half_request_and_no_half_answer(void **state)
{
    (void)state;
    static work *const works[] = {work_route53_request,    work_cloudflare_request,
                                  work_route53_records,    work_route53_zones,
                                  work_cloudflare_records, work_cloudflare_zones,
                                  work_route53_refusal,    work_cloudflare_refusal};
    for (size_t i = 0; i < COUNT(works); i++)
        fail_every_allocation(works[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_finds_no_memory_is_no_half_request_and_no_half_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
