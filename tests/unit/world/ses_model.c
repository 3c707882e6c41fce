#include "world/ses_model.h"
#include "unit.h"

#include <stdio.h>

#define START SPAN_H(500000)

struct world {
    struct ses_model m;
    uint16_t lane;
    instant_us now;
};

static void world_open(struct world *w, uint32_t max)
{
    struct ses_rules rules = ses_rules_default();
    *w = (struct world){.now = START};
    assert_int_equal(ses_model_init(&w->m, &rules, max, NULL), OK);
    assert_true(ses_model_lane(&w->m, TEXT("111122223333"), TEXT("eu-west-1"), &w->lane));
}

static enum err add(struct world *w, const char *identity, const char *mail_from,
                    enum mail_from_status status)
{
    struct ses_facts facts = {
        .verification = VERIFICATION_SUCCESS, .mail_from = text_of(mail_from), .status = status};
    return ses_model_add(&w->m, w->lane, text_of(identity), &facts, w->now, NULL);
}

static int set(void **state)
{
    static struct world w;
    world_open(&w, 64);
    assert_int_equal(add(&w, "example.com", "", MAIL_FROM_NONE), OK);
    assert_int_equal(add(&w, "News@Example.com", "", MAIL_FROM_NONE), OK);
    *state = &w;
    return 0;
}

static int clear(void **state)
{
    ses_model_clear(&((struct world *)*state)->m);
    return 0;
}

static struct ses_facts facts_of(const struct world *w, const char *identity)
{
    uint32_t id;
    assert_true(ses_model_find(&w->m, w->lane, text_of(identity), &id));
    return ses_model_facts(&w->m, id);
}

static enum ses_refusal choose(struct world *w, const char *identity, const char *mail_from,
                               struct why *why)
{
    return ses_model_set(&w->m, w->lane, text_of(identity), text_of(mail_from),
                         BEHAVIOR_REJECT_MESSAGE, w->now, why);
}

/* Lets time pass up to `until`, every look-up finding `found`; returns how many there were. */
static unsigned live(struct world *w, instant_us until, enum ses_mx found)
{
    unsigned looks = 0;
    struct ses_check check;
    for (; ses_model_next_due(&w->m) <= until; looks++) {
        w->now = ses_model_next_due(&w->m);
        assert_true(ses_model_next_check(&w->m, w->now, &check));
        ses_model_mx_result(&w->m, &check, found, w->now);
    }
    w->now = until;
    return looks;
}

static void domains_are_found_in_any_case_and_addresses_as_they_are(void **state)
{
    static const struct {
        const char *name;
        bool there;
    } rows[] = {{"example.com", true},       {"EXAMPLE.com", true},
                {"example.com.", true},      {"News@Example.com", true},
                {"news@example.com", false}, {"News@example.com", false},
                {"www.example.com", false},  {"", false}};
    struct world *w = *state;
    uint32_t id;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(ses_model_find(&w->m, w->lane, text_of(rows[i].name), &id), rows[i].there);
}

static void an_identity_is_known_in_its_own_lane_only(void **state)
{
    struct world *w = *state;
    uint16_t other, again;
    uint32_t id;
    assert_true(ses_model_lane(&w->m, TEXT("111122223333"), TEXT("us-east-1"), &other));
    assert_true(ses_model_lane(&w->m, TEXT("111122223333"), TEXT("us-east-1"), &again));
    assert_int_equal(other, again);
    assert_int_not_equal(other, w->lane);
    assert_false(ses_model_find(&w->m, other, TEXT("example.com"), &id));
    assert_true(ses_model_has_account(&w->m, TEXT("111122223333")));
    assert_false(ses_model_has_account(&w->m, TEXT("444455556666")));
}

static void what_ses_cannot_hold_is_not_added(void **state)
{
    struct world *w = *state;
    assert_int_equal(add(w, "example.com", "", MAIL_FROM_NONE), ERR_INPUT);
    assert_int_equal(add(w, "EXAMPLE.COM", "", MAIL_FROM_NONE), ERR_INPUT);
    assert_int_equal(add(w, "", "", MAIL_FROM_NONE), ERR_INPUT);
    assert_int_equal(add(w, "a.example", "", MAIL_FROM_SUCCESS), ERR_INPUT);
    assert_int_equal(add(w, "a.example", "m.a.example", MAIL_FROM_NONE), ERR_INPUT);
    assert_int_equal(add(w, "a.example", "m.a.example", MAIL_FROM_SUCCESS), OK);
}

