/*
 * Preflight in the simulated world, through the engine: whatever is throttled or lost, and in
 * whichever order answers come, each question ends, none is asked more often than it may be, and
 * what the guards say is the same.
 */
#include "simulated.h"

#include "preflight/preflight.h"

#define SEEDS 60

struct asked {
    struct simulated sim;
    struct access access;
    struct notices notices;
    struct lanes lanes;
    struct wire_lane list[LANES];
    const char *trouble[LANES];
    struct preflight preflight;
};

static void asked_open(struct asked *a, struct simulated_options options)
{
    struct why why = {""};
    name_id identity, mail_from;
    uint16_t policy;
    uint32_t row;
    memset(a, 0, sizeof *a);
    options.identities = 3;
    simulated_open(&a->sim, options);
    struct fleet *f = &a->sim.fleet;
    assert_true(fleet_policy(f, (struct policy){0}, &policy));
    for (uint16_t lane = 0; lane < LANES; lane++) {
        char name[32];
        assert_true(names_add(&f->names, simulated_name(name, lane, 0), &identity));
        assert_true(names_add(&f->names, TEXT("bounce.test"), &mail_from));
        struct choice choice = {
            .identity = identity, .mail_from = mail_from, .lane = lane, .policy = policy};
        assert_true(fleet_choice(f, choice, &row));
    }
    a->lanes = (struct lanes){.list = a->list, .len = LANES, .trouble = a->trouble};
    arena_init(&a->lanes.arena, SIZE_MAX);
    assert_int_equal(preflight_begin(&a->preflight, f, &a->access, &a->notices, &a->lanes, &why),
                     OK);
}

static void asked_close(struct asked *a)
{
    world_crash(a->sim.world);
    preflight_end(&a->preflight);
    arena_clear(&a->lanes.arena);
    simulated_close(&a->sim);
}

/* Of each probe that was asked: it has ended, after as few tries as it needed. */
static uint32_t attempts_of(const struct probe *probes, uint32_t len)
{
    uint32_t attempts = 0;
    for (uint32_t i = 0; i < len; i++) {
        const struct probe *p = &probes[i];
        if (!p->attempts_max)
            continue;
        bool gave_up = p->verdict == VERDICT_AGAIN || p->verdict == VERDICT_SLOW_DOWN;
        assert_true(p->answered_at > 0);
        assert_between(p->attempts, 1, p->attempts_max);
        assert_true(!gave_up || p->attempts == p->attempts_max);
        attempts += p->attempts;
    }
    return attempts;
}

static uint32_t sent_in_all(const struct simulated *s)
{
    uint32_t sent = 0;
    for (uint32_t lane = 0; lane < LANES; lane++)
        for (int kind = 0; kind < CALL_KINDS; kind++)
            sent += s->sent[lane][kind];
    return sent;
}

static void every_question_ends(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        for (int backwards = 0; backwards < 2; backwards++) {
            struct asked a;
            struct why why = {""};
            asked_open(&a, (struct simulated_options){
                               .seed = seed, .troubled = true, .backwards = backwards});
            struct io io = simulated_io(&a.sim);
            enum err err = preflight_accounts(&a.preflight, &io, &why);
            if (err == OK)
                err = preflight_lanes(&a.preflight, &io, &why);
            assert_int_equal(err, OK);
            uint32_t attempts = attempts_of(a.preflight.callers, LANES) +
                                attempts_of(a.preflight.regions, LANES) +
                                attempts_of(a.preflight.probes, LANES * PREFLIGHT_QUESTIONS);
            assert_int_equal(attempts, sent_in_all(&a.sim));
            asked_close(&a);
        }
    }
}

static const struct probe *probe_of(const struct asked *a, uint16_t lane, enum call_kind kind,
                                    enum api api)
{
    const struct probe *p = &a->preflight.probes[lane * PREFLIGHT_QUESTIONS];
    for (int i = 0; i < PREFLIGHT_QUESTIONS; i++)
        if (p[i].attempts_max && p[i].kind == kind && p[i].api == api)
            return &p[i];
    return NULL;
}

/* What IAM refuses by version 1 is asked by version 2, in that lane alone. */
static void a_lane_without_version_1_is_asked_by_version_2(void **state)
{
    (void)state;
    for (int backwards = 0; backwards < 2; backwards++) {
        struct asked a;
        struct why why = {""};
        asked_open(&a, (struct simulated_options){
                           .seed = 7, .v1_refused = 1u << 1, .backwards = backwards});
        struct io io = simulated_io(&a.sim);
        assert_int_equal(preflight_accounts(&a.preflight, &io, &why), OK);
        assert_int_equal(preflight_lanes(&a.preflight, &io, &why), OK);
        for (uint16_t lane = 0; lane < LANES; lane++) {
            const struct probe *list = probe_of(&a, lane, CALL_LIST, API_V1);
            assert_non_null(list);
            assert_int_equal(list->verdict, lane == 1 ? VERDICT_DENIED : VERDICT_OK);
            assert_int_equal(probe_of(&a, lane, CALL_GET, API_V2) != NULL, lane == 1);
            assert_null(a.lanes.trouble[lane]);
        }
        assert_int_equal(probe_of(&a, 1, CALL_GET, API_V2)->verdict, VERDICT_OK);
        assert_int_equal(sent_in_all(&a.sim), LANES * 6 + 2);
        asked_close(&a);
    }
}

static void credentials_of_another_account_are_named(void **state)
{
    (void)state;
    for (int backwards = 0; backwards < 2; backwards++) {
        struct asked a;
        struct why why = {""};
        asked_open(&a, (struct simulated_options){.seed = 3, .backwards = backwards});
        struct fleet *f = &a.sim.fleet;
        struct io io = simulated_io(&a.sim);
        assert_true(names_add(&f->names, TEXT("999900001111"), &f->accounts[1].account_id));
        assert_int_equal(preflight_accounts(&a.preflight, &io, &why), ERR_AUTH);
        assert_non_null(strstr(why.text, "the credentials belong to account 111122220001 "
                                         "(arn:aws:iam::111122220001:user/simulated), the "
                                         "manifest says account_id 999900001111"));
        asked_close(&a);
    }
}

static void who_asks_to_stop_is_heard_when_the_last_answer_is_there(void **state)
{
    (void)state;
    for (uint32_t after = 1; after <= 3; after++) {
        struct asked a;
        struct why why = {""};
        asked_open(&a, (struct simulated_options){.seed = after, .stop_after = after});
        struct io io = simulated_io(&a.sim);
        enum err err = preflight_accounts(&a.preflight, &io, &why);
        if (err == OK)
            err = preflight_lanes(&a.preflight, &io, &why);
        assert_int_equal(err, ERR_BUSY);
        assert_string_equal(why.text, "stopped before anything was begun");
        assert_int_equal(a.sim.events, sent_in_all(&a.sim)); /* nothing is out */
        asked_close(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_question_ends),
        cmocka_unit_test(a_lane_without_version_1_is_asked_by_version_2),
        cmocka_unit_test(credentials_of_another_account_are_named),
        cmocka_unit_test(who_asks_to_stop_is_heard_when_the_last_answer_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
