/*
 * Route 53: what leaves, byte for byte (tests/wire/route53_oracle.py holds the same against
 * botocore); what its answers mean; and answers that nobody should believe.
 */
#include "calls/verdict.h"
#include "providers/provider_calls.h"

#include <stdio.h>

#define DOC "<?xml version=\"1.0\"?>\n"
#define NS  " xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\""

static const struct credentials cred = {
    .access_key_id = "AKID", .secret_access_key = "secret", .expires = WHEN_NEVER};

static struct provider_at at_region(const char *region)
{
    struct provider_at at = {.kind = PROVIDER_ROUTE53};
    assert_int_equal(endpoint_make(&at.endpoint, TEXT("route53"), text_of(region), NULL, NULL), OK);
    return at;
}

static enum err make(struct aws_request *r, const struct call *c, struct why *why)
{
    struct provider_at at = at_region("eu-central-1");
    return provider_request_make(r, c, &at, &cred, 1700000000000000, why);
}

static const struct {
    enum call_kind kind;
    const char *zone, *token, *url;
} questions[] = {
    {CALL_ZONES, "example.com", "", "hostedzonesbyname?dnsname=example.com&maxitems=100"},
    {CALL_ZONES, "", "", "hostedzonesbyname?maxitems=100"},
    {CALL_ZONES, "example.com", "example.com.\nZ/2",
     "hostedzonesbyname?dnsname=example.com.&hostedzoneid=Z%2F2&maxitems=100"},
    {CALL_ZONE, "", "", "hostedzone/Z1"},
    {CALL_RECORDS, "", "", "hostedzone/Z1/rrset?name=bounce.example.com&maxitems=20"},
    {CALL_RECORDS, "", "bounce.example.com.\nTXT\n",
     "hostedzone/Z1/rrset?name=bounce.example.com.&type=TXT&maxitems=20"},
    {CALL_RECORDS, "", "bounce.example.com.\nMX\na b\n&c",
     "hostedzone/Z1/"
     "rrset?name=bounce.example.com.&type=MX&identifier=a%20b%0A%26c&maxitems=20"},
};

static void a_question_is_a_signed_get_of_its_path(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(questions); i++) {
        struct aws_request r;
        struct call *c = call_to(API_ROUTE53, questions[i].kind);
        char url[256];
        c->zone = text_of(questions[i].zone);
        c->token = text_of(questions[i].token);
        aws_request_init(&r);
        assert_int_equal(make(&r, c, NULL), OK);
        snprintf(url, sizeof url, "https://route53.amazonaws.com/2013-04-01/%s", questions[i].url);
        assert_string_equal(r.method, "GET");
        assert_string_equal(r.url.at, url);
        assert_int_equal(r.body.len, 0);
        assert_non_null(strstr(header_of(&r, "Authorization"),
                               "Credential=AKID/20231114/us-east-1/route53/aws4_request"));
        aws_request_clear(&r);
        call_free(c);
    }
}

static const struct record_value mx = {.preference = 10,
                                       .data = TEXT("feedback-smtp.us-east-1.amazonses.com")};
static const struct record_value spf = {.data = TEXT("v=spf1 include:amazonses.com ~all")};

#define SET(name_, type_, value)                                                                   \
    {                                                                                              \
        .name = TEXT(name_), .type = (type_), .ttl_s = 300, .values = &(value), .len = 1           \
    }

