/*
 * Chooses the provider in botocore's order. A named profile excludes the environment; the providers
 * check this.
 */
#include "key_provider.h"

#include "base/count.h"
#include "profile_missing.h"

static const struct key_provider *const providers[] = {
    &provider_environment,      &provider_role,     &provider_web_identity, &provider_sso,
    &provider_credentials_file, &provider_login,    &provider_process,      &provider_config_file,
    &provider_container,        &provider_metadata,
};

enum err provider_none(const struct provider_input *in, const char *metadata, struct why *why)
{
    const struct profile *p = in->profile;
    if (in->trail)
        return why_set(why, ERR_AUTH, "profile \"%s\", the source_profile of %s%s, holds no keys",
                       p->name, in->trail->profile[0] ? "profile " : "the manifest's account",
                       in->trail->profile);
    return why_set(why, ERR_AUTH,
                   "no AWS credentials found: searched %sprofile \"%s\" of %.200s and %.200s, and "
                   "the container's endpoint; the instance's metadata service %s. Set AWS_PROFILE, "
                   "or run \"aws configure\"",
                   in->request->profile_is_explicit ? "" : "AWS_ACCESS_KEY_ID, ", p->name,
                   p->paths[PROFILE_IN_CREDENTIALS], p->paths[PROFILE_IN_CONFIG], metadata);
}

enum err provider_choose(const struct provider_input *in, const struct key_provider **out,
                         struct why *why)
{
    *out = NULL;
    /* A role of the manifest needs no profile; a profile beside the role is read with the role's
       keys. */
    bool is_needed = in->trail || !in->request->role_arn.len;
    if (is_needed && in->profile->is_named && !in->profile->is_found &&
        !provider_environment.applies(in))
        return profile_missing(in->profile, in->trail ? " (a source_profile)" : "", why);
    for (size_t i = 0; i < COUNT(providers); i++) {
        bool is_open = providers[i]->is_of_profile || !in->trail;
        if (is_open && providers[i]->applies(in)) {
            *out = providers[i];
            return OK;
        }
    }
    return provider_none(in, "is switched off (AWS_EC2_METADATA_DISABLED)", why);
}

enum err provider_run(const struct key_provider *provider, const struct provider_input *in,
                      struct credentials *out, struct why *why)
{
    struct credentials unused = {.expires = WHEN_NEVER};
    enum err err = provider->run(in, !out && provider->is_at_hand ? &unused : out, why);
    credentials_wipe(&unused);
    if (!err && out)
        err = provider_secret(in, text_of(out->secret_access_key), why);
    if (!err && out)
        err = provider_secret(in, text_of(out->session_token), why);
    return err;
}

enum err provider_secret(const struct provider_input *in, struct text secret, struct why *why)
{
    return secrets_put(in->secrets, in->owner, secret, why);
}
