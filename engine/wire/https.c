/*
 * One request out, one answer or one reason back.
 *
 * Invariant: the server sees a request at most once. libcurl 7.88 repeats a request of any method
 * when a kept-alive connection dies before the first byte of the answer. libcurl calls
 * PREREQFUNCTION before each sending, so the callback counts attempts and stops the second. The
 * count also separates the two kinds of failure: at zero, no byte of the request has left. There,
 * and nowhere earlier, a request is refused whose time is over: the connection may have taken long.
 *
 * A handle of libcurl keeps its options from one transfer to the next: options_always() sets what
 * is the same for all transfers, and options_of_request() before each one everything that may
 * differ, also where it is as by default. Neither sets an option of the other's. Only another CA
 * bundle makes a handle begin anew, because the system's is a default that no option gives back.
 */
#include "https.h"

#include "base/bounds.h"
#include "base/hash.h"
#include "echo.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#define BODY_TOO_LARGE         "the answer is larger than any real one"
#define CONNECT_TIMEOUT_MS_MAX 10000 /* of a request's time; nobody's handshake takes longer */
#define IDLE_CONNECTION_S_MAX  15L   /* well under the keep-alive of servers and NAT boxes */
#define LOW_SPEED_BYTES        16L   /* per second: less than this for the time below is a stall */
#define LOW_SPEED_S            20L
#define BODY_KEPT_MAX          (64u << 10) /* memory a resting transfer may hold */
#define POLL_FDS_MAX           1024
#define NO_PROXY_LEN_MAX       (64u << 10)

/* Hosts never reached by a proxy: this machine and the metadata services with credentials. */
#define NO_PROXY_ALWAYS                                                                            \
    "localhost,127.0.0.0/8,::1,169.254.169.254,169.254.170.2,169.254.170.23,fd00:ec2::254,"        \
    "fd00:ec2::23"

struct transfer {
    struct transfer *next_idle;
    struct https *of;
    CURL *easy;         /* made at first use; keeps its options */
    const char *trusts; /* the CA bundle among them; NULL: the system's */
    bool is_ready;      /* the options are set */
    struct call *call;
    struct aws_request request;
    uint64_t host;                                /* a number of the URL's host */
    const char *ca_bundle;                        /* NULL: the system's */
    struct curl_slist lines[AWS_HEADERS_MAX + 1]; /* the headers of the request, and "Expect:" */
    struct buf body;
    size_t header_bytes;
    bool has_header; /* the whole one, after those of 1xx */
    struct http_terms terms;
    unsigned attempts;   /* how often the request was about to go out */
    const char *refused; /* our reason for breaking off; NULL: not broken off */
    char error[CURL_ERROR_SIZE];
};

struct https {
    CURLM *multi;
    struct https_config config;
    struct buf no_proxy;
    char no_expect[sizeof "Expect:"]; /* a header that libcurl shall not send */
    https_done *done;
    void *context;
    struct transfer *idle;
    struct sockets sockets;
    bool has_looked, is_any_dead; /* at the sockets, since https_work() */
    struct curl_waitfd waits[POLL_FDS_MAX];
    struct transfer transfers[HTTPS_TRANSFERS_MAX];
};

enum err https_library_open(struct why *why)
{
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    return code ? why_set(why, ERR_IO, "libcurl: %s", curl_easy_strerror(code)) : OK;
}

void https_library_close(void)
{
    curl_global_cleanup();
}

/* In curl's order: the lower-case name first, then the upper-case name; the general proxy last. */
static const char *environment(const char *const names[])
{
    for (; *names; names++) {
        const char *value = getenv(*names);
        if (value && *value)
            return value;
    }
    return "";
}

void https_proxy_take(struct https_config *config)
{
    static const char *const proxy[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                                        NULL};
    static const char *const no_proxy[] = {"no_proxy", "NO_PROXY", NULL};
    config->proxy = environment(proxy);
    config->no_proxy = environment(no_proxy);
}

