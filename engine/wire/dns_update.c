/*
 * One connection for each update: connect, write two octets of length and the message, read
 * likewise, close.
 *
 * Invariant: an exchange whose call is NULL is free and has no socket and no memory. `written`
 * tells whether the server may have read anything, and so how a failure is told.
 */
#include "dns_update.h"

#include "base/buf.h"
#include "os_clock.h"
#include "providers/providers.h"
#include "servers.h"
#include "sockets.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define PREFIX       2 /* octets of the length before a message (RFC 1035, section 4.2.2) */
#define READ_AT_ONCE 4096

struct update_exchange {
    struct call *call;
    const struct provider_at *at;
    struct update_sent sent;
    int fd;
    bool connected;
    struct buf out, in;
    size_t written;
    instant_us until;
};

struct dns_updates {
    const struct os_clock *clock;
    span_us timeout_us;
    dns_update_done *done;
    void *context;
    uint32_t out;
    struct update_exchange exchanges[UPDATES_OUT_MAX];
};

enum err dns_updates_open(struct dns_updates **out, const struct os_clock *clock,
                          span_us timeout_us, dns_update_done *done, void *context, struct why *why)
{
    struct dns_updates *u = calloc(1, sizeof *u);
    if (!u)
        return why_set(why, ERR_NOMEM, "out of memory");
    u->clock = clock;
    u->timeout_us = timeout_us;
    u->done = done;
    u->context = context;
    *out = u;
    return OK;
}

static void exchange_clear(struct update_exchange *x)
{
    if (x->fd >= 0)
        socket_close(x->fd);
    buf_clear(&x->out);
    buf_clear(&x->in);
    *x = (struct update_exchange){.fd = -1};
}

void dns_updates_close(struct dns_updates *u)
{
    for (uint32_t i = 0; u && i < UPDATES_OUT_MAX; i++)
        if (u->exchanges[i].call)
            exchange_clear(&u->exchanges[i]);
    free(u);
}

bool dns_updates_have_room(const struct dns_updates *u)
{
    return u->out < UPDATES_OUT_MAX;
}

bool dns_updates_are_out(const struct dns_updates *u)
{
    return u->out > 0;
}

/* The call leaves with what its reply has become. */
static void exchange_end(struct dns_updates *u, struct update_exchange *x)
{
    struct call *call = x->call;
    exchange_clear(x);
    u->out--;
    u->done(u->context, call);
}

static const char too_late[] = CALL_TOO_LATE;

static void exchange_fail(struct dns_updates *u, struct update_exchange *x, const char *what,
                          int error)
{
    char server[SERVER_LEN];
    struct reply *reply = &x->call->reply;
    *reply = (struct reply){.how = x->written ? REPLY_LOST : REPLY_NOT_SENT,
                            .is_late = !x->written && what == too_late};
    snprintf(reply->message, sizeof reply->message, "server %s: %s%s%s",
             server_format(&x->at->server, server), what, error ? ": " : "",
             error ? strerror(error) : "");
    exchange_end(u, x);
}

static enum err message_make(struct update_exchange *x, const struct os_clock *clock,
                             struct why *why)
{
    uint16_t id;
    struct buf message;
    if (getrandom(&id, sizeof id, 0) != sizeof id)
        return why_set(why, ERR_IO, "cannot draw a random number: %s", strerror(errno));
    buf_init(&message, DNS_MESSAGE_MAX);
    enum err err = update_encode(&message, &x->sent, x->call, x->at, id, os_clock_utc(clock), why);
    if (err == OK) {
        buf_add_char(&x->out, (char)(message.len >> 8));
        buf_add_char(&x->out, (char)(message.len & 0xff));
        buf_add_text(&x->out, buf_text(&message));
        if (x->out.failed)
            err = why_set(why, ERR_NOMEM, "out of memory");
    }
    buf_clear(&message);
    return err;
}

/* Returns an errno, or 0: connected or on the way. */
static int exchange_connect(struct update_exchange *x)
{
    const struct dns_server *server = &x->at->server;
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(server->port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(server->port)};
    bool is_six = server->family == 6;
    memcpy(&four.sin_addr, server->address, sizeof four.sin_addr);
    memcpy(&six.sin6_addr, server->address, sizeof six.sin6_addr);
    x->fd = socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (x->fd < 0)
        return errno;
    const struct sockaddr *to =
        is_six ? (const struct sockaddr *)&six : (const struct sockaddr *)&four;
    x->connected = connect(x->fd, to, is_six ? sizeof six : sizeof four) == 0;
    return x->connected || errno == EINPROGRESS ? 0 : errno;
}

