/*
 * Journals of older versions: tests/data/journal/README.md says what they hold. Each is opened as a
 * copy, says what it said, and what newer tables add is there.
 */
#include "journal/journal.h"
#include "journal/store_sqlite/store_sqlite.h"
#include "scheduler/record_publish.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define LATER(n)      ((instant_us)2000000000000000 + (n))
#define WATCHED_IN_V8 "w.example \"\" 0,  \"\" 0, "

struct bench {
    char folder[64], file[96];
    struct journal *journal;
    struct arena arena;
    struct buf out;
    struct why why;
};

static void shell(const struct bench *b, const char *command)
{
    char line[1024];
    snprintf(line, sizeof line, "cd %s && %s", b->folder, command);
    assert_int_equal(system(line), 0);
}

static void sql(const struct bench *b, const char *statement)
{
    char line[900];
    snprintf(line, sizeof line,
             "/usr/bin/python3 -c \"import sqlite3;c=sqlite3.connect('journal.db',"
             "isolation_level=None);c.execute('''%s ''')\" && rm -f journal.db-wal journal.db-shm",
             statement);
    shell(b, line);
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    strcpy(b->folder, "/tmp/journal_versions.XXXXXX");
    assert_non_null(mkdtemp(b->folder));
    snprintf(b->file, sizeof b->file, "%s/journal.db", b->folder);
    shell(b, "cp " TEST_DATA "/journal/v1.db journal.db && chmod 600 journal.db");
    arena_init(&b->arena, 1 << 20);
    buf_init(&b->out, 1 << 16);
    *state = b;
    return 0;
}

static void closed(struct bench *b)
{
    journal_close(b->journal);
    b->journal = NULL;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    closed(b);
    arena_clear(&b->arena);
    buf_clear(&b->out);
    shell(b, "cd / && rm -rf $OLDPWD");
    free(b);
    return 0;
}

static void opened(struct bench *b, enum journal_mode mode)
{
    closed(b);
    if (journal_open_file(&b->journal, b->file, mode, &b->why) != OK)
        fail_msg("%s", b->why.text);
}

static const char *told(struct bench *b)
{
    buf_add(&b->out, "", 1);
    return b->out.at;
}

/* "job writes/accepted/wave outcome, " */
static bool row_tell(void *ctx, const struct record *r)
{
    buf_add_fmt(ctx, "%u %u/%u/%u %s, ", r->job, r->row.writes, r->row.accepted, r->row.wave,
                outcome_name(r->row.outcome));
    return true;
}

static const char *rows_of(struct bench *b, uint64_t run)
{
    buf_reset(&b->out);
    assert_int_equal(journal_rows(b->journal, run, row_tell, &b->out, &b->why), OK);
    return told(b);
}

static void assert_version_1(struct bench *b)
{
    struct run_head head;
    assert_string_equal(rows_of(b, 1),
                        "0 2/2/1 done, 1 1/1/1 done, 2 0/0/0 unchanged, 3 0/0/0 refused, ");
    assert_string_equal(rows_of(b, 2), "0 1/1/1 , 1 0/0/0 , 2 1/1/1 , ");
    assert_string_equal(rows_of(b, 3), "0 1/1/1 done, 1 1/1/1 done, ");
    assert_int_equal(journal_run(b->journal, 2, &head, &b->arena, &b->why), OK);
    assert_int_equal(head.state, RUN_STOPPED);
    for (uint64_t run = 1; run <= 3; run++) {
        struct fleet fleet;
        fleet_init(&fleet);
        assert_int_equal(journal_fleet(b->journal, run, &fleet, &b->why), OK);
        assert_int_equal(fleet.lanes_len, 1);
        assert_int_equal(fleet.lanes[0].caller.account, NAME_NONE);
        fleet_clear(&fleet);
    }
}

