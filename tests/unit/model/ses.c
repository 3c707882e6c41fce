#include "unit.h"

#include "model/ses.h"

static void both_spellings_of_every_word_are_understood(void **state)
{
    (void)state;
    for (int s = MAIL_FROM_PENDING; s <= MAIL_FROM_UNKNOWN; s++) {
        enum mail_from_status status = (enum mail_from_status)s;
        assert_int_equal(mail_from_status_parse(text_of(mail_from_status_name(status))), status);
        assert_int_equal(mail_from_status_parse(text_of(mail_from_status_name_v1(status))), status);
    }
    for (int v = VERIFICATION_PENDING; v <= VERIFICATION_NOT_STARTED; v++) {
        enum verification word = (enum verification)v;
        assert_int_equal(verification_parse(text_of(verification_name(word))), word);
        assert_int_equal(verification_parse(text_of(verification_name_v1(word))), word);
    }
    for (int b = BEHAVIOR_USE_DEFAULT_VALUE; b <= BEHAVIOR_REJECT_MESSAGE; b++) {
        enum behavior got = BEHAVIOR_USE_DEFAULT_VALUE;
        assert_true(behavior_parse(text_of(behavior_name((enum behavior)b)), &got));
        assert_int_equal(got, b);
        assert_true(behavior_parse(text_of(behavior_name_v1((enum behavior)b)), &got));
        assert_int_equal(got, b);
    }
}

static void words_are_spelled_as_ses_spells_them(void **state)
{
    (void)state;
    assert_string_equal(mail_from_status_name(MAIL_FROM_TEMPORARY_FAILURE), "TEMPORARY_FAILURE");
    assert_string_equal(mail_from_status_name_v1(MAIL_FROM_TEMPORARY_FAILURE), "TemporaryFailure");
    assert_string_equal(verification_name(VERIFICATION_NOT_STARTED), "NOT_STARTED");
    assert_string_equal(behavior_name_v1(BEHAVIOR_REJECT_MESSAGE), "RejectMessage");
    assert_string_equal(identity_type_name(IDENTITY_EMAIL_ADDRESS), "EMAIL_ADDRESS");
}

static void a_new_word_from_ses_is_not_fatal(void **state)
{
    (void)state;
    enum behavior b;
    assert_int_equal(mail_from_status_parse(TEXT("PAUSED")), MAIL_FROM_UNKNOWN);
    assert_int_equal(mail_from_status_parse(TEXT("success")), MAIL_FROM_UNKNOWN); /* case matters */
    assert_int_equal(mail_from_status_parse(TEXT_NONE), MAIL_FROM_NONE);
    assert_int_equal(verification_parse(TEXT("PAUSED")), VERIFICATION_NOT_STARTED);
    assert_false(behavior_parse(TEXT("reject_message"), &b));
    assert_false(behavior_parse(TEXT(""), &b));
}

static void the_domain_is_what_follows_the_last_at(void **state)
{
    (void)state;
    static const struct {
        const char *identity, *domain;
        enum identity_type type;
    } rows[] = {
        {"example.com", "example.com", IDENTITY_DOMAIN},
        {"billing@example.com", "example.com", IDENTITY_EMAIL_ADDRESS},
        {"\"a@b\"@example.com", "example.com", IDENTITY_EMAIL_ADDRESS},
        {"user@", "", IDENTITY_EMAIL_ADDRESS},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_text(identity_domain(text_of(rows[i].identity)), text_of(rows[i].domain));
        assert_int_equal(identity_type_of(text_of(rows[i].identity)), rows[i].type);
    }
}

static void dkim_is_signing_with_keys_that_ses_has_seen(void **state)
{
    (void)state;
    const bool yes = true, no = false;
    assert_int_equal(dkim_status_told(TEXT("Success"), &yes), DKIM_SUCCESS);
    assert_int_equal(dkim_status_told(TEXT("SUCCESS"), &no), DKIM_DISABLED);
    assert_int_equal(dkim_status_told(TEXT("SUCCESS"), NULL), DKIM_UNKNOWN);
    assert_int_equal(dkim_status_told(TEXT("PENDING"), &no), DKIM_PENDING);
    assert_int_equal(dkim_status_told(TEXT("TemporaryFailure"), &yes), DKIM_TEMPORARY_FAILURE);
    assert_int_equal(dkim_status_told(TEXT("PAUSED"), &yes), DKIM_UNKNOWN);
    assert_int_equal(dkim_status_told(TEXT_NONE, &yes), DKIM_UNKNOWN);
}

static void an_address_has_its_domains_dkim_unless_it_has_its_own(void **state)
{
    (void)state;
    for (int own = 0; own < DKIM_STATUSES; own++)
        for (int above = 0; above < DKIM_STATUSES; above++) {
            enum dkim_status o = (enum dkim_status)own, a = (enum dkim_status)above;
            assert_int_equal(dkim_status_held(TEXT("example.com"), o, a), o);
            assert_int_equal(dkim_status_held(TEXT("u@example.com"), o, a),
                             o == DKIM_SUCCESS ? o : a);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_spellings_of_every_word_are_understood),
        cmocka_unit_test(words_are_spelled_as_ses_spells_them),
        cmocka_unit_test(a_new_word_from_ses_is_not_fatal),
        cmocka_unit_test(the_domain_is_what_follows_the_last_at),
        cmocka_unit_test(dkim_is_signing_with_keys_that_ses_has_seen),
        cmocka_unit_test(an_address_has_its_domains_dkim_unless_it_has_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
