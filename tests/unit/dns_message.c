/* The parser of DNS messages, on hand-made messages: honest, odd and hostile. */
#include "message.h"

#include "limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A message under construction. Names are given as wire bytes. */
struct packet {
    unsigned char at[70000];
    size_t len;
};

static void add(struct packet *p, const void *bytes, size_t len)
{
    assert_true(p->len + len <= sizeof p->at);
    memcpy(p->at + p->len, bytes, len);
    p->len += len;
}

#define ADD(p, literal) add((p), (literal), sizeof(literal) - 1)

static void add_u16(struct packet *p, unsigned n)
{
    unsigned char bytes[] = {(unsigned char)(n >> 8), (unsigned char)n};
    add(p, bytes, 2);
}

static void add_u32(struct packet *p, unsigned long n)
{
    add_u16(p, (unsigned)(n >> 16));
    add_u16(p, (unsigned)(n & 0xffff));
}

static void begin(struct packet *p, unsigned flags, unsigned answers, unsigned authority,
                  unsigned additional)
{
    p->len = 0;
    add_u16(p, 0x1234);
    add_u16(p, flags);
    add_u16(p, 1);
    add_u16(p, answers);
    add_u16(p, authority);
    add_u16(p, additional);
    ADD(p, "\6bounce\7Example\3com\0\0\17\0\1"); /* at 12; "example" at 19, "com" at 27 */
}

static void add_record(struct packet *p, const char *owner, size_t owner_len, unsigned type,
                       unsigned long ttl, const void *data, size_t data_len)
{
    add(p, owner, owner_len);
    add_u16(p, type);
    add_u16(p, 1);
    add_u32(p, ttl);
    add_u16(p, (unsigned)data_len);
    add(p, data, data_len);
}

#define RECORD(p, type, ttl, data)                                                                 \
    add_record((p), "\xc0\x0c", 2, (type), (ttl), (data), sizeof(data) - 1)

#define SOA_DATA "\2ns\xc0\x13\4host\xc0\x13\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\x0e\x10"

/* Parsed from a copy of exactly this length, so that a sanitizer sees one byte too many. */
static enum err parse(struct dns_message *m, const void *bytes, size_t len, struct arena *arena,
                      struct why *why)
{
    unsigned char *exact = malloc(len ? len : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, len);
    enum err err = dns_message_parse(m, exact, len, arena, why);
    free(exact);
    return err;
}

static struct dns_message parsed(const struct packet *p, struct arena *arena)
{
    struct dns_message m;
    struct why why = {""};
    arena_init(arena, 1u << 20);
    enum err err = parse(&m, p->at, p->len, arena, &why);
    assert_string_equal(why.text, "");
    assert_int_equal(err, OK);
    return m;
}

static void refused(const struct packet *p, const char *fault)
{
    struct arena arena;
    struct dns_message m;
    struct why why = {""};
    arena_init(&arena, 1u << 20);
    assert_int_equal(parse(&m, p->at, p->len, &arena, &why), ERR_PROTO);
    if (!strstr(why.text, fault))
        fail_msg("\"%s\" does not say \"%s\"", why.text, fault);
    assert_int_equal(m.records_len, 0);
    arena_clear(&arena);
}

static void same(struct text got, const char *wanted)
{
    if (!text_eq(got, text_of(wanted)))
        fail_msg("got \"" TEXT_FMT "\", wanted \"%s\"", TEXT_ARG(got), wanted);
}

static void an_mx_answer_is_read(void **state)
{
    (void)state;
    static struct packet p;
    struct arena arena;
    begin(&p, 0x8400, 1, 0, 0);
    RECORD(&p, DNS_TYPE_MX, 60, "\0\12\15Feedback-SMTP\xc0\x1b");
    struct dns_message m = parsed(&p, &arena);
    assert_int_equal(m.id, 0x1234);
    assert_true(m.is_response && m.authoritative && !m.truncated && !m.recursion_available);
    assert_int_equal(m.rcode, DNS_RCODE_NOERROR);
    assert_int_equal(m.question_type, DNS_TYPE_MX);
    same(m.question, "bounce.example.com");
    assert_int_equal(m.records_len, 1);
    same(m.records[0].owner, "bounce.example.com");
    assert_int_equal(m.records[0].preference, 10);
    assert_int_equal(m.records[0].ttl_s, 60);
    same(m.records[0].name, "feedback-smtp.com");
    arena_clear(&arena);
}

