/* Troubles of many accounts and Regions: told once, with as many names as a person reads. */
#include "unit.h"

#include "ui/trouble_fold.h"

#include <stdio.h>

static void add(struct trouble_fold *f, const char *account, const char *region, const char *why)
{
    const struct trouble t = {text_of(account), text_of(account), text_of(region)};
    assert_true(trouble_fold_add(f, &t, why));
}

static void assert_kind(const struct trouble_kind *k, const char *place, const char *others)
{
    struct buf line;
    buf_init(&line, 4096);
    trouble_kind_place(k, &line);
    assert_text(buf_text(&line), text_of(place));
    buf_reset(&line);
    trouble_kind_others(k, &line);
    assert_text(buf_text(&line), text_of(others));
    buf_clear(&line);
}

static void one_reason_is_one_kind(void **state)
{
    (void)state;
    static const char *const regions[] = {"us-east-1", "eu-west-1", "eu-west-2", "sa-east-1"};
    static char accounts[6][13];
    struct trouble_fold f;
    trouble_fold_init(&f);
    for (int i = 0; i < 6; i++) {
        char why[128];
        snprintf(accounts[i], sizeof accounts[i], "%012d", i + 1);
        snprintf(why, sizeof why, "role arn:aws:iam::%s:role/x cannot be assumed", accounts[i]);
        for (int r = 0; r < (i == 0 ? 4 : 2); r++)
            add(&f, accounts[i], regions[r], why);
    }
    assert_int_equal(f.len, 1);
    assert_kind(&f.kinds[0],
                "account 000000000001, Regions us-east-1, eu-west-1, eu-west-2 and 1 more",
                "likewise 5 other accounts (10 pairs of account and Region): 000000000002, "
                "000000000003, 000000000004 and 2 more");
    assert_text(f.kinds[0].sentence,
                TEXT("role arn:aws:iam::000000000001:role/x cannot be assumed"));
    trouble_fold_clear(&f);
}

static void other_reasons_are_other_kinds(void **state)
{
    (void)state;
    struct trouble_fold f;
    trouble_fold_init(&f);
    add(&f, "000000000001", "us-east-1", "refused");
    add(&f, "000000000002", "us-east-1", "keys of 000000000001 are refused");
    add(&f, "000000000003", "us-east-1", "Region us-east-1 is off for 000000000003");
    add(&f, "000000000003", "eu-west-1", "Region eu-west-1 is off for 000000000003");
    assert_int_equal(f.len, 3); /* whose keys they are makes a difference */
    assert_kind(&f.kinds[0], "account 000000000001, Region us-east-1", "");
    assert_kind(&f.kinds[2], "account 000000000003, Regions us-east-1, eu-west-1", "");
    trouble_fold_clear(&f);
}

static void too_many_kinds_are_not_taken(void **state)
{
    (void)state;
    struct trouble_fold f;
    trouble_fold_init(&f);
    const struct trouble t = {TEXT("a"), TEXT_NONE, TEXT("us-east-1")};
    for (int i = 0; i < TROUBLE_KINDS_MAX + 3; i++) {
        char why[32];
        snprintf(why, sizeof why, "%d", i);
        assert_int_equal(trouble_fold_add(&f, &t, why), i < TROUBLE_KINDS_MAX);
    }
    assert_true(trouble_fold_add(&f, &t, "0"));
    trouble_fold_clear(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_reason_is_one_kind),
        cmocka_unit_test(other_reasons_are_other_kinds),
        cmocka_unit_test(too_many_kinds_are_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