static void a_change_is_a_batch_of_creations(void **state)
{
    (void)state;
    const struct record_change changes[] = {
        {.kind = CHANGE_CREATE, .set = SET("bounce.example.com", DNS_TYPE_MX, mx)},
        {.kind = CHANGE_CREATE, .set = SET("bounce.example.com", DNS_TYPE_TXT, spf)},
    };
    struct aws_request r;
    struct call *c = call_to(API_ROUTE53, CALL_CHANGE);
    c->changes = changes;
    c->changes_len = COUNT(changes);
    aws_request_init(&r);
    assert_int_equal(make(&r, c, NULL), OK);
    assert_string_equal(r.method, "POST");
    assert_string_equal(r.url.at, "https://route53.amazonaws.com/2013-04-01/hostedzone/Z1/rrset/");
    assert_string_equal(header_of(&r, "Content-Type"), "application/xml");
    assert_string_equal(
        r.body.at,
        "<ChangeResourceRecordSetsRequest" NS "><ChangeBatch>"
        "<Comment>Custom MAIL FROM domains of Amazon SES, by mailfrom</Comment><Changes>"
        "<Change><Action>CREATE</Action><ResourceRecordSet><Name>bounce.example.com</Name>"
        "<Type>MX</Type><TTL>300</TTL><ResourceRecords><ResourceRecord>"
        "<Value>10 feedback-smtp.us-east-1.amazonses.com.</Value>"
        "</ResourceRecord></ResourceRecords></ResourceRecordSet></Change>"
        "<Change><Action>CREATE</Action><ResourceRecordSet><Name>bounce.example.com</Name>"
        "<Type>TXT</Type><TTL>300</TTL><ResourceRecords><ResourceRecord>"
        "<Value>\"v=spf1 include:amazonses.com ~all\"</Value>"
        "</ResourceRecord></ResourceRecords></ResourceRecordSet></Change>"
        "</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>");
    aws_request_clear(&r);
    call_free(c);
}

static void a_swap_removes_what_was_read_and_creates_in_one_batch(void **state)
{
    (void)state;
    static const struct record_value old[] = {
        {.data = TEXT("a&<b>"), .verbatim = TEXT("\"a&\" \"<b>\"")},
        {.data = TEXT("v=spf1 -all"), .verbatim = TEXT("\"v=spf1 \" \"-all\"")}};
    static const struct record_value new[] = {
        {.data = TEXT("a&<b>"), .verbatim = TEXT("\"a&\" \"<b>\"")},
        {.data = TEXT("v=spf1 include:amazonses.com -all")}};
    const struct record_change change = {
        .kind = CHANGE_SWAP,
        .old = {TEXT("b.example.com"), DNS_TYPE_TXT, 60, old, 2, false},
        .set = {TEXT("b.example.com"), DNS_TYPE_TXT, 300, new, 2, false}};
    struct aws_request r;
    struct call *c = call_to(API_ROUTE53, CALL_CHANGE);
    c->changes = &change;
    c->changes_len = 1;
    aws_request_init(&r);
    assert_int_equal(make(&r, c, NULL), OK);
    assert_non_null(strstr(
        r.body.at, "<Change><Action>DELETE</Action><ResourceRecordSet><Name>b.example.com</Name>"
                   "<Type>TXT</Type><TTL>60</TTL><ResourceRecords>"
                   "<ResourceRecord><Value>\"a&amp;\" \"&lt;b&gt;\"</Value></ResourceRecord>"
                   "<ResourceRecord><Value>\"v=spf1 \" \"-all\"</Value></ResourceRecord>"
                   "</ResourceRecords></ResourceRecordSet></Change>"
                   "<Change><Action>CREATE</Action><ResourceRecordSet><Name>b.example.com</Name>"
                   "<Type>TXT</Type><TTL>300</TTL><ResourceRecords>"
                   "<ResourceRecord><Value>\"a&amp;\" \"&lt;b&gt;\"</Value></ResourceRecord>"
                   "<ResourceRecord><Value>\"v=spf1 include:amazonses.com -all\"</Value>"));
    aws_request_clear(&r);
    call_free(c);
}

static void a_change_that_must_not_be_sent_is_refused(void **state)
{
    (void)state;
    static char much[5000];
    memset(much, 'a', sizeof much);
    const struct record_value long_value = {.data = {much, sizeof much}};
    const struct record_value wide[9] = {
        [0 ... 8] = {.data = {much, 3900}},
    };
    const struct record_change good = {.kind = CHANGE_CREATE,
                                       .set = SET("b.example.com", DNS_TYPE_MX, mx)};
    struct record_change changes[] = {
        good,
        good,
        good,
        good,
        good,
        {.kind = CHANGE_SWAP,
         .set = SET("b.example.com", DNS_TYPE_MX, mx),
         .old = SET("c.example.com", DNS_TYPE_MX, mx)},
        {.kind = CHANGE_CREATE, .set = SET("b.example.com", DNS_TYPE_TXT, long_value)},
        {.kind = CHANGE_CREATE,
         .set = {TEXT("b.example.com"), DNS_TYPE_TXT, 300, wide, COUNT(wide), false}},
    };
    changes[0].set.len = 0;
    changes[1].set.is_special = true;
    changes[2].set.name = TEXT_NONE;
    changes[3].set.type = 0;
    changes[4].kind = CHANGE_SWAP;
    changes[4].old.is_special = true;
    static const char *const ids[] = {"", ".", ".."};
    struct aws_request r;
    struct call *c = call_to(API_ROUTE53, CALL_CHANGE);
    aws_request_init(&r);
    assert_int_equal(make(&r, c, NULL), ERR_INPUT); /* no change at all */
    c->changes_len = 1;
    for (size_t i = 0; i < COUNT(changes); i++) {
        c->changes = &changes[i];
        assert_int_equal(make(&r, c, NULL), i < 6 ? ERR_INPUT : ERR_LIMIT);
        assert_int_equal(r.body.len + r.url.len, 0);
    }
    c->changes = &good;
    for (size_t i = 0; i < COUNT(ids); i++) {
        c->zone_id = text_of(ids[i]);
        assert_int_equal(make(&r, c, NULL), ERR_INPUT);
    }
    call_free(c);
}

