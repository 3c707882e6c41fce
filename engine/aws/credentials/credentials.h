/*
 * AWS credentials: where they come from and how long they last. One file per provider; sources are
 * shared by the carriers of an account's lanes and guard themselves.
 * Source: botocore's credential chain; AWS SDKs and Tools Reference Guide.
 */
#ifndef MF_CREDENTIALS_H
#define MF_CREDENTIALS_H

#include "err.h"
#include "text.h"
#include "when.h"

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

/* What the user said about whose credentials to use. */
struct credential_request {
    struct text profile;      /* --profile or the manifest's; empty: AWS_PROFILE, else "default" */
    bool profile_is_explicit; /* then the environment's keys are not used */
    struct text role_arn, external_id, source_profile; /* of the manifest's account; empty: none */
    struct text region;                                /* for STS and SSO endpoints */
};

struct credential_source;

/* Finds the source; reads files and environment, calls nothing over the network yet. The error says
 * which places were looked at. */
enum err credential_source_open(struct credential_source **out,
                                const struct credential_request *request, struct why *why);
void credential_source_close(struct credential_source *s); /* wipes */

/* A copy of credentials that are good at `now`, refreshed when they are about to expire. May block
 * on the source's own network calls; one refresh at a time per source. Any thread. Wipe *out.
 * ERR_AUTH is final: the caller gives the whole lane up. What may pass by itself (no connection, a
 * time-out, a server's own trouble) is any other error, and is asked for again. */
enum err credential_source_get(struct credential_source *s, instant_us now, struct credentials *out,
                               struct why *why);
/* The service said ExpiredToken for this key: forget what was cached, once per key. */
void credential_source_expired(struct credential_source *s, const char *access_key_id);
const char *credential_source_name(
    const struct credential_source *s); /* "environment", "profile x" */

/* A setting of the request's profile that is no secret: "region", "endpoint_url", "ca_bundle".
 * Empty when it is not there; ERR_LIMIT when it does not fit. */
enum err credential_profile_setting(const struct credential_request *request, const char *key,
                                    char *out, size_t out_len, struct why *why);

#endif