static void every_section_and_type_is_read(void **state)
{
    (void)state;
    static struct packet p;
    struct arena arena;
    begin(&p, 0x8580, 3, 2, 2);
    RECORD(&p, DNS_TYPE_CNAME, 1, "\1c\xc0\x13");
    RECORD(&p, DNS_TYPE_DNAME, 2, "\1d\xc0\x13");
    RECORD(&p, DNS_TYPE_TXT, 3, "\7v=spf1 \4~all\0");
    RECORD(&p, DNS_TYPE_NS, 4, "\1n\xc0\x13");
    RECORD(&p, DNS_TYPE_SOA, 5, SOA_DATA);
    RECORD(&p, DNS_TYPE_A, 6, "\177\0\0\1");
    RECORD(&p, DNS_TYPE_AAAA, 7, "\x20\1\15\xb8\0\0\0\0\0\0\0\0\0\0\0\1");
    struct dns_message m = parsed(&p, &arena);
    assert_int_equal(m.records_len, 7);
    assert_true(m.recursion_available);
    same(m.records[0].name, "c.example.com");
    same(m.records[1].name, "d.example.com");
    same(m.records[2].txt, "v=spf1 ~all");
    same(m.records[3].name, "n.example.com");
    assert_int_equal(m.records[3].section, DNS_AUTHORITY);
    same(m.records[4].name, "ns.example.com");
    assert_int_equal(m.records[4].soa_minimum_s, 3600);
    assert_memory_equal(m.records[5].address, "\177\0\0\1", 4);
    assert_int_equal(m.records[5].section, DNS_ADDITIONAL);
    assert_int_equal(m.records[6].address[15], 1);
    arena_clear(&arena);
}

static void odd_names_become_safe_text(void **state)
{
    (void)state;
    static const struct {
        const char *wire;
        size_t wire_len;
        const char *text;
    } cases[] = {
        {"\3a.b\2Cd\0", 8, "a\\.b.cd"},
        {"\3a\\b\0", 5, "a\\\\b"},
        {"\4\0\33\n \0", 6, "\\000\\027\\010\\032"},
        {"\2\xc3\x84\0", 4, "\\195\\132"},
        {"\1\177\0", 3, "\\127"},
        {"\6_dmarc\1@\0", 10, "_dmarc.@"},
        {"\0", 1, ""},
    };
    static struct packet p;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena;
        begin(&p, 0x8400, 1, 0, 0);
        add_record(&p, cases[i].wire, cases[i].wire_len, DNS_TYPE_NS, 1, cases[i].wire,
                   cases[i].wire_len);
        struct dns_message m = parsed(&p, &arena);
        same(m.records[0].owner, cases[i].text);
        same(m.records[0].name, cases[i].text);
        assert_non_null(m.records[0].owner.at);
        arena_clear(&arena);
    }
}

static void the_longest_name_fits_and_one_more_octet_does_not(void **state)
{
    (void)state;
    static struct packet p;
    for (unsigned extra = 0; extra < 2; extra++) {
        unsigned char name[300];
        size_t len = 0;
        const unsigned labels[] = {63, 63, 63, 61 + extra}; /* 4 lengths, root: 255 octets */
        for (unsigned i = 0; i < 4; i++) {
            name[len++] = (unsigned char)labels[i];
            memset(name + len, 0xff, labels[i]);
            len += labels[i];
        }
        name[len++] = 0;
        begin(&p, 0x8400, 1, 0, 0);
        add_record(&p, (const char *)name, len, DNS_TYPE_A, 1, "\1\2\3\4", 4);
        if (extra) {
            refused(&p, "longer than 255 octets");
            continue;
        }
        struct arena arena;
        struct dns_message m = parsed(&p, &arena);
        assert_int_equal(m.records[0].owner.len, 250 * 4 + 3);
        arena_clear(&arena);
    }
}