static void a_full_batch_of_the_longest_names_fits(void **state)
{
    (void)state;
    static char name[253];
    static struct record_change changes[ROUTE53_BATCH_RECORDS];
    const struct record_value null_mx = {.preference = 0};
    for (size_t i = 0; i < sizeof name; i++)
        name[i] = i % 64 == 63 ? '.' : 'a';
    for (size_t i = 0; i < COUNT(changes); i++)
        changes[i] = (struct record_change){
            .kind = CHANGE_CREATE,
            .set = {{name, sizeof name}, DNS_TYPE_MX, 2147483647, &null_mx, 1, false}};
    struct aws_request r;
    struct call *c = call_to(API_ROUTE53, CALL_CHANGE);
    c->changes = changes;
    c->changes_len = COUNT(changes);
    aws_request_init(&r);
    assert_int_equal(make(&r, c, NULL), OK);
    assert_non_null(strstr(r.body.at, "<Value>0 .</Value>"));
    aws_request_clear(&r);
    call_free(c);
}

static const char zones_page[] =
    DOC "<ListHostedZonesByNameResponse" NS "><HostedZones>"
        "<HostedZone><Id>/hostedzone/Z1</Id><Name>example.com.</Name><CallerReference>a"
        "</CallerReference><Config><Comment>x</Comment><PrivateZone>False</PrivateZone></Config>"
        "<ResourceRecordSetCount>4</ResourceRecordSetCount></HostedZone>"
        "<HostedZone><Id>/hostedzone/Z2</Id><Name>Example.COM.</Name><CallerReference>b"
        "</CallerReference><Config><PrivateZone>true</PrivateZone></Config></HostedZone>"
        "<HostedZone><Id>Z3</Id><Name>example.com.</Name><CallerReference>c</CallerReference>"
        "<Config><PrivateZone>false</PrivateZone></Config><LinkedService><ServicePrincipal>"
        "servicediscovery.amazonaws.com</ServicePrincipal></LinkedService></HostedZone>"
        "<HostedZone><Id>/hostedzone/Z4</Id><Name>example.com.</Name><CallerReference>d"
        "</CallerReference><Config><PrivateZone>false</PrivateZone></Config><Features>"
        "<AcceleratedRecoveryStatus>ENABLING_HOSTED_ZONE_LOCKED</AcceleratedRecoveryStatus>"
        "</Features></HostedZone>"
        "<HostedZone><Id>/hostedzone/Z5</Id><Name>a.example.com.</Name><CallerReference>e"
        "</CallerReference><Features><AcceleratedRecoveryStatus>ENABLED</AcceleratedRecoveryStatus>"
        "</Features></HostedZone>"
        "</HostedZones><DNSName>example.com</DNSName><IsTruncated>true</IsTruncated>"
        "<NextDNSName>%s</NextDNSName><NextHostedZoneId>Z9</NextHostedZoneId>"
        "<MaxItems>100</MaxItems></ListHostedZonesByNameResponse>";

static const struct {
    const char *zone, *next;
    uint32_t len;
    const char *token;
} pages[] = {
    {"example.com", "example.com.", 4, "example.com.\nZ9"},
    {"example.com", "example.net.", 4, ""},
    {"a.example.com", "b.example.com.", 1, ""},
    {"", "example.net.", 5, "example.net.\nZ9"},
    {"other.example", "z.example.", 0, ""},
};

