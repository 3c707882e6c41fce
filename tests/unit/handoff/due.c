/*
 * Who still has to publish what: ages over many looks, which records are in the list, and the order
 * of zones.
 */
#include "unit.h"

#include "handoff/due_find.h"

#include <stdio.h>

#define AT(n)     SPAN_H(1000 + (n))
#define ENTRY_MAX 8
#define ASKED_MAX 64

/* A fleet in zones of one name each, what live DNS shows of it, and what looks have kept. */
struct bench {
    struct fleet fleet;
    struct suffix_list *suffixes;
    struct access access;
    struct handoff_config config;
    struct records_gather g;
    struct records_found found[ENTRY_MAX];
    struct journal_asked asked[ASKED_MAX];
    char names[ASKED_MAX][64];
    size_t asked_len;
    struct due due;
    struct due_list list;
    uint64_t run;
    instant_us run_asked, run_deadline;
    struct buf told;
};

struct identity {
    const char *name, *owner, *account;
};

static name_id name_add(struct fleet *f, const char *name)
{
    name_id id = NAME_NONE;
    assert_true(!name || names_add(&f->names, text_of(name), &id));
    return id;
}

static void bench_open(struct bench *b, const struct identity *rows, size_t len)
{
    struct why why = {""};
    struct fleet *f = &b->fleet;
    memset(b, 0, sizeof *b);
    fleet_init(f);
    assert_true(names_init(&f->names, 1u << 20));
    assert_int_equal(suffix_list_open(&b->suffixes, NULL, &why), OK);
    for (size_t i = 0; i < len; i++) {
        char mail_from[64];
        uint16_t account;
        uint32_t row;
        snprintf(mail_from, sizeof mail_from, "bounce.%s", rows[i].name);
        struct policy policy = {.owner = name_add(f, rows[i].owner), .timeout_us = SPAN_H(72)};
        struct choice choice = {.identity = name_add(f, rows[i].name),
                                .mail_from = name_add(f, mail_from)};
        struct account of = {.name = name_add(f, rows[i].account ? rows[i].account : "main")};
        assert_true(fleet_account(f, of, &account));
        assert_true(fleet_lane(f, account, name_add(f, "us-east-1"), &choice.lane));
        assert_true(fleet_policy(f, policy, &choice.policy));
        assert_true(fleet_choice(f, choice, &row));
    }
    b->config = (struct handoff_config){.access = &b->access};
    buf_init(&b->told, 1 << 16);
}

static void look_end(struct bench *b)
{
    due_clear(&b->due);
    records_gather_clear(&b->g);
}

static void bench_close(struct bench *b)
{
    look_end(b);
    buf_clear(&b->told);
    suffix_list_close(b->suffixes);
    fleet_clear(&b->fleet);
}

/* dns: for each name "M" missing, "W" wrong, "B" blocked, "K" there, "?" no verdict; MX, then TXT.
 */
static void found_set(struct records_verdict *v, char letter)
{
    static struct records_value there = {10, {"x.test", 6}};
    *v = (struct records_verdict){.action = letter == 'M'   ? RECORDS_ADD
                                            : letter == 'W' ? RECORDS_REPLACE
                                            : letter == 'K' ? RECORDS_KEEP
                                                            : RECORDS_BLOCKED,
                                  .there = &there,
                                  .there_len = letter == 'W' || letter == 'K',
                                  .is_open = letter == '?'};
    if (v->action == RECORDS_BLOCKED)
        v->reason = TEXT("why");
}

static void asked_keep(struct bench *b)
{
    for (uint32_t i = 0; i < b->due.changes_len; i++) {
        struct journal_asked asked = b->due.changes[i];
        assert_true(b->asked_len < ASKED_MAX);
        snprintf(b->names[b->asked_len], 64, TEXT_FMT, TEXT_ARG(asked.name));
        asked.name = text_of(b->names[b->asked_len]);
        b->asked[b->asked_len++] = asked;
    }
}

static void look_by(struct bench *b, const char *dns, struct due_wish wish)
{
    struct why why = {""};
    records_gather_init(&b->g, &b->config, &b->fleet, b->suffixes);
    assert_int_equal(records_gather_fleet(&b->g, &why), OK);
    assert_int_equal(due_init(&b->due, &b->g, b->run, &why), OK);
    for (uint32_t row = 0; b->run && row < b->fleet.choices_len; row++)
        due_learn_row(&b->due, row, b->run_asked, b->run_deadline);
    for (size_t i = 0; i < b->asked_len; i++)
        assert_true(due_learn_asked(&b->due, &b->asked[i]));
    assert_int_equal(strlen(dns), 2 * b->g.entries_len);
    for (uint32_t i = 0; i < b->g.entries_len; i++) {
        found_set(&b->found[i].of[RECORDS_MX], dns[2 * i]);
        found_set(&b->found[i].of[RECORDS_TXT], dns[2 * i + 1]);
        b->g.entries[i].found = &b->found[i];
    }
    assert_int_equal(records_gather_arrange(&b->g, &why), OK);
    assert_int_equal(due_make(&b->due, &wish, &b->list, &why), OK);
}

