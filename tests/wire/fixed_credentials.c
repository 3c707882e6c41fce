/*
 * A credential source for tests: the example key of the AWS documentation, until it is told that
 * the key has expired. It stands in for engine/aws/credentials at link time.
 */
#include "fixed_credentials.h"

#include <stdio.h>
#include <string.h>

enum err credential_source_get(struct credential_source *s, instant_us now, struct credentials *out,
                               struct why *why)
{
    (void)now;
    memset(out, 0, sizeof *out);
    atomic_fetch_add(&s->asked, 1);
    if (s->broken)
        return why_set(why, ERR_AUTH, "no credentials anywhere");
    snprintf(out->access_key_id, sizeof out->access_key_id, "AKIDEXAMPLE%u",
             atomic_load(&s->expired));
    strcpy(out->secret_access_key, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    out->expires = WHEN_NEVER;
    return OK;
}

void credential_source_expired(struct credential_source *s, const char *access_key_id)
{
    (void)access_key_id;
    atomic_fetch_add(&s->expired, 1);
}

void credentials_wipe(struct credentials *c)
{
    explicit_bzero(c, sizeof *c);
}