static void zones_of_one_name_are_all_told_and_why_some_are_barred(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(pages); i++) {
        char body[4096];
        struct call *c = call_to(API_ROUTE53, CALL_ZONES);
        c->zone = text_of(pages[i].zone);
        snprintf(body, sizeof body, zones_page, pages[i].next);
        answer_give(c, 200, body);
        assert_int_equal(c->reply.how, REPLY_HTTP);
        assert_int_equal(c->zones_len, pages[i].len);
        assert_text(c->next_token, text_of(pages[i].token));
        if (i == 0) {
            static const enum zone_bar bars[] = {ZONE_OPEN, ZONE_PRIVATE, ZONE_SERVICE,
                                                 ZONE_LOCKED};
            static const char *const ids[] = {"Z1", "Z2", "Z3", "Z4"};
            for (size_t k = 0; k < 4; k++) {
                assert_text(c->zones[k].id, text_of(ids[k]));
                assert_text(c->zones[k].name, TEXT("example.com"));
                assert_int_equal(c->zones[k].bar, bars[k]);
            }
            assert_text(c->zones[2].bar_words, TEXT("servicediscovery.amazonaws.com"));
            assert_text(c->zones[3].bar_words, TEXT("ENABLING_HOSTED_ZONE_LOCKED"));
        }
        call_free(c);
    }
}

static void a_zone_comes_with_its_name_servers(void **state)
{
    (void)state;
    struct call *c = call_to(API_ROUTE53, CALL_ZONE);
    answer_give(c, 200,
                DOC "<GetHostedZoneResponse" NS "><HostedZone><Id>/hostedzone/Z1</Id>"
                    "<Name>example.com.</Name><CallerReference>a</CallerReference></HostedZone>"
                    "<DelegationSet><NameServers><NameServer>NS-1.awsdns-01.org</NameServer>"
                    "<NameServer>ns-2.awsdns-02.com.</NameServer></NameServers></DelegationSet>"
                    "</GetHostedZoneResponse>");
    assert_int_equal(c->reply.how, REPLY_HTTP);
    assert_int_equal(c->zones_len, 1);
    assert_int_equal(c->zones[0].hosts_len, 2);
    assert_text(c->zones[0].hosts[0], TEXT("ns-1.awsdns-01.org"));
    assert_text(c->zones[0].hosts[1], TEXT("ns-2.awsdns-02.com"));
    call_free(c);
}

#define RRSETS(sets, rest)                                                                         \
    DOC "<ListResourceRecordSetsResponse" NS "><ResourceRecordSets>" sets                          \
        "</ResourceRecordSets>" rest "<MaxItems>20</MaxItems></ListResourceRecordSetsResponse>"
#define LAST     "<IsTruncated>false</IsTruncated>"
#define VALUE(v) "<ResourceRecord><Value>" v "</Value></ResourceRecord>"
#define RRSET(name, type, values)                                                                  \
    "<ResourceRecordSet><Name>" name "</Name><Type>" type "</Type><TTL>300</TTL>"                  \
    "<ResourceRecords>" values "</ResourceRecords></ResourceRecordSet>"

static void only_sets_of_the_name_are_kept(void **state)
{
    (void)state;
    struct call *c = call_to(API_ROUTE53, CALL_RECORDS);
    answer_give(
        c, 200,
        RRSETS(RRSET("Bounce.example.com.", "MX",
                     VALUE("10 Feedback-SMTP.us-east-1.amazonses.com.") VALUE("0 ."))
                   RRSET("bounce.example.com.", "TXT",
                         VALUE("\"v=spf1 include:amazonses.com \" \"~all\"")
                             VALUE("\"a\\\"b\\\\c\\303\\251&amp;\""))
                       RRSET("c.example.com.", "MX", VALUE("10 x.")),
               "<IsTruncated>true</IsTruncated><NextRecordName>d.example.com.</NextRecordName>"
               "<NextRecordType>A</NextRecordType>"));
    assert_int_equal(c->reply.how, REPLY_HTTP);
    assert_int_equal(c->sets_len, 2);
    assert_int_equal(c->next_token.len, 0);
    const struct record_set *m = &c->sets[0], *t = &c->sets[1];
    assert_text(m->name, TEXT("bounce.example.com"));
    assert_int_equal(m->type, DNS_TYPE_MX);
    assert_int_equal(m->ttl_s, 300);
    assert_int_equal(m->len, 2);
    assert_false(m->is_special || t->is_special);
    assert_int_equal(m->values[0].preference, 10);
    assert_text(m->values[0].data, TEXT("feedback-smtp.us-east-1.amazonses.com"));
    assert_text(m->values[0].verbatim, TEXT("10 Feedback-SMTP.us-east-1.amazonses.com."));
    assert_int_equal(m->values[1].data.len, 0);
    assert_text(t->values[0].data, TEXT("v=spf1 include:amazonses.com ~all"));
    assert_text(t->values[0].verbatim, TEXT("\"v=spf1 include:amazonses.com \" \"~all\""));
    assert_text(t->values[1].data, TEXT("a\"b\\c\xc3\xa9&"));
    call_free(c);
}