enum err https_open(struct https **out, const struct https_config *config, https_done *done,
                    void *context, struct why *why)
{
    struct https *h = calloc(1, sizeof *h);
    if (!h)
        return why_set(why, ERR_NOMEM, "out of memory");
    h->config = *config;
    memcpy(h->no_expect, "Expect:", sizeof h->no_expect);
    h->sockets.timeout_ms = (unsigned)(config->timeout_us / 1000);
    h->done = done;
    h->context = context;
    unsigned transfers = config->transfers ? config->transfers : HTTPS_TRANSFERS_MAX;
    assert(transfers <= HTTPS_TRANSFERS_MAX);
    for (uint32_t i = 0; i < HTTPS_TRANSFERS_MAX; i++) {
        struct transfer *t = &h->transfers[i];
        t->of = h;
        buf_init(&t->body, HTTP_BODY_MAX);
        aws_request_init(&t->request);
        if (i >= transfers)
            continue;
        t->next_idle = h->idle;
        h->idle = t;
    }
    /* Our hosts are added to the environment's no_proxy list, unless the list is "*": libcurl knows
     * "*" only alone. */
    buf_init(&h->no_proxy, NO_PROXY_LEN_MAX);
    buf_add_str(&h->no_proxy, h->config.no_proxy);
    if (strcmp(h->config.no_proxy, "*") != 0) {
        buf_add_str(&h->no_proxy, h->no_proxy.len ? "," NO_PROXY_ALWAYS : NO_PROXY_ALWAYS);
    }
    h->multi = curl_multi_init();
    if (!h->multi || h->no_proxy.failed) {
        https_close(h);
        return why_set(why, ERR_NOMEM, "out of memory");
    }
    curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    /* libcurl closes an idle connection for a needed one, so a started request never waits here.
     */
    curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)transfers);
    curl_multi_setopt(h->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)transfers);
    *out = h;
    return OK;
}

static void transfer_clear(struct transfer *t)
{
    aws_request_clear(&t->request);
    if (t->body.len)
        explicit_bzero(t->body.at, t->body.len); /* the body may hold keys */
    if (t->body.cap > BODY_KEPT_MAX)
        buf_clear(&t->body);
    buf_reset(&t->body);
    t->call = NULL;
}

void https_close(struct https *h)
{
    if (!h)
        return;
    for (uint32_t i = 0; i < HTTPS_TRANSFERS_MAX; i++) {
        struct transfer *t = &h->transfers[i];
        if (t->call)
            curl_multi_remove_handle(h->multi, t->easy);
        transfer_clear(t);
        curl_easy_cleanup(t->easy);
        buf_clear(&t->body);
    }
    if (h->multi)
        curl_multi_cleanup(h->multi);
    buf_clear(&h->no_proxy);
    free(h);
}

struct connections_seen https_connections(const struct https *h)
{
    return h->sockets.seen;
}

bool https_has_room(const struct https *h)
{
    return h->idle != NULL;
}

unsigned https_transfers(const struct https *h)
{
    return h->config.transfers ? h->config.transfers : HTTPS_TRANSFERS_MAX;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *data)
{
    struct transfer *t = data;
    size_t len = size * count;
    if (len > t->terms.body_max - t->body.len) {
        t->refused = BODY_TOO_LARGE;
        return 0;
    }
    buf_add(&t->body, bytes, len);
    if (t->body.failed) {
        t->refused = "out of memory";
        return 0;
    }
    return len;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *data)
{
    struct transfer *t = data;
    bool is_end = size * count <= 2; /* the empty line */
    t->has_header = is_end || (t->has_header && *bytes != 'H');
    t->header_bytes += size * count;
    if (t->header_bytes > HTTP_HEADER_MAX) {
        t->refused = "the header of the answer is too large";
        return 0;
    }
    return size * count;
}

static int on_request(void *data, char *ip, char *local_ip, int port, int local_port)
{
    struct transfer *t = data;
    (void)ip, (void)local_ip, (void)port, (void)local_port;
    if (t->attempts == 0 && t->of->config.refuse)
        t->refused = t->of->config.refuse(t->of->context, t->call);
    if (t->refused)
        return CURL_PREREQFUNC_ABORT;
    if (++t->attempts == 1)
        return CURL_PREREQFUNC_OK;
    t->refused = "the connection was closed before an answer came";
    return CURL_PREREQFUNC_ABORT;
}

