#include "unit.h"

#include "base/when.h"

#include <time.h>

static instant_us at(const char *text)
{
    instant_us out = -1;
    if (!when_parse(text_of(text), &out))
        fail_msg("'%s' was not understood", text);
    return out;
}

static void instants_are_written_and_read_back(void **state)
{
    (void)state;
    char out[WHEN_LEN];
    instant_us t = 1779265800250000;
    assert_string_equal(when_format(t, out), "2026-05-20T08:30:00Z");
    assert_string_equal(when_format_ms(t, out), "2026-05-20T08:30:00.250Z");
    assert_true(at(out) == t);
    assert_string_equal(when_format_basic(t, out), "20260520T083000Z");
    assert_string_equal(when_format(0, out), "");
    assert_string_equal(when_format_ms(WHEN_NEVER, out), "");
    uint64_t seed = 20260520;
    for (int i = 0; i < 10000; i++) {
        t = (instant_us)(dice(&seed) % 253402300800000) * 1000; /* up to the year 9999 */
        assert_true(t == 0 || at(when_format_ms(t, out)) == t);
    }
}

static void instants_are_those_of_the_c_library(void **state)
{
    (void)state;
    char out[WHEN_LEN], wanted[WHEN_LEN];
    uint64_t seed = 1900;
    for (int i = 0; i < 100000; i++) {
        struct tm tm;
        instant_us t =
            (instant_us)(dice(&seed) >> (1 + i % 24)); /* far beyond the year 9999, too */
        time_t seconds = (time_t)(t / 1000000);
        assert_non_null(gmtime_r(&seconds, &tm));
        assert_true(strftime(wanted, sizeof wanted, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
        if (t > 0 && t != WHEN_NEVER)
            assert_string_equal(when_format(t, out), wanted);
    }
}

static void every_spelling_of_utc_is_understood(void **state)
{
    (void)state;
    instant_us want = 1779265800000000;
    assert_true(at("2026-05-20T08:30:00Z") == want);
    assert_true(at("2026-05-20 08:30:00UTC") == want);
    assert_true(at("2026-05-20T08:30:00+00:00") == want);
    assert_true(at("2026-05-20T08:30:00.000001Z") == want + 1);
    assert_true(at("2026-05-20T08:30:00.0000019999Z") == want + 1); /* cut, not rounded */
    assert_true(at("2024-02-29T00:00:00Z") == 1709164800000000);
    assert_true(at("2016-12-31T23:59:60Z") == at("2017-01-01T00:00:00Z")); /* a leap second */
}

static void what_is_no_instant_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2026-05-20",
        "2026-05-20T08:30:00",       /* whose clock? */
        "2026-05-20T08:30:00+02:00", /* not UTC */
        "2026-05-20T08:30Z",
        "2026-02-30T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z",
        "1969-12-31T23:59:59Z",
        "+026-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z ",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        instant_us out;
        if (when_parse(text_of(bad[i]), &out))
            fail_msg("'%s' was taken for an instant", bad[i]);
    }
}

static void spans_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        span_us want; /* 0: refused */
    } rows[] = {
        {"72h", SPAN_H(72)},
        {"90m", SPAN_M(90)},
        {"45s", SPAN_S(45)},
        {"500ms", SPAN_MS(500)},
        {"2d", SPAN_H(48)},
        {"1h30m", SPAN_M(90)},
        {"1m500ms", SPAN_S(60) + SPAN_MS(500)},
        {"", 0},
        {"0s", 0},
        {"72", 0},
        {"h", 0},
        {"-1h", 0},
        {"1.5h", 0},
        {"1 h", 0},
        {"1H", 0},
        {"1w", 0},
        {"1h ", 0},
        {"9999999999s", 0},
        {"999999999d", 0},
        {"99999999d99999999d", 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        span_us out = 0;
        bool ok = span_parse(text_of(rows[i].text), &out);
        if (ok != (rows[i].want != 0) || (ok && out != rows[i].want))
            fail_msg("'%s' gave %d, %lld us", rows[i].text, ok, (long long)out);
    }
}

static void spans_are_written_for_people(void **state)
{
    (void)state;
    static const struct {
        span_us span;
        const char *want;
    } rows[] = {
        {0, "0 s"},
        {-SPAN_H(10), "0 s"}, /* of a clock that was set back */
        {-SPAN_MS(1), "0 s"},
        {SPAN_MS(499), "0 s"},
        {SPAN_MS(500), "1 s"},
        {SPAN_S(12), "12 s"},
        {SPAN_MS(59500), "1 min 0 s"},
        {SPAN_S(100), "1 min 40 s"},
        {SPAN_S(10000), "2 h 46 min"},
        {SPAN_H(47), "47 h 0 min"},
        {SPAN_H(72), "3 d 0 h"},
        {WHEN_NEVER, "106751991 d 4 h"},
    };
    char out[WHEN_LEN];
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(span_format(rows[i].span, out), rows[i].want);
}

static void spans_are_written_as_they_are_read(void **state)
{
    (void)state;
    static const struct {
        span_us span;
        const char *want;
    } rows[] = {
        {0, ""},
        {-SPAN_S(90), ""},
        {SPAN_MS(1) - 1, ""},
        {SPAN_MS(1), "1ms"},
        {SPAN_S(9), "9s"},
        {SPAN_MS(1500), "1s500ms"},
        {SPAN_M(1), "1m"},
        {SPAN_M(15), "15m"},
        {SPAN_M(90), "1h30m"},
        {SPAN_H(72) + SPAN_M(1), "3d1m"},
        {WHEN_NEVER / SPAN_MS(1) * SPAN_MS(1), "106751991d4h54s775ms"},
    };
    char out[WHEN_LEN];
    for (size_t i = 0; i < COUNT(rows); i++) {
        span_us back = 0;
        assert_string_equal(span_write(rows[i].span, out), rows[i].want);
        if (*out && (!span_parse(text_of(out), &back) || back != rows[i].span))
            fail_msg("'%s' is read as %lld us", out, (long long)back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants_are_written_and_read_back),
        cmocka_unit_test(instants_are_those_of_the_c_library),
        cmocka_unit_test(every_spelling_of_utc_is_understood),
        cmocka_unit_test(what_is_no_instant_is_refused),
        cmocka_unit_test(spans_are_read),
        cmocka_unit_test(spans_are_written_for_people),
        cmocka_unit_test(spans_are_written_as_they_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