static void pages_go_on_while_the_name_is_the_same(void **state)
{
    (void)state;
    struct call *c = call_to(API_ROUTE53, CALL_RECORDS);
    answer_give(c, 200,
                RRSETS(RRSET("bounce.example.com.", "A", VALUE("192.0.2.1")),
                       "<IsTruncated>true</IsTruncated>"
                       "<NextRecordName>bounce.example.com.</NextRecordName>"
                       "<NextRecordType>A</NextRecordType>"
                       "<NextRecordIdentifier>two</NextRecordIdentifier>"));
    assert_text(c->next_token, TEXT("bounce.example.com.\nA\ntwo"));
    call_free(c);
}

#define SPECIAL(member)                                                                            \
    RRSETS(                                                                                        \
        "<ResourceRecordSet><Name>bounce.example.com.</Name><Type>MX</Type>" member                \
        "<TTL>60</TTL><ResourceRecords>" VALUE("10 x.") "</ResourceRecords></ResourceRecordSet>",  \
        LAST)

static const char *const specials[] = {
    SPECIAL("<SetIdentifier>a</SetIdentifier><Weight>10</Weight>"),
    SPECIAL("<SetIdentifier>a</SetIdentifier><Region>eu-west-1</Region>"),
    SPECIAL("<GeoLocation><CountryCode>DE</CountryCode></GeoLocation>"),
    SPECIAL("<Failover>PRIMARY</Failover>"),
    SPECIAL("<MultiValueAnswer>true</MultiValueAnswer>"),
    SPECIAL("<HealthCheckId>a</HealthCheckId>"),
    SPECIAL("<TrafficPolicyInstanceId>a</TrafficPolicyInstanceId>"),
    SPECIAL("<NewPolicyOfNextYear>a</NewPolicyOfNextYear>"),
    RRSETS("<ResourceRecordSet><Name>bounce.example.com.</Name><Type>MX</Type><AliasTarget>"
           "<HostedZoneId>Z</HostedZoneId><DNSName>x.</DNSName><EvaluateTargetHealth>false"
           "</EvaluateTargetHealth></AliasTarget></ResourceRecordSet>",
           LAST),
    RRSETS(RRSET("bounce.example.com.", "MX", VALUE("ten x.")), LAST),
    RRSETS(RRSET("bounce.example.com.", "MX", VALUE("65536 x.")), LAST),
    RRSETS(RRSET("bounce.example.com.", "TXT", VALUE("no quotes")), LAST),
};

static void sets_with_rules_of_their_own_are_marked(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(specials); i++) {
        struct call *c = call_to(API_ROUTE53, CALL_RECORDS);
        answer_give(c, 200, specials[i]);
        assert_int_equal(c->reply.how, REPLY_HTTP);
        assert_int_equal(c->sets_len, 1);
        assert_true(c->sets[0].is_special);
        call_free(c);
    }
}

static void an_escaped_dot_is_no_dot(void **state)
{
    (void)state;
    static const char body[] = RRSETS(RRSET("\\052.example.com.", "MX", VALUE("10 x."))
                                          RRSET("\\052\\056example.com.", "TXT", VALUE("\"x\"")),
                                      LAST);
    struct call *c = call_to(API_ROUTE53, CALL_RECORDS);
    c->name = TEXT("*.example.com");
    answer_give(c, 200, body);
    assert_int_equal(c->sets_len, 1);
    assert_text(c->sets[0].name, TEXT("*.example.com"));
    call_free(c);
}

