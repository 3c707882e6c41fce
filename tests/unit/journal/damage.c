/*
 * A journal that has lost records says so: whatever became of its log, its main file or a record,
 * whoever opens it, and for good. And one that has lost nothing says nothing.
 */
#include "base/count.h"
#include "journal/journal.h"
#include "journal/store_sqlite/store_sqlite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define RECORDS 12 /* each in a commit of its own */
#define FRAME   (4096 + 24)
#define MISSED  "its high-water mark (.mark) is missing"

struct bench {
    char folder[64], file[96];
    struct journal *journal;
    struct arena arena;
    struct run_loss lost;
    struct why why;
};

static int shell(const struct bench *b, const char *command)
{
    char line[2048];
    snprintf(line, sizeof line, "cd %s && { %s; }", b->folder, command);
    return system(line);
}

static void run(const struct bench *b, const char *command)
{
    assert_int_equal(shell(b, command), 0);
}

static void closed(struct bench *b)
{
    journal_close(b->journal);
    b->journal = NULL;
}

static void opened(struct bench *b, enum journal_mode mode)
{
    closed(b);
    if (journal_open_file(&b->journal, b->file, mode, &b->why) != OK)
        fail_msg("%s", b->why.text);
}

/* Leaves a journal without a run in a folder of its own, with a mark that proves nothing. */
static void opened_new(struct bench *b, const char *name)
{
    struct journal *j;
    char file[160];
    snprintf(file, sizeof file, "%s/%s/journal.db", b->folder, name);
    assert_int_equal(journal_open_file(&j, file, JOURNAL_WRITE, &b->why), OK);
    journal_close(j);
}

static uint64_t begin(struct bench *b)
{
    struct fleet f;
    struct run_head head = {.started = 1000, .seed = 7};
    struct choice c = {0};
    uint16_t index;
    uint32_t row;
    fleet_init(&f);
    assert_true(names_init(&f.names, 1 << 20));
    assert_true(names_add(&f.names, TEXT("example.com"), &c.identity));
    assert_true(fleet_account(&f, (struct account){0}, &index));
    assert_true(fleet_lane(&f, 0, c.identity, &index));
    assert_true(fleet_policy(&f, (struct policy){0}, &index));
    assert_true(fleet_choice(&f, c, &row));
    assert_int_equal(journal_begin(b->journal, &head, &f, &b->why), OK);
    fleet_clear(&f);
    return head.id;
}

static void keep(struct bench *b, uint64_t of, int from, int to)
{
    for (int i = from; i <= to; i++) {
        struct record r = {.kind = RECORD_INTENT,
                           .at = 1000 + i,
                           .write_mail_from = TEXT("bounce.example.com"),
                           .row = {.state = JOB_WRITING,
                                   .reason = TEXT("a reason of some length, so that it is read"),
                                   .findings = FINDING_BIT(SPF_MISSING) | FINDING_BIT(SENDS_MAIL),
                                   .notes = {.known = i % 3 == 0},
                                   .writes = (uint32_t)i}};
        assert_int_equal(journal_keep(b->journal, of, &r, 1, &b->why), OK);
    }
}

/* A process that is gone without a word after run 1 has kept records. */
static void killed(struct bench *b, int from, int to)
{
    pid_t pid = fork();
    if (pid == 0) {
        b->journal = NULL;
        opened(b, JOURNAL_WRITE);
        if (from == 1)
            begin(b);
        keep(b, 1, from, to);
        _exit(0);
    }
    int status = -1;
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    assert_int_equal(status, 0);
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    strcpy(b->folder, "/tmp/journal_damage.XXXXXX");
    assert_non_null(mkdtemp(b->folder));
    snprintf(b->file, sizeof b->file, "%s/journal.db", b->folder);
    arena_init(&b->arena, 1 << 20);
    killed(b, 1, RECORDS);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    closed(b);
    arena_clear(&b->arena);
    run(b, "cd / && rm -rf $OLDPWD");
    free(b);
    return 0;
}

