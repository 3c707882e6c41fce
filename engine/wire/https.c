/*
 * One request out, one answer or one reason back.
 *
 * Invariant: the server sees a request at most once. libcurl 7.88 repeats a request of any method
 * when a kept-alive connection dies before the first byte of the answer. libcurl calls
 * PREREQFUNCTION before each sending, so the callback counts attempts and stops the second. The
 * count also separates the two kinds of failure: at zero, no byte of the request has left. There,
 * and nowhere earlier, a request is refused whose time is over: the connection may have taken long.
 *
 * One function sets every option before each transfer, because curl_easy_reset forgets all options.
 */
#include "https.h"

#include "base/bounds.h"
#include "echo.h"
#include "sockets.h"

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
    CURL *easy; /* made at first use, kept with the connection caches */
    struct call *call;
    struct aws_request request;
    const char *ca_bundle; /* NULL: the system's */
    struct curl_slist *headers;
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
    https_done *done;
    void *context;
    struct transfer *idle;
    struct sockets sockets;
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
    if (t->easy)
        curl_easy_reset(t->easy);
    /* The list's copies of the headers hold the session token and the signature. */
    for (struct curl_slist *item = t->headers; item; item = item->next)
        explicit_bzero(item->data, strlen(item->data));
    curl_slist_free_all(t->headers);
    t->headers = NULL;
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
    (void)purpose;
    return sockets_open(data, a->family, a->socktype, a->protocol);
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

/* Confines the request to the signed URL. */
static bool options_route(CURL *easy, const struct https *h, const struct transfer *t)
{
    bool ok = true;
    bool plain = text_starts(buf_text(&t->request.url), TEXT("http:"));
    SET(easy, CURLOPT_URL, t->request.url.at);
    SET(easy, CURLOPT_PATH_AS_IS, 1L);
    /* endpoint_admits keeps real keys off plain http to other hosts, near_url_parse allows loopback
     * and AWS's metadata addresses alone; no proxy sees either */
    SET(easy, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
    SET(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
    SET(easy, CURLOPT_UNRESTRICTED_AUTH, 0L);
    SET(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(easy, CURLOPT_PROXY, plain || t->terms.is_direct ? "" : h->config.proxy);
    SET(easy, CURLOPT_NOPROXY, h->no_proxy.at);
    SET(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    return ok;
}

static bool options_connection(CURL *easy, struct https *h)
{
    bool ok = true;
    SET(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket_open);
    SET(easy, CURLOPT_OPENSOCKETDATA, &h->sockets);
    SET(easy, CURLOPT_CLOSESOCKETFUNCTION, on_socket_close);
    SET(easy, CURLOPT_CLOSESOCKETDATA, &h->sockets);
    SET(easy, CURLOPT_FRESH_CONNECT, (long)sockets_any_is_dead(&h->sockets));
    SET(easy, CURLOPT_MAXAGE_CONN, IDLE_CONNECTION_S_MAX);
    return ok;
}

static bool options_limits(CURL *easy, const struct http_terms *terms)
{
    bool ok = true;
    long timeout_ms = (long)(terms->timeout_us / 1000);
    SET(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    SET(easy, CURLOPT_CONNECTTIMEOUT_MS,
        timeout_ms < CONNECT_TIMEOUT_MS_MAX ? timeout_ms : CONNECT_TIMEOUT_MS_MAX);
    SET(easy, CURLOPT_LOW_SPEED_LIMIT, LOW_SPEED_BYTES);
    SET(easy, CURLOPT_LOW_SPEED_TIME, LOW_SPEED_S);
    if (!terms->wants_status) /* it would end the transfer within the header */
        SET(easy, CURLOPT_MAXFILESIZE, (long)terms->body_max);
    return ok;
}

static bool options_request(CURL *easy, const struct transfer *t)
{
    bool ok = true;
    SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    if (strcmp(t->request.method, "GET") == 0) {
        SET(easy, CURLOPT_HTTPGET, 1L);
    } else {
        SET(easy, CURLOPT_POST, 1L);
        SET(easy, CURLOPT_POSTFIELDS, t->request.body.len ? t->request.body.at : "");
        SET(easy, CURLOPT_POSTFIELDSIZE, (long)t->request.body.len);
        SET(easy, CURLOPT_CUSTOMREQUEST, t->request.method);
    }
    SET(easy, CURLOPT_HTTPHEADER, t->headers);
    return ok;
}

static bool options_callbacks(CURL *easy, struct transfer *t)
{
    bool ok = true;
    t->error[0] = '\0';
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

static bool headers_make(struct transfer *t)
{
    const struct aws_request *r = &t->request;
    for (uint32_t i = 0; i <= r->headers_len; i++) {
        /* the last one: no "Expect: 100-continue": saves a round trip and a special case */
        const char *line = i < r->headers_len ? r->headers[i].at : "Expect:";
        struct curl_slist *longer = curl_slist_append(t->headers, line);
        if (!longer)
            return false;
        t->headers = longer;
    }
    return true;
}

static bool transfer_prepare(struct https *h, struct transfer *t)
{
    if (!t->easy)
        t->easy = curl_easy_init();
    if (!t->easy || !headers_make(t))
        return false;
    curl_easy_reset(t->easy);
    return options_tls(t->easy, t->ca_bundle) && options_route(t->easy, h, t) &&
           options_connection(t->easy, h) && options_limits(t->easy, &t->terms) &&
           options_request(t->easy, t) && options_callbacks(t->easy, t) &&
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
