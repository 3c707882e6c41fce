/*
 * AWS credentials: sources and expiry. One file per provider; sources are shared by the lanes of an
 * account and have locks of their own; engine/wire/refresher.h decides when to fetch. Source:
 * botocore's credential chain; AWS SDKs and Tools Reference Guide.
 */
#ifndef MF_CREDENTIALS_H
#define MF_CREDENTIALS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "base/when.h"

#define CREDENTIAL_ID_LEN     129
#define CREDENTIAL_SECRET_LEN 257
#define CREDENTIAL_TOKEN_LEN  8193 /* STS tokens have no documented bound; 4 KB have been seen */

struct credentials {
    char access_key_id[CREDENTIAL_ID_LEN];
    char secret_access_key[CREDENTIAL_SECRET_LEN];
    char session_token[CREDENTIAL_TOKEN_LEN]; /* "" when there is none */
    instant_us expires;                       /* WHEN_NEVER for static keys */
};

void credentials_wipe(struct credentials *c);

struct secrets;

/* The user's choice of credentials. */
struct credential_request {
    struct text profile;      /* --profile or the manifest's; empty: AWS_PROFILE, or "default" */
    bool profile_is_explicit; /* then the environment's keys are not used */
    struct text role_arn, external_id, source_profile; /* of the manifest's account; empty: none */
    struct text region;                                /* for STS and SSO endpoints */
    /* The source enters its secrets here; outlives the source. NULL: nowhere. */
    struct secrets *secrets;
};

/* The names of all profiles of the user's files, each once, in the order of the files; in *arena.
 */
enum err credential_profiles(struct arena *arena, struct text **names, uint32_t *len,
                             struct why *why);

struct credential_source;
struct http_exchange;

/* Finds the source and vets the set-up; reads files and environment, uses no network yet and runs
 * no program. The error names the places searched. */
enum err credential_source_open(struct credential_source **out,
                                const struct credential_request *request, struct why *why);
void credential_source_close(struct credential_source *s); /* wipes */

enum keys_state {
    KEYS_GOOD,    /* usable */
    KEYS_AGING,   /* usable, but refresh: under 15 minutes are left */
    KEYS_MISSING, /* refresh first: none yet, expired, or called expired */
};

/* Whether keys have expired is judged by a server's clock, never by ours: a laptop may be years
 * off. Until a server has told the time, nothing expires. */
#define CLOCK_NOT_TOLD ((instant_us)0)

/* The held keys at `now`, a server's time or CLOCK_NOT_TOLD; *out is filled unless keys are
 * missing. Never blocks. Any thread. Wipe *out. */
enum keys_state credential_source_held(struct credential_source *s, instant_us now,
                                       struct credentials *out);
struct credential_terms {
    instant_us now;  /* the best known time, for providers */
    instant_us told; /* a server's time, or CLOCK_NOT_TOLD */
    /* Decides whether new keys may be held; NULL: any keys. An error becomes the error of the
       refresh.
     */
    enum err (*vet)(void *context, const struct credentials *fresh, struct why *why);
    void *context;
};

/* Asks the source for new keys, and may block for a minute. The held keys stay until the new ones
 * are vetted. One thread at a time per source. ERR_IO, ERR_NOMEM: may pass by itself; ERR_BUSY: the
 * program is ending; all others: the source refuses. */
enum err credential_source_refresh(struct credential_source *s,
                                   const struct http_exchange *exchange,
                                   const struct credential_terms *terms, struct why *why);
/* To be called after ExpiredToken for this key: drops the cached keys, once per key. Any thread. */
void credential_source_expired(struct credential_source *s, const char *access_key_id);
const char *credential_source_name(
    const struct credential_source *s); /* "environment", "profile x" */

#endif
