/*
 * What watching remembers: kept whole, replaced by number, and left out row by row where it is
 * damaged; whatever store it is.
 */
#include "journal/store_sqlite/store_sqlite.h"
#include "memory_store.h"
#include "stores.h"
#include "watch/memory.h"

#include "base/buf.h"

#include <stdio.h>

/* Every member has a value of its own. */
static const struct watch_identity_record identity = {
    .number = 1,
    .key = {{TEXT("main"), TEXT("111122223333"), TEXT("eu-west-1")}, TEXT("a.test")},
    .mail_from = TEXT("b.a.test"),
    .was_success = true,
    .looked = 2001,
    .verified = 2002,
    .dkim = DKIM_DISABLED,
    .dkim_asked = 2003};
static const struct watch_problem_record problem = {.number = 1,
                                                    .owner = 1,
                                                    .kind = WATCH_MX_WRONG,
                                                    .level = WATCH_PAGE,
                                                    .told = WATCH_CRITICAL,
                                                    .since = 1001,
                                                    .began = 1002,
                                                    .well_since = 1003,
                                                    .looks = 1004};

static bool identity_tell(void *ctx, const struct watch_identity_record *r)
{
    const struct watch_key *k = &r->key;
    if (r->is_free)
        buf_add_fmt(ctx, "%llu free; ", (unsigned long long)r->number);
    else
        buf_add_fmt(ctx,
                    "%llu " TEXT_FMT "/" TEXT_FMT "/" TEXT_FMT "/" TEXT_FMT " " TEXT_FMT
                    " %d %lld %lld %s %lld; ",
                    (unsigned long long)r->number, TEXT_ARG(k->lane.account),
                    TEXT_ARG(k->lane.number), TEXT_ARG(k->lane.region), TEXT_ARG(k->identity),
                    TEXT_ARG(r->mail_from), r->was_success, (long long)r->looked,
                    (long long)r->verified, dkim_status_name(r->dkim), (long long)r->dkim_asked);
    return true;
}

static bool problem_tell(void *ctx, const struct watch_problem_record *r)
{
    if (r->is_free)
        buf_add_fmt(ctx, "%llu free; ", (unsigned long long)r->number);
    else
        buf_add_fmt(ctx, "%llu of %llu: %s %s %s %lld %lld %lld %u; ",
                    (unsigned long long)r->number, (unsigned long long)r->owner,
                    watch_kind_name(r->kind), watch_level_name(r->level), watch_level_name(r->told),
                    (long long)r->since, (long long)r->began, (long long)r->well_since, r->looks);
    return true;
}

static void assert_remembered(struct stored *s, const char *want)
{
    struct buf told;
    buf_init(&told, 1 << 12);
    stored_open(s, JOURNAL_READ);
    if (journal_watch_each(s->journal, identity_tell, problem_tell, &told, &s->why) != OK)
        fail_msg("%s", s->why.text);
    buf_add_char(&told, '\0');
    assert_string_equal(told.at, want);
    buf_clear(&told);
}

static enum err keep(struct stored *s, const struct watch_identity_record *i,
                     const struct watch_problem_record *p)
{
    const struct watch_rows rows = {i, p, i ? 1 : 0, p ? 1 : 0};
    return journal_watch_keep(s->journal, &rows, &s->why);
}

#define IDENTITY "1 main/111122223333/eu-west-1/a.test b.a.test 1 2001 2002 DISABLED 2003; "
#define PROBLEM  "1 of 1: mx-wrong page critical 1001 1002 1003 1004; "

static void every_member_comes_back(void **state)
{
    struct stored *s = *state;
    stored_open(s, JOURNAL_WRITE);
    assert_int_equal(keep(s, &identity, &problem), OK);
    assert_remembered(s, IDENTITY PROBLEM);
}

