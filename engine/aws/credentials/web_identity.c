/*
 * A role assumed with a web identity token, as in pods of EKS and jobs of CI services. Each setting
 * comes from the environment, or else from the profile; for a named profile only the profile
 * counts. The token file is read anew for every fetch, because the file is rotated.
 */
#include "assume.h"
#include "base/bounds.h"
#include "secret_file.h"

#define TOKEN_LEN_MIN 4

static struct text setting(const struct provider_input *in, const char *variable, const char *key)
{
    bool by_environment = !in->trail && !in->request->profile_is_explicit;
    struct text value = by_environment ? environment_text(variable) : TEXT_NONE;
    return value.len ? value : profile_get(in->profile, key);
}

static struct text token_path(const struct provider_input *in)
{
    return setting(in, "AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
}

static bool applies(const struct provider_input *in)
{
    return token_path(in).len > 0;
}

static enum err run(const struct provider_input *in, struct credentials *out, struct why *why)
{
    struct buf token;
    struct sts_role role = {
        .arn = setting(in, "AWS_ROLE_ARN", "role_arn"),
        .session_name = setting(in, "AWS_ROLE_SESSION_NAME", "role_session_name"),
        .duration_s = profile_get(in->profile, "duration_seconds"),
    };
    if (role.session_name.len == 0)
        role.session_name = ROLE_SESSION_NAME;
    if (role.arn.len == 0)
        return why_set(why, ERR_AUTH,
                       "web identity: a token file without a role (AWS_ROLE_ARN or role_arn)");
    enum err err = role_vet(&role, why);
    if (err)
        return why_wrap(why, err, "web identity");
    buf_init(&token, WEB_TOKEN_MAX);
    struct text path = token_path(in);
    err = secret_file_read(&token, path, why);
    while (!err && token.len &&
           (token.at[token.len - 1] == '\n' || token.at[token.len - 1] == '\r'))
        token.at[--token.len] = '\0';
    if (!err && token.len < TOKEN_LEN_MIN)
        err = why_set(why, ERR_AUTH, TEXT_FMT " holds no token", TEXT_ARG(path));
    err = err == ERR_GONE || err == ERR_INPUT || err == ERR_LIMIT ? ERR_AUTH : err;
    role.web_token = buf_text(&token);
    if (!err && out)
        err = role_assume(in, &role, NULL, "the web identity token", out, why);
    else if (err)
        why_wrap(why, err, "web identity");
    buf_wipe(&token);
    return err;
}

const struct key_provider provider_web_identity = {
    .name = "web identity", .is_of_profile = true, .applies = applies, .run = run};
