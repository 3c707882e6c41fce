/*
 * Holds a provider's keys, judges their age, and asks again.
 *
 * Invariant: `held` and its members are touched under the lock only, and no thread holds the lock
 * while asking a provider. Every refresh reads the files anew and wipes the bytes after, so only
 * the secret in use stays in memory, and keys rotated in the file are found after ExpiredToken.
 */
#include "key_provider.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADVISED_US SPAN_M(15) /* with less left, new ones are asked for */
#define PAUSE_US   SPAN_M(1)  /* a source with short-lived keys is not asked more often */

struct credential_source {
    struct credential_request request; /* its texts are in `texts` below */
    char *texts;
    char name[PROFILE_NAME_LEN + 16];
    bool is_of_profile;   /* false: errors name the place by themselves */
    pthread_mutex_t lock; /* of the rest */
    struct credentials held;
    bool is_held;
    instant_us held_since;
    bool was_held;                      /* ever */
    char expired_id[CREDENTIAL_ID_LEN]; /* the last key reported as expired by the service */
};

static struct text text_keep(char **at, struct text t)
{
    char *copy = *at;
    if (t.len)
        memcpy(copy, t.at, t.len);
    copy[t.len] = '\0';
    *at += t.len + 1;
    return (struct text){copy, t.len};
}

static bool request_copy(struct credential_source *s, const struct credential_request *r)
{
    size_t len = r->profile.len + r->role_arn.len + r->external_id.len + r->source_profile.len +
                 r->region.len + 5;
    char *at = s->texts = malloc(len);
    if (!at)
        return false;
    s->request = (struct credential_request){.profile = text_keep(&at, r->profile),
                                             .profile_is_explicit = r->profile_is_explicit,
                                             .role_arn = text_keep(&at, r->role_arn),
                                             .external_id = text_keep(&at, r->external_id),
                                             .source_profile = text_keep(&at, r->source_profile),
                                             .region = text_keep(&at, r->region),
                                             .secrets = r->secrets};
    return true;
}

static void keys_put(struct credential_source *s, const struct credentials *fresh, instant_us now)
{
    pthread_mutex_lock(&s->lock);
    s->held = *fresh;
    s->is_held = s->was_held = true;
    s->held_since = now;
    pthread_mutex_unlock(&s->lock);
    secrets_renewed(s->request.secrets, s);
}

/* What opening needs until it ends: large for a small stack. */
struct opening {
    struct profile profile;
    struct credentials fresh;
};

enum err credential_source_open(struct credential_source **out,
                                const struct credential_request *request, struct why *why)
{
    struct credential_source *s = calloc(1, sizeof *s);
    *out = NULL;
    if (!s || !request_copy(s, request) || pthread_mutex_init(&s->lock, NULL) != 0) {
        if (s)
            free(s->texts);
        free(s);
        return why_set(why, ERR_NOMEM, "out of memory");
    }
    struct opening *opening = calloc(1, sizeof *opening);
    if (!opening) {
        credential_source_close(s);
        return why_set(why, ERR_NOMEM, "out of memory");
    }
    /* The name is set once, before s is shared. */
    struct profile *profile = &opening->profile;
    const struct key_provider *provider = NULL;
    struct credentials *fresh = &opening->fresh;
    fresh->expires = WHEN_NEVER;
    struct provider_input in = {
        .request = &s->request, .profile = profile, .secrets = s->request.secrets, .owner = s};
    enum err err = profile_open(profile, &s->request, why);
    if (!err)
        err = provider_choose(&in, &provider, why);
    if (!err) {
        s->is_of_profile = provider->is_of_profile && !s->request.role_arn.len;
        if (s->request.role_arn.len)
            snprintf(s->name, sizeof s->name, "role " TEXT_FMT, TEXT_ARG(s->request.role_arn));
        else
            snprintf(s->name, sizeof s->name, "%s%s", s->is_of_profile ? "profile " : "",
                     s->is_of_profile ? profile->name : provider->name);
    }
    if (!err)
        err = provider_run(provider, &in, provider->is_at_hand ? fresh : NULL, why);
    if (!err && provider->is_at_hand)
        keys_put(s, fresh, 0);
    credentials_wipe(fresh);
    profile_close(profile);
    free(opening);
    if (err)
        credential_source_close(s);
    else
        *out = s;
    return err;
}

void credential_source_close(struct credential_source *s)
{
    if (!s)
        return;
    pthread_mutex_destroy(&s->lock);
    credentials_wipe(&s->held);
    free(s->texts);
    free(s);
}

static enum keys_state state_of(const struct credential_source *s, instant_us now)
{
    span_us left = s->held.expires - now;
    if (!s->is_held || left <= 0)
        return KEYS_MISSING;
    return left >= ADVISED_US || now - s->held_since < PAUSE_US ? KEYS_GOOD : KEYS_AGING;
}

enum keys_state credential_source_held(struct credential_source *s, instant_us now,
                                       struct credentials *out)
{
    pthread_mutex_lock(&s->lock);
    enum keys_state state = state_of(s, now);
    if (state != KEYS_MISSING)
        *out = s->held;
    pthread_mutex_unlock(&s->lock);
    return state;
}

static bool was_held(struct credential_source *s)
{
    pthread_mutex_lock(&s->lock);
    bool was = s->was_held;
    pthread_mutex_unlock(&s->lock);
    return was;
}

enum err credential_source_refresh(struct credential_source *s,
                                   const struct http_exchange *exchange,
                                   const struct credential_terms *terms, struct why *why)
{
    char at[WHEN_LEN];
    struct credentials fresh = {.expires = WHEN_NEVER};
    struct profile profile;
    const struct key_provider *provider = NULL;
    struct provider_input in = {.request = &s->request,
                                .profile = &profile,
                                .exchange = exchange,
                                .now = terms->now,
                                .is_renewal = was_held(s),
                                .secrets = s->request.secrets,
                                .owner = s};
    enum err err = profile_open(&profile, &s->request, why);
    if (!err)
        err = provider_choose(&in, &provider, why);
    if (!err)
        err = provider_run(provider, &in, &fresh, why);
    profile_close(&profile);
    if (err && s->is_of_profile)
        why_wrap(why, err, "credentials of %s", s->name);
    else if (!err && fresh.expires <= terms->told)
        err = why_set(why, ERR_AUTH, "credentials of %s expired at %s; get new ones and resume",
                      s->name, when_format(fresh.expires, at));
    else if (!err && terms->vet)
        err = terms->vet(terms->context, &fresh, why);
    if (!err)
        keys_put(s, &fresh, terms->now);
    if (err && why) /* services and programs had a say in the sentence */
        secrets_hide_string(s->request.secrets, why->text);
    credentials_wipe(&fresh);
    return err;
}

/* A second ExpiredToken for one key is already noted: asking again would not help. */
void credential_source_expired(struct credential_source *s, const char *access_key_id)
{
    pthread_mutex_lock(&s->lock);
    bool is_held_one = s->is_held && strcmp(s->held.access_key_id, access_key_id) == 0;
    if (is_held_one && strcmp(s->expired_id, access_key_id) != 0) {
        snprintf(s->expired_id, sizeof s->expired_id, "%s", access_key_id);
        s->is_held = false;
    }
    pthread_mutex_unlock(&s->lock);
}

const char *credential_source_name(const struct credential_source *s)
{
    return s->name;
}
