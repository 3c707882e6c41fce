/*
 * Keys of the instance under this process, by version 2 of the metadata service (IMDSv2). Version 1
 * is never used: version 1 answers every GET an attacker can provoke.
 *
 * The service may hand out expired keys while it cannot get new ones; expired keys often still
 * work. The provider uses such keys and asks again soon, like botocore. Source: AWS SDKs and Tools
 * Reference Guide, "IMDS credential provider"; EC2 User Guide.
 */
#include "aws/json.h"
#include "base/bounds.h"
#include "base/hash.h"
#include "near_url.h"
#include "service.h"

#include "base/count.h"

#include <stdio.h>

#define LIST_PATH    "/latest/meta-data/iam/security-credentials/"
#define SOON_US      SPAN_M(15) /* with less left, the keys are taken to be late */
#define NAME_LEN     129
#define TIMEOUT_S    1
#define TIMEOUT_MAX  60
#define ATTEMPTS_MAX 10

static const char *const hosts[] = {"169.254.169.254", "fd00:ec2::254"};

static bool applies(const struct provider_input *in)
{
    (void)in;
    return !text_eq_nocase(environment_text("AWS_EC2_METADATA_DISABLED"), TEXT("true"));
}

static struct text setting(const struct provider_input *in, const char *variable, const char *key)
{
    struct text value = environment_text(variable);
    return value.len ? value : profile_get(in->profile, key);
}

static enum err number_read(const struct provider_input *in, const char *variable, const char *key,
                            uint64_t usual, uint64_t most, uint64_t *out, struct why *why)
{
    struct text value = setting(in, variable, key);
    *out = usual;
    if (value.len && (!text_to_u64(value, out) || *out == 0 || *out > most))
        return why_set(why, ERR_AUTH, "%s must be a number from 1 to %d", variable, (int)most);
    return OK;
}

struct metadata_service {
    struct near_url url;
    struct service_tries tries;
};

