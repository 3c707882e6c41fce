/*
 * Many names asked of the simulated DNS, through the engine: whatever times out, and in whichever
 * order answers come, each name is handed back once, in the order of the names, and says what DNS
 * has.
 */
#include "simulated.h"

#include "inspect/inspect_ask.h"

#define NAMES 700 /* several windows */
#define SEEDS 20

struct seen {
    struct simulated sim;
    uint32_t written, printed, wrong, unanswered;
    uint32_t most; /* questions in all */
};

static struct text name_of(char out[32], uint32_t i)
{
    int len = snprintf(out, 32, "bounce.d%u.test", i);
    return (struct text){out, (size_t)len};
}

static void write(void *context, struct buf *out, const struct survey *s)
{
    struct seen *seen = context;
    const struct dns_facts *facts = survey_facts(s);
    enum dns_view view = dns_model_view(world_dns(seen->sim.world), s->name, SIMULATED_START);
    bool is_there = view != VIEW_MISSING;
    seen->written++;
    seen->unanswered += survey_has_trouble(s);
    if (facts->mx_state != DNS_TROUBLE_STATE)
        seen->wrong += (facts->mx_len > 0) != is_there;
    buf_add(out, s->name.at, s->name.len);
}

static void print(void *context, struct text written, instant_us now)
{
    struct seen *seen = context;
    char name[32];
    assert_true(now >= SIMULATED_START);
    assert_text(written, name_of(name, seen->printed));
    seen->printed++;
}

static void asked(struct seen *seen, struct simulated_options options)
{
    static char texts[NAMES][32];
    static struct text names[NAMES];
    const struct survey_options survey = {.mode = INQUIRY_RECURSIVE};
    const struct inspect_out out = {seen, write, print};
    struct why why = {""};
    size_t troubled;
    memset(seen, 0, sizeof *seen);
    options.identities = 1;
    simulated_open(&seen->sim, options);
    for (uint32_t i = 0; i < NAMES; i++)
        names[i] = name_of(texts[i], i);
    struct io io = simulated_io(&seen->sim);
    assert_int_equal(inspect_ask(&io, &survey, TEXT_NONE, names, NAMES, &out, &troubled, &why), OK);
    assert_int_equal(seen->printed, NAMES);
    assert_int_equal(seen->written, NAMES);
    assert_int_equal(seen->unanswered, troubled);
    assert_int_equal(seen->wrong, 0);
    seen->most = seen->sim.sent[0][CALL_ASK];
    simulated_close(&seen->sim);
}

static void each_name_comes_back_once_and_in_its_place(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        for (int backwards = 0; backwards < 2; backwards++) {
            struct seen calm, troubled;
            asked(&calm, (struct simulated_options){.seed = seed, .backwards = backwards});
            asked(&troubled, (struct simulated_options){
                                 .seed = seed, .troubled = true, .backwards = backwards});
            assert_int_equal(calm.unanswered, 0);
            /* MX and TXT of each, and the record of SES that all of them include */
            assert_int_equal(calm.most, 2 * NAMES + 1);
            assert_between(troubled.most, 2 * NAMES, 2 * NAMES + 1);
            assert_between(troubled.unanswered, 1, NAMES - 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_name_comes_back_once_and_in_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