static void a_ttl_with_the_top_bit_set_is_zero(void **state)
{
    (void)state;
    static const struct {
        unsigned long wire, read;
    } cases[] = {{0, 0}, {0x7fffffff, 0x7fffffff}, {0x80000000, 0}, {0xffffffff, 0}};
    static struct packet p;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena;
        begin(&p, 0x8400, 1, 0, 0);
        RECORD(&p, DNS_TYPE_A, cases[i].wire, "\1\2\3\4");
        assert_int_equal(parsed(&p, &arena).records[0].ttl_s, cases[i].read);
        arena_clear(&arena);
    }
}

static void opt_and_other_classes_are_left_out(void **state)
{
    (void)state;
    static struct packet p;
    struct arena arena;
    begin(&p, 0x8400, 1, 0, 1);
    ADD(&p, "\xc0\x0c\0\20\0\3\0\0\0\1\0\2\1x"); /* TXT of class CHAOS */
    ADD(&p, "\0\0\51\4\xd0\0\0\0\0\0\0");        /* OPT, 1232 */
    struct dns_message m = parsed(&p, &arena);
    assert_int_equal(m.records_len, 0);
    assert_int_equal(m.rcode, DNS_RCODE_NOERROR);
    arena_clear(&arena);
}

static void an_extended_rcode_is_no_noerror(void **state)
{
    (void)state;
    static struct packet p;
    struct arena arena;
    begin(&p, 0x8400, 0, 0, 1);
    ADD(&p, "\0\0\51\4\xd0\1\0\0\0\0\0");
    assert_int_equal(parsed(&p, &arena).rcode, 16);
    arena_clear(&arena);
}

static void a_denial_carries_its_soa(void **state)
{
    (void)state;
    static struct packet p;
    struct arena arena;
    begin(&p, 0x8183, 0, 1, 0);
    add_record(&p, "\xc0\x13", 2, DNS_TYPE_SOA, 900, SOA_DATA, sizeof SOA_DATA - 1);
    struct dns_message m = parsed(&p, &arena);
    assert_int_equal(m.rcode, DNS_RCODE_NXDOMAIN);
    same(m.records[0].owner, "example.com");
    assert_int_equal(m.records[0].ttl_s, 900);
    arena_clear(&arena);
}

static void a_message_may_repeat_no_question(void **state)
{
    (void)state;
    static struct packet p;
    struct arena arena;
    p.len = 0;
    ADD(&p, "\1\2\x80\5\0\0\0\0\0\0\0\0");
    struct dns_message m = parsed(&p, &arena);
    assert_int_equal(m.question.len, 0);
    assert_int_equal(m.rcode, DNS_RCODE_REFUSED);
    arena_clear(&arena);
}

static void pointers_that_do_not_point_back_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *owner;
        size_t len;
    } cases[] = {
        {"\xc0\x24", 2},    /* at itself: the record begins at 36 */
        {"\xc0\x26", 2},    /* forward */
        {"\1a\xc0\x24", 4}, /* at its own first label */
        {"\xc0\x00", 2},    /* into the header */
        {"\xff\xff", 2},    /* beyond the message */
    };
    static struct packet p;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(&p, 0x8400, 1, 0, 0);
        assert_int_equal(p.len, 36);
        add_record(&p, cases[i].owner, cases[i].len, DNS_TYPE_A, 1, "\1\2\3\4", 4);
        refused(&p, "does not point back");
    }
}

static void a_long_chain_of_pointers_is_refused(void **state)
{
    (void)state;
    static struct packet p;
    for (unsigned jumps = DNS_POINTERS_MAX; jumps <= DNS_POINTERS_MAX + 1; jumps++) {
        struct arena arena;
        begin(&p, 0x8400, 2, 0, 0);
        ADD(&p, "\0\0\x63\0\1\0\0\0\0"); /* a type nobody knows, whose data is a chain */
        add_u16(&p, jumps * 2);
        unsigned last = 12;
        for (unsigned i = 0; i < jumps - 1; i++) {
            unsigned here = (unsigned)p.len;
            add_u16(&p, 0xc000 | last);
            last = here;
        }
        add_u16(&p, 0xffff);
        add_u16(&p, 0xc000 | last);
        add_record(&p, "", 0, DNS_TYPE_A, 1, "\1\2\3\4", 4);
        if (jumps > DNS_POINTERS_MAX) {
            refused(&p, "too many compression pointers");
            continue;
        }
        same(parsed(&p, &arena).records[1].owner, "bounce.example.com");
        arena_clear(&arena);
    }
}

