/*
 * SES v1: forms byte for byte, and answers in the shapes that SES, and the emulators of it, send.
 */
#include "aws/ses_v1.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#define NS "xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\""

static struct call *call_new(enum call_kind kind)
{
    struct call *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->kind = kind;
    arena_init(&c->arena, 8u << 20);
    return c;
}

static void call_free(struct call *c)
{
    arena_clear(&c->arena);
    free(c);
}

static void identity_add(struct call *c, const char *identity)
{
    c->identities[c->count++] = text_of(identity);
}

static void assert_encodes(const struct call *c, const char *expected)
{
    struct buf body;
    buf_init(&body, REQUEST_BODY_MAX);
    assert_int_equal(ses_v1_encode(c, &body, NULL), OK);
    assert_text(buf_text(&body), text_of(expected));
    buf_clear(&body);
}

static void forms_are_written_as_captured_from_the_aws_cli(void **state)
{
    (void)state;
    struct call *c = call_new(CALL_SET);
    identity_add(c, "user+x@example.com");
    c->mail_from = TEXT("b.example.com");
    c->behavior = BEHAVIOR_REJECT_MESSAGE;
    assert_encodes(c, "Action=SetIdentityMailFromDomain&Version=2010-12-01&Identity=user%2Bx%40"
                      "example.com&MailFromDomain=b.example.com&BehaviorOnMXFailure=RejectMessage");
    c->mail_from = TEXT_NONE; /* clears; the behaviour is sent always */
    c->behavior = BEHAVIOR_USE_DEFAULT_VALUE;
    assert_encodes(c, "Action=SetIdentityMailFromDomain&Version=2010-12-01&Identity=user%2Bx%40"
                      "example.com&BehaviorOnMXFailure=UseDefaultValue");
    c->kind = CALL_READ_MAIL_FROM;
    c->identities[0] = TEXT("a.example");
    identity_add(c, "u@b.example");
    assert_encodes(c, "Action=GetIdentityMailFromDomainAttributes&Version=2010-12-01"
                      "&Identities.member.1=a.example&Identities.member.2=u%40b.example");
    c->kind = CALL_READ_VERIFICATION;
    assert_encodes(c, "Action=GetIdentityVerificationAttributes&Version=2010-12-01"
                      "&Identities.member.1=a.example&Identities.member.2=u%40b.example");
    c->kind = CALL_READ_NOTIFICATION;
    assert_encodes(c, "Action=GetIdentityNotificationAttributes&Version=2010-12-01"
                      "&Identities.member.1=a.example&Identities.member.2=u%40b.example");
    c->kind = CALL_READ_DKIM;
    assert_encodes(c, "Action=GetIdentityDkimAttributes&Version=2010-12-01"
                      "&Identities.member.1=a.example&Identities.member.2=u%40b.example");
    c->kind = CALL_LIST;
    assert_encodes(c, "Action=ListIdentities&Version=2010-12-01&MaxItems=1000");
    c->token = TEXT("a/b+c=&x\n");
    assert_encodes(c, "Action=ListIdentities&Version=2010-12-01&MaxItems=1000"
                      "&NextToken=a%2Fb%2Bc%3D%26x%0A");
    c->kind = CALL_ACCOUNT;
    assert_encodes(c, "Action=GetAccountSendingEnabled&Version=2010-12-01");
    c->kind = CALL_QUOTA;
    assert_encodes(c, "Action=GetSendQuota&Version=2010-12-01");
    call_free(c);
}

static void a_call_that_v1_does_not_have_is_refused(void **state)
{
    (void)state;
    struct buf body;
    struct call *c = call_new(CALL_GET);
    buf_init(&body, REQUEST_BODY_MAX);
    identity_add(c, "example.com");
    assert_int_equal(ses_v1_encode(c, &body, NULL), ERR_INPUT);
    c->kind = CALL_SET;
    c->count = 2;
    assert_int_equal(ses_v1_encode(c, &body, NULL), ERR_INPUT);
    c->kind = CALL_READ_MAIL_FROM; /* the second one is empty */
    assert_int_equal(ses_v1_encode(c, &body, NULL), ERR_INPUT);
    c->count = 0;
    assert_int_equal(ses_v1_encode(c, &body, NULL), ERR_INPUT);
    c->count = SES_BATCH_MAX + 1;
    assert_int_equal(ses_v1_encode(c, &body, NULL), ERR_INPUT);
    assert_int_equal(body.len, 0);
    buf_clear(&body);
    call_free(c);
}

