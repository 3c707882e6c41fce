/*
 * Preloaded into a program under test: its clocks. The wall clock is off by as many seconds as the
 * file named by WALL_CLOCK says, read anew each time, so that a test can set the clock while the
 * program runs. With CLOCK_SPEED=N time passes N times as fast since the instant of CLOCK_BOOTTIME
 * that CLOCK_SINCE names (nanoseconds), the same for all processes: every clock shows it, and waits
 * are shorter by as much. With CLOCK_WALL_ONLY set the wall clock alone does so: for a test that
 * signs requests to such programs. Timers of the kernel keep the system's time.
 */
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NS 1000000000ll

static long long seconds_off(void)
{
    const char *name = getenv("WALL_CLOCK");
    FILE *file = name ? fopen(name, "r") : NULL;
    long long seconds = 0;
    if (file && fscanf(file, "%lld", &seconds) != 1)
        seconds = 0;
    if (file)
        fclose(file);
    return seconds;
}

static long long speed(void)
{
    const char *text = getenv("CLOCK_SPEED");
    return text ? atoll(text) : 1;
}

static long long wait_speed(void)
{
    return getenv("CLOCK_WALL_ONLY") ? 1 : speed();
}

static long long true_ns(clockid_t id)
{
    struct timespec t = {0};
    syscall(SYS_clock_gettime, id, &t);
    return t.tv_sec * NS + t.tv_nsec;
}

/* How far the clocks are ahead. */
static long long ahead_ns(long long times)
{
    const char *since = getenv("CLOCK_SINCE");
    return times > 1 && since ? (true_ns(CLOCK_BOOTTIME) - atoll(since)) * (times - 1) : 0;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    int failed = (int)syscall(SYS_clock_gettime, id, t);
    int is_wall = id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE;
    int is_cpu = id == CLOCK_PROCESS_CPUTIME_ID || id == CLOCK_THREAD_CPUTIME_ID || id < 0;
    if (failed || is_cpu)
        return failed;
    long long ns = t->tv_nsec + ahead_ns(is_wall ? speed() : wait_speed());
    t->tv_sec += ns / NS + (is_wall ? seconds_off() : 0);
    t->tv_nsec = ns % NS;
    return 0;
}

int gettimeofday(struct timeval *t, void *zone)
{
    struct timespec now;
    (void)zone;
    int failed = clock_gettime(CLOCK_REALTIME, &now);
    *t = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return failed;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

int ppoll(struct pollfd *fds, nfds_t len, const struct timespec *timeout, const sigset_t *signals)
{
    struct timespec left;
    if (timeout) {
        long long ns = (timeout->tv_sec * NS + timeout->tv_nsec) / wait_speed();
        left = (struct timespec){ns / NS, ns % NS};
    }
    return (int)syscall(SYS_ppoll, fds, len, timeout ? &left : NULL, signals, 8);
}

int poll(struct pollfd *fds, nfds_t len, int ms)
{
    struct timespec timeout = {ms / 1000, ms % 1000 * 1000000};
    return ppoll(fds, len, ms < 0 ? NULL : &timeout, NULL);
}

/* What calls of poll() become where the compiler checks bounds. */
int __poll_chk(struct pollfd *fds, nfds_t len, int ms, size_t bytes);
int __poll_chk(struct pollfd *fds, nfds_t len, int ms, size_t bytes)
{
    (void)bytes;
    return poll(fds, len, ms);
}

/* The instant is one of the clock that the variable was made with. Only the wall clock counts from
 * 1970; a machine that has been up for thirty years would be taken for it. */
int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
                           const struct timespec *until)
{
    int (*own)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    clockid_t id = until->tv_sec > 1000000000 ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    struct timespec now;
    *(void **)&own = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    clock_gettime(id, &now);
    long long left = (until->tv_sec - now.tv_sec) * NS + until->tv_nsec - now.tv_nsec;
    long long ns = true_ns(id) + left / wait_speed();
    struct timespec at = {ns / NS, ns % NS};
    return own(cond, lock, wait_speed() > 1 ? &at : until);
}

int epoll_wait(int epoll, struct epoll_event *events, int max, int ms)
{
    int left = ms > 0 ? (int)((ms + wait_speed() - 1) / wait_speed()) : ms;
    return (int)syscall(SYS_epoll_pwait, epoll, events, max, left, NULL, 8);
}
