/*
 * The server itself: HTTP/1.1 and TLS by libmicrohttpd, which is run by one thread of ours and has
 * none of its own. The thread accepts, serves, sends events, and cuts off who is slow.
 *
 * Invariant: a client is in the list from MHD's STARTED to its CLOSED. A stream without anything to
 * send is suspended, and costs nothing until resumed. Every wait for a client has a deadline, so no
 * client holds memory for long: what a stream sends is shared, and an answer is bounded.
 */
#include "base/count.h"
#include "page_internal.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS     1000  /* between two snapshots for clients, and two looks at deadlines */
#define REQUEST_MS  10000 /* for TLS, head and body of a request */
#define ANSWER_MS   30000 /* for a client to read an answer */
#define IDLE_MS     30000 /* between two requests of a connection */
#define EVENT_MS    20000 /* for a client to read one event */
#define GONE_MS     5000  /* between two looks for streams whose client has gone */
#define FAREWELL_MS 500   /* for clients to read the last event */
#define END_MS      800   /* then all are cut off */

#define SEND_BYTES (128 << 10) /* of the kernel's memory for a client; it would give megabytes */
#define NEVER      INT64_MAX

/* libmicrohttpd (0.9.75, 1.0.1) asks for turns without an end while a TLS handshake is unfinished.
 */
#define IDLE_TURNS_MAX 16
#define IDLE_TURN_MS   10

struct page_client {
    struct page_client *next, **link;
    struct page_server *server;
    struct MHD_Connection *connection;
    int fd;
    int64_t deadline;                   /* ms */
    bool is_cut, is_suspended, is_busy; /* a request is being answered ... */
    bool is_stream;                     /* ... by events */
    /* The request. */
    char *target;
    struct buf body;
    bool is_begun;
    struct page_stream stream;
};

static int64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

instant_us page_wall_clock(const struct page_server *s)
{
    struct timespec t;
    if (s->config.now)
        return s->config.now(s->config.ctx);
    clock_gettime(CLOCK_REALTIME, &t);
    return SPAN_S(t.tv_sec) + t.tv_nsec / 1000;
}

/* ---- streams */

/* MHD asks again only after all bytes before have gone to the kernel. */
static ssize_t stream_read(void *arg, uint64_t position, char *out, size_t max)
{
    struct page_client *c = arg;
    struct page_server *s = c->server;
    struct page_stream *st = &c->stream;
    (void)position;
    s->asked++;
    if (c->is_cut)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    bool is_new = !st->event;
    size_t len = page_stream_read(st, &s->feed, s->current, s->now, out, max);
    if (is_new)
        c->deadline = len ? s->now + EVENT_MS : NEVER;
    if (len)
        return (ssize_t)len;
    if (st->has_closed)
        return MHD_CONTENT_READER_END_OF_STREAM;
    MHD_suspend_connection(c->connection);
    c->is_suspended = true;
    return 0;
}

static void stream_resume(struct page_client *c)
{
    if (c->is_suspended)
        MHD_resume_connection(c->connection);
    c->is_suspended = false;
}

static struct MHD_Response *stream_begin(struct page_client *c, struct text last_event_id)
{
    struct page_server *s = c->server;
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, stream_read, c, NULL);
    if (!response)
        return NULL;
    c->is_stream = true;
    c->stream = (struct page_stream){.version = page_feed_version(&s->feed, last_event_id),
                                     .told_at = s->now};
    atomic_fetch_add(&s->streams, 1);
    return response;
}

/* ---- clients */

static void request_end(struct page_client *c)
{
    if (c->is_stream)
        atomic_fetch_sub(&c->server->streams, 1);
    page_event_drop(c->stream.event);
    c->stream = (struct page_stream){0};
    free(c->target);
    c->target = NULL;
    buf_wipe(&c->body); /* perhaps a token */
    c->is_begun = c->is_busy = c->is_stream = false;
}

/* The client is no longer waited for. MHD sees the end of the connection and tells of it. */
static void client_cut(struct page_client *c)
{
    c->is_cut = true;
    c->deadline = NEVER;
    shutdown(c->fd, SHUT_RDWR);
    stream_resume(c);
}

