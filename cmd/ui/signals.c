/* One thread waits for signals by sigwait(3) and interrupts the wire that is open. */
#include "signals.h"

#include "base/count.h"
#include "exit_codes.h"

#include <string.h>
#include <unistd.h>

#define SIGNAL_STOP                                                                                \
    SIGUSR1        /* wakes the waiting thread when it shall end; from elsewhere: nothing */
#define TOLD_MAX 2 /* drain, leave */

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
    _exit(EXIT_STOPPED);
}

void signals_early(void)
{
    struct sigaction leave = {.sa_handler = leave_early};
    for (size_t i = 0; i < STOPPING_LEN; i++)
        if (!is_ignored(stopping[i]))
            sigaction(stopping[i], &leave, NULL);
}

void signals_block(struct signals *s)
{
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
            if (!s->wire || s->told == TOLD_MAX)
                _exit(EXIT_STOPPED);
            s->told++;
            wire_interrupt(s->wire);
            pthread_mutex_unlock(&s->lock);
        }
    }
    return NULL;
}

static enum err watch_begin(void *ctx, struct wire *wire, struct why *why)
{
    struct signals *s = ctx;
    s->wire = wire;
    int failed = pthread_create(&s->thread, NULL, watch, s);
    if (failed)
        return why_set(why, ERR_IO, "cannot start the signal thread: %s", strerror(failed));
    s->running = true;
    return OK;
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
