/* The parser of DNS messages, on hand-made messages: honest and odd ones are read. */
#include "packet.h"

#include "base/count.h"

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
    for (size_t i = 0; i < COUNT(cases); i++) {
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
    for (size_t i = 0; i < COUNT(cases); i++) {
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
        cmocka_unit_test(codes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
