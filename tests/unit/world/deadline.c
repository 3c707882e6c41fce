/*
 * Writes that SES throttles for ever, reads of SES likewise, and a network that is gone for ever:
 * every row ends with its own time, and says so.
 */
#include "refusing.h"

#define TIMEOUT  SPAN_H(2)
#define LATE_MAX SPAN_M(10) /* an outage is probed once a minute, a batch at a time */

static const struct refusal throttled = {400, "Throttling", "Rate exceeded"};
static const struct refusal gone = {0, "", "no route to host"};
static const struct refusal served = {0, NULL, NULL};

struct trouble {
    struct refusal no;
    instant_us from; /* and for ever; before it everything is served */
    bool hits_writes, hits_reads;
    const char *tells; /* what the reasons hold */
    instant_us first_write[JOBS], ended[JOBS];
    uint32_t told;
};

static struct refusal refuse(void *test, const struct call *call, instant_us now)
{
    const struct trouble *t = test;
    bool is_hit = call->kind == CALL_SET ? t->hits_writes : t->hits_reads;
    return is_hit && now >= t->from ? t->no : served;
}

static void kept(void *test, const struct record *r)
{
    struct trouble *t = test;
    if (r->kind == RECORD_INTENT && !t->first_write[r->job])
        t->first_write[r->job] = r->at;
    if (r->row.state != JOB_DONE)
        return;
    t->ended[r->job] = r->at;
    t->told += text_find_text(r->row.reason, text_of(t->tells)) < r->row.reason.len;
}

static void ends_in_time(struct trouble *t)
{
    struct scheduler_totals totals;
    struct refusing r = {.refuse = refuse, .kept = kept, .test = t, .timeout = TIMEOUT};
    instant_us last = 0;
    refusing_run(&r, &totals);
    for (uint32_t i = 0; i < JOBS; i++) {
        if (t->first_write[i] && t->ended[i] > t->first_write[i] + TIMEOUT + LATE_MAX)
            fail_msg("row %u ended %lld s after its first write", i,
                     (long long)((t->ended[i] - t->first_write[i]) / SPAN_S(1)));
        last = t->ended[i] > last ? t->ended[i] : last;
    }
    print_message("%u calls refused in %.1f h; of %u rows %u say '%s'\n", r.refused,
                  (double)(last - START) / (double)SPAN_H(1), JOBS, t->told, t->tells);
    assert_true(last <= START + 2 * TIMEOUT);
    assert_int_equal(totals.by_outcome[OUTCOME_EXPIRED], JOBS);
    assert_int_equal(t->told, JOBS);
    if (!strstr(r.lane_trouble, t->no.message) || strncmp(r.lane_trouble, "since ", 6) != 0)
        fail_msg("the lane says '%s'", r.lane_trouble);
}

static void writes_throttled_for_ever_each_row_ends_with_its_own_time(void **state)
{
    struct trouble t = {.no = throttled, .hits_writes = true, .tells = "throttled"};
    (void)state;
    ends_in_time(&t);
}

/* SES has taken half of the writes by then; the other half waits for the read before its write. */
static void reads_throttled_for_ever_each_row_ends_with_its_own_time(void **state)
{
    struct trouble t = {
        .no = throttled, .hits_reads = true, .from = START + SPAN_S(30), .tells = "throttled"};
    (void)state;
    ends_in_time(&t);
}

static void without_a_network_each_row_ends_with_its_own_time(void **state)
{
    struct trouble t = {.no = gone,
                        .hits_reads = true,
                        .hits_writes = true,
                        .from = START + SPAN_S(30),
                        .tells = "no route to host"};
    (void)state;
    ends_in_time(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_throttled_for_ever_each_row_ends_with_its_own_time),
        cmocka_unit_test(reads_throttled_for_ever_each_row_ends_with_its_own_time),
        cmocka_unit_test(without_a_network_each_row_ends_with_its_own_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
