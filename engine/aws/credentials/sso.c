/*
 * Keys of IAM Identity Center: the cached token of "aws sso login", refreshed as long as the
 * refresh token is valid, exchanged for keys of one account and role.
 */
#include "aws/json.h"
#include "base/escape.h"
#include "service.h"
#include "sso_token.h"

#include "base/count.h"
#include "base/json_out.h"

#include <stdio.h>
#include <unistd.h>

#define TOKEN_ADVISED_US SPAN_M(15)
#define LOCK_PAUSE_US    SPAN_MS(100)
#define LOCK_TRIES       100 /* ten seconds: a refresh of another process takes one */

struct sso_setup {
    struct text session, start_url, region, account_id, role_name;
    char path[PATH_LEN_MAX];
};

static bool applies(const struct provider_input *in)
{
    return profile_has(in->profile, "sso_account_id") || profile_has(in->profile, "sso_role_name");
}

/* Setting up */

/* From the session's section; an equal key of the profile must have an equal value. */
static enum err setting_take(const struct provider_input *in, struct text session, const char *key,
                             struct text *out, struct why *why)
{
    struct text own = profile_get(in->profile, key);
    struct text shared = profile_section_get(in->profile, "sso-session", session, key);
    if (own.len && shared.len && !text_eq(own, shared))
        return why_set(why, ERR_AUTH, "%s differs from [sso-session " TEXT_FMT "]", key,
                       TEXT_ARG(session));
    *out = shared.len ? shared : own;
    return OK;
}

static enum err setup_check(const struct sso_setup *s, struct why *why)
{
    const struct {
        const char *key;
        struct text value;
    } needed[] = {{"sso_start_url", s->start_url},
                  {"sso_region", s->region},
                  {"sso_account_id", s->account_id},
                  {"sso_role_name", s->role_name}};
    for (size_t i = 0; i < COUNT(needed); i++)
        if (needed[i].value.len == 0)
            return why_set(why, ERR_AUTH, "%s is missing", needed[i].key);
    return OK;
}

static enum err login_needed(const struct provider_input *in, const char *what, struct why *why)
{
    return why_set(why, ERR_AUTH, "%s: run \"aws sso login --profile %s\", then resume", what,
                   in->profile->name);
}

/* The token */

static bool is_refreshable(const struct sso_token *t, const struct sso_setup *s, instant_us now)
{
    return s->session.len && t->texts[SSO_REFRESH_TOKEN].len && t->texts[SSO_CLIENT_ID].len &&
           t->texts[SSO_CLIENT_SECRET].len && t->registration_expires > now;
}

static enum err token_hide(const struct provider_input *in, const struct sso_token *t,
                           struct why *why)
{
    static const enum sso_field secrets[] = {SSO_ACCESS_TOKEN, SSO_REFRESH_TOKEN,
                                             SSO_CLIENT_SECRET};
    enum err err = OK;
    for (size_t i = 0; !err && i < COUNT(secrets); i++)
        err = provider_secret(in, buf_text(&t->texts[secrets[i]]), why);
    return err;
}

