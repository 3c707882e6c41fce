/* What is written of evidence: sentences, tables, data, whatever the names are. */
#include "unit.h"

#include "../evidence/sent_story.h"

#include "base/bounds.h"
#include "base/escape.h"
#include "reports/evidence_internal.h"

#include <unistd.h>

static void words_of(struct buf *out, const struct evidence *e,
                     void (*add)(struct buf *out, const struct evidence *e))
{
    buf_init(out, 1 << 20);
    add(out, e);
}

static void assert_words(const struct evidence *e,
                         void (*add)(struct buf *out, const struct evidence *e), const char *want)
{
    struct buf out;
    words_of(&out, e, add);
    assert_text(buf_text(&out), text_of(want));
    buf_clear(&out);
}

/* One format, whole. */
static struct buf written(const struct evidence *e, const char *format)
{
    char path[] = "/tmp/evidence.XXXXXX", bytes[1 << 16];
    struct why why = {""};
    struct buf out;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(evidence_write(text_of(format), path, e, &why), OK);
    close(fd);
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    buf_init(&out, 64 << 20);
    for (size_t len; (len = fread(bytes, 1, sizeof bytes, in)) > 0;)
        buf_add(&out, bytes, len);
    fclose(in);
    unlink(path);
    return out;
}

static void numbers_are_as_people_write_them(void **state)
{
    static const struct {
        uint64_t part, whole;
        const char *number, *share;
    } cases[] = {
        {0, 0, "0", "-"},
        {0, 7, "0", "0 %"},
        {1, 100000, "1", "0.1 %"},
        {999, 1000, "999", "99.9 %"},
        {1000, 1000, "1,000", "100 %"},
        {999999, 1000000, "999,999", "99.9 %"},
        {12345678, 24691356, "12,345,678", "50.0 %"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf out;
        buf_init(&out, 100);
        number_add(&out, cases[i].part);
        assert_text(buf_text(&out), text_of(cases[i].number));
        buf_reset(&out);
        share_add(&out, cases[i].part, cases[i].whole);
        assert_text(buf_text(&out), text_of(cases[i].share));
        buf_clear(&out);
    }
    char date[DAY_LEN];
    assert_string_equal(day_format(0, date), "1970-01-01");
    assert_string_equal(day_format(TODAY, date), "2026-05-20");
}

static void the_verdict_is_a_sentence(void **state)
{
    struct story s;
    (void)state;
    story_tell(&s, 7, true, false);
    struct evidence e = story_evidence(&s);
    assert_words(&e, evidence_verdict_add,
                 "Mail through SES aligned by SPF: 24.4 % before, 67.3 % after run 3 (24,012 and "
                 "26,184 messages of 5 domains). DMARC passes: 74.1 % before, 86.4 % after.");
    assert_words(&e, evidence_outcomes_add,
                 "1 worse, 2 still failing, 2 better, 1 not changed, 1 not in the run");
    e.is_rollback = true;
    e.gain.before = (struct mail_counts){0};
    e.gain.domains = 1;
    e.gain.after.messages = e.gain.after.spf = e.gain.after.both = e.gain.after.dkim = 1;
    assert_words(&e, evidence_verdict_add,
                 "Mail through SES aligned by SPF: no report before, 100 % after rollback 3 (0 and "
                 "1 message of 1 domain). DMARC passes: no report before, 100 % after.");
    story_clear(&s);

    story_tell(&s, 1, false, false);
    e = story_evidence(&s);
    assert_words(&e, evidence_verdict_add,
                 "Mail through SES: 46.8 % aligned by SPF, 46.8 % by DKIM, 46.8 % passes DMARC "
                 "(13,581 messages of 1 domain, 2026-05-08 to 2026-06-01).");
    assert_words(&e, evidence_outcomes_add, "");
    story_clear(&s);

    story_tell(&s, 0, false, false);
    e = story_evidence(&s);
    assert_words(&e, evidence_verdict_add, "The reports show no mail through SES.");
    story_clear(&s);
}

static void what_is_not_compared_is_said(void **state)
{
    struct story s;
    (void)state;
    story_tell(&s, 1, true, false);
    struct evidence e = story_evidence(&s);
    struct buf page = written(&e, "html");
    assert_true(text_find_text(buf_text(&page), TEXT("<header class=\"good\">")) < page.len);
    assert_true(text_find_text(buf_text(&page), TEXT("no Success yet")) == page.len);
    buf_clear(&page);
    e.gain.before = (struct mail_counts){.messages = 1000};
    e.gain.after = (struct mail_counts){1000, 1000, 1000, 1000, 0, 0};
    e.gain.open_domains = 1;
    e.gain.open = (struct mail_counts){.messages = 1001, .spf = 1};
    assert_words(&e, evidence_verdict_add,
                 "Mail through SES aligned by SPF: 0 % before, 100 % after run 3 (1,000 and 1,000 "
                 "messages of 1 domain). DMARC passes: 0 % before, 100 % after. Not compared: 1 "
                 "domain without Success yet (1,001 messages since the first write, 1,000 of them "
                 "not aligned by SPF).");
    page = written(&e, "html");
    assert_true(text_find_text(buf_text(&page), TEXT("<header class=\"open\">")) < page.len);
    assert_true(text_find_text(buf_text(&page), TEXT("<p>no Success yet</p>")) < page.len);
    assert_true(text_find_text(buf_text(&page), TEXT("<th scope=\"row\">before</th><td "
                                                     "class=\"number\">1,000</td>")) < page.len);
    buf_clear(&page);
    e.gain.awaited_domains = 2;
    e.gain.open_domains = 0;
    assert_words(&e, evidence_verdict_add,
                 "Mail through SES aligned by SPF: 0 % before, 100 % after run 3 (1,000 and 1,000 "
                 "messages of 1 domain). DMARC passes: 0 % before, 100 % after. Not compared: 2 "
                 "domains with Success and no report since then.");
    story_clear(&s);
}

static void what_is_left_out_is_said(void **state)
{
    struct story s;
    (void)state;
    story_tell(&s, 1, true, false);
    struct evidence e = story_evidence(&s);
    assert_words(&e, evidence_left_out_add, "");
    s.tally.domains_beyond = 1;
    s.tally.days_beyond = 2000;
    s.tally.domains[1].senders_beyond = 3;
    assert_words(&e, evidence_left_out_add,
                 " 1 message is of further From domains, and in the sum alone. 2,000 messages are "
                 "of further days, and in their domain's sum alone. 3 messages are of further MAIL "
                 "FROMs, which are not listed.");
    e.counts = (struct aggregate_counts){.files = 1, .reports = 1, .rows = 1, .bad_reports = 1};
    s.tally.rows_apart = 4;
    assert_words(&e, evidence_read_add,
                 "1 file with 1 report and 1 row, of which 4 are of other days; could not be read: "
                 "0 files, 1 report");
    story_clear(&s);
}

static void no_line_of_text_is_wider_than_80(void **state)
{
    (void)state;
    for (int hostile = 0; hostile <= 1; hostile++) {
        struct story s;
        story_tell(&s, 50, true, hostile);
        struct evidence e = story_evidence(&s);
        for (int all = 0; all <= 1; all++) {
            e.shows_all = all;
            struct buf out = written(&e, "text");
            struct text rest = buf_text(&out);
            assert_int_equal(text_find_text(rest, TEXT("--verbose")) < rest.len, !all);
            while (rest.len) {
                struct text line = text_cut(&rest, '\n');
                assert_true(text_columns(line) <= 80);
            }
            buf_clear(&out);
        }
        story_clear(&s);
    }
}

static void a_hostile_name_is_text_in_every_format(void **state)
{
    static const char *const formats[] = {"text", "csv", "json", "html"};
    struct tally t;
    const char *const name = "=cmd|'/c calc'!A1</script><b>\"\x1b[31m\xff\xe2\x80\xae";
    (void)state;
    assert_true(tally_init(&t, NULL, DAY_MIN, DAY_MAX));
    assert_true(sent_add(&t, &(struct sent_row){0, name, name, AUTH_PASS, "amazonses.com", false,
                                                false, 5, NULL, name}));
    tally_settle(&t);
    const struct evidence e = {.tally = &t, .gain = mail_gain(&t), .version = TEXT("<i>")};
    for (size_t i = 0; i < COUNT(formats); i++) {
        struct buf out = written(&e, formats[i]);
        struct text all = buf_text(&out);
        bool is_html = strcmp(formats[i], "html") == 0;
        assert_int_equal(text_find(all, '\x1b'), all.len);
        assert_int_equal(text_find_text(all, TEXT("\xe2\x80\xae")), all.len);
        assert_true(utf8_is(all));
        if (strcmp(formats[i], "csv") == 0)
            assert_int_equal(text_find_text(all, TEXT("\n=cmd")), all.len);
        assert_true(text_find_text(all, TEXT("calc")) < all.len);
        if (is_html) {
            assert_int_equal(text_find_text(all, TEXT("<b>\"")), all.len);
            assert_int_equal(text_find_text(all, TEXT("A1</script>")), all.len);
            assert_int_equal(text_find_text(all, TEXT("<i>.")), all.len);
        }
        buf_clear(&out);
    }
    tally_clear(&t);
}

/* As many lines as days, and the sums of them. */
static void csv_has_a_line_for_each_day(void **state)
{
    struct story s;
    uint64_t lines = 0;
    (void)state;
    story_tell(&s, 14, true, false);
    const struct evidence e = story_evidence(&s);
    struct buf out = written(&e, "csv");
    struct text rest = buf_text(&out);
    assert_true(text_starts(rest, TEXT("domain,day,coarse,phase,messages,spf_aligned,")));
    while (rest.len) {
        struct text line = text_cut(&rest, '\n');
        assert_true(text_ends(line, TEXT("\r")));
        lines++;
    }
    assert_int_equal(lines, 1 + 14 * (2 * STORY_DAYS + 1));
    buf_clear(&out);
    story_clear(&s);
}

static void charts_are_of_the_first_domains(void **state)
{
    struct story s;
    (void)state;
    story_tell(&s, EVIDENCE_CHARTS_MAX + 3, true, false);
    const struct evidence e = story_evidence(&s);
    struct buf out = written(&e, "html");
    struct text rest = buf_text(&out);
    size_t charts = 0;
    for (size_t at; (at = text_find_text(rest, TEXT("<desc"))) < rest.len; charts++)
        rest = text_from(rest, at + 5);
    assert_int_equal(charts, 1 + EVIDENCE_CHARTS_MAX);
    rest = buf_text(&out);
    assert_true(text_find_text(rest, TEXT("The first 100 have a chart, 3 have none")) < rest.len);
    buf_clear(&out);
    story_clear(&s);
}

static void no_other_format_is_written(void **state)
{
    struct story s;
    struct why why = {""};
    (void)state;
    story_tell(&s, 1, false, false);
    const struct evidence e = story_evidence(&s);
    assert_int_equal(evidence_write(TEXT("yaml"), "-", &e, &why), ERR_INPUT);
    for (size_t i = 0; evidence_format_name(i); i++)
        assert_true(evidence_format_known(text_of(evidence_format_name(i))));
    story_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_as_people_write_them),
        cmocka_unit_test(the_verdict_is_a_sentence),
        cmocka_unit_test(what_is_not_compared_is_said),
        cmocka_unit_test(what_is_left_out_is_said),
        cmocka_unit_test(no_line_of_text_is_wider_than_80),
        cmocka_unit_test(a_hostile_name_is_text_in_every_format),
        cmocka_unit_test(csv_has_a_line_for_each_day),
        cmocka_unit_test(charts_are_of_the_first_domains),
        cmocka_unit_test(no_other_format_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
