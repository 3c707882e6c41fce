#include "unit.h"

#include "model/dns_status.h"

/* Each status has a name of its own, by which it is found again. */
static void names_lead_back_to_their_statuses(void **state)
{
    (void)state;
    for (int s = MX_STATUS_NONE; s < MX_STATUSES; s++)
        assert_int_equal(mx_status_parse(text_of(mx_status_name((enum mx_status)s))), s);
    for (int s = SPF_STATUS_NONE; s < SPF_STATUSES; s++)
        assert_int_equal(spf_status_parse(text_of(spf_status_name((enum spf_status)s))), s);
    for (int s = DMARC_STATUS_NONE; s < DMARC_STATUSES; s++)
        assert_int_equal(dmarc_status_parse(text_of(dmarc_status_name((enum dmarc_status)s))), s);
}

static void other_names_are_none(void **state)
{
    (void)state;
    static const char *const others[] = {"", "OK", "ok ", "valid", "none"};
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_int_equal(mx_status_parse(text_of(others[i])), MX_STATUS_NONE);
        assert_int_equal(spf_status_parse(text_of(others[i])), SPF_STATUS_NONE);
        assert_int_equal(dmarc_status_parse(text_of(others[i])), DMARC_STATUS_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_lead_back_to_their_statuses),
        cmocka_unit_test(other_names_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