static void refusals_speak_as_ses_does(void **state)
{
    static const struct {
        const char *identity, *mail_from;
        enum ses_refusal refusal;
        const char *sentence;
    } rows[] = {
        {"gone.example", "m.gone.example", SES_IDENTITY_UNKNOWN,
         "Identity <gone.example> does not exist."},
        {"example.com", "example.com", SES_NOT_SUBDOMAIN,
         "Provided MAIL-FROM domain <example.com> is not subdomain of the domain of the identity "
         "<example.com>."},
        {"example.com", "mexample.com", SES_NOT_SUBDOMAIN,
         "Provided MAIL-FROM domain <mexample.com> is not subdomain of the domain of the identity "
         "<example.com>."},
        {"News@Example.com", "m.example.org", SES_NOT_SUBDOMAIN,
         "Provided MAIL-FROM domain <m.example.org> is not subdomain of the domain of the identity "
         "<News@Example.com>."},
        {"example.com", " ", SES_NAME_INVALID,
         "Provided MAIL-FROM domain < > is not a valid domain name."},
    };
    struct world *w = *state;
    struct why why;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(choose(w, rows[i].identity, rows[i].mail_from, &why), rows[i].refusal);
        assert_string_equal(why.text, rows[i].sentence);
    }
    assert_int_equal(facts_of(w, "example.com").status, MAIL_FROM_NONE);
}

static void a_set_is_pending_until_the_right_mx_is_seen(void **state)
{
    struct world *w = *state;
    assert_int_equal(choose(w, "example.com", "M.Example.com", NULL), SES_ACCEPTED);
    assert_text(facts_of(w, "example.com").mail_from, TEXT("m.example.com"));
    assert_int_equal(facts_of(w, "example.com").behavior, BEHAVIOR_REJECT_MESSAGE);
    assert_int_equal(live(w, START + SPAN_S(59), SES_MX_RIGHT), 0);
    assert_int_equal(facts_of(w, "example.com").status, MAIL_FROM_PENDING);
    assert_int_equal(live(w, START + SPAN_S(60), SES_MX_RIGHT), 1);
    assert_int_equal(facts_of(w, "example.com").status, MAIL_FROM_SUCCESS);
}

static void clearing_resets_the_behaviour_and_ends_the_checks(void **state)
{
    struct world *w = *state;
    choose(w, "example.com", "m.example.com", NULL);
    assert_int_equal(choose(w, "example.com", "", NULL), SES_ACCEPTED);
    struct ses_facts facts = facts_of(w, "example.com");
    assert_int_equal(facts.mail_from.len, 0);
    assert_int_equal(facts.status, MAIL_FROM_NONE);
    assert_int_equal(facts.behavior, BEHAVIOR_USE_DEFAULT_VALUE);
    assert_true(ses_model_next_due(&w->m) == WHEN_NEVER);
}

static void setting_the_same_again_restarts_only_what_has_failed(void **state)
{
    static const struct {
        enum ses_mx seen;
        enum mail_from_status before, after;
    } rows[] = {{SES_MX_RIGHT, MAIL_FROM_SUCCESS, MAIL_FROM_SUCCESS},
                {SES_MX_NONE, MAIL_FROM_PENDING, MAIL_FROM_PENDING},
                {SES_MX_SEVERAL, MAIL_FROM_FAILED, MAIL_FROM_PENDING}};
    struct world *w = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        choose(w, "example.com", "", NULL);
        choose(w, "example.com", "m.example.com", NULL);
        live(w, w->now + SPAN_M(2), rows[i].seen);
        assert_int_equal(facts_of(w, "example.com").status, rows[i].before);
        choose(w, "example.com", "m.example.com", NULL);
        assert_int_equal(facts_of(w, "example.com").status, rows[i].after);
    }
    choose(w, "example.com", "other.example.com", NULL);
    assert_int_equal(facts_of(w, "example.com").status, MAIL_FROM_PENDING);
}

static void a_set_up_without_mx_fails_after_72_hours_and_not_before(void **state)
{
    static const enum ses_mx found[] = {SES_MX_NONE, SES_MX_TROUBLE};
    struct world *w = *state;
    for (size_t i = 0; i < COUNT(found); i++) {
        choose(w, "example.com", "", NULL);
        choose(w, "example.com", "m.example.com", NULL);
        instant_us end = w->now + SPAN_H(72);
        assert_between(live(w, end - 1, found[i]), 100, 200);
        assert_int_equal(facts_of(w, "example.com").status, MAIL_FROM_PENDING);
        live(w, end, found[i]);
        assert_int_equal(facts_of(w, "example.com").status, MAIL_FROM_FAILED);
        assert_true(ses_model_next_due(&w->m) == WHEN_NEVER);
    }
}