static void connection_changed(void *arg, struct MHD_Connection *connection, void **context,
                               enum MHD_ConnectionNotificationCode code)
{
    struct page_server *s = arg;
    struct page_client *c = *context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        c = calloc(1, sizeof *c);
        if (!c || !info) {
            if (info)
                shutdown(info->connect_fd, SHUT_RDWR); /* it would have no deadline */
            free(c);
            return;
        }
        *c = (struct page_client){.next = s->clients,
                                  .link = &s->clients,
                                  .server = s,
                                  .connection = connection,
                                  .fd = info->connect_fd,
                                  .deadline = s->now + REQUEST_MS};
        buf_init(&c->body, PAGE_BODY_MAX);
        if (c->next)
            c->next->link = &c->next;
        s->clients = c;
        s->clients_len++;
        *context = c;
    } else if (c) {
        request_end(c);
        *c->link = c->next;
        if (c->next)
            c->next->link = c->link;
        s->clients_len--;
        free(c);
        *context = NULL;
    }
}

static struct page_client *client_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* The request line: the only place where MHD shows the target as it came. */
static void *request_begin(void *arg, const char *target, struct MHD_Connection *connection)
{
    struct page_client *c = client_of(connection);
    (void)arg;
    if (!c)
        return NULL;
    request_end(c);
    c->target = strdup(target);
    c->deadline = c->server->now + REQUEST_MS;
    return c;
}

static void request_completed(void *arg, struct MHD_Connection *connection, void **context,
                              enum MHD_RequestTerminationCode code)
{
    struct page_client *c = client_of(connection);
    (void)arg;
    (void)code;
    if (c) {
        request_end(c);
        c->deadline = c->is_cut ? NEVER : c->server->now + IDLE_MS;
    }
    *context = NULL;
}

/* ---- requests */

static enum MHD_Result header_take(void *arg, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct page_request *r = arg;
    struct {
        const char *name;
        struct text *at;
    } wanted[] = {
        {"host", &r->host},
        {"origin", &r->origin},
        {"sec-fetch-site", &r->fetch_site},
        {"authorization", &r->authorization},
        {"cookie", &r->cookie},
        {"last-event-id", &r->last_event_id},
        {"content-type", &r->content_type},
    };
    (void)kind;
    for (size_t i = 0; i < COUNT(wanted); i++)
        if (text_eq_nocase(text_of(name), text_of(wanted[i].name))) {
            r->is_twice = r->is_twice || wanted[i].at->at;
            *wanted[i].at = text_trim(text_of(value));
        }
    return MHD_YES;
}

/* ---- answers */

/* The bytes of an answer, counted until the client has them. */
struct answer_body {
    struct page_server *server;
    size_t len;
    char bytes[];
};

static void answer_body_free(void *arg)
{
    struct answer_body *b = arg;
    b->server->answers_bytes -= b->len;
    free(b);
}

static struct MHD_Response *body_response(struct page_server *s, const struct buf *body)
{
    struct answer_body *b = malloc(sizeof *b + body->len + 1);
    if (!b)
        return NULL;
    *b = (struct answer_body){.server = s, .len = body->len};
    if (body->len)
        memcpy(b->bytes, body->at, body->len);
    s->answers_bytes += b->len;
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        b->len, b->bytes, answer_body_free, b);
    if (!response)
        answer_body_free(b);
    return response;
}

static void headers_add(struct MHD_Response *response, const struct page_server *s,
                        const struct page_answer *a)
{
    MHD_add_response_header(response, "Content-Type", a->type);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Referrer-Policy",
                            "same-origin"); /* or forms send Origin: null */
    MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    MHD_add_response_header(response, "Content-Security-Policy",
                            a->policy ? a->policy : "default-src 'none'; frame-ancestors 'none'");
    if (a->allow)
        MHD_add_response_header(response, "Allow", a->allow);
    if (a->location)
        MHD_add_response_header(response, "Location", a->location);
    if (a->status == 401)
        MHD_add_response_header(response, "WWW-Authenticate", "Bearer realm=\"mailfrom\"");
    if (a->status == 503)
        MHD_add_response_header(response, "Retry-After", "2");
    if (a->is_stream)
        MHD_add_response_header(response, "X-Accel-Buffering", "no"); /* or nginx gathers events */
    if (a->sets_cookie) {
        char cookie[PAGE_COOKIE_LEN + PAGE_SESSION_LEN + 64];
        snprintf(cookie, sizeof cookie, "%s=%s; HttpOnly; SameSite=Strict; Path=/%s",
                 s->door.cookie, s->door.session, s->door.is_tls ? "; Secure" : "");
        MHD_add_response_header(response, "Set-Cookie", cookie);
        explicit_bzero(cookie, sizeof cookie);
    }
}

