/* A file of events that is moved, cut, full, a FIFO without a reader, a pipe that is full. */
#include "unit.h"

#include "notify/events_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    char folder[40], path[64], moved[64];
    int ending_fd;
    struct events_file *file;
    struct why why;
};

static void place_open(struct place *p)
{
    *p = (struct place){.folder = "/tmp/mailfrom-events-XXXXXX"};
    assert_non_null(mkdtemp(p->folder));
    snprintf(p->path, sizeof p->path, "%s/e", p->folder);
    snprintf(p->moved, sizeof p->moved, "%s/moved", p->folder);
    p->ending_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

static void place_close(struct place *p)
{
    if (p->file)
        events_file_free(p->file);
    close(p->ending_fd);
    unlink(p->path);
    unlink(p->moved);
    assert_int_equal(rmdir(p->folder), 0);
}

static void file_new(struct place *p, enum err wanted)
{
    assert_int_equal(events_file_new(&p->file, p->path, p->ending_fd, &p->why), wanted);
}

static enum delivery append(struct place *p, const char *line)
{
    return events_file_deliver(p->file, NULL, NULL, text_of(line), &p->why);
}

static void content_check(const char *path, const char *wanted)
{
    char got[200] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_true(read(fd, got, sizeof got - 1) >= 0);
    close(fd);
    assert_string_equal(got, wanted);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void lines_are_appended(void **state)
{
    struct place p;
    (void)state;
    place_open(&p);
    write_file(p.path, "old\n");
    file_new(&p, OK);
    assert_int_equal(append(&p, "one\n"), DELIVERY_DONE);
    assert_int_equal(append(&p, "two\n"), DELIVERY_DONE);
    content_check(p.path, "old\none\ntwo\n");
    place_close(&p);
}

static void a_file_that_was_moved_is_made_anew(void **state)
{
    struct place p;
    (void)state;
    place_open(&p);
    file_new(&p, OK);
    assert_int_equal(append(&p, "one\n"), DELIVERY_DONE);
    assert_int_equal(rename(p.path, p.moved), 0);
    assert_int_equal(append(&p, "two\n"), DELIVERY_DONE);
    content_check(p.moved, "one\n");
    content_check(p.path, "two\n");
    assert_int_equal(unlink(p.path), 0);
    assert_int_equal(append(&p, "three\n"), DELIVERY_DONE);
    assert_int_equal(truncate(p.path, 0), 0); /* copytruncate */
    assert_int_equal(append(&p, "four\n"), DELIVERY_DONE);
    content_check(p.path, "four\n");
    place_close(&p);
}

static void a_line_without_an_end_is_closed(void **state)
{
    struct place p;
    (void)state;
    place_open(&p);
    write_file(p.path, "{\"ha");
    file_new(&p, OK);
    assert_int_equal(append(&p, "one\n"), DELIVERY_DONE);
    assert_int_equal(append(&p, "two\n"), DELIVERY_DONE);
    content_check(p.path, "{\"ha\none\ntwo\n");
    place_close(&p);
}

static void a_full_disk_loses_the_line(void **state)
{
    struct place p;
    (void)state;
    place_open(&p);
    snprintf(p.path, sizeof p.path, "/dev/full");
    file_new(&p, OK);
    assert_int_equal(append(&p, "one\n"), DELIVERY_LOST);
    assert_non_null(strstr(p.why.text, strerror(ENOSPC)));
    assert_int_equal(append(&p, "two\n"), DELIVERY_LOST);
    p.path[0] = '\0';
    place_close(&p);
}

static void what_cannot_be_opened_is_refused(void **state)
{
    struct place p;
    (void)state;
    place_open(&p);
    assert_int_equal(mkfifo(p.path, 0600), 0);
    file_new(&p, ERR_INPUT);
    assert_string_equal(p.why.text, "is a FIFO that no process reads: start its reader first");
    assert_int_equal(unlink(p.path), 0);
    snprintf(p.path, sizeof p.path, "%s", p.folder);
    file_new(&p, ERR_INPUT);
    assert_string_equal(p.why.text, strerror(EISDIR));
    snprintf(p.path, sizeof p.path, "%s/no/where", p.folder);
    file_new(&p, ERR_IO);
    place_close(&p);
}

static void a_fifo_may_lose_its_reader_and_get_another(void **state)
{
    struct place p;
    char got[16] = "";
    (void)state;
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    place_open(&p);
    assert_int_equal(mkfifo(p.path, 0600), 0);
    int reader = open(p.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    file_new(&p, OK);
    assert_int_equal(append(&p, "one\n"), DELIVERY_DONE);
    assert_int_equal(read(reader, got, sizeof got), 4);
    close(reader);
    assert_int_equal(append(&p, "two\n"), DELIVERY_LOST);
    assert_int_equal(append(&p, "three\n"), DELIVERY_LOST);
    reader = open(p.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_int_equal(append(&p, "four\n"), DELIVERY_DONE);
    assert_int_equal(read(reader, got, sizeof got), 5);
    assert_memory_equal(got, "four\n", 5);
    close(reader);
    place_close(&p);
}

/* A reader that does not read holds the thread up until the program ends, at most ten seconds. */
static void a_full_pipe_is_not_waited_for_at_the_end(void **state)
{
    struct place p;
    const uint64_t one = 1;
    static char large[70000];
    (void)state;
    place_open(&p);
    memset(large, 'x', sizeof large - 1);
    assert_int_equal(mkfifo(p.path, 0600), 0);
    int reader = open(p.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    file_new(&p, OK);
    assert_int_equal(write(p.ending_fd, &one, sizeof one), sizeof one);
    assert_int_equal(append(&p, large), DELIVERY_ENDING);
    close(reader);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_appended),
        cmocka_unit_test(a_file_that_was_moved_is_made_anew),
        cmocka_unit_test(a_line_without_an_end_is_closed),
        cmocka_unit_test(a_full_disk_loses_the_line),
        cmocka_unit_test(what_cannot_be_opened_is_refused),
        cmocka_unit_test(a_fifo_may_lose_its_reader_and_get_another),
        cmocka_unit_test(a_full_pipe_is_not_waited_for_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
