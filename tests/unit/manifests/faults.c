/*
 * Faulty manifests, as data: tests/data/manifests/faults.txt holds each with all that is said of
 * it.
 */
#include "manifest_room.h"

#define CASES_MIN 120 /* so that a file that is cut short is noticed */

static struct text file_read(const char *path, struct buf *out)
{
    char bytes[4096];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    buf_init(out, 1u << 20);
    for (size_t n = fread(bytes, 1, sizeof bytes, file); n > 0;
         n = fread(bytes, 1, sizeof bytes, file))
        buf_add(out, bytes, n);
    fclose(file);
    return buf_text(out);
}

/* Cuts at the first line that is, or begins with, mark; what stood before comes back. */
static struct text cut_before(struct text *rest, struct text mark)
{
    struct text all = *rest;
    size_t end = text_starts(all, text_from(mark, 1)) ? 0 : text_find_text(all, mark) + 1;
    if (end > all.len)
        end = all.len;
    *rest = text_from(all, end);
    return text_slice(all, 0, end);
}

/* Is it one of the complaints that are expected? A library's words may be any. */
static bool complaint_fits(struct text said, struct text want)
{
    const struct text words = TEXT("<libyaml>");
    size_t at = text_find_text(want, words);
    if (at == want.len)
        return text_eq(said, want);
    struct text after = text_from(want, at + words.len);
    return said.len > at + after.len && text_starts(said, text_slice(want, 0, at)) &&
           text_ends(said, after);
}

static bool complaints_fit(struct text said, struct text want)
{
    while (said.len && want.len)
        if (!complaint_fits(text_cut(&said, '\n'), text_cut(&want, '\n')))
            return false;
    return said.len == want.len;
}

static void case_check(struct text name, struct text manifest, struct text expected)
{
    struct loaded l;
    struct buf want;
    file_write_bytes("case.yaml", manifest.len ? manifest.at : "", manifest.len);
    load(&l, "case.yaml");
    buf_init(&want, 1u << 20);
    while (expected.at && expected.len) {
        struct text line = text_cut(&expected, '\n');
        buf_add_fmt(&want, "case.yaml:" TEXT_FMT "\n", TEXT_ARG(line));
    }
    if (!complaints_fit(buf_text(&l.said), buf_text(&want)))
        fail_msg(TEXT_FMT "\nwant:\n" TEXT_FMT "got:\n" TEXT_FMT, TEXT_ARG(name),
                 TEXT_ARG(buf_text(&want)), TEXT_ARG(buf_text(&l.said)));
    assert_int_equal(l.err, ERR_INPUT);
    assert_int_equal(l.fleet.choices_len, 0);
    buf_clear(&want);
    loaded_clear(&l);
}

static void every_fault_is_found_at_its_line_and_column(void **state)
{
    (void)state;
    struct buf bytes;
    struct text rest = file_read(TEST_DATA "/manifests/faults.txt", &bytes);
    unsigned cases = 0;
    cut_before(&rest, TEXT("\n=== "));
    for (; rest.len; cases++) {
        struct text name = text_cut(&rest, '\n');
        struct text manifest = cut_before(&rest, TEXT("\n>>>"));
        text_cut(&rest, '\n');
        struct text expected = cut_before(&rest, TEXT("\n=== "));
        case_check(name, manifest, expected);
    }
    assert_true(cases >= CASES_MIN);
    buf_clear(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_fault_is_found_at_its_line_and_column, set_up,
                                        set_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
