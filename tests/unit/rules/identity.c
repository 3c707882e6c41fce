/* Judgement of what SES says of an identity, and of what stands around it. */
#include "unit.h"

#include "told_notes.h"

#include "rules/judge.h"

enum around {
    ALONE,
    FORWARDS,
    SENDS,
    SENDS_NAMED,
    SENDS_ITSELF,
    FOREIGN,
    MASKED,
    MASKED_NAME,
    OURS,
    SILENCED,
    SANDBOXED,
    HEALTHY
};

static const struct identity_row {
    const char *title, *wanted;
    enum verification verification;
    const char *present;
    enum around around;
    int finding; /* -1: none */
    enum severity severity;
    const char *says;
} rows[] = {
    {"a verified identity", "bounce.example.com", VERIFICATION_SUCCESS, "", ALONE, -1, 0, ""},
    {"a missing one", "bounce.example.com", VERIFICATION_NONE, "", ALONE, IDENTITY_MISSING,
     SEVERITY_ERROR, "identity example.com does not exist in account main, Region us-east-1"},
    {"a missing one that is cleared", "", VERIFICATION_NONE, "", ALONE, IDENTITY_MISSING,
     SEVERITY_ERROR, "does not exist"},
    {"a pending one", "bounce.example.com", VERIFICATION_PENDING, "", ALONE, IDENTITY_UNVERIFIED,
     SEVERITY_ERROR, "is not verified in account main, Region us-east-1: SES says PENDING"},
    {"a failed one", "bounce.example.com", VERIFICATION_FAILED, "", ALONE, IDENTITY_UNVERIFIED,
     SEVERITY_ERROR, "SES says FAILED"},
    {"one that lost its records", "bounce.example.com", VERIFICATION_TEMPORARY_FAILURE, "", ALONE,
     IDENTITY_UNVERIFIED, SEVERITY_ERROR, "SES says TEMPORARY_FAILURE"},
    {"one that never began", "bounce.example.com", VERIFICATION_NOT_STARTED, "", ALONE,
     IDENTITY_UNVERIFIED, SEVERITY_ERROR, "SES says NOT_STARTED"},
    {"an unverified one that is cleared", "", VERIFICATION_PENDING, "", ALONE, IDENTITY_UNVERIFIED,
     SEVERITY_WARNING, "SES says PENDING"},
    {"a MAIL FROM that sends with forwarding", "bounce.example.com", VERIFICATION_SUCCESS, "",
     FORWARDS, SENDS_MAIL, SEVERITY_ERROR, "feedback forwarding on"},
    {"a MAIL FROM that sends without", "bounce.example.com", VERIFICATION_SUCCESS, "", SENDS,
     SENDS_MAIL, SEVERITY_WARNING, "feedback forwarding is off"},
    {"an address under it that sends", "bounce.example.com", VERIFICATION_SUCCESS, "", SENDS_NAMED,
     SENDS_MAIL, SEVERITY_WARNING,
     "identity news@bounce.example.com sends under the MAIL FROM bounce.example.com"},
    {"a MAIL FROM that is an identity", "bounce.example.com", VERIFICATION_SUCCESS, "",
     SENDS_ITSELF, SENDS_MAIL, SEVERITY_WARNING,
     "MAIL FROM bounce.example.com is itself an SES identity; feedback"},
    {"the default sends nothing", "", VERIFICATION_SUCCESS, "", FORWARDS, -1, 0, ""},
    {"an address of another's domain", "bounce.example.com", VERIFICATION_SUCCESS, "", FOREIGN,
     NOT_YOUR_DOMAIN, SEVERITY_WARNING, "which is no identity of the account in that Region"},
    {"one that stays at the default", "", VERIFICATION_SUCCESS, "", FOREIGN, -1, 0, ""},
    {"a masked domain", "bounce.example.com", VERIFICATION_SUCCESS, "", MASKED, MASKED_BY_IDENTITY,
     SEVERITY_WARNING, "identity billing@example.com below example.com"},
    {"a domain masked by a subdomain", "bounce.example.com", VERIFICATION_SUCCESS, "", MASKED_NAME,
     MASKED_BY_IDENTITY, SEVERITY_WARNING, "mail from that subdomain will not follow"},
    {"an account that may not send", "bounce.example.com", VERIFICATION_SUCCESS, "", SILENCED,
     ACCOUNT_CANNOT_SEND, SEVERITY_WARNING,
     "switched off in account main, Region us-east-1; SES calls the account SHUT\\x1bDOWN"},
    {"an account in the sandbox", "bounce.example.com", VERIFICATION_SUCCESS, "", SANDBOXED,
     SANDBOX, SEVERITY_WARNING, "account main, Region us-east-1 is in the SES sandbox"},
    {"a healthy account", "bounce.example.com", VERIFICATION_SUCCESS, "", HEALTHY, -1, 0, ""},
    {"another custom MAIL FROM", "bounce.example.com", VERIFICATION_SUCCESS, "old.example.com",
     ALONE, OVERWRITES_CUSTOM, SEVERITY_WARNING,
     "old.example.com, which this program did not set, will be replaced by bounce.example.com"},
    {"another custom MAIL FROM is removed", "", VERIFICATION_SUCCESS, "old.example.com", ALONE,
     OVERWRITES_CUSTOM, SEVERITY_WARNING, "will be removed"},
    {"a custom MAIL FROM of ours", "bounce.example.com", VERIFICATION_SUCCESS, "old.example.com",
     OURS, -1, 0, ""},
    {"the same custom MAIL FROM", "bounce.example.com", VERIFICATION_SUCCESS, "Bounce.Example.com",
     ALONE, -1, 0, ""},
};