static void a_row_replaces_that_of_its_number(void **state)
{
    struct stored *s = *state;
    struct watch_identity_record i = identity;
    struct watch_problem_record p = problem;
    stored_open(s, JOURNAL_WRITE);
    i.number = 3;
    p.number = 2;
    assert_int_equal(keep(s, &i, &p), OK);
    assert_int_equal(keep(s, &identity, &problem), OK);
    i = (struct watch_identity_record){.number = 3, .is_free = true};
    p.kind = WATCH_UNSEEN;
    assert_int_equal(keep(s, &i, &p), OK);
    assert_remembered(s, IDENTITY "3 free; " PROBLEM
                                  "2 of 1: unseen page critical 1001 1002 1003 1004; ");
    stored_open(s, JOURNAL_WRITE);
    p = (struct watch_problem_record){.number = 1, .is_free = true};
    assert_int_equal(keep(s, NULL, &p), OK);
    assert_remembered(s, IDENTITY
                      "3 free; 1 free; 2 of 1: unseen page critical 1001 1002 1003 1004; ");
}

/* Of a sweep everything is there or nothing. */
static void a_store_that_fails_keeps_no_half(void **state)
{
    struct stored *s = *state;
    struct watch_problem_record later = problem;
    later.level = WATCH_CRITICAL;
    for (unsigned nth = 1; nth <= 4; nth++) {
        stored_again(state);
        s = *state;
        stored_open(s, JOURNAL_WRITE);
        assert_int_equal(keep(s, &identity, &problem), OK);
        struct watch_identity_record i = identity;
        i.looked = 3000;
        memory_fail_at(s->rows, nth, false);
        assert_int_equal(keep(s, &i, &later), ERR_IO);
        memory_fail_at(s->rows, 0, false);
        assert_int_equal(keep(s, &i, &later), ERR_IO); /* it takes no more */
        assert_remembered(s, IDENTITY PROBLEM);
    }
}

static void damage_is_left_out_row_by_row(void **state)
{
    static const struct {
        enum store_table table;
        const char *column;
        struct store_value value;
    } damage[] = {
        {TABLE_WATCHED, "was_success", {STORE_INT, .number = 2}},
        {TABLE_WATCHED, "looked", {STORE_INT, .number = -1}},
        {TABLE_WATCHED, "verified", {STORE_TEXT, .text = TEXT("soon")}},
        {TABLE_WATCHED, "dkim_asked", {STORE_INT, .number = -1}},
        {TABLE_WATCHED, "account", {STORE_NULL}},
        {TABLE_WATCH_PROBLEM, "watched", {STORE_INT, .number = -1}},
        {TABLE_WATCH_PROBLEM, "watched", {STORE_INT, .number = 9}},
        {TABLE_WATCH_PROBLEM, "kind", {STORE_TEXT, .text = TEXT("boredom")}},
        {TABLE_WATCH_PROBLEM, "kind", {STORE_NULL}},
        {TABLE_WATCH_PROBLEM, "level", {STORE_TEXT, .text = TEXT("panic")}},
        {TABLE_WATCH_PROBLEM, "told", {STORE_INT, .number = 1}},
        {TABLE_WATCH_PROBLEM, "since", {STORE_INT, .number = -5}},
        {TABLE_WATCH_PROBLEM, "since", {STORE_INT, .number = 0}},
        {TABLE_WATCH_PROBLEM, "began", {STORE_TEXT, .text = TEXT("")}},
        {TABLE_WATCH_PROBLEM, "looks", {STORE_INT, .number = 1ll << 40}},
    };
    for (size_t i = 0; i < COUNT(damage); i++) {
        struct stored *s;
        stored_again(state);
        s = *state;
        stored_open(s, JOURNAL_WRITE);
        assert_int_equal(keep(s, &identity, &problem), OK);
        if (!stored_may_be(s, damage[i].table, damage[i].column, damage[i].value))
            continue;
        stored_set(s, damage[i].table, 1, damage[i].column, damage[i].value);
        stored_open(s, JOURNAL_READ);
        struct watch_memory *m = watch_open(&WATCH_POLICY_USUAL);
        if (journal_watch_each(s->journal, watch_learn_identity, watch_learn_problem, m, &s->why) !=
            OK)
            fail_msg("%s", s->why.text);
        if (watch_left_out(m) != (damage[i].table == TABLE_WATCHED ? 2 : 1))
            fail_msg("damage %zu: %u rows left out", i, watch_left_out(m));
        watch_close(m);
    }
}

