/*
 * Duty: one fetch at a time per source, started when somebody needs keys or those held grow old.
 *
 * Invariant: a source is in one state, and in the queue exactly while it is WANTED; FETCHING
 * belongs to one thread. All of it is touched under the lock only; nothing is fetched while it is
 * held.
 */
#include "keeper.h"

#include "courier.h"
#include "thread.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define FAILED_US       SPAN_S(5) /* for so long a failure answers everybody who waited for it */
#define FAILED_AGING_US SPAN_M(1) /* and while there are keys that still serve */

enum ward_state { RESTING, WANTED, FETCHING };

/* One source and what is going on with it. */
struct ward {
    struct credential_source *source;
    const char *ca_bundle; /* of its account, or NULL */
    enum ward_state state;
    struct ward *next; /* in the queue */
    instant_us failed_at;
    enum err err; /* of the last fetch; OK: there was none, or it went well */
    struct why why;
};

struct thread {
    struct keeper *keeper;
    struct courier *courier;
    pthread_t id;
};

struct keeper {
    struct keeper_config config;
    pthread_mutex_t lock;
    pthread_cond_t wanted;
    bool ending;
    int ending_fd; /* eventfd: readable once `ending` is set, for those who wait outside the lock */
    struct ward *wards;
    struct ward **of_lane; /* as config.lanes */
    uint32_t wards_len;
    struct ward *first, *last; /* the queue */
    unsigned threads_len;
    struct thread threads[KEEPERS_MAX];
};

/* Fetching */

static struct ward *queue_pop(struct keeper *k)
{
    struct ward *w = k->first;
    k->first = w->next;
    w->next = NULL;
    if (!k->first)
        k->last = NULL;
    return w;
}

static void queue_add(struct keeper *k, struct ward *w)
{
    w->state = WANTED;
    if (k->last)
        k->last->next = w;
    else
        k->first = w;
    k->last = w;
    pthread_cond_signal(&k->wanted);
}

/* Lock held on entry and on return. */
static void ward_fetch(struct keeper *k, struct ward *w, struct courier *courier)
{
    struct why why = {""};
    struct http_exchange exchange = courier_exchange(courier, w->ca_bundle);
    w->state = FETCHING;
    pthread_mutex_unlock(&k->lock);
    enum err err =
        credential_source_refresh(w->source, &exchange, os_clock_now(k->config.clock), &why);
    pthread_mutex_lock(&k->lock);
    w->state = RESTING;
    w->err = err;
    w->why = why;
    w->failed_at = os_clock_now(k->config.clock);
}

static void *keeper_run(void *data)
{
    struct thread *own = data;
    struct keeper *k = own->keeper;
    pthread_mutex_lock(&k->lock);
    while (!k->ending) {
        if (!k->first) {
            pthread_cond_wait(&k->wanted, &k->lock);
            continue;
        }
        ward_fetch(k, queue_pop(k), own->courier);
        pthread_mutex_unlock(&k->lock);
        k->config.news(k->config.context);
        pthread_mutex_lock(&k->lock);
    }
    pthread_mutex_unlock(&k->lock);
    return NULL;
}

/* Asking */

/* Is the last failure so fresh that it answers this one, too? */
static bool has_failed(const struct ward *w, instant_us now, span_us hold)
{
    return w->state == RESTING && w->err != OK && now - w->failed_at < hold;
}

/* Carriers know one final error. */
static enum err final_or_not(enum err err)
{
    return err == ERR_IO || err == ERR_NOMEM || err == ERR_BUSY ? err : ERR_AUTH;
}

static enum err missing_answer(struct keeper *k, struct ward *w, instant_us now, struct why *why)
{
    if (has_failed(w, now, FAILED_US))
        return why_set(why, final_or_not(w->err), "%s", w->why.text);
    if (w->state == RESTING)
        queue_add(k, w);
    return ERR_BUSY;
}

enum err keeper_get(struct keeper *k, uint32_t lane, instant_us now, struct credentials *out,
                    struct why *why)
{
    assert(lane < k->config.lanes_len);
    struct ward *w = k->of_lane[lane];
    enum err err = OK;
    pthread_mutex_lock(&k->lock);
    enum keys_state state = credential_source_held(w->source, now, out);
    if (state == KEYS_MISSING)
        err = missing_answer(k, w, now, why);
    else if (state == KEYS_AGING && w->state == RESTING && !has_failed(w, now, FAILED_AGING_US))
        queue_add(k, w);
    pthread_mutex_unlock(&k->lock);
    return err;
}

