/* Events as lines of JSON and as sentences. That lines obey docs/event.schema.json is told by the
 * tests of whole runs. */
#include "unit.h"

#include "reports/event_line.h"

#include <stdio.h>

#define AT ((instant_us)1764432000250000) /* 2025-11-29T16:00:00.250Z */

static const struct notification gone = {
    .type = NOTE_PROBLEM,
    .at = AT,
    .kind = WATCH_MX_GONE,
    .from = WATCH_WARNING,
    .to = WATCH_CRITICAL,
    .identity = {"news.example.org", 16},
    .account = {"prod", 4},
    .account_number = {"111122223333", 12},
    .region = {"eu-west-1", 9},
    .reason = {"no MX", 5},
    .mend = {"publish it", 10},
    .since = AT - SPAN_H(6),
    .deadline = AT + SPAN_H(66),
    .verb = {"watch", 5},
};

static void an_event_is_one_line_with_every_key(void **state)
{
    char id[EVENT_ID_LEN], wanted[2000];
    struct buf line;
    (void)state;
    buf_init(&line, EVENT_LINE_MAX);
    assert_true(event_line_add(&line, &gone, id));
    snprintf(wanted, sizeof wanted,
             "{\"format_version\":1,\"id\":\"%s\",\"type\":\"problem\","
             "\"at\":\"2025-11-29T16:00:00.250Z\",\"level\":\"critical\","
             "\"text\":\"critical: news.example.org (prod, eu-west-1): mx-gone since "
             "2025-11-29T10:00:00Z, until 2025-12-02T10:00:00Z: no MX. To mend it: publish it\","
             "\"kind\":\"mx-gone\",\"from\":\"warning\",\"to\":\"critical\","
             "\"identity\":\"news.example.org\",\"account\":\"prod\","
             "\"account_number\":\"111122223333\",\"region\":\"eu-west-1\",\"reason\":\"no MX\","
             "\"mend\":\"publish it\",\"since\":\"2025-11-29T10:00:00.250Z\","
             "\"deadline\":\"2025-12-02T10:00:00.250Z\",\"verb\":\"watch\",\"run\":null,"
             "\"wave\":null,\"waves\":null,\"rows\":null,\"finished\":null,\"bad\":null,"
             "\"dropped\":0}\n",
             id);
    assert_text(buf_text(&line), text_of(wanted));
    buf_clear(&line);
}

static void an_id_is_that_of_the_content(void **state)
{
    char first[EVENT_ID_LEN], again[EVENT_ID_LEN], other[EVENT_ID_LEN];
    struct notification later = gone, worse = gone, begun = {.type = NOTE_RUN_STARTED, .run = 7};
    struct buf line;
    (void)state;
    buf_init(&line, 8 * EVENT_LINE_MAX);
    later.at += 1000; /* told by the next process, in other words */
    later.mend = TEXT("publish it now");
    assert_true(event_line_add(&line, &gone, first) && event_line_add(&line, &later, again));
    assert_string_equal(first, again);
    worse.to = WATCH_PAGE;
    assert_true(event_line_add(&line, &worse, other));
    assert_string_not_equal(first, other);
    worse = gone;
    worse.since += 1000;
    assert_true(event_line_add(&line, &worse, other));
    assert_string_not_equal(first, other);
    assert_true(event_line_add(&line, &begun, first));
    begun.at += 1000;
    assert_true(event_line_add(&line, &begun, again));
    assert_string_not_equal(first, again);
    assert_int_equal(strspn(first, "0123456789abcdef"), EVENT_ID_LEN - 1);
    buf_clear(&line);
}

static void what_was_lost_before_is_told(void **state)
{
    char id[EVENT_ID_LEN];
    struct buf line, again;
    (void)state;
    buf_init(&line, EVENT_LINE_MAX);
    buf_init(&again, EVENT_LINE_MAX);
    assert_true(event_line_add(&line, &gone, id));
    event_line_dropped(&again, buf_text(&line), 12345678901u);
    assert_text(text_slice(buf_text(&again), 0, line.len - 3),
                text_slice(buf_text(&line), 0, line.len - 3));
    assert_true(text_ends(buf_text(&again), TEXT("\"dropped\":12345678901}\n")));
    buf_clear(&line);
    buf_clear(&again);
}

