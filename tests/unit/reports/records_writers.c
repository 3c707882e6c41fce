/*
 * The formats of records over sets that strangers had a hand in: no raw byte of theirs comes out,
 * nothing is lost without being counted, and a disk that is full is said. What each format means is
 * held against its own reader by tests/wire/records_knot.py.
 */
#include "report_kit.h"

#include "base/escape.h"
#include "reports/records.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define SETS       600
#define VALUES_MAX 3
#define TEXT_MAX   900

struct made {
    char name[64], texts[VALUES_MAX][TEXT_MAX];
    struct records_value there[VALUES_MAX];
    struct records_set set;
};

static struct made made[SETS];

static void make_at(void *ctx, size_t i, struct records_set *set)
{
    (void)ctx;
    *set = made[i].set;
}

static const struct records_list list = {NULL, SETS, make_at};
static const struct records_style style = {.ttl_s = 300, .server = TEXT("192.0.2.1 53")};

/* Names of ten zones; each name has an MX and a TXT, whose action the dice choose. */
static void sets_make(uint64_t seed)
{
    for (size_t i = 0; i < SETS; i++) {
        struct made *m = &made[i];
        struct records_set *s = &m->set;
        int len = snprintf(m->name, sizeof m->name, "n%zu.z%zu.example", i / 2, i / (SETS / 10));
        *s = (struct records_set){.name = {m->name, (size_t)len},
                                  .type = (enum records_type)(i % 2)};
        s->zone = text_from(s->name, text_find(s->name, '.') + 1);
        s->action = (enum records_action)(dice(&seed) % 4);
        s->wanted.preference = 10;
        s->wanted.data = s->type == RECORDS_MX ? TEXT("feedback-smtp.us-east-1.amazonses.com")
                                               : TEXT("v=spf1 include:amazonses.com ~all");
        s->reason = TEXT("a person has to look first");
        s->there = m->there;
        s->there_len = s->type == RECORDS_TXT ? (uint32_t)(dice(&seed) % (VALUES_MAX + 1)) : 0;
        for (uint32_t v = 0; v < s->there_len; v++)
            m->there[v].data = kit_hostile(&seed, m->texts[v], TEXT_MAX);
        if (s->there_len == 0 && s->action != RECORDS_BLOCKED)
            s->action = RECORDS_ADD;
        if (s->action == RECORDS_KEEP)
            m->there[0].data = s->wanted.data;
    }
}

/* Every character may be shown to a person, and no line is broken by a stranger. */
static void assert_harmless(const char *format, struct text t)
{
    while (t.len) {
        uint32_t c = 0;
        size_t len = utf8_next(t, &c);
        bool is_control = c < 0x20 ? c != '\n' && c != '\r' && c != '\t' : c >= 0x7f && c <= 0x9f;
        if (len == 0 || is_control || (c >= 0x2028 && c <= 0x202e))
            fail_msg("%s: U+%04x comes out", format, c);
        t = text_from(t, len);
    }
}

static void nothing_raw_comes_out_and_nothing_is_lost(void **state)
{
    struct kit *k = *state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        sets_make(seed);
        uint64_t wanted = 0, changed = 0;
        for (size_t i = 0; i < SETS; i++) {
            wanted += made[i].set.action != RECORDS_BLOCKED;
            changed += made[i].set.action < RECORDS_KEEP;
        }
        for (size_t f = 0; records_format_name(f); f++) {
            const char *format = records_format_name(f);
            struct records_sum sum;
            struct why why = {""};
            char path[128];
            snprintf(path, sizeof path, "%s/records", k->folder);
            assert_int_equal(records_write(text_of(format), path, &list, &style, &sum, &why), OK);
            bool is_changes = strcmp(format, "route53") == 0;
            assert_int_equal(sum.sets + sum.left_out, is_changes ? changed : wanted);
            assert_int_equal(sum.zones, 10);
            struct text written = kit_read(path);
            assert_harmless(format, written);
            free((void *)written.at);
        }
    }
}

static void a_full_disk_is_said(void **state)
{
    (void)state;
    char path[32];
    int full = open("/dev/full", O_WRONLY);
    snprintf(path, sizeof path, "/dev/fd/%d", full);
    sets_make(1);
    for (size_t f = 0; records_format_name(f); f++) {
        struct records_sum sum;
        struct why why = {""};
        enum err err =
            records_write(text_of(records_format_name(f)), path, &list, &style, &sum, &why);
        assert_int_equal(err, ERR_IO);
        assert_non_null(strstr(why.text, strerror(ENOSPC)));
    }
    close(full);
    struct records_sum sum;
    struct why why = {""};
    assert_int_equal(records_write(TEXT("xml"), "-", &list, &style, &sum, &why), ERR_INPUT);
}

static void a_folder_has_a_file_for_each_zone(void **state)
{
    struct kit *k = *state;
    sets_make(7);
    for (size_t f = 0; records_format_name(f); f++) {
        struct records_sum sum;
        struct why why = {""};
        char folder[128], path[200];
        snprintf(folder, sizeof folder, "%s/%s/", k->folder, records_format_name(f));
        assert_int_equal(
            records_write(text_of(records_format_name(f)), folder, &list, &style, &sum, &why), OK);
        assert_true(sum.files >= 10);
        snprintf(path, sizeof path, "%sz9.example.zone", folder);
        if (f == 0)
            assert_int_equal(access(path, R_OK), 0);
    }
}

static void names_are_in_the_order_of_people(void **state)
{
    static const char *const ordered[] = {"",       "0",       "00",  "1",   "2",  "10",
                                          "a",      "a1",      "a1b", "a02", "a2", "a10",
                                          "a10.b2", "a10.b10", "ab",  "b",   "b-1"};
    (void)state;
    for (size_t i = 0; i < COUNT(ordered); i++)
        for (size_t j = 0; j < COUNT(ordered); j++) {
            int order = records_name_cmp(text_of(ordered[i]), text_of(ordered[j]));
            if ((order < 0) != (i < j) || (order > 0) != (i > j))
                fail_msg("'%s' and '%s': %d", ordered[i], ordered[j], order);
        }
}

static int setup(void **state)
{
    static struct kit kit;
    kit_init(&kit, TEXT("main"), TEXT("fleet.yaml"));
    *state = &kit;
    return 0;
}

static int teardown(void **state)
{
    kit_clear(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_raw_comes_out_and_nothing_is_lost),
        cmocka_unit_test(a_full_disk_is_said),
        cmocka_unit_test(a_folder_has_a_file_for_each_zone),
        cmocka_unit_test(names_are_in_the_order_of_people),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
