/*
 * A role to be assumed: the manifest's (role_arn of an account) or the profile's. The source keys
 * come from source_profile or credential_source, perhaps through another role.
 *
 * Invariant: the way from a role to its keys visits no profile twice, so it ends.
 */
#include "assume.h"
#include "base/bounds.h"

#include "base/count.h"

#include <assert.h>
#include <stdio.h>

/* A role of the manifest; for a role's source, the profile's role counts. */
static bool is_of_manifest(const struct provider_input *in)
{
    return in->request->role_arn.len && !in->trail;
}

/* A source_profile with keys of its own hands out its keys and not its role's. */
static bool role_applies(const struct provider_input *in)
{
    if (is_of_manifest(in))
        return true;
    return profile_has(in->profile, "role_arn") &&
           !profile_has(in->profile, "web_identity_token_file") &&
           !(in->trail && profile_has_keys(in->profile));
}

/* Fetches the keys for assuming the role from their source. */
struct base {
    struct provider_input in;
    struct credential_request request;
    struct profile profile;
    struct role_trail trail;
    const struct key_provider *provider;
    char who[PROFILE_NAME_LEN + 32];
};

static enum err base_of_profile(struct base *b, const struct provider_input *in, struct text name,
                                struct why *why)
{
    unsigned depth = 0;
    bool is_self = text_eq(name, text_of(in->profile->name));
    bool seen = is_self && !is_of_manifest(in);
    for (const struct role_trail *t = in->trail; t; t = t->before, depth++)
        seen |= text_eq(name, text_of(t->profile));
    if (depth >= ROLE_CHAIN_MAX)
        return why_set(why, ERR_AUTH, "more than %d roles in a row", ROLE_CHAIN_MAX);
    if (seen && !(is_self && profile_has_keys(in->profile)))
        return why_set(why, ERR_AUTH,
                       "source_profile " TEXT_FMT " of profile \"%s\" leads back to itself",
                       TEXT_ARG(name), in->profile->name);
    enum err err = OK;
    b->trail = (struct role_trail){is_of_manifest(in) ? "" : in->profile->name, in->trail};
    b->request.profile_is_explicit = true;
    b->request.role_arn = TEXT_NONE;
    b->in.profile = &b->profile;
    b->in.trail = &b->trail;
    err = profile_select(&b->profile, in->profile, name, why);
    if (!err)
        err = provider_choose(&b->in, &b->provider, why);
    snprintf(b->who, sizeof b->who, "profile \"%s\"", b->profile.name);
    return err;
}

static enum err base_of_source(struct base *b, struct text source, struct why *why)
{
    static const struct {
        const char *word;
        const struct key_provider *provider;
    } sources[] = {{"Environment", &provider_environment},
                   {"Ec2InstanceMetadata", &provider_metadata},
                   {"EcsContainer", &provider_container}};
    b->in.trail = NULL;
    b->request.profile_is_explicit = false;
    b->request.role_arn = TEXT_NONE;
    for (size_t i = 0; i < COUNT(sources); i++) {
        if (!text_eq_nocase(source, text_of(sources[i].word)))
            continue;
        b->provider = sources[i].provider;
        snprintf(b->who, sizeof b->who, "%s", b->provider->name);
        if (b->provider->applies(&b->in))
            return OK;
        return why_set(why, ERR_AUTH, "credential_source %s: this process has no such credentials",
                       sources[i].word);
    }
    return why_set(why, ERR_AUTH,
                   "credential_source " TEXT_FMT
                   " is not one of Environment, Ec2InstanceMetadata and EcsContainer",
                   TEXT_ARG(source));
}

/* Without a source_profile, a role of the manifest is assumed with the keys of the ordinary chain:
 * all but the role itself. */
static enum err base_of_chain(struct base *b, struct why *why)
{
    b->request.role_arn = TEXT_NONE;
    enum err err = provider_choose(&b->in, &b->provider, why);
    assert(err || b->provider);
    if (!err)
        snprintf(b->who, sizeof b->who, b->provider->is_of_profile ? "profile \"%s\"" : "%s",
                 b->provider->is_of_profile ? b->in.profile->name : b->provider->name);
    return err;
}

static enum err base_find(struct base *b, const struct provider_input *in, struct why *why)
{
    *b = (struct base){.in = *in, .request = *in->request};
    b->in.request = &b->request;
    if (is_of_manifest(in))
        return in->request->source_profile.len
                   ? base_of_profile(b, in, in->request->source_profile, why)
                   : base_of_chain(b, why);
    struct text source_profile = profile_get(in->profile, "source_profile");
    struct text source = profile_get(in->profile, "credential_source");
    if ((source_profile.len != 0) == (source.len != 0))
        return why_set(why, ERR_AUTH, "profile \"%s\" has role_arn with %s; it needs one of them",
                       in->profile->name,
                       source.len ? "both source_profile and credential_source"
                                  : "neither source_profile nor credential_source");
    return source.len ? base_of_source(b, source, why)
                      : base_of_profile(b, in, source_profile, why);
}

static enum err role_run(const struct provider_input *in, struct credentials *out, struct why *why)
{
    bool ours = is_of_manifest(in);
    struct sts_role role = {
        .arn = ours ? in->request->role_arn : profile_get(in->profile, "role_arn"),
        .external_id = ours ? in->request->external_id : profile_get(in->profile, "external_id"),
    };
    if (!ours) {
        role.session_name = profile_get(in->profile, "role_session_name");
        role.duration_s = profile_get(in->profile, "duration_seconds");
    }
    if (role.session_name.len == 0)
        role.session_name = ROLE_SESSION_NAME;
    struct credentials keys = {.expires = WHEN_NEVER};
    struct base base;
    if (!is_of_manifest(in) && profile_has(in->profile, "mfa_serial")) {
        const char *name = in->profile->name;
        return why_set(
            why, ERR_AUTH,
            "profile \"%s\" needs a code from an MFA device (mfa_serial), which cannot be typed "
            "during a run. Use a role without MFA, or put session credentials into the "
            "environment: \"aws configure export-credentials --profile %s --format env\"",
            name, name);
    }
    enum err err = role_vet(&role, why);
    if (err)
        return is_of_manifest(in) ? err : why_wrap(why, err, "profile \"%s\"", in->profile->name);
    err = base_find(&base, in, why);
    if (!err) {
        assert(base.provider); /* base_find() found one */
        err = provider_run(base.provider, &base.in, out ? &keys : NULL, why);
        if (err && base.provider->is_of_profile)
            why_wrap(why, err, "%s", base.who);
    }
    if (!err && out)
        err = role_assume(in, &role, &keys, base.who, out, why);
    credentials_wipe(&keys);
    return err;
}

const struct key_provider provider_role = {
    .name = "role", .is_of_profile = true, .applies = role_applies, .run = role_run};
