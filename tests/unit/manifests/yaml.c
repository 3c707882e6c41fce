/*
 * The YAML test suite (tests/data/yaml, MIT, release data-2022-01-17): 402 documents, of which 94
 * are no YAML 1.2. None is a manifest, so all are refused; the question is what for. Our reader
 * takes a subset, and libyaml 0.2.5 reads YAML 1.1: the numbers are pinned, so that a change of
 * either is seen.
 */
#include "manifest_room.h"

#include <cjson/cJSON.h>

/* How the reader ended: it took the document for YAML of our subset, or not. */
enum reading { READ_WHOLE, READ_REFUSED, READINGS };

#define VALID_READ                                                                                 \
    211 /* of 308; the others have tags, several documents, or are YAML 1.2 alone                  \
         */

/* No YAML 1.2 and read all the same: comments without a blank before them, and indents that
 * only 1.2 forbids. None can hide or change a value of a manifest. */
static const char *const too_kind[] = {"9C9N", "9JBA", "CVW2", "DK95/01", "G5U8",     "MUS6/00",
                                       "QB6E", "S98Z", "SU5Z", "X4QW",    "Y79Y/003", "YJV2"};

static bool has(const struct loaded *l, const char *piece)
{
    struct text said = buf_text(&l->said);
    return text_find_text(said, text_of(piece)) < said.len;
}

static enum reading reading_of(const struct loaded *l)
{
    static const char *const words[] = {"not valid YAML",          "found alias",
                                        "tags are not allowed",    "<<: found",
                                        "found a second document", "nested deeper"};
    for (size_t i = 0; i < COUNT(words); i++)
        if (has(l, words[i]))
            return READ_REFUSED;
    return READ_WHOLE;
}

static bool is_too_kind(const char *id)
{
    for (size_t i = 0; i < COUNT(too_kind); i++)
        if (strcmp(too_kind[i], id) == 0)
            return true;
    return false;
}

static cJSON *suite_read(void)
{
    struct buf bytes;
    char chunk[4096];
    FILE *file = fopen(TEST_DATA "/yaml/suite.json", "rb");
    assert_non_null(file);
    buf_init(&bytes, 1u << 20);
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, file)) > 0;)
        buf_add(&bytes, chunk, n);
    fclose(file);
    cJSON *suite = cJSON_ParseWithLength(bytes.at, bytes.len);
    buf_clear(&bytes);
    assert_non_null(suite);
    return suite;
}

static enum reading document_read(const char *id, const char *yaml)
{
    struct loaded l;
    file_write("suite.yaml", yaml);
    load(&l, "suite.yaml");
    if (l.err != ERR_INPUT || l.complaints.len == 0 || l.fleet.choices_len != 0)
        fail_msg("%s: error %d, %u complaints: %s", id, l.err, l.complaints.len, l.why.text);
    for (uint32_t i = 0; i < l.complaints.len; i++)
        if (l.complaints.list[i].line == 0 && !has(&l, "the file is empty"))
            fail_msg("%s: a complaint without a place: " TEXT_FMT, id,
                     TEXT_ARG(l.complaints.list[i].text));
    enum reading reading = reading_of(&l);
    loaded_clear(&l);
    return reading;
}

static void the_yaml_test_suite_is_read_as_pinned(void **state)
{
    (void)state;
    unsigned counts[2][READINGS] = {{0}};
    cJSON *suite = suite_read();
    const cJSON *test;
    cJSON_ArrayForEach(test, suite)
    {
        const char *id = cJSON_GetStringValue(cJSON_GetObjectItem(test, "id"));
        bool fails = cJSON_IsTrue(cJSON_GetObjectItem(test, "fails"));
        enum reading reading =
            document_read(id, cJSON_GetStringValue(cJSON_GetObjectItem(test, "yaml")));
        counts[fails][reading]++;
        if (fails && (reading == READ_WHOLE) != is_too_kind(id))
            fail_msg("%s is no YAML and was %s", id, reading == READ_WHOLE ? "read" : "refused");
    }
    cJSON_Delete(suite);
    assert_int_equal(counts[false][READ_WHOLE], VALID_READ);
    assert_int_equal(counts[false][READ_REFUSED], 308 - VALID_READ);
    assert_int_equal(counts[true][READ_WHOLE], COUNT(too_kind));
    assert_int_equal(counts[true][READ_REFUSED], 94 - COUNT(too_kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_yaml_test_suite_is_read_as_pinned, set_up, set_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
