/* One thread waits for signals by sigwait(3) and interrupts the wire that is open. */
#include "signals.h"

#include "base/count.h"
#include "exit_codes.h"
#include "reports/deliver.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#define SIGNAL_STOP                                                                                \
    SIGUSR1         /* wakes the waiting thread when it shall end; from elsewhere: nothing */
#define TOLD_MAX  2 /* drain, leave */
#define SLEEP_MAX SPAN_S(30)

static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};

#define STOPPING_LEN (COUNT(stopping))

/* A signal ignored at start (nohup, a shell's background job) stays ignored. */
static bool is_ignored(int signal)
{
    struct sigaction now;
    return sigaction(signal, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static void leave_early(int signal)
{
    static const char said[] = "mailfrom: stopped by a signal; no call was in flight\n";
    ssize_t written = write(STDERR_FILENO, said, sizeof said - 1);
    (void)written;
    (void)signal;
    deliver_abandon();
    _exit(EXIT_STOPPED);
}

static void leave_as_asked(int signal)
{
    struct sigaction usual = {.sa_handler = SIG_DFL};
    deliver_abandon();
    sigaction(signal, &usual, NULL);
    raise(signal); /* it is blocked until the handler returns */
}

static void handler_set(void (*handler)(int signal))
{
    struct sigaction leave = {.sa_handler = handler};
    for (size_t i = 0; i < STOPPING_LEN; i++)
        if (!is_ignored(stopping[i]))
            sigaction(stopping[i], &leave, NULL);
}

void signals_early(void)
{
    handler_set(leave_early);
}

void signals_usual(void)
{
    handler_set(leave_as_asked);
}

void signals_block(struct signals *s)
{
    if (s->running) /* since the plan, or the read, before this run */
        return;
    *s = (struct signals){.lock = PTHREAD_MUTEX_INITIALIZER, .blocked = true};
    sigemptyset(&s->watched);
    for (size_t i = 0; i < STOPPING_LEN; i++)
        if (!is_ignored(stopping[i]))
            sigaddset(&s->watched, stopping[i]);
    sigaddset(&s->watched, SIGWINCH);
    sigaddset(&s->watched, SIGCONT);
    sigaddset(&s->watched, SIGNAL_STOP);
    pthread_sigmask(SIG_BLOCK, &s->watched, &s->before);
}

/* Who only reads has nothing to finish, so the first signal aborts. */
static void interrupt(struct signals *s)
{
    wire_interrupt(s->wire);
    if (s->stays)
        wire_interrupt(s->wire);
}

static void *watch(void *arg)
{
    struct signals *s = arg;
    int signal;
    while (sigwait(&s->watched, &signal) == 0) {
        if (signal == SIGNAL_STOP && atomic_load(&s->ending))
            break;
        if (signal == SIGWINCH || signal == SIGCONT) {
            pthread_mutex_lock(&s->lock);
            atomic_fetch_add(signal == SIGWINCH ? &s->resized : &s->continued, 1);
            if (s->wire)
                wire_wake(s->wire);
            pthread_mutex_unlock(&s->lock);
        } else if (signal != SIGNAL_STOP) {
            pthread_mutex_lock(&s->lock);
            bool is_served = s->wire || s->stop;
            if (s->told == TOLD_MAX || (!is_served && (!s->stays || s->told))) {
                deliver_abandon();
                _exit(EXIT_STOPPED);
            }
            s->told++;
            if (s->stop)
                s->stop(s->stop_ctx);
            if (s->wire)
                interrupt(s);
            pthread_cond_broadcast(&s->slept);
            pthread_mutex_unlock(&s->lock);
        }
    }
    return NULL;
}

static enum err thread_start(struct signals *s, struct why *why)
{
    int failed = pthread_create(&s->thread, NULL, watch, s);
    if (failed)
        return why_set(why, ERR_IO, "cannot start the signal thread: %s", strerror(failed));
    s->running = true;
    return OK;
}

static enum err watch_begin(void *ctx, struct wire *wire, struct why *why)
{
    struct signals *s = ctx;
    if (!s->running) {
        s->wire = wire;
        return thread_start(s, why);
    }
    pthread_mutex_lock(&s->lock);
    s->wire = wire;
    if (s->told)
        interrupt(s);
    pthread_mutex_unlock(&s->lock);
    return OK;
}

enum err signals_stay(struct signals *s, struct why *why)
{
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&s->slept, &clock);
    pthread_condattr_destroy(&clock);
    s->stays = true;
    return thread_start(s, why);
}

enum err signals_serve(struct signals *s, void (*stop)(void *ctx), void *ctx, struct why *why)
{
    pthread_mutex_lock(&s->lock);
    s->stop = stop;
    s->stop_ctx = ctx;
    if (stop && s->told)
        stop(ctx);
    pthread_mutex_unlock(&s->lock);
    return s->running || !stop ? OK : thread_start(s, why);
}

static int64_t clock_read(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return SPAN_S(now.tv_sec) + now.tv_nsec / 1000;
}

bool signals_sleep(struct signals *s, span_us span)
{
    int64_t end = clock_read(CLOCK_BOOTTIME) + span;
    pthread_mutex_lock(&s->lock);
    while (!s->told && clock_read(CLOCK_BOOTTIME) < end) {
        /* The clock of a condition stands still in a suspended machine. */
        int64_t left = end - clock_read(CLOCK_BOOTTIME);
        int64_t until = clock_read(CLOCK_MONOTONIC) + (left < SLEEP_MAX ? left : SLEEP_MAX);
        struct timespec at = {until / SPAN_S(1), until % SPAN_S(1) * 1000};
        pthread_cond_timedwait(&s->slept, &s->lock, &at);
    }
    bool asked = s->told > 0;
    pthread_mutex_unlock(&s->lock);
    return asked;
}

static void watch_let_go(void *ctx)
{
    struct signals *s = ctx;
    pthread_mutex_lock(&s->lock);
    s->wire = NULL;
    pthread_mutex_unlock(&s->lock);
}

struct wire_owner signals_owner(struct signals *s)
{
    return (struct wire_owner){s, watch_begin, watch_let_go};
}

bool signals_asked(struct signals *s)
{
    pthread_mutex_lock(&s->lock);
    bool asked = s->told > 0;
    pthread_mutex_unlock(&s->lock);
    return asked;
}

void signals_end(struct signals *s)
{
    if (s->running) {
        atomic_store(&s->ending, true);
        pthread_kill(s->thread, SIGNAL_STOP);
        pthread_join(s->thread, NULL);
    }
    if (s->blocked)
        pthread_sigmask(SIG_SETMASK, &s->before, NULL);
    s->blocked = s->running = false;
}
