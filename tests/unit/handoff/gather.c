/*
 * The record sets of a fleet: one MX and one TXT for each MAIL FROM name, whoever shares it; in
 * which zone, for which Region, and which of them are handed over.
 */
#include "unit.h"

#include "handoff/gather.h"

#include <stdio.h>

#define NOTES_MAX 2048

/* A fleet of rows, and what is said while its records are gathered. */
struct gathered {
    struct fleet fleet;
    struct suffix_list *suffixes;
    struct access access;
    struct handoff_config config;
    struct records_gather g;
    char notes[NOTES_MAX]; /* a line each */
};

struct line {
    const char *identity, *mail_from, *region, *mx_region;
};

static void note_keep(void *ctx, enum notice kind, const char *sentence)
{
    struct gathered *t = ctx;
    size_t used = strlen(t->notes);
    assert_int_equal(kind, NOTICE_NOTE);
    snprintf(t->notes + used, sizeof t->notes - used, "%s\n", sentence);
}

static name_id name_add(struct fleet *f, const char *name)
{
    name_id id = NAME_NONE;
    assert_true(!name || names_add(&f->names, text_of(name), &id));
    return id;
}

static void gathered_open(struct gathered *t, const struct line *lines, size_t len)
{
    struct why why = {""};
    struct account account = {0};
    uint16_t index;
    memset(t, 0, sizeof *t);
    fleet_init(&t->fleet);
    assert_true(names_init(&t->fleet.names, 1u << 20));
    assert_int_equal(suffix_list_open(&t->suffixes, NULL, &why), OK);
    account.name = name_add(&t->fleet, "shop");
    assert_true(fleet_account(&t->fleet, account, &index));
    for (size_t i = 0; i < len; i++) {
        struct policy policy = {.mx_region = name_add(&t->fleet, lines[i].mx_region)};
        struct choice choice = {.identity = name_add(&t->fleet, lines[i].identity),
                                .mail_from = name_add(&t->fleet, lines[i].mail_from)};
        uint32_t row;
        const char *region = lines[i].region ? lines[i].region : "us-east-1";
        assert_true(fleet_lane(&t->fleet, 0, name_add(&t->fleet, region), &choice.lane));
        assert_true(fleet_policy(&t->fleet, policy, &choice.policy));
        assert_true(fleet_choice(&t->fleet, choice, &row));
    }
    t->config = (struct handoff_config){.access = &t->access, .notices = {t, note_keep}};
    records_gather_init(&t->g, &t->config, &t->fleet, t->suffixes);
}

static void gathered_close(struct gathered *t)
{
    records_gather_clear(&t->g);
    suffix_list_close(t->suffixes);
    fleet_clear(&t->fleet);
}

static struct text entry_name(const struct gathered *t, uint32_t i)
{
    return names_text(&t->fleet.names, t->g.entries[i].name);
}

/* ---- whose Region the one MX names ---- */

