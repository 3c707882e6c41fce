/*
 * A credential source for tests: the example key of the AWS documentation, until it is told that
 * the key has expired. It stands in for engine/aws/credentials at link time.
 */
#include "fixed_credentials.h"

#include <stdio.h>
#include <string.h>

enum keys_state credential_source_held(struct credential_source *s, instant_us now,
                                       struct credentials *out)
{
    (void)now;
    if (s->broken)
        return KEYS_MISSING;
    memset(out, 0, sizeof *out);
    snprintf(out->access_key_id, sizeof out->access_key_id, "AKIDEXAMPLE%u",
             atomic_load(&s->expired));
    strcpy(out->secret_access_key, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    out->expires = WHEN_NEVER;
    return KEYS_GOOD;
}

enum err credential_source_refresh(struct credential_source *s,
                                   const struct http_exchange *exchange,
                                   const struct credential_terms *terms, struct why *why)
{
    (void)s, (void)exchange, (void)terms;
    return why_set(why, ERR_AUTH, "no credentials anywhere");
}

void credential_source_expired(struct credential_source *s, const char *access_key_id)
{
    (void)access_key_id;
    atomic_fetch_add(&s->expired, 1);
}
