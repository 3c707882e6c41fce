/*
 * Starts a program, gathers its output, waits for its end. Invariant: when child_run returns the
 * program has ended and was waited for. A grandchild outside the process group may go on, but its
 * output is not read.
 */
#include "child.h"

#include "base/bounds.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIPE_BYTES (64u << 10) /* Linux's size of a pipe */

enum { OUT, ERR, EXITED, TIME, ENDING, WATCHED };

struct child {
    pid_t pid;
    struct pollfd fds[WATCHED];
};

/* An own search of PATH leaves one execve, and an exact error. */
enum err child_find(const char *name, char path[], struct why *why)
{
    const char *list = getenv("PATH");
    struct text rest = text_of(list ? list : "/usr/local/bin:/usr/bin:/bin");
    struct stat st;
    if (strchr(name, '/')) {
        snprintf(path, PATH_LEN_MAX, "%s", name);
        return access(path, X_OK) == 0
                   ? OK
                   : why_set(why, ERR_AUTH, "cannot run %.300s: %s", name, strerror(errno));
    }
    while (rest.at) {
        struct text folder = text_cut(&rest, ':');
        int len = snprintf(path, PATH_LEN_MAX, TEXT_FMT "/%s",
                           TEXT_ARG(folder.len ? folder : TEXT(".")), name);
        if (len < PATH_LEN_MAX && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
            access(path, X_OK) == 0)
            return OK;
    }
    return why_set(why, ERR_AUTH, "%.300s was not found in PATH", name);
}

static int spawn(pid_t *pid, const char *path, const struct child_terms *terms, int in, int out,
                 int err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return ENOMEM;
    int failed = in >= 0 ? posix_spawn_file_actions_adddup2(&actions, in, 0)
                         : posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (!failed)
        failed = posix_spawn_file_actions_adddup2(&actions, out, 1);
    if (!failed)
        failed = posix_spawn_file_actions_adddup2(&actions, err, 2);
    if (!failed)
        failed = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    if (!failed)
        failed = posix_spawnattr_init(&attributes);
    if (!failed) {
        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                  POSIX_SPAWN_SETSIGDEF);
        posix_spawnattr_setpgroup(&attributes, 0);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &all);
        failed = posix_spawn(pid, path, &actions, &attributes, terms->argv,
                             terms->envp ? terms->envp : environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

static void fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* A file in memory takes the whole input at once, so nobody waits for a program that does not read.
 * -1: errno says why. */
static int input_make(struct text input)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd >= 0 &&
        (write(fd, input.at, input.len) != (ssize_t)input.len || lseek(fd, 0, SEEK_SET) != 0))
        fd_close(&fd);
    return fd;
}

static bool timer_set(int fd, span_us span)
{
    struct itimerspec at = {.it_value = {span / 1000000, span % 1000000 * 1000}};
    return timerfd_settime(fd, 0, &at, NULL) == 0;
}

static enum err child_start(struct child *c, const struct child_terms *terms, struct why *why)
{
    char path[PATH_LEN_MAX];
    int in = -1, out[2] = {-1, -1}, err[2] = {-1, -1};
    enum err e = child_find(terms->argv[0], path, why);
    if (e)
        return e;
    if (terms->input.len && (in = input_make(terms->input)) < 0)
        return why_set(why, ERR_IO, "cannot hand over the input: %s", strerror(errno));
    bool good = pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0 &&
                fcntl(out[0], F_SETFL, O_NONBLOCK) == 0 && fcntl(err[0], F_SETFL, O_NONBLOCK) == 0;
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (fd >= 0 && !timer_set(fd, terms->time_max))
        fd_close(&fd);
    c->fds[TIME].fd = fd;
    int failed = good && c->fds[TIME].fd >= 0 ? 0 : errno;
    if (!failed)
        failed = spawn(&c->pid, path, terms, in, out[1], err[1]);
    if (failed)
        c->pid = 0;
    else
        c->fds[EXITED].fd = pidfd_open(c->pid, 0);
    c->fds[OUT].fd = out[0];
    c->fds[ERR].fd = err[0];
    fd_close(&in);
    fd_close(&out[1]);
    fd_close(&err[1]);
    return failed
               ? why_set(why, ERR_AUTH, "cannot run %.300s: %s", terms->argv[0], strerror(failed))
               : OK;
}

/* Reads at most one pipe's content: a program writing without pause must not keep the loop from
 * checking the time. Output beyond the bound is dropped, and the buf has failed.
 */
static void pipe_drain(struct pollfd *fd, struct buf *into)
{
    char chunk[4096];
    ssize_t n = 1;
    for (size_t taken = 0; fd->fd >= 0 && n > 0 && taken < PIPE_BYTES;) {
        n = read(fd->fd, chunk, sizeof chunk);
        if (n > 0) {
            size_t room = into->max - into->len;
            if ((size_t)n > room) /* its beginning is kept */
                buf_add(into, chunk, room);
            buf_add(into, chunk, (size_t)n);
            taken += (size_t)n;
        }
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            fd_close(&fd->fd);
    }
    explicit_bzero(chunk, sizeof chunk);
}

/* The time is over. True: the program gets a while to end by itself. */
static bool child_may_end(struct child *c, const struct child_terms *terms, struct child_result *r)
{
    bool is_first = !r->is_late;
    r->is_late = true;
    return is_first && terms->grace > 0 && kill(-c->pid, SIGTERM) == 0 &&
           timer_set(c->fds[TIME].fd, terms->grace);
}

static enum err child_watch(struct child *c, const struct child_terms *terms,
                            struct child_result *r, struct why *why)
{
    while (!c->fds[EXITED].revents) {
        if (poll(c->fds, WATCHED, -1) < 0 && errno != EINTR)
            return why_set(why, ERR_IO, "poll: %s", strerror(errno));
        bool is_exited = c->fds[EXITED].revents != 0;
        pipe_drain(&c->fds[OUT], &r->out);
        pipe_drain(&c->fds[ERR], &r->err);
        r->is_too_long = r->out.failed && !terms->drops_output;
        if (!is_exited && c->fds[ENDING].revents)
            return why_set(why, ERR_BUSY, "the program is ending");
        if (r->is_too_long || (!is_exited && c->fds[TIME].revents && !child_may_end(c, terms, r)))
            return OK;
    }
    return OK;
}

enum err child_run(const struct child_terms *terms, struct child_result *result, struct why *why)
{
    struct child c = {.pid = 0};
    for (int i = 0; i < WATCHED; i++)
        c.fds[i] = (struct pollfd){.fd = -1, .events = POLLIN};
    c.fds[ENDING].fd = terms->ending_fd;
    result->is_late = result->is_too_long = false;
    enum err err = child_start(&c, terms, why);
    if (!err && c.fds[EXITED].fd < 0)
        err = why_set(why, ERR_IO, "pidfd_open: %s", strerror(errno));
    if (!err)
        err = child_watch(&c, terms, result, why);
    if (c.pid > 0) {
        kill(-c.pid, SIGKILL);
        kill(c.pid, SIGKILL); /* under qemu-user the parent runs before the child has its group */
        while (waitpid(c.pid, &result->status, 0) < 0 && errno == EINTR)
            continue;
    }
    for (int i = OUT; i <= TIME; i++)
        fd_close(&c.fds[i].fd);
    return err;
}