static const char mail_from_xml[] =
    "<?xml version=\"1.0\"?>\n"
    "<GetIdentityMailFromDomainAttributesResponse " NS ">\n"
    "  <GetIdentityMailFromDomainAttributesResult>\n"
    "    <MailFromDomainAttributes>\n"
    "      <entry><key>later.example</key><value>\n"
    "        <BehaviorOnMXFailure>RejectMessage</BehaviorOnMXFailure>\n"
    "        <Surprise><Inner>x</Inner></Surprise>\n"
    "        <MailFromDomainStatus> Success </MailFromDomainStatus>\n"
    "        <MailFromDomain>em.later.example</MailFromDomain></value></entry>\n"
    "      <entry><value><BehaviorOnMXFailure>UseDefaultValue</BehaviorOnMXFailure></value>\n"
    "        <key>none.example</key></entry>\n"
    "      <entry><key>not-asked.example</key><value/></entry>\n"
    "      <entry><key>empty.example</key><value><MailFromDomain/>\n"
    "        <MailFromDomainStatus>Failed</MailFromDomainStatus></value></entry>\n"
    "      <entry><key>o&apos;hara&amp;co@x.example</key><value><MailFromDomain>a.x.example\n"
    "        </MailFromDomain><MailFromDomainStatus>Exploded</MailFromDomainStatus>\n"
    "        <BehaviorOnMXFailure>Shrug</BehaviorOnMXFailure></value></entry>\n"
    "    </MailFromDomainAttributes>\n"
    "  </GetIdentityMailFromDomainAttributesResult>\n"
    "  <Unknown/>\n"
    "  <ResponseMetadata><RequestId>11112222-3333</RequestId></ResponseMetadata>\n"
    "</GetIdentityMailFromDomainAttributesResponse>\n";

static void mail_from_facts_fall_to_their_identities_in_any_order(void **state)
{
    (void)state;
    static const struct {
        const char *identity, *mail_from;
        enum mail_from_status status;
        enum behavior behavior;
    } expected[] = {
        {"none.example", "", MAIL_FROM_NONE, BEHAVIOR_USE_DEFAULT_VALUE},
        {"absent.example", "", MAIL_FROM_NONE, BEHAVIOR_USE_DEFAULT_VALUE},
        {"o'hara&co@x.example", "a.x.example", MAIL_FROM_UNKNOWN, BEHAVIOR_USE_DEFAULT_VALUE},
        {"later.example", "em.later.example", MAIL_FROM_SUCCESS, BEHAVIOR_REJECT_MESSAGE},
        {"LATER.example", "", MAIL_FROM_NONE, BEHAVIOR_USE_DEFAULT_VALUE},
        {"empty.example", "", MAIL_FROM_NONE, BEHAVIOR_USE_DEFAULT_VALUE},
        {"later.example", "em.later.example", MAIL_FROM_SUCCESS, BEHAVIOR_REJECT_MESSAGE},
    };
    struct call *c = call_new(CALL_READ_MAIL_FROM);
    for (size_t i = 0; i < COUNT(expected); i++)
        identity_add(c, expected[i].identity);
    ses_v1_decode(c, 200, TEXT(mail_from_xml));
    assert_int_equal(c->reply.how, REPLY_HTTP);
    assert_int_equal(c->reply.http_status, 200);
    assert_string_equal(c->reply.request_id, "11112222-3333");
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_int_equal(c->facts[i].known, KNOWN_MAIL_FROM);
        assert_text(c->facts[i].mail_from, text_of(expected[i].mail_from));
        assert_int_equal(c->facts[i].status, expected[i].status);
        assert_int_equal(c->facts[i].behavior, expected[i].behavior);
    }
    call_free(c);
}

