/*
 * The names that a run publishes, and what became of them: kept in order among the records of jobs,
 * whatever store it is, and missed when they are gone.
 */
#include "memory_store.h"
#include "scheduler/record_publish.h"
#include "stores.h"

#include <stdio.h>

static const struct publish_target targets[] = {
    {TEXT("bounce.a.test"), 0, 300, 10, TEXT("feedback-smtp.us-east-1.amazonses.com"),
     TEXT("v=spf1 include:amazonses.com ~all"), true, true},
    {TEXT("bounce.b.test"), 2, 60, 65535, TEXT("feedback.test"), TEXT_NONE, true, false},
};

/* Every member has a value of its own. */
static const struct publish_record sent = {
    .target = 1,
    .kind = PUBLISH_INTENT,
    .at = 2001,
    .from = PUBLISH_READY,
    .state = PUBLISH_SENT,
    .zone = TEXT("b.test"),
    .zone_id = TEXT("Z0123"),
    .reason = TEXT("because"),
    .change = CHANGE_SWAP,
    .mx_changed = true,
    .txt_changed = true,
    .txt_before = TEXT("v=spf1\0\xff -all"),
    .txt_after = TEXT("v=spf1 include:amazonses.com -all"),
    .calls = 7,
};

static struct record record_at(uint32_t target, enum publish_state state, instant_us at,
                               struct publish_record *p)
{
    *p = (struct publish_record){.target = target, .state = state, .at = at};
    return publish_as_record(p);
}

static uint64_t begin(struct stored *s)
{
    stored_open(s, JOURNAL_WRITE);
    uint64_t run = stored_begin(s, 3);
    assert_int_equal(journal_targets_begin(s->journal, run, targets, 2, &s->why), OK);
    return run;
}

struct told {
    struct stored *s;
    uint32_t len;
    struct publish_target target[4];
    struct publish_record record[8];
};

static bool target_hear(void *ctx, const struct publish_target *target)
{
    struct told *t = ctx;
    struct publish_target *to = &t->target[t->len++];
    *to = *target;
    to->name = arena_text(&t->s->arena, to->name);
    to->mx_exchange = arena_text(&t->s->arena, to->mx_exchange);
    to->txt = arena_text(&t->s->arena, to->txt);
    return t->len < COUNT(t->target);
}

static bool record_hear(void *ctx, const struct publish_record *record)
{
    struct told *t = ctx;
    struct publish_record *to = &t->record[t->len++];
    *to = *record;
    to->zone = arena_text(&t->s->arena, to->zone);
    to->zone_id = arena_text(&t->s->arena, to->zone_id);
    to->reason = arena_text(&t->s->arena, to->reason);
    to->txt_before = arena_text(&t->s->arena, to->txt_before);
    to->txt_after = arena_text(&t->s->arena, to->txt_after);
    return t->len < COUNT(t->record);
}

static bool job_hear(void *ctx, const struct record *record)
{
    assert_true(record_is_of_job(record));
    ++*(uint32_t *)ctx;
    return true;
}

/* "target state at, " of every record, or of the newest ones. */
static void assert_told(struct stored *s, uint64_t run, bool newest, const char *want)
{
    struct told t = {.s = s};
    struct buf line;
    buf_init(&line, 1 << 12);
    enum err err = newest ? journal_publish_rows(s->journal, run, record_hear, &t, &s->why)
                          : journal_publish_replay(s->journal, run, record_hear, &t, &s->why);
    if (err != OK)
        fail_msg("%s", s->why.text);
    for (uint32_t i = 0; i < t.len; i++)
        buf_add_fmt(&line, "%u %d %lld, ", t.record[i].target, (int)t.record[i].state,
                    (long long)t.record[i].at);
    assert_text(buf_text(&line), text_of(want));
    buf_clear(&line);
}

static void targets_come_back(void **state)
{
    struct stored *s = *state;
    uint64_t other = (stored_open(s, JOURNAL_WRITE), stored_begin(s, 1)), run = begin(s);
    struct told t = {.s = s}, none = {.s = s};
    stored_open(s, JOURNAL_READ);
    assert_int_equal(journal_targets(s->journal, other, target_hear, &none, &s->why), OK);
    assert_int_equal(none.len, 0);
    assert_int_equal(journal_targets(s->journal, run, target_hear, &t, &s->why), OK);
    assert_int_equal(t.len, 2);
    for (int i = 0; i < 2; i++) {
        assert_text(t.target[i].name, targets[i].name);
        assert_int_equal(t.target[i].row, targets[i].row);
        assert_int_equal(t.target[i].with_mx, targets[i].with_mx);
        assert_int_equal(t.target[i].with_txt, targets[i].with_txt);
        assert_int_equal(t.target[i].ttl_s, targets[i].ttl_s);
        assert_int_equal(t.target[i].mx_preference, targets[i].mx_preference);
        assert_text(t.target[i].mx_exchange, targets[i].mx_exchange);
        assert_text(t.target[i].txt, targets[i].txt);
    }
}

