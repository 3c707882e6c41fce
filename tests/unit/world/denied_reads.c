/*
 * Whatever SES refuses to tell, for a while or for good, every row comes to an end, and a row that
 * is done has its MAIL FROM domain.
 */
#define JOBS 260u /* several batches: some wait while others are refused */
#include "refusing.h"

#include <inttypes.h>

#define SEEDS 60

/* Calls of some kinds are refused from an instant on until another one, each with a chance. */
struct denial {
    uint64_t seed;
    const struct refusal *no;
    unsigned kinds; /* bits of 1 << enum call_kind */
    instant_us from, until;
    uint32_t chance; /* of 8 */
};

static struct refusal refuse(void *test, const struct call *call, instant_us now)
{
    struct denial *d = test;
    bool is_hit = d->kinds & 1u << call->kind && now >= d->from && now < d->until &&
                  dice(&d->seed) % 8 < d->chance;
    return is_hit ? *d->no : (struct refusal){0, NULL, NULL};
}

static bool passes_by_itself(const struct refusal *no)
{
    return strcmp(no->code, "Throttling") == 0;
}

static struct denial any_denial(uint64_t *seed)
{
    static const struct refusal all[] = {
        {403, "AccessDenied", "User: u is not authorized"},
        {403, "", "<html>not for you</html>"},
        {403, "InvalidClientTokenId", "The security token is invalid"},
        {400, "InvalidAction", "no such action"},
        {400, "Throttling", "Rate exceeded"},
        {0, "timeout", "the request did not leave"}};
    static const span_us from[] = {0, SPAN_MS(500), SPAN_S(20), SPAN_H(2)};
    instant_us begin = START + from[dice(seed) % COUNT(from)];
    const struct refusal *no = &all[dice(seed) % COUNT(all)];
    bool passes = passes_by_itself(no) || dice(seed) % 2;
    return (struct denial){.seed = dice(seed),
                           .no = no,
                           .kinds = (unsigned)dice(seed) & ~(1u << CALL_SET | 1u << CALL_ASK),
                           .from = begin,
                           .until = passes ? begin + SPAN_M(dice(seed) % 90) : WHEN_NEVER,
                           .chance = (uint32_t)(dice(seed) % 2 ? 8 : 1 + dice(seed) % 7)};
}

static void every_row_comes_to_an_end(void **state)
{
    (void)state;
    for (uint64_t first = 1; first <= SEEDS; first++) {
        uint64_t seed = first * 0x9e3779b97f4a7c15u;
        struct denial d = any_denial(&seed);
        const struct scheduler_options options = {.read_api = dice(&seed) % 4 ? API_V1 : API_V2,
                                                  .write_api = API_V2,
                                                  .read_falls_back = dice(&seed) % 2,
                                                  .lane_survey = dice(&seed) % 2,
                                                  .advice = dice(&seed) % 2,
                                                  .dkim = (enum dkim_wish)(dice(&seed) % 3)};
        struct refusing r = {.refuse = refuse,
                             .test = &d,
                             .timeout = SPAN_H(72),
                             .dns_delay = SPAN_M(dice(&seed) % 300),
                             .unverified = (uint32_t)(dice(&seed) % 4),
                             .options = &options};
        struct scheduler_totals totals;
        refusing_run(&r, &totals);
        uint32_t ended = JOBS - totals.by_outcome[OUTCOME_OPEN];
        if (ended != JOBS || totals.calls_out)
            fail_msg("seed %" PRIu64 ": %u of %u rows have an end, %u calls are out", first, ended,
                     JOBS, totals.calls_out);
        uint32_t bad = r.unverified ? (JOBS + r.unverified - 1) / r.unverified : 0;
        if (totals.by_outcome[OUTCOME_DONE] > JOBS - bad)
            fail_msg("seed %" PRIu64 ": rows that are not verified are done", first);
        if (passes_by_itself(d.no) && totals.by_outcome[OUTCOME_DONE] < JOBS - bad)
            fail_msg("seed %" PRIu64 ": %u of %u rows are done", first,
                     totals.by_outcome[OUTCOME_DONE], JOBS - bad);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_row_comes_to_an_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
