/* Asks a service for keys a few times, as botocore does. */
#include "service.h"

#include "base/bounds.h"
#include "base/hash.h"

const struct service_tries service_tries_aws = {
    .terms = {.timeout_us = SPAN_S(10), .body_max = CREDENTIAL_ANSWER_MAX},
    .attempts = 3,
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

static bool is_transient(const struct service_tries *tries, const struct http_answer *answer)
{
    return answer->status >= 500 || answer->status == 429 ||
           (tries->is_transient && tries->is_transient(answer));
}

/* Doubled each time, with jitter below: lanes failing together do not come back together. */
static span_us pause_before(const struct service_tries *tries, instant_us now, unsigned attempt)
{
    if (!tries->is_jittered)
        return tries->pause_us;
    double longest = (double)(tries->pause_us << (attempt - 1));
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
        if (attempt >= tries->attempts)
            return err ? err : why_set(why, ERR_IO, "HTTP %d", answer->status);
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
