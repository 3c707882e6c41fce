/* URLs with secrets: read strictly, shown by their host. One request at a time goes there. */
#include "target.h"

#include "aws/url.h"
#include "calls/backoff.h"
#include "wire/blocking_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT SPAN_S(10) /* receivers of webhooks are asked to answer within seconds */

static enum err variable_read(const char *name, const char **value, struct why *why)
{
    *value = getenv(name);
    if (*value && **value)
        return OK;
    return why_set(why, ERR_INPUT,
                   "env:%s names an environment variable that is %s: put the URL into it", name,
                   *value ? "empty" : "not set");
}

enum err target_read(struct target *t, const char *given, struct why *why)
{
    struct url url;
    const char *written = given;
    if (strncmp(given, "env:", 4) == 0 && variable_read(given + 4, &written, why) != OK)
        return ERR_INPUT;
    struct text whole = text_of(written);
    size_t scheme = text_find_text(whole, TEXT("://"));
    struct text rest = scheme < whole.len ? text_from(whole, scheme + 3) : TEXT_NONE;
    size_t end = 0;
    while (end < rest.len && !strchr("/?#", rest.at[end]))
        end++;
    struct text path = text_from(rest, end);
    if (whole.len >= sizeof t->url)
        return why_set(why, ERR_INPUT, "the URL is longer than %d characters", NOTIFY_URL_MAX - 1);
    if (!text_is_visible(whole))
        return why_set(why, ERR_INPUT,
                       "the URL has a blank, a control character or a letter outside ASCII: write "
                       "it as %%XX");
    if (text_find(text_slice(rest, 0, end), '@') < end)
        return why_set(why, ERR_INPUT,
                       "the URL has a user name or a password before an @, which is not sent: use "
                       "a URL with a secret in its path, and give it as env:NAME");
    if (text_find(path, '#') < path.len)
        return why_set(why, ERR_INPUT, "the URL has a fragment (#...), which no server sees");
    enum err err = url_parse_origin(text_slice(whole, 0, whole.len - path.len), &url, why);
    if (err != OK)
        return why_wrap(why, err, "the URL");
    url_origin(&url, t->shown, sizeof t->shown);
    if (!url.is_https && !url.is_loopback)
        return why_set(why, ERR_INPUT,
                       "%s is plain http, which everybody on the way can read and change: use "
                       "https, or http://localhost",
                       t->shown);
    snprintf(t->url, sizeof t->url, TEXT_FMT "%s" TEXT_FMT,
             TEXT_ARG(text_slice(whole, 0, whole.len - path.len)),
             path.len && path.at[0] == '/' ? "" : "/", TEXT_ARG(path));
    return OK;
}

bool target_has_query(const struct target *t)
{
    return strchr(t->url, '?') != NULL;
}

void target_below(const struct target *t, const char *below, struct buf *url)
{
    struct text whole = text_of(t->url);
    size_t query = text_find(whole, '?');
    struct text path = text_slice(whole, 0, query);
    if (*below && text_ends(path, TEXT("/")))
        path = text_slice(path, 0, path.len - 1);
    buf_add_text(url, path);
    buf_add_str(url, below);
    buf_add_text(url, text_from(whole, query));
}

enum target_answer target_judge(int status, struct why *why)
{
    if (status >= 200 && status <= 299)
        return TARGET_TOOK;
    if (status >= 300 && status <= 399) {
        why_set(why, ERR_PROTO,
                "the server answered with status %d, a redirect, which is not followed: give the "
                "URL that it leads to",
                status);
        return TARGET_NEVER;
    }
    why_set(why, ERR_PROTO, "the server answered with status %d", status);
    return status == 408 || status == 429 || status >= 500 ? TARGET_AGAIN : TARGET_NEVER;
}

span_us target_wait(uint64_t seed, uint32_t attempt, span_us retry_after)
{
    span_us wait = backoff_span(BACKOFF_ERROR, seed, 0, attempt);
    wait = wait > retry_after ? wait : retry_after;
    return wait < TARGET_WAIT_MAX ? wait : TARGET_WAIT_MAX;
}

enum err target_client_open(struct target_client *c, const char *ca_bundle, int ending_fd,
                            struct why *why)
{
    struct https_config config = {.ca_bundle = ca_bundle, .transfers = 1, .timeout_us = TIMEOUT};
    https_proxy_take(&config);
    enum err err = blocking_client_open(&c->client, &config, ending_fd, why);
    if (err == OK)
        c->exchange = blocking_client_exchange(c->client, NULL);
    return err;
}

void target_client_close(struct target_client *c)
{
    blocking_client_close(c->client);
    c->client = NULL;
}

enum target_answer target_ask(const struct target_client *c, const struct aws_request *request,
                              span_us *retry_after, bool *ending, struct why *why)
{
    const struct http_terms terms = {
        .timeout_us = TIMEOUT, .body_max = WEBHOOK_ANSWER_MAX, .wants_status = true};
    struct http_answer answer = {.status = 0};
    buf_init(&answer.body, WEBHOOK_ANSWER_MAX);
    enum err err = c->exchange.ask(c->exchange.context, request, &terms, &answer, why);
    buf_wipe(&answer.body);
    *ending = err == ERR_BUSY;
    *retry_after = answer.retry_after;
    if (err == ERR_LIMIT)
        return TARGET_NEVER;
    return err == OK ? target_judge(answer.status, why) : TARGET_AGAIN;
}

void target_header(struct aws_request *request, const char *name, struct text value)
{
    aws_request_header(request, text_of(name), value);
}