/* Names and sentences come from DNS and SES: no byte of them ends the line or a string. */
static void words_from_outside_stay_words(void **state)
{
    char id[EVENT_ID_LEN];
    struct buf line;
    struct notification n = gone;
    (void)state;
    buf_init(&line, EVENT_LINE_MAX);
    n.identity = TEXT("a\"b\\c\n\033[2J\xff.example");
    assert_true(event_line_add(&line, &n, id));
    assert_int_equal(text_find(buf_text(&line), '\n'), line.len - 1);
    for (size_t i = 0; i + 1 < line.len; i++)
        assert_true((unsigned char)line.at[i] >= 0x20);
    assert_true(text_find_text(buf_text(&line), TEXT("\"a\\\"b\\\\c\\n\\u001b[2J")) < line.len);
    buf_clear(&line);
}

/* The longest that can come: each byte is escaped to six, in a reason, a mend and the sentence. */
static void a_long_reason_is_cut_between_characters(void **state)
{
    static char long_one[20000], control[20000];
    char id[EVENT_ID_LEN];
    struct buf line;
    struct notification n = gone;
    (void)state;
    for (size_t i = 0; i < sizeof long_one; i++)
        long_one[i] = "\xe2\x82\xac"[(i + 1) % 3]; /* no boundary at 2,000 */
    memset(control, 1, sizeof control);
    buf_init(&line, 3 * EVENT_LINE_MAX);
    n.reason = (struct text){long_one + 2, sizeof long_one - 2};
    assert_true(event_line_add(&line, &n, id));
    assert_true(text_find_text(buf_text(&line), TEXT("\\ufffd")) == line.len);
    n.reason = n.mend = (struct text){control, sizeof control};
    assert_true(event_line_add(&line, &n, id));
    buf_clear(&line);
}

static void every_type_has_a_sentence(void **state)
{
    static const struct {
        struct notification n;
        const char *wanted;
    } rows[] = {
        {{.type = NOTE_PROBLEM,
          .kind = WATCH_MX_GONE,
          .from = WATCH_PAGE,
          .identity = {"a.example", 9},
          .region = {"us-east-1", 9}},
         "well again: a.example (us-east-1): mx-gone"},
        {{.type = NOTE_PROBLEM,
          .kind = WATCH_ACCOUNT_CANNOT_SEND,
          .to = WATCH_PAGE,
          .account_number = {"111122223333", 12},
          .region = {"us-east-1", 9}},
         "page: 111122223333, us-east-1: account-cannot-send"},
        {{.type = NOTE_RUN_STARTED, .verb = {"apply", 5}, .run = 7, .rows = 300},
         "apply: run 7 has begun, 0 of 300 finished"},
        {{.type = NOTE_WAVE_DONE,
          .verb = {"apply", 5},
          .run = 7,
          .wave = 1,
          .waves = 3,
          .rows = 300,
          .finished = 10,
          .bad = 1},
         "apply: run 7 has done a wave (1 of 3), 10 of 300 finished, 1 of them needs a person"},
        {{.type = NOTE_RUN_PAUSED, .verb = {"apply", 5}, .run = 7, .reason = {"why", 3}},
         "apply: run 7 is paused and waits for a person, 0 of 0 finished: why"},
        {{.type = NOTE_RUN_RESUMED,
          .verb = {"apply", 5},
          .run = 7,
          .rows = 2,
          .finished = 2,
          .bad = 2},
         "apply: run 7 goes on, 2 of 2 finished, 2 of them need a person"},
        {{.type = NOTE_RUN_ENDED,
          .verb = {"publish", 7},
          .run = 8,
          .rows = 2,
          .finished = 2,
          .mend = {"resume", 6}},
         "publish: run 8 has ended, 2 of 2 finished. To mend it: resume"},
        {{.type = NOTE_SWEEP_FAILED, .to = WATCH_CRITICAL, .reason = {"no keys", 7}},
         "the sweep could not look: no keys"},
        {{.type = NOTE_SWEEP_FAILED, .to = WATCH_WELL}, "sweeps look again"},
    };
    struct buf out;
    (void)state;
    buf_init(&out, 1000);
    for (size_t i = 0; i < COUNT(rows); i++) {
        buf_reset(&out);
        event_sentence_add(&out, &rows[i].n);
        assert_text(buf_text(&out), text_of(rows[i].wanted));
    }
    buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_one_line_with_every_key),
        cmocka_unit_test(an_id_is_that_of_the_content),
        cmocka_unit_test(what_was_lost_before_is_told),
        cmocka_unit_test(words_from_outside_stay_words),
        cmocka_unit_test(a_long_reason_is_cut_between_characters),
        cmocka_unit_test(every_type_has_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
