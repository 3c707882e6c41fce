#include "unit.h"

#include "base/json_out.h"

#include <cjson/cJSON.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void sample_write(struct json_out *j)
{
    json_add_object(j, NULL);
    json_add_word(j, "key", "value");
    json_end(j);
}

static void every_kind_of_value_stands_where_it_belongs(void **state)
{
    (void)state;
    struct buf b;
    struct json_out j;
    buf_init(&b, 4096);
    json_init(&j, &b);
    json_add_object(&j, NULL);
    json_add_text(&j, "text", TEXT("say \"hi\"\n"));
    json_add_word(&j, "word", "ok");
    json_add_text_or_null(&j, "there", TEXT("x"));
    json_add_text_or_null(&j, "absent", TEXT_NONE);
    json_add_u64(&j, "most", UINT64_MAX);
    json_add_fixed(&j, "fixed", 2.0 / 3, 3);
    json_add_bool(&j, "yes", true);
    json_add_bool(&j, "no", false);
    json_add_null(&j, "none");
    json_add_raw(&j, "raw", TEXT("[1]"));
    json_add_object(&j, "empty");
    json_end(&j);
    json_add_array(&j, "list");
    json_add_u64(&j, NULL, 1);
    json_add_array(&j, NULL);
    json_end(&j);
    json_add_word(&j, NULL, "z");
    json_end(&j);
    json_add_pair(&j, TEXT("from\x1boutside"), TEXT("\xff"));
    json_end(&j);
    assert_text(buf_text(&b),
                TEXT("{\"text\":\"say \\\"hi\\\"\\n\",\"word\":\"ok\",\"there\":\"x\","
                     "\"absent\":null,\"most\":18446744073709551615,\"fixed\":0.667,\"yes\":true,"
                     "\"no\":false,\"none\":null,\"raw\":[1],\"empty\":{},\"list\":[1,[],\"z\"],"
                     "\"from\\u001boutside\":\"\\ufffd\"}"));
    buf_clear(&b);
}

static void white_space_stands_after_the_comma_and_before_the_bracket(void **state)
{
    (void)state;
    struct buf b;
    struct json_out j;
    buf_init(&b, 4096);
    json_init(&j, &b);
    j.spaced = true;
    json_add_object(&j, NULL);
    json_line(&j, "\n  ");
    json_add_u64(&j, "a", 1);
    json_add_u64(&j, "b", 2);
    json_line(&j, "\n  ");
    json_add_array(&j, "c");
    for (unsigned i = 0; i < 2; i++) {
        json_line(&j, "\n    ");
        json_add_u64(&j, NULL, i);
    }
    json_end_line(&j, "\n  ");
    json_add_pair(&j, TEXT("d"), TEXT(""));
    json_end_line(&j, "\n");
    assert_text(buf_text(&b), TEXT("{\n  \"a\": 1, \"b\": 2,\n  \"c\": [\n    0,\n    1\n  ], "
                                   "\"d\": \"\"\n}"));
    buf_clear(&b);
}

/* A sink empties the buffer after each row. */
static void a_buffer_may_be_emptied_between_any_two_calls(void **state)
{
    (void)state;
    struct buf part, whole;
    struct json_out j;
    buf_init(&part, 4096);
    buf_init(&whole, 4096);
    json_init(&j, &part);
    json_add_array(&j, NULL);
    for (unsigned i = 0; i < 4; i++) {
        if (i % 2)
            json_line(&j, "\n");
        buf_add_text(&whole, buf_text(&part));
        buf_reset(&part);
        json_add_u64(&j, NULL, i);
        buf_add_text(&whole, buf_text(&part));
        buf_reset(&part);
    }
    json_end(&j);
    buf_add_text(&whole, buf_text(&part));
    assert_text(buf_text(&whole), TEXT("[0,\n1,2,\n3]"));
    buf_clear(&part);
    buf_clear(&whole);
}

static void numbers_read_back_as_they_were(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *want;
    } rows[] = {{0, "0"},
                {0.1, "0.1"},
                {14, "14"},
                {-1, "-1"},
                {1e300, "1e+300"},
                {1.0 / 3, "0.33333333333333331"},
                {1e15 + 0.5, "1000000000000000.5"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf b;
        struct json_out j;
        buf_init(&b, 64);
        json_init(&j, &b);
        json_add_number(&j, NULL, rows[i].value);
        assert_text(buf_text(&b), text_of(rows[i].want));
        assert_true(strtod(b.at, NULL) == rows[i].value);
        buf_clear(&b);
    }
}

