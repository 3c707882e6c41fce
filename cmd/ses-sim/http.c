/*
 * Duty: the front door: HTTP/1.1 and TLS by libmicrohttpd, in a pool of threads. It takes requests
 * off the wire undecoded, has them served, and lets answers leave whole, cut, late or not at all.
 * Invariant: a visit lives from its request line to MHD's completion call; it is served once.
 */
#include "delay.h"
#include "sim.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define THREADS       4   /* keeps two cores busy while one thread waits for the lock */
#define IDLE_S        120 /* keep-alive, longer than any client's own */
#define HEADERS_BYTES (128u << 10)
#define URL_LEN       64

struct front {
    struct sim *sim;
    struct MHD_Daemon *daemon;
    struct delay *delay;
    atomic_uint_fast64_t connections; /* so far */
    char url[URL_LEN];
};

struct visit {
    struct exchange x;
    struct buf body;
    struct MHD_Connection *connection;
    bool is_begun, is_served;
};

/* Connections: each has its number for a context. */

static void connection_number(void *arg, struct MHD_Connection *connection, void **context,
                              enum MHD_ConnectionNotificationCode code)
{
    struct front *f = arg;
    (void)connection;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        *context = (void *)(uintptr_t)++f->connections; /* NOLINT(performance-no-int-to-ptr) */
}

static uint64_t connection_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? (uintptr_t)info->socket_context : 0;
}

/* Requests */

/* The request line: the only place where MHD shows the target as it came. */
static void *visit_begin(void *arg, const char *uri, struct MHD_Connection *connection)
{
    struct visit *v = calloc(1, sizeof *v);
    (void)arg;
    if (!v)
        return NULL;
    exchange_init(&v->x);
    buf_init(&v->body, SIM_BODY_MAX);
    v->connection = connection;
    struct text target = arena_text(&v->x.arena, text_of(uri));
    v->x.query = target;
    v->x.path = text_cut(&v->x.query, '?');
    return v;
}

static void visit_end(void *arg, struct MHD_Connection *connection, void **state,
                      enum MHD_RequestTerminationCode code)
{
    struct visit *v = *state;
    (void)arg;
    (void)connection;
    (void)code;
    if (v) {
        buf_clear(&v->body);
        exchange_clear(&v->x);
        free(v);
    }
    *state = NULL;
}

static enum MHD_Result header_take(void *arg, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct exchange *x = arg;
    (void)kind;
    if (x->headers_len == SIM_HEADERS_MAX)
        return MHD_NO;
    x->headers[x->headers_len++] = (struct header){text_of(name), text_of(value)};
    return MHD_YES;
}

/* Answers */

/* The first half of the body, then the connection is closed on the client. */
static ssize_t half_read(void *arg, uint64_t position, char *out, size_t max)
{
    const struct exchange *x = arg;
    size_t half = x->out.len / 2;
    if (position >= half)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t len = half - (size_t)position;
    len = len < max ? len : max;
    memcpy(out, x->out.at + position, len);
    return (ssize_t)len;
}

