/*
 * HTTPS requests, many at a time, on one thread. Each request is sent at most once: a request
 * libcurl would repeat by itself is given back as lost. A carrier also sleeps here, because libcurl
 * waits for its own and for other sockets in one call.
 *
 * All functions but https_wake belong to the carrier's thread.
 */
#ifndef MF_HTTPS_H
#define MF_HTTPS_H

#include "aws/http_exchange.h"
#include "sockets.h"

#include <poll.h>

/* Once per process, before the first thread that uses https, and after the last. */
enum err https_library_open(struct why *why);
void https_library_close(void);

struct https;

/* Asked when the connection is there and the first byte of the request is about to leave. NULL: it
 * may; otherwise why not, for a person: the answer is NOT_SENT. Called from https_work, with the
 * context of https_open. */
typedef const char *https_refuse(void *context, struct call *call);

struct https_config {
    const char *ca_bundle;   /* PEM file for requests without one; NULL: the system's */
    const char *proxy;       /* "": none. Never used for loopback and metadata addresses */
    const char *no_proxy;    /* as in the environment: hosts reached without the proxy; "": none */
    struct secrets *secrets; /* hidden in answers; NULL: answers bring new secrets, and their reader
                                hides them */
    unsigned transfers;      /* at once; 0: HTTPS_TRANSFERS_MAX */
    span_us timeout_us;      /* of one request, from look-up of the name to the last byte */
    https_refuse *refuse;    /* NULL: every request may leave */
};

/* Sets proxy and no_proxy as the environment has them. */
void https_proxy_take(struct https_config *config);

struct https_answer {
    enum reply_how how;     /* NOT_SENT, LOST, or HTTP: then reply holds */
    struct aws_reply reply; /* borrowed for the length of https_done */
    const char *trouble;    /* NOT_SENT, LOST: for a person; libcurl's words change */
    int code;               /* NOT_SENT, LOST: libcurl's CURLcode */
};

typedef void https_done(void *context, struct call *call, const struct https_answer *answer);

/* The strings of *config must outlive the handle. done is called from https_work and, when memory
 * runs out, from https_start. */
enum err https_open(struct https **out, const struct https_config *config, https_done *done,
                    void *context, struct why *why);
void https_close(struct https *h); /* requests still out are dropped without done */
struct connections_seen https_connections(const struct https *h);

bool https_has_room(const struct https *h); /* for one more request */
unsigned https_transfers(const struct https *h);
/* Sends *request and takes the request over: *request is empty afterwards. call is only a name
 * here. ca_bundle: of this request, or NULL; must outlive the request. terms NULL: the handle's own
 * timeout, HTTP_BODY_MAX, and the proxy of the environment. */
void https_start(struct https *h, struct call *call, struct aws_request *request,
                 const char *ca_bundle, const struct http_terms *terms);
/* Moves all requests on, and calls done for each finished one. */
void https_work(struct https *h);
/* Sleeps until a socket of a request or one of fds is ready, https_wake is called, or the time is
 * over. Fills revents. */
void https_poll(struct https *h, struct pollfd *fds, uint32_t fds_len, int timeout_ms);
void https_wake(struct https *h); /* any thread */

#endif
