/* The figures for Prometheus. With an argument: prints the largest text there can be, for promtool.
 */
#include "unit.h"

#include "reports/event_line.h"
#include "reports/metrics.h"

#include <stdio.h>
#include <unistd.h>

#define LANES 25

struct largest {
    struct metrics_lane lanes[LANES];
    struct metrics_calls calls[8];
    struct watch_metrics m;
};

static void largest_make(struct largest *l)
{
    static const char *const actions[] = {"GetIdentityMailFromDomainAttributes",
                                          "GetIdentityVerificationAttributes",
                                          "ListIdentities",
                                          "GetAccount",
                                          "ListRecommendations",
                                          "ListMultiRegionEndpoints",
                                          "GetEmailIdentity",
                                          "GetCallerIdentity"};
    static char names[LANES][16];
    memset(l, 0, sizeof *l);
    for (uint32_t i = 0; i < LANES; i++) {
        snprintf(names[i], sizeof names[i], "a%u", i);
        l->lanes[i] =
            (struct metrics_lane){.account = text_of(names[i]), .region = TEXT("eu-west-1")};
        for (int s = 0; s < METRICS_STATUSES; s++)
            l->lanes[i].by_status[s] = 100;
    }
    for (size_t i = 0; i < COUNT(actions); i++)
        l->calls[i] = (struct metrics_calls){text_of(actions[i]), 10 + i, 1, 2};
    l->m = (struct watch_metrics){.last_run = SPAN_S(1764432000),
                                  .last_success = SPAN_S(1764432000) + 250000,
                                  .duration = SPAN_MS(104500),
                                  .next_failed = SPAN_S(1764691200),
                                  .lanes = l->lanes,
                                  .lanes_len = LANES,
                                  .calls = l->calls,
                                  .calls_len = COUNT(actions)};
    l->m.problems[WATCH_MX_GONE] = 3;
    l->m.by_level[WATCH_CRITICAL] = 3;
    l->m.dmarc[DMARC_BY_BOTH] = 2412;
    l->m.dmarc_silent = 7;
}

static bool has(const struct buf *out, const char *line)
{
    return text_find_text(buf_text(out), text_of(line)) < out->len;
}

static uint32_t series_count(const struct buf *out)
{
    struct text rest = buf_text(out);
    uint32_t count = 0;
    assert_true(text_ends(rest, TEXT("\n")));
    while (rest.len)
        count += text_cut(&rest, '\n').at[0] != '#';
    return count;
}

static void a_large_fleet_has_a_hundred_series(void **state)
{
    struct largest l;
    struct buf out;
    (void)state;
    largest_make(&l);
    buf_init(&out, METRICS_BYTES_MAX);
    watch_metrics_add(&out, &l.m);
    assert_false(out.failed);
    assert_int_equal(series_count(&out), 98);
    assert_true(series_count(&out) <= METRICS_SERIES_MAX);
    assert_true(has(&out, "\nmailfrom_identities{account=\"a7\",region=\"eu-west-1\","
                          "status=\"temporary-failure\"} 100\n"));
    assert_true(has(&out, "\nmailfrom_identities_dmarc_ready{by=\"both\"} 2412\n"));
    assert_true(has(&out, "\nmailfrom_identities_dmarc_ready{by=\"unknown\"} 0\n"));
    assert_true(has(&out, "\nmailfrom_identities_dmarc_not_known 7\n"));
    assert_false(has(&out, "a8"));
    assert_true(has(&out, "\nmailfrom_identities{account=\"other\",region=\"other\","
                          "status=\"success\"} 1700\n")); /* the sum over all stays true */
    assert_true(has(&out, "\nmailfrom_api_calls_total{action=\"other\",outcome=\"ok\"} 75\n"));
    assert_true(has(&out, "\nmailfrom_watch_last_success_timestamp_seconds 1764432000.250000\n"));
    assert_true(has(&out, "\nmailfrom_watch_duration_seconds 104.500000\n"));
    assert_true(has(&out, "\nmailfrom_problems{kind=\"mx-gone\"} 3\n"));
    assert_true(has(&out, "\nmailfrom_problems{kind=\"advisor-open\"} 0\n"));
    assert_true(has(&out, "\nmailfrom_problems{kind=\"refused\"} 0\n"));
    assert_true(has(&out, "\nmailfrom_problems_by_level{level=\"critical\"} 3\n"));
    assert_false(has(&out, "level=\"well\""));
    buf_clear(&out);
}

static void nine_lanes_are_nine(void **state)
{
    struct largest l;
    struct buf out;
    (void)state;
    largest_make(&l);
    l.m.lanes_len = METRICS_LANES_MAX;
    buf_init(&out, METRICS_BYTES_MAX);
    watch_metrics_add(&out, &l.m);
    assert_true(has(&out, "account=\"a8\"") && !has(&out, "{account=\"other\""));
    buf_clear(&out);
}

static void what_is_not_known_has_no_sample(void **state)
{
    struct buf out;
    (void)state;
    const struct watch_metrics m = {.next_failed = WHEN_NEVER};
    buf_init(&out, METRICS_BYTES_MAX);
    watch_metrics_add(&out, &m);
    assert_false(has(&out, "\nmailfrom_watch_") || has(&out, "\nmailfrom_next_failed"));
    assert_true(has(&out, "# TYPE mailfrom_next_failed_timestamp_seconds gauge\n"));
    buf_clear(&out);
}

