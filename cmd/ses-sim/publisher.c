/*
 * Duty: to carry changes to the name servers of their zones, in the order in which they were made,
 * at once or after a delay. One thread. Invariant: the lock is not held while a server is asked; a
 * set is published as the provider has it when its turn comes, so the last word is never an old
 * one.
 */
#include "sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define JOB_BYTES   (4u << 20) /* names and types of the sets of one batch */
#define AUTOMATIC_S 300        /* a TTL of 1 at Cloudflare: "automatic" */
#define VALUE_MAX   (32u << 10)
#define STRING_MAX  255 /* octets of one string of a TXT record (RFC 1035, section 3.3.14) */
#define WAIT_MS_MAX 1000

struct publisher_job {
    struct publisher_job *next;
    struct arena arena;
    struct sim_zone *zone;
    instant_us due;           /* scaled */
    struct zone_record *sets; /* key, name and type */
    uint32_t len;
};

struct zone_publisher {
    struct sim *sim;
    pthread_t thread;
    pthread_cond_t work, done; /* with the sim's lock */
    struct publisher_job *first, *last;
    uint64_t taken, finished; /* jobs */
    span_us delay;
    bool is_stopping;
};

/* Values: as providers take them, and as zone files have them. */

/* Route 53 writes "\052" in octal digits, zone files in decimal ones. */
static void decimal_write(struct buf *out, struct text value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned octet = 0, digits = 0;
        while (value.at[i] == '\\' && digits < 3 && i + digits + 1 < value.len &&
               value.at[i + digits + 1] >= '0' && value.at[i + digits + 1] <= '7')
            octet = octet * 8 + (unsigned)(value.at[i + ++digits] - '0');
        if (digits == 3)
            buf_add_fmt(out, "\\%03u", octet & 0xff);
        else
            buf_add_char(out, value.at[i]);
        i += digits == 3 ? 3 : 0;
    }
}

/* A text without quotes, cut into the strings of a TXT record. */
static void quoted_write(struct buf *out, struct text value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (i % STRING_MAX == 0)
            buf_add_str(out, i ? "\" \"" : "\"");
        if (value.at[i] == '"' || value.at[i] == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, value.at[i]);
    }
    buf_add_str(out, value.len ? "\"" : "\"\"");
}

static bool record_add(struct update *u, const struct sim_zone *z, const struct zone_record *r)
{
    struct buf value;
    buf_init(&value, VALUE_MAX);
    if (z->provider == ZONE_ROUTE53)
        decimal_write(&value, r->value);
    else if (text_eq(r->type, TEXT("TXT")) && !text_starts(r->value, TEXT("\"")))
        quoted_write(&value, r->value);
    else
        buf_add_text(&value, r->value);
    uint32_t ttl_s = z->provider == ZONE_CLOUDFLARE && r->ttl_s == 1 ? AUTOMATIC_S : r->ttl_s;
    bool ok = !value.failed && update_add(u, r->name, ttl_s, r->type, buf_text(&value));
    buf_clear(&value);
    return ok;
}

/* Aliases and sets of a routing policy are no records: a server of zones cannot serve them. */
static struct update *job_update(const struct publisher_job *job)
{
    const struct sim_zone *z = job->zone;
    struct update *u = update_new(z->name);
    bool ok = u != NULL;
    for (uint32_t i = 0; ok && i < job->len; i++) {
        const struct zone_record *set = &job->sets[i];
        ok = update_clear_set(u, set->name, set->type);
        for (uint32_t k = zone_first(z, set->key);
             ok && k < z->len && text_eq(z->records[k]->key, set->key); k++) {
            const struct zone_record *r = z->records[k];
            if (text_eq(r->type, set->type) && r->from != WHEN_NEVER && record_lives(r) &&
                r->set_id.len == 0 && r->alias_name.len == 0)
                ok = record_add(u, z, r);
        }
    }
    if (ok)
        return u;
    update_free(u);
    return NULL;
}

static void job_free(struct publisher_job *job)
{
    if (job) {
        arena_clear(&job->arena);
        free(job);
    }
}