/* closes: the connection is of no more use, for its request was not read to its end. */
static enum MHD_Result answer_send(struct page_client *c, struct page_answer *a,
                                   struct text last_event_id, bool is_head, bool closes)
{
    struct page_server *s = c->server;
    if (a->body.failed || s->answers_bytes > PAGE_ANSWERS_MAX) {
        buf_clear(&a->body);
        page_answer_refuse(a, 503, false, "the server has no memory for this answer now");
    }
    if (a->is_stream && !is_head && atomic_load(&s->streams) >= PAGE_STREAMS_MAX) {
        buf_clear(&a->body);
        *a = (struct page_answer){0};
        page_answer_refuse(a, 503, false, "as many browsers look on as can be served at once");
    }
    bool is_stream = a->is_stream && !is_head;
    struct MHD_Response *response =
        is_stream ? stream_begin(c, last_event_id) : body_response(s, &a->body);
    enum MHD_Result result = MHD_NO;
    if (response) {
        headers_add(response, s, a);
        if (closes || s->ends_at)
            MHD_add_response_header(response, "Connection", "close");
        c->deadline = s->now + ANSWER_MS;
        c->is_busy = true;
        result = MHD_queue_response(c->connection, a->status, response);
        MHD_destroy_response(response);
    }
    buf_clear(&a->body);
    return result;
}

static enum MHD_Result refuse(struct page_client *c, unsigned status, const char *sentence)
{
    struct page_answer a = {0};
    page_answer_refuse(&a, status, false, sentence);
    return answer_send(c, &a, TEXT_NONE, false, true);
}

/* Before the body is read. MHD_YES: the body may come. */
static enum MHD_Result head_vet(struct page_client *c, bool *is_refused)
{
    const char *length =
        MHD_lookup_connection_value(c->connection, MHD_HEADER_KIND, "Content-Length");
    uint64_t bytes = 0;
    *is_refused = true;
    if (c->server->clients_len > c->server->clients_max)
        return refuse(c, 503, "the server has as many connections as it can serve at once");
    if (MHD_lookup_connection_value(c->connection, MHD_HEADER_KIND, "Transfer-Encoding"))
        return refuse(c, 411, "a body has to come with Content-Length");
    if (length && (!text_to_u64(text_of(length), &bytes) || bytes > PAGE_BODY_MAX))
        return refuse(c, 413, "the body is too large for this page");
    *is_refused = false;
    return MHD_YES;
}

static enum MHD_Result serve(struct page_client *c, const char *method, const char *version)
{
    struct page_server *s = c->server;
    struct page_view view = {.config = &s->config,
                             .door = &s->door,
                             .snapshot = s->current,
                             .opened_at = s->opened_at,
                             .now = page_wall_clock(s),
                             .policy = s->policy,
                             .login_policy = s->login_policy};
    struct page_request r = {.method = text_of(method), .body = buf_text(&c->body)};
    struct page_answer a;
    r.query = text_of(c->target);
    r.path = text_cut(&r.query, '?');
    MHD_get_connection_values(c->connection, MHD_HEADER_KIND, header_take, &r);
    /* Without it the page cannot tell its own names; health checks by HTTP/1.0 send none. */
    if (!r.host.len && strcmp(version, MHD_HTTP_VERSION_1_0) != 0)
        return refuse(c, 400, "the request has no Host");
    page_answer_make(&a, &view, &r);
    return answer_send(c, &a, r.last_event_id, text_eq(r.method, TEXT("HEAD")), false);
}

/* MHD calls it for the head, for each piece of the body, and at the end of the body. */
static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_len, void **context)
{
    struct page_client *c = client_of(connection);
    (void)arg;
    (void)url;
    (void)context;
    if (!c || !c->target || c->is_cut)
        return MHD_NO;
    c->server->asked++;
    if (!c->is_begun) {
        bool is_refused;
        c->is_begun = true;
        return head_vet(c, &is_refused);
    }
    if (*upload_len) {
        buf_add(&c->body, upload, *upload_len); /* no more than Content-Length comes */
        *upload_len = 0;
        return MHD_YES;
    }
    return serve(c, method, version);
}

/* ---- the thread */

