#include "unit.h"

#include "base/count.h"
#include "ui/progress_view.h"
#include "ui/rate_meter.h"

#include <string.h>

#define NOW SPAN_S(1000)

static struct view_lane lanes[] = {
    {.account = {"letters", 7},
     .region = {"us-east-1", 9},
     .jobs = 9000,
     .by_state = {[JOB_NEW] = 90,
                  [JOB_READING] = 10,
                  [JOB_JUDGING] = 20,
                  [JOB_WAITING_DNS] = 7000,
                  [JOB_READY] = 300,
                  [JOB_WRITING] = 2,
                  [JOB_FOLLOWING] = 738,
                  [JOB_DONE] = 840},
     .bad = 12,
     .calls = 300,
     .throttled = 3,
     .writes = 120,
     .per_s = 1.94,
     .deadline = NOW + SPAN_H(72) - SPAN_M(2),
     .left = SPAN_M(151)},
    {.account = {"shop", 4},
     .region = {"eu-west-1", 9},
     .jobs = 1000,
     .by_state = {[JOB_FOLLOWING] = 600, [JOB_DONE] = 400},
     .calls = 12,
     .writes = 11,
     .per_s = 0.96,
     .deadline = NOW + SPAN_H(71) + SPAN_M(59)},
    {.account = {"small", 5},
     .region = {"eu-west-1", 9},
     .jobs = 2,
     .by_state = {[JOB_DONE] = 2},
     .deadline = WHEN_NEVER},
};

static struct progress_view fleet_view(void)
{
    struct progress_view b = {.verb = "apply",
                              .run = 3,
                              .state = "running",
                              .reason = "",
                              .started = NOW - SPAN_S(250),
                              .now = NOW,
                              .calls_known = true,
                              .lanes = lanes,
                              .lanes_len = 3};
    view_sum(&b);
    return b;
}

static void check_drawn(const struct progress_view *b, uint32_t columns, uint32_t rows,
                        const char *wanted)
{
    struct buf out;
    buf_init(&out, VIEW_BYTES_MAX);
    view_draw(&out, b, columns, rows, false);
    assert_text(buf_text(&out), text_of(wanted));
    buf_clear(&out);
}

static void a_wide_board_has_every_column(void **state)
{
    (void)state;
    struct progress_view b = fleet_view();
    check_drawn(
        &b, 100, 24,
        "Run 3, apply: 1242 of 10002 finished, 12 need attention\n"
        "[########...........................................................]  12%  2h31m "
        "of calls, then DNS\n"
        "4m10s; 312 calls, 2.9/s, 3 throttled; 131 writes; next deadline in 71h58m\n"
        "account Region     finished  attention  read   DNS  write  SES  calls/s  throttled "
        " deadline   left\n"
        "letters us-east-1  840/9000         12   100  7020    302  738      1.9          3 "
        "   71h58m  2h31m\n"
        "shop eu-west-1     400/1000          0     0     0      0  600      1.0          0 "
        "   71h59m    SES\n"
        "small eu-west-1         2/2          0     0     0      0    0      0.0          0 "
        "        -      -\n");
}

static void columns_go_as_the_terminal_narrows_and_names_stay(void **state)
{
    (void)state;
    struct progress_view b = fleet_view();
    check_drawn(&b, 56, 24,
                "Run 3, apply: 1242 of 10002 finished, 12 need attention\n"
                "[##.....................]  12%  2h31m of calls, then DNS\n"
                "4m10s; 312 calls, 2.9/s, 3 throttled; 131 writes; next ~\n"
                "account Region     finished  attention   DNS  SES   left\n"
                "letters us-east-1  840/9000         12  7020  738  2h31m\n"
                "shop eu-west-1     400/1000          0     0  600    SES\n"
                "small eu-west-1         2/2          0     0    0      -\n");
    check_drawn(&b, 30, 24,
                "Run 3, apply: 1242 of 10002 f~\n"
                " 12%  2h31m of calls, then DNS\n"
                "4m10s; 312 calls, 2.9/s, 3 th~\n"
                "account Region     finished\n"
                "letters us-east-1  840/9000\n"
                "shop eu-west-1     400/1000\n"
                "small eu-west-1         2/2\n");
}