static void a_record_comes_back_with_every_member(void **state)
{
    struct stored *s = *state;
    struct told t = {.s = s};
    uint64_t run = begin(s);
    struct record r = publish_as_record(&sent);
    assert_int_equal(journal_keep(s->journal, run, &r, 1, &s->why), OK);
    stored_open(s, JOURNAL_READ);
    assert_int_equal(journal_publish_replay(s->journal, run, record_hear, &t, &s->why), OK);
    assert_int_equal(t.len, 1);
    const struct publish_record *p = &t.record[0];
    assert_true(p->target == 1 && p->kind == PUBLISH_INTENT && p->at == 2001 && p->calls == 7);
    assert_true(p->from == PUBLISH_READY && p->state == PUBLISH_SENT);
    assert_true(p->change == CHANGE_SWAP && p->mx_changed && p->txt_changed);
    assert_text(p->zone, sent.zone);
    assert_text(p->zone_id, sent.zone_id);
    assert_text(p->reason, sent.reason);
    assert_text(p->txt_before, sent.txt_before);
    assert_text(p->txt_after, sent.txt_after);
}

/* Records of jobs and of targets stand in one order, and each kind comes back by itself. */
static void records_of_targets_are_none_of_jobs(void **state)
{
    struct stored *s = *state;
    struct publish_record p[4];
    struct run_head head;
    struct run_loss lost;
    uint32_t jobs = 0;
    uint64_t run = begin(s);
    const struct record r[] = {
        record_at(1, PUBLISH_TO_LOOK, 2000, &p[0]),
        {.job = 2, .at = 2001, .row.state = JOB_READING},
        record_at(0, PUBLISH_READY, 2002, &p[1]),
        record_at(1, PUBLISH_PERSON, 2003, &p[2]),
        {.job = 2, .at = 2004, .row.state = JOB_WAITING_DNS},
        record_at(0, PUBLISH_DONE, 2005, &p[3]),
    };
    assert_int_equal(journal_keep(s->journal, run, r, 2, &s->why), OK);
    assert_int_equal(journal_keep(s->journal, run, r + 2, 4, &s->why), OK);
    assert_told(s, run, false, "1 0 2000, 0 1 2002, 1 7 2003, 0 5 2005, ");
    assert_told(s, run, true, "1 7 2003, 0 5 2005, ");
    assert_int_equal(journal_replay(s->journal, run, job_hear, &jobs, &s->why), OK);
    assert_int_equal(jobs, 2);
    assert_int_equal(journal_rows(s->journal, run, job_hear, &jobs, &s->why), OK);
    assert_int_equal(jobs, 3);
    assert_int_equal(journal_run(s->journal, run, &head, &s->arena, &s->why), OK);
    assert_int_equal(head.last, 2005);
    assert_int_equal(journal_stop(s->journal, run, RUN_STOPPED, 2009, &s->why), OK);
    for (int mode = JOURNAL_READ; mode <= JOURNAL_WRITE; mode++) {
        stored_open(s, (enum journal_mode)mode);
        assert_int_equal(journal_vet(s->journal, run, &lost, &s->why), OK);
        assert_string_equal(lost.what, "");
    }
    assert_int_equal(journal_stop(s->journal, run, RUN_OPEN, 0, &s->why), OK);
    assert_int_equal(journal_keep(s->journal, run, r, 1, &s->why), OK);
    assert_told(s, run, true, "0 5 2005, 1 0 2000, ");
}

/* Whoever opens the journal must find it, as the intent of a job. */
static void an_intent_is_kept_as_one(void **state)
{
    struct stored *s = *state;
    struct publish_record answer = sent;
    struct record r[] = {publish_as_record(&answer), publish_as_record(&sent)};
    answer.kind = PUBLISH_ANSWER;
    uint64_t run = begin(s);
    assert_int_equal(journal_keep(s->journal, run, r, 1, &s->why), OK);
    assert_int_equal(memory_last_end(s->rows), STORE_COMMIT);
    assert_int_equal(journal_keep(s->journal, run, r, 2, &s->why), OK);
    assert_int_equal(memory_last_end(s->rows), STORE_COMMIT_INTENT);
}

static void after_a_write_that_failed_no_half_is_there(void **state)
{
    struct stored *s = *state;
    struct record r = publish_as_record(&sent);
    uint64_t run = begin(s);
    for (unsigned nth = 1; nth <= 4; nth++) { /* enter, two rows, leave */
        stored_open(s, JOURNAL_WRITE);
        memory_fail_at(s->rows, nth, false);
        assert_int_equal(journal_keep(s->journal, run, &r, 1, &s->why), ERR_IO);
        stored_open(s, JOURNAL_READ);
        assert_told(s, run, false, "");
    }
}

