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
    const struct message *delivering; /* by the thread; or NULL */
    char (*done)[EVENT_ID_LEN]; /* ring of OUTLET_KNOWS: delivered events; NULL: none are kept */
    uint32_t done_len;          /* so far; beyond OUTLET_KNOWS the oldest is written over */
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

/* An event that was not known to be told is told again by the next look. */
static bool has_event(const struct outlet *o, const char *id)
{
    if (!o->done || !*id)
        return false;
    if (o->delivering && strcmp(o->delivering->id, id) == 0)
        return true;
    for (uint32_t i = 0; i < o->len; i++)
        if (strcmp(o->ring[(o->first + i) % o->capacity]->id, id) == 0)
            return true;
    for (uint32_t i = 0; i < o->done_len && i < OUTLET_KNOWS; i++)
        if (strcmp(o->done[i], id) == 0)
            return true;
    return false;
}

void outlet_push(struct outlet *o, struct message *m)
{
    struct message *older = NULL;
    bool tells = false;
    pthread_mutex_lock(&o->mutex);
    if (has_event(o, m->id)) {
        pthread_mutex_unlock(&o->mutex);
        return;
    }
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
    o->delivering = m;
    o->full_told = o->full_told && o->len > o->capacity / 2;
    *lost = o->lost_untold;
    o->has_finished = !m;
    pthread_mutex_unlock(&o->mutex);
    return m;
}

static void outcome_keep(struct outlet *o, enum delivery delivery, const struct message *m,
                         uint64_t told, const struct why *why)
{
    pthread_mutex_lock(&o->mutex);
    o->delivering = NULL;
    if (delivery == DELIVERY_DONE)
        o->lost_untold -= told;
    else
        is_lost(o, 1);
    if (delivery == DELIVERY_DONE && o->done)
        memcpy(o->done[o->done_len++ % OUTLET_KNOWS], m->id, EVENT_ID_LEN);
    if (o->done_len == 2 * OUTLET_KNOWS) /* the ring is full, and stays so */
        o->done_len = OUTLET_KNOWS;
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
        outcome_keep(o, delivery, m, lost, &why);
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
    free(o->done);
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
    if (config->takes_events)
        o->done = calloc(OUTLET_KNOWS, sizeof *o->done);
    bool has_room = o->ring && (o->done || !config->takes_events);
    int failed = has_room ? thread_start(&o->thread, outlet_run, o) : 0;
    if (!has_room || failed) {
        enum err err = has_room
                           ? why_set(why, ERR_IO, "cannot start a thread: %s", strerror(failed))
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

bool outlet_is_idle(struct outlet *o, uint64_t *lost)
{
    pthread_mutex_lock(&o->mutex);
    bool is_idle = o->len == 0 && !o->delivering;
    *lost = o->lost;
    pthread_mutex_unlock(&o->mutex);
    return is_idle;
}

uint64_t outlet_close(struct outlet *o, uint64_t *late)
{
    pthread_join(o->thread, NULL);
    *late = o->len;
    uint64_t lost = o->lost + o->len;
    outlet_free(o);
    return lost;
}
