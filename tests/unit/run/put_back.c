/*
 * What a rollback puts back, and what it expects to find: told from the records of a run, each case
 * a script of records and one row of the fleet that takes it back.
 */
#include "unit.h"

#include "base/count.h"
#include "journal/journal.h"
#include "journal/store_sqlite/store_sqlite.h"
#include "run/rollback.h"

#define NEW "bounce.example.com"
#define OLD "old.example.com"

enum step_kind {
    STEP_NONE,
    STEP_INTENT, /* is about to write name, over before */
    STEP_SEEN,   /* SES shows name, in a read after that */
    STEP_UNSURE, /* the answer is lost, and SES has not been read since */
    STEP_DONE,   /* the job is final, with SES showing name */
};

struct step {
    enum step_kind kind;
    const char *name, *before; /* NULL: the default MAIL FROM */
    enum behavior behavior, behavior_before;
    enum mail_from_status status_before;
};

struct given {
    struct fleet fleet;
    struct journal *journal;
    struct run_head head;
    instant_us now;
};

static name_id name_of(struct fleet *f, const char *bytes)
{
    name_id id;
    assert_true(names_add(&f->names, text_of(bytes), &id));
    return id;
}

static void given_open(struct given *g)
{
    uint16_t index;
    uint32_t row;
    struct why why = {""};
    *g = (struct given){.head = {.jobs = 1, .options = TEXT("{}")}, .now = SPAN_S(1000)};
    struct fleet *f = &g->fleet;
    fleet_init(f);
    assert_true(names_init(&f->names, 1 << 20));
    assert_true(fleet_account(f, (struct account){.name = name_of(f, "prod")}, &index));
    assert_true(fleet_lane(f, 0, name_of(f, "us-east-1"), &index));
    f->lanes[0].caller.account = name_of(f, "111122223333");
    assert_true(fleet_policy(f, (struct policy){.require = REQUIRE_MX_SPF}, &index));
    struct choice choice = {.identity = name_of(f, "example.com"), .mail_from = name_of(f, NEW)};
    assert_true(fleet_choice(f, choice, &row));
    assert_int_equal(journal_open_memory(&g->journal, &why), OK);
    assert_int_equal(journal_begin(g->journal, &g->head, f, &why), OK);
}

static void given_close(struct given *g)
{
    journal_close(g->journal);
    fleet_clear(&g->fleet);
}

static struct record record_of(const struct given *g, const struct step *s)
{
    static const enum job_state states[] = {[STEP_INTENT] = JOB_WRITING,
                                            [STEP_SEEN] = JOB_FOLLOWING,
                                            [STEP_UNSURE] = JOB_UNSURE,
                                            [STEP_DONE] = JOB_DONE};
    struct record r = {.kind = RECORD_MOVE, .at = g->now, .from = JOB_NEW};
    r.row.state = states[s->kind];
    r.row.outcome = s->kind == STEP_DONE ? OUTCOME_DONE : OUTCOME_OPEN;
    r.row.deadline = WHEN_NEVER;
    if (s->kind == STEP_INTENT || s->kind == STEP_UNSURE) {
        r.kind = s->kind == STEP_INTENT ? RECORD_INTENT : RECORD_ANSWER;
        r.write_mail_from = text_of(s->name);
        r.write_behavior = s->behavior;
        r.row.before_known = r.row.seen_known = true;
        r.row.mail_from_before = r.row.mail_from_seen = text_of(s->before);
        r.row.behavior_before = r.row.behavior_seen = s->behavior_before;
        r.row.status_seen = s->status_before;
    } else {
        r.row.seen_known = true;
        r.row.mail_from_seen = text_of(s->name);
        r.row.behavior_seen = s->behavior;
    }
    return r;
}

static void steps_keep(struct given *g, const struct step *steps)
{
    struct why why = {""};
    for (; steps->kind != STEP_NONE; steps++) {
        struct record r = record_of(g, steps);
        g->now += SPAN_S(1);
        assert_int_equal(journal_keep(g->journal, g->head.id, &r, 1, &why), OK);
    }
}

static struct fleet rolled_back(struct given *g, const struct rollback *how)
{
    struct fleet back;
    struct why why = {""};
    fleet_init(&back);
    assert_int_equal(rollback_fleet(&back, g->journal, g->head.id, how, &why), OK);
    return back;
}

static void assert_name(const struct fleet *f, name_id id, const char *wanted)
{
    struct text name = names_text(&f->names, id);
    assert_true(text_eq(name, text_of(wanted)));
}

/* What one row wants and expects, told in words. */
struct wanted {
    const char *back; /* NULL: the default MAIL FROM */
    const char *left, *or_left;
    enum behavior behavior; /* to be put back */
    enum until until;
};

static void check(const struct step *steps, const struct wanted *wanted)
{
    struct given g;
    given_open(&g);
    steps_keep(&g, steps);
    struct fleet back = rolled_back(&g, &(struct rollback){0});
    assert_int_equal(back.choices_len, 1);
    const struct policy *policy = fleet_policy_of(&back, 0);
    assert_name(&back, back.choices[0].mail_from, wanted->back);
    assert_name(&back, back.expected[0].mail_from, wanted->left);
    assert_name(&back, back.expected[0].or_mail_from, wanted->or_left);
    assert_int_equal(back.choices[0].guarded, GUARD_WRITTEN);
    assert_int_equal(policy->behavior, wanted->behavior);
    assert_int_equal(policy->until, wanted->until);
    assert_int_equal(policy->require, REQUIRE_NONE);
    assert_name(&back, back.lanes[0].caller.account, "111122223333");
    fleet_clear(&back);
    given_close(&g);
}