static const struct {
    enum call_kind kind;
    const char *body;
} broken[] = {
    {CALL_RECORDS, ""},
    {CALL_RECORDS, "<html><body>Login</body></html>"},
    {CALL_RECORDS, DOC "<ListResourceRecordSetsResponse" NS "><ResourceRecordSets>"},
    {CALL_RECORDS, RRSETS(RRSET("bounce.example.com.", "MX", ""), LAST)},
    {CALL_RECORDS, RRSETS(RRSET("", "MX", VALUE("10 x.")), LAST)},
    {CALL_RECORDS, RRSETS(RRSET("bounce.example.com.", "", VALUE("10 x.")), LAST)},
    {CALL_RECORDS, RRSETS("<ResourceRecordSet><Name>bounce.example.com.</Name><Name>a.</Name>"
                          "<Type>A</Type><TTL>1</TTL><ResourceRecords>" VALUE(
                              "1.2.3.4") "</ResourceRecords></ResourceRecordSet>",
                          LAST)},
    {CALL_RECORDS, RRSETS("<ResourceRecordSet><Name>bounce.example.com.</Name><Type>A</Type>"
                          "<TTL>99999999999999999999</TTL><ResourceRecords>" VALUE(
                              "1.2.3.4") "</ResourceRecords></ResourceRecordSet>",
                          LAST)},
    {CALL_RECORDS, RRSETS("", "<IsTruncated>perhaps</IsTruncated>")},
    {CALL_RECORDS, RRSETS("", "<IsTruncated>true</IsTruncated>")},
    {CALL_RECORDS, "<!DOCTYPE a [<!ENTITY b \"cc\">]><ListResourceRecordSetsResponse>&b;"
                   "</ListResourceRecordSetsResponse>"},
    {CALL_ZONES, RRSETS("", LAST)}, /* the answer to another question */
    {CALL_ZONES, DOC "<ListHostedZonesByNameResponse><HostedZones><HostedZone><Id>Z1</Id>"
                     "</HostedZone></HostedZones></ListHostedZonesByNameResponse>"},
    {CALL_ZONES, DOC "<ListHostedZonesByNameResponse><HostedZones><HostedZone><Id>Z1</Id>"
                     "<Name>example.com.</Name><Config><PrivateZone>maybe</PrivateZone></Config>"
                     "</HostedZone></HostedZones></ListHostedZonesByNameResponse>"},
    {CALL_ZONE, DOC "<GetHostedZoneResponse></GetHostedZoneResponse>"},
    {CALL_CHANGE, DOC "<ChangeResourceRecordSetsResponse></ChangeResourceRecordSetsResponse>"},
    {CALL_CHANGE, "<html/>"},
    {CALL_CHANGE, ""},
};

static void an_answer_outside_the_promise_leaves_nothing_behind(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(broken); i++) {
        struct call *c = call_to(API_ROUTE53, broken[i].kind);
        answer_give(c, 200, broken[i].body);
        assert_int_equal(c->reply.how, REPLY_GARBLED);
        assert_int_equal(c->sets_len + c->zones_len + c->next_token.len, 0);
        assert_int_equal(verdict_of(&c->reply, c->kind),
                         broken[i].kind == CALL_CHANGE ? VERDICT_UNSURE : VERDICT_AGAIN);
        call_free(c);
    }
}

static void a_change_is_accepted_by_its_own_answer_alone(void **state)
{
    (void)state;
    struct call *c = call_to(API_ROUTE53, CALL_CHANGE);
    answer_give(c, 200,
                DOC "<ChangeResourceRecordSetsResponse" NS "><ChangeInfo><Id>/change/C1</Id>"
                    "<Status>PENDING</Status><SubmittedAt>2026-01-01T00:00:00Z</SubmittedAt>"
                    "</ChangeInfo></ChangeResourceRecordSetsResponse>");
    assert_int_equal(verdict_of(&c->reply, CALL_CHANGE), VERDICT_OK);
    call_free(c);
}

#define FAILED(code, message)                                                                      \
    DOC "<ErrorResponse" NS "><Error><Type>Sender</Type><Code>" code "</Code><Message>" message    \
        "</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"

