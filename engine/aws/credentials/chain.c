/*
 * Duty: choose the provider in botocore's order, hold what it gave, and ask it again in time.
 *
 * Invariant: `held` is touched under the lock only. The files are read anew for every fetch and
 * wiped after it, so that no secret but the one in use stays in memory, and keys that somebody
 * rotates in the file are found after ExpiredToken.
 */
#include "provider.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array)       (sizeof(array) / sizeof(array)[0])
#define REFRESH_ADVISED_US SPAN_M(15) /* with less left, new ones are asked for */
#define REFRESH_NEEDED_US  SPAN_M(10) /* with less left, a failure to get new ones is final */

/* botocore's order. A profile that is named drops the environment, which the providers see to. */
static const struct provider *const providers[] = {
    &provider_environment,      &provider_role,  &provider_web_identity, &provider_sso,
    &provider_credentials_file, &provider_login, &provider_process,      &provider_config_file,
    &provider_container,
};

struct credential_source {
    pthread_mutex_t lock;
    struct credential_request request; /* its texts are in `texts` */
    char *texts;
    char name[PROFILE_NAME_LEN + 16];
    struct credentials held;
    bool is_held;
    char expired_id[CREDENTIAL_ID_LEN]; /* the last key that the service called expired */
};

void credentials_wipe(struct credentials *c)
{
    explicit_bzero(c, sizeof *c);
}

/* Filling one in */

static bool is_printable(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (t.at[i] <= ' ' || t.at[i] >= 0x7f)
            return false;
    return true;
}

static enum err field_fill(char *out, size_t out_len, struct text t, const char *what,
                           struct why *why)
{
    if (t.len >= out_len)
        return why_set(why, ERR_AUTH, "%s is longer than %zu characters", what, out_len - 1);
    if (!is_printable(t))
        return why_set(why, ERR_AUTH, "%s holds blanks or other characters that no key has", what);
    if (t.len)
        memcpy(out, t.at, t.len);
    out[t.len] = '\0';
    return OK;
}

enum err credentials_fill(struct credentials *out, struct text id, struct text secret,
                          struct text token, struct why *why)
{
    if (id.len == 0 || secret.len == 0)
        return why_set(why, ERR_AUTH, "%s without %s", id.len ? "an access key id" : "a secret key",
                       id.len ? "its secret access key" : "its access key id");
    enum err err =
        field_fill(out->access_key_id, sizeof out->access_key_id, id, "the access key id", why);
    if (!err)
        err = field_fill(out->secret_access_key, sizeof out->secret_access_key, secret,
                         "the secret access key", why);
    if (!err)
        err = field_fill(out->session_token, sizeof out->session_token, token, "the session token",
                         why);
    return err;
}

/* Choosing */

static enum err profile_missing(const struct profile *p, struct why *why)
{
    return why_set(why, ERR_AUTH, "profile \"%s\" is neither in %.300s nor in %.300s", p->name,
                   p->paths[PROFILE_IN_CONFIG], p->paths[PROFILE_IN_CREDENTIALS]);
}

static enum err nothing_found(const struct provider_input *in, struct why *why)
{
    const struct profile *p = in->profile;
    return why_set(
        why, ERR_AUTH,
        "no AWS credentials: looked %sinto profile \"%s\" of %.200s and %.200s, and for a "
        "container's; the metadata service of an EC2 instance is not asked: get keys with "
        "\"aws configure export-credentials --format env\" there",
        in->request->profile_is_explicit ? "" : "at AWS_ACCESS_KEY_ID, ", p->name,
        p->paths[PROFILE_IN_CREDENTIALS], p->paths[PROFILE_IN_CONFIG]);
}

static enum err provider_choose(const struct provider_input *in, const struct provider **out,
                                struct why *why)
{
    *out = NULL;
    if (in->profile->is_named && !in->profile->is_found && !provider_environment.applies(in))
        return profile_missing(in->profile, why);
    for (size_t i = 0; i < COUNT(providers); i++) {
        if (providers[i]->applies(in)) {
            *out = providers[i];
            return OK;
        }
    }
    return nothing_found(in, why);
}

/* Lock held, or nobody else knows s yet. `held` changes on success only. */
static enum err source_fetch(struct credential_source *s, instant_us now, bool opening,
                             struct why *why)
{
    struct profile profile;
    const struct provider *provider = NULL;
    struct provider_input in = {.request = &s->request, .profile = &profile};
    struct credentials fresh = {.expires = WHEN_NEVER};
    enum err err = profile_open(&profile, &s->request, why);
    if (!err)
        err = provider_choose(&in, &provider, why);
    if (!err && opening)
        snprintf(s->name, sizeof s->name, "%s%s", provider->is_of_profile ? "profile " : "",
                 provider->is_of_profile ? profile.name : provider->name);
    if (!err && !(opening && provider->needs_network)) {
        err = provider->fetch(&in, now, &fresh, why);
        if (!err) {
            s->held = fresh;
            s->is_held = true;
        }
    }
    credentials_wipe(&fresh);
    profile_close(&profile);
    return err;
}

/* The source */

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
                                             .region = text_keep(&at, r->region)};
    return true;
}

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
    enum err err = source_fetch(s, 0, true, why);
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

static bool lasts(const struct credential_source *s, instant_us now, span_us span)
{
    return s->is_held && (s->held.expires == WHEN_NEVER || s->held.expires - now >= span);
}

static enum err source_refresh(struct credential_source *s, instant_us now, struct why *why)
{
    enum err err = source_fetch(s, now, false, why);
    if (err && lasts(s, now, REFRESH_NEEDED_US))
        return OK;
    if (err)
        return why_wrap(why, err, "credentials of %s", s->name);
    if (!lasts(s, now, 1)) {
        char at[WHEN_LEN];
        return why_set(why, ERR_AUTH, "credentials of %s expired at %s; get new ones and resume",
                       s->name, when_format(s->held.expires, at));
    }
    return OK;
}

enum err credential_source_get(struct credential_source *s, instant_us now, struct credentials *out,
                               struct why *why)
{
    enum err err = OK;
    pthread_mutex_lock(&s->lock);
    if (!lasts(s, now, REFRESH_ADVISED_US))
        err = source_refresh(s, now, why);
    if (!err)
        *out = s->held;
    pthread_mutex_unlock(&s->lock);
    return err;
}

/* A second ExpiredToken for the same key finds it noted already: asking again would not help. */
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

enum err credential_profile_setting(const struct credential_request *request, const char *key,
                                    char *out, size_t out_len, struct why *why)
{
    struct profile profile;
    out[0] = '\0';
    enum err err = profile_open(&profile, request, why);
    struct text value = err ? TEXT_NONE : profile_get(&profile, key);
    if (value.len >= out_len)
        err = why_set(why, ERR_LIMIT, "%s of profile \"%s\" is too long", key, profile.name);
    else
        snprintf(out, out_len, TEXT_FMT, TEXT_ARG(value));
    profile_close(&profile);
    return err;
}
