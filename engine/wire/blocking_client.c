/* One transfer at a time by https.h, driven to the end of the transfer or of the wire. */
#include "blocking_client.h"

#include "aws/http_date.h"

#include <stdio.h>
#include <stdlib.h>

#define RETRY_AFTER_S_MAX 86400 /* callers wait for less anyway */

struct blocking_client {
    struct https *https;
    int ending_fd;
    const char *ca_bundle;
    struct call call; /* https tells requests apart by their calls */
    struct http_answer *answer;
    enum reply_how how;
    bool is_back;
    char trouble[256];
};

/* RFC 9110, section 10.2.3: seconds, or a date, which the server's own date makes a span. */
static span_us retry_after_of(const struct aws_reply *reply)
{
    uint64_t seconds;
    instant_us at, date;
    if (text_to_u64(reply->retry_after_s, &seconds))
        return seconds < RETRY_AFTER_S_MAX ? SPAN_S(seconds) : SPAN_S(RETRY_AFTER_S_MAX);
    if (http_date_parse(reply->retry_after_s, &at) && http_date_parse(reply->date, &date) &&
        at > date)
        return when_earlier(at - date, SPAN_S(RETRY_AFTER_S_MAX));
    return 0;
}

static void on_done(void *context, struct call *call, const struct https_answer *answer)
{
    struct blocking_client *c = context;
    (void)call;
    c->is_back = true;
    c->how = answer->how;
    if (answer->how != REPLY_HTTP) {
        snprintf(c->trouble, sizeof c->trouble, "%s", answer->trouble);
        return;
    }
    const struct aws_reply *reply = &answer->reply;
    c->answer->status = reply->http_status;
    if (reply->age.len || !http_date_parse(reply->date, &c->answer->server_date))
        c->answer->server_date = 0;
    c->answer->retry_after = retry_after_of(reply);
    buf_add_text(&c->answer->body, reply->body);
}

static bool is_ending(const struct blocking_client *c)
{
    struct pollfd fd = {.fd = c->ending_fd, .events = POLLIN};
    return poll(&fd, 1, 0) > 0;
}

static enum err blocking_client_ask(void *context, const struct aws_request *request,
                                    const struct http_terms *terms, struct http_answer *answer,
                                    struct why *why)
{
    struct blocking_client *c = context;
    struct aws_request copy;
    struct pollfd ending = {.fd = c->ending_fd, .events = POLLIN};
    if (is_ending(c)) /* a dropped transfer may still be out and would be taken for the new one */
        return why_set(why, ERR_BUSY, "the program is ending");
    /* A copy: https takes its request over, and the caller may want to send the request again. */
    aws_request_init(&copy);
    copy.method = request->method;
    copy.headers_len = request->headers_len;
    buf_add_text(&copy.url, buf_text(&request->url));
    buf_add_text(&copy.body, buf_text(&request->body));
    bool failed =
        copy.url.failed || copy.body.failed || request->url.failed || request->body.failed;
    for (uint32_t i = 0; i < request->headers_len; i++) {
        buf_add_text(&copy.headers[i], buf_text(&request->headers[i]));
        failed = failed || copy.headers[i].failed || request->headers[i].failed;
    }
    if (failed) {
        aws_request_clear(&copy);
        return why_set(why, ERR_LIMIT, "the request is too long");
    }
    c->answer = answer;
    c->is_back = false;
    https_start(c->https, &c->call, &copy, c->ca_bundle, terms);
    for (https_work(c->https); !c->is_back; https_work(c->https)) {
        if (is_ending(c))
            return why_set(why, ERR_BUSY,
                           "the program is ending"); /* blocking_client_close drops the transfer */
        https_poll(c->https, &ending, 1, 1000);
    }
    if (c->how != REPLY_HTTP)
        return why_set(why, ERR_IO, "%s", c->trouble);
    return answer->body.failed ? why_set(why, ERR_NOMEM, "out of memory") : OK;
}

static bool blocking_client_rest(void *context, span_us span)
{
    struct blocking_client *c = context;
    struct pollfd fd = {.fd = c->ending_fd, .events = POLLIN};
    return poll(&fd, 1, (int)(span / 1000)) == 0;
}

enum err blocking_client_open(struct blocking_client **out, const struct https_config *config,
                              int ending_fd, struct why *why)
{
    struct blocking_client *c = calloc(1, sizeof *c);
    *out = NULL;
    if (!c)
        return why_set(why, ERR_NOMEM, "out of memory");
    struct https_config one = *config;
    one.transfers = 1; /* and one connection, whatever hosts are asked in turn */
    c->ending_fd = ending_fd;
    enum err err = https_open(&c->https, &one, on_done, c, why);
    if (err)
        free(c);
    else
        *out = c;
    return err;
}

void blocking_client_close(struct blocking_client *c)
{
    if (!c)
        return;
    https_close(c->https);
    free(c);
}

struct http_exchange blocking_client_exchange(struct blocking_client *c, const char *ca_bundle)
{
    c->ca_bundle = ca_bundle;
    return (struct http_exchange){c, blocking_client_ask, blocking_client_rest, c->ending_fd};
}