static const struct {
    int status;
    const char *body;
    enum verdict change, records, zones;
} refusals[] = {
    {400, FAILED("Throttling", "Rate exceeded"), VERDICT_SLOW_DOWN, VERDICT_SLOW_DOWN,
     VERDICT_SLOW_DOWN},
    {400, FAILED("ThrottlingException", "Rate exceeded"), VERDICT_SLOW_DOWN, VERDICT_SLOW_DOWN,
     VERDICT_SLOW_DOWN},
    {400, FAILED("PriorRequestNotComplete", "busy"), VERDICT_AGAIN, VERDICT_AGAIN, VERDICT_AGAIN},
    {404, FAILED("NoSuchHostedZone", "No hosted zone found with ID: Z1"), VERDICT_GONE,
     VERDICT_GONE, VERDICT_GONE},
    {400, FAILED("InvalidChangeBatch", "[x]"), VERDICT_REFUSED, VERDICT_REFUSED, VERDICT_REFUSED},
    {403, FAILED("AccessDenied", "User: arn:aws:iam::123456789012:user/x is not authorized"),
     VERDICT_REFUSED, VERDICT_REFUSED, VERDICT_DENIED},
    {403, FAILED("InvalidClientTokenId", "The security token is invalid"), VERDICT_DENIED,
     VERDICT_DENIED, VERDICT_DENIED},
    {403, FAILED("ExpiredToken", "expired"), VERDICT_RENEW, VERDICT_RENEW, VERDICT_RENEW},
    {400, FAILED("InvalidInput", "bad"), VERDICT_REFUSED, VERDICT_REFUSED, VERDICT_REFUSED},
    {503, FAILED("ServiceUnavailable", ""), VERDICT_UNSURE, VERDICT_AGAIN, VERDICT_AGAIN},
    {502, "<html>Bad Gateway</html>", VERDICT_UNSURE, VERDICT_AGAIN, VERDICT_AGAIN},
    {302, "", VERDICT_UNSURE, VERDICT_AGAIN, VERDICT_AGAIN},
};

static void refusals_have_their_consequences(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        const enum verdict verdicts[] = {refusals[i].change, refusals[i].records,
                                         refusals[i].zones};
        const enum call_kind kinds[] = {CALL_CHANGE, CALL_RECORDS, CALL_ZONES};
        for (size_t k = 0; k < 3; k++) {
            struct call *c = call_to(API_ROUTE53, kinds[k]);
            answer_give(c, refusals[i].status, refusals[i].body);
            assert_int_equal(c->reply.how, REPLY_HTTP);
            assert_int_equal(verdict_of(&c->reply, c->kind), verdicts[k]);
            assert_true(c->reply.message[0]);
            call_free(c);
        }
    }
}

#define EXISTS(name, type)                                                                         \
    "Tried to create resource record set [name='" name "', type='" type "'] but it already exists"
#define CONFLICTS(name)                                                                            \
    "RRSet of type CNAME with DNS name " name " is not permitted as it conflicts with other "      \
    "records with the same DNS name in zone example.com."

static const struct {
    const char *body;
    int64_t faults[4]; /* indices of changes, -1: of none; ended by -2 */
} blamed[] = {
    {FAILED("InvalidChangeBatch", "[" EXISTS("b.example.com.", "TXT") "]"), {1, -2}},
    {FAILED("InvalidChangeBatch", EXISTS("c.example.com.", "MX")), {2, -2}},
    {FAILED("InvalidChangeBatch",
            "[" EXISTS("b.example.com.", "MX") ", " CONFLICTS("c.example.com.") "]"),
     {0, 2, 3, -2}},
    {FAILED("InvalidChangeBatch", "[" EXISTS("x.b.example.com.", "MX") "]"), {-1, -2}},
    {FAILED("InvalidChangeBatch", "[RRSet with DNS name b.example.com., type TXT, SetIdentifier "
                                  "&quot;x&quot; cannot be created because a non multivalue answer "
                                  "rrset exists]"),
     {1, -2}},
    {DOC "<InvalidChangeBatch" NS
         "><Messages><Message>" EXISTS("B.example.com.", "MX") "</Message><Message>" EXISTS(
             "c.example.com.", "TXT") "</Message></Messages>"
                                      "<RequestId>r-1</RequestId></InvalidChangeBatch>",
     {0, 3, -2}},
    {FAILED("InvalidChangeBatch", "nobody knows"), {-1, -2}},
    {FAILED("Throttling", EXISTS("b.example.com.", "MX")), {-2}},
};