static const char *loss_of(struct bench *b, uint64_t of)
{
    assert_int_equal(journal_vet(b->journal, of, &b->lost, &b->why), OK);
    return b->lost.what;
}

static void assert_lost(struct bench *b, const char *what)
{
    if (!strstr(loss_of(b, 1), what))
        fail_msg("'%s' is not in '%s'", what, b->lost.what);
}

/* Found by a reader, who leaves no trace; then by a writer, who writes it down; then it is known.
 */
static void assert_said(struct bench *b, const char *damage, const char *what, uint64_t kept)
{
    uint64_t of;
    run(b, damage);
    for (int i = 0; i < 2; i++) {
        opened(b, JOURNAL_READ);
        assert_lost(b, what);
        assert_int_equal(b->lost.kept, kept);
    }
    opened(b, JOURNAL_UPDATE);
    assert_lost(b, what);
    keep(b, 1, RECORDS + 1, RECORDS + 3);
    for (int i = 0; i < 2; i++) {
        opened(b, i ? JOURNAL_READ : JOURNAL_WRITE);
        assert_string_equal(journal_loss(b->journal, &of), "");
        assert_lost(b, what);
        assert_int_equal(b->lost.kept, kept);
    }
    closed(b);
}

static void what_is_whole_says_nothing(void **state)
{
    struct bench *b = *state;
    uint64_t of;
    for (int i = 0; i < 4; i++) {
        opened(b, i % 2 ? JOURNAL_WRITE : JOURNAL_READ);
        assert_string_equal(loss_of(b, 1), "");
        assert_string_equal(journal_loss(b->journal, &of), "");
    }
    keep(b, 1, 13, 14);
    assert_int_equal(journal_stop(b->journal, 1, RUN_ENDED, 2000, &b->why), OK);
    keep(b, begin(b), 1, 3);
    keep(b, 1, 15, 16);
    for (int i = 0; i < 2; i++) {
        opened(b, i ? JOURNAL_WRITE : JOURNAL_READ);
        assert_string_equal(loss_of(b, 1), "");
        assert_string_equal(loss_of(b, 2), "");
    }
    closed(b);
    run(b, "test -z \"$(ls | grep damaged)\"");
}

static void a_log_that_was_cut(void **state)
{
    assert_said(*state, "truncate -s -20 journal.db-wal", "of its 12 records the last 1 is missing",
                RECORDS - 1);
}

static void a_bit_of_the_last_frame(void **state)
{
    assert_said(*state,
                "printf X | dd of=journal.db-wal bs=1 conv=notrunc status=none"
                " seek=$(($(stat -c %s journal.db-wal) - 9))",
                "of its 12 records the last 1 is missing", RECORDS - 1);
}

/* Even where the mark is of no help, since it is gone; and that is not all that is said then. */
static void a_bit_of_the_log_without_a_mark(void **state)
{
    struct bench *b = *state;
    char damage[256];
    struct stat st, copy;
    char log[128];
    snprintf(log, sizeof log, "%s-wal", b->file);
    assert_int_equal(stat(log, &st), 0);
    long frames = (st.st_size - 32) / FRAME;
    snprintf(damage, sizeof damage,
             "rm journal.db.mark && printf X | dd of=journal.db-wal bs=1 conv=notrunc status=none"
             " seek=%ld && cp journal.db-wal was",
             32 + (frames - 5) * (long)FRAME + 900);
    run(b, damage);
    opened(b, JOURNAL_READ);
    snprintf(damage, sizeof damage, "damaged at frame %ld of %ld", frames - 4, frames);
    assert_lost(b, damage);
    assert_lost(b, MISSED);
    assert_false(journal_may_have_lost(text_of(b->lost.what))); /* it has */
    opened(b, JOURNAL_WRITE);
    assert_lost(b, damage);
    run(b, "cmp was journal.db-wal.damaged-1"); /* nothing of it is thrown away */
    snprintf(log, sizeof log, "%s-wal.damaged-1", b->file);
    assert_true(stat(log, &copy) == 0 && (copy.st_mode & 0777) == 0600);
}

