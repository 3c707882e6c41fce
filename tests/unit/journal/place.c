/*
 * Where a journal may lie, who may write it, and what a reader leaves behind: nothing.
 */
#include "journal/store_sqlite/place.h"
#include "journal/journal.h"
#include "journal/store_sqlite/store_sqlite.h"

#include "base/count.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64]; /* of the test that runs */

static void shell(const char *command)
{
    char line[512];
    snprintf(line, sizeof line, "cd %s && %s", folder, command);
    assert_int_equal(system(line), 0);
}

static char *in_folder(const char *name)
{
    static char path[4][160];
    static unsigned turn;
    snprintf(path[turn % 4], sizeof path[0], "%s/%s", folder, name);
    return path[turn++ % 4];
}

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/journal_place.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char line[128];
    snprintf(line, sizeof line, "rm -rf %s", folder);
    return system(line);
}

static enum err open_close(const char *name, enum journal_mode mode, struct why *why)
{
    struct journal *j;
    enum err err = journal_open_file(&j, in_folder(name), mode, why);
    journal_close(j);
    return err;
}

static unsigned mode_of(const char *name)
{
    struct stat st;
    assert_int_equal(lstat(in_folder(name), &st), 0);
    return st.st_mode & 07777;
}

static struct journal *begin(const char *name)
{
    struct journal *j;
    struct why why;
    struct fleet f;
    struct run_head head = {.started = 1};
    uint32_t row;
    uint16_t index;
    if (journal_open_file(&j, in_folder(name), JOURNAL_WRITE, &why) != OK)
        fail_msg("%s", why.text);
    fleet_init(&f);
    assert_true(names_init(&f.names, 1 << 20));
    struct choice c = {0};
    assert_true(names_add(&f.names, TEXT("example.com"), &c.identity));
    assert_true(fleet_account(&f, (struct account){0}, &index));
    assert_true(fleet_lane(&f, 0, c.identity, &index));
    assert_true(fleet_policy(&f, (struct policy){0}, &index));
    assert_true(fleet_choice(&f, c, &row));
    assert_int_equal(journal_begin(j, &head, &f, &why), OK);
    fleet_clear(&f);
    return j;
}

static void modes_are_private_whatever_the_umask(void **state)
{
    (void)state;
    mode_t old = umask(0);
    struct journal *j = begin("new/journal.db");
    assert_int_equal(mode_of("new"), 0700);
    assert_int_equal(mode_of("new/journal.db"), 0600);
    assert_int_equal(mode_of("new/journal.db-wal"), 0600);
    assert_int_equal(mode_of("new/journal.db.lock"), 0600);
    journal_close(j);
    umask(old);
}

static void a_planted_path_is_refused_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *plant, *name, *sentence;
        bool readers_too;
    } cases[] = {
        {"touch real && ln -s real j", "j", "symbolic link", true},
        {"ln -s /nowhere/at/all j", "j", "symbolic link", true},
        {"mkfifo j", "j", "FIFO", true},
        {"mkdir j", "j", "directory", true},
        {"ln -s /dev/null j", "j", "symbolic link", true},
        {"touch a && ln a j", "j", "hard links", false},
        {"touch j && chmod 666 j", "j", "others can write to it", false},
        {"mkdir w && chmod 777 w", "w/j", "others can write to its folder", false},
        {"mkdir w && chmod 1777 w", "w/j", "make a folder of your own in it", false},
        {"mkdir w && chmod 770 w", "w/j", "others can write to its folder", false},
        {"mkdir -p w/private && chmod 777 w && chmod 700 w/private", "w/private/j",
         "where every user may rename it", false},
        {"mkdir -p w/a/b && chmod 777 w", "w/a/b/j", "where every user may rename it", false},
        {"echo no database, but long enough to look at >j", "j", "not a journal of mailfrom", true},
        {"/usr/bin/python3 -c \"import sqlite3;sqlite3.connect('j').execute('create table t(a)')\"",
         "j", "not a journal of mailfrom", true},
        {"touch t && ln -s t j.lock", "j", "symbolic link", false},
        {"mkfifo j.lock", "j", "lock file", false},
        {"touch j-wal", "j", "was removed or renamed", true},
        {"touch j-wal j-shm j.mark", "j", "(-wal, -shm, .mark)", true},
        {"true", "no/such/folder/j", "cannot make the folder", false},
        {"true", "sub/", "directory", true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct why why = {""};
        shell("rm -rf ./* && umask 022");
        shell(cases[i].plant);
        enum err err = open_close(cases[i].name, JOURNAL_WRITE, &why);
        if (err == OK || err == ERR_BUSY || !strstr(why.text, cases[i].sentence))
            fail_msg("%s: %s", cases[i].plant, why.text);
        if (!cases[i].readers_too)
            continue;
        err = open_close(cases[i].name, JOURNAL_READ, &why);
        if (err == OK || !strstr(why.text, cases[i].sentence))
            fail_msg("reader: %s: %s", cases[i].plant, why.text);
    }
}

