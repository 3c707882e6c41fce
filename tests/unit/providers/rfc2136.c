/*
 * Updates of DNS as octets: ours are those of knsupdate, and answers are believed only when they
 * are signed for this very request.
 */
#include "base/hex.h"
#include "providers/providers.h"
#include "unit.h"
#include "update_vectors.h"

#include <stdio.h>

#define MESSAGE_MAX 65535

static size_t vector(const char *name, uint8_t **out)
{
    *out = NULL;
    for (size_t i = 0; i < COUNT(update_vectors); i++)
        if (strcmp(update_vectors[i].name, name) == 0) {
            struct text hex = text_of(update_vectors[i].hex);
            *out =
                malloc(hex.len / 2); /* of this length, so that a sanitizer sees one octet more */
            assert_non_null(*out);
            assert_true(hex_read(hex, *out, hex.len / 2));
            return hex.len / 2;
        }
    fail_msg("there is no vector %s", name);
    return 0;
}

static uint64_t number(const uint8_t *at, size_t len)
{
    uint64_t n = 0;
    while (len--)
        n = n << 8 | *at++;
    return n;
}

/* The key of all vectors: 32 octets, from 0 to 31. */
static struct provider_at provider(void)
{
    struct provider_at at = {.kind = PROVIDER_RFC2136,
                             .key = {.name = "mailfrom.example.net", .algorithm = "hmac-sha256"}};
    for (at.key.secret_len = 0; at.key.secret_len < 32; at.key.secret_len++)
        at.key.secret[at.key.secret_len] = (uint8_t)at.key.secret_len;
    return at;
}

static struct call *call_new(enum call_kind kind)
{
    struct call *c = calloc(1, sizeof *c);
    assert_non_null(c);
    arena_init(&c->arena, 1u << 20);
    c->kind = kind;
    c->api = API_RFC2136;
    c->zone = TEXT("example.com");
    return c;
}

static void call_free(struct call *c)
{
    arena_clear(&c->arena);
    free(c);
}

/* Of the updates of update_vectors.py. */
#define NAME TEXT("bounce.example.com")
static const struct record_value mx = {
    .preference = 10,
    .data = {"feedback-smtp.us-east-1.amazonses.com",
             sizeof("feedback-smtp.us-east-1.amazonses.com") - 1}};
static const struct record_value spf = {
    .data = {"v=spf1 include:amazonses.com ~all", sizeof("v=spf1 include:amazonses.com ~all") - 1}};
static const struct record_value none = {.data = {"v=spf1 -all", sizeof("v=spf1 -all") - 1}};
static const struct record_value null_mx = {.data = {"", sizeof("") - 1}};
static const struct record_value pair[] = {
    {.data = {"one", sizeof("one") - 1}},
    {.data = {"two", sizeof("two") - 1}, .cuts = {"\1\2", sizeof("\1\2") - 1}}};

static struct record_set set_of(uint16_t type, uint32_t ttl_s, const struct record_value *values,
                                uint32_t len)
{
    return (struct record_set){
        .name = NAME, .type = type, .ttl_s = ttl_s, .values = values, .len = len};
}

static enum err encode(struct buf *out, struct update_sent *sent,
                       const struct record_change *changes, uint32_t len, uint16_t id,
                       instant_us now, struct why *why)
{
    struct provider_at at = provider();
    struct call *c = call_new(CALL_CHANGE);
    c->changes = changes;
    c->changes_len = len;
    buf_init(out, MESSAGE_MAX);
    enum err err = update_encode(out, sent, c, &at, id, now, why);
    call_free(c);
    return err;
}

/* At the instant of the vector, which has its time, fudge, code, id, error and other data at its
 * end.
 */
static void encodes_as(const char *name, const struct record_change *changes, uint32_t len)
{
    uint8_t *want;
    size_t want_len = vector(name, &want);
    instant_us now = SPAN_S((int64_t)number(want + want_len - 48, 6));
    struct update_sent sent;
    struct buf got;
    struct why why = {""};
    assert_int_equal(encode(&got, &sent, changes, len, (uint16_t)number(want, 2), now, &why), OK);
    assert_int_equal(got.len, want_len);
    assert_memory_equal(got.at, want, want_len);
    assert_int_equal(sent.id, number(want, 2));
    assert_int_equal(sent.mac_len, 32);
    assert_memory_equal(sent.mac, want + want_len - 38, 32);
    buf_clear(&got);
    free(want);
}