static void one_mail_from_has_one_mx_however_many_share_it(void **state)
{
    static const struct {
        struct line lines[3];
        size_t len;
        const char *region; /* of the one entry */
        bool mixed;
    } rows[] = {
        {{{"a.test", "bounce.a.test", NULL, NULL}}, 1, "us-east-1", false},
        {{{"a.test", "bounce.a.test", NULL, NULL}, {"x@a.test", "bounce.a.test", NULL, NULL}},
         2,
         "us-east-1",
         false},
        /* two Regions: the first row's counts, and a person is told */
        {{{"a.test", "bounce.a.test", "eu-west-1", NULL},
          {"a.test", "bounce.a.test", "us-east-1", NULL}},
         2,
         "eu-west-1",
         true},
        /* dns.mx_region of whichever row chooses */
        {{{"a.test", "bounce.a.test", "eu-west-1", NULL},
          {"a.test", "bounce.a.test", "us-east-1", "us-east-1"}},
         2,
         "us-east-1",
         false},
        {{{"a.test", "bounce.a.test", "eu-west-1", "eu-central-1"},
          {"a.test", "bounce.a.test", "us-east-1", NULL}},
         2,
         "eu-central-1",
         false},
        /* two rows that choose otherwise: the first one's */
        {{{"a.test", "bounce.a.test", "eu-west-1", "eu-west-1"},
          {"a.test", "bounce.a.test", "us-east-1", "us-east-1"}},
         2,
         "eu-west-1",
         true},
        {{{"a.test", "bounce.a.test", "eu-west-1", NULL},
          {"a.test", "bounce.a.test", "us-east-1", NULL},
          {"a.test", "bounce.a.test", "us-west-2", "us-west-2"}},
         3,
         "us-west-2",
         false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gathered t;
        struct why why = {""};
        gathered_open(&t, rows[i].lines, rows[i].len);
        t.config.verbose = true; /* nobody has to decide that */
        assert_int_equal(records_gather_fleet(&t.g, &why), OK);
        assert_int_equal(t.g.notes, 0);
        assert_int_equal(t.g.harmless, rows[i].mixed);
        assert_int_equal(t.g.entries_len, 1);
        assert_text(records_entry_region(&t.g, &t.g.entries[0]), text_of(rows[i].region));
        if (t.g.entries[0].mixed != rows[i].mixed || (*t.notes != '\0') != rows[i].mixed)
            fail_msg("row %zu: notes '%s'", i, t.notes);
        gathered_close(&t);
    }
}

/* ---- what is left out ---- */

static void names_that_no_record_can_help_are_told_and_left_out(void **state)
{
    static const struct line lines[] = {
        {"a.test", "bounce.a.test", NULL, NULL},
        {"b.test", NULL, NULL, NULL},                /* back to the default needs no record */
        {"c.test", "c.test", NULL, NULL},            /* the identity itself */
        {"d.test", "bounce.other.test", NULL, NULL}, /* not below the identity */
        {"e.test", "_x.e.test", NULL, NULL},         /* not a host name */
        {"com", "bounce.com", NULL, NULL},           /* a public suffix */
    };
    struct gathered t;
    struct why why = {""};
    (void)state;
    gathered_open(&t, lines, COUNT(lines));
    assert_int_equal(records_gather_fleet(&t.g, &why), OK);
    assert_int_equal(t.g.entries_len, 1);
    assert_text(entry_name(&t, 0), TEXT("bounce.a.test"));
    assert_int_equal(t.g.refused, 4);
    assert_non_null(strstr(t.notes, "no records for c.test (): "));
    assert_non_null(strstr(t.notes, "no records for d.test (): "));
    assert_non_null(strstr(t.notes, "no records for e.test (): "));
    assert_non_null(strstr(t.notes, "no records for com (): "));
    gathered_close(&t);
}

static void after_ten_notes_only_their_number_is_kept(void **state)
{
    struct line lines[RECORDS_NOTES_MAX + 5];
    char names[COUNT(lines)][16];
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        snprintf(names[i], sizeof names[i], "n%zu.test", i);
        lines[i] = (struct line){.identity = names[i], .mail_from = names[i]};
    }
    for (int verbose = 0; verbose < 2; verbose++) {
        struct gathered t;
        struct why why = {""};
        unsigned told = 0;
        gathered_open(&t, lines, COUNT(lines));
        t.config.verbose = verbose;
        assert_int_equal(records_gather_fleet(&t.g, &why), OK);
        for (const char *at = t.notes; *at; at++)
            told += *at == '\n';
        assert_int_equal(t.g.notes, COUNT(lines));
        assert_int_equal(told, verbose ? COUNT(lines) : RECORDS_NOTES_MAX);
        gathered_close(&t);
    }
}

/* ---- zones ---- */