static void an_account_gives_way_to_the_name_of_its_region(void **state)
{
    (void)state;
    struct progress_view b = fleet_view();
    struct view_lane far[] = {lanes[0], lanes[1]};
    far[0].account = text_of("production-letters-of-the-whole-house");
    far[0].region = text_of("ap-southeast-2");
    b.lanes = far;
    b.lanes_len = 2;
    check_drawn(
        &b, 80, 24,
        "Run 3, apply: 1242 of 10002 finished, 12 need attention\n"
        "[#####..........................................]  12%  2h31m of calls, then DNS\n"
        "4m10s; 312 calls, 2.9/s, 3 throttled; 131 writes; next deadline in 71h58m\n"
        "account Region                             finished  attention   DNS  SES   left\n"
        "production-letters-of-the~ ap-southeast-2  840/9000         12  7020  738  2h31m\n"
        "shop eu-west-1                             400/1000          0     0  600    SES\n");
}

static void lanes_are_folded_and_those_that_are_over_go_first(void **state)
{
    (void)state;
    struct progress_view b = fleet_view();
    struct view_lane over_first[] = {lanes[2], lanes[0], lanes[1]};
    b.lanes = over_first;
    check_drawn(&b, 60, 6,
                "Run 3, apply: 1242 of 10002 finished, 12 need attention\n"
                "[###........................]  12%  2h31m of calls, then DNS\n"
                "4m10s; 312 calls, 2.9/s, 3 throttled; 131 writes; next dead~\n"
                "account Region     finished  attention   DNS  SES   left\n"
                "letters us-east-1  840/9000         12  7020  738  2h31m\n"
                "and 2 more: 402 of 1002 finished\n");
    check_drawn(&b, 60, 3,
                "Run 3, apply: 1242 of 10002 finished, 12 need attention\n"
                "[###........................]  12%  2h31m of calls, then DNS\n"
                "4m10s; 312 calls, 2.9/s, 3 throttled; 131 writes; next dead~\n");
    check_drawn(&b, 60, 0, "");
}

static void a_journal_knows_writes_and_no_calls(void **state)
{
    (void)state;
    struct progress_view b = fleet_view();
    b.calls_known = false;
    b.state = "stopping";
    b.reason = "calls in flight finish";
    check_drawn(
        &b, 80, 24,
        "Run 3, apply, stopping: 1242 of 10002 finished, 12 need attention; calls in fli~\n"
        "[#####..........................................]  12%  2h31m of calls, then DNS\n"
        "4m10s; 131 writes, 2.9/s; next deadline in 71h58m\n"
        "account Region     finished  attention  read   DNS  write  SES  writes/s   left\n"
        "letters us-east-1  840/9000         12   100  7020    302  738       1.9  2h31m\n"
        "shop eu-west-1     400/1000          0     0     0      0  600       1.0    SES\n"
        "small eu-west-1         2/2          0     0     0      0    0       0.0      -\n");
}

static void a_line_says_all_of_it(void **state)
{
    (void)state;
    struct progress_view b = fleet_view();
    struct buf out;
    buf_init(&out, VIEW_BYTES_MAX);
    view_line(&out, &b);
    assert_string_equal(
        out.at,
        "Run 3, apply: 1242 of 10002 finished, 12 need attention; 100 reading SES, 7020 waiting "
        "for DNS, 302 to be written, 1338 waiting for SES; after 4m10s; 312 calls, 2.9/s, 3 "
        "throttled; 131 "
        "writes; next "
        "deadline in 71h58m; 2h31m of calls left, then DNS is waited for");
    buf_clear(&out);
}

static void a_view_tells_the_running_wave_and_how_long_others_are_waited_for(void **state)
{
    (void)state;
    struct progress_view b = fleet_view();
    struct policy policy = {.timeout_us = SPAN_H(72)};
    struct choice choices[300] = {{0}};
    struct fleet f = {.choices = choices,
                      .choices_len = 300,
                      .policies = &policy,
                      .policies_len = 1,
                      .waves = {{false, 10}, {true, 10}, {true, 100}},
                      .waves_len = 3};
    struct buf out;
    wave_tally_begin(&b.wave, &f);
    for (uint32_t i = 0; i < 300; i++) {
        bool is_done = i < 35, follows = i >= 35 && i < 40;
        wave_tally_add(&b.wave, i,
                       is_done   ? JOB_DONE
                       : follows ? JOB_FOLLOWING
                                 : JOB_READY,
                       OUTCOME_DONE,
                       i < 10   ? 1
                       : i < 40 ? 2
                                : 0,
                       follows ? NOW - SPAN_M(130) + SPAN_H(72) : WHEN_NEVER);
    }
    buf_init(&out, VIEW_BYTES_MAX);
    view_line(&out, &b);
    assert_non_null(strstr(
        out.at, "then DNS is waited for; the oldest has waited 2h10m; wave 2 of 3: 25 of 30 at "
                "Success, waits for 5 at SES, oldest 2 h 10 min; 260 wait for later waves"));
    buf_reset(&out);
    view_draw(&out, &b, 100, 24, false);
    assert_non_null(strstr(out.at, "then DNS, waiting 2h10m\n"));
    assert_non_null(strstr(out.at, "\nwave 2 of 3: 25 of 30 at Success, waits for 5 at SES"));
    buf_clear(&out);
}

