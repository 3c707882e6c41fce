/*
 * What a live page is made of: the copy of what a run keeps, and the parts. What a browser makes of
 * them: live_browser.py.
 */
#include "report_kit.h"

#include "reports/live_copy.h"
#include "reports/live_parts.h"

/* A record in memory that is gone after the call, as those of a turn are. */
static void keep(struct live_copy *c, uint32_t job, enum job_state state, const char *reason,
                 const struct finding_note *note, instant_us at)
{
    char passing[64];
    snprintf(passing, sizeof passing, "%s", reason);
    const struct record r = {.job = job,
                             .at = at,
                             .row = {.state = state,
                                     .reason = text_of(passing),
                                     .notes = {note, note != NULL, note != NULL},
                                     .deadline = WHEN_NEVER}};
    struct live_kept *kept = live_kept_new(&r);
    assert_non_null(kept);
    memset(passing, 'x', sizeof passing);
    live_copy_take(c, kept);
}

static bool move_count(void *ctx, const struct record *r)
{
    uint32_t *count = ctx;
    assert_int_equal(r->at, 100 + *count);
    ++*count;
    return true;
}

static void copy_has_the_newest_row_and_every_move(void **state)
{
    static const struct finding_note note = {MX_MISSING, SEVERITY_WAIT, false, TEXT("no MX yet")};
    struct live_copy c;
    struct why why;
    uint32_t count = 0;
    (void)state;
    assert_true(live_copy_init(&c, 2, 0));
    keep(&c, 1, JOB_READING, "", NULL, 100);
    keep(&c, 1, JOB_WAITING_DNS, "no MX", &note, 101);
    keep(&c, 1, JOB_READY, "to be written", NULL, 102); /* knows no findings: those before hold */
    keep(&c, 7, JOB_READY, "no row of this fleet", NULL, 103);
    assert_null(c.rows[0]);
    const struct job_row *row = &c.rows[1]->record.row;
    assert_int_equal(row->state, JOB_READY);
    assert_true(text_eq(row->reason, TEXT("to be written")));
    assert_int_equal(row->notes.len, 1);
    assert_true(text_eq(row->notes.at[0].text, TEXT("no MX yet")));
    const struct report_source source = live_copy_source(&c);
    assert_int_equal(source.moves(source.ctx, move_count, &count, &why), OK);
    assert_int_equal(count, 3);
    assert_int_equal(c.last, 102);
    live_copy_clear(&c);
}

static bool target_see(void *ctx, const struct publish_record *r)
{
    assert_int_equal(r->target, 1);
    assert_true(text_eq(r->reason, TEXT("refused")));
    ++*(uint32_t *)ctx;
    return true;
}

static void copy_has_the_newest_record_of_each_target(void **state)
{
    struct live_copy c;
    struct why why;
    uint32_t count = 0;
    (void)state;
    assert_true(live_copy_init(&c, 0, 2));
    for (int i = 0; i < 2; i++) {
        const struct publish_record p = {.target = 1, .reason = i ? TEXT("refused") : TEXT("sent")};
        const struct record r = {.kind = RECORD_PUBLISH, .job = 1, .publish = &p};
        struct live_kept *kept = live_kept_new(&r);
        assert_non_null(kept);
        live_copy_take(&c, kept);
    }
    assert_int_equal(live_copy_published(&c, target_see, &count, &why), OK);
    assert_int_equal(count, 1);
    live_copy_clear(&c);
}

static struct text part_of(const struct live_parts *parts, const char *name)
{
    for (uint32_t i = 0; i < parts->len; i++)
        if (strcmp(parts->at[i].name, name) == 0)
            return parts->at[i].html;
    fail_msg("no part %s", name);
    return TEXT_NONE;
}

static bool has(struct text t, const char *words)
{
    return text_find_text(t, text_of(words)) < t.len;
}

static void parts_of_watching_tell_the_worst_first(void **state)
{
    static const struct live_problem problems[] = {{.level = WATCH_PAGE,
                                                    .kind = WATCH_REJECTING,
                                                    .identity = TEXT("a.example"),
                                                    .reason = TEXT("mail is rejected <b>now</b>"),
                                                    .mend = TEXT("mailfrom apply 'a.yaml'"),
                                                    .since = SPAN_H(1),
                                                    .deadline = SPAN_H(73)},
                                                   {.level = WATCH_WARNING,
                                                    .kind = WATCH_SPF_GONE,
                                                    .identity = TEXT("b.example"),
                                                    .deadline = WHEN_NEVER}};
    const struct live_watch watch = {.problems = problems,
                                     .problems_len = COUNT(problems),
                                     .identities = 9,
                                     .with_problems = 2,
                                     .by_level = {7, 1, 0, 1},
                                     .last_sweep = SPAN_H(2),
                                     .next_sweep = SPAN_H(3),
                                     .now = SPAN_H(2)};
    struct arena arena;
    struct live_parts parts;
    struct why why;
    (void)state;
    arena_init(&arena, SIZE_MAX);
    assert_int_equal(live_watch_parts(&parts, &watch, &arena, &why), OK);
    assert_true(
        has(part_of(&parts, "verdict"),
            "<h1>2 of 9 identities have a problem: 1 needs a person at once, 1 warning.</h1>"));
    struct text table = part_of(&parts, "problems");
    assert_true(has(table, "mail is rejected &lt;b&gt;now&lt;/b&gt;"));
    assert_true(has(table, "<code>mailfrom apply &#39;a.yaml&#39;</code>"));
    assert_true(
        has(table,
            "<time datetime=\"1970-01-01T01:00:00Z\">1970-01-01T01:00:00Z</time> (1 h 0 min ago)"));
    assert_true(
        has(table,
            "<time datetime=\"1970-01-04T01:00:00Z\">1970-01-04T01:00:00Z</time> (2 d 23 h left)"));
    assert_true(text_find_text(table, TEXT("a.example")) <
                text_find_text(table, TEXT("b.example")));
    assert_true(
        has(parts.status,
            "\"levels\":{\"well\":7,\"warning\":1,\"critical\":0,\"page\":1,\"unconfirmed\":0}"));
    arena_clear(&arena);
}

static void a_watch_without_a_sweep_claims_nothing(void **state)
{
    const struct live_watch watch = {
        .identities = 9, .next_sweep = WHEN_NEVER, .is_sweeping = true};
    struct arena arena;
    struct live_parts parts;
    struct why why;
    (void)state;
    arena_init(&arena, SIZE_MAX);
    assert_int_equal(live_watch_parts(&parts, &watch, &arena, &why), OK);
    assert_true(has(part_of(&parts, "verdict"), "The first look goes on."));
    assert_false(has(part_of(&parts, "verdict"), "well"));
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copy_has_the_newest_row_and_every_move),
        cmocka_unit_test(copy_has_the_newest_record_of_each_target),
        cmocka_unit_test(parts_of_watching_tell_the_worst_first),
        cmocka_unit_test(a_watch_without_a_sweep_claims_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