void dns_update_start(struct dns_updates *u, struct call *call, const struct provider_at *at)
{
    struct why why = {""};
    struct update_exchange *x = u->exchanges;
    while (x->call)
        x++;
    assert(dns_updates_have_room(u) && at && at->kind == PROVIDER_RFC2136);
    *x = (struct update_exchange){.call = call, .at = at, .fd = -1};
    buf_init(&x->out, PREFIX + DNS_MESSAGE_MAX);
    buf_init(&x->in, PREFIX + DNS_MESSAGE_MAX + READ_AT_ONCE);
    x->until = os_clock_now(u->clock) + u->timeout_us;
    u->out++;
    if (call_is_too_late(call, os_clock_now(u->clock))) {
        exchange_fail(u, x, too_late, 0);
        return;
    }
    if (message_make(x, u->clock, &why) != OK) {
        exchange_fail(u, x, why.text, 0);
        return;
    }
    int error = exchange_connect(x);
    if (error)
        exchange_fail(u, x, "cannot connect", error);
}

uint32_t dns_updates_fds(const struct dns_updates *u, struct pollfd *fds)
{
    uint32_t len = 0;
    for (uint32_t i = 0; i < UPDATES_OUT_MAX; i++) {
        const struct update_exchange *x = &u->exchanges[i];
        if (!x->call)
            continue;
        short events = x->written < x->out.len ? POLLIN | POLLOUT : POLLIN;
        fds[len++] = (struct pollfd){.fd = x->fd, .events = x->connected ? events : POLLOUT};
    }
    return len;
}

/* Writes as far as it goes. A message cut off in the middle changes nothing at the server. False:
 * the exchange has ended. */
static bool exchange_write(struct dns_updates *u, struct update_exchange *x)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (!x->connected) {
        if (getsockopt(x->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
            error = errno;
        if (error) {
            exchange_fail(u, x, "cannot connect", error);
            return false;
        }
        x->connected = true;
    }
    while (x->written < x->out.len) {
        if (call_is_too_late(x->call, os_clock_now(u->clock))) {
            exchange_fail(u, x, too_late, 0);
            return false;
        }
        ssize_t n = send(x->fd, x->out.at + x->written, x->out.len - x->written, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (n < 0 && errno != EINTR) {
            exchange_fail(u, x, "the connection broke", errno);
            return false;
        }
        x->written += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* The message of the answer, when all of it is there. */
static bool answer_is_whole(const struct buf *in, struct text *message)
{
    const unsigned char *at = (const unsigned char *)in->at;
    size_t len = in->len < PREFIX ? 0 : (size_t)at[0] << 8 | at[1];
    if (in->len < PREFIX + len || in->len < PREFIX)
        return false;
    *message = (struct text){in->at + PREFIX, len};
    return true;
}

static void exchange_read(struct dns_updates *u, struct update_exchange *x)
{
    char chunk[READ_AT_ONCE];
    struct text message;
    ssize_t n;
    while (!answer_is_whole(&x->in, &message)) {
        n = recv(x->fd, chunk, sizeof chunk, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n <= 0) {
            exchange_fail(u, x,
                          n < 0       ? "the connection broke"
                          : x->in.len ? "the connection was closed in the middle of the answer"
                                      : "the connection was closed without an answer",
                          n < 0 ? errno : 0);
            return;
        }
        buf_add(&x->in, chunk, (size_t)n);
        if (x->in.failed) {
            exchange_fail(u, x, "out of memory", 0);
            return;
        }
    }
    update_decode(x->call, &x->sent, x->at, (const uint8_t *)message.at, message.len,
                  os_clock_utc(u->clock));
    exchange_end(u, x);
}

void dns_updates_work(struct dns_updates *u, const struct pollfd *fds, uint32_t len)
{
    instant_us now = os_clock_now(u->clock);
    for (uint32_t i = 0; i < UPDATES_OUT_MAX; i++) {
        struct update_exchange *x = &u->exchanges[i];
        short ready = 0;
        for (uint32_t j = 0; x->call && j < len; j++)
            ready = fds[j].fd == x->fd ? fds[j].revents : ready;
        if (ready & POLLOUT && !exchange_write(u, x))
            continue;
        if (ready & POLLIN && x->connected)
            exchange_read(u, x);
        if (x->call && now >= x->until)
            exchange_fail(u, x, x->connected ? "no answer in time" : "no connection in time", 0);
    }
}