static void list_tell(struct bench *b)
{
    buf_reset(&b->told);
    for (uint32_t z = 0; z < b->list.zones_len; z++) {
        const struct due_zone *zone = &b->list.zones[z];
        buf_add_fmt(&b->told, TEXT_FMT ":", TEXT_ARG(zone->zone));
        for (uint32_t i = 0; i < zone->len; i++) {
            const struct due_item *item = &b->list.items[zone->first + i];
            struct records_set set;
            b->list.sets.at(b->list.sets.ctx, item->set, &set);
            buf_add_fmt(&b->told, " %s %s", set.type == RECORDS_MX ? "MX" : "TXT",
                        due_state_name(item->state));
            if (item->since)
                buf_add_fmt(&b->told, " %lld", (long long)(item->since / SPAN_H(1)) - 1000);
        }
        buf_add_str(&b->told, "; ");
    }
    buf_add_char(&b->told, '\0');
}

/* Looks, and keeps what was found. */
static void assert_look(struct bench *b, int at, int since, const char *dns, const char *want)
{
    look_by(b, dns, (struct due_wish){.now = AT(at), .since = since ? AT(since) : 0});
    list_tell(b);
    assert_string_equal(b->told.at, want);
    asked_keep(b);
    look_end(b);
    b->due = (struct due){0};
    b->g = (struct records_gather){0};
}

static void an_age_begins_when_it_is_missed_and_ends_when_it_is_there(void **state)
{
    static const struct identity rows[] = {{"a.test", NULL, NULL}};
    struct bench b;
    (void)state;
    bench_open(&b, rows, 1);
    assert_look(&b, 1, 0, "MM", "a.test: MX missing 1 TXT missing 1; ");
    assert_look(&b, 2, 0, "MM", "a.test: MX missing 1 TXT missing 1; ");
    assert_look(&b, 3, 0, "WB", "a.test: TXT blocked 1 MX wrong 1; ");
    assert_look(&b, 4, 0, "KB", "a.test: TXT blocked 1 MX published 1; ");
    assert_look(&b, 5, 0, "KB", "a.test: TXT blocked 1; ");
    assert_look(&b, 6, 0, "KK", "a.test: TXT published 1; ");
    assert_look(&b, 7, 0, "KK", "");
    /* what is gone again is asked for anew */
    assert_look(&b, 8, 0, "MK", "a.test: MX missing 8; ");
    bench_close(&b);
}

static void what_was_always_there_was_never_asked_for(void **state)
{
    static const struct identity rows[] = {{"a.test", NULL, NULL}};
    struct bench b;
    (void)state;
    bench_open(&b, rows, 1);
    assert_look(&b, 1, 0, "KM", "a.test: TXT missing 1; ");
    assert_look(&b, 2, 1, "KM", "a.test: TXT missing 1; ");
    assert_int_equal(b.asked_len, 3); /* one record, and two looks */
    bench_close(&b);
}

static void a_difference_has_what_changed_and_nothing_else(void **state)
{
    static const struct identity rows[] = {{"a.test", NULL, NULL}, {"b.test", NULL, NULL}};
    struct bench b;
    (void)state;
    bench_open(&b, rows, 2);
    assert_look(&b, 1, 0, "MMMM",
                "a.test: MX missing 1 TXT missing 1; b.test: MX missing 1 TXT missing 1; ");
    assert_look(&b, 5, 3, "KWMM", "a.test: TXT wrong 1 MX published 1; ");
    assert_look(&b, 9, 7, "KWMM", "");
    assert_look(&b, 9, 4, "KWMM", "a.test: TXT wrong 1 MX published 1; ");
    bench_close(&b);
}

/* A server that is silent for one look neither publishes nor takes back. */
/* The age of a name is its own, whichever part of the fleet a look is about. */
static void a_part_of_the_fleet_has_the_ages_of_its_names(void **state)
{
    static const struct identity rows[] = {
        {"a.test", NULL, NULL}, {"b.test", NULL, NULL}, {"c.test", NULL, NULL}};
    static const bool last_one[] = {false, false, true};
    struct bench b;
    (void)state;
    bench_open(&b, rows, 3);
    assert_look(&b, 1, 0, "KKKKMK", "c.test: MX missing 1; ");
    b.config.keep = last_one;
    assert_look(&b, 2, 0, "MM", "c.test: MX missing 1 TXT missing 2; ");
    b.config.keep = NULL;
    assert_look(&b, 3, 0, "MKKKMK", "c.test: MX missing 1 TXT published 2; a.test: MX missing 3; ");
    bench_close(&b);
}