static struct MHD_Response *response_make(struct exchange *x)
{
    if (x->leaving == LEAVES_CUT)
        return MHD_create_response_from_callback(x->out.len, 4096, half_read, x, NULL);
    return MHD_create_response_from_buffer(x->out.len, x->out.at, MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result answer(const struct front *f, struct visit *v)
{
    struct exchange *x = &v->x;
    struct MHD_Response *response = response_make(x);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, x->content_type);
    bool is_amazon = x->protocol != PROTOCOL_CLOUDFLARE;
    MHD_add_response_header(response, is_amazon ? "x-amzn-RequestId" : "cf-ray", x->request_id);
    if (x->is_error && x->protocol == PROTOCOL_V2)
        MHD_add_response_header(response, "x-amzn-ErrorType", x->outcome);
    if (x->retry_after_s) {
        char seconds[16];
        snprintf(seconds, sizeof seconds, "%u", x->retry_after_s);
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    }
    char date[64];
    struct tm tm;
    time_t now = (time_t)(clock_real(&f->sim->clock) / SPAN_S(1));
    gmtime_r(&now, &tm);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    MHD_add_response_header(response, MHD_HTTP_HEADER_DATE, date);
    enum MHD_Result result = MHD_queue_response(v->connection, x->status, response);
    MHD_destroy_response(response);
    return result;
}

/* Disconnecting a TCP socket from its peer sends a reset at once (connect(2), AF_UNSPEC), which
 * closing it in MHD's own time would not. */
static enum MHD_Result reset(struct visit *v)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(v->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    if (info)
        (void)!connect(info->connect_fd, &nobody, sizeof nobody);
    return MHD_NO;
}

/* Serving */

static void visit_hold(void *item)
{
    MHD_suspend_connection(((struct visit *)item)->connection);
}

static void visit_release(void *item)
{
    MHD_resume_connection(((struct visit *)item)->connection);
}

static enum MHD_Result leave(struct front *f, struct visit *v)
{
    return v->x.leaving == LEAVES_RESET ? reset(v) : answer(f, v);
}

static enum MHD_Result serve(struct front *f, struct visit *v, const char *method)
{
    v->x.method = text_of(method);
    v->x.body = buf_text(&v->body);
    v->x.connection = connection_of(v->connection);
    MHD_get_connection_values(v->connection, MHD_HEADER_KIND, header_take, &v->x);
    if (v->body.failed)
        exchange_fail(&v->x, 413, "RequestEntityTooLarge", "The body is too large.");
    else
        sim_serve(f->sim, &v->x);
    v->is_served = true;
    if (v->x.delay_ms && f->delay && delay_hold(f->delay, v, v->x.delay_ms, visit_hold))
        return MHD_YES;
    return leave(f, v);
}

/* MHD calls it for the headers, for each piece of the body, at the end of the body, and once more
 * after a suspended connection was resumed. */
static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_len, void **state)
{
    struct front *f = arg;
    struct visit *v = *state;
    (void)connection;
    (void)url;
    (void)version;
    if (!v || v->x.path.len == 0)
        return MHD_NO;
    if (!v->is_begun) {
        v->is_begun = true;
        return MHD_YES;
    }
    if (*upload_len) {
        buf_add(&v->body, upload, *upload_len);
        *upload_len = 0;
        return MHD_YES;
    }
    return v->is_served ? leave(f, v) : serve(f, v, method);
}

/* Listening */

enum err front_open(struct front **out, struct sim *s, const struct front_options *options,
                    struct why *why)
{
    struct sockaddr_storage address;
    char host[ADDRESS_HOST_LEN];
    if (!address_parse(options->listen, &address, host))
        return why_set(why, ERR_INPUT, "--listen: '%s' is not ADDRESS:PORT", options->listen);
    if (!address_is_loopback(&address))
        return why_set(why, ERR_INPUT, "--listen: %s is not a loopback address", host);
    struct front *f = calloc(1, sizeof *f);
    if (!f)
        return why_set(why, ERR_NOMEM, "no memory for the HTTP server");
    f->sim = s;
    f->delay = s->faults.delay_ms ? delay_open(visit_release) : NULL;
    /* Not epoll: libmicrohttpd 0.9.75 then takes a processor while a TLS handshake waits for the
     * client. */
    unsigned flags =
        MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK;
    if (options->certificate)
        flags |= MHD_USE_TLS;
    if (address.ss_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    struct MHD_OptionItem tls[] = {
        /* NOLINTBEGIN(performance-no-int-to-ptr): they are read only, but the type knows no const
         */
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(intptr_t)options->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(intptr_t)options->key},
        /* NOLINTEND(performance-no-int-to-ptr) */
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
    f->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, handle, f, MHD_OPTION_SOCK_ADDR, (const void *)&address,
        MHD_OPTION_NOTIFY_CONNECTION, connection_number, f, MHD_OPTION_URI_LOG_CALLBACK,
        visit_begin, NULL, MHD_OPTION_NOTIFY_COMPLETED, visit_end, NULL,
        MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_S, MHD_OPTION_CONNECTION_LIMIT, (unsigned)SIM_CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS_BYTES, MHD_OPTION_ARRAY,
        options->certificate ? tls : plain, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        f->daemon ? MHD_get_daemon_info(f->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    if (!info || (s->faults.delay_ms && !f->delay)) {
        front_close(f);
        return why_set(why, ERR_IO, "cannot listen on %s", options->listen);
    }
    bool six = address.ss_family == AF_INET6;
    snprintf(f->url, sizeof f->url, "%s://%s%s%s:%u", options->certificate ? "https" : "http",
             six ? "[" : "", host, six ? "]" : "", info->port);
    *out = f;
    return OK;
}

/* Held answers are released before MHD stops, for it waits for every suspended connection. */
void front_close(struct front *f)
{
    if (!f)
        return;
    delay_close(f->delay);
    f->delay = NULL;
    if (f->daemon)
        MHD_stop_daemon(f->daemon);
    free(f);
}

const char *front_url(const struct front *f)
{
    return f->url;
}