static struct text url_of(const struct provider_input *in)
{
    struct text own =
        setting(in, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
    struct text mode =
        setting(in, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");
    if (own.len)
        return own;
    return text_eq_nocase(mode, TEXT("IPv6")) ? TEXT("http://[fd00:ec2::254]")
                                              : TEXT("http://169.254.169.254");
}

static enum err service_find(struct metadata_service *s, const struct provider_input *in,
                             struct why *why)
{
    uint64_t timeout_s = 0, attempts = 0;
    enum err err = near_url_parse(url_of(in), hosts, COUNT(hosts), &s->url, why);
    if (!err && s->url.path.len > 1)
        err = why_set(why, ERR_AUTH, "the URL must end after host and port");
    if (err)
        return why_wrap(why, err, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
    err = number_read(in, "AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout", TIMEOUT_S,
                      TIMEOUT_MAX, &timeout_s, why);
    if (!err)
        err = number_read(in, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts",
                          1, ATTEMPTS_MAX, &attempts, why);
    s->tries = (struct service_tries){.terms = {.timeout_us = SPAN_S(timeout_s),
                                                .body_max = CREDENTIAL_ANSWER_MAX,
                                                .is_direct = true},
                                      .attempts = (unsigned)attempts,
                                      .pause_us = SPAN_S(1)};
    return err;
}

/* token empty: the PUT for a token. */
static enum err service_call(const struct metadata_service *s, const struct provider_input *in,
                             const char *path, struct text more, struct text token,
                             struct http_answer *answer, struct why *why)
{
    struct aws_request request;
    struct buf url;
    aws_request_init(&request);
    buf_init(&url, URL_LEN_MAX * 2);
    buf_add_text(&url, s->url.origin);
    buf_add_str(&url, path);
    buf_add_text(&url, more);
    service_get(&request, buf_text(&url), text_of(s->url.host));
    if (token.len) {
        aws_request_header(&request, TEXT("x-aws-ec2-metadata-token"), token);
    } else {
        request.method = "PUT";
        aws_request_header(&request, TEXT("x-aws-ec2-metadata-token-ttl-seconds"), TEXT("21600"));
    }
    enum err err = service_ask(in, &request, &s->tries, answer, why);
    buf_clear(&url);
    aws_request_clear(&request);
    return err;
}

/* IAM's alphabet; the name becomes part of a URL. */
static bool is_role_name(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (!char_is_alnum(t.at[i]) && text_find(TEXT("_+=,.@-"), t.at[i]) == 7)
            return false;
    return t.len > 0 && t.len < NAME_LEN;
}

static enum err token_get(const struct metadata_service *s, const struct provider_input *in,
                          struct buf *token, struct why *why)
{
    struct http_answer answer;
    http_answer_init(&answer);
    enum err err = service_call(s, in, "/latest/api/token", TEXT_NONE, TEXT_NONE, &answer, why);
    struct text body = text_trim(buf_text(&answer.body));
    if (!err && answer.status != 200)
        err = why_set(why, ERR_AUTH,
                      "no session token (HTTP %d): the service does not support IMDSv2, and "
                      "mailfrom does not use IMDSv1",
                      answer.status);
    else if (!err && (body.len == 0 || !text_is_visible(body)))
        err = why_set(why, ERR_IO, "the session token is malformed");
    if (!err)
        err = provider_secret(in, body, why);
    if (!err)
        buf_add_text(token, body);
    http_answer_clear(&answer);
    return err;
}

static enum err keys_get(const struct metadata_service *s, const struct provider_input *in,
                         struct text token, const char *role, struct credentials *out,
                         struct why *why)
{
    struct http_answer answer;
    http_answer_init(&answer);
    enum err err = service_call(s, in, LIST_PATH, text_of(role), token, &answer, why);
    if (!err && answer.status != 200)
        err = why_set(why, ERR_AUTH, "HTTP %d when asked for keys of role %s", answer.status, role);
    if (!err) {
        /* An error comes with HTTP 200 and a Code. */
        struct json *json = NULL;
        struct text code = TEXT_NONE, message = TEXT_NONE;
        err = json_parse(&json, buf_text(&answer.body), why);
        json_text(json_member(json, "Code"), &code);
        json_text(json_member(json, "Message"), &message);
        if (!err && code.len && !text_eq(code, TEXT("Success")))
            err =
                why_set(why, ERR_AUTH, "it says %.*s: %.*s", (int)(code.len < 100 ? code.len : 100),
                        code.at, (int)(message.len < 300 ? message.len : 300),
                        message.len ? message.at : "");
        json_wipe(json);
    }
    if (!err)
        err = key_json_read(buf_text(&answer.body), "Token", out, why);
    if (err == ERR_PROTO)
        err = why_wrap(why, ERR_IO, "its answer");
    if (!err) {
        /* Expired keys get 17 to 25 minutes more, so the next fetch comes in 2 to 10 minutes. */
        if (out->expires - in->now < SOON_US)
            out->expires = in->now + SOON_US + SPAN_M(2) +
                           (span_us)(hash_unit((uint64_t)in->now, 0, 0) * (double)SPAN_M(8));
    }
    http_answer_clear(&answer);
    return err;
}

static enum err run(const struct provider_input *in, struct credentials *out, struct why *why)
{
    struct metadata_service s;
    struct buf token;
    char role[NAME_LEN];
    enum err err = service_find(&s, in, why);
    if (err || !out)
        return err;
    buf_init(&token, CREDENTIAL_ANSWER_MAX);
    err = token_get(&s, in, &token, why);
    if (err == ERR_IO && !in->is_renewal) {
        buf_wipe(&token);
        return provider_none(in, "does not answer", why);
    }
    if (!err) {
        struct http_answer answer;
        http_answer_init(&answer);
        err = service_call(&s, in, LIST_PATH, TEXT_NONE, buf_text(&token), &answer, why);
        struct text rest = buf_text(&answer.body), name = text_trim(text_cut(&rest, '\n'));
        if (!err && answer.status == 404)
            err = why_set(why, ERR_AUTH, "the instance has no role: attach an instance profile");
        else if (!err && answer.status != 200)
            err =
                why_set(why, ERR_AUTH, "HTTP %d when asked for the instance's role", answer.status);
        else if (!err && !is_role_name(name))
            err = why_set(why, ERR_IO, "the name of the instance's role is malformed");
        if (!err)
            snprintf(role, NAME_LEN, TEXT_FMT, TEXT_ARG(name));
        http_answer_clear(&answer);
    }
    if (!err)
        err = keys_get(&s, in, buf_text(&token), role, out, why);
    buf_wipe(&token);
    return err ? why_wrap(why, err, "the instance's metadata service at %.200s", s.url.host) : OK;
}

const struct key_provider provider_metadata = {
    .name = "instance metadata", .applies = applies, .run = run};
