/* Sends an event until the server takes it, refuses it, or the event is too old. */
#include "webhook.h"

#include "base/hex.h"
#include "crypto/sha256.h"
#include "notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum err notify_secret_vet(struct why *why)
{
    const char *secret = getenv(WEBHOOK_SECRET_VARIABLE);
    return !secret || *secret
               ? OK
               : why_set(why, ERR_INPUT,
                         WEBHOOK_SECRET_VARIABLE " is set and empty: put the secret into it that "
                                                 "signs webhooks, or unset it to sign none");
}

bool webhook_sign(const char *secret, instant_us now, struct text body,
                  char out[WEBHOOK_SIGNATURE_LEN])
{
    struct buf signed_text;
    sha256_t mac;
    char hex[SHA256_HEX_LEN];
    long long at = (long long)(now / 1000000);
    buf_init(&signed_text, EVENT_LINE_MAX * 2);
    buf_add_fmt(&signed_text, "%lld.", at);
    buf_add_text(&signed_text, body);
    bool is_good =
        !signed_text.failed && sha256_hmac(secret, strlen(secret), buf_text(&signed_text), mac);
    buf_clear(&signed_text);
    hex_write(mac, is_good ? sizeof mac : 0, hex);
    snprintf(out, WEBHOOK_SIGNATURE_LEN, "t=%lld,v1=%s", at, hex);
    return is_good;
}

/* A request for one try: the signature has the time of the try. */
static enum err request_make(const struct webhook *w, const struct message *m, struct text body,
                             struct aws_request *r, struct why *why)
{
    char signature[WEBHOOK_SIGNATURE_LEN];
    aws_request_init(r);
    r->method = "POST";
    buf_add_str(&r->url, w->target.url);
    buf_add_text(&r->body, body);
    target_header(r, "Content-Type", TEXT("application/json"));
    target_header(r, "User-Agent", TEXT("mailfrom"));
    target_header(r, "X-Mailfrom-Event", text_of(m->type));
    target_header(r, "X-Mailfrom-Delivery", text_of(m->id));
    if (!w->secret)
        return OK;
    if (!webhook_sign(w->secret, os_clock_now(w->clock), body, signature))
        return why_set(why, ERR_LIMIT, "the event cannot be signed");
    target_header(r, "X-Mailfrom-Signature", text_of(signature));
    return OK;
}

enum delivery webhook_deliver(void *ctx, struct outlet *o, const struct message *m,
                              struct text bytes, struct why *why)
{
    struct webhook *w = ctx;
    for (uint32_t attempt = 1;; attempt++) {
        struct aws_request request;
        bool ending = false;
        span_us retry_after = 0;
        enum target_answer answer = TARGET_NEVER;
        char told[SAYING_LEN_MAX];
        if (request_make(w, m, bytes, &request, why) == OK)
            answer = target_ask(&w->client, &request, &retry_after, &ending, why);
        aws_request_clear(&request);
        if (answer == TARGET_TOOK)
            return DELIVERY_DONE;
        if (ending)
            return DELIVERY_ENDING;
        span_us wait = target_wait(w->seed, attempt, retry_after);
        if (answer == TARGET_NEVER || os_clock_now(w->clock) + wait > m->told_at + WEBHOOK_AGE_MAX)
            return DELIVERY_LOST;
        snprintf(told, sizeof told, "%.500s; the event is tried again for up to an hour",
                 why->text);
        outlet_trouble(o, told);
        if (!w->client.exchange.rest(w->client.exchange.context, wait))
            return DELIVERY_ENDING;
    }
}

void webhook_free(void *ctx)
{
    struct webhook *w = ctx;
    target_client_close(&w->client);
    explicit_bzero(w, sizeof *w);
    free(w);
}
