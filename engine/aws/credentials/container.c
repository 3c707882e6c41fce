/*
 * Keys of the container around this process: ECS tasks, EKS Pod Identity and imitations. Source:
 * AWS SDKs and Tools Reference Guide, "Container credential provider".
 */
#include "base/bounds.h"
#include "near_url.h"
#include "secret_file.h"
#include "service.h"

#include "base/count.h"

#define RELATIVE_URI "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL_URI     "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TASK_HOST    "169.254.170.2" /* ECS; EKS Pod Identity has ...23 and fd00:ec2::23 */

static const char *const hosts[] = {TASK_HOST, "169.254.170.23", "fd00:ec2::23"};

static const struct service_tries tries = {
    .terms = {.timeout_us = SPAN_S(2), .body_max = CREDENTIAL_ANSWER_MAX, .is_direct = true},
    .attempts = 3,
    .pause_us = SPAN_S(1),
};

static bool applies(const struct provider_input *in)
{
    (void)in;
    return environment_text(RELATIVE_URI).len || environment_text(FULL_URI).len;
}

/* The relative one wins. */
static enum err url_make(struct buf *url, struct near_url *parsed, struct why *why)
{
    struct text relative = environment_text(RELATIVE_URI);
    buf_add_str(url, relative.len ? "http://" TASK_HOST : "");
    buf_add_text(url, relative.len ? relative : environment_text(FULL_URI));
    if (relative.len && relative.at[0] != '/')
        return why_set(why, ERR_AUTH, RELATIVE_URI " does not begin with a slash");
    if (url->failed)
        return why_set(why, ERR_AUTH, "the URL is too long");
    enum err err = near_url_parse(buf_text(url), hosts, COUNT(hosts), parsed, why);
    return err ? why_wrap(why, err, relative.len ? RELATIVE_URI : FULL_URI) : OK;
}

/* Read anew each time, because the token file is rotated. */
static enum err authorization_read(struct buf *token, struct why *why)
{
    struct text file = environment_text("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    if (file.len == 0) {
        buf_add_text(token, environment_text("AWS_CONTAINER_AUTHORIZATION_TOKEN"));
    } else {
        enum err err = secret_file_read(token, file, why);
        if (err)
            return why_wrap(why, ERR_AUTH, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    }
    if (file.len && token->len && token->at[token->len - 1] == '\n')
        token->at[--token->len] = '\0';
    for (size_t i = 0; i < token->len; i++)
        if ((unsigned char)token->at[i] < ' ' || token->at[i] == 0x7f)
            return why_set(why, ERR_AUTH,
                           "the container's authorization token holds control "
                           "characters");
    return token->failed ? why_set(why, ERR_AUTH, "the container's authorization token is too long")
                         : OK;
}

static enum err answer_read(const struct http_answer *answer, struct credentials *out,
                            struct why *why)
{
    if (answer->status != 200)
        return why_set(why, ERR_AUTH, "HTTP %d", answer->status);
    enum err err = key_json_read(buf_text(&answer->body), "Token", out, why);
    return err ? why_wrap(why, ERR_IO, "the answer") : OK;
}

static enum err run(const struct provider_input *in, struct credentials *out, struct why *why)
{
    struct buf url;
    struct near_url parsed;
    buf_init(&url, REQUEST_BODY_MAX);
    enum err err = url_make(&url, &parsed, why);
    if (!err && out) {
        /* The path of the URL is not shown: in some setups the path works like a password. */
        struct buf token;
        struct aws_request request;
        struct http_answer answer;
        http_answer_init(&answer);
        aws_request_init(&request);
        buf_init(&token, WEB_TOKEN_MAX);
        err = authorization_read(&token, why);
        if (!err)
            err = provider_secret(in, buf_text(&token), why);
        if (!err)
            err = provider_secret(in, parsed.path, why);
        if (!err) {
            service_get(&request, buf_text(&url), text_of(parsed.host));
            if (token.len)
                aws_request_header(&request, TEXT("Authorization"), buf_text(&token));
            err = service_ask(in, &request, &tries, &answer, why);
        }
        if (!err)
            err = answer_read(&answer, out, why);
        buf_wipe(&token);
        aws_request_clear(&request);
        http_answer_clear(&answer);
        err = err ? why_wrap(why, err, "the container's credentials at %.200s", parsed.host) : OK;
    }
    buf_clear(&url);
    return err;
}

const struct key_provider provider_container = {
    .name = "container", .applies = applies, .run = run};
