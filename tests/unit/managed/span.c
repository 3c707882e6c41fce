/* JSON read in place: what is JSON is said by cJSON too, and walks find what stands there. */
#include "unit.h"

#include "aws/json.h"
#include "base/bounds.h"
#include "base/buf.h"
#include "managed/json_span.h"

static const struct {
    const char *document;
    const char *fault; /* NULL: none */
} documents[] = {
    {"{}", NULL},
    {" [ ] \n", NULL},
    {"null", NULL},
    {"-0.5e+3", NULL},
    {"{\"a\":[1,2,{\"b\":\"c\\u00e9\\\\\"}],\"d\":null}", NULL},
    {"\"\\ud83d\\ude00\"", NULL},
    {"", "it ends too early"},
    {"   ", "it ends too early"},
    {"{", "it ends too early"},
    {"{\"a\"", "it ends too early"},
    {"{\"a\":", "it ends too early"},
    {"{\"a\":1", "it ends too early"},
    {"[1,", "it ends too early"},
    {"\"abc", "it ends too early"},
    {"\"abc\\", "it ends too early"},
    {"\"\\u12", "it ends too early"},
    {"[1,]", "something stands where"},
    {"{\"a\":1,}", "something stands where"},
    {"{a:1}", "something stands where"},
    {"{\"a\" 1}", "no colon"},
    {"[1 2]", "a comma or a closing bracket"},
    {"[1}", "a comma or a closing bracket"},
    {"{\"a\":1]", "a comma or a closing bracket"},
    {"01", "something follows"},
    {"{} {}", "something follows"},
    {"[- ]", "lacks a digit"},
    {"[1.]", "lacks a digit"},
    {"[1e]", "lacks a digit"},
    {"tru", "something stands where"},
    {"[\"a\nb\"]", "control character"},
    {"[\"\\x\"]", "an escape that JSON does not know"},
    {"[\"\\u12g4\"]", "without four digits"},
    {"[\"\xff\"]", "not text in UTF-8"},
    {"# comment\n{}", "something stands where"},
};

static void documents_are_checked_as_a_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(documents); i++) {
        size_t at;
        const char *fault = json_span_fault(text_of(documents[i].document), &at);
        const char *want = documents[i].fault;
        if (!want != !fault || (want && !strstr(fault, want)))
            fail_msg("%s: %s, want %s", documents[i].document, fault ? fault : "no fault",
                     want ? want : "none");
        if (fault)
            assert_between(at, 0, strlen(documents[i].document));
    }
}

static void depth_is_bounded(void **state)
{
    struct buf deep;
    size_t at;
    (void)state;
    for (size_t depth = MANAGED_DEPTH_MAX - 1; depth <= MANAGED_DEPTH_MAX + 1; depth++) {
        buf_init(&deep, 4096);
        for (size_t i = 0; i < depth; i++)
            buf_add_char(&deep, '[');
        buf_add_char(&deep, '1');
        for (size_t i = 0; i < depth; i++)
            buf_add_char(&deep, ']');
        bool is_good = json_span_fault(buf_text(&deep), &at) == NULL;
        assert_int_equal(is_good, depth <= MANAGED_DEPTH_MAX);
        buf_clear(&deep);
    }
}

/* Small changes to a document: what the check takes, cJSON takes. */
static void what_is_taken_is_json_to_others(void **state)
{
    static const char original[] =
        "{\"version\": 4, \"resources\": [{\"mode\": \"managed\", \"instances\": [{\"index_key\": "
        "\"a\\u0062\", \"attributes\": {\"x\": -1.5e3, \"y\": null, \"z\": [true, false]}}]}]}";
    static const char marks[] = "{}[]\",:\\0123-+.eEtfnu \n\tax";
    uint64_t seed = 20261130;
    unsigned taken = 0;
    (void)state;
    for (int round = 0; round < 200000; round++) {
        char bytes[sizeof original];
        size_t at;
        memcpy(bytes, original, sizeof original);
        for (uint64_t n = dice(&seed) % 3; n < 3; n++)
            bytes[dice(&seed) % (sizeof original - 1)] = marks[dice(&seed) % (sizeof marks - 1)];
        struct text t = {bytes, sizeof original - 1};
        struct json *parsed;
        struct why why;
        if (json_span_fault(t, &at) != NULL)
            continue;
        taken++;
        enum err err = json_parse(&parsed, t, &why);
        /* cJSON knows no double names and no lone surrogates here, which a check leaves to readers.
         */
        if (err != OK && !strstr(why.text, "twice") && !strstr(bytes, "\\u"))
            fail_msg("taken, but %s: %s", why.text, bytes);
        if (err == OK)
            json_free(parsed);
    }
    assert_between(taken, 1000, 200000);
}

static void walks_find_members_and_elements(void **state)
{
    struct arena arena;
    bool failed = false;
    struct text object = TEXT(" {\"a\" : \"x\\\"y\" ,\"b\":[1, {\"c\":\"]}\"},[] ], \"n\":null,"
                              "\"\\u0062\":2,\"esc\":\"\\u00e9\\n\",\"nul\":\"\\u0000\"} ");
    struct text trimmed = text_slice(object, 1, object.len - 1);
    (void)state;
    arena_init(&arena, 4096);
    assert_text(json_span_member(trimmed, TEXT("a")), TEXT("\"x\\\"y\""));
    assert_text(json_span_text(json_span_member(trimmed, TEXT("a")), &arena, &failed),
                TEXT("x\"y"));
    assert_text(json_span_text(json_span_member(trimmed, TEXT("esc")), &arena, &failed),
                TEXT("\xc3\xa9\n"));
    assert_int_equal(json_span_text(json_span_member(trimmed, TEXT("nul")), &arena, &failed).len,
                     0);
    assert_false(failed);
    assert_null(json_span_member(trimmed, TEXT("n")).at);
    assert_null(json_span_member(trimmed, TEXT("none")).at);
    struct text list = json_span_member(trimmed, TEXT("b"));
    static const struct text want[] = {TEXT("1"), TEXT("{\"c\":\"]}\"}"), TEXT("[]")};
    size_t n = 0;
    for (struct json_walk w = json_walk_begin(list); json_walk_next(&w); n++)
        assert_text(w.value, want[n]);
    assert_int_equal(n, COUNT(want));
    for (struct json_walk w = json_walk_begin(TEXT("12")); json_walk_next(&w);)
        fail();
    for (struct json_walk w = json_walk_begin(TEXT_NONE); json_walk_next(&w);)
        fail();
    struct text a = TEXT_NONE, b = TEXT_NONE;
    const struct json_wanted wanted[] = {{TEXT("a"), &a}, {TEXT("b"), &b}};
    assert_false(json_span_members(TEXT("{\"a\":1,\"b\":3,\"a\":2}"), wanted, COUNT(wanted)));
    assert_text(a, TEXT("2"));
    assert_text(b, TEXT("3"));
    a = b = TEXT_NONE;
    assert_true(json_span_members(trimmed, wanted, COUNT(wanted)));
    assert_text(a, TEXT("\"x\\\"y\""));
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_checked_as_a_whole),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(what_is_taken_is_json_to_others),
        cmocka_unit_test(walks_find_members_and_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