static void no_verdict_changes_no_age(void **state)
{
    static const struct identity rows[] = {{"a.test", NULL, NULL}};
    struct bench b;
    (void)state;
    bench_open(&b, rows, 1);
    assert_look(&b, 1, 0, "M?", "a.test: TXT blocked MX missing 1; ");
    assert_look(&b, 2, 0, "??", "a.test: MX blocked 1 TXT blocked; ");
    assert_look(&b, 3, 0, "KM", "a.test: TXT missing 3 MX published 1; ");
    assert_look(&b, 4, 0, "??", "a.test: MX blocked TXT blocked 3; ");
    assert_look(&b, 5, 0, "KM", "a.test: TXT missing 3; ");
    bench_close(&b);
}

static void the_run_has_asked_before_the_first_look(void **state)
{
    static const struct identity rows[] = {{"a.test", NULL, NULL}};
    struct bench b;
    (void)state;
    bench_open(&b, rows, 1);
    b.run = 7;
    b.run_asked = AT(2);
    b.run_deadline = AT(74);
    look_by(&b, "MM", (struct due_wish){.now = AT(30)});
    assert_int_equal(b.list.zones[0].since, AT(2));
    assert_int_equal(b.list.zones[0].deadline, AT(74));
    assert_int_equal(b.list.run, 7);
    asked_keep(&b);
    look_end(&b);
    /* a later run does not make it younger */
    b.run_asked = AT(40);
    look_by(&b, "MK", (struct due_wish){.now = AT(50)});
    assert_int_equal(b.list.zones[0].since, AT(2));
    bench_close(&b);
}

static void the_timeout_of_a_manifest_begins_with_the_asking(void **state)
{
    static const struct identity rows[] = {{"a.test", NULL, NULL}};
    struct bench b;
    (void)state;
    bench_open(&b, rows, 1);
    assert_look(&b, 1, 0, "MM", "a.test: MX missing 1 TXT missing 1; ");
    look_by(&b, "MM", (struct due_wish){.now = AT(10)});
    assert_int_equal(b.list.zones[0].deadline, AT(1) + SPAN_H(72));
    bench_close(&b);
}

static void the_oldest_and_largest_zone_comes_first(void **state)
{
    static const struct identity rows[] = {{"a.test", NULL, NULL},
                                           {"b.test", "team", NULL},
                                           {"c.test", NULL, "other"},
                                           {"d.test", "team", "other"}};
    struct bench b;
    (void)state;
    bench_open(&b, rows, 4);
    assert_look(&b, 1, 0, "KKKKKKMK", "d.test: MX missing 1; ");
    assert_look(
        &b, 2, 0, "KMKKMMMK",
        "d.test: MX missing 1; c.test: MX missing 2 TXT missing 2; a.test: TXT missing 2; ");
    look_by(&b, "KMMMMMMK", (struct due_wish){.now = AT(3), .by = DUE_BY_OWNER});
    list_tell(&b);
    assert_string_equal(b.told.at, "d.test: MX missing 1; b.test: MX missing 3 TXT missing 3; "
                                   "c.test: MX missing 2 TXT missing 2; a.test: TXT missing 2; ");
    look_end(&b);
    look_by(&b, "KMMMMMMK", (struct due_wish){.now = AT(3), .by = DUE_BY_ACCOUNT});
    list_tell(&b);
    assert_string_equal(b.told.at, "d.test: MX missing 1; c.test: MX missing 2 TXT missing 2; "
                                   "a.test: TXT missing 2; b.test: MX missing 3 TXT missing 3; ");
    assert_int_equal(b.list.zones_due, 4);
    assert_int_equal(b.list.counts[DUE_MISSING], 6);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_age_begins_when_it_is_missed_and_ends_when_it_is_there),
        cmocka_unit_test(what_was_always_there_was_never_asked_for),
        cmocka_unit_test(a_difference_has_what_changed_and_nothing_else),
        cmocka_unit_test(a_part_of_the_fleet_has_the_ages_of_its_names),
        cmocka_unit_test(no_verdict_changes_no_age),
        cmocka_unit_test(the_run_has_asked_before_the_first_look),
        cmocka_unit_test(the_timeout_of_a_manifest_begins_with_the_asking),
        cmocka_unit_test(the_oldest_and_largest_zone_comes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