static void a_refused_batch_blames_the_changes_that_its_words_name(void **state)
{
    (void)state;
    const struct record_change changes[] = {
        {.kind = CHANGE_CREATE, .set = SET("b.example.com", DNS_TYPE_MX, mx)},
        {.kind = CHANGE_CREATE, .set = SET("b.example.com", DNS_TYPE_TXT, spf)},
        {.kind = CHANGE_CREATE, .set = SET("c.example.com", DNS_TYPE_MX, mx)},
        {.kind = CHANGE_CREATE, .set = SET("c.example.com", DNS_TYPE_TXT, spf)},
    };
    for (size_t i = 0; i < COUNT(blamed); i++) {
        struct call *c = call_to(API_ROUTE53, CALL_CHANGE);
        uint32_t len = 0;
        c->changes = changes;
        c->changes_len = COUNT(changes);
        answer_give(c, 400, blamed[i].body);
        for (; blamed[i].faults[len] != -2; len++) {
            assert_true(len < c->faults_len);
            assert_int_equal(c->faults[len].change, (uint32_t)blamed[i].faults[len]);
            assert_true(c->faults[len].words.len > 5);
        }
        assert_int_equal(c->faults_len, len);
        assert_string_equal(c->reply.request_id, "r-1");
        call_free(c);
    }
}

/* As many as fit: 390 names of two sets each are 32,000 characters. */
static void a_thousand_messages_blame_a_thousand_changes(void **state)
{
    (void)state;
    static char names[ROUTE53_BATCH_RECORDS / 2][64];
    static struct record_change changes[ROUTE53_BATCH_RECORDS];
    struct call *c = call_to(API_ROUTE53, CALL_CHANGE);
    struct buf body;
    buf_init(&body, HTTP_BODY_MAX);
    buf_add_str(&body, "<ErrorResponse><Error><Code>InvalidChangeBatch</Code><Message>[");
    for (uint32_t i = 0; i < COUNT(changes); i++) {
        char *name = names[i / 2];
        snprintf(name, sizeof names[0], "bounce.%04u.customers.example.com", i / 2);
        changes[i] = (struct record_change){
            .kind = CHANGE_CREATE,
            .set = {text_of(name), i % 2 ? DNS_TYPE_TXT : DNS_TYPE_MX, 300, &mx, 1, false}};
        buf_add_fmt(&body, "%s" EXISTS("%s.", "%s"), i ? ", " : "", name, i % 2 ? "TXT" : "MX");
    }
    buf_add_str(&body, "]</Message></Error></ErrorResponse>");
    c->changes = changes;
    c->changes_len = COUNT(changes);
    answer_give(c, 400, body.at);
    assert_int_equal(c->faults_len, COUNT(changes));
    for (uint32_t i = 0; i < c->faults_len; i++)
        assert_int_equal(c->faults[i].change, i);
    buf_clear(&body);
    call_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_a_signed_get_of_its_path),
        cmocka_unit_test(a_change_is_a_batch_of_creations),
        cmocka_unit_test(a_swap_removes_what_was_read_and_creates_in_one_batch),
        cmocka_unit_test(a_change_that_must_not_be_sent_is_refused),
        cmocka_unit_test(a_full_batch_of_the_longest_names_fits),
        cmocka_unit_test(zones_of_one_name_are_all_told_and_why_some_are_barred),
        cmocka_unit_test(a_zone_comes_with_its_name_servers),
        cmocka_unit_test(only_sets_of_the_name_are_kept),
        cmocka_unit_test(pages_go_on_while_the_name_is_the_same),
        cmocka_unit_test(sets_with_rules_of_their_own_are_marked),
        cmocka_unit_test(an_escaped_dot_is_no_dot),
        cmocka_unit_test(an_answer_outside_the_promise_leaves_nothing_behind),
        cmocka_unit_test(a_change_is_accepted_by_its_own_answer_alone),
        cmocka_unit_test(refusals_have_their_consequences),
        cmocka_unit_test(a_refused_batch_blames_the_changes_that_its_words_name),
        cmocka_unit_test(a_thousand_messages_blame_a_thousand_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