static void what_is_missing_or_changed_is_found(void **state)
{
    static const struct {
        enum store_table table;
        unsigned nth; /* record */
        const char *column;
        struct store_value value;
        const char *what;
        uint64_t kept;
    } cases[] = {
        {TABLE_PUBLISHED, 2, NULL, {0}, "does not follow record", 1},
        {TABLE_PUBLISHED, 4, NULL, {0}, "does not follow record", 1},
        {TABLE_PUBLISHED, 2, "state", {STORE_INT, {.number = 9}}, "does not follow record", 1},
        {TABLE_PUBLISHED, 2, "zone_id", {STORE_TEXT, {.text = TEXT("Z9")}}, "not follow", 1},
        {TABLE_RECORD, 2, NULL, {0}, "does not follow record", 1},
        {TABLE_RECORD, 2, "kind", {STORE_INT, {.number = 0}}, "does not follow record", 2},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct stored *s = *state;
        struct publish_record p[3];
        struct run_loss lost;
        uint64_t run = begin(s);
        const struct record r[] = {record_at(0, PUBLISH_TO_LOOK, 2000, &p[0]),
                                   record_at(1, PUBLISH_READY, 2001, &p[1]),
                                   {.job = 0, .at = 2002, .row.state = JOB_READING},
                                   record_at(0, PUBLISH_DONE, 2003, &p[2])};
        assert_int_equal(journal_keep(s->journal, run, r, COUNT(r), &s->why), OK);
        uint64_t number = stored_number(s, cases[i].nth);
        if (cases[i].column)
            stored_set(s, cases[i].table, number, cases[i].column, cases[i].value);
        else
            stored_drop(s, cases[i].table, number);
        for (int mode = JOURNAL_READ; mode <= JOURNAL_WRITE; mode++) {
            stored_open(s, (enum journal_mode)mode);
            assert_int_equal(journal_vet(s->journal, run, &lost, &s->why), OK);
            if (!strstr(lost.what, cases[i].what) || lost.kept != cases[i].kept)
                fail_msg("%zu: %llu '%s'", i, (unsigned long long)lost.kept, lost.what);
        }
        stored_again(state);
    }
}

/* A row of a record that is not there at all. */
static void a_foreign_row_is_found(void **state)
{
    struct stored *s = *state;
    struct run_loss lost;
    struct record r = publish_as_record(&sent);
    uint64_t run = begin(s);
    assert_int_equal(journal_keep(s->journal, run, &r, 1, &s->why), OK);
    stored_drop(s, TABLE_RECORD, stored_number(s, 1));
    stored_open(s, JOURNAL_READ);
    assert_int_equal(journal_vet(s->journal, run, &lost, &s->why), OK);
    assert_non_null(strstr(lost.what, "is there, and the record is not"));
}

static void damage_is_said_and_never_followed(void **state)
{
    static const struct {
        enum store_table table;
        const char *column; /* NULL: the row is taken away */
        struct store_value value;
    } harm[] = {
        {TABLE_TARGET, "with_mx", {STORE_INT, {.number = 2}}},
        {TABLE_TARGET, "mx_preference", {STORE_INT, {.number = 65536}}},
        {TABLE_TARGET, "fleet_row", {STORE_INT, {.number = -1}}},
        {TABLE_TARGET, "name", {STORE_NULL, {0}}},
        {TABLE_TARGET, NULL, {0}},
        {TABLE_PUBLISHED, "target", {STORE_INT, {.number = 2}}},
        {TABLE_PUBLISHED, "state", {STORE_INT, {.number = PUBLISH_STATES}}},
        {TABLE_PUBLISHED, "kind", {STORE_INT, {.number = 3}}},
        {TABLE_PUBLISHED, "change", {STORE_INT, {.number = 3}}},
        {TABLE_PUBLISHED, "mx_changed", {STORE_INT, {.number = 2}}},
    };
    for (size_t i = 0; i < COUNT(harm); i++) {
        struct stored *s = *state;
        struct told t = {.s = s};
        struct record r = publish_as_record(&sent);
        bool is_target = harm[i].table == TABLE_TARGET;
        uint64_t run = begin(s);
        assert_int_equal(journal_keep(s->journal, run, &r, 1, &s->why), OK);
        uint64_t number = is_target ? 0 : stored_number(s, 1);
        if (harm[i].column)
            stored_set(s, harm[i].table, number, harm[i].column, harm[i].value);
        else
            stored_drop(s, harm[i].table, number);
        stored_open(s, JOURNAL_READ);
        for (int newest = 0; newest < 2; newest++) {
            enum err err = newest
                               ? journal_publish_rows(s->journal, run, record_hear, &t, &s->why)
                               : journal_publish_replay(s->journal, run, record_hear, &t, &s->why);
            if (err != ERR_IO || !strstr(s->why.text, "damaged"))
                fail_msg("%zu: %s", i, s->why.text);
        }
        stored_again(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STORES(targets_come_back),
        ON_STORES(a_record_comes_back_with_every_member),
        ON_STORES(records_of_targets_are_none_of_jobs),
        ON_STORE(STORE_OF_MEMORY, "memory", an_intent_is_kept_as_one),
        ON_STORE(STORE_OF_MEMORY, "memory", after_a_write_that_failed_no_half_is_there),
        ON_STORES_OF_ONE(what_is_missing_or_changed_is_found),
        ON_STORE(STORE_OF_MEMORY, "memory", a_foreign_row_is_found),
        ON_STORES(damage_is_said_and_never_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