static void verification_tells_who_exists(void **state)
{
    (void)state;
    struct call *c = call_new(CALL_READ_VERIFICATION);
    identity_add(c, "gone.example");
    identity_add(c, "a.example");
    identity_add(c, "b@a.example");
    identity_add(c, "odd.example");
    ses_v1_decode(
        c, 200,
        TEXT("<GetIdentityVerificationAttributesResponse " NS
             "><GetIdentityVerificationAttributesResult><VerificationAttributes>"
             "<entry><key>b@a.example</key><value><VerificationStatus>Pending</VerificationStatus>"
             "</value></entry><entry><key>a.example</key><value><VerificationToken>QTKknzFg2J4="
             "</VerificationToken><VerificationStatus>Success</VerificationStatus></value></entry>"
             "<entry><key>odd.example</key><value/></entry>"
             "</VerificationAttributes></GetIdentityVerificationAttributesResult>"
             "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
             "</GetIdentityVerificationAttributesResponse>"));
    assert_int_equal(c->reply.how, REPLY_HTTP);
    assert_int_equal(c->facts[0].verification, VERIFICATION_NONE);
    assert_int_equal(c->facts[1].verification, VERIFICATION_SUCCESS);
    assert_int_equal(c->facts[2].verification, VERIFICATION_PENDING);
    assert_int_equal(c->facts[3].verification, VERIFICATION_NOT_STARTED);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(c->facts[i].known, KNOWN_VERIFICATION);
    call_free(c);
}

static void forwarding_is_on_unless_ses_says_off(void **state)
{
    (void)state;
    struct call *c = call_new(CALL_READ_NOTIFICATION);
    identity_add(c, "on.example");
    identity_add(c, "off.example");
    identity_add(c, "silent.example");
    identity_add(c, "gone.example");
    ses_v1_decode(
        c, 200,
        TEXT("<GetIdentityNotificationAttributesResponse><GetIdentityNotificationAttributesResult>"
             "<NotificationAttributes>"
             "<entry><key>on.example</key><value><ForwardingEnabled>true</ForwardingEnabled>"
             "<HeadersInBounceNotificationsEnabled>false</HeadersInBounceNotificationsEnabled>"
             "</value></entry>"
             "<entry><key>off.example</key><value><BounceTopic>arn:aws:sns:x</BounceTopic>"
             "<ForwardingEnabled>false</ForwardingEnabled></value></entry>"
             "<entry><key>silent.example</key><value/></entry></NotificationAttributes>"
             "</GetIdentityNotificationAttributesResult></"
             "GetIdentityNotificationAttributesResponse>"));
    assert_int_equal(c->reply.how, REPLY_HTTP);
    assert_true(c->facts[0].forwarding);
    assert_false(c->facts[1].forwarding);
    assert_true(c->facts[2].forwarding);
    assert_false(c->facts[3].forwarding);
    assert_int_equal(c->facts[3].known, KNOWN_FORWARDING);
    call_free(c);
}

/* Of each: whether SES signs, and its word for the keys. */
#define DKIM_ENTRY(name, enabled, status)                                                          \
    "<entry><key>" name "</key><value><DkimTokens><member>a</member><member>b</member>"            \
    "</DkimTokens>" enabled status "</value></entry>"
#define ENABLED(word) "<DkimEnabled>" word "</DkimEnabled>"
#define KEYS(word)    "<DkimVerificationStatus>" word "</DkimVerificationStatus>"

static void dkim_is_read_by_the_hundred(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum dkim_status status;
    } rows[] = {{"on.example", DKIM_SUCCESS},      {"off.example", DKIM_DISABLED},
                {"new.example", DKIM_PENDING},     {"u@on.example", DKIM_NOT_STARTED},
                {"silent.example", DKIM_UNKNOWN},  {"half.example", DKIM_UNKNOWN},
                {"strange.example", DKIM_UNKNOWN}, {"gone.example", DKIM_UNKNOWN}};
    struct call *c = call_new(CALL_READ_DKIM);
    for (size_t i = 0; i < COUNT(rows); i++)
        identity_add(c, rows[i].name);
    ses_v1_decode(c, 200,
                  TEXT("<GetIdentityDkimAttributesResponse><GetIdentityDkimAttributesResult>"
                       "<DkimAttributes>"
                       /* clang-format off */
             DKIM_ENTRY("on.example", ENABLED("true"), KEYS("Success"))
             DKIM_ENTRY("off.example", ENABLED("false"), KEYS("Success"))
             DKIM_ENTRY("new.example", ENABLED("true"), KEYS("Pending"))
             DKIM_ENTRY("u@on.example", ENABLED("false"), KEYS("NotStarted"))
             DKIM_ENTRY("half.example", "", KEYS("Success"))
             DKIM_ENTRY("strange.example", ENABLED("true"), KEYS("Paused"))
                       /* clang-format on */
                       "<entry><key>silent.example</key><value/></entry></DkimAttributes>"
                       "</GetIdentityDkimAttributesResult></GetIdentityDkimAttributesResponse>"));
    assert_int_equal(c->reply.how, REPLY_HTTP);
    for (size_t i = 0; i < COUNT(rows); i++)
        if (c->facts[i].dkim != rows[i].status || c->facts[i].known != KNOWN_DKIM)
            fail_msg("%s: %s", rows[i].name, dkim_status_name(c->facts[i].dkim));
    ses_v1_decode(c, 200,
                  TEXT("<GetIdentityDkimAttributesResponse><GetIdentityDkimAttributesResult/>"
                       "</GetIdentityDkimAttributesResponse>"));
    assert_int_equal(c->reply.how, REPLY_GARBLED);
    assert_int_equal(c->facts[0].known, 0);
    call_free(c);
}

