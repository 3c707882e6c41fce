/* The simulated world with memory that runs out; see out_of_memory.h. */
#include "out_of_memory.h"

#include "base/bounds.h"
#include "world/world.h"

static struct fleet fleet;
static struct arena answers; /* has its memory before it becomes scarce */

static void fleet_make(void)
{
    struct account account = {0};
    uint16_t index, lane;
    name_id region;
    fleet_init(&fleet);
    assert_true(names_init(&fleet.names, NAMES_BYTES_MAX));
    assert_true(names_add(&fleet.names, TEXT("main"), &account.name));
    assert_true(names_add(&fleet.names, TEXT("us-east-1"), &region));
    assert_true(fleet_account(&fleet, account, &index) && fleet_lane(&fleet, index, region, &lane));
}

static bool work_world(void)
{
    struct world_options options = {.ses = ses_rules_default(), .identities_max = 4};
    struct why why = {""};
    struct world *w = world_new(&options, &fleet, (struct world_keeper){NULL, NULL}, &why);
    bool ok = w != NULL;
    assert_int_equal(ok, why.text[0] == '\0');
    world_free(w);
    return ok;
}

static bool work_ses(void)
{
    struct ses_model m;
    struct ses_rules rules = ses_rules_default();
    struct ses_facts facts = {.verification = VERIFICATION_SUCCESS};
    struct why why = {""};
    uint16_t lane;
    if (ses_model_init(&m, &rules, 4000, &why) != OK)
        return false;
    bool ok = true;
    for (unsigned i = 0; i < 40 && ok; i++) {
        char region[] = {'r', (char)('A' + i), '\0'};
        ok = ses_model_lane(&m, TEXT("111122223333"), text_of(region), &lane);
    }
    ok = ok && ses_model_add(&m, lane, TEXT("a.example"), &facts, SPAN_H(1), &why) == OK;
    enum ses_refusal refusal = !ok ? SES_NO_ROOM
                                   : ses_model_set(&m, lane, TEXT("a.example"), TEXT("m.a.example"),
                                                   BEHAVIOR_USE_DEFAULT_VALUE, SPAN_H(1), &why);
    ses_model_clear(&m);
    return refusal == SES_ACCEPTED;
}

/* Without room to remember silence, a resolver asks again: its answers are the same. */
static bool work_dns(void)
{
    struct dns_model m;
    struct dns_model_options options = {.start = SPAN_H(1),
                                        .delay_min = SPAN_H(1),
                                        .delay_max = SPAN_H(1),
                                        .negative_ttl = SPAN_M(1)};
    if (!dns_model_init(&m, &options)) {
        dns_model_clear(&m);
        return false;
    }
    for (unsigned i = 0; i < 200; i++) {
        char name[] = "m.aaa.example";
        name[3] = (char)('a' + i % 26);
        name[4] = (char)('a' + i / 26);
        struct dns_question q = {.name = text_of(name), .type = DNS_TYPE_MX, .recurse = true};
        struct dns_reply reply;
        for (int again = 0; again < 2; again++) {
            arena_reset(&answers);
            dns_model_answer(&m, &q, SPAN_H(1), &answers, &reply);
            assert_int_equal(reply.message.rcode, DNS_RCODE_NXDOMAIN);
        }
    }
    dns_model_clear(&m);
    return !memory_ran_out();
}

static void every_part_of_the_world_survives_it(void **state)
{
    (void)state;
    work *const all[] = {work_world, work_ses, work_dns};
    fleet_make();
    arena_init(&answers, 1u << 20);
    assert_non_null(arena_take(&answers, 3000));
    for (size_t i = 0; i < COUNT(all); i++)
        fail_every_allocation(all[i]);
    arena_clear(&answers);
    fleet_clear(&fleet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_of_the_world_survives_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
