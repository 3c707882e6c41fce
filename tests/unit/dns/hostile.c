/* The parser of DNS messages, on hand-made messages: broken and hostile ones are refused. */
#include "packet.h"

#include "base/count.h"

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
    for (size_t i = 0; i < COUNT(cases); i++) {
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
    for (size_t i = 0; i < COUNT(cases); i++) {
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
    begin(&p, 0x8400, 0, 0, 0);
    p.at[5] = 2; /* questions */
    refused(&p, "more than one question");
}

/* Beyond the bound only what is needed is kept: policies, wherever they stand. */
static void a_crowded_name_keeps_its_policies(void **state)
{
    (void)state;
    static struct packet p;
    struct arena arena;
    begin(&p, 0x8400, DNS_RECORDS_MAX + 2, 0, 0);
    for (unsigned i = 0; i <= DNS_RECORDS_MAX; i++)
        RECORD(&p, DNS_TYPE_TXT, 1, "\3abc");
    RECORD(&p, DNS_TYPE_TXT, 1, "\13v=spf1 ~all");
    struct dns_message m = parsed(&p, &arena);
    assert_true(m.is_crowded);
    assert_int_equal(m.records_len, 1);
    assert_text(m.records[0].txt, TEXT("v=spf1 ~all"));
    arena_clear(&arena);
    begin(&p, 0x8400, DNS_RECORDS_MAX + 1, 0, 0);
    for (unsigned i = 0; i <= DNS_RECORDS_MAX; i++)
        RECORD(&p, DNS_TYPE_A, 1, "\1\2\3\4");
    assert_int_equal(parsed(&p, &arena).records_len, DNS_RECORDS_MAX);
    arena_clear(&arena);
}

static void a_txt_record_over_its_bound_is_cut(void **state)
{
    (void)state;
    static unsigned char data[DNS_TXT_LEN_MAX + 128];
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
    assert_int_equal(parsed(&p, &arena).records[0].txt.len, DNS_TXT_LEN_MAX);
    arena_clear(&arena);
    memcpy(data + 1, "v=spf1 ", 7);
    begin(&p, 0x8400, 1, 0, 0);
    add_record(&p, "\0", 1, DNS_TYPE_TXT, 1, data, sizeof data);
    assert_int_equal(parsed(&p, &arena).records[0].txt.len, sizeof data / 64 * 63);
    arena_clear(&arena);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pointers_that_do_not_point_back_are_refused),
        cmocka_unit_test(a_long_chain_of_pointers_is_refused),
        cmocka_unit_test(malformed_messages_are_refused),
        cmocka_unit_test(claims_of_more_than_is_there_are_refused_at_once),
        cmocka_unit_test(a_crowded_name_keeps_its_policies),
        cmocka_unit_test(a_txt_record_over_its_bound_is_cut),
        cmocka_unit_test(empty_short_and_oversized_messages_are_refused),
        cmocka_unit_test(a_message_cut_anywhere_is_refused),
        cmocka_unit_test(any_octet_may_be_anything),
        cmocka_unit_test(without_memory_nothing_is_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