static void value_write(struct json_out *j, const char *key, uint64_t *seed, unsigned depth)
{
    static const char *const keys[] = {"k", "another", "format_version", "mailfrom/v1"};
    char word[12];
    size_t len = dice(seed) % sizeof word, members = dice(seed) % 5;
    unsigned kind = (unsigned)(dice(seed) % (depth + 1 < JSON_OPEN_MAX ? 9 : 6));
    for (size_t i = 0; i < len; i++)
        word[i] = "ab\"\\\n \tz"[dice(seed) % 8];
    switch (kind) {
    case 0: json_add_null(j, key); return;
    case 1: json_add_bool(j, key, dice(seed) % 2); return;
    case 2: json_add_u64(j, key, dice(seed) % 1000); return;
    case 3: json_add_number(j, key, (double)(dice(seed) % 1000) / 64); return;
    case 4: json_add_text(j, key, (struct text){word, len}); return;
    case 5: json_add_text_or_null(j, key, TEXT_NONE); return;
    case 6: json_add_array(j, key); break;
    default: json_add_object(j, key); break;
    }
    for (size_t i = 0; i < members; i++)
        value_write(j, kind == 6 ? NULL : keys[dice(seed) % COUNT(keys)], seed, depth + 1);
    json_end(j);
}

/* Another writer and reader of JSON agrees, byte by byte. */
static void whatever_is_written_is_what_cjson_would_write(void **state)
{
    (void)state;
    uint64_t seed = 7;
    struct buf b;
    buf_init(&b, 1u << 20);
    for (int round = 0; round < 3000; round++) {
        struct json_out j;
        buf_reset(&b);
        json_init(&j, &b);
        value_write(&j, NULL, &seed, 0);
        assert_false(b.failed);
        assert_int_equal(j.depth, 0);
        cJSON *read = cJSON_ParseWithLength(b.at, b.len);
        assert_non_null(read);
        char *again = cJSON_PrintUnformatted(read);
        assert_string_equal(b.at, again);
        cJSON_free(again);
        cJSON_Delete(read);
    }
    buf_clear(&b);
}

static void what_does_not_fit_fails_the_buffer(void **state)
{
    (void)state;
    struct buf b;
    struct json_out j;
    buf_init(&b, 5);
    json_init(&j, &b);
    sample_write(&j);
    assert_true(b.failed);
    buf_clear(&b);
}

static void a_member_without_key(struct json_out *j)
{
    json_add_object(j, NULL);
    json_add_null(j, NULL);
}

static void an_element_with_key(struct json_out *j)
{
    json_add_array(j, NULL);
    json_add_null(j, "key");
}

static void an_end_without_beginning(struct json_out *j)
{
    json_end(j);
}

static void a_comma_before_an_end(struct json_out *j)
{
    json_add_array(j, NULL);
    json_line(j, "\n");
    json_end(j);
}

static void a_pair_in_an_array(struct json_out *j)
{
    json_add_array(j, NULL);
    json_add_pair(j, TEXT("a"), TEXT("b"));
}

static void one_bracket_too_many(struct json_out *j)
{
    for (int i = 0; i <= JSON_OPEN_MAX; i++)
        json_add_array(j, NULL);
}

/* Mistakes of the program end it, in a child of the test. */
static void mistakes_are_asserted(void **state)
{
    (void)state;
    static void (*const mistakes[])(struct json_out *) = {
        a_member_without_key,  an_element_with_key, an_end_without_beginning,
        a_comma_before_an_end, a_pair_in_an_array,  one_bracket_too_many};
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            struct buf b;
            struct json_out j;
            setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
            signal(SIGABRT, SIG_DFL);
            close(STDERR_FILENO);
            buf_init(&b, 4096);
            json_init(&j, &b);
            mistakes[i](&j);
            _exit(0);
        }
        assert_true(child > 0 && waitpid(child, &status, 0) == child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_value_stands_where_it_belongs),
        cmocka_unit_test(white_space_stands_after_the_comma_and_before_the_bracket),
        cmocka_unit_test(a_buffer_may_be_emptied_between_any_two_calls),
        cmocka_unit_test(numbers_read_back_as_they_were),
        cmocka_unit_test(whatever_is_written_is_what_cjson_would_write),
        cmocka_unit_test(what_does_not_fit_fails_the_buffer),
        cmocka_unit_test(mistakes_are_asserted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