/* The lock is held on entry and on return. What a server refuses stays unpublished, and is told. */
static void job_do(struct zone_publisher *p, struct publisher_job *job)
{
    struct why why = {.text = "a change cannot be written as an update"};
    struct zone_server to = job->zone->server;
    struct update *u = job_update(job);
    pthread_mutex_unlock(&p->sim->lock);
    if (!u || update_send(u, &to, &why) != OK)
        fprintf(stderr, "ses-sim: zone " TEXT_FMT ": %s\n", TEXT_ARG(job->zone->name), why.text);
    update_free(u);
    pthread_mutex_lock(&p->sim->lock);
}

/* The thread */

static void *publisher_loop(void *arg)
{
    struct zone_publisher *p = arg;
    pthread_mutex_lock(&p->sim->lock);
    while (!p->is_stopping) {
        struct publisher_job *job = p->first;
        if (!job || job->due > clock_scaled(&p->sim->clock)) {
            struct timespec until =
                clock_wait(&p->sim->clock, job ? job->due : WHEN_NEVER, WAIT_MS_MAX);
            pthread_cond_timedwait(&p->work, &p->sim->lock, &until);
            continue;
        }
        job_do(p, job);
        p->first = job->next;
        if (!p->first)
            p->last = NULL;
        p->finished++;
        job_free(job);
        pthread_cond_broadcast(&p->done);
    }
    pthread_cond_broadcast(&p->done);
    pthread_mutex_unlock(&p->sim->lock);
    return NULL;
}

enum err publisher_start(struct zone_publisher **out, struct sim *s, span_us delay, struct why *why)
{
    pthread_condattr_t attributes;
    struct zone_publisher *p = calloc(1, sizeof *p);
    if (!p)
        return why_set(why, ERR_NOMEM, "no memory for the publisher");
    p->sim = s;
    p->delay = delay;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&p->work, &attributes);
    pthread_cond_init(&p->done, NULL);
    pthread_condattr_destroy(&attributes);
    int failed = pthread_create(&p->thread, NULL, publisher_loop, p);
    if (failed) {
        free(p);
        return why_set(why, ERR_IO, "no thread for the publisher: %s", strerror(failed));
    }
    *out = p;
    return OK;
}

void publisher_stop(struct zone_publisher *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->sim->lock);
    p->is_stopping = true;
    pthread_cond_signal(&p->work);
    pthread_mutex_unlock(&p->sim->lock);
    pthread_join(p->thread, NULL);
    for (struct publisher_job *job = p->first, *next; job; job = next) {
        next = job->next;
        job_free(job);
    }
    pthread_cond_destroy(&p->work);
    pthread_cond_destroy(&p->done);
    free(p);
}

/* Handing over */

static struct publisher_job *job_new(struct sim_zone *z, const struct zone_record *const *touched,
                                     uint32_t len)
{
    struct publisher_job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    arena_init(&job->arena, JOB_BYTES);
    job->zone = z;
    job->sets = ARENA_ARRAY(&job->arena, struct zone_record, len);
    for (uint32_t i = 0; job->sets && i < len; i++) {
        struct zone_record *set = &job->sets[job->len++];
        set->name = arena_text(&job->arena, touched[i]->name);
        set->key = arena_text(&job->arena, touched[i]->key);
        set->type = arena_text(&job->arena, touched[i]->type);
        if (!set->name.at || !set->key.at || !set->type.at)
            job->sets = NULL;
    }
    if (job->sets)
        return job;
    job_free(job);
    return NULL;
}

uint64_t publisher_take(struct zone_publisher *p, struct sim_zone *z,
                        const struct zone_record *const *touched, uint32_t len)
{
    if (z->server.address.ss_family == 0)
        return 0;
    struct publisher_job *job = job_new(z, touched, len);
    if (!job) {
        fprintf(stderr, "ses-sim: out of memory: a change of " TEXT_FMT " is not published\n",
                TEXT_ARG(z->name));
        return 0;
    }
    job->due = clock_scaled(&p->sim->clock) + p->delay;
    if (p->last)
        p->last->next = job;
    else
        p->first = job;
    p->last = job;
    pthread_cond_signal(&p->work);
    return ++p->taken;
}

bool publisher_done(const struct zone_publisher *p, uint64_t ticket)
{
    return p->finished >= ticket;
}

void publisher_wait(struct zone_publisher *p, uint64_t ticket)
{
    while (p->delay == 0 && !publisher_done(p, ticket) && !p->is_stopping)
        pthread_cond_wait(&p->done, &p->sim->lock);
}