static void setting_the_same_again_does_not_prolong_the_72_hours(void **state)
{
    struct world *w = *state;
    choose(w, "example.com", "m.example.com", NULL);
    live(w, START + SPAN_H(71), SES_MX_NONE);
    choose(w, "example.com", "m.example.com", NULL);
    live(w, START + SPAN_H(72), SES_MX_NONE);
    assert_int_equal(facts_of(w, "example.com").status, MAIL_FROM_FAILED);
}

static void a_success_whose_mx_vanishes_has_72_hours_to_recover(void **state)
{
    struct world *w = *state;
    choose(w, "example.com", "m.example.com", NULL);
    live(w, START + SPAN_M(10), SES_MX_RIGHT);
    live(w, START + SPAN_H(5), SES_MX_TROUBLE);
    assert_int_equal(facts_of(w, "example.com").status, MAIL_FROM_SUCCESS);
    live(w, START + SPAN_H(7), SES_MX_NONE);
    assert_int_equal(facts_of(w, "example.com").status, MAIL_FROM_TEMPORARY_FAILURE);
    live(w, START + SPAN_H(8), SES_MX_RIGHT);
    assert_int_equal(facts_of(w, "example.com").status, MAIL_FROM_SUCCESS);
    live(w, START + SPAN_H(80), SES_MX_SEVERAL);
    assert_int_equal(facts_of(w, "example.com").status, MAIL_FROM_TEMPORARY_FAILURE);
    live(w, START + SPAN_H(82), SES_MX_NONE);
    assert_int_equal(facts_of(w, "example.com").status, MAIL_FROM_FAILED);
}

static void a_look_up_of_an_earlier_setting_decides_nothing(void **state)
{
    struct world *w = *state;
    struct ses_check check;
    choose(w, "example.com", "m.example.com", NULL);
    w->now += SPAN_M(1);
    assert_true(ses_model_next_check(&w->m, w->now, &check));
    assert_false(ses_model_next_check(&w->m, w->now, &(struct ses_check){0}));
    choose(w, "example.com", "other.example.com", NULL);
    ses_model_mx_result(&w->m, &check, SES_MX_RIGHT, w->now);
    assert_int_equal(facts_of(w, "example.com").status, MAIL_FROM_PENDING);
    live(w, w->now + SPAN_M(1), SES_MX_RIGHT);
    assert_int_equal(facts_of(w, "example.com").status, MAIL_FROM_SUCCESS);
}