static curl_socket_t on_socket_open(void *data, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct transfer *t = data;
    (void)purpose;
    return sockets_open(&t->of->sockets, t->host, a->family, a->socktype, a->protocol);
}

static int on_socket_close(void *data, curl_socket_t fd)
{
    return sockets_close(data, fd);
}

/* An option unknown to this libcurl would be a security hole, so setting one must succeed. */
static bool is_set(CURLcode code)
{
    assert(code == CURLE_OK || code == CURLE_OUT_OF_MEMORY);
    return code == CURLE_OK;
}

#define SET(easy, option, value) (ok &= is_set(curl_easy_setopt((easy), (option), (value))))

static bool options_tls(CURL *easy, const char *ca_bundle)
{
    bool ok = true;
    SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(easy, CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
    SET(easy, CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
    if (ca_bundle) {
        SET(easy, CURLOPT_CAINFO, ca_bundle);
        SET(easy, CURLOPT_CAPATH, NULL); /* only this bundle, without the system's */
        SET(easy, CURLOPT_PROXY_CAINFO, ca_bundle);
        SET(easy, CURLOPT_PROXY_CAPATH, NULL);
    }
    return ok;
}

/* Confines each request to the signed URL. */
static bool options_route(CURL *easy, const struct https *h)
{
    bool ok = true;
    SET(easy, CURLOPT_PATH_AS_IS, 1L);
    SET(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
    SET(easy, CURLOPT_UNRESTRICTED_AUTH, 0L);
    SET(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(easy, CURLOPT_NOPROXY, h->no_proxy.at);
    SET(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    return ok;
}

static bool options_connection(CURL *easy, struct transfer *t)
{
    bool ok = true;
    SET(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket_open);
    SET(easy, CURLOPT_OPENSOCKETDATA, t);
    SET(easy, CURLOPT_CLOSESOCKETFUNCTION, on_socket_close);
    SET(easy, CURLOPT_CLOSESOCKETDATA, &t->of->sockets);
    SET(easy, CURLOPT_MAXAGE_CONN, IDLE_CONNECTION_S_MAX);
    SET(easy, CURLOPT_LOW_SPEED_LIMIT, LOW_SPEED_BYTES);
    SET(easy, CURLOPT_LOW_SPEED_TIME, LOW_SPEED_S);
    return ok;
}

static bool options_callbacks(CURL *easy, struct transfer *t)
{
    bool ok = true;
    SET(easy, CURLOPT_NOSIGNAL, 1L);
    SET(easy, CURLOPT_QUICK_EXIT, 1L); /* otherwise an unresolvable name delays the exit */
    SET(easy, CURLOPT_PRIVATE, t);
    SET(easy, CURLOPT_ERRORBUFFER, t->error);
    SET(easy, CURLOPT_WRITEFUNCTION, on_body);
    SET(easy, CURLOPT_WRITEDATA, t);
    SET(easy, CURLOPT_HEADERFUNCTION, on_header);
    SET(easy, CURLOPT_HEADERDATA, t);
    SET(easy, CURLOPT_PREREQFUNCTION, on_request);
    SET(easy, CURLOPT_PREREQDATA, t);
    return ok;
}

static bool options_always(CURL *easy, struct https *h, struct transfer *t)
{
    return options_tls(easy, t->ca_bundle) && options_route(easy, h) &&
           options_connection(easy, t) && options_callbacks(easy, t);
}

/* One look at the sockets serves all requests of a turn, which leave together. */
static bool is_any_dead(struct https *h)
{
    if (!h->has_looked)
        h->is_any_dead = sockets_any_is_dead(&h->sockets);
    h->has_looked = true;
    return h->is_any_dead;
}

static bool options_way(CURL *easy, struct https *h, const struct transfer *t)
{
    bool ok = true;
    bool plain = text_starts(buf_text(&t->request.url), TEXT("http:"));
    SET(easy, CURLOPT_URL, t->request.url.at);
    /* endpoint_admits keeps real keys off plain http to other hosts, near_url_parse allows loopback
     * and AWS's metadata addresses alone; no proxy sees either */
    SET(easy, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
    SET(easy, CURLOPT_PROXY, plain || t->terms.is_direct ? "" : h->config.proxy);
    SET(easy, CURLOPT_FRESH_CONNECT, (long)is_any_dead(h));
    return ok;
}

static bool options_limits(CURL *easy, const struct http_terms *terms)
{
    bool ok = true;
    long timeout_ms = (long)(terms->timeout_us / 1000);
    SET(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    SET(easy, CURLOPT_CONNECTTIMEOUT_MS,
        timeout_ms < CONNECT_TIMEOUT_MS_MAX ? timeout_ms : CONNECT_TIMEOUT_MS_MAX);
    /* It would end a transfer within the header. */
    SET(easy, CURLOPT_MAXFILESIZE, terms->wants_status ? 0L : (long)terms->body_max);
    return ok;
}

static bool options_message(CURL *easy, struct transfer *t)
{
    bool ok = true;
    const struct aws_request *r = &t->request;
    if (strcmp(r->method, "GET") == 0) {
        SET(easy, CURLOPT_HTTPGET, 1L);
        SET(easy, CURLOPT_CUSTOMREQUEST, NULL);
    } else {
        SET(easy, CURLOPT_POST, 1L);
        SET(easy, CURLOPT_POSTFIELDS, r->body.len ? r->body.at : "");
        SET(easy, CURLOPT_POSTFIELDSIZE, (long)r->body.len);
        SET(easy, CURLOPT_CUSTOMREQUEST, r->method);
    }
    /* No "Expect: 100-continue": saves a round trip and a special case. */
    for (uint32_t i = 0; i < r->headers_len; i++)
        t->lines[i] = (struct curl_slist){r->headers[i].at, &t->lines[i + 1]};
    t->lines[r->headers_len] = (struct curl_slist){t->of->no_expect, NULL};
    SET(easy, CURLOPT_HTTPHEADER, t->lines);
    return ok;
}

static bool options_of_request(CURL *easy, struct https *h, struct transfer *t)
{
    return options_way(easy, h, t) && options_limits(easy, &t->terms) && options_message(easy, t);
}

static bool easy_ready(struct https *h, struct transfer *t)
{
    if (t->is_ready && t->trusts == t->ca_bundle)
        return true;
    if (!t->easy)
        t->easy = curl_easy_init();
    if (!t->easy)
        return false;
    curl_easy_reset(t->easy);
    t->trusts = t->ca_bundle;
    t->is_ready = options_always(t->easy, h, t);
    return t->is_ready;
}

static bool transfer_prepare(struct https *h, struct transfer *t)
{
    t->error[0] = '\0';
    return easy_ready(h, t) && options_of_request(t->easy, h, t) &&
           curl_multi_add_handle(h->multi, t->easy) == CURLM_OK;
}

/* Gives the answer back and the transfer to the idle ones. The handle is out of the multi. */
static void transfer_end(struct https *h, struct transfer *t, const struct https_answer *answer)
{
    h->done(h->context, t->call, answer);
    transfer_clear(t);
    t->next_idle = h->idle;
    h->idle = t;
}

/* "https://email.us-east-1.amazonaws.com" of a URL, as a number. */
static uint64_t host_of(struct text url)
{
    size_t authority = text_find_text(url, TEXT("://")) + 3;
    size_t len = authority < url.len ? text_find(text_from(url, authority), '/') : 0;
    return hash_bytes(url.at, text_slice(url, 0, authority + len).len);
}

void https_start(struct https *h, struct call *call, struct aws_request *request,
                 const char *ca_bundle, const struct http_terms *terms)
{
    struct transfer *t = h->idle;
    assert(t);
    t->terms =
        terms ? *terms
              : (struct http_terms){.timeout_us = h->config.timeout_us, .body_max = HTTP_BODY_MAX};
    h->idle = t->next_idle;
    t->call = call;
    t->attempts = 0;
    t->header_bytes = 0;
    t->has_header = false;
    t->refused = NULL;
    t->ca_bundle = ca_bundle ? ca_bundle : h->config.ca_bundle;
    t->request = *request;
    t->host = host_of(buf_text(&t->request.url));
    aws_request_init(request);
    if (!transfer_prepare(h, t))
        transfer_end(h, t,
                     &(struct https_answer){.how = REPLY_NOT_SENT, .trouble = "out of memory"});
}

static struct text header(CURL *easy, const char *name)
{
    struct curl_header *found;
    CURLHcode code = curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &found);
    return code == CURLHE_OK ? text_trim(text_of(found->value)) : TEXT_NONE;
}

/* The sentence for both bounds on a body: ours, and libcurl's. */
static const char *trouble_of(const struct transfer *t, CURLcode code)
{
    if (t->refused)
        return t->refused;
    if (code == CURLE_FILESIZE_EXCEEDED)
        return BODY_TOO_LARGE;
    return *t->error ? t->error : curl_easy_strerror(code);
}

/* A status that is final. */
static bool has_header(const struct transfer *t)
{
    long status = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 && t->has_header;
}

void https_work(struct https *h)
{
    int running, left;
    h->has_looked = false;
    curl_multi_perform(h->multi, &running);
    for (CURLMsg *m; (m = curl_multi_info_read(h->multi, &left)) != NULL;) {
        struct transfer *t = NULL;
        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
        CURLcode code = m->data.result;
        struct https_answer answer = {.how = REPLY_HTTP};
        if (code != CURLE_OK && t->terms.wants_status && has_header(t)) {
            buf_reset(&t->body);
            code = CURLE_OK;
        }
        if (code == CURLE_OK && !echo_hide(&t->body, &t->request, h->config.secrets)) {
            t->refused = "out of memory";
            code = CURLE_OUT_OF_MEMORY;
        }
        if (code == CURLE_OK) {
            long status = 0;
            curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
            answer.reply = (struct aws_reply){
                .http_status = (int)status,
                .content_type = header(t->easy, "content-type"),
                .error_type = header(t->easy, "x-amzn-errortype"),
                .request_id = header(t->easy, "x-amzn-requestid"),
                .retry_after = header(t->easy, "x-amz-retry-after"),
                .retry_after_s = header(t->easy, "retry-after"),
                .trace_id = header(t->easy, "cf-ray"),
                .date = header(t->easy, "date"),
                .age = header(t->easy, "age"),
                .body = buf_text(&t->body),
            };
        } else {
            answer.how = t->attempts ? REPLY_LOST : REPLY_NOT_SENT;
            answer.code = (int)code;
            answer.trouble = trouble_of(t, code);
        }
        curl_multi_remove_handle(h->multi, t->easy);
        transfer_end(h, t, &answer);
    }
}

void https_poll(struct https *h, struct pollfd *fds, uint32_t fds_len, int timeout_ms)
{
    assert(fds_len <= POLL_FDS_MAX);
    for (uint32_t i = 0; i < fds_len; i++) {
        short events = (short)((fds[i].events & POLLIN ? CURL_WAIT_POLLIN : 0) |
                               (fds[i].events & POLLOUT ? CURL_WAIT_POLLOUT : 0));
        h->waits[i] = (struct curl_waitfd){.fd = fds[i].fd, .events = events};
    }
    int ready;
    curl_multi_poll(h->multi, h->waits, fds_len, timeout_ms, &ready);
    for (uint32_t i = 0; i < fds_len; i++)
        fds[i].revents = (short)((h->waits[i].revents & CURL_WAIT_POLLIN ? POLLIN : 0) |
                                 (h->waits[i].revents & CURL_WAIT_POLLOUT ? POLLOUT : 0));
}

void https_wake(struct https *h)
{
    curl_multi_wakeup(h->multi);
}