static void two_writers_are_one_too_many(void **state)
{
    struct stored *s = *state;
    struct journal *other;
    stored_open(s, JOURNAL_WRITE);
    assert_int_equal(keep(s, &identity, &problem), OK);
    assert_int_equal(stored_try(s, &other, JOURNAL_WRITE), ERR_BUSY);
    assert_int_equal(stored_try(s, &other, JOURNAL_READ), OK);
    journal_close(other);
}

/* Pages of the tables are zero; what can be read is not asked. */
static void a_damaged_file_makes_room_for_a_new_one(void **state)
{
    struct stored *s = *state;
    char command[256];
    stored_open(s, JOURNAL_WRITE);
    assert_int_equal(keep(s, &identity, &problem), OK);
    stored_close(s);
    snprintf(command, sizeof command,
             "dd if=/dev/zero of=%s bs=4096 seek=1 count=100 conv=notrunc status=none", s->file);
    assert_int_equal(system(command), 0);
    enum err err = stored_try(s, &s->journal, JOURNAL_WRITE);
    if (err == OK)
        err = journal_watch_each(s->journal, watch_learn_identity, watch_learn_problem, NULL,
                                 &s->why);
    assert_int_equal(err, ERR_IO);
    assert_true(journal_is_damaged(text_of(s->why.text)));
    stored_close(s);
    assert_int_equal(journal_set_aside(s->file, &s->why), OK);
    stored_open(s, JOURNAL_WRITE);
    assert_int_equal(keep(s, &identity, &problem), OK);
    assert_remembered(s, IDENTITY PROBLEM);
    snprintf(command, sizeof command, "test -s %s" JOURNAL_ASIDE, s->file);
    assert_int_equal(system(command), 0);
}

/* The memory and its journal together: another process goes on where the first one was. */
static void a_memory_is_the_same_when_it_comes_back(void **state)
{
    struct stored *s = *state;
    const struct watch_key key = {{TEXT("main"), TEXT_NONE, TEXT("eu-west-1")}, TEXT("a.test")};
    const struct watch_wanted wanted = {.mail_from = TEXT("b.a.test")};
    const struct watch_seen seen = {.is_read = true,
                                    .exists = true,
                                    .mail_from = TEXT("b.a.test"),
                                    .status = MAIL_FROM_TEMPORARY_FAILURE,
                                    .mx = MX_STATUS_MISSING};
    const instant_us start = SPAN_H(1000);
    uint32_t len;
    for (int sweep = 0; sweep < 3; sweep++) {
        static const uint32_t told[] = {1, 1, 0};
        struct watch_rows rows;
        instant_us now = start + sweep * SPAN_M(15);
        struct watch_memory *m = watch_open(&WATCH_POLICY_USUAL);
        stored_open(s, JOURNAL_WRITE);
        assert_int_equal(
            journal_watch_each(s->journal, watch_learn_identity, watch_learn_problem, m, &s->why),
            OK);
        watch_sweep_begin(m, now);
        assert_true(watch_look(m, &key, 0, &wanted, &seen, now));
        assert_true(watch_sweep_end(m, now));
        const struct watch_event *e = watch_events(m, &len);
        assert_int_equal(len, told[sweep]);
        for (uint32_t i = 0; i < len; i++)
            assert_false(e[i].may_repeat);
        watch_told(m);
        assert_true(watch_rows(m, &rows));
        assert_int_equal(journal_watch_keep(s->journal, &rows, &s->why), OK);
        watch_kept(m);
        assert_true(watch_rows(m, &rows));
        assert_int_equal(rows.identities_len + rows.problems_len, 0);
        watch_close(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STORES(every_member_comes_back),
        ON_STORES(a_row_replaces_that_of_its_number),
        ON_STORE(STORE_OF_MEMORY, "memory", a_store_that_fails_keeps_no_half),
        ON_STORES(damage_is_left_out_row_by_row),
        ON_STORES_OF_ONE(two_writers_are_one_too_many),
        ON_STORE(STORE_OF_SQLITE, "sqlite", a_damaged_file_makes_room_for_a_new_one),
        ON_STORES(a_memory_is_the_same_when_it_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
