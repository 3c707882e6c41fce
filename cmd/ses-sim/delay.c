/*
 * Duty: to hold answers back for the fault "delay". Every answer of a run is held for the same
 * time, so a queue in the order of arrival is in the order of release too. One thread releases.
 * Invariant: what was held is released exactly once, at the latest by delay_close.
 */
#include "delay.h"

#include "base/bounds.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

struct held {
    void *item;
    struct timespec until;
};

struct delay {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    delay_release *release;
    bool closing;
    uint32_t first, len;
    struct held held[SIM_DELAYED_MAX];
};

static bool is_due(const struct timespec *until)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > until->tv_sec ||
           (now.tv_sec == until->tv_sec && now.tv_nsec >= until->tv_nsec);
}

static void *delay_loop(void *arg)
{
    struct delay *d = arg;
    pthread_mutex_lock(&d->lock);
    while (!d->closing || d->len) {
        struct held *first = &d->held[d->first];
        if (d->len == 0) {
            pthread_cond_wait(&d->changed, &d->lock);
        } else if (!d->closing && !is_due(&first->until)) {
            struct timespec until = first->until;
            pthread_cond_timedwait(&d->changed, &d->lock, &until);
        } else {
            d->release(first->item);
            d->first = (d->first + 1) % SIM_DELAYED_MAX;
            d->len--;
        }
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

struct delay *delay_open(delay_release *release)
{
    pthread_condattr_t attributes;
    struct delay *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->release = release;
    pthread_mutex_init(&d->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&d->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&d->thread, NULL, delay_loop, d) == 0)
        return d;
    free(d);
    return NULL;
}

void delay_close(struct delay *d)
{
    if (!d)
        return;
    pthread_mutex_lock(&d->lock);
    d->closing = true;
    pthread_cond_signal(&d->changed);
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->thread, NULL);
    pthread_cond_destroy(&d->changed);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

bool delay_hold(struct delay *d, void *item, unsigned ms, void (*held)(void *item))
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&d->lock);
    bool ok = !d->closing && d->len < SIM_DELAYED_MAX;
    if (ok) {
        held(item);
        d->held[(d->first + d->len++) % SIM_DELAYED_MAX] = (struct held){item, until};
        pthread_cond_signal(&d->changed);
    }
    pthread_mutex_unlock(&d->lock);
    return ok;
}