static void fleet_of(struct fleet *f, const char *wanted)
{
    struct account account = {0};
    struct choice choice = {0};
    struct policy policy = {0};
    name_id region;
    uint16_t index;
    uint32_t row;
    fleet_init(f);
    assert_true(names_init(&f->names, 1 << 20));
    assert_true(names_add(&f->names, TEXT("main"), &account.name));
    assert_true(names_add(&f->names, TEXT("us-east-1"), &region));
    assert_true(names_add(&f->names, TEXT("example.com"), &choice.identity));
    assert_true(names_add(&f->names, text_of(wanted), &choice.mail_from));
    assert_true(fleet_account(f, account, &index));
    assert_true(fleet_lane(f, index, region, &choice.lane));
    assert_true(fleet_policy(f, policy, &choice.policy));
    assert_true(fleet_choice(f, choice, &row));
}

static struct judge_context context_of(enum around around)
{
    return (struct judge_context){
        .domain_is_foreign = around == FOREIGN,
        .mail_from_is_identity = around >= FORWARDS && around <= SENDS_ITSELF,
        .mail_from_forwards = around == FORWARDS,
        .sending_identity = around == SENDS_NAMED    ? TEXT("news@bounce.example.com")
                            : around == SENDS_ITSELF ? TEXT("bounce.example.com")
                                                     : TEXT_NONE,
        .set_by_us = around == OURS,
        .masking_identity = around == MASKED        ? TEXT("billing@example.com")
                            : around == MASKED_NAME ? TEXT("shop.example.com")
                                                    : TEXT_NONE,
        .account_known = around >= SILENCED,
        .account_can_send = around != SILENCED,
        .account_in_sandbox = around == SANDBOXED,
        .account_status = around == SILENCED ? TEXT("SHUT\033DOWN") : TEXT("HEALTHY"),
    };
}

static void row_check(const struct identity_row *row)
{
    struct fleet f;
    struct told_notes told;
    struct judgement j = {0};
    struct judge_context around = context_of(row->around);
    struct ses_facts ses = {.known = KNOWN_VERIFICATION | KNOWN_MAIL_FROM,
                            .verification = row->verification,
                            .mail_from = text_of(row->present)};
    finding_set want = row->finding < 0 ? 0 : FINDING_BIT(row->finding);
    told_init(&told, &j);
    fleet_of(&f, row->wanted);
    judge_ses(&j, &f, 0, &ses, &around);
    if (j.found != want || j.errors != (row->severity == SEVERITY_ERROR ? want : 0) || j.waits)
        fail_msg("%s: " TEXT_FMT, row->title, TEXT_ARG(told_text(&told, &j)));
    if (*row->says && text_find_text(told_text(&told, &j), text_of(row->says)) == told.text.len)
        fail_msg("%s: '%s' is not in " TEXT_FMT, row->title, row->says,
                 TEXT_ARG(told_text(&told, &j)));
    fleet_clear(&f);
    told_clear(&told);
}

static void what_ses_says_becomes_findings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        row_check(&rows[i]);
}

