/*
 * The queue and the thread of an output. Invariant: a message in the ring has this outlet among its
 * holders. The mutex is never held while a message is delivered.
 */
#include "outlet.h"

#include "base/plural.h"
#include "wire/thread.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct outlet {
    struct outlet_config config;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    /* Under the mutex: */
    struct message **ring;
    uint32_t capacity, first, len;
    size_t bytes;
    uint64_t lost, lost_untold; /* in all; since the last one that was delivered */
    bool full_told;
    bool finishes, has_finished;
    /* Of the thread: */
    bool is_ill; /* trouble was said, and nothing was delivered since */
    uint64_t lost_ill;
};

/* ---- messages ---- */

struct message *message_new(struct text bytes)
{
    struct message *m = malloc(sizeof *m + bytes.len + 1);
    if (!m)
        return NULL;
    *m = (struct message){.len = bytes.len, .type = ""};
    atomic_init(&m->holders, 1);
    if (bytes.len)
        memcpy(m->bytes, bytes.at, bytes.len);
    m->bytes[bytes.len] = '\0';
    return m;
}

void message_drop(struct message *m)
{
    if (m && atomic_fetch_sub(&m->holders, 1) == 1)
        free(m);
}

struct text message_text(const struct message *m)
{
    return (struct text){m->bytes, m->len};
}

/* ---- the queue ---- */

static struct message *ring_take(struct outlet *o)
{
    struct message *m = o->ring[o->first];
    assert(o->len > 0 && o->bytes >= m->len);
    o->first = (o->first + 1) % o->capacity;
    o->len--;
    o->bytes -= m->len;
    return m;
}

static void is_lost(struct outlet *o, uint64_t count)
{
    o->lost += count;
    o->lost_untold += count;
}

void outlet_push(struct outlet *o, struct message *m)
{
    struct message *older = NULL;
    bool tells = false;
    pthread_mutex_lock(&o->mutex);
    if (o->config.wants_newest && o->len == o->capacity)
        older = ring_take(o);
    if (o->len < o->capacity && (o->len == 0 || o->bytes + m->len <= NOTIFY_BYTES_MAX)) {
        atomic_fetch_add(&m->holders, 1);
        o->ring[(o->first + o->len) % o->capacity] = m;
        o->len++;
        o->bytes += m->len;
        pthread_cond_signal(&o->changed);
    } else {
        is_lost(o, 1);
        tells = !o->full_told;
        o->full_told = true;
    }
    pthread_mutex_unlock(&o->mutex);
    message_drop(older);
    if (tells)
        sayings_add(o->config.sayings, NOTICE_ERROR,
                    "%s is too slow: %u events wait for it, and more are lost until it catches up",
                    o->config.name, o->capacity);
}

/* ---- the thread ---- */

bool outlet_is_ending(const struct outlet *o)
{
    struct pollfd fd = {.fd = o->config.ending_fd, .events = POLLIN};
    return poll(&fd, 1, 0) > 0;
}

void outlet_trouble(struct outlet *o, const char *reason)
{
    if (!o->is_ill)
        sayings_add(o->config.sayings, NOTICE_ERROR, "%s: %s", o->config.name, reason);
    o->is_ill = true;
}

static void delivered(struct outlet *o)
{
    if (o->is_ill && o->lost_ill)
        sayings_add(o->config.sayings, NOTICE_NOTE, "%s works again; %llu %s lost to it",
                    o->config.name, (unsigned long long)o->lost_ill,
                    plural(o->lost_ill, "event was", "events were"));
    else if (o->is_ill)
        sayings_add(o->config.sayings, NOTICE_NOTE, "%s works again", o->config.name);
    o->is_ill = false;
    o->lost_ill = 0;
}

/* NULL: the end. *lost: before this one, and not told yet. */
static struct message *message_wait(struct outlet *o, uint64_t *lost)
{
    struct message *m = NULL;
    pthread_mutex_lock(&o->mutex);
    while (o->len == 0 && !o->finishes)
        pthread_cond_wait(&o->changed, &o->mutex);
    if (o->len > 0 && !outlet_is_ending(o))
        m = ring_take(o);
    o->full_told = o->full_told && o->len > o->capacity / 2;
    *lost = o->lost_untold;
    o->has_finished = !m;
    pthread_mutex_unlock(&o->mutex);
    return m;
}

static void outcome_keep(struct outlet *o, enum delivery delivery, uint64_t told,
                         const struct why *why)
{
    pthread_mutex_lock(&o->mutex);
    if (delivery == DELIVERY_DONE)
        o->lost_untold -= told;
    else
        is_lost(o, 1);
    pthread_mutex_unlock(&o->mutex);
    if (delivery == DELIVERY_DONE) {
        delivered(o);
    } else if (delivery == DELIVERY_LOST) {
        outlet_trouble(o, why->text);
        o->lost_ill++;
    }
}

static void *outlet_run(void *data)
{
    struct outlet *o = data;
    uint64_t lost;
    for (struct message *m; (m = message_wait(o, &lost));) {
        struct why why = {""};
        struct buf line;
        struct text bytes = message_text(m);
        buf_init(&line, EVENT_LINE_MAX + 64);
        if (o->config.takes_events && lost) {
            event_line_dropped(&line, bytes, lost);
            bytes = line.failed ? bytes : buf_text(&line);
        }
        enum delivery delivery = o->config.deliver(o->config.ctx, o, m, bytes, &why);
        buf_clear(&line);
        outcome_keep(o, delivery, lost, &why);
        message_drop(m);
    }
    return NULL;
}

/* ---- life ---- */

static void outlet_free(struct outlet *o)
{
    while (o->ring && o->len > 0)
        message_drop(ring_take(o));
    if (o->config.release)
        o->config.release(o->config.ctx);
    pthread_cond_destroy(&o->changed);
    pthread_mutex_destroy(&o->mutex);
    free(o->ring);
    free(o);
}

enum err outlet_open(struct outlet **out, const struct outlet_config *config, struct why *why)
{
    struct outlet *o = calloc(1, sizeof *o);
    *out = NULL;
    if (!o) {
        if (config->release)
            config->release(config->ctx);
        return why_set(why, ERR_NOMEM, "out of memory");
    }
    o->config = *config;
    o->capacity = config->wants_newest ? 1 : NOTIFY_QUEUE_MAX;
    pthread_mutex_init(&o->mutex, NULL);
    pthread_cond_init(&o->changed, NULL);
    o->ring = calloc(o->capacity, sizeof(struct message *));
    int failed = o->ring ? thread_start(&o->thread, outlet_run, o) : 0;
    if (!o->ring || failed) {
        enum err err = o->ring ? why_set(why, ERR_IO, "cannot start a thread: %s", strerror(failed))
                               : why_set(why, ERR_NOMEM, "out of memory");
        outlet_free(o);
        return err;
    }
    *out = o;
    return OK;
}

void outlet_finish(struct outlet *o)
{
    pthread_mutex_lock(&o->mutex);
    o->finishes = true;
    pthread_cond_signal(&o->changed);
    pthread_mutex_unlock(&o->mutex);
}

bool outlet_has_finished(struct outlet *o)
{
    pthread_mutex_lock(&o->mutex);
    bool has = o->has_finished;
    pthread_mutex_unlock(&o->mutex);
    return has;
}

uint64_t outlet_close(struct outlet *o, uint64_t *late)
{
    pthread_join(o->thread, NULL);
    *late = o->len;
    uint64_t lost = o->lost + o->len;
    outlet_free(o);
    return lost;
}