/* A clock that was set, or a sweep that never ended, must not cost the whole file. */
static void no_sample_is_negative(void **state)
{
    struct buf out;
    (void)state;
    const struct watch_metrics m = {.last_run = -1,
                                    .last_success = -SPAN_S(7),
                                    .duration = -SPAN_MS(1799323),
                                    .next_failed = INT64_MIN};
    const struct run_metrics run = {
        .verb = "apply", .started = -1, .updated = -SPAN_S(5), .ended = WHEN_NEVER};
    buf_init(&out, METRICS_BYTES_MAX);
    watch_metrics_add(&out, &m);
    run_metrics_add(&out, &run);
    assert_false(out.failed || has(&out, " -") || has(&out, "_seconds{"));
    assert_false(has(&out, "\nmailfrom_watch_") || has(&out, "\nmailfrom_next_failed"));
    buf_clear(&out);
}

static void labels_are_escaped(void **state)
{
    struct buf out;
    struct metrics_lane lane = {.account = TEXT("a\"b\\c\nd"), .region = TEXT("r")};
    (void)state;
    const struct watch_metrics m = {.lanes = &lane, .lanes_len = 1};
    buf_init(&out, METRICS_BYTES_MAX);
    watch_metrics_add(&out, &m);
    assert_true(has(&out, "account=\"a\\\"b\\\\c\\nd\",region=\"r\""));
    buf_clear(&out);
}

static void a_run_has_figures(void **state)
{
    struct buf out;
    (void)state;
    struct run_metrics m = {.verb = "apply",
                            .run = 7,
                            .started = SPAN_S(100),
                            .updated = SPAN_S(200),
                            .rows = 10,
                            .finished = 4,
                            .bad = 1,
                            .is_paused = true};
    buf_init(&out, METRICS_BYTES_MAX);
    run_metrics_add(&out, &m);
    assert_true(has(&out, "\nmailfrom_run_number{verb=\"apply\"} 7\n"));
    assert_true(has(&out, "\nmailfrom_run_updated_timestamp_seconds{verb=\"apply\"} 200.000000\n"));
    assert_true(has(&out, "\nmailfrom_run_paused{verb=\"apply\"} 1\n"));
    assert_true(has(&out, "\nmailfrom_run_bad{verb=\"apply\"} 1\n"));
    assert_false(has(&out, "\nmailfrom_run_ended_timestamp_seconds{"));
    m.ended = SPAN_S(300);
    buf_reset(&out);
    run_metrics_add(&out, &m);
    assert_true(has(&out, "\nmailfrom_run_ended_timestamp_seconds{verb=\"apply\"} 300.000000\n"));
    buf_clear(&out);
}

static void a_file_is_replaced_as_a_whole(void **state)
{
    char folder[] = "/tmp/mailfrom-metrics-XXXXXX", path[64], read_back[64] = "";
    struct why why = {""};
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.prom", folder);
    assert_int_equal(metrics_write(path, TEXT("# HELP mailfrom_one 1\n"), &why), OK);
    assert_int_equal(metrics_write(path, TEXT("# HELP mailfrom_two 2\n"), &why), OK);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fread(read_back, 1, sizeof read_back - 1, file), 22);
    assert_string_equal(read_back, "# HELP mailfrom_two 2\n");
    fclose(file);
    file = fopen(path, "we");
    assert_non_null(file);
    fputs("version: 1\n", file);
    fclose(file);
    assert_int_equal(metrics_vet(path, &why), ERR_INPUT); /* somebody's manifest */
    assert_int_equal(metrics_write(path, TEXT("# HELP mailfrom_one 1\n"), &why), ERR_INPUT);
    assert_int_equal(events_vet(path, &why), ERR_INPUT);
    file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fread(read_back, 1, sizeof read_back - 1, file), 11);
    fclose(file);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(metrics_vet(path, &why), OK);
    assert_int_equal(events_vet(path, &why), OK);
    unlink(path);
    assert_int_equal(metrics_vet(path, &why), OK);
    assert_int_equal(rmdir(folder), 0); /* nothing else is left there */
}

static int print(void)
{
    struct largest l;
    struct buf out;
    const struct run_metrics run = {.verb = "apply", .run = 1, .started = SPAN_S(1), .ended = 2};
    largest_make(&l);
    buf_init(&out, 2 * METRICS_BYTES_MAX);
    watch_metrics_add(&out, &l.m);
    run_metrics_add(&out, &run);
    fwrite(out.at, 1, out.len, stdout);
    buf_clear(&out);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_fleet_has_a_hundred_series),
        cmocka_unit_test(nine_lanes_are_nine),
        cmocka_unit_test(what_is_not_known_has_no_sample),
        cmocka_unit_test(no_sample_is_negative),
        cmocka_unit_test(labels_are_escaped),
        cmocka_unit_test(a_run_has_figures),
        cmocka_unit_test(a_file_is_replaced_as_a_whole),
    };
    (void)argv;
    return argc > 1 ? print() : cmocka_run_group_tests(tests, NULL, NULL);
}
