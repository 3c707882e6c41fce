/*
 * The life of a worker: it enters itself in the journal, takes one round after the other, and joins
 * its carriages in the end. A round renews what is held, gives back what is to be given back, looks
 * for news of the runs, and then for lanes that are free.
 *
 * What the database cannot do now is tried again in the next round, for ever; what it refuses is
 * the end of the worker, once that has come three times in a row.
 */
#include "worker_internal.h"

#include "base/siphash.h"
#include "wire/os_clock.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define TROUBLES_MAX 3

/* ---- sentences ---- */

/* Carriages come and go, and what was said of a lane a minute ago need not be said again. */
static bool is_told(struct worker *w, const char *sentence, instant_us now)
{
    uint64_t hash = siphash(siphash_key_of_seed(0), sentence, strlen(sentence));
    for (uint32_t i = 0; i < TOLD_MAX; i++)
        if (w->told[i] == hash && w->told_at[i] && now < w->told_at[i] + TOLD_FOR)
            return true;
    w->told[w->told_next] = hash;
    w->told_at[w->told_next] = now;
    w->told_next = (w->told_next + 1) % TOLD_MAX;
    return false;
}

static void tell(void *ctx, enum notice kind, const char *sentence)
{
    struct worker *w = ctx;
    const struct notices *n = &w->config.notices;
    pthread_mutex_lock(&w->telling);
    if (n->tell && !is_told(w, sentence, os_clock_boot()))
        n->tell(n->ctx, kind, sentence);
    pthread_mutex_unlock(&w->telling);
}

static void tell_again(void *ctx, enum notice kind, const char *sentence)
{
    struct worker *w = ctx;
    const struct notices *n = &w->config.notices;
    pthread_mutex_lock(&w->telling);
    if (n->tell)
        n->tell(n->ctx, kind, sentence);
    pthread_mutex_unlock(&w->telling);
}

/* ---- beginning and end ---- */

static void names_take(struct worker *w)
{
    if (gethostname(w->host, sizeof w->host - 1) != 0)
        snprintf(w->host, sizeof w->host, "unknown host");
    if (w->config.name)
        snprintf(w->name, sizeof w->name, "%s", w->config.name);
    else
        snprintf(w->name, sizeof w->name, "%.40s-%ld", w->host, (long)getpid());
}

static enum err journal_enter_worker(struct worker *w, struct why *why)
{
    const struct worker_self self = {
        .name = w->name, .host = w->host, .pid = (uint32_t)getpid(), .version = w->config.version};
    const struct run_config config = {.access = w->config.access,
                                      .journal = w->config.journal,
                                      .version = w->config.version,
                                      .notices = w->notices};
    run_init(&w->shell, &config);
    enum err err = run_journal(&w->shell, JOURNAL_UPDATE, why);
    if (err == OK && !journal_is_shared(w->shell.journal))
        err = why_set(why, ERR_INPUT,
                      "journal %s is a file, which no workers share: name one in PostgreSQL "
                      "(--journal postgresql://...)",
                      w->config.journal);
    return err == OK ? leases_worker_begin(w->shell.journal, &self, &w->number, why) : err;
}

static struct lease_terms terms_of(const struct work_config *config)
{
    span_us ttl = config->ttl ? config->ttl : LEASE_TTL;
    span_us timeout = lease_call_timeout(ttl, config->access->call_timeout_us);
    return (struct lease_terms){
        .ttl = ttl, .call_timeout = timeout, .margin = lease_quiet_margin(ttl)};
}

enum err work_begin(struct worker **out, const struct work_config *config, struct why *why)
{
    struct worker *w = calloc(1, sizeof *w);
    *out = NULL;
    if (!w)
        return why_set(why, ERR_NOMEM, "out of memory");
    assert(config->lanes_len <= WORK_PATTERNS_MAX);
    w->config = *config;
    w->notices = (struct notices){w, tell};
    w->news = (struct notices){w, tell_again};
    w->terms = terms_of(config);
    pthread_mutex_init(&w->lock, NULL);
    pthread_mutex_init(&w->telling, NULL);
    pthread_cond_init(&w->told_of, NULL);
    atomic_init(&w->stops, 0);
    names_take(w);
    w->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    enum err err = w->eventfd < 0 ? why_set(why, ERR_IO, "eventfd: %s", strerror(errno))
                                  : journal_enter_worker(w, why);
    if (err != OK) {
        work_free(w);
        return err;
    }
    w->renewed = os_clock_boot();
    w->renew_due = lease_renew_at(os_clock_boot(), w->terms.ttl);
    *out = w;
    return OK;
}