static void a_bit_of_the_logs_head_loses_the_run(void **state)
{
    struct bench *b = *state;
    struct run_head head;
    uint64_t of;
    run(b, "printf X | dd of=journal.db-wal bs=1 conv=notrunc status=none seek=18");
    opened(b, JOURNAL_WRITE);
    assert_non_null(strstr(journal_loss(b->journal, &of), "the head of its log"));
    assert_int_equal(of, 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(journal_run(b->journal, 1, &head, &b->arena, &b->why), ERR_IO);
        assert_non_null(strstr(b->why.text, "has lost run 1"));
        opened(b, JOURNAL_READ);
    }
    assert_int_equal(journal_run(b->journal, 9, &head, &b->arena, &b->why), ERR_GONE);
    opened(b, JOURNAL_WRITE);
    assert_int_equal(begin(b), 2); /* the number of the lost run stays its own */
    assert_string_equal(loss_of(b, 2), "");
}

static void an_older_journal(void **state)
{
    struct bench *b = *state;
    run(b, "mkdir older && cp journal.db journal.db-wal older");
    killed(b, RECORDS + 1, RECORDS + 4);
    assert_said(b, "cp older/journal.db older/journal.db-wal .",
                "of its 16 records the last 4 are missing", RECORDS);
}

/* Which run the lost records belong to is known only back to where its writer began. */
static void losses_of_other_runs_too(void **state)
{
    struct bench *b = *state;
    run(b, "mkdir older && cp journal.db journal.db-wal older");
    opened(b, JOURNAL_WRITE);
    keep(b, 1, RECORDS + 1, RECORDS + 2);
    opened(b, JOURNAL_WRITE);
    keep(b, begin(b), 1, 3);
    closed(b);
    run(b, "cp older/journal.db older/journal.db-wal .");
    opened(b, JOURNAL_WRITE);
    assert_lost(b, "run 2 is not in the journal any more; of its 17 records");
    struct run_head head;
    assert_int_equal(journal_run(b->journal, 2, &head, &b->arena, &b->why), ERR_IO);
    assert_int_equal(begin(b), 3);
}

static void only_the_run_that_was_written_is_accused(void **state)
{
    struct bench *b = *state;
    opened(b, JOURNAL_WRITE);
    assert_int_equal(begin(b), 2);
    closed(b);
    pid_t pid = fork();
    if (pid == 0) {
        opened(b, JOURNAL_WRITE);
        keep(b, 2, 1, 5);
        _exit(0);
    }
    int status;
    assert_true(waitpid(pid, &status, 0) == pid && status == 0);
    run(b, "truncate -s -20 journal.db-wal");
    for (int i = 0; i < 2; i++) {
        opened(b, i ? JOURNAL_WRITE : JOURNAL_READ);
        assert_string_equal(loss_of(b, 1), "");
        assert_non_null(strstr(loss_of(b, 2), "of its 17 records the last 1 is missing"));
    }
}

/* A sector of it may be torn when the power fails, but not both. */
static void half_of_the_mark_is_enough(void **state)
{
    static const char *const cases[] = {
        "truncate -s 600 journal.db.mark",
        "printf X | dd of=journal.db.mark bs=1 conv=notrunc status=none seek=40",
        "printf X | dd of=journal.db.mark bs=1 conv=notrunc status=none seek=4140",
        "dd if=/dev/zero of=journal.db.mark bs=4096 count=1 conv=notrunc status=none",
    };
    struct bench *b = *state;
    run(b, "mkdir whole && cp -p journal.db* whole");
    for (size_t i = 0; i < COUNT(cases); i++) {
        run(b, "rm -f journal.db* && cp -p whole/* .");
        run(b, cases[i]);
        opened(b, i % 2 ? JOURNAL_WRITE : JOURNAL_READ);
        assert_string_equal(loss_of(b, 1), "");
        closed(b);
    }
    run(b, "rm -f journal.db* && cp -p whole/* . && rm journal.db.mark && ln -s whole "
           "journal.db.mark");
    assert_int_equal(journal_open_file(&b->journal, b->file, JOURNAL_WRITE, &b->why), ERR_IO);
    assert_non_null(strstr(b->why.text, "high-water mark"));
}

