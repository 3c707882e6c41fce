/*
 * One fetch at a time per source, started when a call needs keys or the held keys grow old. A
 * source with earlier success is asked again, at growing intervals, as long as calls want keys: a
 * refusal may pass within an hour. New keys are vetted (key_vet.h) before use, and old keys are
 * used to their end.
 *
 * Invariant: a source is in one state, and in the queue exactly while WANTED; FETCHING belongs to
 * one thread. All state is touched under the lock only; no fetch holds the lock.
 */
#include "refresher.h"

#include "base/hash.h"
#include "blocking_client.h"
#include "calls/backoff.h"
#include "key_vet.h"
#include "thread.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define FAILED_US       SPAN_S(5) /* for so long a failure answers all calls of the source */
#define FAILED_AGING_US SPAN_M(1) /* for so long while older keys still serve */

/* For a source with earlier success: a minute is soon enough to see the end of an outage. */
static const struct backoff again = {SPAN_S(5), SPAN_M(1), 2};

enum refresh_slot_state { RESTING, WANTED, FETCHING };

/* One source with the state of its keys and fetches. */
struct refresh_slot {
    struct credential_source *source;
    const struct wire_lane *lane; /* a lane of the source's account */
    enum refresh_slot_state state;
    struct refresh_slot *next; /* in the queue */
    bool has_given;            /* keys, at least once */
    enum err err;              /* of the last fetch; OK: none yet, or success */
    struct why why;
    uint32_t failures; /* in a row */
    instant_us failed_at;
    bool is_foreign; /* the last fetch brought keys of another account */

    char account[KEY_VET_ACCOUNT_LEN]; /* the account expected of the keys; "": any */
    uint64_t vetted;                   /* hash of the id of keys known to belong to it */
    bool is_clock_told;
    span_us skew; /* a server's clock minus the system's */
};

struct thread {
    struct refresher *refresher;
    struct blocking_client *blocking_client;
    pthread_t id;
};

struct refresher {
    struct refresher_config config;
    pthread_mutex_t lock;
    pthread_cond_t wanted;
    bool ending;
    int ending_fd; /* eventfd: readable once `ending` is set, for threads waiting outside the lock
                    */
    struct refresh_slot *refresh_slots;
    struct refresh_slot **of_lane; /* as config.lanes */
    uint32_t refresh_slots_len;
    struct refresh_slot *first, *last; /* the queue */
    unsigned threads_len;
    struct thread threads[REFRESHERS_MAX];
};

/* Fetching */

static void queue_add(struct refresher *k, struct refresh_slot *w)
{
    w->state = WANTED;
    if (k->last)
        k->last->next = w;
    else
        k->first = w;
    k->last = w;
    pthread_cond_signal(&k->wanted);
}

/* The service's time, or the best guess, for judging expiry. */
static instant_us told(const struct refresher *k, const struct refresh_slot *w)
{
    return w->is_clock_told ? os_clock_utc(k->config.clock) + w->skew : CLOCK_NOT_TOLD;
}

/* Lock held on entry and on return. */
static void refresh_slot_fetch(struct refresher *k, struct refresh_slot *w,
                               struct blocking_client *blocking_client)
{
    struct why why = {""};
    struct http_exchange exchange = blocking_client_exchange(blocking_client, w->lane->ca_bundle);
    struct key_vet vet;
    key_vet_init(&vet, &exchange, w->lane, k->config.clock, w->is_clock_told, w->skew);
    memcpy(vet.account, w->account, sizeof vet.account);
    struct credential_terms terms = {.now = os_clock_utc(k->config.clock) + w->skew,
                                     .told = told(k, w),
                                     .vet = *vet.account ? key_vet_ask : NULL,
                                     .context = &vet};
    w->state = FETCHING;
    pthread_mutex_unlock(&k->lock);
    enum err err = credential_source_refresh(w->source, &vet.exchange, &terms, &why);
    pthread_mutex_lock(&k->lock);
    w->state = RESTING;
    w->err = err;
    w->why = why;
    w->has_given |= err == OK;
    w->failures = err == OK ? 0 : w->failures + 1;
    w->failed_at = os_clock_now(k->config.clock);
    w->is_foreign = vet.is_foreign;
    if (err == OK && vet.id_hash && strcmp(vet.account, w->account) == 0)
        w->vetted = vet.id_hash;
    if (vet.is_clock_told) {
        w->is_clock_told = true;
        w->skew = vet.skew;
    }
}

static void *refresher_run(void *data)
{
    struct thread *own = data;
    struct refresher *k = own->refresher;
    pthread_mutex_lock(&k->lock);
    while (!k->ending) {
        if (!k->first) {
            pthread_cond_wait(&k->wanted, &k->lock);
            continue;
        }
        struct refresh_slot *w = k->first;
        k->first = w->next;
        w->next = NULL;
        if (!k->first)
            k->last = NULL;
        refresh_slot_fetch(k, w, own->blocking_client);
        pthread_mutex_unlock(&k->lock);
        k->config.wakeup(k->config.context);
        pthread_mutex_lock(&k->lock);
    }
    pthread_mutex_unlock(&k->lock);
    return NULL;
}

/* Asking */

/* Is the last failure fresh enough to answer this call too? */
static bool has_failed(const struct refresher *k, const struct refresh_slot *w, span_us hold)
{
    return w->state == RESTING && w->err != OK &&
           os_clock_now(k->config.clock) - w->failed_at < hold;
}

/* Carriers know one final error. */
static enum err final_or_not(const struct refresh_slot *w)
{
    bool may_pass = w->err == ERR_IO || w->err == ERR_NOMEM || w->err == ERR_BUSY;
    if (w->is_foreign)
        return ERR_AUTH;
    return may_pass ? w->err : w->has_given ? ERR_IO : ERR_AUTH;
}