static void updates_are_those_of_knsupdate_to_the_octet(void **state)
{
    (void)state;
    static const char part[] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example ";
    char text[2000] = "v=spf1 include:";
    for (int i = 0; i < 24; i++)
        strcat(text, part);
    const struct record_value wide = {.data = text_of(text)};
    const struct record_change create[] = {
        {.kind = CHANGE_CREATE, .set = set_of(DNS_TYPE_TXT, 300, &spf, 1)},
        {.kind = CHANGE_CREATE, .set = set_of(DNS_TYPE_MX, 300, &mx, 1)}};
    const struct record_change remove[] = {
        {.kind = CHANGE_DELETE, .set = set_of(DNS_TYPE_TXT, 300, pair, 2)}};
    const struct record_change swap[] = {{.kind = CHANGE_SWAP,
                                          .set = set_of(DNS_TYPE_TXT, 60, &wide, 1),
                                          .old = set_of(DNS_TYPE_TXT, 300, &none, 1)}};
    const struct record_change null[] = {
        {.kind = CHANGE_CREATE, .set = set_of(DNS_TYPE_MX, 300, &null_mx, 1)}};
    encodes_as("create", create, 2);
    encodes_as("delete", remove, 1);
    encodes_as("swap", swap, 1);
    encodes_as("null_mx", null, 1);
}

#define CHANGE(is, of)                                                                             \
    {                                                                                              \
        .kind = CHANGE_##is, .set = (of)                                                           \
    }