static void a_reader_understands_version_1_and_leaves_it_alone(void **state)
{
    struct bench *b = *state;
    char tmp[128];
    shell(b, "mkdir tmp && ls -la --time-style=full-iso journal.db >before");
    snprintf(tmp, sizeof tmp, "%s/tmp", b->folder);
    setenv("TMPDIR", tmp, 1);
    opened(b, JOURNAL_READ);
    assert_version_1(b);
    shell(b, "ls -la --time-style=full-iso journal.db | cmp - before && test -z \"$(ls tmp)\""
             " && cmp journal.db " TEST_DATA "/journal/v1.db && test ! -e journal.db-wal");
    unsetenv("TMPDIR");
}

static void a_writer_migrates_version_1_once(void **state)
{
    struct bench *b = *state;
    opened(b, JOURNAL_WRITE);
    assert_version_1(b);
    closed(b);
    shell(b, "cp journal.db migrated");
    opened(b, JOURNAL_WRITE);
    assert_version_1(b);
    closed(b);
    shell(b, "cmp journal.db migrated");
    opened(b, JOURNAL_READ);
    assert_version_1(b);
}

static void assert_version_2(struct bench *b)
{
    struct run_loss lost;
    uint64_t of;
    assert_string_equal(rows_of(b, 1),
                        "0 2/2/1 done, 1 1/1/1 done, 2 0/0/0 unchanged, 3 0/0/0 refused, ");
    assert_string_equal(rows_of(b, 3), "0 1/1/1 done, 1 1/1/1 done, ");
    assert_string_equal(journal_loss(b->journal, &of), "");
    for (uint64_t run = 1; run <= 3; run++) {
        assert_int_equal(journal_vet(b->journal, run, &lost, &b->why), OK);
        assert_string_equal(lost.what, "");
    }
}

