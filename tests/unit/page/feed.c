/* What a client at /events is sent, chunk by chunk, without a socket. */
#include "unit.h"

#include "page/page_internal.h"

#include <stdio.h>

struct feed_test {
    struct page_feed feed;
    struct page_snapshot *current;
    struct page_stream stream;
    char got[1000];
};

static int feed_open(void **state)
{
    struct feed_test *t = calloc(1, sizeof *t);
    if (!t || !page_feed_init(&t->feed))
        return -1;
    snprintf(t->feed.instance, sizeof t->feed.instance, "abc");
    *state = t;
    return 0;
}

static int feed_close(void **state)
{
    struct feed_test *t = *state;
    page_event_drop(t->stream.event);
    page_feed_clear(&t->feed);
    page_snapshot_free(t->current);
    free(t);
    return 0;
}

/* A snapshot with the parts a and b; NULL: without. */
static bool show(struct feed_test *t, const char *a, const char *b)
{
    struct page_snapshot *s = page_snapshot_new(1000);
    assert_non_null(s);
    if (a)
        s->parts[s->parts_len++] = (struct page_part){"a", text_of(a)};
    if (b)
        s->parts[s->parts_len++] = (struct page_part){"b", text_of(b)};
    bool has_changed = page_feed_turn(&t->feed, t->current, s);
    page_snapshot_free(t->current);
    t->current = s;
    return has_changed;
}

/* All that the stream has at this time, read in chunks of so many bytes. */
static const char *told(struct feed_test *t, int64_t now, size_t chunk)
{
    size_t len, at = 0;
    bool is_due = !t->stream.has_begun || page_stream_is_due(&t->stream, &t->feed, now);
    while ((len = page_stream_read(&t->stream, &t->feed, t->current, now, t->got + at, chunk))) {
        at += len;
        assert_true(at < sizeof t->got - chunk);
    }
    t->got[at] = '\0';
    if (!t->stream.has_closed)
        assert_int_equal(is_due, at > 0);
    return t->got;
}

#define EVENT(id, parts)                                                                           \
    "id: abc-" id "\nevent: parts\ndata: {\"at\":\"\",\"parts\":{" parts "}}\n\n"

static void a_client_gets_all_and_then_what_changes(void **state)
{
    struct feed_test *t = *state;
    assert_string_equal(told(t, 0, 7), "retry: 2000\n\n");
    assert_true(show(t, "1", "2"));
    assert_string_equal(told(t, 0, 3), EVENT("1", "\"a\":\"1\",\"b\":\"2\""));
    assert_string_equal(told(t, 0, 100), "");
    assert_true(show(t, "1", "\n<3>"));
    assert_string_equal(told(t, 0, 100), EVENT("2", "\"b\":\"\\n<3>\""));
    assert_false(show(t, "1", "\n<3>"));
    assert_string_equal(told(t, 0, 100), "");
    assert_true(show(t, NULL, "\n<3>"));
    assert_string_equal(told(t, 0, 100), EVENT("3", "\"a\":\"\""));
}

static void who_missed_something_gets_all(void **state)
{
    struct feed_test *t = *state;
    show(t, "1", "2");
    told(t, 0, 100);
    show(t, "2", "2");
    show(t, "3", "2");
    assert_string_equal(told(t, 0, 100), EVENT("3", "\"a\":\"3\",\"b\":\"2\""));
}

static void a_client_that_comes_back_gets_what_it_lacks(void **state)
{
    static const struct {
        const char *id, *told;
    } rows[] = {
        {"abc-3", ""},
        {"abc-2", EVENT("3", "\"a\":\"3\"")},
        {"abc-1", EVENT("3", "\"a\":\"3\",\"b\":\"2\"")},
        {"abc-4", EVENT("3", "\"a\":\"3\",\"b\":\"2\"")}, /* not ours yet */
        {"abd-3", EVENT("3", "\"a\":\"3\",\"b\":\"2\"")}, /* of another process */
        {"abc-x", EVENT("3", "\"a\":\"3\",\"b\":\"2\"")},
        {"abc", EVENT("3", "\"a\":\"3\",\"b\":\"2\"")},
        {"", EVENT("3", "\"a\":\"3\",\"b\":\"2\"")},
    };
    struct feed_test *t = *state;
    show(t, "1", "2");
    show(t, "2", "2");
    show(t, "3", "2");
    for (size_t i = 0; i < COUNT(rows); i++) {
        t->stream =
            (struct page_stream){.version = page_feed_version(&t->feed, text_of(rows[i].id))};
        const char *got = told(t, 0, 100);
        assert_text(text_slice(text_of(got), 0, 13), TEXT("retry: 2000\n\n"));
        assert_string_equal(got + 13, rows[i].told);
    }
}

static void silence_is_broken_every_fifteen_seconds(void **state)
{
    struct feed_test *t = *state;
    show(t, "1", NULL);
    told(t, 1000, 100);
    assert_string_equal(told(t, 15999, 100), "");
    assert_string_equal(told(t, 16000, 5), ": still here\n\n");
    assert_string_equal(told(t, 30999, 100), "");
    show(t, "2", NULL);
    assert_string_equal(told(t, 31000, 100), EVENT("2", "\"a\":\"2\""));
    assert_string_equal(told(t, 45999, 100), "");
}

static void the_last_event_is_a_farewell(void **state)
{
    struct feed_test *t = *state;
    show(t, "1", NULL);
    told(t, 0, 100);
    show(t, "2", NULL);
    t->feed.is_closing = true;
    assert_string_equal(told(t, 20000, 6),
                        EVENT("2", "\"a\":\"2\"") "event: closing\ndata: {}\n\n");
    assert_true(t->stream.has_closed);
    assert_string_equal(told(t, 90000, 100), "");
}

static void an_event_on_its_way_outlives_the_next_ones(void **state)
{
    struct feed_test *t = *state;
    char chunk[30];
    show(t, "1", NULL);
    assert_int_equal(page_stream_read(&t->stream, &t->feed, t->current, 0, chunk, 30), 13);
    assert_int_equal(page_stream_read(&t->stream, &t->feed, t->current, 0, chunk, 30), 30);
    show(t, "2", NULL);
    show(t, "3", NULL);
    const char *got = told(t, 0, 100);
    assert_non_null(strstr(got, "\"a\":\"1\""));
    assert_non_null(strstr(got, EVENT("3", "\"a\":\"3\"")));
    assert_null(strstr(got, "\"a\":\"2\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_client_gets_all_and_then_what_changes, feed_open,
                                        feed_close),
        cmocka_unit_test_setup_teardown(who_missed_something_gets_all, feed_open, feed_close),
        cmocka_unit_test_setup_teardown(a_client_that_comes_back_gets_what_it_lacks, feed_open,
                                        feed_close),
        cmocka_unit_test_setup_teardown(silence_is_broken_every_fifteen_seconds, feed_open,
                                        feed_close),
        cmocka_unit_test_setup_teardown(the_last_event_is_a_farewell, feed_open, feed_close),
        cmocka_unit_test_setup_teardown(an_event_on_its_way_outlives_the_next_ones, feed_open,
                                        feed_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
