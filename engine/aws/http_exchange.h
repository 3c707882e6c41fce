/*
 * The credential providers' way to the network: one request out, one answer back, bounded in time
 * and size. Implemented by the live world (engine/wire/blocking_client.h), and by scripts in tests.
 */
#ifndef MF_HTTP_EXCHANGE_H
#define MF_HTTP_EXCHANGE_H

#include "aws_request.h"

struct http_terms {
    span_us timeout_us; /* from the look-up of the name to the last byte */
    size_t body_max;    /* bytes of the answer */
    bool is_direct;     /* never by a proxy: metadata and container addresses */
    bool wants_status;  /* the answer is whole once its header is: what becomes of its body, too
                           large, too slow or cut off, does not count */
};

/* Holds secrets: http_answer_clear. */
struct http_answer {
    int status;
    instant_us server_date; /* header Date; 0: none, or with an Age header */
    span_us retry_after;    /* header Retry-After; 0: none */
    struct buf body;
};

/* Blocks, on the thread of the caller. */
struct http_exchange {
    void *context;
    /* Sends *request once and follows no redirect. *answer is init'ed. ERR_IO: no whole answer
     * came; ERR_BUSY: the program is ending. */
    enum err (*ask)(void *context, const struct aws_request *request,
                    const struct http_terms *terms, struct http_answer *answer, struct why *why);
    /* Sleeps. False: cut short, because the program is ending. */
    bool (*rest)(void *context, span_us span);
    int ending_fd; /* readable once the program is ending; -1: never */
};

#endif