/* Its records have no digests, and those that are kept from now on have. */
static void version_2_goes_on_with_digests(void **state)
{
    struct bench *b = *state;
    struct run_loss lost;
    struct record r = {.job = 1, .at = LATER(1), .row.state = JOB_READING};
    shell(b, "cp " TEST_DATA "/journal/v2.db journal.db && chmod 600 journal.db");
    opened(b, JOURNAL_READ);
    assert_version_2(b);
    closed(b);
    shell(b, "cmp journal.db " TEST_DATA "/journal/v2.db && test \"$(ls)\" = journal.db");
    for (int i = 0; i < 2;
         i++) { /* killed after the mark, before the tables; or killed after both */
        opened(b, JOURNAL_WRITE);
        assert_version_2(b);
        closed(b);
        if (i == 0)
            shell(b, "cp " TEST_DATA "/journal/v2.db journal.db");
    }
    opened(b, JOURNAL_WRITE);
    assert_string_equal(rows_of(b, 2), "0 1/1/1 , 1 0/0/0 , 2 1/1/1 , ");
    assert_int_equal(journal_stop(b->journal, 2, RUN_OPEN, 0, &b->why), OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(journal_keep(b->journal, 2, &r, 1, &b->why), OK);
    assert_int_equal(journal_stop(b->journal, 2, RUN_STOPPED, LATER(9), &b->why), OK);
    for (int mode = JOURNAL_READ; mode <= JOURNAL_WRITE; mode++) {
        opened(b, (enum journal_mode)mode);
        assert_version_2(b);
    }
    closed(b);
    sql(b, "DELETE FROM record WHERE seq = (SELECT max(seq) - 1 FROM record)");
    opened(b, JOURNAL_READ);
    assert_int_equal(journal_vet(b->journal, 2, &lost, &b->why), OK);
    assert_non_null(strstr(lost.what, "are missing"));
}

static uint64_t wave_of(struct bench *b, uint64_t run)
{
    struct fleet fleet;
    fleet_init(&fleet);
    assert_int_equal(journal_fleet(b->journal, run, &fleet, &b->why), OK);
    uint64_t wave = fleet.policies[0].wave;
    fleet_clear(&fleet);
    return wave;
}

/* It has digests and a mark already; a wave of an identity is new. */
static void version_3_learns_the_wave_of_an_identity(void **state)
{
    struct bench *b = *state;
    struct fleet fleet;
    struct run_head head = {.verb = RUN_APPLY, .started = LATER(1), .options = TEXT("{}")};
    shell(b, "cp " TEST_DATA "/journal/v3.db journal.db && chmod 600 journal.db && "
             "cp " TEST_DATA "/journal/v3.db.mark journal.db.mark && chmod 600 journal.db.mark");
    opened(b, JOURNAL_READ);
    assert_version_2(b);
    assert_int_equal(wave_of(b, 2), 0);
    closed(b);
    shell(b, "cmp journal.db " TEST_DATA "/journal/v3.db");
    opened(b, JOURNAL_WRITE);
    assert_version_2(b);
    assert_int_equal(wave_of(b, 2), 0);
    fleet_init(&fleet);
    assert_int_equal(journal_fleet(b->journal, 1, &fleet, &b->why), OK);
    fleet.policies[0].wave = 3;
    assert_int_equal(journal_begin(b->journal, &head, &fleet, &b->why), OK);
    fleet_clear(&fleet);
    opened(b, JOURNAL_READ);
    assert_version_2(b);
    assert_int_equal(wave_of(b, head.id), 3);
}

static bool asked_tell(void *ctx, const struct journal_asked *asked)
{
    buf_add_fmt(ctx, TEXT_FMT " %u %d %lld, ", TEXT_ARG(asked->name), asked->type, asked->state,
                (long long)asked->at);
    return true;
}

/* It knew no owners of DNS, and since when a record has been asked for. */
static void version_4_goes_on_with_owners_and_ages(void **state)
{
    struct bench *b = *state;
    const struct journal_asked news[] = {{TEXT("bounce.e.test"), 1, ASKED_MISSING, LATER(1)},
                                         {TEXT_NONE, 0, ASKED_LOOK, LATER(2)}};
    shell(b,
          "cp " TEST_DATA "/journal/v4.db journal.db && chmod 600 journal.db"
          " && cp " TEST_DATA "/journal/v4.db.mark journal.db.mark && chmod 600 journal.db.mark");
    opened(b, JOURNAL_READ);
    assert_version_2(b);
    assert_int_equal(journal_asked_each(b->journal, asked_tell, &b->out, &b->why), OK);
    closed(b);
    shell(b, "cmp journal.db " TEST_DATA "/journal/v4.db");
    opened(b, JOURNAL_WRITE);
    assert_version_2(b);
    assert_int_equal(journal_asked_keep(b->journal, news, 2, &b->why), OK);
    opened(b, JOURNAL_READ);
    assert_version_2(b);
    buf_reset(&b->out);
    assert_int_equal(journal_asked_each(b->journal, asked_tell, &b->out, &b->why), OK);
    assert_string_equal(told(b), "bounce.e.test 1 0 2000000000000001,  0 4 2000000000000002, ");
}

static bool published_tell(void *ctx, const struct publish_record *r)
{
    buf_add_fmt(ctx, "%u %d %lld, ", r->target, (int)r->state, (long long)r->at);
    return true;
}

static const char *published_of(struct bench *b)
{
    buf_reset(&b->out);
    assert_int_equal(journal_publish_replay(b->journal, 2, published_tell, &b->out, &b->why), OK);
    return told(b);
}

/* It knew nothing of publishing. */
static void version_5_goes_on_with_names_to_be_published(void **state)
{
    struct bench *b = *state;
    struct run_loss lost;
    const struct publish_target target = {.name = TEXT("bounce.e.test"), .with_mx = true};
    const struct publish_record made = {.state = PUBLISH_DONE, .at = LATER(1)};
    const struct record r = publish_as_record(&made);
    shell(b,
          "cp " TEST_DATA "/journal/v5.db journal.db && chmod 600 journal.db"
          " && cp " TEST_DATA "/journal/v5.db.mark journal.db.mark && chmod 600 journal.db.mark");
    opened(b, JOURNAL_READ);
    assert_version_2(b);
    assert_string_equal(published_of(b), "");
    closed(b);
    shell(b, "cmp journal.db " TEST_DATA "/journal/v5.db");
    opened(b, JOURNAL_WRITE);
    assert_version_2(b);
    assert_int_equal(journal_targets_begin(b->journal, 2, &target, 1, &b->why), OK);
    assert_int_equal(journal_keep(b->journal, 2, &r, 1, &b->why), OK);
    opened(b, JOURNAL_READ);
    assert_version_2(b);
    assert_string_equal(published_of(b), "0 5 2000000000000001, ");
    assert_int_equal(journal_vet(b->journal, 2, &lost, &b->why), OK);
    assert_string_equal(lost.what, "");
}

static bool watched_tell(void *ctx, const struct watch_identity_record *r)
{
    buf_add_fmt(ctx, TEXT_FMT ", ", TEXT_ARG(r->key.identity));
    return true;
}

static bool problem_tell(void *ctx, const struct watch_problem_record *r)
{
    buf_add_fmt(ctx, "%s %s, ", watch_kind_name(r->kind), watch_level_name(r->level));
    return true;
}

static const char *watched_of(struct bench *b)
{
    buf_reset(&b->out);
    assert_int_equal(journal_watch_each(b->journal, watched_tell, problem_tell, &b->out, &b->why),
                     OK);
    return told(b);
}

/* It knew nothing of watching. */
static void version_6_goes_on_with_what_was_watched(void **state)
{
    struct bench *b = *state;
    const struct watch_identity_record identity = {
        .number = 1, .key = {{TEXT("main"), TEXT_NONE, TEXT("us-east-1")}, TEXT("e.test")}};
    const struct watch_problem_record problem = {
        .number = 1, .owner = 1, .kind = WATCH_MX_GONE, .level = WATCH_PAGE, .since = LATER(1)};
    const struct watch_rows rows = {&identity, &problem, 1, 1};
    shell(b,
          "cp " TEST_DATA "/journal/v6.db journal.db && chmod 600 journal.db"
          " && cp " TEST_DATA "/journal/v6.db.mark journal.db.mark && chmod 600 journal.db.mark");
    opened(b, JOURNAL_READ);
    assert_version_2(b);
    assert_string_equal(published_of(b), "0 5 1795959675346416, ");
    assert_string_equal(watched_of(b), "");
    closed(b);
    shell(b, "cmp journal.db " TEST_DATA "/journal/v6.db");
    opened(b, JOURNAL_WRITE);
    assert_version_2(b);
    assert_int_equal(journal_watch_keep(b->journal, &rows, &b->why), OK);
    opened(b, JOURNAL_READ);
    assert_version_2(b);
    assert_string_equal(watched_of(b), "e.test, mx-gone page, ");
}

static bool dkim_tell(void *ctx, const struct watch_identity_record *r)
{
    buf_add_fmt(ctx, TEXT_FMT " \"%s\" %lld, ", TEXT_ARG(r->key.identity),
                dkim_status_name(r->dkim), (long long)r->dkim_asked);
    return true;
}

static bool no_problem(void *ctx, const struct watch_problem_record *r)
{
    (void)ctx, (void)r;
    return true;
}

static const char *dkim_of(struct bench *b)
{
    buf_reset(&b->out);
    assert_int_equal(journal_watch_each(b->journal, dkim_tell, no_problem, &b->out, &b->why), OK);
    return told(b);
}

static bool dkim_take(void *ctx, const struct record *r)
{
    if (r->job == 1)
        *(enum dkim_status *)ctx = r->row.dkim;
    return true;
}

/* It knew nothing of DKIM. */
static void version_8_goes_on_with_dkim(void **state)
{
    struct bench *b = *state;
    struct run_loss lost;
    enum dkim_status dkim = DKIM_FAILED;
    const struct record r = {
        .job = 1, .at = LATER(1), .row = {.state = JOB_READING, .dkim = DKIM_SUCCESS}};
    const struct watch_identity_record asked = {
        .number = 3,
        .key = {{TEXT("default"), TEXT_NONE, TEXT("us-east-1")}, TEXT("e.test")},
        .dkim = DKIM_DISABLED,
        .dkim_asked = LATER(2)};
    const struct watch_rows rows = {&asked, NULL, 1, 0};
    shell(b,
          "cp " TEST_DATA "/journal/v8.db journal.db && chmod 600 journal.db"
          " && cp " TEST_DATA "/journal/v8.db.mark journal.db.mark && chmod 600 journal.db.mark");
    opened(b, JOURNAL_READ);
    assert_version_2(b);
    assert_int_equal(journal_rows(b->journal, 1, dkim_take, &dkim, &b->why), OK);
    assert_int_equal(dkim, DKIM_UNKNOWN);
    assert_string_equal(dkim_of(b), WATCHED_IN_V8);
    closed(b);
    shell(b, "cmp journal.db " TEST_DATA "/journal/v8.db");
    opened(b, JOURNAL_WRITE);
    assert_version_2(b);
    assert_string_equal(dkim_of(b), WATCHED_IN_V8);
    assert_int_equal(journal_stop(b->journal, 2, RUN_OPEN, 0, &b->why), OK);
    assert_int_equal(journal_keep(b->journal, 2, &r, 1, &b->why), OK);
    assert_int_equal(journal_stop(b->journal, 2, RUN_STOPPED, LATER(9), &b->why), OK);
    assert_int_equal(journal_watch_keep(b->journal, &rows, &b->why), OK);
    opened(b, JOURNAL_READ);
    assert_version_2(b);
    assert_int_equal(journal_rows(b->journal, 2, dkim_take, &dkim, &b->why), OK);
    assert_int_equal(dkim, DKIM_SUCCESS);
    assert_string_equal(dkim_of(b), WATCHED_IN_V8 "e.test \"DISABLED\" 2000000000000002, ");
    assert_int_equal(journal_vet(b->journal, 2, &lost, &b->why), OK);
    assert_string_equal(lost.what, "");
}

/* It had no mark, as it should; from its migration on it must have one. */
static void a_migrated_journal_has_a_mark(void **state)
{
    struct bench *b = *state;
    uint64_t of;
    opened(b, JOURNAL_WRITE);
    closed(b);
    shell(b, "rm journal.db.mark");
    opened(b, JOURNAL_READ);
    assert_non_null(strstr(journal_loss(b->journal, &of), "high-water mark (.mark) is missing"));
}

/* A migration that cannot be ended leaves the file as it was, for the program that wrote it. */
static void a_migration_that_fails_changes_nothing(void **state)
{
    struct bench *b = *state;
    sql(b, "CREATE TABLE rule (of_somebody_else INT)");
    shell(b, "cp journal.db before");
    assert_int_equal(journal_open_file(&b->journal, b->file, JOURNAL_WRITE, &b->why), ERR_IO);
    assert_non_null(strstr(b->why.text, "table rule already exists"));
    shell(b, "cmp journal.db before");
    assert_int_equal(journal_open_file(&b->journal, b->file, JOURNAL_READ, &b->why), ERR_IO);
    shell(b, "cmp journal.db before");
}

/* What SES had taken by then is known from the records up to there, not from the last alone. */
static void writes_that_were_taken_stay_taken(void **state)
{
    struct bench *b = *state;
    for (int i = 0; i < 2; i++)
        sql(b, "DELETE FROM record WHERE seq = (SELECT max(seq) FROM record"
               " WHERE run = 1 AND job = 0)");
    sql(b, "UPDATE record SET outcome = 8 WHERE run = 3 AND job = 0 AND state = 8");
    opened(b, JOURNAL_WRITE);
    assert_string_equal(rows_of(b, 1),
                        "0 2/1/1 , 1 1/1/1 done, 2 0/0/0 unchanged, 3 0/0/0 refused, ");
    assert_string_equal(rows_of(b, 3), "0 1/0/1 expired, 1 1/1/1 done, ");
}

static bool set_take(void *ctx, const struct record *r)
{
    *(finding_set *)ctx |= r->row.findings;
    return true;
}

static finding_set findings_of(struct bench *b, uint64_t run)
{
    finding_set set = 0;
    assert_int_equal(journal_rows(b->journal, run, set_take, &set, &b->why), OK);
    return set;
}

/* The journal's numbers count, wherever the program's enum has its rules. */
static void findings_are_what_the_journal_names_them(void **state)
{
    struct bench *b = *state;
    struct record r = {.job = 0, .row.findings = FINDING_BIT(SPF_SYNTAX) | FINDING_BIT(SANDBOX)};
    opened(b, JOURNAL_WRITE);
    assert_true(findings_of(b, 1) & FINDING_BIT(IDENTITY_MISSING));
    closed(b);
    sql(b, "UPDATE rule SET name = 'a-rule-of-later' WHERE number = 16");
    sql(b, "UPDATE rule SET number = 60 WHERE name = 'identity-missing'");
    sql(b, "UPDATE record SET findings = (1 << 60) | (1 << 16) WHERE findings & 8");
    opened(b, JOURNAL_READ); /* before a writer gives spf-syntax another number */
    finding_set before = findings_of(b, 1);
    assert_true(before & FINDING_BIT(IDENTITY_MISSING));
    assert_false(before & FINDING_BIT(SPF_SYNTAX));
    opened(b, JOURNAL_WRITE);
    assert_true(findings_of(b, 1) == before);
    assert_int_equal(journal_keep(b->journal, 1, &r, 1, &b->why), OK);
    assert_true(findings_of(b, 1) & FINDING_BIT(IDENTITY_MISSING));
    assert_true(findings_of(b, 1) & FINDING_BIT(SPF_SYNTAX));
}

static void numbers_that_name_no_rule_are_damage(void **state)
{
    struct bench *b = *state;
    finding_set set = 0;
    opened(b, JOURNAL_WRITE);
    closed(b);
    sql(b, "UPDATE record SET findings = (1 << 50) WHERE findings & 8");
    opened(b, JOURNAL_READ);
    assert_int_equal(journal_rows(b->journal, 1, set_take, &set, &b->why), ERR_IO);
    assert_non_null(strstr(b->why.text, "damaged"));
    closed(b);
    sql(b, "UPDATE rule SET number = 64 WHERE number = 3");
    assert_int_equal(journal_open_file(&b->journal, b->file, JOURNAL_READ, &b->why), ERR_IO);
    assert_non_null(strstr(b->why.text, "a number of a rule"));
}

int main(void)
{
#define TEST_OF(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST_OF(a_reader_understands_version_1_and_leaves_it_alone),
        TEST_OF(a_writer_migrates_version_1_once),
        TEST_OF(version_3_learns_the_wave_of_an_identity),
        TEST_OF(version_2_goes_on_with_digests),
        TEST_OF(version_4_goes_on_with_owners_and_ages),
        TEST_OF(version_5_goes_on_with_names_to_be_published),
        TEST_OF(version_6_goes_on_with_what_was_watched),
        TEST_OF(version_8_goes_on_with_dkim),
        TEST_OF(a_migrated_journal_has_a_mark),
        TEST_OF(a_migration_that_fails_changes_nothing),
        TEST_OF(writes_that_were_taken_stay_taken),
        TEST_OF(findings_are_what_the_journal_names_them),
        TEST_OF(numbers_that_name_no_rule_are_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