static void a_listing_comes_whole_with_its_token(void **state)
{
    (void)state;
    struct buf xml;
    struct call *c = call_new(CALL_LIST);
    buf_init(&xml, 4u << 20);
    buf_add_str(&xml, "<ListIdentitiesResponse " NS "><ListIdentitiesResult><Identities>");
    for (unsigned i = 0; i < 2500; i++) /* more than was asked for: emulators do that */
        buf_add_fmt(&xml, "<member>d%u.example</member>", i);
    buf_add_str(&xml, "</Identities><NextToken>EXAMPLE+a/b==</NextToken></ListIdentitiesResult>"
                      "</ListIdentitiesResponse>");
    ses_v1_decode(c, 200, buf_text(&xml));
    assert_int_equal(c->reply.how, REPLY_HTTP);
    assert_int_equal(c->listed_len, 2500);
    assert_text(c->listed[0], TEXT("d0.example"));
    assert_text(c->listed[2499], TEXT("d2499.example"));
    assert_text(c->next_token, TEXT("EXAMPLE+a/b=="));
    arena_clear(&c->arena);
    c->arena.limit_bytes = 20000; /* too small to hold it: then nothing at all */
    ses_v1_decode(c, 200, buf_text(&xml));
    assert_int_equal(c->reply.how, REPLY_GARBLED);
    assert_int_equal(c->listed_len, 0);
    ses_v1_decode(c, 200,
                  TEXT("<ListIdentitiesResponse><ListIdentitiesResult><Identities/>"
                       "</ListIdentitiesResult></ListIdentitiesResponse>"));
    assert_int_equal(c->reply.how, REPLY_HTTP);
    assert_int_equal(c->listed_len, 0);
    assert_int_equal(c->next_token.len, 0);
    buf_clear(&xml);
    call_free(c);
}

static void account_and_quota_are_read(void **state)
{
    (void)state;
    struct call *c = call_new(CALL_ACCOUNT);
    ses_v1_decode(c, 200,
                  TEXT("<GetAccountSendingEnabledResponse><GetAccountSendingEnabledResult>"
                       "<Enabled>true</Enabled></GetAccountSendingEnabledResult>"
                       "</GetAccountSendingEnabledResponse>"));
    assert_int_equal(c->reply.how, REPLY_HTTP);
    assert_true(c->account.sending_enabled);
    c->kind = CALL_QUOTA;
    ses_v1_decode(c, 200,
                  TEXT("<GetSendQuotaResponse><GetSendQuotaResult><SentLast24Hours>127.0"
                       "</SentLast24Hours><Max24HourSend>1.25E7</Max24HourSend>"
                       "<MaxSendRate>0.5</MaxSendRate></GetSendQuotaResult>"
                       "</GetSendQuotaResponse>"));
    assert_int_equal(c->reply.how, REPLY_HTTP);
    assert_true(c->account.max_24_hour_send == 12500000.0);
    assert_true(c->account.max_send_rate == 0.5);
    ses_v1_decode(c, 200,
                  TEXT("<GetSendQuotaResponse><GetSendQuotaResult><Max24HourSend>-1"
                       "</Max24HourSend><MaxSendRate>lots</MaxSendRate>"
                       "</GetSendQuotaResult></GetSendQuotaResponse>"));
    assert_int_equal(c->reply.how, REPLY_GARBLED);
    call_free(c);
}

