/* A beat is soon followed by the next, so it is tried a few times only. */
#include "heartbeat.h"

#include <stdlib.h>
#include <string.h>

#define TRIES 4 /* within ten seconds or so */

const char *heartbeat_path(enum notify_beat beat)
{
    static const char *const paths[] = {
        [BEAT_FAILED] = "/fail", [BEAT_GOOD] = "", [BEAT_START] = "/start"};
    return paths[beat];
}

enum delivery heartbeat_deliver(void *ctx, struct outlet *o, const struct message *m,
                                struct text bytes, struct why *why)
{
    struct heartbeat *h = ctx;
    (void)o, (void)bytes;
    if (m->len && target_has_query(&h->target))
        return DELIVERY_DONE;
    for (uint32_t attempt = 1; attempt <= TRIES; attempt++) {
        struct aws_request request;
        bool ending = false;
        span_us retry_after = 0;
        aws_request_init(&request);
        target_below(&h->target, m->bytes, &request.url);
        target_header(&request, "User-Agent", TEXT("mailfrom"));
        enum target_answer answer = target_ask(&h->client, &request, &retry_after, &ending, why);
        aws_request_clear(&request);
        if (answer == TARGET_TOOK)
            return DELIVERY_DONE;
        if (answer == TARGET_NEVER)
            return DELIVERY_LOST;
        if (ending || (attempt < TRIES &&
                       !h->client.exchange.rest(h->client.exchange.context,
                                                target_wait(h->seed, attempt, retry_after))))
            return DELIVERY_ENDING;
    }
    return DELIVERY_LOST;
}

void heartbeat_free(void *ctx)
{
    struct heartbeat *h = ctx;
    target_client_close(&h->client);
    explicit_bzero(h, sizeof *h);
    free(h);
}
