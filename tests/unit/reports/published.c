/*
 * Reports of what a run has published: every format with rows of every outcome, and with texts from
 * strangers.
 */
#include "unit.h"

#include "reports/published.h"

#include "base/count.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOSTILE "=cmd|'/c'!A0 <script>alert(1)</script> `x` | \"\x1b[31m"

static void row_at(void *ctx, size_t i, struct published_row *row)
{
    (void)ctx;
    *row =
        (struct published_row){.zone = TEXT("example.com"),
                               .zone_id = TEXT("Z1"),
                               .name = TEXT("bounce.example.com"),
                               .type = i % 2 ? RECORDS_TXT : RECORDS_MX,
                               .value = {.preference = 10,
                                         .data = i % 2 ? TEXT("v=spf1 include:amazonses.com ~all")
                                                       : TEXT("feedback.example")},
                               .ttl_s = 300,
                               .provider = TEXT("route53"),
                               .account = TEXT("dns"),
                               .outcome = (enum published_outcome)i,
                               .identity = TEXT("example.com"),
                               .source = TEXT("fleet.yaml:7")};
    if (published_outcome_is_bad(row->outcome))
        row->reason = TEXT(HOSTILE);
    if (row->outcome == PUBLISHED_MERGED)
        row->before = TEXT("v=spf1 -all");
}

static struct published_list list_of_all(void)
{
    struct published_list list = {.len = PUBLISHED_OUTCOMES,
                                  .at = row_at,
                                  .run = 7,
                                  .verb = TEXT("publish"),
                                  .state = TEXT("ended"),
                                  .version = TEXT("0"),
                                  .started = SPAN_S(1700000000)};
    for (int i = 0; i < PUBLISHED_OUTCOMES; i++)
        list.counts[i] = 1;
    return list;
}

/* The report as a string; to be freed. */
static char *written(const char *format)
{
    char path[] = "/tmp/published-XXXXXX";
    struct published_list list = list_of_all();
    struct why why = {""};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(published_write(text_of(format), path, &list, true, &why), OK);
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 1 << 17);
    assert_non_null(file);
    assert_non_null(text);
    size_t len = fread(text, 1, (1 << 17) - 1, file);
    assert_true(len > 0);
    fclose(file);
    unlink(path);
    return text;
}

static void csv_has_a_row_for_each_record_set(void **state)
{
    char *text = written("csv");
    (void)state;
    assert_int_equal(strncmp(text, "zone,zone_id,name,type,value,ttl,", 33), 0);
    assert_non_null(strstr(text,
                           "\r\nexample.com,Z1,bounce.example.com,MX,10 feedback.example.,300,"
                           "route53,dns,waiting,,,,example.com,fleet.yaml:7\r\n"));
    for (int i = 0; i < PUBLISHED_OUTCOMES; i++)
        assert_non_null(strstr(text, published_outcome_name((enum published_outcome)i)));
    assert_null(strstr(text, ",=cmd"));
    assert_null(strstr(text, ",\"=cmd")); /* no formula of a spreadsheet */
    free(text);
}

static void pages_show_strangers_texts_as_text(void **state)
{
    static const char *const formats[] = {"html", "junit"};
    (void)state;
    for (size_t i = 0; i < COUNT(formats); i++) {
        char *text = written(formats[i]);
        assert_null(strstr(text, "<script>alert"));
        assert_non_null(strstr(text, "&lt;script&gt;"));
        assert_null(strchr(text, '\x1b'));
        free(text);
    }
    char *text = written("text");
    assert_null(strchr(text, '\x1b'));
    free(text);
}

static void what_needs_a_person_comes_first(void **state)
{
    static const char *const formats[] = {"text", "markdown", "md", "html"};
    (void)state;
    for (size_t i = 0; i < COUNT(formats); i++) {
        char *text = written(formats[i]);
        const char *rows = strstr(text, i == 3 ? "<table>" : i == 0 ? "example.com" : "| --- |");
        assert_non_null(rows);
        const char *bad = strstr(rows, "blocked"), *good = strstr(rows, "created");
        assert_true(bad && good && bad < good);
        free(text);
    }
}

static void json_counts_and_quotes(void **state)
{
    char *text = written("json");
    (void)state;
    assert_non_null(strstr(text, "\"run\":7"));
    assert_non_null(strstr(text, "\"blocked\":1"));
    assert_non_null(strstr(text, "\"before\":\"v=spf1 -all\""));
    assert_null(strchr(text, '\x1b'));
    free(text);
}

static void counts_leave_out_what_is_not_there(void **state)
{
    struct published_list list = {.counts = {[PUBLISHED_CREATED] = 1, [PUBLISHED_FAILED] = 2}};
    struct published_list none = {.len = 0};
    struct buf words;
    (void)state;
    buf_init(&words, 1024);
    published_counts_add(&words, &list);
    assert_text(buf_text(&words), TEXT("1 record set created, 2 failed"));
    buf_reset(&words);
    published_counts_add(&words, &none);
    assert_text(buf_text(&words), TEXT("no record sets"));
    buf_clear(&words);
}

static void an_unknown_format_is_refused(void **state)
{
    struct published_list list = list_of_all();
    struct why why = {""};
    (void)state;
    assert_int_equal(published_write(TEXT("bind"), "-", &list, false, &why), ERR_INPUT);
    assert_non_null(strstr(why.text, "bind"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_has_a_row_for_each_record_set),
        cmocka_unit_test(pages_show_strangers_texts_as_text),
        cmocka_unit_test(what_needs_a_person_comes_first),
        cmocka_unit_test(json_counts_and_quotes),
        cmocka_unit_test(counts_leave_out_what_is_not_there),
        cmocka_unit_test(an_unknown_format_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
