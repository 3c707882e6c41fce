/*
 * Providers that this program recognizes and does not fetch from: each stops the search, says what
 * was asked for, and names the way out. Going on to the next provider instead would sign with keys
 * that the user did not mean.
 */
#include "provider.h"

static enum err refuse(const struct provider_input *in, const char *wants, struct why *why)
{
    const char *profile = in->profile->name;
    return why_set(
        why, ERR_AUTH,
        "profile \"%s\" wants %s, which mailfrom does not do by itself; get keys with \"aws "
        "configure export-credentials --profile %s --format env\", put them into the "
        "environment and name no profile",
        profile, wants, profile);
}

/* A role: named by the manifest's account, or by the profile with a source for its keys. */
static bool role_applies(const struct provider_input *in)
{
    return in->request->role_arn.len || in->request->source_profile.len ||
           (profile_has(in->profile, "role_arn") &&
            !profile_has(in->profile, "web_identity_token_file"));
}

static enum err role_fetch(const struct provider_input *in, instant_us now, struct credentials *out,
                           struct why *why)
{
    (void)now, (void)out;
    if (in->request->role_arn.len || in->request->source_profile.len)
        return why_set(
            why, ERR_AUTH,
            "the manifest's account wants a role to be assumed (role_arn), which mailfrom "
            "does not do by itself; let the account name a profile that holds keys, or "
            "put keys of the role into the environment");
    if (profile_has(in->profile, "mfa_serial"))
        return refuse(in, "a code from an MFA device (mfa_serial)", why);
    return refuse(in, "a role to be assumed (role_arn)", why);
}

const struct provider provider_role = {
    .name = "role", .is_of_profile = true, .applies = role_applies, .fetch = role_fetch};

static bool web_identity_applies(const struct provider_input *in)
{
    bool by_environment = !in->request->profile_is_explicit &&
                          environment_text("AWS_WEB_IDENTITY_TOKEN_FILE").len &&
                          environment_text("AWS_ROLE_ARN").len;
    return by_environment || profile_has(in->profile, "web_identity_token_file");
}

static enum err web_identity_fetch(const struct provider_input *in, instant_us now,
                                   struct credentials *out, struct why *why)
{
    (void)now, (void)out;
    return refuse(in, "a web identity token to be exchanged", why);
}

const struct provider provider_web_identity = {.name = "web identity",
                                               .is_of_profile = true,
                                               .applies = web_identity_applies,
                                               .fetch = web_identity_fetch};

static bool sso_applies(const struct provider_input *in)
{
    return profile_has(in->profile, "sso_session") || profile_has(in->profile, "sso_start_url");
}

static enum err sso_fetch(const struct provider_input *in, instant_us now, struct credentials *out,
                          struct why *why)
{
    (void)now, (void)out;
    return refuse(in, "an SSO session (IAM Identity Center)", why);
}

const struct provider provider_sso = {
    .name = "SSO", .is_of_profile = true, .applies = sso_applies, .fetch = sso_fetch};

static bool login_applies(const struct provider_input *in)
{
    return profile_has(in->profile, "login_session");
}

static enum err login_fetch(const struct provider_input *in, instant_us now,
                            struct credentials *out, struct why *why)
{
    (void)now, (void)out;
    return refuse(in, "a session of \"aws login\" (login_session)", why);
}

const struct provider provider_login = {
    .name = "login", .is_of_profile = true, .applies = login_applies, .fetch = login_fetch};

static bool process_applies(const struct provider_input *in)
{
    return profile_has(in->profile, "credential_process");
}

static enum err process_fetch(const struct provider_input *in, instant_us now,
                              struct credentials *out, struct why *why)
{
    (void)now, (void)out;
    return refuse(in, "a program to be run (credential_process)", why);
}

const struct provider provider_process = {
    .name = "process", .is_of_profile = true, .applies = process_applies, .fetch = process_fetch};

static bool container_applies(const struct provider_input *in)
{
    (void)in;
    return environment_text("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").len ||
           environment_text("AWS_CONTAINER_CREDENTIALS_FULL_URI").len;
}

static enum err container_fetch(const struct provider_input *in, instant_us now,
                                struct credentials *out, struct why *why)
{
    (void)in, (void)now, (void)out;
    return why_set(why, ERR_AUTH,
                   "the container's environment offers credentials "
                   "(AWS_CONTAINER_CREDENTIALS_...), which mailfrom does not fetch by itself; get "
                   "keys with \"aws configure export-credentials --format env\" and put them into "
                   "the environment");
}

const struct provider provider_container = {
    .name = "container", .applies = container_applies, .fetch = container_fetch};