static enum err keep_kind(struct journal *j, enum record_kind kind, struct why *why)
{
    struct record record = {.kind = kind, .at = 2, .row = {.notes.known = true}};
    return journal_keep(j, 1, &record, 1, why);
}

static void no_intent_is_kept_in_a_journal_that_was_taken_away(void **state)
{
    (void)state;
    static const struct {
        const char *deed, *sentence;
    } cases[] = {
        {"rm -rf s", "was removed"},
        {"mv s elsewhere", "was removed"},
        {"rm s/j", "was removed"},
        {"mv s/j s/k && cp s/k s/j", "replaced"},
        {"mv s/j s/k && ln -s k s/j", "replaced"},
        {"ln s/j s/k", "second name"},
        {"rm s/j-wal", "j-wal was removed"},
        {"cp s/j-wal s/w && mv s/w s/j-wal", "j-wal was replaced"},
        {"rm s/j.lock", "j.lock was removed"},
        {"rm s/j.mark", "j.mark was removed"},
        {"rm s/j.lock && touch s/j.lock", "j.lock was replaced"},
        {"mv s t && cp -r t s", "replaced"},
        {"mv s t && ln -s t s", "s was replaced by a symbolic link"},
        {"chmod 777 s", "others can write to its folder"},
        {"chmod 1777 s", "others can write to its folder"},
        {"chmod 720 s", "others can write to its folder"},
        {"chmod 777 .", "where every user may rename it"},
        {"mv ../$(basename $PWD) ../aside.$(basename $PWD) && ln -s aside.$(basename $PWD) $PWD",
         "was replaced by a symbolic link"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct why why = {""};
        shell("rm -rf ./*");
        struct journal *j = begin("s/j");
        assert_int_equal(keep_kind(j, RECORD_INTENT, &why), OK);
        assert_int_equal(keep_kind(j, RECORD_ANSWER, &why), OK);
        shell(cases[i].deed);
        if (keep_kind(j, RECORD_INTENT, &why) != ERR_IO || !strstr(why.text, cases[i].sentence))
            fail_msg("%s: %s", cases[i].deed, why.text);
        assert_int_equal(keep_kind(j, RECORD_ANSWER, &why), ERR_IO); /* and nothing after it */
        journal_close(j);
        shell("chmod 700 .");
    }
    shell("rm $PWD && mv ../aside.$(basename $PWD) $PWD");
}

/* File systems tell time in ticks of some milliseconds: waits until a write would get a new one. */
static void next_tick(const char *file)
{
    struct stat then, now;
    assert_int_equal(stat(file, &then), 0);
    do {
        poll(NULL, 0, 1);
        shell("echo >clock");
        assert_int_equal(stat(in_folder("clock"), &now), 0);
    } while (now.st_mtim.tv_sec == then.st_mtim.tv_sec &&
             now.st_mtim.tv_nsec == then.st_mtim.tv_nsec);
}

static void nothing_is_kept_in_a_journal_that_another_program_wrote_to(void **state)
{
    (void)state;
    static const struct {
        const char *deed, *file;
    } cases[] = {
        {": >s/j-wal", "j-wal"},
        {"truncate -s -1 s/j-wal", "j-wal"},
        {"truncate -s +4096 s/j-wal", "j-wal"},
        {"dd if=/dev/zero of=s/j-wal bs=1 count=32 conv=notrunc status=none", "j-wal"},
        {"printf damage | dd of=s/j-wal bs=1 seek=4700 conv=notrunc status=none", "j-wal"},
        {"truncate -s -4120 s/j-wal", "j-wal"}, /* a frame */
        {": >s/j", "s/j"},
        {"truncate -s -4096 s/j", "s/j"},
        {"dd if=/dev/zero of=s/j bs=100 count=1 conv=notrunc status=none", "s/j"},
        {"echo something else >s/j", "s/j"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct why why = {""};
        shell("rm -rf ./*");
        struct journal *j = begin("s/j");
        assert_int_equal(keep_kind(j, RECORD_INTENT, &why), OK);
        assert_int_equal(journal_stop(j, 1, RUN_ENDED, 3, &why), OK); /* so both have something */
        assert_int_equal(keep_kind(j, RECORD_INTENT, &why), OK);
        assert_int_equal(keep_kind(j, RECORD_ANSWER, &why), OK);
        next_tick(in_folder("s/j-wal"));
        shell(cases[i].deed);
        if (keep_kind(j, RECORD_INTENT, &why) != ERR_IO ||
            !strstr(why.text, "another program wrote to") || !strstr(why.text, cases[i].file))
            fail_msg("%s: %s", cases[i].deed, why.text);
        assert_int_equal(keep_kind(j, RECORD_ANSWER, &why), ERR_IO); /* and nothing after it */
        journal_close(j);
    }
}

static void a_journal_that_is_only_looked_at_goes_on(void **state)
{
    (void)state;
    struct why why = {""};
    struct journal *j = begin("s/j");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(keep_kind(j, RECORD_INTENT, &why), OK);
        shell("cat s/j s/j-wal s/j.lock >copy && touch s/j s/j-wal s/other && cp s/j t");
        shell("chmod 755 s && chmod g+w . && chmod 1777 . && chmod 700 .");
        assert_int_equal(open_close("s/j", JOURNAL_READ, &why), OK);
        assert_int_equal(journal_stop(j, 1, i < 2 ? RUN_OPEN : RUN_ENDED, 3, &why), OK);
    }
    journal_close(j);
    assert_int_equal(open_close("s/j", JOURNAL_WRITE, &why), OK);
}

static void an_update_creates_nothing(void **state)
{
    (void)state;
    struct why why = {""};
    assert_int_equal(open_close("j", JOURNAL_UPDATE, &why), ERR_GONE);
    assert_int_equal(open_close("new/j", JOURNAL_UPDATE, &why), ERR_GONE);
    shell("test -z \"$(ls)\"");
    journal_close(begin("j"));
    assert_int_equal(open_close("j", JOURNAL_UPDATE, &why), OK);
    shell("mkdir -p w/private && chmod 1777 w && chmod 700 w/private"); /* as /tmp is */
    assert_int_equal(open_close("w/private/j", JOURNAL_WRITE, &why), OK);
}

static void devices_are_refused(void **state)
{
    (void)state;
    struct journal *j;
    struct why why;
    assert_int_equal(journal_open_file(&j, "/dev/null", JOURNAL_WRITE, &why), ERR_INPUT);
    assert_int_equal(journal_open_file(&j, "/dev/null", JOURNAL_READ, &why), ERR_INPUT);
    assert_non_null(strstr(why.text, "device"));
}

static void the_journal_of_a_newer_program_is_left_alone(void **state)
{
    (void)state;
    struct why why;
    journal_close(begin("j"));
    shell("/usr/bin/python3 -c \"import sqlite3;c=sqlite3.connect('j',isolation_level=None);"
          "c.execute('pragma user_version=99')\" && rm -f j-wal j-shm && cp j before");
    assert_int_equal(open_close("j", JOURNAL_WRITE, &why), ERR_INPUT);
    assert_non_null(strstr(why.text, "newer mailfrom"));
    assert_int_equal(open_close("j", JOURNAL_READ, &why), ERR_INPUT);
    assert_non_null(strstr(why.text, "newer mailfrom"));
    shell("cmp j before");
}

static void a_reader_creates_nothing_and_says_what_is_missing(void **state)
{
    (void)state;
    struct why why;
    assert_int_equal(open_close("none/j", JOURNAL_READ, &why), ERR_GONE);
    assert_int_equal(open_close("j", JOURNAL_READ, &why), ERR_GONE);
    assert_int_equal(access(in_folder("j"), F_OK), -1);
    assert_int_equal(access(in_folder("none"), F_OK), -1);
    shell("touch j");
    assert_int_equal(open_close("j", JOURNAL_READ, &why), ERR_GONE);
    journal_close(begin("k"));
    shell("ls -la --time-style=full-iso . | grep -v ' [.][.]$' >../ls.$(basename $PWD)");
    assert_int_equal(open_close("k", JOURNAL_READ, &why), OK);
    shell("ls -la --time-style=full-iso . | grep -v ' [.][.]$' | diff - ../ls.$(basename $PWD)"
          " && rm ../ls.$(basename $PWD)");
}

/* A child that holds the journal open until it is killed. */
static pid_t writer_start(const char *name)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        begin(name);
        if (write(ready[1], "r", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void writer_kill(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_second_writer_is_told_who_holds_it_and_a_dead_one_holds_nothing(void **state)
{
    (void)state;
    struct why why;
    struct timespec from, to;
    char pid_text[32], host[256] = "";
    pid_t pid = writer_start("j");
    snprintf(pid_text, sizeof pid_text, "pid %d on ", (int)pid);
    gethostname(host, sizeof host - 1);
    clock_gettime(CLOCK_MONOTONIC, &from);
    assert_int_equal(open_close("j", JOURNAL_WRITE, &why), ERR_BUSY);
    clock_gettime(CLOCK_MONOTONIC, &to);
    assert_non_null(strstr(why.text, pid_text));
    assert_non_null(strstr(why.text, host));
    assert_true((to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000 < 200);
    writer_kill(pid);
    assert_int_equal(open_close("j", JOURNAL_WRITE, &why), OK);
}

static bool count(void *ctx, const struct record *record)
{
    (void)record;
    ++*(int *)ctx;
    return true;
}

static int records_in(const char *name)
{
    struct journal *j;
    struct why why;
    int len = 0;
    if (journal_open_file(&j, in_folder(name), JOURNAL_READ, &why) != OK ||
        journal_replay(j, 1, count, &len, &why) != OK)
        fail_msg("%s", why.text);
    journal_close(j);
    return len;
}

/* Files are made with a name there; -1 where the file system has no others. */
static int names_watch(const char *path)
{
    int nameless = open(path, O_TMPFILE | O_RDWR, 0600);
    if (nameless < 0)
        return -1;
    close(nameless);
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    assert_true(inotify_add_watch(fd, path, IN_CREATE | IN_MOVED_TO) >= 0);
    return fd;
}

/* At no moment has a copy a name: so a reader that is killed leaves none, whenever it is. */
static void a_reader_sees_what_a_living_writer_has_kept_and_leaves_no_copy(void **state)
{
    (void)state;
    struct why why;
    struct record r[3] = {0};
    char event[4096];
    mkdir(in_folder("tmp"), 0700);
    setenv("TMPDIR", in_folder("tmp"), 1);
    int names = names_watch(in_folder("tmp"));
    struct journal *j = begin("j");
    assert_int_equal(records_in("j"), 0);
    for (int i = 1; i <= 5; i++) {
        assert_int_equal(journal_keep(j, 1, r, 3, &why), OK);
        assert_int_equal(records_in("j"), 3 * i);
    }
    if (names >= 0) {
        assert_int_equal(read(names, event, sizeof event), -1);
        assert_int_equal(errno, EAGAIN);
        close(names);
    }
    assert_int_equal(rmdir(in_folder("tmp")), 0); /* empty */
    unsetenv("TMPDIR");
    journal_close(j);
    assert_int_equal(records_in("j"), 15);
}

static void the_main_file_stands_still_while_it_is_read(void **state)
{
    (void)state;
    struct why why;
    struct record r = {0};
    struct journal *reader, *j = begin("j");
    int len = 0;
    assert_int_equal(journal_keep(j, 1, &r, 1, &why), OK);
    journal_close(j);
    assert_int_equal(journal_open_file(&reader, in_folder("j"), JOURNAL_READ, &why), OK);
    assert_int_equal(journal_open_file(&j, in_folder("j"), JOURNAL_WRITE, &why), OK);
    shell("cp j before");
    assert_int_equal(journal_keep(j, 1, &r, 1, &why), OK);
    assert_int_equal(journal_stop(j, 1, RUN_ENDED, 5, &why), OK);
    journal_close(j);
    shell("cmp j before && test -s j-wal");
    assert_int_equal(journal_replay(reader, 1, count, &len, &why), OK);
    assert_int_equal(len, 1);
    journal_close(reader);
    assert_int_equal(records_in("j"), 2);
    assert_int_equal(open_close("j", JOURNAL_WRITE, &why), OK);
    shell("! test -e j-wal");
}

/* The linker puts this in front of statfs(2) (--wrap). */
static unsigned long pretended; /* file system; 0: the real one */

int __real_statfs(const char *path, struct statfs *out);
int __wrap_statfs(const char *path, struct statfs *out);

int __wrap_statfs(const char *path, struct statfs *out)
{
    int code = __real_statfs(path, out);
    if (pretended)
        out->f_type = (__typeof__(out->f_type))pretended;
    return code;
}

static void a_network_file_system_is_refused_for_writing_and_named(void **state)
{
    (void)state;
    static const struct {
        unsigned long magic;
        const char *name; /* NULL: local */
    } cases[] = {
        {0x6969, "NFS"},      {0xff534d42, "CIFS"}, {0xfe534d42, "SMB2"}, {0x01021997, "9P"},
        {0x00c36400, "Ceph"}, {0xef53, NULL},       {0x58465342, NULL},   {0x9123683e, NULL},
        {0x01021994, NULL},   {0x65735546, NULL},   {0x794c7630, NULL},   {0x2fc12fc1, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char file[32];
        struct why why = {""};
        snprintf(file, sizeof file, "journal%zu.db", i);
        pretended = cases[i].magic;
        enum err err = open_close(file, JOURNAL_WRITE, &why);
        enum err again = open_close(file, JOURNAL_READ, &(struct why){""});
        pretended = 0;
        assert_int_equal(err, cases[i].name ? ERR_INPUT : OK);
        assert_int_equal(again, cases[i].name ? ERR_GONE : OK); /* refused: nothing was made */
        assert_true(!cases[i].name || strstr(why.text, cases[i].name));
    }
}

int main(void)
{
#define TEST_OF(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST_OF(modes_are_private_whatever_the_umask),
        TEST_OF(a_planted_path_is_refused_with_the_reason),
        TEST_OF(no_intent_is_kept_in_a_journal_that_was_taken_away),
        TEST_OF(nothing_is_kept_in_a_journal_that_another_program_wrote_to),
        TEST_OF(a_journal_that_is_only_looked_at_goes_on),
        TEST_OF(devices_are_refused),
        TEST_OF(an_update_creates_nothing),
        TEST_OF(a_network_file_system_is_refused_for_writing_and_named),
        TEST_OF(the_journal_of_a_newer_program_is_left_alone),
        TEST_OF(a_reader_creates_nothing_and_says_what_is_missing),
        TEST_OF(a_second_writer_is_told_who_holds_it_and_a_dead_one_holds_nothing),
        TEST_OF(a_reader_sees_what_a_living_writer_has_kept_and_leaves_no_copy),
        TEST_OF(the_main_file_stands_still_while_it_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