/* Makes room: whoever has not finished a request is cut off, who has waited longest first. */
static void oldest_cut(struct page_server *s)
{
    struct page_client *oldest = NULL;
    for (struct page_client *c = s->clients; c; c = c->next)
        if (!c->is_busy && !c->is_cut && (!oldest || c->deadline < oldest->deadline))
            oldest = c;
    if (oldest)
        client_cut(oldest);
}

static void clients_accept(struct page_server *s)
{
    for (int i = 0; i < PAGE_SPARE && s->clients_len < s->clients_max + PAGE_SPARE; i++) {
        struct sockaddr_storage from;
        socklen_t len = sizeof from;
        int bytes = SEND_BYTES;
        int fd = accept4(s->listen_fd, (struct sockaddr *)(void *)&from, &len,
                         SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            /* No descriptors, no memory: the next try is a tick away. */
            if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
                s->accepts_at = s->now + TICK_MS;
            return;
        }
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
        MHD_add_connection(s->daemon, fd, (const struct sockaddr *)(const void *)&from, len);
        if (s->clients_len > s->clients_max)
            oldest_cut(s);
    }
}

/* Takes the newest snapshot over, at most once a tick. */
static void snapshot_turn(struct page_server *s)
{
    bool is_due = !s->current || s->ends_at || s->now - s->turned_at >= TICK_MS;
    pthread_mutex_lock(&s->lock);
    struct page_snapshot *newer = is_due ? s->pending : NULL;
    if (newer)
        s->pending = NULL;
    pthread_mutex_unlock(&s->lock);
    if (!newer)
        return;
    page_feed_turn(&s->feed, s->current, newer);
    page_snapshot_free(s->current);
    s->current = newer;
    s->turned_at = s->now;
}

/* A suspended stream does not see that its client has gone. */
static void gone_cut(struct page_server *s)
{
    struct page_client *of[PAGE_STREAMS_MAX];
    struct pollfd at[PAGE_STREAMS_MAX];
    nfds_t len = 0;
    for (struct page_client *c = s->clients; c && len < PAGE_STREAMS_MAX; c = c->next)
        if (c->is_suspended) {
            of[len] = c;
            at[len++] = (struct pollfd){.fd = c->fd, .events = POLLRDHUP};
        }
    if (len && poll(at, len, 0) > 0)
        for (nfds_t i = 0; i < len; i++)
            if (at[i].revents)
                client_cut(of[i]);
}

static void clients_tick(struct page_server *s)
{
    bool ticks = s->now - s->ticked_at >= TICK_MS;
    bool ends = s->ends_at && s->now >= s->ends_at;
    for (struct page_client *c = s->clients; c; c = c->next) {
        bool is_idle = s->ends_at && !c->is_busy;
        if (!c->is_cut && (ends || is_idle || (ticks && s->now >= c->deadline)))
            client_cut(c);
        else if (c->is_suspended && page_stream_is_due(&c->stream, &s->feed, s->now))
            stream_resume(c);
    }
    if (ticks)
        s->ticked_at = s->now;
    if (s->now - s->looked_at >= GONE_MS) {
        s->looked_at = s->now;
        gone_cut(s);
    }
}

/* How long the thread may sleep, in ms; -1: until something comes. */
static int sleep_ms(struct page_server *s, bool has_pending)
{
    MHD_UNSIGNED_LONG_LONG library;
    int64_t until = NEVER;
    if (MHD_get_timeout(s->daemon, &library) == MHD_YES)
        until =
            s->now + (s->idle > IDLE_TURNS_MAX ? IDLE_TURN_MS
                                               : (int64_t)(library < TICK_MS ? library : TICK_MS));
    if (has_pending && s->turned_at + TICK_MS < until)
        until = s->turned_at + TICK_MS;
    if ((s->clients || s->accepts_at) && s->ticked_at + TICK_MS < until)
        until = s->ticked_at + TICK_MS;
    if (s->ends_at)
        until = s->now + 20 < until ? s->now + 20 : until;
    return until == NEVER ? -1 : until > s->now ? (int)(until - s->now) : 0;
}

