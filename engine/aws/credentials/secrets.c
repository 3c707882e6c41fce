/*
 * The set of live secrets. Invariant: every entry is in the redactor. A forgotten secret may stay
 * there, and stay hidden, until more entries are dead than alive.
 */
#include "secrets.h"

#include "base/redact.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define AGE_MAX 2 /* renewals since the last naming; calls with earlier keys may still be out */

struct entry {
    const void *owner;
    char *at; /* owned */
    size_t len;
    unsigned age;
};

struct secrets {
    pthread_rwlock_t lock; /* of all the rest */
    struct redactor redactor;
    struct entry *entries;
    size_t len, cap;
    size_t live_bytes, dead_bytes; /* in the redactor */
};

enum err secrets_open(struct secrets **out, struct why *why)
{
    struct secrets *s = calloc(1, sizeof *s);
    *out = NULL;
    if (!s || pthread_rwlock_init(&s->lock, NULL) != 0) {
        free(s);
        return why_set(why, ERR_NOMEM, "out of memory");
    }
    redactor_init(&s->redactor);
    *out = s;
    return OK;
}

static void entry_forget(struct entry *e)
{
    explicit_bzero(e->at, e->len);
    free(e->at);
}

void secrets_close(struct secrets *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->len; i++)
        entry_forget(&s->entries[i]);
    redactor_clear(&s->redactor);
    pthread_rwlock_destroy(&s->lock);
    free(s->entries);
    free(s);
}

static struct entry *entry_find(struct secrets *s, const void *owner, struct text secret)
{
    for (size_t i = 0; i < s->len; i++) {
        struct entry *e = &s->entries[i];
        if (e->owner == owner && text_eq((struct text){e->at, e->len}, secret))
            return e;
    }
    return NULL;
}

static bool entry_add(struct secrets *s, const void *owner, struct text secret)
{
    if (s->len == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 16;
        struct entry *entries = reallocarray(s->entries, cap, sizeof *entries);
        if (!entries)
            return false;
        s->entries = entries;
        s->cap = cap;
    }
    char *copy = malloc(secret.len);
    if (!copy || !redactor_add(&s->redactor, secret)) {
        free(copy);
        return false;
    }
    memcpy(copy, secret.at, secret.len);
    s->entries[s->len++] = (struct entry){owner, copy, secret.len, 0};
    s->live_bytes += secret.len;
    return true;
}

enum err secrets_put(struct secrets *s, const void *owner, struct text secret, struct why *why)
{
    bool good = true;
    if (!s || secret.len < REDACT_MIN)
        return OK;
    pthread_rwlock_wrlock(&s->lock);
    struct entry *e = entry_find(s, owner, secret);
    if (e)
        e->age = 0;
    else
        good = entry_add(s, owner, secret);
    pthread_rwlock_unlock(&s->lock);
    return good ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

void secrets_renewed(struct secrets *s, const void *owner)
{
    size_t kept = 0;
    if (!s)
        return;
    pthread_rwlock_wrlock(&s->lock);
    for (size_t i = 0; i < s->len; i++) {
        struct entry e = s->entries[i];
        e.age += e.owner == owner;
        if (e.age <= AGE_MAX) {
            s->entries[kept++] = e;
            continue;
        }
        s->live_bytes -= e.len;
        s->dead_bytes += e.len;
        entry_forget(&e);
    }
    s->len = kept;
    if (s->dead_bytes > s->live_bytes) {
        /* Without memory for a new redactor the old one stays: hides too much, never too little. */
        struct redactor fresh;
        bool good = true;
        redactor_init(&fresh);
        for (size_t i = 0; i < s->len && good; i++)
            good = redactor_add(&fresh, (struct text){s->entries[i].at, s->entries[i].len});
        if (good) {
            redactor_clear(&s->redactor);
            s->redactor = fresh;
            s->dead_bytes = 0;
        } else {
            redactor_clear(&fresh);
        }
    }
    pthread_rwlock_unlock(&s->lock);
}

size_t secrets_hide(struct secrets *s, char *at, size_t len)
{
    if (!s || len == 0)
        return len;
    pthread_rwlock_rdlock(&s->lock);
    len = redact(&s->redactor, at, len);
    pthread_rwlock_unlock(&s->lock);
    return len;
}

void secrets_hide_string(struct secrets *s, char *cstr)
{
    cstr[secrets_hide(s, cstr, strlen(cstr))] = '\0';
}

struct text secrets_hidden(struct secrets *s, struct text t, struct arena *arena)
{
    bool found = false;
    if (s && t.len) {
        pthread_rwlock_rdlock(&s->lock);
        found = redactor_finds(&s->redactor, t);
        pthread_rwlock_unlock(&s->lock);
    }
    char *copy = found ? arena_take_packed(arena, t.len) : NULL;
    if (!copy)
        return found ? TEXT(REDACT_MARK) : t;
    memcpy(copy, t.at, t.len);
    return (struct text){copy, secrets_hide(s, copy, t.len)};
}
