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
    if (!text_eq(buf_text(&want), buf_text(&l.said)))
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