static void workers_of_a_shared_journal_are_told(void **state)
{
    (void)state;
    static const struct lease_view leases[] = {
        {.rest = LEASE_OPEN,
         .worker = 4,
         .worker_name = {"alpha", 5},
         .worker_host = {"host1", 5},
         .worker_pid = 7,
         .held_for = SPAN_S(60),
         .left = SPAN_S(20)},
        {.lane = 1,
         .rest = LEASE_OPEN,
         .tried_by = {"be\033ta", 5},
         .tried_why = {"no \"profile\"", 12},
         .tried_ago = SPAN_S(30)},
        {.lane = 2, .rest = LEASE_OPEN, .waits_for = 2},
    };
    struct view_lane lanes_shown[COUNT(lanes)];
    struct holders holders = {.workers = 1};
    struct progress_view b = fleet_view();
    struct buf out;
    memcpy(lanes_shown, lanes, sizeof lanes);
    for (size_t i = 0; i < COUNT(leases); i++) {
        lanes_shown[i].lease = &leases[i];
        holders.by_state[holder_state_of(&leases[i])]++;
    }
    b.lanes = lanes_shown;
    b.workers = &holders;
    buf_init(&out, VIEW_BYTES_MAX);
    view_line(&out, &b);
    assert_true(text_starts(
        buf_text(&out),
        TEXT("Run 3, apply: 1242 of 10002 finished, 12 need attention; 1 worker, 1 lane nobody "
             "could carry; ")));
    buf_reset(&out);
    view_json(&out, &b, "progress");
    static const char *const wanted[] = {
        "\"lease\":{\"state\":\"carried\",\"worker\":{\"name\":\"alpha\",\"host\":\"host1\","
        "\"pid\":7,"
        "\"since\":\"1970-01-01T00:15:40.000Z\",\"ends\":\"1970-01-01T00:17:00.000Z\"},"
        "\"waits_for_run\":null,\"tried\":null}",
        "\"lease\":{\"state\":\"no-worker-can\",\"worker\":null,\"waits_for_run\":null,\"tried\":{"
        "\"by\":\"be\\u001bta\",\"why\":\"no "
        "\\\"profile\\\"\",\"at\":\"1970-01-01T00:16:10.000Z\"}}",
        "\"lease\":{\"state\":\"waits\",\"worker\":null,\"waits_for_run\":2,\"tried\":null}",
        "\"workers\":1}",
    };
    for (size_t i = 0; i < COUNT(wanted); i++)
        if (text_find_text(buf_text(&out), text_of(wanted[i])) == out.len)
            fail_msg("%s is not in " TEXT_FMT, wanted[i], TEXT_ARG(buf_text(&out)));
    buf_clear(&out);
}

static void the_end_of_a_long_run_rings(void **state)
{
    (void)state;
    struct progress_view b = fleet_view();
    struct buf out;
    buf_init(&out, VIEW_BYTES_MAX);
    b.state = "ended";
    view_ring(&out, &b);
    assert_string_equal(
        out.at, "\033]2;mailfrom: run 3 ended, 1242 of 10002 finished, 12 need attention\a\a");
    buf_reset(&out);
    b.started = b.now - SPAN_S(59);
    view_ring(&out, &b);
    assert_int_equal(out.len, 0);
    buf_clear(&out);
}

static const char hostile[] =
    "\033[2J\xff\xe2\x80\xae\x07\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\n\\x";

/* Every line fits, and nothing but our own colours steers the terminal. */
static void nothing_is_wider_or_higher_than_it_may_be_nor_steers_the_terminal(void **state)
{
    (void)state;
    struct progress_view b = fleet_view();
    struct view_lane strange[] = {lanes[0], lanes[1], lanes[2], lanes[0]};
    strange[0].account = text_of(hostile);
    strange[3].region = text_of(hostile);
    b.lanes = strange;
    b.lanes_len = 4;
    b.reason = hostile;
    view_sum(&b);
    for (uint32_t columns = 1; columns <= 220; columns++) {
        for (uint32_t rows = 0; rows <= 12; rows++) {
            struct buf out;
            buf_init(&out, VIEW_BYTES_MAX);
            view_draw(&out, &b, columns, rows, rows % 2);
            struct text rest = buf_text(&out);
            uint32_t lines = 0;
            for (; rest.len; lines++)
                assert_true(view_width(text_cut(&rest, '\n')) <= columns);
            assert_true(lines <= rows);
            for (size_t i = 0; i < out.len; i++) {
                bool ours = out.at[i] == '\n' || (out.at[i] == '\033' && rows % 2);
                assert_true(ours || ((unsigned char)out.at[i] >= 0x20 && out.at[i] != 0x7f));
            }
            assert_null(out.len ? strstr(out.at, "\033[2J") : NULL);
            buf_clear(&out);
        }
    }
}