/* One slot is enough: the mark of the turn before still sees all but the last record. */
static void a_mark_with_one_slot_left(void **state)
{
    for (int slot = 0; slot < 2; slot++) {
        struct bench *b;
        char damage[256];
        if (slot) {
            tear_down(state);
            set_up(state);
        }
        b = *state;
        snprintf(damage, sizeof damage,
                 "dd if=/dev/zero of=journal.db.mark bs=4096 count=1 conv=notrunc status=none"
                 " seek=%d && truncate -s -%d journal.db-wal",
                 slot, 4 * FRAME);
        assert_said(b, damage, "records the last", RECORDS - 4);
    }
}

/* Nobody may open it, in whatever way. */
static void assert_refused(struct bench *b, enum err wanted, const char *what)
{
    for (int mode = JOURNAL_READ; mode <= JOURNAL_UPDATE; mode++) {
        assert_int_equal(journal_open_file(&b->journal, b->file, (enum journal_mode)mode, &b->why),
                         wanted);
        if (!strstr(b->why.text, what))
            fail_msg("'%s' is not in '%s'", what, b->why.text);
    }
}

static void an_emptied_main_file(void **state)
{
    struct bench *b = *state;
    run(b, ": >journal.db && cp journal.db-wal was");
    assert_refused(b, ERR_IO, "is empty, although it held runs");
    run(b, "rm journal.db.mark"); /* the log still tells */
    assert_refused(b, ERR_IO, "is empty, although it held runs");
    run(b, "cmp was journal.db-wal"); /* which SQLite would have removed */
}

static void a_main_file_that_was_removed(void **state)
{
    static const struct {
        const char *deed, *found;
    } cases[] = {
        {"rm journal.db", "(-wal, .mark)"},
        {"touch journal.db-shm", "(-wal, -shm, .mark)"},
        {"rm journal.db-wal", "(-shm, .mark)"},
        {"rm journal.db.mark", "(-shm)"},
        {"rm journal.db-shm && touch journal.db-journal", "(-journal)"},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        run(b, cases[i].deed);
        assert_refused(b, ERR_INPUT, "it was removed or renamed");
        assert_non_null(strstr(b->why.text, cases[i].found));
        run(b, "test ! -e journal.db");
    }
    run(b, "rm journal.db-journal"); /* all of it: which is somebody's wish, and begins anew */
    opened(b, JOURNAL_WRITE);
    assert_int_equal(begin(b), 1);
    keep(b, 1, 1, 2);
    opened(b, JOURNAL_READ);
    assert_string_equal(loss_of(b, 1), "");
}

/* A log that was cut between two transactions is a whole log. Without the mark nobody can tell, and
 * that is said, of every run, and for good. */
static void a_mark_that_is_gone(void **state)
{
    static const char *const cases[] = {
        "rm journal.db.mark",
        ": >journal.db.mark",
        "dd if=/dev/zero of=journal.db.mark bs=4096 count=2 conv=notrunc status=none",
        ("printf 'XX' >x && for at in 40 4136; do dd if=x of=journal.db.mark bs=1 conv=notrunc"
         " status=none seek=$at; done"),
    };
    char damage[256];
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bench *b;
        uint64_t of;
        if (i > 0) {
            tear_down(state);
            set_up(state);
        }
        b = *state;
        snprintf(damage, sizeof damage, "{ %s; } && truncate -s -%d journal.db-wal", cases[i],
                 i % 2 ? 0 : 4 * FRAME);
        assert_said(b, damage, MISSED, i % 2 ? RECORDS : RECORDS - 4);
        assert_true(journal_may_have_lost(text_of(b->lost.what)));
        run(b, "rm journal.db.mark"); /* once more: it is not said twice */
        opened(b, JOURNAL_WRITE);
        assert_non_null(strstr(journal_loss(b->journal, &of), MISSED));
        assert_int_equal(of, 0);
        assert_true(journal_may_have_lost(text_of(loss_of(b, 1))));
        assert_int_equal(begin(b), 2);
        assert_string_equal(loss_of(b, 2), "");
    }
}