/* Clients are told, and cut off when they do not go. */
static void farewell(struct page_server *s)
{
    int64_t last = s->now + END_MS;
    s->ends_at = s->now + FAREWELL_MS;
    s->feed.is_closing = true;
    close(s->listen_fd);
    s->listen_fd = -1;
    while (s->clients && s->now < last) {
        struct pollfd at = {.fd =
                                MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
                            .events = POLLIN};
        snapshot_turn(s);
        clients_tick(s);
        MHD_run(s->daemon);
        poll(&at, 1, sleep_ms(s, false));
        s->now = clock_ms();
    }
    /* MHD must not be stopped with anything suspended. */
    for (struct page_client *c = s->clients; c; c = c->next)
        client_cut(c);
    MHD_run(s->daemon);
}

void *page_http_thread(void *arg)
{
    struct page_server *s = arg;
    int library = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    bool is_closing = false, has_pending = false;
    s->now = s->ticked_at = s->looked_at = clock_ms();
    while (!is_closing) {
        bool is_full = s->clients_len >= s->clients_max + PAGE_SPARE || s->accepts_at > s->now;
        struct pollfd at[] = {{.fd = library, .events = POLLIN},
                              {.fd = s->wake_fd, .events = POLLIN},
                              {.fd = is_full ? -1 : s->listen_fd, .events = POLLIN}};
        uint64_t woken;
        uint64_t asked = s->asked;
        bool is_idle = poll(at, COUNT(at), sleep_ms(s, has_pending)) == 0;
        s->now = clock_ms();
        if (at[1].revents)
            (void)!read(s->wake_fd, &woken, sizeof woken);
        if (at[2].revents)
            clients_accept(s);
        snapshot_turn(s);
        clients_tick(s);
        MHD_run(s->daemon);
        s->idle = is_idle && asked == s->asked ? s->idle + 1 : 0;
        pthread_mutex_lock(&s->lock);
        is_closing = s->is_closing;
        has_pending = s->pending;
        pthread_mutex_unlock(&s->lock);
    }
    farewell(s);
    return NULL;
}

/* ---- for page_server.c */

static void log_take(void *arg, const char *fmt, va_list list)
    __attribute__((format(printf, 2, 0)));
static void log_take(void *arg, const char *fmt, va_list list)
{
    struct page_server *s = arg;
    if (s->daemon)
        return; /* of clients that broke off, and the like */
    vsnprintf(s->reason, sizeof s->reason, fmt, list);
    s->reason[strcspn(s->reason, "\n")] = '\0';
}

enum err page_http_start(struct page_server *s, struct why *why)
{
    struct buf cert = {0}, key = {0};
    unsigned flags =
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG;
    enum err err = OK;
    if (s->door.is_tls) {
        flags |= MHD_USE_TLS;
        err = MHD_is_feature_supported(MHD_FEATURE_TLS) == MHD_YES
                  ? page_tls_read(&cert, &key, &s->config, why)
                  : why_set(why, ERR_INPUT,
                            "--tls-cert: the libmicrohttpd of this system has no TLS");
    }
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, cert.at},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, key.at},
        /* NOLINTNEXTLINE(performance-no-int-to-ptr): read only, but the type knows no const */
        {MHD_OPTION_HTTPS_PRIORITIES, 0,
         (void *)(intptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
    if (err == OK) {
        s->daemon = MHD_start_daemon(
            flags, 0, NULL, NULL, handle, s, MHD_OPTION_EXTERNAL_LOGGER, log_take, s,
            MHD_OPTION_URI_LOG_CALLBACK, request_begin, s, MHD_OPTION_NOTIFY_COMPLETED,
            request_completed, s, MHD_OPTION_NOTIFY_CONNECTION, connection_changed, s,
            MHD_OPTION_CONNECTION_LIMIT, s->clients_max + PAGE_SPARE,
            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)PAGE_CONNECTION_BYTES, MHD_OPTION_ARRAY,
            s->door.is_tls ? tls : plain, MHD_OPTION_END);
        if (!s->daemon)
            err =
                why_set(why, s->door.is_tls ? ERR_INPUT : ERR_IO, "%s: %s",
                        s->door.is_tls ? "--tls-cert, --tls-key: certificate and key cannot be used"
                                       : "--listen: the HTTP server cannot start",
                        *s->reason ? s->reason : "no memory");
    }
    buf_clear(&cert);
    buf_wipe(&key);
    return err;
}

void page_http_stop(struct page_server *s)
{
    if (s->daemon)
        MHD_stop_daemon(s->daemon);
    assert(!s->clients && s->answers_bytes == 0);
}