static void spans_take_seven_characters_at_most(void **state)
{
    static const struct {
        span_us span;
        const char *want;
    } rows[] = {{0, "0s"},
                {-5, "0s"},
                {1, "1s"},
                {SPAN_S(59), "59s"},
                {SPAN_S(60), "1m00s"},
                {SPAN_M(59) + SPAN_S(59), "59m59s"},
                {SPAN_H(1), "1h00m"},
                {SPAN_H(72) - SPAN_S(1), "71h59m"},
                {SPAN_H(100), "4d04h"},
                {SPAN_H(24 * 365), "365d00h"},
                {SPAN_H(24 * 4000), ">999d"}};
    char out[WHEN_LEN];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_string_equal(view_span(rows[i].span, out), rows[i].want);
        assert_true(strlen(out) <= 7);
    }
}

static void a_rate_meter_follows_a_steady_rate_and_forgets_an_old_one(void **state)
{
    (void)state;
    struct rate_meter g = {0};
    uint64_t count = 100;
    instant_us now = NOW;
    assert_float_equal(rate_meter_read(&g, count, now), 0, 0);
    assert_float_equal(rate_meter_read(&g, count += 2, now += SPAN_MS(200)), 10, 0.01);
    assert_float_equal(rate_meter_read(&g, count, now += SPAN_MS(200)), 5, 0.01);
    for (int i = 0; i < 600; i++)
        rate_meter_read(&g, count += 2, now += SPAN_MS(200));
    assert_float_equal(g.per_s, 10, 0.01);
    assert_float_equal(rate_meter_read(&g, count + 50, now), 10, 0.01); /* no time has passed */
    for (int i = 0; i < 600; i++)
        rate_meter_read(&g, count, now += SPAN_MS(200));
    assert_float_equal(g.per_s, 0, 0.01);
    assert_float_equal(rate_meter_read(&g, 3, now += SPAN_MS(200)), 0, 0.01); /* it begins anew */
    assert_float_equal(rate_meter_read(&g, 5, now += SPAN_MS(200)), 0.2, 0.01);
}

static void what_is_left_counts_calls_that_need_nobody(void **state)
{
    static const struct {
        const char *name;
        struct view_lane lane;
        bool writes;
        double seconds;
    } rows[] = {
        {"nothing is known: every identity may need a write",
         {.jobs = 100, .by_state = {[JOB_NEW] = 100}},
         true,
         100},
        {"a plan only looks", {.jobs = 250, .by_state = {[JOB_NEW] = 250}}, false, 3},
        {"half of those judged needed one, so half of the rest will",
         {.jobs = 100,
          .by_state = {[JOB_READING] = 50, [JOB_READY] = 20, [JOB_DONE] = 30},
          .writes = 5},
         true,
         45},
        {"those that wait for others need none now",
         {.jobs = 100, .by_state = {[JOB_WAITING_DNS] = 60, [JOB_FOLLOWING] = 40}, .writes = 40},
         true,
         0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        span_us left = rate_meter_left(&rows[i].lane, 1, API_V1, rows[i].writes);
        if (left != (span_us)(rows[i].seconds * 1e6))
            fail_msg("%s: %lld us", rows[i].name, (long long)left);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wide_board_has_every_column),
        cmocka_unit_test(columns_go_as_the_terminal_narrows_and_names_stay),
        cmocka_unit_test(an_account_gives_way_to_the_name_of_its_region),
        cmocka_unit_test(lanes_are_folded_and_those_that_are_over_go_first),
        cmocka_unit_test(a_journal_knows_writes_and_no_calls),
        cmocka_unit_test(a_line_says_all_of_it),
        cmocka_unit_test(workers_of_a_shared_journal_are_told),
        cmocka_unit_test(the_end_of_a_long_run_rings),
        cmocka_unit_test(a_view_tells_the_running_wave_and_how_long_others_are_waited_for),
        cmocka_unit_test(nothing_is_wider_or_higher_than_it_may_be_nor_steers_the_terminal),
        cmocka_unit_test(spans_take_seven_characters_at_most),
        cmocka_unit_test(a_rate_meter_follows_a_steady_rate_and_forgets_an_old_one),
        cmocka_unit_test(what_is_left_counts_calls_that_need_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
