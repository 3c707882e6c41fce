#include "web_server.h"

#include "base/count.h"
#include "web_certificate.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define HEADER_MAX      16384

struct connection {
    struct web_server *server;
    pthread_t thread;
    int fd;
    SSL *tls;
    unsigned requests;
    char header[HEADER_MAX];
};

struct web_server {
    pthread_t thread;
    enum web_security security;
    SSL_CTX *context;
    int listener;
    uint16_t port;
    pthread_mutex_t lock; /* of last */
    char ca_path[64], last[HEADER_MAX];
    atomic_uint requests, connections_len, closed;
    struct connection *connections[CONNECTIONS_MAX];
};

static ssize_t receive(struct connection *c, void *bytes, size_t len)
{
    return c->tls ? SSL_read(c->tls, bytes, (int)len) : recv(c->fd, bytes, len, 0);
}

static bool message_bytes(struct connection *c, const void *bytes, size_t len)
{
    ssize_t sent =
        c->tls ? SSL_write(c->tls, bytes, (int)len) : send(c->fd, bytes, len, MSG_NOSIGNAL);
    return sent == (ssize_t)len;
}

static bool say(struct connection *c, const char *text)
{
    return message_bytes(c, text, strlen(text));
}

static void message_answer(struct connection *c, const char *status, const char *type,
                           const char *body)
{
    char header[1024];
    snprintf(header, sizeof header,
             "HTTP/1.1 %s\r\nDate: Wed, 20 May 2026 08:30:00 GMT\r\nContent-Type: %s\r\n"
             "x-amzn-RequestId: request-1\r\nLocation: /ok\r\nContent-Length: %zu\r\n\r\n%s",
             status, type, strlen(body), body);
    say(c, header);
}

/* Each behaviour says whether the connection stays open. */
static bool do_ok(struct connection *c)
{
    message_answer(c, "200 OK", "text/plain", "fine");
    return true;
}

static bool do_account(struct connection *c)
{
    message_answer(
        c, "200 OK", "text/xml",
        "<GetAccountSendingEnabledResponse xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/"
        "\"><GetAccountSendingEnabledResult><Enabled>true</Enabled>"
        "</GetAccountSendingEnabledResult></GetAccountSendingEnabledResponse>");
    return true;
}

static bool do_expired_token(struct connection *c)
{
    say(c, "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 23\r\n"
           "x-amzn-ErrorType: ExpiredTokenException\r\n\r\n{\"message\":\"it is old\"}");
    return true;
}

static bool do_hosted_zone(struct connection *c)
{
    message_answer(c, "200 OK", "text/xml",
                   "<GetHostedZoneResponse><HostedZone><Id>/hostedzone/Z1</Id>"
                   "<Name>example.com.</Name></HostedZone></GetHostedZoneResponse>");
    return true;
}

/* Says the token of the request again, as no provider should. */
static bool do_echo_token(struct connection *c)
{
    char body[256], token[64] = "";
    const char *header = strstr(c->header, "Authorization: Bearer ");
    if (header)
        sscanf(header, "Authorization: Bearer %63s", token);
    snprintf(body, sizeof body,
             "{\"success\":true,\"errors\":[],\"result\":[{\"id\":\"1\",\"name\":\"%s.example\","
             "\"status\":\"active\"}]}",
             token);
    message_answer(c, "200 OK", "application/json", body);
    return true;
}

static bool do_throttle(struct connection *c)
{
    say(c, "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 300\r\nCf-Ray: ray-1\r\n"
           "Content-Length: 0\r\n\r\n");
    return true;
}

static bool do_redirect(struct connection *c)
{
    message_answer(c, "307 Temporary Redirect", "text/plain", "elsewhere");
    return true;
}

static bool do_unavailable(struct connection *c)
{
    message_answer(c, "503 Service Unavailable", "text/html", "<html>busy</html>");
    return true;
}

static bool do_forbidden(struct connection *c)
{
    message_answer(c, "403 Forbidden", "text/plain", "no");
    return true;
}