static void what_is_no_change_of_a_mail_from_is_refused(void **state)
{
    (void)state;
    const struct record_value torn = {.data = {"two", 3}, .cuts = {"\1\3", 2}};
    const struct record_value lost = {.data = {"two", 3}, .cuts = {"\1\1", 2}};
    struct record_set good = set_of(DNS_TYPE_MX, 300, &mx, 1), longer = good, dotted = good,
                      cname = good, alias = good, other = good;
    char label[70];
    memset(label, 'a', sizeof label);
    longer.name = (struct text){label, sizeof label};
    dotted.name = TEXT("a..example.com");
    cname.type = DNS_TYPE_CNAME;
    alias.is_special = true;
    other.name = TEXT("other.example.com");
    const struct {
        struct record_change change[2];
        uint32_t len;
        const char *says;
    } cases[] = {
        {{CHANGE(CREATE, longer)}, 1, "cannot be written"},
        {{CHANGE(CREATE, dotted)}, 1, "cannot be written"},
        {{CHANGE(CREATE, set_of(DNS_TYPE_TXT, 1, &torn, 1))}, 1, "cannot be written"},
        {{CHANGE(DELETE, set_of(DNS_TYPE_TXT, 1, &lost, 1))}, 1, "cannot be written"},
        {{CHANGE(CREATE, cname)}, 1, "no change of"},
        {{CHANGE(DELETE, alias)}, 1, "no change of"},
        {{CHANGE(CREATE, set_of(DNS_TYPE_MX, 1, NULL, 0))}, 1, "no change of"},
        {{CHANGE(SWAP, good)}, 1, "no change of"},
        {{{.kind = CHANGE_SWAP, .set = good, .old = other}}, 1, "no change of"},
        {{CHANGE(CREATE, good), CHANGE(DELETE, good)}, 2, "two changes of the MX set"},
        {{CHANGE(CREATE, good)}, 0, "0 names"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct update_sent sent;
        struct buf out;
        struct why why = {""};
        assert_int_not_equal(encode(&out, &sent, cases[i].change, cases[i].len, 1, 1, &why), OK);
        assert_non_null(strstr(why.text, cases[i].says));
        assert_int_equal(out.len, 0);
        buf_clear(&out);
    }
}

static void a_message_has_fifty_names(void **state)
{
    (void)state;
    struct record_change changes[2 * UPDATE_NAMES_MAX + 1];
    char names[UPDATE_NAMES_MAX + 1][32];
    struct update_sent sent;
    struct buf out;
    struct why why = {""};
    for (uint32_t i = 0; i < COUNT(changes); i++) {
        snprintf(names[i / 2], sizeof names[0], "bounce.n%u.example.com", (unsigned)(i / 2));
        changes[i] = (struct record_change){.kind = CHANGE_CREATE,
                                            .set = i % 2 ? set_of(DNS_TYPE_TXT, 300, &spf, 1)
                                                         : set_of(DNS_TYPE_MX, 300, &mx, 1)};
        changes[i].set.name = text_of(names[i / 2]);
    }
    assert_int_equal(encode(&out, &sent, changes, 2 * UPDATE_NAMES_MAX, 1, 1, &why), OK);
    assert_between(out.len, 4000, 16000);
    buf_clear(&out);
    assert_int_equal(encode(&out, &sent, changes, 2 * UPDATE_NAMES_MAX + 1, 1, 1, &why), ERR_LIMIT);
    buf_clear(&out);
}

/* The answer of the vector to the update "create", at the instant of that; as bytes or changed. */
static struct call *decoded_at(const uint8_t *bytes, size_t len, span_us later,
                               uint32_t changes_len)
{
    uint8_t *request;
    size_t request_len = vector("create", &request);
    struct update_sent sent = {.id = (uint16_t)number(request, 2), .mac_len = 32};
    struct provider_at at = provider();
    struct call *c = call_new(CALL_CHANGE);
    c->changes_len = changes_len;
    memcpy(sent.mac, request + request_len - 38, 32);
    update_decode(c, &sent, &at, bytes, len,
                  SPAN_S((int64_t)number(request + request_len - 48, 6)) + later);
    free(request);
    return c;
}

static struct call *decoded(const char *name)
{
    uint8_t *answer;
    size_t len = vector(name, &answer);
    struct call *c = decoded_at(answer, len, 0, 2);
    free(answer);
    return c;
}

#define THREE                                                                                      \
    "does not serve the zone as its primary, it does not know key mailfrom.example.net "           \
    "(hmac-sha256) "

static void answers_are_told_as_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum reply_how how;
        unsigned status;
        const char *code, *says;
        uint32_t faults;
    } cases[] = {
        {"signed_noerror", REPLY_HTTP, 200, "", "", 0},
        {"in_time", REPLY_HTTP, 200, "", "", 0},
        {"no_question", REPLY_HTTP, 200, "", "", 0},
        {"signed_yxrrset", REPLY_HTTP, 400, "YXRRSET", "or a CNAME in its place, is there already",
         1},
        {"signed_nxrrset", REPLY_HTTP, 400, "NXRRSET", "no longer, what it was", 1},
        {"signed_yxdomain", REPLY_HTTP, 400, "YXDOMAIN", "zone example.com: ", 1},
        {"signed_notzone", REPLY_HTTP, 400, "NOTZONE", "does not belong to this zone", 1},
        {"signed_notauth", REPLY_HTTP, 400, "NOTAUTH", "not the primary", 1},
        {"signed_refused", REPLY_HTTP, 400, "REFUSED", "policy does not let this key", 1},
        {"signed_servfail", REPLY_HTTP, 503, "SERVFAIL", "could not carry", 0},
        {"unsigned_notauth", REPLY_HTTP, 400, "NOTAUTH", THREE, 0},
        {"unsigned_refused", REPLY_HTTP, 400, "REFUSED", THREE, 0},
        {"unsigned_formerr", REPLY_HTTP, 400, "FORMERR",
         "its clock is more than 300 s from this one's", 0},
        {"unsigned_notimp", REPLY_HTTP, 400, "NOTIMP", "takes no updates", 0},
        {"badsig", REPLY_HTTP, 400, "BADSIG", "another secret", 0},
        {"badkey", REPLY_HTTP, 400, "BADKEY",
         "knows no key mailfrom.example.net of algorithm hmac-sha256", 0},
        {"badtime", REPLY_HTTP, 400, "BADTIME", " at the server and ", 0},
        {"unsigned_noerror", REPLY_GARBLED, 0, "", "is not signed", 0},
        {"unsigned_yxrrset", REPLY_GARBLED, 0, "", "is not signed", 0},
        {"unsigned_servfail", REPLY_GARBLED, 0, "", "is not signed", 0},
        {"noerror_without_code", REPLY_GARBLED, 0, "", "code of another length", 0},
        {"wrong_secret", REPLY_GARBLED, 0, "", "has a wrong code", 0},
        {"other_key", REPLY_GARBLED, 0, "", "another key", 0},
        {"other_algorithm", REPLY_GARBLED, 0, "", "another algorithm", 0},
        {"weak_algorithm", REPLY_GARBLED, 0, "", "another algorithm", 0},
        {"short_code", REPLY_GARBLED, 0, "", "another algorithm", 0},
        {"other_request", REPLY_GARBLED, 0, "", "has a wrong code", 0},
        {"late", REPLY_GARBLED, 0, "", "was signed at 20", 0},
        {"other_id", REPLY_GARBLED, 0, "", "is no answer to it", 0},
        {"a_question", REPLY_GARBLED, 0, "", "is no answer to it", 0},
        {"cut", REPLY_GARBLED, 0, "", "is cut short", 0},
        {"other_zone", REPLY_GARBLED, 0, "", "is about another zone", 0},
        {"behind", REPLY_GARBLED, 0, "", "no whole DNS message", 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct call *c = decoded(cases[i].name);
        if (c->reply.how != cases[i].how || c->reply.http_status != cases[i].status ||
            strcmp(c->reply.code, cases[i].code) != 0 || !strstr(c->reply.message, cases[i].says) ||
            c->faults_len != cases[i].faults)
            fail_msg("%s: %d %u %s '%s', %u", cases[i].name, c->reply.how, c->reply.http_status,
                     c->reply.code, c->reply.message, c->faults_len);
        if (c->faults_len)
            assert_int_equal(c->faults[0].change, UINT32_MAX);
        call_free(c);
    }
}

