/*
 * What survives: a writer that is killed at any instant, a disk that is full.
 */
#include "journal/journal.h"
#include "journal/store_sqlite/store_sqlite.h"
#include "scheduler/record_publish.h"

#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ROUNDS    200
#define JOBS      64
#define AHEAD_MAX 400 /* records of a writer beside a reader that the latter has not heard of */

static char folder[64], file[96];

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/journal_crash.XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(file, sizeof file, "%s/journal.db", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char line[128];
    snprintf(line, sizeof line, "rm -rf %s", folder);
    return system(line);
}

static struct journal *writer_open(void)
{
    struct journal *j;
    struct why why;
    if (journal_open_file(&j, file, JOURNAL_WRITE, &why) != OK)
        fail_msg("%s", why.text);
    return j;
}

static void begin(struct journal *j)
{
    struct why why;
    struct fleet f;
    struct run_head head = {0};
    uint16_t index;
    uint32_t row;
    fleet_init(&f);
    assert_true(names_init(&f.names, 1 << 20));
    struct choice c = {0};
    assert_true(names_add(&f.names, TEXT("example.com"), &c.identity));
    assert_true(fleet_account(&f, (struct account){0}, &index));
    assert_true(fleet_lane(&f, 0, c.identity, &index));
    assert_true(fleet_policy(&f, (struct policy){0}, &index));
    for (int i = 0; i < JOBS; i++)
        assert_true(fleet_choice(&f, c, &row));
    assert_int_equal(journal_begin(j, &head, &f, &why), OK);
    fleet_clear(&f);
    const struct publish_target target = {.name = TEXT("bounce.example.com")};
    assert_int_equal(journal_targets_begin(j, 1, &target, 1, &why), OK);
}

/* Records are numbered by `at`: 1, 2, 3, ... without a gap, and every third is of a target. */
static bool is_of_target(int64_t at)
{
    return at % 3 == 0;
}

static bool in_order(void *ctx, const struct record *r)
{
    int64_t *last = ctx;
    assert_int_equal(r->at, *last + 1 + is_of_target(*last + 1));
    assert_int_equal(r->row.reason.len, 200);
    *last = r->at;
    return true;
}

static bool published_in_order(void *ctx, const struct publish_record *r)
{
    int64_t *last = ctx;
    assert_int_equal(r->at, *last + 3);
    assert_int_equal(r->reason.len, 200);
    *last = r->at;
    return true;
}

static int64_t last_kept(struct journal *j)
{
    int64_t of_jobs = 0, of_targets = 0;
    struct run_loss lost;
    struct why why;
    if (journal_replay(j, 1, in_order, &of_jobs, &why) != OK ||
        journal_publish_replay(j, 1, published_in_order, &of_targets, &why) != OK ||
        journal_vet(j, 1, &lost, &why) != OK)
        fail_msg("%s", why.text);
    assert_string_equal(lost.what, "");
    int64_t last = of_jobs > of_targets ? of_jobs : of_targets;
    assert_true(of_targets == last - last % 3); /* none is missing in between */
    return last;
}

/* The same without reading all. */
static int64_t newest(struct journal *j)
{
    struct run_head head;
    struct arena arena;
    struct why why;
    arena_init(&arena, 1 << 20);
    if (journal_run(j, 1, &head, &arena, &why) != OK)
        fail_msg("%s", why.text);
    arena_clear(&arena);
    return head.last;
}

static struct record numbered(int64_t at, struct publish_record *p)
{
    static const char words[200] = "a reason";
    *p = (struct publish_record){.at = at, .reason = {words, sizeof words}};
    return is_of_target(at) ? publish_as_record(p)
                            : (struct record){.at = at,
                                              .job = (uint32_t)(at % JOBS),
                                              .row.reason = {words, sizeof words}};
}

/* What a writer shares with those who watch it. */
struct shared {
    volatile int64_t acknowledged; /* the last record that keep took */
    volatile int64_t allowed;      /* the writer waits before it goes beyond that */
};

static struct shared *shared_make(int64_t allowed)
{
    struct shared *s =
        mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(s != MAP_FAILED);
    s->allowed = allowed;
    return s;
}