static void malformed_messages_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *record;
        size_t len;
        const char *fault;
    } cases[] = {
#define CASE(bytes, fault) {bytes, sizeof(bytes) - 1, fault}
        CASE("\xc0\x0c\0\1\0\1\0\0\0\1\0\5\1\2\3\4\5", "wrong length"),
        CASE("\xc0\x0c\0\x1c\0\1\0\0\0\1\0\4\1\2\3\4", "wrong length"),
        CASE("\xc0\x0c\0\1\0\1\0\0\0\1\0\4\1\2\3", "cut short"),
        CASE("\xc0\x0c\0\1\0\1\0\0\0\1\0\4\1\2\3\4\5", "bytes follow"),
        CASE("\xc0\x0c\0\20\0\1\0\0\0\1\0\3\5ab", "cut short"),
        CASE("\xc0\x0c\0\20\0\1\0\0\0\1\0\0", "is empty"),
        CASE("\xc0\x0c\0\17\0\1\0\0\0\1\0\4\0\12\1a\0", "cut short"),
        CASE("\xc0\x0c\0\17\0\1\0\0\0\1\0\4\0\12\0\0", "longer than its data"),
        CASE("\xc0\x0c\0\17\0\1\0\0\0\1\0\1\0", "cut short"),
        CASE("\x41\x0c\0\1\0\1\0\0\0\1\0\4\1\2\3\4", "unknown kind"),
        CASE("\x81\x0c\0\1\0\1\0\0\0\1\0\4\1\2\3\4", "unknown kind"),
        CASE("\0\0\x63\0\1\0\0\0\1\xff\xff\1", "cut short"),
#undef CASE
    };
    static struct packet p;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(&p, 0x8400, 1, 0, 0);
        add(&p, cases[i].record, cases[i].len);
        refused(&p, cases[i].fault);
    }
}

static void claims_of_more_than_is_there_are_refused_at_once(void **state)
{
    (void)state;
    static struct packet p;
    begin(&p, 0x8400, 65535, 65535, 65535);
    refused(&p, "claims more records");
    begin(&p, 0x8400, 1, 0, 0);
    refused(&p, "claims more records");
    begin(&p, 0x8400, DNS_RECORDS_MAX + 1, 0, 0);
    for (unsigned i = 0; i <= DNS_RECORDS_MAX; i++)
        RECORD(&p, DNS_TYPE_A, 1, "\1\2\3\4");
    refused(&p, "claims more records");
    begin(&p, 0x8400, 0, 0, 0);
    p.at[5] = 2; /* questions */
    refused(&p, "more than one question");
}

static void a_txt_record_over_its_bound_is_refused(void **state)
{
    (void)state;
    static unsigned char data[DNS_TXT_LEN_MAX + 64];
    static struct packet p;
    for (size_t i = 0; i < sizeof data; i += 64)
        data[i] = 63;
    struct arena arena;
    begin(&p, 0x8400, 1, 0, 0);
    add_record(&p, "\0", 1, DNS_TYPE_TXT, 1, data, DNS_TXT_LEN_MAX);
    assert_int_equal(parsed(&p, &arena).records[0].txt.len, DNS_TXT_LEN_MAX / 64 * 63);
    arena_clear(&arena);
    begin(&p, 0x8400, 1, 0, 0);
    add_record(&p, "\0", 1, DNS_TYPE_TXT, 1, data, sizeof data);
    refused(&p, "too long");
}

static void empty_short_and_oversized_messages_are_refused(void **state)
{
    (void)state;
    static struct packet p;
    begin(&p, 0x8400, 0, 0, 0);
    for (p.len = 0; p.len < 12; p.len++)
        refused(&p, "shorter than its header");
    p.len = DNS_MESSAGE_MAX + 1;
    refused(&p, "too long");
}

