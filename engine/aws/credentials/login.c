/*
 * Profiles of "aws login" (login_session). The tokens are bound to an elliptic-curve key (DPoP).
 * Only the AWS CLI implements this, and the CLI can export its keys. Going on to the next provider
 * instead would sign with unintended keys.
 */
#include "key_provider.h"

static bool applies(const struct provider_input *in)
{
    return profile_has(in->profile, "login_session");
}

static enum err run(const struct provider_input *in, struct credentials *out, struct why *why)
{
    const char *name = in->profile->name;
    (void)out;
    return why_set(why, ERR_AUTH,
                   "profile \"%s\" uses a session of \"aws login\" (login_session), which only the "
                   "AWS CLI supports. Use another profile with: credential_process = aws configure "
                   "export-credentials --profile %s --format process",
                   name, name);
}

const struct key_provider provider_login = {
    .name = "login", .is_of_profile = true, .applies = applies, .run = run};