void work_free(struct worker *w)
{
    if (!w)
        return;
    assert(w->carryings_len == 0);
    run_clear(&w->shell);
    if (w->eventfd >= 0)
        close(w->eventfd);
    free(w->tried);
    free(w->leavings);
    pthread_cond_destroy(&w->told_of);
    pthread_mutex_destroy(&w->telling);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

/* ---- stopping ---- */

void worker_wake(struct worker *w)
{
    uint64_t one = 1;
    ssize_t written = write(w->eventfd, &one, sizeof one);
    (void)written; /* fails only when full, and a full eventfd is readable */
}

void work_stop(struct worker *w)
{
    int before = errno;
    atomic_fetch_add(&w->stops, 1);
    worker_wake(w);
    errno = before;
}

static void stops_hear(struct worker *w)
{
    unsigned stops = atomic_load(&w->stops);
    pthread_mutex_lock(&w->lock);
    for (uint32_t i = 0; i < w->carryings_len && stops; i++)
        carrying_interrupt(w->carryings[i], stops);
    pthread_mutex_unlock(&w->lock);
}

/* ---- rounds ---- */

static void carryings_join(struct worker *w)
{
    uint32_t len = 0;
    for (uint32_t i = 0; i < w->carryings_len; i++) {
        struct carrying *c = w->carryings[i];
        pthread_mutex_lock(&w->lock);
        bool has_ended = c->has_ended;
        pthread_mutex_unlock(&w->lock);
        if (has_ended) {
            pthread_join(c->thread, NULL);
            carrying_free(c);
            w->has_looked = false;
        } else {
            w->carryings[len++] = c;
        }
    }
    w->carryings_len = len;
}

static enum err round_take(struct worker *w, struct why *why)
{
    enum err err = w->shell.journal ? OK : run_journal(&w->shell, JOURNAL_UPDATE, why);
    if (err == OK)
        err = heartbeat_renew(w, os_clock_boot(), why);
    if (err == OK)
        err = heartbeat_leave(w, os_clock_boot(), why);
    if (err == OK)
        err = heartbeat_look(w, why);
    if (err == OK && !atomic_load(&w->stops))
        err = openings_take(w, os_clock_boot(), why);
    return err;
}

/* The journal's own words about the database are kept; the worker's journal is opened anew. */
static enum err trouble_take(struct worker *w, enum err err, struct why *why)
{
    if (err == OK) {
        if (w->is_away)
            notice_note(&w->news, "the journal can be reached again");
        w->is_away = false;
        w->troubles = 0;
        return OK;
    }
    if (err == ERR_AWAY && !w->is_away)
        notice_error(
            &w->news,
            "%s. It is tried again, and nothing is written to SES that the journal has not kept",
            why->text);
    w->is_away = w->is_away || err == ERR_AWAY;
    w->troubles = err == ERR_AWAY ? 0 : w->troubles + 1;
    if (w->troubles >= TROUBLES_MAX || err == ERR_NOMEM)
        return err;
    if (err != ERR_AWAY) {
        const struct run_config config = w->shell.config;
        run_clear(&w->shell); /* the next round opens the journal */
        run_init(&w->shell, &config);
    }
    return OK;
}

static void rest(struct worker *w, instant_us until)
{
    uint64_t count;
    struct pollfd fd = {.fd = w->eventfd, .events = POLLIN};
    span_us left = until - os_clock_boot();
    int ready = left > 0 ? poll(&fd, 1, (int)(left / SPAN_MS(1)) + 1) : 0;
    ssize_t got = ready > 0 ? read(w->eventfd, &count, sizeof count) : 0;
    (void)got;
}

/* A worker that is to end does not wait for a database that is away: what it could not give back
 * has run out by now. */
static void leavings_drop(struct worker *w, instant_us now)
{
    if (!atomic_load(&w->stops) || now < w->renewed + w->terms.ttl)
        return;
    pthread_mutex_lock(&w->lock);
    uint32_t len = w->leavings_len;
    w->leavings_len = 0;
    pthread_mutex_unlock(&w->lock);
    if (len)
        notice_note(
            &w->news,
            "the database is away, so %u lane%s could not be given back: %s lease%s run out "
            "by %s, and another worker takes over",
            len, len == 1 ? "" : "s", len == 1 ? "its" : "their", len == 1 ? " has" : "s have",
            len == 1 ? "itself" : "themselves");
}

static bool is_over(struct worker *w)
{
    unsigned stops = atomic_load(&w->stops);
    pthread_mutex_lock(&w->lock);
    bool is_empty = w->carryings_len == 0 && (w->leavings_len == 0 || stops > 1);
    pthread_mutex_unlock(&w->lock);
    return is_empty && (stops || (w->config.ends && w->has_looked && !w->may_go_on));
}

static void carryings_end(struct worker *w)
{
    while (atomic_load(&w->stops) < 2)
        atomic_fetch_add(&w->stops, 1);
    stops_hear(w);
    for (uint32_t i = 0; i < w->carryings_len; i++) {
        pthread_join(w->carryings[i]->thread, NULL);
        carrying_free(w->carryings[i]);
    }
    w->carryings_len = 0;
}

enum err work_run(struct worker *w, struct work_end *end, struct why *why)
{
    enum err err = OK;
    instant_us look = os_clock_boot();
    struct why unheard = {""};
    while (err == OK && !is_over(w)) {
        rest(w, look);
        stops_hear(w);
        carryings_join(w);
        leavings_drop(w, os_clock_boot());
        if (atomic_load(&w->stops) > 1)
            break;
        if (os_clock_boot() < look)
            continue;
        err = trouble_take(w, round_take(w, why), why);
        look = os_clock_boot() + LEASE_LOOK;
    }
    bool stopped = atomic_load(&w->stops) > 0;
    carryings_end(w);
    if (w->shell.journal && !w->is_away)
        leases_worker_end(w->shell.journal, w->number, &unheard);
    *end = w->end;
    end->stopped = stopped;
    return err;
}
