/*
 * Keys in the user's files. Key id, secret and token are taken from one file, never from both: a
 * stale token of one beside fresh keys of the other signs nothing.
 */
#include "key_provider.h"

static bool has_keys(const struct profile *p, enum profile_file file)
{
    return profile_get_in(p, file, "aws_access_key_id").len ||
           profile_get_in(p, file, "aws_secret_access_key").len;
}

bool profile_has_keys(const struct profile *p)
{
    return has_keys(p, PROFILE_IN_CREDENTIALS) || has_keys(p, PROFILE_IN_CONFIG);
}

static enum err keys_of(const struct provider_input *in, enum profile_file file,
                        struct credentials *out, struct why *why)
{
    const struct profile *p = in->profile;
    struct text token = profile_get_in(p, file, "aws_session_token");
    if (!token.at)
        token = profile_get_in(p, file, "aws_security_token");
    enum err err = credentials_fill(out, profile_get_in(p, file, "aws_access_key_id"),
                                    profile_get_in(p, file, "aws_secret_access_key"), token, why);
    return err ? why_wrap(why, err, "%s", p->paths[file]) : OK;
}

static bool credentials_applies(const struct provider_input *in)
{
    return has_keys(in->profile, PROFILE_IN_CREDENTIALS);
}

static enum err credentials_run(const struct provider_input *in, struct credentials *out,
                                struct why *why)
{
    return keys_of(in, PROFILE_IN_CREDENTIALS, out, why);
}

const struct key_provider provider_credentials_file = {.name = "credentials file",
                                                       .is_of_profile = true,
                                                       .is_at_hand = true,
                                                       .applies = credentials_applies,
                                                       .run = credentials_run};

static bool config_applies(const struct provider_input *in)
{
    return has_keys(in->profile, PROFILE_IN_CONFIG);
}

static enum err config_run(const struct provider_input *in, struct credentials *out,
                           struct why *why)
{
    return keys_of(in, PROFILE_IN_CONFIG, out, why);
}

const struct key_provider provider_config_file = {.name = "config file",
                                                  .is_of_profile = true,
                                                  .is_at_hand = true,
                                                  .applies = config_applies,
                                                  .run = config_run};