static enum err refresh_ask(const struct provider_input *in, const struct sso_setup *s,
                            struct sso_token *t, struct why *why)
{
    struct endpoint oidc;
    struct aws_request request;
    struct http_answer answer;
    enum err err = service_endpoint(in, CLIENT_SSO_OIDC, s->region, &oidc, why);
    if (!err)
        err = token_hide(in, t, why);
    if (err)
        return err;
    http_answer_init(&answer);
    aws_request_init(&request);
    request.method = "POST";
    buf_add_fmt(&request.url, "%s/token", oidc.url);
    aws_request_header(&request, TEXT("Host"), text_of(oidc.host));
    aws_request_header(&request, TEXT("Content-Type"), TEXT("application/json"));
    static const struct {
        const char *name;
        enum sso_field field;
    } members[] = {{"clientId", SSO_CLIENT_ID},
                   {"clientSecret", SSO_CLIENT_SECRET},
                   {"refreshToken", SSO_REFRESH_TOKEN}};
    struct json_out j;
    json_init(&j, &request.body);
    json_add_object(&j, NULL);
    json_add_word(&j, "grantType", "refresh_token");
    for (size_t i = 0; i < COUNT(members); i++)
        json_add_text(&j, members[i].name, buf_text(&t->texts[members[i].field]));
    json_end(&j);
    err = service_ask(in, &request, &service_tries_aws, &answer, why);
    if (!err && answer.status != 200)
        err = why_set(why, ERR_AUTH, "HTTP %d", answer.status);
    if (!err)
        err = sso_token_renew(t, buf_text(&answer.body), in->now, why);
    if (err)
        why_wrap(why, err, "the session's token cannot be refreshed at %.200s", oidc.host);
    aws_request_clear(&request);
    http_answer_clear(&answer);
    return err;
}

static enum err lock_wait(const struct provider_input *in, const char *path, int *fd,
                          struct why *why)
{
    const struct http_exchange *x = in->exchange;
    for (unsigned i = 0; i < LOCK_TRIES; i++) {
        enum err err = sso_token_lock(path, fd, why);
        if (err != ERR_BUSY)
            return err;
        if (!x->rest(x->context, LOCK_PAUSE_US))
            return why_set(why, ERR_BUSY, "the program is ending");
    }
    return why_set(why, ERR_IO, "%s is being refreshed by another process", path);
}

static enum err token_get(const struct provider_input *in, const struct sso_setup *s,
                          struct sso_token *t, struct why *why)
{
    struct why refresh_why = {""};
    enum err err = sso_token_load(t, s->path, why);
    if (err == ERR_GONE)
        return login_needed(in, "there is no login to the SSO session yet", why);
    if (err || t->expires - in->now >= TOKEN_ADVISED_US)
        return err == ERR_PROTO ? ERR_AUTH : err;
    if (is_refreshable(t, s, in->now)) {
        /* The token is read again under the lock: another process may have been here in the
         * meantime. */
        int lock = -1;
        err = lock_wait(in, s->path, &lock, &refresh_why);
        if (!err)
            err = sso_token_load(t, s->path, &refresh_why);
        if (!err && t->expires - in->now < TOKEN_ADVISED_US && is_refreshable(t, s, in->now)) {
            err = refresh_ask(in, s, t, &refresh_why);
            if (!err)
                err = sso_token_store(t, s->path, &refresh_why);
        }
        if (lock >= 0)
            close(lock);
        if (err && t->expires <= in->now && (err == ERR_IO || err == ERR_BUSY))
            return why_set(why, err, "%s", refresh_why.text);
    }
    if (t->expires > in->now)
        return OK; /* the old token is still valid */
    char what[WHY_LEN_MAX], at[WHEN_LEN];
    snprintf(what, sizeof what, "the SSO session expired at %s%s%.500s",
             when_format(t->expires, at), refresh_why.text[0] ? ", and " : "", refresh_why.text);
    return login_needed(in, what, why);
}

/* The keys */

static enum err keys_parse(struct text document, struct credentials *out, struct why *why)
{
    static const char *const names[] = {"accessKeyId", "secretAccessKey", "sessionToken"};
    struct text texts[3] = {{NULL, 0}};
    struct json *json = NULL;
    double expiration_ms = 0;
    enum err err = json_parse(&json, document, why);
    const struct json *keys = err ? NULL : json_member(json, "roleCredentials");
    for (unsigned i = 0; i < 3; i++)
        json_text(json_member(keys, names[i]), &texts[i]);
    if (!err && (!texts[2].len || !json_number(json_member(keys, "expiration"), &expiration_ms) ||
                 !(expiration_ms > 0) || expiration_ms > 1e15))
        err = why_set(why, ERR_PROTO, "the answer has no complete roleCredentials");
    if (!err)
        err = credentials_fill(out, texts[0], texts[1], texts[2], why);
    if (!err)
        out->expires = SPAN_MS((int64_t)expiration_ms);
    json_wipe(json);
    return err == OK ? OK : ERR_IO;
}