static void a_default_comes_back_where_the_write_was_seen(void **state)
{
    (void)state;
    const struct step steps[] = {{STEP_INTENT, .name = NEW},
                                 {STEP_SEEN, .name = NEW},
                                 {STEP_DONE, .name = NEW},
                                 {.kind = STEP_NONE}};
    check(steps, &(struct wanted){.left = NEW, .or_left = NEW, .until = UNTIL_SET});
}

static void a_name_comes_back_with_its_behavior_and_success(void **state)
{
    (void)state;
    const struct step steps[] = {{STEP_INTENT, NEW, OLD, BEHAVIOR_USE_DEFAULT_VALUE,
                                  BEHAVIOR_REJECT_MESSAGE, MAIL_FROM_SUCCESS},
                                 {STEP_SEEN, .name = NEW},
                                 {.kind = STEP_NONE}};
    check(steps, &(struct wanted){OLD, NEW, NEW, BEHAVIOR_REJECT_MESSAGE, UNTIL_SUCCESS});
}

/* Nobody knows whether it has taken effect, so both are the run's. */
static void a_write_without_an_answer_leaves_two_possibilities(void **state)
{
    (void)state;
    const struct step cut_off[] = {
        {STEP_INTENT, .name = NEW, .before = OLD, .status_before = MAIL_FROM_FAILED},
        {.kind = STEP_NONE}};
    const struct step lost[] = {
        {STEP_INTENT, .name = NEW, .before = OLD, .status_before = MAIL_FROM_FAILED},
        {STEP_UNSURE, .name = NEW, .before = OLD},
        {.kind = STEP_NONE}};
    const struct wanted wanted = {OLD, NEW, OLD, .until = UNTIL_SET};
    check(cut_off, &wanted);
    check(lost, &wanted);
}

static void what_others_were_seen_to_set_is_not_what_the_run_left(void **state)
{
    (void)state;
    const struct step steps[] = {{STEP_INTENT, .name = NEW, .before = OLD},
                                 {STEP_SEEN, .name = NEW},
                                 {STEP_DONE, .name = "other.example.com"},
                                 {.kind = STEP_NONE}};
    check(steps, &(struct wanted){OLD, NEW, NEW, .until = UNTIL_SET});
}

/* The value before the first write counts, not the one before the second. */
static void of_two_writes_the_first_says_what_was_there(void **state)
{
    (void)state;
    const struct step steps[] = {{STEP_INTENT, .name = NEW, .before = OLD},
                                 {STEP_SEEN, .name = NEW},
                                 {STEP_INTENT, NEW, NEW, BEHAVIOR_REJECT_MESSAGE,
                                  BEHAVIOR_USE_DEFAULT_VALUE, MAIL_FROM_SUCCESS},
                                 {STEP_SEEN, .name = NEW, .behavior = BEHAVIOR_REJECT_MESSAGE},
                                 {.kind = STEP_NONE}};
    check(steps, &(struct wanted){OLD, NEW, NEW, .until = UNTIL_SET});
}

static uint32_t rows_of(const struct step *steps, const struct rollback *how)
{
    struct given g;
    given_open(&g);
    steps_keep(&g, steps);
    struct fleet back = rolled_back(&g, how);
    uint32_t len = back.choices_len;
    fleet_clear(&back);
    given_close(&g);
    return len;
}

static void what_was_not_written_is_not_put_back(void **state)
{
    (void)state;
    const struct step only_seen[] = {{STEP_DONE, .name = OLD}, {.kind = STEP_NONE}};
    assert_int_equal(rows_of(only_seen, &(struct rollback){0}), 0);
}

static void outcomes_choose_rows(void **state)
{
    (void)state;
    const struct step steps[] = {
        {STEP_INTENT, .name = NEW, .before = OLD}, {STEP_DONE, .name = NEW}, {.kind = STEP_NONE}};
    const struct {
        struct rollback how;
        uint32_t rows;
    } table[] = {
        {{.by_outcome = true, .outcome = OUTCOME_DONE}, 1},
        {{.by_outcome = true, .outcome = OUTCOME_FAILED}, 0},
    };
    for (size_t i = 0; i < COUNT(table); i++)
        assert_int_equal(rows_of(steps, &table[i].how), table[i].rows);
}

static void to_default_and_force_are_taken_at_their_word(void **state)
{
    (void)state;
    const struct step steps[] = {{STEP_INTENT, NEW, OLD, BEHAVIOR_USE_DEFAULT_VALUE,
                                  BEHAVIOR_REJECT_MESSAGE, MAIL_FROM_SUCCESS},
                                 {.kind = STEP_NONE}};
    struct given g;
    given_open(&g);
    steps_keep(&g, steps);
    struct fleet back = rolled_back(&g, &(struct rollback){.to_default = true, .forced = true});
    assert_int_equal(back.choices[0].mail_from, MAIL_FROM_DEFAULT);
    assert_int_equal(back.choices[0].guarded, GUARD_FORCED);
    assert_int_equal(fleet_policy_of(&back, 0)->behavior, BEHAVIOR_USE_DEFAULT_VALUE);
    fleet_clear(&back);
    given_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_default_comes_back_where_the_write_was_seen),
        cmocka_unit_test(a_name_comes_back_with_its_behavior_and_success),
        cmocka_unit_test(a_write_without_an_answer_leaves_two_possibilities),
        cmocka_unit_test(what_others_were_seen_to_set_is_not_what_the_run_left),
        cmocka_unit_test(of_two_writes_the_first_says_what_was_there),
        cmocka_unit_test(what_was_not_written_is_not_put_back),
        cmocka_unit_test(outcomes_choose_rows),
        cmocka_unit_test(to_default_and_force_are_taken_at_their_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