/* A suspicion does not hide what the records prove: one was taken out of their middle. */
static void a_record_that_is_gone_with_the_mark(void **state)
{
    struct bench *b = *state;
    assert_said(b,
                "rm journal.db.mark && /usr/bin/python3 -c \"import sqlite3;"
                "c=sqlite3.connect('journal.db');"
                "c.execute('DELETE FROM record WHERE seq=(SELECT min(seq)+5 FROM record)');"
                "c.commit();c.close()\"",
                "does not follow record", RECORDS - 1);
    opened(b, JOURNAL_READ);
    assert_lost(b, MISSED);
    assert_false(journal_may_have_lost(text_of(b->lost.what)));
}

/* All of its log, with the only run: the tables alone tell that there was a mark. */
static void a_mark_and_a_log_that_are_gone(void **state)
{
    struct bench *b = *state;
    struct run_head head;
    uint64_t of;
    run(b, "rm journal.db-wal journal.db.mark");
    opened(b, JOURNAL_READ);
    assert_non_null(strstr(journal_loss(b->journal, &of), MISSED));
    for (int i = 0; i < 4; i++) { /* found, written down, and known from then on */
        for (uint64_t id = 0; id < 3; id++) {
            assert_int_equal(journal_run(b->journal, id, &head, &b->arena, &b->why), ERR_IO);
            assert_non_null(strstr(b->why.text, "may have lost it: its high-water mark"));
        }
        opened(b, i % 2 ? JOURNAL_READ : JOURNAL_WRITE);
        assert_int_equal(*journal_loss(b->journal, &of) != 0, i == 0);
    }
    opened(b, JOURNAL_WRITE);
    assert_int_equal(begin(b), 1);
    assert_string_equal(loss_of(b, 1), "");
}

/* Killed while the journal was made: after its main file, its mark, or one slot of that. */
static void a_journal_that_was_never_made(void **state)
{
    static const char *const cases[] = {
        ": >journal.db",
        ": >journal.db && : >journal.db.mark",
        ": >journal.db && head -c 512 new/journal.db.mark >journal.db.mark",
        ": >journal.db && cp new/journal.db.mark .",
        ": >journal.db && cp new/journal.db.mark . && cp was journal.db-wal",
    };
    struct bench *b = *state;
    opened_new(b, "new");
    run(b, "cp journal.db-wal was"); /* instead of one with the tables alone */
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t of;
        struct journal *j;
        run(b, "rm -f journal.db*");
        run(b, cases[i]);
        assert_int_equal(journal_open_file(&j, b->file, JOURNAL_READ, &b->why), ERR_GONE);
        opened(b, JOURNAL_WRITE);
        assert_string_equal(journal_loss(b->journal, &of), "");
        assert_int_equal(begin(b), 1);
        closed(b);
    }
}

int main(void)
{
#define TEST_OF(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST_OF(what_is_whole_says_nothing),
        TEST_OF(a_log_that_was_cut),
        TEST_OF(a_bit_of_the_last_frame),
        TEST_OF(a_bit_of_the_log_without_a_mark),
        TEST_OF(a_bit_of_the_logs_head_loses_the_run),
        TEST_OF(an_older_journal),
        TEST_OF(losses_of_other_runs_too),
        TEST_OF(only_the_run_that_was_written_is_accused),
        TEST_OF(half_of_the_mark_is_enough),
        TEST_OF(a_mark_with_one_slot_left),
        TEST_OF(a_mark_that_is_gone),
        TEST_OF(a_record_that_is_gone_with_the_mark),
        TEST_OF(a_mark_and_a_log_that_are_gone),
        TEST_OF(a_journal_that_was_never_made),
        TEST_OF(an_emptied_main_file),
        TEST_OF(a_main_file_that_was_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
