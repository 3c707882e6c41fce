/*
 * Keys from the environment. Not used when the user names a profile: an explicit --profile counts,
 * and a forgotten export must not move another account's mail.
 */
#include "provider.h"

#include <stdlib.h>

struct text environment_text(const char *name)
{
    return text_of(getenv(name));
}

/* A role of the manifest comes first; the role's source keys may come from here, see role.c. */
static bool applies(const struct provider_input *in)
{
    const struct credential_request *r = in->request;
    if (in->trail || r->profile_is_explicit || r->role_arn.len)
        return false;
    return environment_text("AWS_ACCESS_KEY_ID").len ||
           environment_text("AWS_SECRET_ACCESS_KEY").len;
}

static enum err run(const struct provider_input *in, struct credentials *out, struct why *why)
{
    (void)in;
    struct text token = environment_text("AWS_SESSION_TOKEN");
    struct text expiration = environment_text("AWS_CREDENTIAL_EXPIRATION");
    if (token.len == 0)
        token = environment_text("AWS_SECURITY_TOKEN");
    if (expiration.len && !when_parse(expiration, &out->expires))
        return why_set(why, ERR_AUTH,
                       "AWS_CREDENTIAL_EXPIRATION is not a time like "
                       "2026-05-20T08:30:00Z");
    enum err err = credentials_fill(out, environment_text("AWS_ACCESS_KEY_ID"),
                                    environment_text("AWS_SECRET_ACCESS_KEY"), token, why);
    return err ? why_wrap(why, err, "environment") : OK;
}

const struct provider provider_environment = {
    .name = "environment", .is_at_hand = true, .applies = applies, .run = run};
