/* The search of /api/rows, by counts and not by time. */
#include "unit.h"

#include "page/page_internal.h"

#include <stdio.h>

#define MANY 10000

struct fleet_of_rows {
    struct page_row rows[MANY];
    char names[MANY][40];
    struct page_snapshot snapshot;
    struct arena arena;
};

static unsigned laid_out; /* rows that were made HTML of */

static void row_html(const struct page_snapshot *s, uint32_t i, struct buf *out)
{
    laid_out++;
    buf_add_fmt(out, "<li>" TEXT_FMT "</li>", TEXT_ARG(s->rows[i].identity));
}

static int many_open(void **state)
{
    struct fleet_of_rows *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(f->names[i], sizeof f->names[i], "news%05u.Example.org", i);
        f->rows[i] = (struct page_row){.identity = text_of(f->names[i]),
                                       .account = TEXT("main"),
                                       .region = i % 2 ? TEXT("eu-west-1") : TEXT("us-east-1"),
                                       .mail_from = TEXT("bounce.example.org"),
                                       .reason = i % 100 ? TEXT("done") : TEXT("no MX at the name"),
                                       .state = i % 100 ? TEXT("done") : TEXT("waiting-dns")};
    }
    f->snapshot = (struct page_snapshot){
        .rows = f->rows, .rows_len = MANY, .row_html = row_html, .at = SPAN_S(1000)};
    arena_init(&f->arena, 1u << 20);
    *state = f;
    return 0;
}

static int many_close(void **state)
{
    struct fleet_of_rows *f = *state;
    arena_clear(&f->arena);
    free(f);
    return 0;
}

/* The answer, NUL-terminated, in the arena. */
static const char *ask(struct fleet_of_rows *f, const char *query)
{
    struct page_search s;
    struct buf out;
    laid_out = 0;
    assert_null(page_search_read(&s, text_of(query), &f->arena));
    buf_init(&out, PAGE_DOCUMENT_MAX);
    page_rows_write(&out, &f->snapshot, &s);
    assert_false(out.failed);
    assert_true(out.len < PAGE_ANSWER_BYTES);
    const char *copy = arena_text(&f->arena, buf_text(&out)).at;
    buf_clear(&out);
    assert_non_null(copy);
    return copy;
}

static void each_word_must_be_somewhere_in_the_row(void **state)
{
    static const struct {
        const char *query;
        unsigned found;
    } rows[] = {
        {"", 10000},
        {"q=", 10000},
        {"q=news00042", 1},
        {"q=NEWS00042.example.ORG", 1},
        {"q=eu-west", 5000},
        {"q=EU-WEST+news0000", 5},
        {"q=%20news0000%20", 10},
        {"q=mx+us-east", 100},
        {"q=bounce.", 10000},
        {"q=main", 10000},
        {"q=news00042+eu-west", 0},
        {"q=%00", 0},
        {"q=waiting-dns", 0}, /* state has a parameter of its own */
        {"state=waiting-dns", 100},
        {"state=waiting", 0},
        {"state=done&q=news000", 99},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char want[32];
        snprintf(want, sizeof want, "\"found\":%u", rows[i].found);
        const char *got = ask(*state, rows[i].query);
        arena_reset(&((struct fleet_of_rows *)*state)->arena);
        if (!strstr(got, want))
            fail_msg("?%s: %.200s ... wants %s", rows[i].query, got, want);
    }
}

static void only_the_rows_of_the_answer_are_laid_out(void **state)
{
    const char *got = ask(*state, "q=example&from=40&limit=3");
    assert_int_equal(laid_out, 3);
    assert_non_null(strstr(got, "\"total\":10000,\"from\":40"));
    assert_non_null(strstr(got, "<li>news00040.Example.org</li><li>news00041.Example.org</li>"
                                "<li>news00042.Example.org</li>\""));
    ask(*state, "");
    assert_int_equal(laid_out, PAGE_ROWS_USUAL);
    ask(*state, "limit=1000000");
    assert_int_equal(laid_out, PAGE_ROWS_MAX);
    ask(*state, "from=9999");
    assert_int_equal(laid_out, 1);
    ask(*state, "from=18446744073709551615");
    assert_int_equal(laid_out, 0);
}

static void an_answer_has_fewer_rows_rather_than_many_bytes(void **state)
{
    struct fleet_of_rows *f = *state;
    static char long_reason[8192];
    memset(long_reason, '<', sizeof long_reason);
    for (unsigned i = 0; i < MANY; i++)
        f->rows[i].reason = (struct text){long_reason, sizeof long_reason};
    ask(f, "limit=500");
    assert_between(laid_out, 20, 100);
}

static void other_parameters_are_refused(void **state)
{
    static const char *const rows[][2] = {
        {"from=-1", "from is not a number"},
        {"from=x", "from is not a number"},
        {"limit=0", "limit is not a number"},
        {"limit=1e3", "limit is not a number"},
        {"from=99999999999999999999", "from is not a number"},
    };
    struct fleet_of_rows *f = *state;
    struct page_search s;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *said = page_search_read(&s, text_of(rows[i][0]), &f->arena);
        assert_non_null(said);
        assert_non_null(strstr(said, rows[i][1]));
    }
    char q[PAGE_SEARCH_MAX + 8];
    snprintf(q, sizeof q, "q=%0*d", PAGE_SEARCH_MAX + 1, 0);
    assert_non_null(page_search_read(&s, text_of(q), &f->arena));
}

static void fields_are_decoded(void **state)
{
    struct fleet_of_rows *f = *state;
    struct text form = TEXT("a=1&token=%41+b%2&=x&&b&token=2&c=%ff");
    assert_text(page_field(form, "a", &f->arena), TEXT("1"));
    assert_text(page_field(form, "token", &f->arena), TEXT("A b%2"));
    assert_text(page_field(form, "b", &f->arena), TEXT_NONE);
    assert_text(page_field(form, "c", &f->arena), TEXT("\xff"));
    assert_text(page_field(form, "d", &f->arena), TEXT_NONE);
    assert_text(page_field(TEXT_NONE, "a", &f->arena), TEXT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_word_must_be_somewhere_in_the_row, many_open,
                                        many_close),
        cmocka_unit_test_setup_teardown(only_the_rows_of_the_answer_are_laid_out, many_open,
                                        many_close),
        cmocka_unit_test_setup_teardown(an_answer_has_fewer_rows_rather_than_many_bytes, many_open,
                                        many_close),
        cmocka_unit_test_setup_teardown(other_parameters_are_refused, many_open, many_close),
        cmocka_unit_test_setup_teardown(fields_are_decoded, many_open, many_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
