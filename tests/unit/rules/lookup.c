/*
 * One look-up against replies of every shape: whole chains, bare aliases, loops and failures.
 */
#include "unit.h"

#include "rules/lookup.h"

struct shape {
    const char *what;
    struct dns_reply reply; /* message.records is set from the rows below */
    struct dns_record records[4];
    enum lookup_outcome outcome;
    const char *asks_next; /* the look-up goes on with this name */
    uint32_t found;
};

#define ALIAS(from, to)                                                                            \
    {                                                                                              \
        .owner = TEXT(from), .type = DNS_TYPE_CNAME, .name = TEXT(to)                              \
    }
#define WORDS(name, text)                                                                          \
    {                                                                                              \
        .owner = TEXT(name), .type = DNS_TYPE_TXT, .txt = TEXT(text)                               \
    }

#define NOTHING                                                                                    \
    {                                                                                              \
        {                                                                                          \
            .type = 0                                                                              \
        }                                                                                          \
    }

static const struct shape shapes[] = {
    {"two records", {0}, {WORDS("x.test", "one"), WORDS("x.test", "two")}, LOOKUP_FOUND, NULL, 2},
    {"owner in capitals", {0}, {WORDS("X.Test", "one")}, LOOKUP_FOUND, NULL, 1},
    {"records of another name", {0}, {WORDS("y.test", "one")}, LOOKUP_VOID, NULL, 0},
    {"records of another section",
     {0},
     {{.owner = TEXT("x.test"), .type = DNS_TYPE_TXT, .section = DNS_ADDITIONAL}},
     LOOKUP_VOID,
     NULL,
     0},
    {"nothing", {0}, NOTHING, LOOKUP_VOID, NULL, 0},
    {"no such name", {.message.rcode = DNS_RCODE_NXDOMAIN}, NOTHING, LOOKUP_VOID, NULL, 0},
    {"a whole chain",
     {0},
     {ALIAS("x.test", "y.test"), ALIAS("y.test", "z.test"), WORDS("z.test", "one")},
     LOOKUP_FOUND,
     NULL,
     1},
    {"a chain out of order",
     {0},
     {WORDS("z.test", "one"), ALIAS("y.test", "z.test"), ALIAS("x.test", "y.test")},
     LOOKUP_FOUND,
     NULL,
     1},
    {"a bare alias", {0}, {ALIAS("x.test", "y.test")}, LOOKUP_RUNNING, "y.test", 0},
    {"an alias to no name",
     {.message.rcode = DNS_RCODE_NXDOMAIN},
     {ALIAS("x.test", "y.test")},
     LOOKUP_VOID,
     NULL,
     0},
    {"an alias to itself", {0}, {ALIAS("x.test", "x.test")}, LOOKUP_TROUBLE, NULL, 0},
    {"a circle",
     {0},
     {ALIAS("x.test", "y.test"), ALIAS("y.test", "x.test")},
     LOOKUP_TROUBLE,
     NULL,
     0},
    {"a failing server", {.message.rcode = DNS_RCODE_SERVFAIL}, NOTHING, LOOKUP_TROUBLE, NULL, 0},
    {"a refusing server", {.message.rcode = DNS_RCODE_REFUSED}, NOTHING, LOOKUP_TROUBLE, NULL, 0},
    {"a cut answer",
     {.message.truncated = true},
     {WORDS("x.test", "one")},
     LOOKUP_TROUBLE,
     NULL,
     0},
    {"silence", {.outcome = DNS_TIMED_OUT}, NOTHING, LOOKUP_TROUBLE, NULL, 0},
};

static void replies_of_every_shape_are_understood(void **state)
{
    struct arena arena;
    (void)state;
    arena_init(&arena, 1u << 20);
    for (size_t i = 0; i < COUNT(shapes); i++) {
        struct lookup l;
        struct dns_question q;
        struct dns_record records[4];
        struct dns_reply reply = shapes[i].reply;
        memcpy(records, shapes[i].records, sizeof records);
        reply.message.records = records;
        while (reply.message.records_len < 4 && records[reply.message.records_len].type)
            reply.message.records_len++;
        lookup_start(&l, &arena, TEXT("X.test."), DNS_TYPE_TXT);
        assert_true(lookup_next(&l, &q));
        assert_text(q.name, TEXT("x.test"));
        assert_false(lookup_next(&l, &q));
        lookup_reply(&l, &reply);
        if (l.outcome != shapes[i].outcome || l.records_len != shapes[i].found)
            fail_msg("%s: outcome %d, %u records", shapes[i].what, (int)l.outcome, l.records_len);
        assert_int_equal(l.name_missing, reply.message.rcode == DNS_RCODE_NXDOMAIN);
        assert_int_equal(l.trouble[0] != '\0', l.outcome == LOOKUP_TROUBLE);
        assert_int_equal(lookup_next(&l, &q), shapes[i].asks_next != NULL);
        if (shapes[i].asks_next)
            assert_text(q.name, text_of(shapes[i].asks_next));
    }
    arena_clear(&arena);
}

static void names_that_dns_cannot_carry_are_void_without_a_question(void **state)
{
    static const char *const names[] = {
        "",
        ".",
        "a..b",
        ".a",
        "a\x01.test",
        "\xc3\xa4.test",
        "a123456789012345678901234567890123456789012345678901234567890123.test"};
    struct arena arena;
    (void)state;
    arena_init(&arena, 1u << 20);
    for (size_t i = 0; i < COUNT(names); i++) {
        struct lookup l;
        struct dns_question q;
        lookup_start(&l, &arena, text_of(names[i]), DNS_TYPE_A);
        assert_int_equal(l.outcome, LOOKUP_VOID);
        assert_false(lookup_next(&l, &q));
    }
    arena_clear(&arena);
}

static void a_backslash_is_doubled_for_the_question(void **state)
{
    struct arena arena;
    struct lookup l;
    struct dns_question q;
    (void)state;
    arena_init(&arena, 1u << 20);
    lookup_start(&l, &arena, TEXT("a\\b.test"), DNS_TYPE_A);
    assert_true(lookup_next(&l, &q));
    assert_text(q.name, TEXT("a\\\\b.test"));
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_of_every_shape_are_understood),
        cmocka_unit_test(names_that_dns_cannot_carry_are_void_without_a_question),
        cmocka_unit_test(a_backslash_is_doubled_for_the_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