static enum err keys_refused(const struct provider_input *in, const struct sso_setup *s, int status,
                             struct why *why)
{
    if (status == 401)
        return login_needed(in, "the SSO session is no longer accepted", why);
    return why_set(why, ERR_AUTH,
                   "SSO does not give role " TEXT_FMT " of account " TEXT_FMT
                   " to this user (HTTP %d): ask for the assignment, or correct sso_account_id and "
                   "sso_role_name",
                   TEXT_ARG(s->role_name), TEXT_ARG(s->account_id), status);
}

static enum err keys_ask(const struct provider_input *in, const struct sso_setup *s,
                         const struct sso_token *t, struct credentials *out, struct why *why)
{
    struct endpoint portal;
    struct aws_request request;
    struct http_answer answer;
    enum err err = service_endpoint(in, CLIENT_SSO, s->region, &portal, why);
    if (!err)
        err = token_hide(in, t, why);
    if (err)
        return err;
    http_answer_init(&answer);
    aws_request_init(&request);
    struct buf url;
    buf_init(&url, REQUEST_BODY_MAX);
    buf_add_fmt(&url, "%s/federation/credentials?role_name=", portal.url);
    escape_percent(&url, s->role_name);
    buf_add_str(&url, "&account_id=");
    escape_percent(&url, s->account_id);
    service_get(&request, buf_text(&url), text_of(portal.host));
    aws_request_header(&request, TEXT("x-amz-sso_bearer_token"),
                       buf_text(&t->texts[SSO_ACCESS_TOKEN]));
    buf_clear(&url);
    err = service_ask(in, &request, &service_tries_aws, &answer, why);
    if (!err && answer.status == 200)
        err = keys_parse(buf_text(&answer.body), out, why);
    else if (!err)
        err = keys_refused(in, s, answer.status, why);
    if (err == ERR_IO)
        why_wrap(why, err, "SSO at %.200s", portal.host);
    aws_request_clear(&request);
    http_answer_clear(&answer);
    return err;
}

static enum err run(const struct provider_input *in, struct credentials *out, struct why *why)
{
    struct sso_setup setup;
    struct sso_token token;
    const struct profile *p = in->profile;
    enum err err = OK;
    setup = (struct sso_setup){.session = profile_get(p, "sso_session"),
                               .start_url = profile_get(p, "sso_start_url"),
                               .region = profile_get(p, "sso_region"),
                               .account_id = profile_get(p, "sso_account_id"),
                               .role_name = profile_get(p, "sso_role_name")};
    if (setup.session.len && !profile_section_is(p, "sso-session", setup.session))
        err = why_set(why, ERR_AUTH, "there is no [sso-session " TEXT_FMT "] in %.300s",
                      TEXT_ARG(setup.session), p->paths[PROFILE_IN_CONFIG]);
    if (!err && setup.session.len)
        err = setting_take(in, setup.session, "sso_start_url", &setup.start_url, why);
    if (!err && setup.session.len)
        err = setting_take(in, setup.session, "sso_region", &setup.region, why);
    if (!err)
        err = setup_check(&setup, why);
    if (!err)
        err = sso_token_path(setup.session.len ? setup.session : setup.start_url, setup.path, why);
    if (err && !out)
        why_wrap(why, err, "profile \"%s\" (SSO)", in->profile->name);
    if (err || !out)
        return err;
    sso_token_init(&token);
    err = token_get(in, &setup, &token, why);
    if (!err)
        err = keys_ask(in, &setup, &token, out, why);
    sso_token_clear(&token);
    return err;
}

const struct key_provider provider_sso = {
    .name = "SSO", .is_of_profile = true, .applies = applies, .run = run};