static void add_one_of_each(struct packet *p)
{
    begin(p, 0x8400, 4, 1, 2);
    RECORD(p, DNS_TYPE_MX, 60, "\0\12\1x\xc0\x13");
    RECORD(p, DNS_TYPE_TXT, 60, "\1a\2bc");
    RECORD(p, DNS_TYPE_CNAME, 60, "\1c\xc0\x13");
    RECORD(p, DNS_TYPE_AAAA, 60, "0123456789abcdef");
    RECORD(p, DNS_TYPE_SOA, 60, SOA_DATA);
    RECORD(p, DNS_TYPE_A, 60, "\1\2\3\4");
    ADD(p, "\0\0\51\4\xd0\0\0\0\0\0\0");
}

static void a_message_cut_anywhere_is_refused(void **state)
{
    (void)state;
    static struct packet p;
    struct arena arena;
    add_one_of_each(&p);
    size_t whole = p.len;
    assert_int_equal(parsed(&p, &arena).records_len, 6);
    arena_clear(&arena);
    for (p.len = 0; p.len < whole; p.len++)
        refused(&p, "");
}

static void any_octet_may_be_anything(void **state)
{
    (void)state;
    static struct packet p;
    unsigned read = 0, wrong = 0;
    add_one_of_each(&p);
    struct arena arena;
    arena_init(&arena, 1u << 20);
    for (size_t i = 0; i < p.len; i++) {
        unsigned char before = p.at[i];
        for (unsigned octet = 0; octet < 256; octet++) {
            struct dns_message m;
            p.at[i] = (unsigned char)octet;
            arena_reset(&arena);
            enum err err = parse(&m, p.at, p.len, &arena, NULL);
            assert_true(err == OK || err == ERR_PROTO);
            *(err == OK ? &read : &wrong) += 1;
        }
        p.at[i] = before;
    }
    assert_true(read > 0 && wrong > 0);
    arena_clear(&arena);
}

static void without_memory_nothing_is_believed(void **state)
{
    (void)state;
    static struct packet p;
    add_one_of_each(&p);
    bool fitted = false;
    for (size_t limit = 0; limit < 4096 && !fitted; limit += 8) {
        struct arena arena;
        struct dns_message m;
        arena_init(&arena, limit);
        enum err err = parse(&m, p.at, p.len, &arena, NULL);
        assert_true(err == OK || err == ERR_NOMEM);
        fitted = err == OK;
        assert_int_equal(m.records_len, fitted ? 6 : 0);
        arena_clear(&arena);
    }
    assert_true(fitted);
}

static void codes_have_names(void **state)
{
    (void)state;
    assert_string_equal(dns_rcode_name(DNS_RCODE_SERVFAIL), "SERVFAIL");
    assert_string_equal(dns_rcode_name(16), "BADVERS");
    assert_string_equal(dns_rcode_name(11), "RCODE");
    assert_string_equal(dns_rcode_name(4095), "RCODE");
    assert_string_equal(dns_type_name(DNS_TYPE_MX), "MX");
    assert_string_equal(dns_type_name(99), "TYPE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_mx_answer_is_read),
        cmocka_unit_test(every_section_and_type_is_read),
        cmocka_unit_test(odd_names_become_safe_text),
        cmocka_unit_test(the_longest_name_fits_and_one_more_octet_does_not),
        cmocka_unit_test(a_ttl_with_the_top_bit_set_is_zero),
        cmocka_unit_test(opt_and_other_classes_are_left_out),
        cmocka_unit_test(an_extended_rcode_is_no_noerror),
        cmocka_unit_test(a_denial_carries_its_soa),
        cmocka_unit_test(a_message_may_repeat_no_question),
        cmocka_unit_test(pointers_that_do_not_point_back_are_refused),
        cmocka_unit_test(a_long_chain_of_pointers_is_refused),
        cmocka_unit_test(malformed_messages_are_refused),
        cmocka_unit_test(claims_of_more_than_is_there_are_refused_at_once),
        cmocka_unit_test(a_txt_record_over_its_bound_is_refused),
        cmocka_unit_test(empty_short_and_oversized_messages_are_refused),
        cmocka_unit_test(a_message_cut_anywhere_is_refused),
        cmocka_unit_test(any_octet_may_be_anything),
        cmocka_unit_test(without_memory_nothing_is_believed),
        cmocka_unit_test(codes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
