/* The name of the control socket: long paths, modes, leftovers, links. */
#include "control/address.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    char folder[64], journal[PATH_MAX], path[PATH_MAX + 8];
    struct address address;
};

static int open_place(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    snprintf(p->folder, sizeof p->folder, "/tmp/control-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    *state = p;
    return 0;
}

static int close_place(void **state)
{
    struct place *p = *state;
    char command[128];
    address_close(&p->address);
    snprintf(command, sizeof command, "rm -rf %s", p->folder);
    assert_int_equal(system(command), 0);
    free(p);
    return 0;
}

/* A journal of this name, and its address. */
static void names(struct place *p, const char *below, const char *name)
{
    struct why why = {""};
    char command[PATH_MAX + 32];
    snprintf(command, sizeof command, "mkdir -p %s/%s", p->folder, below);
    assert_int_equal(system(command), 0);
    snprintf(p->journal, sizeof p->journal, "%s/%s%s", p->folder, below, name);
    snprintf(p->path, sizeof p->path, "%s" CONTROL_SOCKET_END, p->journal);
    int fd = open(p->journal, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    if (address_open(&p->address, p->journal, &why) != OK)
        fail_msg("%s", why.text);
}

static int listens(struct place *p)
{
    struct why why = {""};
    int fd;
    if (address_listen(&p->address, &fd, &why) != OK)
        fail_msg("%s", why.text);
    return fd;
}

static enum address_found finds(const struct place *p)
{
    int fd;
    uid_t owner;
    enum address_found found = address_connect(&p->address, SPAN_MS(100), &fd, &owner);
    if (fd >= 0)
        close(fd);
    return found;
}

static void a_socket_of_a_long_name_is_its_owners_alone(void **state)
{
    struct place *p = *state;
    char below[600] = "", name[240];
    struct stat st;
    for (int i = 0; i < 4; i++)
        snprintf(below + strlen(below), sizeof below - strlen(below), "%0100d/", i);
    memset(name, 'j', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    names(p, below, name);
    mode_t before = umask(0);
    assert_int_equal(finds(p), ADDRESS_NOBODY);
    int fd = listens(p);
    umask(before);
    assert_int_equal(lstat(p->path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(finds(p), ADDRESS_OPEN);
    address_remove(&p->address);
    assert_int_not_equal(lstat(p->path, &st), 0);
    close(fd);
}

static void what_a_dead_process_has_left_is_replaced(void **state)
{
    struct place *p = *state;
    names(p, "", "journal.db");
    close(listens(p));
    assert_int_equal(finds(p), ADDRESS_NOBODY);
    int fd = listens(p);
    assert_int_equal(finds(p), ADDRESS_OPEN);
    close(fd);
}

static void a_link_is_neither_replaced_nor_followed(void **state)
{
    struct place *p = *state;
    struct why why = {""};
    int fd;
    char target[96];
    names(p, "", "journal.db");
    snprintf(target, sizeof target, "%s/other.db", p->folder);
    struct place other = *p;
    names(&other, "", "other.db");
    int listening = listens(&other);
    assert_int_equal(symlink(other.path, p->path), 0);
    assert_int_equal(address_listen(&p->address, &fd, &why), ERR_INPUT);
    assert_int_equal(finds(p), ADDRESS_BROKEN);
    assert_int_equal(finds(&other), ADDRESS_OPEN);
    address_remove(&p->address);
    struct stat st;
    assert_int_equal(lstat(p->path, &st), 0);
    close(listening);
    address_close(&other.address);
}

static void a_crowd_that_nobody_serves_is_silence(void **state)
{
    struct place *p = *state;
    int fds[64];
    uid_t owner;
    enum address_found found = ADDRESS_OPEN;
    unsigned len = 0;
    names(p, "", "journal.db");
    int listening = listens(p);
    while (found == ADDRESS_OPEN && len < COUNT(fds))
        found = address_connect(&p->address, SPAN_MS(50), &fds[len++], &owner);
    assert_int_equal(found, ADDRESS_SILENT);
    while (len--)
        if (fds[len] >= 0)
            close(fds[len]);
    close(listening);
}

int main(void)
{
#define IN_PLACE(name) cmocka_unit_test_setup_teardown(name, open_place, close_place)
    const struct CMUnitTest tests[] = {
        IN_PLACE(a_socket_of_a_long_name_is_its_owners_alone),
        IN_PLACE(what_a_dead_process_has_left_is_replaced),
        IN_PLACE(a_link_is_neither_replaced_nor_followed),
        IN_PLACE(a_crowd_that_nobody_serves_is_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