/* Appends turns of 1 to 7 records until it is killed. */
static void append_for_ever(struct shared *shared)
{
    struct journal *j = writer_open();
    struct why why;
    int64_t at = newest(j);
    for (;;) {
        struct record turn[7];
        struct publish_record published[7];
        uint32_t len = (uint32_t)(1 + at % 7);
        for (uint32_t i = 0; i < len; i++)
            turn[i] = numbered(++at, &published[i]);
        while (at > shared->allowed)
            sched_yield();
        if (journal_keep(j, 1, turn, len, &why) != OK)
            _exit(1);
        shared->acknowledged = at;
    }
}

static void no_acknowledged_record_is_lost_in_200_kills(void **state)
{
    (void)state;
    struct shared *shared = shared_make(INT64_MAX);
    struct journal *j = writer_open();
    begin(j);
    journal_close(j);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t before = shared->acknowledged, target = before + 1 + i * 7919 % 60;
        pid_t pid = fork();
        if (pid == 0)
            append_for_ever(shared);
        while (shared->acknowledged < target && waitpid(pid, NULL, WNOHANG) == 0)
            sched_yield();
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        int64_t promised = shared->acknowledged;
        assert_true(promised >= target);
        struct why why;
        assert_int_equal(journal_open_file(&j, file, i % 2 ? JOURNAL_READ : JOURNAL_WRITE, &why),
                         OK);
        int64_t kept = i % 20 == 0 || i == ROUNDS - 1 ? last_kept(j) : newest(j);
        journal_close(j);
        assert_true(kept >= promised && kept <= promised + 7);
    }
    munmap(shared, sizeof *shared);
}

static void a_reader_beside_a_busy_writer_always_sees_whole_turns(void **state)
{
    (void)state;
    struct shared *shared = shared_make(AHEAD_MAX);
    struct journal *j = writer_open();
    begin(j);
    journal_close(j);
    pid_t pid = fork();
    if (pid == 0)
        append_for_ever(shared);
    while (shared->acknowledged == 0)
        sched_yield();
    int busy = 0; /* reads while the writer went on */
    for (int reads = 0; reads < 50 || busy == 0; reads++) {
        struct why why;
        int64_t promised = shared->acknowledged;
        shared->allowed = promised + AHEAD_MAX; /* or reading would never catch up with it */
        if (journal_open_file(&j, file, JOURNAL_READ, &why) != OK)
            fail_msg("%s", why.text);
        assert_true(last_kept(j) >= promised);
        busy += shared->acknowledged > promised;
        journal_close(j);
        assert_int_equal(waitpid(pid, NULL, WNOHANG), 0); /* it is alive all the time */
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    munmap(shared, sizeof *shared);
}

/* In a child, since a limit on file size cannot be raised again. Exit code says what went wrong. */
static int fill_the_disk(void)
{
    struct journal *j = writer_open();
    struct why why;
    struct record r;
    struct publish_record p;
    int64_t at = last_kept(j);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){200000, 200000});
    enum err err = OK;
    for (int i = 0; err == OK && i < 2000; i++) {
        r = numbered(++at, &p);
        err = journal_keep(j, 1, &r, 1, &why);
    }
    if (err != ERR_IO)
        return 1;
    for (int i = 0; i < 3; i++)
        if (journal_keep(j, 1, &r, 1, &why) != ERR_IO || !strstr(why.text, "no more records"))
            return 2;
    if (journal_stop(j, 1, RUN_ENDED, 5, &why) != ERR_IO)
        return 3;
    journal_close(j);
    return 0;
}

static void a_disk_that_fails_ends_all_keeping_and_loses_nothing(void **state)
{
    (void)state;
    int status;
    struct journal *j = writer_open();
    begin(j);
    journal_close(j);
    pid_t pid = fork();
    if (pid == 0)
        _exit(fill_the_disk());
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    j = writer_open();
    assert_true(last_kept(j) > 10);
    struct publish_record p;
    struct record r = numbered(last_kept(j) + 1, &p);
    struct why why;
    assert_int_equal(journal_keep(j, 1, &r, 1, &why), OK);
    journal_close(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_acknowledged_record_is_lost_in_200_kills, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_reader_beside_a_busy_writer_always_sees_whole_turns,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_disk_that_fails_ends_all_keeping_and_loses_nothing,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
