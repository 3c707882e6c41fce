/* Which mail is SES's, on which day and in which phase it is counted, and what is made of it. */
#include "unit.h"

#include "base/bounds.h"
#include "evidence/comparison.h"
#include "sent_rows.h"

#include <stdio.h>

#define DEFAULT "eu-west-1.amazonses.com"

static struct tally counted(const struct changes *changes, const struct sent_row *rows, size_t len)
{
    struct tally t;
    assert_true(tally_init(&t, changes, DAY_MIN, DAY_MAX));
    for (size_t i = 0; i < len; i++)
        assert_true(sent_add(&t, &rows[i]));
    tally_settle(&t);
    return t;
}

/* ---- whose mail ---- */

static void mail_is_that_of_ses_by_what_has_passed(void **state)
{
    static const struct {
        const char *mail_from;
        enum auth_result spf;
        const char *signer;
        enum auth_result dkim;
        enum ses_rule rule;
    } cases[] = {
        {"bounce.example.com", AUTH_PASS, "amazonses.com", AUTH_PASS, RULE_DKIM},
        {"bounce.example.com", AUTH_FAIL, "amazonses.com", AUTH_PASS, RULE_DKIM},
        {"relay.example.net", AUTH_PASS, "eu-west-1.amazonses.com", AUTH_PASS, RULE_DKIM},
        {DEFAULT, AUTH_PASS, "example.com", AUTH_PASS, RULE_SPF_DEFAULT},
        {"amazonses.com", AUTH_PASS, NULL, AUTH_NONE, RULE_SPF_DEFAULT},
        {"bounce.example.com", AUTH_PASS, "example.com", AUTH_PASS, RULE_SPF_CUSTOM},
        /* what a forger can write */
        {DEFAULT, AUTH_FAIL, "amazonses.com", AUTH_FAIL, RULE_NONE},
        {DEFAULT, AUTH_SOFTFAIL, NULL, AUTH_NONE, RULE_NONE},
        {"bounce.example.com", AUTH_NEUTRAL, NULL, AUTH_NONE, RULE_NONE},
        {"amazonses.com.example.net", AUTH_PASS, "notamazonses.com", AUTH_PASS, RULE_NONE},
        {"", AUTH_NONE, NULL, AUTH_NONE, RULE_NONE},
        {"other.example.com", AUTH_PASS, "example.com", AUTH_PASS, RULE_NONE},
    };
    struct changes changes;
    (void)state;
    assert_true(changes_init(&changes));
    assert_true(changes_add_mail_from(&changes, TEXT("bounce.example.com")));
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tally t;
        const struct aggregate_report report = {.domain = TEXT("example.com"), .end = DAY_US - 1};
        struct aggregate_row row = {.report = &report,
                                    .header_from = report.domain,
                                    .messages = 7,
                                    .spf_domain = text_of(cases[i].mail_from),
                                    .spf_result = cases[i].spf,
                                    .dkim_len = cases[i].signer ? 1 : 0};
        row.dkim[0] =
            (struct aggregate_dkim){.domain = text_of(cases[i].signer), .result = cases[i].dkim};
        assert_true(tally_init(&t, &changes, DAY_MIN, DAY_MAX));
        assert_true(tally_row(&t, &row));
        tally_settle(&t);
        const struct mail_domain *d = sent_find(&t, "example.com");
        assert_non_null(d);
        for (int rule = 0; rule < SES_RULES; rule++)
            assert_int_equal(d->by_rule[rule], rule == (int)cases[i].rule ? 7 : 0);
        assert_int_equal(d->others.messages, cases[i].rule == RULE_NONE ? 7 : 0);
        tally_clear(&t);
    }
    changes_clear(&changes);
}