static enum err missing_answer(struct refresher *k, struct refresh_slot *w, struct why *why)
{
    if (has_failed(k, w,
                   w->has_given
                       ? backoff_span(again, 0, (uint32_t)(w - k->refresh_slots), w->failures)
                       : FAILED_US))
        return why_set(why, final_or_not(w), "%s", w->why.text);
    if (w->state == RESTING)
        queue_add(k, w);
    return ERR_BUSY;
}

static uint64_t id_hash(const struct credentials *c)
{
    return hash_bytes(c->access_key_id, strlen(c->access_key_id));
}

enum err refresher_get(struct refresher *k, uint32_t lane, struct credentials *out, struct why *why)
{
    assert(lane < k->config.lanes_len);
    struct refresh_slot *w = k->of_lane[lane];
    enum err err = OK;
    pthread_mutex_lock(&k->lock);
    enum keys_state state = credential_source_held(w->source, told(k, w), out);
    if (state != KEYS_MISSING && *w->account && id_hash(out) != w->vetted) {
        credentials_wipe(out);
        state = KEYS_MISSING;
    }
    w->has_given |= state != KEYS_MISSING;
    if (state == KEYS_MISSING)
        err = missing_answer(k, w, why);
    else if (state == KEYS_AGING && w->state == RESTING && !has_failed(k, w, FAILED_AGING_US))
        queue_add(k, w);
    pthread_mutex_unlock(&k->lock);
    return err;
}

void refresher_expect(struct refresher *k, uint32_t lane, struct text account, uint64_t vetted)
{
    struct refresh_slot *w = k->of_lane[lane];
    assert(account.len < sizeof w->account);
    pthread_mutex_lock(&k->lock);
    memcpy(w->account, account.at, account.len);
    w->account[account.len] = '\0';
    w->vetted = vetted;
    pthread_mutex_unlock(&k->lock);
}

void refresher_clock(struct refresher *k, uint32_t lane, span_us skew)
{
    struct refresh_slot *w = k->of_lane[lane];
    pthread_mutex_lock(&k->lock);
    w->is_clock_told = true;
    w->skew = skew;
    pthread_mutex_unlock(&k->lock);
}

/* Opening */

static int source_cmp(const void *left, const void *right)
{
    const struct refresh_slot *a = left, *b = right;
    return (a->source > b->source) - (a->source < b->source);
}

/* Lanes of one account share a source. A closed lane has none, and never asks. */
static bool refresh_slots_make(struct refresher *k)
{
    uint32_t lanes = k->config.lanes_len, len = 0;
    k->refresh_slots = calloc(lanes + 1u, sizeof *k->refresh_slots);
    k->of_lane = calloc(lanes + 1u, sizeof(struct refresh_slot *));
    if (!k->refresh_slots || !k->of_lane)
        return false;
    for (uint32_t i = 0; i < lanes; i++) {
        k->refresh_slots[i].source = k->config.lanes[i].credentials;
        k->refresh_slots[i].lane = &k->config.lanes[i];
    }
    qsort(k->refresh_slots, lanes, sizeof *k->refresh_slots, source_cmp);
    for (uint32_t i = 0; i < lanes; i++)
        if (i == 0 || k->refresh_slots[i].source != k->refresh_slots[len - 1].source)
            k->refresh_slots[len++] = k->refresh_slots[i];
    k->refresh_slots_len = len;
    for (uint32_t i = 0; i < lanes; i++) {
        struct refresh_slot key = {.source = k->config.lanes[i].credentials};
        k->of_lane[i] = bsearch(&key, k->refresh_slots, len, sizeof key, source_cmp);
    }
    return true;
}

static enum err threads_start(struct refresher *k, struct why *why)
{
    unsigned max = k->config.threads_max ? k->config.threads_max : REFRESHERS_MAX;
    assert(max <= REFRESHERS_MAX);
    while (k->threads_len < max && k->threads_len < k->refresh_slots_len) {
        struct thread *t = &k->threads[k->threads_len];
        t->refresher = k;
        enum err err =
            blocking_client_open(&t->blocking_client, &k->config.https, k->ending_fd, why);
        int failed = err ? 0 : thread_start(&t->id, refresher_run, t);
        if (failed)
            err = why_set(why, ERR_IO, "cannot start a thread: %s", strerror(failed));
        if (err) /* fewer threads are merely slower */
            return err == ERR_IO && k->threads_len ? OK : err;
        k->threads_len++;
    }
    return OK;
}

enum err refresher_open(struct refresher **out, const struct refresher_config *config,
                        struct why *why)
{
    struct refresher *k = calloc(1, sizeof *k);
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
    else if (!refresh_slots_make(k))
        err = why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK)
        err = threads_start(k, why);
    if (err == OK)
        *out = k;
    else
        refresher_close(k);
    return err;
}

unsigned refresher_threads(const struct refresher *k)
{
    return k->threads_len;
}

void refresher_end(struct refresher *k)
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

void refresher_close(struct refresher *k)
{
    if (!k)
        return;
    if (k->threads_len)
        refresher_end(k);
    for (unsigned i = 0; i < REFRESHERS_MAX; i++)
        blocking_client_close(k->threads[i].blocking_client);
    if (k->ending_fd >= 0)
        close(k->ending_fd);
    pthread_cond_destroy(&k->wanted);
    pthread_mutex_destroy(&k->lock);
    free((void *)k->of_lane);
    free(k->refresh_slots);
    free(k);
}