static void only_one_feedback_host_of_ses_is_right(void **state)
{
    static const struct {
        const char *hosts[2];
        enum ses_mx judged;
    } rows[] = {
        {{NULL}, SES_MX_NONE},
        {{""}, SES_MX_NONE},
        {{"feedback-smtp.eu-west-1.amazonses.com"}, SES_MX_RIGHT},
        {{"Feedback-SMTP.us-east-1.AmazonSES.com"}, SES_MX_RIGHT},
        {{"feedback-smtp.eu-west-1.amazonaws.com"}, SES_MX_NONE},
        {{"feedback-smtp.eu-west-9.amazonses.com"}, SES_MX_NONE},
        {{"mx.example.com"}, SES_MX_NONE},
        {{"feedback-smtp.eu-west-1.amazonses.com", "feedback-smtp.us-east-1.amazonses.com"},
         SES_MX_SEVERAL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mx_fact mx[2];
        uint32_t len = 0;
        for (; len < 2 && rows[i].hosts[len]; len++)
            mx[len] = (struct mx_fact){10, text_of(rows[i].hosts[len])};
        assert_int_equal(ses_mx_judge(mx, len), rows[i].judged);
    }
}

static void a_bucket_holds_its_burst_and_refills_at_its_rate(void **state)
{
    struct world *w = *state;
    w->m.rules.burst = 2;
    instant_us now = START;
    assert_true(ses_model_admit(&w->m, w->lane, SES_PUT_V2, now));
    assert_true(ses_model_admit(&w->m, w->lane, SES_PUT_V2, now));
    assert_false(ses_model_admit(&w->m, w->lane, SES_PUT_V2, now));
    assert_true(ses_model_admit(&w->m, w->lane, SES_GET_V2, now));
    assert_false(ses_model_admit(&w->m, w->lane, SES_PUT_V2, now + SPAN_MS(999)));
    assert_true(ses_model_admit(&w->m, w->lane, SES_PUT_V2, now + SPAN_MS(1000)));
    assert_false(ses_model_admit(&w->m, w->lane, SES_PUT_V2, now + SPAN_MS(1001)));
    assert_true(ses_model_admit(&w->m, w->lane, SES_PUT_V2, now + SPAN_S(100)));
    assert_true(ses_model_admit(&w->m, w->lane, SES_PUT_V2, now + SPAN_S(100)));
    assert_false(ses_model_admit(&w->m, w->lane, SES_PUT_V2, now + SPAN_S(100)));
}

static void what_other_operators_take_they_can_give_back(void **state)
{
    struct world *w = *state;
    uint32_t id;
    assert_int_equal(add(w, "a.example", "m.a.example", MAIL_FROM_SUCCESS), OK);
    assert_true(ses_model_find(&w->m, w->lane, TEXT("a.example"), &id));
    ses_model_unverify(&w->m, id);
    assert_int_equal(ses_model_facts(&w->m, id).verification, VERIFICATION_FAILED);
    ses_model_delete(&w->m, id);
    uint32_t none;
    assert_false(ses_model_find(&w->m, w->lane, TEXT("a.example"), &none));
    assert_int_equal(ses_model_next_due(&w->m), WHEN_NEVER);
    ses_model_create_again(&w->m, id, SPAN_H(1));
    assert_true(ses_model_find(&w->m, w->lane, TEXT("a.example"), &none));
    struct ses_facts facts = ses_model_facts(&w->m, id);
    assert_int_equal(facts.verification, VERIFICATION_SUCCESS);
    assert_int_equal(facts.status, MAIL_FROM_NONE);
    assert_int_equal(facts.mail_from.len, 0);
    assert_int_equal(ses_model_next_due(&w->m), WHEN_NEVER);
    ses_model_unverify(&w->m, id);
    ses_model_verify(&w->m, id);
    assert_int_equal(ses_model_facts(&w->m, id).verification, VERIFICATION_SUCCESS);
}

static void pages_hold_every_identity_once_and_in_order(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, 2500);
    char name[32], token[SES_TOKEN_LEN];
    for (int i = 0; i < 2500; i++) {
        snprintf(name, sizeof name, i % 2 ? "user@d%04d.example" : "d%04d.example", i);
        assert_int_equal(add(&w, name, "", MAIL_FROM_NONE), OK);
    }
    assert_int_equal(add(&w, "one.more.example", "", MAIL_FROM_NONE), ERR_LIMIT);
    uint32_t ids[1000], cursor = 0, seen = 0;
    do {
        uint32_t len = ses_model_list(&w.m, w.lane, SES_DOMAINS, &cursor, ids, 1000);
        for (uint32_t i = 0; i < len; i++)
            assert_int_equal(ids[i], 2 * seen++);
        if (cursor) {
            uint32_t again = 0;
            ses_token_make(w.lane, SES_DOMAINS, cursor, token);
            assert_true(ses_token_parse(&w.m, w.lane, SES_DOMAINS, text_of(token), &again));
            assert_int_equal(again, cursor);
            assert_false(ses_token_parse(&w.m, w.lane, SES_ALL, text_of(token), &again));
        }
    } while (cursor);
    assert_int_equal(seen, 1250);
    assert_false(ses_token_parse(&w.m, w.lane, SES_ALL, TEXT("zzz"), &cursor));
    ses_model_clear(&w.m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(domains_are_found_in_any_case_and_addresses_as_they_are,
                                        set, clear),
        cmocka_unit_test_setup_teardown(an_identity_is_known_in_its_own_lane_only, set, clear),
        cmocka_unit_test_setup_teardown(what_ses_cannot_hold_is_not_added, set, clear),
        cmocka_unit_test_setup_teardown(refusals_speak_as_ses_does, set, clear),
        cmocka_unit_test_setup_teardown(a_set_is_pending_until_the_right_mx_is_seen, set, clear),
        cmocka_unit_test_setup_teardown(clearing_resets_the_behaviour_and_ends_the_checks, set,
                                        clear),
        cmocka_unit_test_setup_teardown(setting_the_same_again_restarts_only_what_has_failed, set,
                                        clear),
        cmocka_unit_test_setup_teardown(a_set_up_without_mx_fails_after_72_hours_and_not_before,
                                        set, clear),
        cmocka_unit_test_setup_teardown(setting_the_same_again_does_not_prolong_the_72_hours, set,
                                        clear),
        cmocka_unit_test_setup_teardown(a_success_whose_mx_vanishes_has_72_hours_to_recover, set,
                                        clear),
        cmocka_unit_test_setup_teardown(a_look_up_of_an_earlier_setting_decides_nothing, set,
                                        clear),
        cmocka_unit_test(only_one_feedback_host_of_ses_is_right),
        cmocka_unit_test_setup_teardown(a_bucket_holds_its_burst_and_refills_at_its_rate, set,
                                        clear),
        cmocka_unit_test_setup_teardown(what_other_operators_take_they_can_give_back, set, clear),
        cmocka_unit_test(pages_hold_every_identity_once_and_in_order),
    };
    return cmocka_run_group_tests_name("ses_model", tests, NULL, NULL);
}
