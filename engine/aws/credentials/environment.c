/*
 * Keys from the environment. Not used when the user names a profile: an explicit --profile counts,
 * and a forgotten export must not move another account's mail.
 */
#include "aws/slip.h"
#include "base/count.h"
#include "key_provider.h"

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

/* The slip of a shell or an .env file, with the name of its variable and without its value. */
static enum err slips_find(struct why *why)
{
    static const char *const variables[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                            "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
                                            "AWS_CREDENTIAL_EXPIRATION"};
    for (size_t i = 0; i < COUNT(variables); i++) {
        const char *slip = slip_of(environment_text(variables[i]));
        if (slip)
            return why_set(why, ERR_AUTH, "%s: %s", variables[i], slip);
    }
    return OK;
}

static enum err run(const struct provider_input *in, struct credentials *out, struct why *why)
{
    (void)in;
    struct text token = environment_text("AWS_SESSION_TOKEN");
    struct text expiration = environment_text("AWS_CREDENTIAL_EXPIRATION");
    if (slips_find(why) != OK)
        return ERR_AUTH;
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

const struct key_provider provider_environment = {
    .name = "environment", .is_at_hand = true, .applies = applies, .run = run};