static void of_one_change_the_fault_is_known(void **state)
{
    (void)state;
    uint8_t *answer;
    size_t len = vector("signed_yxrrset", &answer);
    struct call *c = decoded_at(answer, len, 0, 1);
    assert_int_equal(c->faults_len, 1);
    assert_int_equal(c->faults[0].change, 0);
    assert_text(c->faults[0].words, text_of(c->reply.message));
    call_free(c);
    free(answer);
}

/* The server's clock is an hour ahead, and it says so under its signature. */
static void both_times_are_told(void **state)
{
    (void)state;
    uint8_t *request;
    size_t len = vector("create", &request);
    char here[WHEN_LEN], there[WHEN_LEN], words[128];
    instant_us at = SPAN_S((int64_t)number(request + len - 48, 6));
    snprintf(words, sizeof words, "it is %s at the server and %s here",
             when_format(at + SPAN_H(1), there), when_format(at, here));
    struct call *c = decoded("badtime");
    assert_non_null(strstr(c->reply.message, words));
    call_free(c);
    free(request);
}

/* Whatever octet of a signed answer is another one, nothing is taken for done. */
static void no_octet_of_a_success_may_change(void **state)
{
    (void)state;
    uint8_t *answer;
    size_t len = vector("signed_noerror", &answer);
    for (size_t i = 0; i < len; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            bool is_case = answer[i] >= 'A' && bit == 5; /* names are equal in both cases */
            answer[i] ^= (uint8_t)(1u << bit);
            struct call *c = decoded_at(answer, len, 0, 2);
            if (c->reply.how == REPLY_HTTP && c->reply.http_status == 200 && !is_case)
                fail_msg("octet %zu, bit %u: taken for a success", i, bit);
            call_free(c);
            answer[i] ^= (uint8_t)(1u << bit);
        }
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *exact = malloc(cut + 1);
        assert_non_null(exact);
        exact = realloc(memcpy(exact, answer, cut), cut ? cut : 1);
        struct call *c = decoded_at(exact, cut, 0, 2);
        assert_int_equal(c->reply.how, REPLY_GARBLED);
        call_free(c);
        free(exact);
    }
    free(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates_are_those_of_knsupdate_to_the_octet),
        cmocka_unit_test(what_is_no_change_of_a_mail_from_is_refused),
        cmocka_unit_test(a_message_has_fifty_names),
        cmocka_unit_test(answers_are_told_as_they_are),
        cmocka_unit_test(of_one_change_the_fault_is_known),
        cmocka_unit_test(both_times_are_told),
        cmocka_unit_test(no_octet_of_a_success_may_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