static void an_empty_result_ends_a_set(void **state)
{
    (void)state;
    struct call *c = call_new(CALL_SET);
    identity_add(c, "example.com");
    ses_v1_decode(c, 200,
                  TEXT("<SetIdentityMailFromDomainResponse " NS ">"
                       "<SetIdentityMailFromDomainResult/><ResponseMetadata><RequestId>abc"
                       "</RequestId></ResponseMetadata></SetIdentityMailFromDomainResponse>"));
    assert_int_equal(c->reply.how, REPLY_HTTP);
    assert_string_equal(c->reply.request_id, "abc");
    assert_string_equal(c->reply.code, "");
    call_free(c);
}

static const struct {
    int status;
    const char *body, *code, *message, *request_id;
} errors[] = {
    {400,
     "<ErrorResponse " NS ">\n  <Error>\n    <Type>Sender</Type>\n    <Code>Throttling</Code>\n"
     "    <Message>Rate exceeded</Message>\n  </Error>\n  <RequestId>e5e5</RequestId>\n"
     "</ErrorResponse>",
     "Throttling", "Rate exceeded", "e5e5"},
    {400,
     "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidParameterValue</Code><Message>Provided "
     "MAIL-FROM domain &lt;mail.example.com&gt; is not subdomain of the domain of the identity "
     "&lt;ses.example.com&gt;.</Message></Error></ErrorResponse>",
     "InvalidParameterValue",
     "Provided MAIL-FROM domain <mail.example.com> is not subdomain of the domain of the identity "
     "<ses.example.com>.",
     ""},
    {403,
     "<Response><Errors><Error><Code>AccessDenied</Code><Message>User: x</Message></Error></Errors>"
     "<RequestID>r</RequestID></Response>",
     "AccessDenied", "User: x", "r"},
    {403,
     "<ErrorResponse><Errors><Error><Message>m</Message><Code>ExpiredToken</Code></Error></Errors>"
     "</ErrorResponse>",
     "ExpiredToken", "m", ""},
    {503, "<html><body><h1>503 Service Unavailable</h1><br></body></html>", "",
     "HTTP 503 without a message", ""},
    {502, "", "", "HTTP 502 without a message", ""},
    {500, "Internal error", "", "HTTP 500 without a message", ""},
    {500, "<ErrorResponse><Error><Code>InternalFailure</Code><Mess", "",
     "HTTP 500 without a message", ""},
    {301, "", "", "HTTP 301 is a redirect, which is not followed", ""},
    {400, "<ErrorResponse><Error><Code/></Error></ErrorResponse>", "", "HTTP 400 without a message",
     ""},
};

static void errors_keep_their_code_and_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(errors); i++) {
        struct call *c = call_new(CALL_READ_MAIL_FROM);
        identity_add(c, "example.com");
        ses_v1_decode(c, errors[i].status, text_of(errors[i].body));
        assert_int_equal(c->reply.how, REPLY_HTTP);
        assert_int_equal(c->reply.http_status, errors[i].status);
        assert_string_equal(c->reply.code, errors[i].code);
        assert_string_equal(c->reply.message, errors[i].message);
        assert_string_equal(c->reply.request_id, errors[i].request_id);
        assert_int_equal(c->facts[0].known, 0);
        call_free(c);
    }
}

#define WRAP(inner)                                                                                \
    "<GetIdentityMailFromDomainAttributesResponse><"                                               \
    "GetIdentityMailFromDomainAttributesResult>" inner                                             \
    "</GetIdentityMailFromDomainAttributesResult></GetIdentityMailFromDomainAttributesResponse>"
#define ENTRY                                                                                      \
    "<entry><key>example.com</key><value><MailFromDomain>a.example.com</MailFromDomain></value></" \
    "entry>"

#define A10 "<a><a><a><a><a><a><a><a><a><a>"