static void a_region_is_known_by_the_default_mail_from(void **state)
{
    static const struct {
        const char *mail_from, *region;
        bool is_default;
    } cases[] = {
        {"amazonses.com", "us-east-1", true},
        {"eu-west-1.amazonses.com", "eu-west-1", true},
        {"feedback-smtp.eu-west-1.amazonses.com", "", true},
        {"example.com", "", false},
        {"", "", false},
        {"eu-west-1.amazonses.com.example.net", "", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct text name = text_of(cases[i].mail_from);
        assert_text(default_mail_from_region(name), text_of(cases[i].region));
        assert_int_equal(mail_from_is_default(name), cases[i].is_default);
    }
}

/* ---- days and phases ---- */

static void a_report_is_counted_to_the_day_of_its_middle(void **state)
{
    static const struct {
        span_us begin, end; /* of TODAY */
        int32_t day;
        bool coarse;
    } cases[] = {
        {0, DAY_US - SPAN_S(1), 0, false},              /* a day */
        {0, DAY_US, 0, false},                          /* to the midnight after */
        {-SPAN_H(5), SPAN_H(19), 0, false},             /* a day further east */
        {SPAN_H(8), SPAN_H(32), 0, false},              /* and west */
        {SPAN_H(13), SPAN_H(37), 1, false},             /* its larger part is tomorrow */
        {SPAN_H(23), SPAN_H(24) - SPAN_S(1), 0, false}, /* an hour */
        {0, SPAN_H(25), 0, false},                      /* the end of daylight saving */
        {0, 7 * DAY_US, 3, true},                       /* a week */
        {SPAN_H(3), SPAN_H(3), 0, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tally t;
        const struct aggregate_report report = {.begin = TODAY * DAY_US + cases[i].begin,
                                                .end = TODAY * DAY_US + cases[i].end};
        const struct aggregate_row row = {
            .report = &report, .messages = 1, .header_from = TEXT("example.com")};
        assert_true(tally_init(&t, NULL, DAY_MIN, DAY_MAX));
        assert_true(tally_row(&t, &row));
        tally_settle(&t);
        const struct mail_domain *d = sent_find(&t, "example.com");
        assert_int_equal(d->days_len, 1);
        assert_int_equal(t.days[d->days_at].day, TODAY + cases[i].day);
        assert_int_equal(t.days[d->days_at].is_coarse, cases[i].coarse);
        tally_clear(&t);
    }
}

static void days_outside_are_left_out(void **state)
{
    struct tally t;
    (void)state;
    assert_true(tally_init(&t, NULL, TODAY, TODAY + 1));
    for (int day = -2; day <= 3; day++)
        assert_true(
            sent_add(&t, &(struct sent_row){.day = day, .from = "a.example", .messages = 1}));
    assert_int_equal(t.rows, 2);
    assert_int_equal(t.rows_apart, 4);
    assert_int_equal(t.first_day, TODAY);
    assert_int_equal(t.last_day, TODAY + 1);
    tally_clear(&t);
}

#define NOON(day) ((TODAY + (day)) * DAY_US + SPAN_H(12))

static void change_add(struct changes *c, const char *identity, const char *region,
                       instant_us write, instant_us success)
{
    assert_true(changes_add(c, &(struct changed_identity){text_of(identity), text_of(region), write,
                                                          success, WHEN_NEVER, false}));
}

static void a_range_is_before_during_or_after(void **state)
{
    struct changes changes;
    struct sent_row rows[7];
    (void)state;
    assert_true(changes_init(&changes));
    change_add(&changes, "example.com", "us-east-1", NOON(0), NOON(1));
    for (int i = 0; i < 7; i++)
        rows[i] = (struct sent_row){.day = i - 3,
                                    .from = "example.com",
                                    .mail_from = DEFAULT,
                                    .spf = AUTH_PASS,
                                    .messages = 1u << i};
    struct tally t = counted(&changes, rows, 7);
    const struct mail_domain *d = sent_find(&t, "example.com");
    assert_int_equal(d->ses[PHASE_BEFORE].messages, 1 + 2 + 4);
    assert_int_equal(d->ses[PHASE_DURING].messages, 8 + 16); /* the days of the write, of Success */
    assert_int_equal(d->ses[PHASE_AFTER].messages, 32 + 64);
    assert_int_equal(d->ses[PHASE_APART].messages, 0);
    assert_int_equal(d->all.messages, 127);
    assert_int_equal(t.days[d->days_at].phases, 1u << PHASE_BEFORE);
    tally_clear(&t);
    changes_clear(&changes);
}

/* What is sent after a rollback is no fault of the run that was rolled back. */
static void a_later_run_ends_what_is_after(void **state)
{
    struct changes changes;
    struct sent_row rows[7];
    (void)state;
    assert_true(changes_init(&changes));
    assert_true(
        changes_add(&changes, &(struct changed_identity){TEXT("example.com"), TEXT("us-east-1"),
                                                         NOON(-2), NOON(-1), NOON(2), false}));
    change_add(&changes, "kim@example.com", "us-east-1", NOON(-2), NOON(-1));
    for (int i = 0; i < 7; i++)
        rows[i] = (struct sent_row){.day = i - 3,
                                    .from = "example.com",
                                    .mail_from = DEFAULT,
                                    .spf = AUTH_PASS,
                                    .messages = 1u << i};
    struct tally t = counted(&changes, rows, 7);
    const struct mail_domain *d = sent_find(&t, "example.com");
    assert_int_equal(d->change.next_write, NOON(2));
    assert_int_equal(d->ses[PHASE_BEFORE].messages, 1);
    assert_int_equal(d->ses[PHASE_AFTER].messages, 8 + 16);
    assert_int_equal(d->ses[PHASE_DURING].messages, 2 + 4 + 32);
    assert_int_equal(d->ses[PHASE_LATER].messages, 64);
    struct mail_gain gain = mail_gain(&t);
    assert_int_equal(gain.later_domains, 1);
    assert_int_equal(gain.later_messages, 64);
    assert_int_equal(gain.after.messages, 24);
    tally_clear(&t);
    changes_clear(&changes);
}

/* What has no after has no before either: else the mail of most is compared with that of a few. */
static void the_same_domains_are_before_and_after(void **state)
{
    static const struct sent_row rows[] = {
        {-1, "good.example", DEFAULT, AUTH_PASS, NULL, false, true, 1000, NULL, NULL},
        {-1, "open.example", DEFAULT, AUTH_PASS, NULL, false, true, 2000, NULL, NULL},
        {2, "open.example", DEFAULT, AUTH_PASS, NULL, false, true, 300, NULL, NULL},
        {3, "open.example", DEFAULT, AUTH_PASS, NULL, true, true, 40, NULL, NULL},
        {-1, "quiet.example", DEFAULT, AUTH_PASS, NULL, false, true, 4000, NULL, NULL},
        {-1, "apart.example", DEFAULT, AUTH_PASS, NULL, false, true, 8000, NULL, NULL},
        {2, "good.example", DEFAULT, AUTH_PASS, NULL, true, true, 500, NULL, NULL},
        {3, "new.example", DEFAULT, AUTH_PASS, NULL, true, true, 50, NULL, NULL},
    };
    struct changes c;
    (void)state;
    assert_true(changes_init(&c));
    change_add(&c, "good.example", "us-east-1", NOON(0), NOON(1));
    change_add(&c, "open.example", "us-east-1", NOON(0), 0);
    change_add(&c, "quiet.example", "us-east-1", NOON(0), NOON(1));
    change_add(&c, "new.example", "us-east-1", NOON(0), NOON(1));
    struct tally t = counted(&c, rows, COUNT(rows));
    struct mail_gain gain = mail_gain(&t);
    assert_int_equal(gain.domains, 2);
    assert_int_equal(gain.before.messages, 1000);
    assert_int_equal(gain.after.messages, 550);
    assert_int_equal(gain.open_domains, 1);
    assert_int_equal(gain.open.messages, 340);
    assert_int_equal(gain.open.spf, 40);
    assert_int_equal(gain.awaited_domains, 1);
    tally_clear(&t);
    t = counted(&c, rows, COUNT(rows) - 2); /* and while nothing is after */
    gain = mail_gain(&t);
    assert_int_equal(gain.domains, 3);
    assert_int_equal(gain.before.messages, 7000);
    assert_int_equal(gain.after.messages, 0);
    assert_int_equal(gain.awaited_domains, 0);
    tally_clear(&t);
    changes_clear(&c);
}

/* ---- which identity ---- */

static void the_nearest_identity_and_its_addresses_count(void **state)
{
    struct changes c;
    (void)state;
    assert_true(changes_init(&c));
    change_add(&c, "example.com", "us-east-1", NOON(0), NOON(1));
    change_add(&c, "example.com", "eu-west-1", NOON(-1), NOON(3));
    change_add(&c, "news.example.com", "us-east-1", WHEN_NEVER, 0);
    change_add(&c, "Kim@Shop.example.com", "us-east-1", NOON(2), NOON(4));
    change_add(&c, "kim@example.com", "us-west-2", NOON(-5), 0);
    const struct {
        const char *from;
        uint32_t identities, written, open;
        instant_us first_write, success;
    } cases[] = {
        {"example.com", 3, 3, 1, NOON(-5), NOON(3)},        /* with its address */
        {"deep.a.example.com", 2, 2, 0, NOON(-1), NOON(3)}, /* an address serves no subdomain */
        {"news.example.com", 1, 0, 0, WHEN_NEVER, 0},
        {"x.news.example.com", 1, 0, 0, WHEN_NEVER, 0},
        {"shop.example.com", 3, 3, 0, NOON(-1), NOON(4)},
        {"example.net", 0, 0, 0, WHEN_NEVER, 0},
        {"notexample.com", 0, 0, 0, WHEN_NEVER, 0},
        {"com", 0, 0, 0, WHEN_NEVER, 0},
        {"", 0, 0, 0, WHEN_NEVER, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct change got = changes_of(&c, text_of(cases[i].from));
        assert_int_equal(got.identities, cases[i].identities);
        assert_int_equal(got.written, cases[i].written);
        assert_int_equal(got.open, cases[i].open);
        assert_int_equal(got.first_write, cases[i].first_write);
        assert_int_equal(got.success, cases[i].success);
    }
    assert_true(changes_have_region(&c, TEXT("a.example.com"), TEXT("eu-west-1")));
    assert_true(changes_have_region(&c, TEXT("example.com"), TEXT("us-west-2")));
    assert_false(changes_have_region(&c, TEXT("a.example.com"), TEXT("us-west-2")));
    assert_false(changes_have_region(&c, TEXT("news.example.com"), TEXT("eu-west-1")));
    changes_clear(&c);
}

/* ---- what it proves ---- */

static void a_domain_is_compared_by_its_share(void **state)
{
    static const struct {
        uint64_t before, before_spf, after, after_spf;
        enum comparison comparison;
    } cases[] = {
        {100, 0, 100, 99, COMPARISON_BETTER},   {100, 97, 100, 99, COMPARISON_BETTER},
        {100, 98, 100, 99, COMPARISON_SAME},    {100, 99, 100, 99, COMPARISON_SAME},
        {100, 99, 100, 97, COMPARISON_WORSE},   {100, 40, 100, 10, COMPARISON_WORSE},
        {100, 10, 100, 49, COMPARISON_FAILING}, {100, 10, 100, 50, COMPARISON_BETTER},
        {49, 0, 1000, 1000, COMPARISON_LITTLE}, {1000, 0, 49, 49, COMPARISON_LITTLE},
        {50, 0, 50, 50, COMPARISON_BETTER},     {0, 0, 0, 0, COMPARISON_LITTLE},
        {0, 0, 500, 0, COMPARISON_FAILING},     {49, 49, 50, 24, COMPARISON_FAILING},
        {0, 0, 50, 25, COMPARISON_LITTLE},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mail_domain d = {.change = {.identities = 1, .written = 1, .success = 1}};
        d.ses[PHASE_BEFORE] =
            (struct mail_counts){cases[i].before, cases[i].before_spf, 0, 0, 0, 0};
        d.ses[PHASE_AFTER] = (struct mail_counts){cases[i].after, cases[i].after_spf, 0, 0, 0, 0};
        assert_int_equal(mail_compare(&d), cases[i].comparison);
        d.change.defaults = 1;
        assert_int_equal(mail_compare(&d), COMPARISON_DEFAULT);
        d.change.success = 0;
        assert_int_equal(mail_compare(&d), COMPARISON_OPEN);
        d.change.written = 0;
        assert_int_equal(mail_compare(&d), COMPARISON_UNWRITTEN);
        d.change.identities = 0;
        assert_int_equal(mail_compare(&d), COMPARISON_APART);
    }
}

static void no_share_is_rounded_to_all_or_none(void **state)
{
    (void)state;
    assert_int_equal(mail_share(0, 1000000), 0);
    assert_int_equal(mail_share(1, 1000000), 1);
    assert_int_equal(mail_share(999999, 1000000), 999);
    assert_int_equal(mail_share(1000000, 1000000), 1000);
    assert_int_equal(mail_share(1, 3), 333);
    assert_int_equal(mail_share(2, 3), 667);
    assert_int_equal(mail_share(UINT64_MAX - 1, UINT64_MAX), 999);
    assert_int_equal(mail_share(0, 0), 0);
}

static void counts_stop_at_their_end(void **state)
{
    const struct sent_row rows[] = {
        {0, "a.example", DEFAULT, AUTH_PASS, NULL, true, true, UINT64_MAX - 1, NULL, NULL},
        {0, "a.example", DEFAULT, AUTH_PASS, NULL, true, false, 10, "reject", NULL}};
    (void)state;
    struct tally t = counted(NULL, rows, COUNT(rows));
    assert_true(t.domains[1].all.messages == UINT64_MAX);
    assert_true(mail_counts_pass(&t.domains[1].all) == UINT64_MAX);
    assert_int_equal(t.domains[1].all.rejected, 10);
    tally_clear(&t);
}

static void a_sender_has_a_fault(void **state)
{
    static const struct sent_row rows[] = {
        {2, "example.com", "us-east-1.amazonses.com", AUTH_PASS, NULL, false, true, 9, NULL, NULL},
        {2, "example.com", DEFAULT, AUTH_PASS, NULL, false, true, 8, NULL, NULL},
        {2, "example.com", "x.amazonses.com", AUTH_PASS, NULL, false, true, 7, NULL, NULL},
        {2, "example.com", "bounce.example.net", AUTH_PASS, NULL, false, true, 6, NULL, NULL},
        {2, "example.com", "list.example", AUTH_PASS, "amazonses.com", false, true, 5, NULL, NULL},
        {2, "example.com", "bounce.example.com", AUTH_FAIL, "amazonses.com", false, true, 4, NULL,
         NULL},
        {2, "example.com", "", AUTH_NONE, "amazonses.com", false, true, 3, NULL, NULL},
        {2, "example.com", "spam.example", AUTH_PASS, NULL, false, false, 2, "reject", NULL},
        {2, "example.com", "bounce.example.com", AUTH_PASS, NULL, true, true, 99, NULL, NULL},
    };
    static const enum sender_fault faults[] = {FAULT_FALLBACK,  FAULT_OTHER_REGION, FAULT_DEFAULT,
                                               FAULT_UNALIGNED, FAULT_SENT_ON,      FAULT_SPF,
                                               FAULT_NO_NAME,   FAULT_STRANGER};
    struct changes c;
    (void)state;
    assert_true(changes_init(&c));
    change_add(&c, "example.com", "us-east-1", NOON(0), NOON(1));
    assert_true(changes_add_mail_from(&c, TEXT("bounce.example.com")));
    assert_true(changes_add_mail_from(&c, TEXT("bounce.example.net")));
    struct tally t = counted(&c, rows, COUNT(rows));
    const struct mail_domain *d = &t.domains[1];
    assert_int_equal(d->senders_len, COUNT(faults));
    for (uint32_t i = 0; i < d->senders_len; i++) {
        assert_int_equal(sender_fault(&t, &t.senders[d->senders_at + i]), faults[i]);
        assert_int_equal(t.senders[d->senders_at + i].all, 9 - i);
    }
    tally_clear(&t);
    changes_clear(&c);
}

static void addresses_are_those_of_the_messages_told(void **state)
{
    static const struct sent_row rows[] = {
        {-2, "a.example", DEFAULT, AUTH_PASS, NULL, false, true, 105, NULL, "192.0.2.1"},
        {2, "a.example", DEFAULT, AUTH_PASS, NULL, false, true, 3, NULL, "192.0.2.2"},
        {3, "a.example", DEFAULT, AUTH_PASS, NULL, false, true, 3, NULL, "192.0.2.2"},
        {3, "b.example", DEFAULT, AUTH_PASS, NULL, false, true, 3, NULL, "192.0.2.2"},
    };
    struct changes c;
    (void)state;
    assert_true(changes_init(&c));
    change_add(&c, "a.example", "us-east-1", NOON(0), NOON(1));
    struct tally t = counted(&c, rows, COUNT(rows));
    const struct mail_domain *a = sent_find(&t, "a.example"), *b = sent_find(&t, "b.example");
    const struct mail_sender *s = &t.senders[a->senders_at];
    assert_int_equal(sender_messages(a, s), 6);
    assert_int_equal(sender_addresses(a, s), 1);
    assert_int_equal(s->addresses, 2);
    assert_int_equal(sender_addresses(b, &t.senders[b->senders_at]), 1);
    tally_clear(&t);
    changes_clear(&c);
}

static void a_row_without_a_verdict_is_no_failure(void **state)
{
    const struct aggregate_report report = {.domain = TEXT("example.com"), .end = DAY_US - 1};
    const struct aggregate_row row = {.report = &report,
                                      .header_from = report.domain,
                                      .messages = 31,
                                      .spf_domain = TEXT("amazonses.com"),
                                      .spf_result = AUTH_PASS,
                                      .is_unjudged = true};
    struct tally t;
    (void)state;
    assert_true(tally_init(&t, NULL, DAY_MIN, DAY_MAX));
    assert_true(tally_row(&t, &row));
    assert_int_equal(t.rows_unjudged, 1);
    assert_int_equal(t.messages_unjudged, 31);
    assert_int_equal(t.domains[0].all.messages, 0);
    assert_int_equal(t.domains_len, 1);
    tally_clear(&t);
}

/* A return to the default is no incident. */
static void what_the_run_wants_is_no_fallback(void **state)
{
    static const struct sent_row rows[] = {
        {2, "example.com", "amazonses.com", AUTH_PASS, NULL, false, true, 90, NULL, NULL},
        {2, "example.com", DEFAULT, AUTH_PASS, NULL, false, true, 80, NULL, NULL},
        {2, "b.example", "amazonses.com", AUTH_PASS, NULL, false, true, 70, NULL, NULL},
    };
    const struct changed_identity back = {
        TEXT("example.com"), TEXT("us-east-1"), NOON(0), NOON(1), WHEN_NEVER, true};
    struct changes c;
    (void)state;
    assert_true(changes_init(&c));
    assert_true(changes_add(&c, &back));
    change_add(&c, "b.example", "us-east-1", NOON(0), NOON(1));
    struct tally t = counted(&c, rows, COUNT(rows));
    const struct mail_domain *d = sent_find(&t, "example.com");
    assert_int_equal(mail_compare(d), COMPARISON_DEFAULT);
    assert_int_equal(sender_fault(&t, &t.senders[d->senders_at]), FAULT_WANTED);
    assert_int_equal(sender_fault(&t, &t.senders[d->senders_at + 1]), FAULT_OTHER_REGION);
    d = sent_find(&t, "b.example");
    assert_int_equal(mail_compare(d), COMPARISON_FAILING);
    assert_int_equal(sender_fault(&t, &t.senders[d->senders_at]), FAULT_FALLBACK);
    tally_clear(&t);
    changes_clear(&c);
}

/* ---- bounds ---- */

static void senders_beyond_the_bound_are_counted(void **state)
{
    struct tally t;
    (void)state;
    assert_true(tally_init(&t, NULL, DAY_MIN, DAY_MAX));
    for (int i = 0; i < EVIDENCE_DOMAIN_SENDERS_MAX + 5; i++) {
        char name[64];
        snprintf(name, sizeof name, "m%d.example", i);
        assert_true(sent_add(
            &t, &(struct sent_row){.from = "a.example", .mail_from = name, .messages = 2}));
    }
    assert_true(sent_add(
        &t, &(struct sent_row){.from = "a.example", .mail_from = "m0.example", .messages = 2}));
    tally_settle(&t);
    assert_int_equal(t.domains[1].senders_len, EVIDENCE_DOMAIN_SENDERS_MAX);
    assert_int_equal(t.domains[1].senders_beyond, 10);
    assert_int_equal(t.domains[1].others.messages, 2 * (EVIDENCE_DOMAIN_SENDERS_MAX + 6));
    tally_clear(&t);
}

static void names_of_any_length_are_taken(void **state)
{
    struct tally t;
    char *name = malloc(5000);
    (void)state;
    memset(name, 'a', 4999);
    name[4999] = '\0';
    assert_true(tally_init(&t, NULL, DAY_MIN, DAY_MAX));
    assert_true(sent_add(
        &t, &(struct sent_row){.from = name, .mail_from = name, .messages = 1, .address = name}));
    tally_settle(&t);
    assert_int_equal(t.domains_len, 2);
    tally_clear(&t);
    free(name);
}

/* ---- the order ---- */

static const char *const froms[] = {"a.example", "b.example", "news.a.example", "c.example"};
static const char *const mail_froms[] = {DEFAULT, "bounce.a.example", "list.example", "",
                                         "amazonses.com"};
static const char *const dispositions[] = {"none", "quarantine", "reject"};

static struct sent_row drawn(uint64_t *seed, char address[16])
{
    uint64_t n = dice(seed);
    snprintf(address, 16, "192.0.2.%u", (unsigned)(n >> 40) % 9);
    return (struct sent_row){.day = (int32_t)(n % 9) - 4,
                             .from = froms[(n >> 4) % COUNT(froms)],
                             .mail_from = mail_froms[(n >> 8) % COUNT(mail_froms)],
                             .spf = (enum auth_result)((n >> 12) % AUTH_RESULTS),
                             .signer = (n >> 16) & 1 ? "amazonses.com" : NULL,
                             .spf_aligned = (n >> 17) & 1,
                             .dkim_aligned = (n >> 18) & 1,
                             .messages = (n >> 20) % 50,
                             .disposition = dispositions[(n >> 30) % 3],
                             .address = address};
}

static void days_equal(const struct mail_day *one, const struct mail_day *other)
{
    assert_int_equal(one->day, other->day);
    assert_int_equal(one->phases, other->phases);
    assert_memory_equal(&one->ses, &other->ses, sizeof one->ses);
    assert_memory_equal(&one->others, &other->others, sizeof one->others);
}

static void senders_equal(const struct tally *a, const struct mail_sender *one,
                          const struct tally *b, const struct mail_sender *other)
{
    assert_text(tally_mail_from(a, one), tally_mail_from(b, other));
    assert_memory_equal(one->messages, other->messages, sizeof one->messages);
    assert_int_equal(one->addresses, other->addresses);
    assert_memory_equal(one->address, other->address, sizeof one->address);
}

static void tallies_equal(const struct tally *a, const struct tally *b)
{
    assert_int_equal(a->domains_len, b->domains_len);
    for (uint32_t i = 0; i < a->domains_len; i++) {
        const struct mail_domain *one = &a->domains[i], *other = &b->domains[i];
        assert_text(tally_name(a, one), tally_name(b, other));
        assert_memory_equal(one->ses, other->ses, sizeof one->ses);
        assert_memory_equal(&one->others, &other->others, sizeof one->others);
        assert_memory_equal(one->by_rule, other->by_rule, sizeof one->by_rule);
        assert_int_equal(one->days_len, other->days_len);
        assert_int_equal(one->senders_len, other->senders_len);
        for (uint32_t k = 0; k < one->days_len; k++)
            days_equal(&a->days[one->days_at + k], &b->days[other->days_at + k]);
        for (uint32_t k = 0; k < one->senders_len; k++)
            senders_equal(a, &a->senders[one->senders_at + k], b,
                          &b->senders[other->senders_at + k]);
    }
}

/* And the whole is the sum of its parts. */
static void sums_hold(const struct tally *t)
{
    struct mail_counts ses = {0}, others = {0}, days = {0};
    for (uint32_t i = 1; i < t->domains_len; i++) {
        mail_counts_join(&ses, &t->domains[i].all);
        mail_counts_join(&others, &t->domains[i].others);
    }
    for (uint32_t i = 0; i < t->days_len; i++)
        if (t->days[i].domain)
            mail_counts_join(&days, &t->days[i].ses);
    assert_memory_equal(&ses, &t->domains[0].all, sizeof ses);
    assert_memory_equal(&others, &t->domains[0].others, sizeof others);
    assert_memory_equal(&ses, &days, sizeof ses);
}

static void the_order_of_rows_changes_nothing(void **state)
{
    enum { ROWS = 400 };
    (void)state;
    for (uint64_t round = 1; round <= 20; round++) {
        struct sent_row rows[ROWS];
        char addresses[ROWS][16];
        uint64_t seed = round * 0x9e3779b97f4a7c15u;
        struct changes c;
        assert_true(changes_init(&c));
        change_add(&c, "a.example", "us-east-1", NOON(-1), NOON(0));
        assert_true(changes_add_mail_from(&c, TEXT("bounce.a.example")));
        for (int i = 0; i < ROWS; i++)
            rows[i] = drawn(&seed, addresses[i]);
        struct tally one = counted(&c, rows, ROWS);
        for (int i = ROWS - 1; i > 0; i--) {
            size_t k = dice(&seed) % (uint64_t)(i + 1);
            struct sent_row row = rows[i];
            rows[i] = rows[k];
            rows[k] = row;
        }
        struct tally other = counted(&c, rows, ROWS);
        tallies_equal(&one, &other);
        sums_hold(&one);
        tally_clear(&one);
        tally_clear(&other);
        changes_clear(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mail_is_that_of_ses_by_what_has_passed),
        cmocka_unit_test(a_region_is_known_by_the_default_mail_from),
        cmocka_unit_test(a_report_is_counted_to_the_day_of_its_middle),
        cmocka_unit_test(days_outside_are_left_out),
        cmocka_unit_test(a_range_is_before_during_or_after),
        cmocka_unit_test(a_later_run_ends_what_is_after),
        cmocka_unit_test(the_same_domains_are_before_and_after),
        cmocka_unit_test(the_nearest_identity_and_its_addresses_count),
        cmocka_unit_test(a_domain_is_compared_by_its_share),
        cmocka_unit_test(no_share_is_rounded_to_all_or_none),
        cmocka_unit_test(counts_stop_at_their_end),
        cmocka_unit_test(a_sender_has_a_fault),
        cmocka_unit_test(addresses_are_those_of_the_messages_told),
        cmocka_unit_test(a_row_without_a_verdict_is_no_failure),
        cmocka_unit_test(what_the_run_wants_is_no_fallback),
        cmocka_unit_test(senders_beyond_the_bound_are_counted),
        cmocka_unit_test(names_of_any_length_are_taken),
        cmocka_unit_test(the_order_of_rows_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