static void the_zone_is_the_longest_given_one_or_the_organizational_domain(void **state)
{
    static const struct {
        const char *zones[2];
        const char *mail_from, *zone;
        bool given;
    } rows[] = {
        {{NULL}, "bounce.a.example.com", "example.com", false},
        {{NULL}, "bounce.a.co.uk", "a.co.uk", false},
        {{"a.example.com"}, "bounce.a.example.com", "a.example.com", true},
        {{"example.com", "a.example.com"}, "bounce.a.example.com", "a.example.com", true},
        {{"A.Example.COM."}, "bounce.a.example.com", "a.example.com", true},
        {{"bounce.a.example.com"}, "bounce.a.example.com", "bounce.a.example.com", true},
        {{"b\xc3\xbc"
          "cher.test"},
         "bounce.xn--bcher-kva.test",
         "xn--bcher-kva.test",
         true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct line line = {strchr(rows[i].mail_from, '.') + 1, rows[i].mail_from, NULL,
                                  NULL};
        struct gathered t;
        struct records_list list;
        struct records_set set;
        struct why why = {""};
        gathered_open(&t, &line, 1);
        t.config.zones = rows[i].zones;
        while (t.config.zones_len < COUNT(rows[i].zones) && rows[i].zones[t.config.zones_len])
            t.config.zones_len++;
        assert_int_equal(records_gather_fleet(&t.g, &why), OK);
        assert_int_equal(records_gather_arrange(&t.g, &why), OK);
        records_gather_list(&t.g, &list);
        list.at(list.ctx, 0, &set);
        assert_text(set.zone, text_of(rows[i].zone));
        assert_text(set.name, text_of(rows[i].mail_from));
        if (set.zone_known != rows[i].given)
            fail_msg("row %zu", i);
        gathered_close(&t);
    }
}

static void names_outside_of_the_given_zones_are_left_out(void **state)
{
    static const char *const zones[] = {"other.test", "ounce.a.example.com"};
    (void)state;
    for (size_t i = 0; i < COUNT(zones); i++) {
        const struct line line = {"a.example.com", "bounce.a.example.com", NULL, NULL};
        struct gathered t;
        struct why why = {""};
        gathered_open(&t, &line, 1);
        t.config.zones = &zones[i];
        t.config.zones_len = 1;
        assert_int_equal(records_gather_fleet(&t.g, &why), ERR_INPUT);
        assert_int_equal(t.g.entries_len, 0);
        gathered_close(&t);
    }
}

static void a_zone_that_is_no_name_is_refused(void **state)
{
    static const char *const zones[] = {"a..test", "", "-a.test", "a b.test"};
    (void)state;
    for (size_t i = 0; i < COUNT(zones); i++) {
        const struct line line = {"a.test", "bounce.a.test", NULL, NULL};
        struct gathered t;
        struct why why = {""};
        gathered_open(&t, &line, 1);
        t.config.zones = &zones[i];
        t.config.zones_len = 1;
        if (records_gather_fleet(&t.g, &why) != ERR_INPUT || !strstr(why.text, "--zone: \""))
            fail_msg("'%s' was taken: %s", zones[i], why.text);
        gathered_close(&t);
    }
}

/* ---- the list ---- */

static void sets_stand_by_zone_and_natural_order_mx_first(void **state)
{
    static const struct line lines[] = {
        {"n10.b.test", "bounce.n10.b.test", NULL, NULL},
        {"a.test", "z.a.test", NULL, NULL},
        {"n2.b.test", "bounce.n2.b.test", NULL, NULL},
        {"a.test", "bounce.a.test", "eu-west-1", NULL},
    };
    static const struct {
        const char *name, *value;
    } wanted[] = {
        {"bounce.a.test", "feedback-smtp.eu-west-1.amazonses.com"},
        {"bounce.a.test", "v=spf1 include:amazonses.com ~all"},
        {"z.a.test", "feedback-smtp.us-east-1.amazonses.com"},
        {"z.a.test", "v=spf1 include:amazonses.com ~all"},
        {"bounce.n2.b.test", "feedback-smtp.us-east-1.amazonses.com"},
        {"bounce.n2.b.test", "v=spf1 include:amazonses.com ~all"},
        {"bounce.n10.b.test", "feedback-smtp.us-east-1.amazonses.com"},
        {"bounce.n10.b.test", "v=spf1 include:amazonses.com ~all"},
    };
    struct gathered t;
    struct records_list list;
    struct why why = {""};
    (void)state;
    gathered_open(&t, lines, COUNT(lines));
    assert_int_equal(records_gather_fleet(&t.g, &why), OK);
    assert_int_equal(records_gather_arrange(&t.g, &why), OK);
    records_gather_list(&t.g, &list);
    assert_int_equal(list.len, COUNT(wanted));
    for (size_t i = 0; i < COUNT(wanted); i++) {
        struct records_set set;
        list.at(list.ctx, i, &set);
        assert_text(set.name, text_of(wanted[i].name));
        assert_int_equal(set.type, i % 2 ? RECORDS_TXT : RECORDS_MX);
        assert_text(set.wanted.data, text_of(wanted[i].value));
        assert_int_equal(set.wanted.preference, i % 2 ? 0 : 10);
        assert_int_equal(set.action, RECORDS_ADD);
    }
    gathered_close(&t);
}

/* With --missing what DNS has already is left out, and what it found is in the sets. */
static void what_dns_has_is_left_out_of_what_is_missing(void **state)
{
    static const struct line lines[] = {{"a.test", "bounce.a.test", NULL, NULL},
                                        {"b.test", "bounce.b.test", NULL, NULL}};
    struct records_value mx = {10, TEXT("feedback-smtp.us-east-1.amazonses.com")};
    struct records_value spf = {0, TEXT("v=spf1 mx -all")};
    const struct records_found found = {
        .of = {[RECORDS_MX] = {.action = RECORDS_KEEP, .there = &mx, .there_len = 1},
               [RECORDS_TXT] = {.action = RECORDS_REPLACE,
                                .there = &spf,
                                .there_len = 1,
                                .merged = TEXT("v=spf1 include:amazonses.com mx -all")}}};
    (void)state;
    for (int missing = 0; missing < 2; missing++) {
        struct gathered t;
        struct records_list list;
        struct records_set set;
        struct why why = {""};
        gathered_open(&t, lines, COUNT(lines));
        t.config.missing = missing;
        assert_int_equal(records_gather_fleet(&t.g, &why), OK);
        t.g.entries[0].found = &found; /* b.test was not answered for: all of it is missing */
        assert_int_equal(records_gather_arrange(&t.g, &why), OK);
        records_gather_list(&t.g, &list);
        assert_int_equal(list.len, missing ? 3 : 4);
        list.at(list.ctx, missing ? 0 : 1, &set);
        assert_int_equal(set.type, RECORDS_TXT);
        assert_int_equal(set.action, RECORDS_REPLACE);
        assert_text(set.wanted.data, TEXT("v=spf1 include:amazonses.com mx -all"));
        assert_text(set.there[set.replaced].data, TEXT("v=spf1 mx -all"));
        if (!missing) {
            list.at(list.ctx, 0, &set);
            assert_int_equal(set.action, RECORDS_KEEP);
            assert_text(set.wanted.data, mx.data);
        }
        list.at(list.ctx, list.len - 1, &set);
        assert_text(set.name, TEXT("bounce.b.test"));
        assert_int_equal(set.action, RECORDS_ADD);
        gathered_close(&t);
    }
}

static void a_feedback_host_of_ones_own_and_u_labels_are_in_the_sets(void **state)
{
    const struct line line = {"xn--bcher-kva.test", "bounce.xn--bcher-kva.test", NULL, NULL};
    struct gathered t;
    struct records_list list;
    struct records_set set;
    struct why why = {""};
    (void)state;
    gathered_open(&t, &line, 1);
    t.access.feedback_host = "in.{region}.ses.test";
    assert_int_equal(records_gather_fleet(&t.g, &why), OK);
    assert_int_equal(records_gather_arrange(&t.g, &why), OK);
    records_gather_list(&t.g, &list);
    list.at(list.ctx, 0, &set);
    assert_text(set.wanted.data, TEXT("in.us-east-1.ses.test"));
    assert_text(set.unicode, TEXT("bounce.b\xc3\xbc"
                                  "cher.test"));
    gathered_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_mail_from_has_one_mx_however_many_share_it),
        cmocka_unit_test(names_that_no_record_can_help_are_told_and_left_out),
        cmocka_unit_test(after_ten_notes_only_their_number_is_kept),
        cmocka_unit_test(the_zone_is_the_longest_given_one_or_the_organizational_domain),
        cmocka_unit_test(names_outside_of_the_given_zones_are_left_out),
        cmocka_unit_test(a_zone_that_is_no_name_is_refused),
        cmocka_unit_test(sets_stand_by_zone_and_natural_order_mx_first),
        cmocka_unit_test(what_dns_has_is_left_out_of_what_is_missing),
        cmocka_unit_test(a_feedback_host_of_ones_own_and_u_labels_are_in_the_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