/* The first request of a connection is answered, the next only read. */
static bool do_second_lost(struct connection *c)
{
    return c->requests == 1 && do_ok(c);
}

/* Not announced by "Connection: close". */
static bool do_last(struct connection *c)
{
    do_ok(c);
    return false;
}

static bool do_close(struct connection *c)
{
    (void)c;
    return false;
}

static bool do_cut(struct connection *c)
{
    say(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    return false;
}

static bool do_too_much(struct connection *c)
{
    say(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine, and more than was said");
    return false;
}

/* From a cache that has held it for a while. */
static bool do_aged(struct connection *c)
{
    say(c, "HTTP/1.1 200 OK\r\nDate: Wed, 20 May 2026 08:30:00 GMT\r\nAge: 5\r\n"
           "Content-Length: 4\r\n\r\nfine");
    return false;
}

static bool do_nonsense(struct connection *c)
{
    say(c, "220 mail.example.com ESMTP\r\n");
    return false;
}

static bool do_huge_body(struct connection *c)
{
    static const char block[65536];
    bool open = say(c, "HTTP/1.1 200 OK\r\n\r\n");
    for (unsigned i = 0; i < 1024 && open; i++)
        open = message_bytes(c, block, sizeof block);
    return false;
}

static bool do_huge_length(struct connection *c)
{
    say(c, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx");
    return false;
}

static bool do_huge_header(struct connection *c)
{
    bool open = say(c, "HTTP/1.1 200 OK\r\n");
    for (unsigned i = 0; i < 100000 && open; i++)
        open = say(c, "X-Again: and again, and again, and again\r\n");
    return false;
}

/* Until the client has gone. */
static bool do_stall(struct connection *c)
{
    char ignored[64];
    while (receive(c, ignored, sizeof ignored) > 0)
        continue;
    return false;
}

/* A body that takes minutes, whatever patience a test has. */
static bool do_drip(struct connection *c)
{
    struct pollfd fd = {c->fd, POLLIN, 0};
    bool open = say(c, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (open && poll(&fd, 1, 5) == 0)
        open = say(c, "x");
    return false;
}

static const struct {
    const char *path;
    bool (*act)(struct connection *c);
} behaviours[] = {
    {"/ok", do_ok},
    {"/", do_account},
    {"/v2/email/account", do_expired_token},
    {"/2013-04-01/hostedzone/Z1", do_hosted_zone},
    {"/client/v4/zones?per_page=50&page=1", do_echo_token},
    {"/client/v4/zones?per_page=50&page=2", do_redirect},
    {"/client/v4/zones?per_page=50&page=3", do_throttle},
    {"/redirect", do_redirect},
    {"/unavailable", do_unavailable},
    {"/second-lost", do_second_lost},
    {"/last", do_last},
    {"/close", do_close},
    {"/cut", do_cut},
    {"/too-much", do_too_much},
    {"/aged", do_aged},
    {"/nonsense", do_nonsense},
    {"/huge-body", do_huge_body},
    {"/huge-length", do_huge_length},
    {"/huge-header", do_huge_header},
    {"/stall", do_stall},
    {"/drip", do_drip},
};

/* Reads up to the empty line and then the body. False: the client went away. */
static bool request_read(struct connection *c)
{
    size_t len = 0;
    char *end = NULL, rest[4096];
    while (!end) {
        ssize_t got = receive(c, c->header + len, sizeof c->header - 1 - len);
        if (got <= 0)
            return false;
        len += (size_t)got;
        c->header[len] = '\0';
        end = strstr(c->header, "\r\n\r\n");
    }
    const char *length = strcasestr(c->header, "\r\nContent-Length:");
    size_t body = length && length < end ? (size_t)strtoul(length + 17, NULL, 10) : 0;
    size_t have = len - (size_t)(end + 4 - c->header);
    while (have < body) {
        ssize_t got = receive(c, rest, sizeof rest);
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    end[2] = '\0';
    pthread_mutex_lock(&c->server->lock);
    memcpy(c->server->last, c->header, sizeof c->header);
    pthread_mutex_unlock(&c->server->lock);
    return true;
}

static bool request_act(struct connection *c)
{
    char path[256] = "";
    c->requests++;
    atomic_fetch_add(&c->server->requests, 1);
    if (sscanf(c->header, "%*s %255s", path) != 1)
        return false;
    for (size_t i = 0; i < COUNT(behaviours); i++)
        if (strcmp(path, behaviours[i].path) == 0)
            return behaviours[i].act(c);
    return do_forbidden(c);
}

static void *connection_run(void *data)
{
    struct connection *c = data;
    bool open = true;
    if (c->server->security == WEB_MUTE)
        open = do_stall(c);
    if (open && c->server->context) {
        c->tls = SSL_new(c->server->context);
        SSL_set_fd(c->tls, c->fd);
        open = SSL_accept(c->tls) == 1;
    }
    while (open && request_read(c))
        open = request_act(c);
    SSL_free(c->tls);
    shutdown(c->fd, SHUT_RDWR);
    atomic_fetch_add(&c->server->closed, 1);
    return NULL;
}

static void *server_run(void *data)
{
    struct web_server *s = data;
    int fd;
    while ((fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        unsigned at = atomic_load(&s->connections_len);
        assert(at < CONNECTIONS_MAX);
        struct connection *c = calloc(1, sizeof *c);
        assert(c);
        c->server = s;
        c->fd = fd;
        s->connections[at] = c;
        atomic_store(&s->connections_len,
                     at + 1); /* before it can be closed, and counted as that */
        int failed = pthread_create(&c->thread, NULL, connection_run, c);
        assert(!failed);
    }
    return NULL;
}

/* TLS writes to a connection that is gone must not end the test; only these threads write. */
static void thread_start(struct web_server *s)
{
    sigset_t pipe_only, before;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    int failed = pthread_create(&s->thread, NULL, server_run, s);
    assert(!failed);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct web_server *web_server_open(enum web_security security)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t len = sizeof a;
    struct web_server *s = calloc(1, sizeof *s);
    assert(s);
    s->security = security;
    pthread_mutex_init(&s->lock, NULL);
    strcpy(s->ca_path, "/tmp/mailfrom-test-ca-XXXXXX");
    int file = mkstemp(s->ca_path);
    assert(file >= 0);
    close(file);
    if (security != WEB_PLAIN && security != WEB_MUTE)
        s->context = web_context_make(security, s->ca_path);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int failed = bind(s->listener, (struct sockaddr *)&a, sizeof a) || listen(s->listener, 128) ||
                 getsockname(s->listener, (struct sockaddr *)&a, &len);
    assert(!failed);
    s->port = ntohs(a.sin_port);
    thread_start(s);
    return s;
}

void web_server_close(struct web_server *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
    for (unsigned i = 0; i < atomic_load(&s->connections_len); i++) {
        shutdown(s->connections[i]->fd, SHUT_RDWR);
        pthread_join(s->connections[i]->thread, NULL);
        close(s->connections[i]->fd);
        free(s->connections[i]);
    }
    SSL_CTX_free(s->context);
    pthread_mutex_destroy(&s->lock);
    unlink(s->ca_path);
    free(s);
}

uint16_t web_server_port(const struct web_server *s)
{
    return s->port;
}

const char *web_server_ca_path(const struct web_server *s)
{
    return s->ca_path;
}

unsigned web_server_requests(const struct web_server *s)
{
    return atomic_load(&s->requests);
}

unsigned web_server_connections(const struct web_server *s)
{
    return atomic_load(&s->connections_len);
}

unsigned web_server_closed(const struct web_server *s)
{
    return atomic_load(&s->closed);
}

const char *web_server_last(struct web_server *s)
{
    pthread_mutex_lock(&s->lock);
    pthread_mutex_unlock(&s->lock);
    return s->last;
}