static const char *const garbled[] = {
    "",
    " ",
    "<html><body>Please log in</body></html>",
    "{\"message\":\"no\"}",
    "<GetIdentityMailFromDomainAttributesResponse/>",
    WRAP(""),
    WRAP("<VerificationAttributes/>"),
    WRAP("<MailFromDomainAttributes>" ENTRY ENTRY "</MailFromDomainAttributes>"),
    "<SomethingResponse><SomethingResult/></SomethingResponse>",
    "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>",
    "<GetIdentityMailFromDomainAttributesResponse><GetIdentityMailFromDomainAttributesResult>"
    "<MailFromDomainAttributes>" ENTRY, /* cut */
    "<!DOCTYPE a [<!ENTITY x \"y\">]>" WRAP("<MailFromDomainAttributes/>"),
    "<!DOCTYPE a SYSTEM \"file:///etc/passwd\">" WRAP("<MailFromDomainAttributes/>"),
    WRAP("<MailFromDomainAttributes>&x;</MailFromDomainAttributes>"),
    WRAP("<MailFromDomainAttributes/>") "<more/>",
    A10 A10 A10 A10,
};

static void an_answer_that_is_not_what_was_promised_is_no_fact(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(garbled); i++) {
        struct call *c = call_new(CALL_READ_MAIL_FROM);
        identity_add(c, "example.com");
        ses_v1_decode(c, 200, text_of(garbled[i]));
        if (c->reply.how != REPLY_GARBLED)
            fail_msg("row %zu was accepted", i);
        assert_true(c->reply.message[0]);
        assert_int_equal(c->facts[0].known, 0);
        assert_int_equal(c->facts[0].mail_from.len, 0);
        call_free(c);
    }
}

/* Every cut and a thousand flips of a good answer: read or refused, but never half believed. */
static void a_damaged_answer_is_whole_or_nothing(void **state)
{
    (void)state;
    uint64_t seed = 20260520;
    char copy[sizeof mail_from_xml];
    struct call *c = call_new(CALL_READ_MAIL_FROM);
    identity_add(c, "later.example");
    for (size_t i = 0; i < sizeof mail_from_xml - 1 + 1000; i++) {
        size_t len = i < sizeof mail_from_xml - 1 ? i : sizeof mail_from_xml - 1;
        memcpy(copy, mail_from_xml, sizeof copy);
        if (len == sizeof mail_from_xml - 1)
            copy[dice(&seed) % len] = (char)dice(&seed);
        ses_v1_decode(c, 200, (struct text){copy, len});
        assert_true(c->reply.how == REPLY_HTTP || c->facts[0].known == 0);
        assert_true(c->reply.how == REPLY_GARBLED || c->facts[0].known == KNOWN_MAIL_FROM);
        arena_reset(&c->arena);
    }
    call_free(c);
}

static void a_long_message_is_cut_where_a_character_ends(void **state)
{
    (void)state;
    struct buf xml;
    struct call *c = call_new(CALL_QUOTA);
    buf_init(&xml, 1u << 20);
    buf_add_str(&xml, "<ErrorResponse><Error><Code>X</Code><Message>");
    for (int i = 0; i < 400; i++)
        buf_add_str(&xml, "\xe2\x82\xac");
    buf_add_str(&xml, "</Message></Error></ErrorResponse>");
    ses_v1_decode(c, 400, buf_text(&xml));
    assert_int_equal(strlen(c->reply.message), (REPLY_MESSAGE_LEN - 1) / 3 * 3);
    buf_clear(&xml);
    call_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_written_as_captured_from_the_aws_cli),
        cmocka_unit_test(a_call_that_v1_does_not_have_is_refused),
        cmocka_unit_test(mail_from_facts_fall_to_their_identities_in_any_order),
        cmocka_unit_test(verification_tells_who_exists),
        cmocka_unit_test(forwarding_is_on_unless_ses_says_off),
        cmocka_unit_test(dkim_is_read_by_the_hundred),
        cmocka_unit_test(a_listing_comes_whole_with_its_token),
        cmocka_unit_test(account_and_quota_are_read),
        cmocka_unit_test(an_empty_result_ends_a_set),
        cmocka_unit_test(errors_keep_their_code_and_words),
        cmocka_unit_test(an_answer_that_is_not_what_was_promised_is_no_fact),
        cmocka_unit_test(a_damaged_answer_is_whole_or_nothing),
        cmocka_unit_test(a_long_message_is_cut_where_a_character_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
