/* Asks a service for keys a few times, as botocore does. */
#include "service.h"

#include "base/bounds.h"
#include "base/count.h"
#include "base/hash.h"

#define PAUSE_MAX SPAN_S(16)

const struct service_tries service_tries_aws = {
    .terms = {.timeout_us = SPAN_S(10), .body_max = CREDENTIAL_ANSWER_MAX},
    .attempts = 3,
    .attempts_throttled = 8,
    .pause_us = SPAN_S(1),
    .is_jittered = true,
};

enum err service_endpoint(const struct provider_input *in, enum aws_client client,
                          struct text region, struct endpoint *e, struct why *why)
{
    struct aws_settings settings;
    enum err err = aws_settings_read(&settings, in->request, why);
    if (!err)
        err = aws_settings_endpoint(&settings, client, region, TEXT_NONE, e, why);
    return err;
}

void http_answer_init(struct http_answer *answer)
{
    *answer = (struct http_answer){.status = 0};
    buf_init(&answer->body, CREDENTIAL_ANSWER_MAX);
}

void http_answer_clear(struct http_answer *answer)
{
    buf_wipe(&answer->body);
    http_answer_init(answer);
}

/* By 429, or with the codes that STS has for it, by 400. */
static bool is_throttled(const struct http_answer *answer)
{
    static const char *const codes[] = {"<Code>Throttl", "<Code>TooManyRequests",
                                        "<Code>RequestLimitExceeded"};
    struct text body = buf_text(&answer->body);
    bool is_told = false;
    for (size_t i = 0; i < COUNT(codes); i++)
        is_told |= text_find_text(body, text_of(codes[i])) < body.len;
    return answer->status == 429 || (answer->status == 400 && is_told);
}

static bool is_transient(const struct service_tries *tries, const struct http_answer *answer)
{
    return answer->status >= 500 || is_throttled(answer) ||
           (tries->is_transient && tries->is_transient(answer));
}

static unsigned attempts_of(const struct service_tries *tries, enum err err,
                            const struct http_answer *answer)
{
    return err == OK && tries->attempts_throttled && is_throttled(answer)
               ? tries->attempts_throttled
               : tries->attempts;
}

/* Doubled each time, with jitter below: lanes failing together do not come back together. */
static span_us pause_before(const struct service_tries *tries, instant_us now, unsigned attempt)
{
    if (!tries->is_jittered)
        return tries->pause_us;
    span_us doubled = tries->pause_us << (attempt - 1);
    double longest = (double)(doubled < PAUSE_MAX ? doubled : PAUSE_MAX);
    return (span_us)(longest * hash_unit((uint64_t)now, 0, attempt));
}

enum err service_ask(const struct provider_input *in, const struct aws_request *request,
                     const struct service_tries *tries, struct http_answer *answer, struct why *why)
{
    const struct http_exchange *x = in->exchange;
    for (unsigned attempt = 1;; attempt++) {
        http_answer_clear(answer);
        enum err err = x->ask(x->context, request, &tries->terms, answer, why);
        if (err == ERR_BUSY || (err == OK && !is_transient(tries, answer)))
            return err;
        if (attempt >= attempts_of(tries, err, answer))
            return err ? err
                       : why_set(why, ERR_IO, "HTTP %d%s", answer->status,
                                 is_throttled(answer) ? ": it throttles us" : "");
        if (!x->rest(x->context, pause_before(tries, in->now, attempt)))
            return why_set(why, ERR_BUSY, "the program is ending");
    }
}

void service_get(struct aws_request *r, struct text url, struct text host)
{
    aws_request_clear(r);
    r->method = "GET";
    buf_add_text(&r->url, url);
    aws_request_header(r, TEXT("Host"), host);
    aws_request_header(r, TEXT("Accept"), TEXT("application/json"));
}