/* It is an error that refuses nothing: what it would refuse may be what ends it. */
static void mail_that_is_rejected_is_told_with_its_end(void **state)
{
    static const struct {
        const char *wanted;
        enum behavior wants;
        enum mail_from_status status;
        enum behavior behavior;
        const char *says; /* NULL: nothing is rejected */
    } cases[] = {
        {"bounce.example.com", BEHAVIOR_REJECT_MESSAGE, MAIL_FROM_SUCCESS, BEHAVIOR_REJECT_MESSAGE,
         NULL},
        {"bounce.example.com", BEHAVIOR_REJECT_MESSAGE, MAIL_FROM_PENDING,
         BEHAVIOR_USE_DEFAULT_VALUE, NULL},
        {"bounce.example.com", BEHAVIOR_REJECT_MESSAGE, MAIL_FROM_PENDING, BEHAVIOR_REJECT_MESSAGE,
         "SES says PENDING. It ends when SES says SUCCESS"},
        {"bounce.example.com", BEHAVIOR_USE_DEFAULT_VALUE, MAIL_FROM_TEMPORARY_FAILURE,
         BEHAVIOR_REJECT_MESSAGE, "TEMPORARY_FAILURE. It ends when apply has written USE_DEFAULT"},
        {"em.example.com", BEHAVIOR_REJECT_MESSAGE, MAIL_FROM_FAILED, BEHAVIOR_REJECT_MESSAGE,
         "FAILED. It ends when apply has set the MAIL FROM that is wanted"},
        {"", BEHAVIOR_USE_DEFAULT_VALUE, MAIL_FROM_FAILED, BEHAVIOR_REJECT_MESSAGE,
         "It ends when apply has put the default MAIL FROM back"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fleet f;
        struct told_notes told;
        struct judgement j = {0};
        struct judge_context around = {.set_by_us = true};
        struct ses_facts ses = {.known = KNOWN_MAIL_FROM,
                                .mail_from = TEXT("bounce.example.com"),
                                .status = cases[i].status,
                                .behavior = cases[i].behavior};
        told_init(&told, &j);
        fleet_of(&f, cases[i].wanted);
        f.policies[0].behavior = cases[i].wants;
        judge_ses(&j, &f, 0, &ses, &around);
        assert_int_equal(j.found, cases[i].says ? FINDING_BIT(REJECTS_MAIL) : 0);
        assert_int_equal(j.errors | j.waits, 0);
        if (cases[i].says &&
            text_find_text(told_text(&told, &j), text_of(cases[i].says)) == told.text.len)
            fail_msg("case %zu: " TEXT_FMT, i, TEXT_ARG(told_text(&told, &j)));
        fleet_clear(&f);
        told_clear(&told);
    }
}

static void what_ses_was_not_asked_is_not_judged(void **state)
{
    struct fleet f;
    struct judgement j = {0};
    struct judge_context around = {0};
    struct ses_facts ses = {.mail_from = TEXT("old.example.com")};
    (void)state;
    fleet_of(&f, "bounce.example.com");
    judge_ses(&j, &f, 0, &ses, &around);
    assert_int_equal(j.found, 0);
    fleet_clear(&f);
}

static void the_default_needs_no_dns(void **state)
{
    struct fleet f;
    struct judgement j = {0};
    struct dns_facts dns = {.mx_state = DNS_NXDOMAIN, .txt_state = DNS_TROUBLE_STATE};
    enum mx_status mx;
    enum spf_status spf;
    (void)state;
    fleet_of(&f, "");
    judge_dns(&j, &f, 0, &dns, &mx, &spf);
    assert_int_equal(j.found, 0);
    assert_int_equal(mx, MX_STATUS_NONE);
    assert_int_equal(spf, SPF_STATUS_NONE);
    fleet_clear(&f);
}

static void statuses_that_were_never_judged_are_not_ready(void **state)
{
    struct policy policy = {.require = REQUIRE_MX};
    (void)state;
    assert_false(judge_dns_ready(&policy, MX_STATUS_NONE, SPF_STATUS_NONE));
    assert_true(judge_dns_ready(&policy, MX_STATUS_OK, SPF_STATUS_NONE));
    policy.require = REQUIRE_MX_SPF;
    assert_false(judge_dns_ready(&policy, MX_STATUS_OK, SPF_STATUS_NONE));
    assert_false(judge_dns_ready(&policy, MX_STATUS_OK, SPF_STATUS_SYNTAX));
    policy.accept = FINDING_BIT(SPF_SYNTAX);
    assert_true(judge_dns_ready(&policy, MX_STATUS_OK, SPF_STATUS_SYNTAX));
    policy.require = REQUIRE_NONE;
    assert_true(judge_dns_ready(&policy, MX_STATUS_NONE, SPF_STATUS_NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_ses_says_becomes_findings),
        cmocka_unit_test(mail_that_is_rejected_is_told_with_its_end),
        cmocka_unit_test(what_ses_was_not_asked_is_not_judged),
        cmocka_unit_test(the_default_needs_no_dns),
        cmocka_unit_test(statuses_that_were_never_judged_are_not_ready),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