/* Opening */

static int source_cmp(const void *left, const void *right)
{
    const struct ward *a = left, *b = right;
    return (a->source > b->source) - (a->source < b->source);
}

/* Lanes of one account share a source. A lane that was given up has none, and never asks. */
static bool wards_make(struct keeper *k)
{
    uint32_t lanes = k->config.lanes_len, len = 0;
    k->wards = calloc(lanes + 1u, sizeof *k->wards);
    k->of_lane = calloc(lanes + 1u, sizeof(struct ward *));
    if (!k->wards || !k->of_lane)
        return false;
    for (uint32_t i = 0; i < lanes; i++) {
        k->wards[i].source = k->config.lanes[i].credentials;
        k->wards[i].ca_bundle = k->config.lanes[i].ca_bundle;
    }
    qsort(k->wards, lanes, sizeof *k->wards, source_cmp);
    for (uint32_t i = 0; i < lanes; i++)
        if (i == 0 || k->wards[i].source != k->wards[len - 1].source)
            k->wards[len++] = k->wards[i];
    k->wards_len = len;
    for (uint32_t i = 0; i < lanes; i++) {
        struct ward key = {.source = k->config.lanes[i].credentials};
        k->of_lane[i] = bsearch(&key, k->wards, len, sizeof key, source_cmp);
    }
    return true;
}

static enum err threads_start(struct keeper *k, struct why *why)
{
    unsigned max = k->config.threads_max ? k->config.threads_max : KEEPERS_MAX;
    assert(max <= KEEPERS_MAX);
    while (k->threads_len < max && k->threads_len < k->wards_len) {
        struct thread *t = &k->threads[k->threads_len];
        t->keeper = k;
        enum err err = courier_open(&t->courier, &k->config.https, k->ending_fd, why);
        int failed = err ? 0 : thread_start(&t->id, keeper_run, t);
        if (failed)
            err = why_set(why, ERR_IO, "cannot start a thread: %s", strerror(failed));
        if (err) /* threads are short: fewer take longer, and that is all */
            return err == ERR_IO && k->threads_len ? OK : err;
        k->threads_len++;
    }
    return OK;
}

enum err keeper_open(struct keeper **out, const struct keeper_config *config, struct why *why)
{
    struct keeper *k = calloc(1, sizeof *k);
    *out = NULL;
    if (!k)
        return why_set(why, ERR_NOMEM, "out of memory");
    k->config = *config;
    pthread_mutex_init(&k->lock, NULL);
    pthread_cond_init(&k->wanted, NULL);
    k->ending_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    enum err err = OK;
    if (k->ending_fd < 0)
        err = why_set(why, ERR_IO, "eventfd: %s", strerror(errno));
    else if (!wards_make(k))
        err = why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK)
        err = threads_start(k, why);
    if (err == OK)
        *out = k;
    else
        keeper_close(k);
    return err;
}

unsigned keeper_threads(const struct keeper *k)
{
    return k->threads_len;
}

void keeper_end(struct keeper *k)
{
    uint64_t one = 1;
    pthread_mutex_lock(&k->lock);
    k->ending = true;
    pthread_cond_broadcast(&k->wanted);
    pthread_mutex_unlock(&k->lock);
    ssize_t written = write(k->ending_fd, &one, sizeof one);
    assert(written == sizeof one);
    for (unsigned i = 0; i < k->threads_len; i++)
        pthread_join(k->threads[i].id, NULL);
    k->threads_len = 0;
}

void keeper_close(struct keeper *k)
{
    if (!k)
        return;
    if (k->threads_len)
        keeper_end(k);
    for (unsigned i = 0; i < KEEPERS_MAX; i++)
        courier_close(k->threads[i].courier);
    if (k->ending_fd >= 0)
        close(k->ending_fd);
    pthread_cond_destroy(&k->wanted);
    pthread_mutex_destroy(&k->lock);
    free((void *)k->of_lane);
    free(k->wards);
    free(k);
}
