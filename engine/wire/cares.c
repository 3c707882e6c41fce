/*
 * One channel of c-ares (1.18 to 1.34); the only user of the library. Invariant: a channel has one
 * server and one try, so c-ares has nothing to choose: no order of servers, no failover, no probes,
 * no repetition.
 *
 * Switched off or mended here:
 * - NOCHECKRESP: SERVFAIL and REFUSED are answers; by default they read as other errors.
 * - The query cache (on by default since 1.31) would keep "no such name" as long as the zone says.
 *   A build with the headers of an older version cannot turn the cache off, so such a program does
 *   not run with a newer library: a system that was upgraded has one.
 * - Spelling of names at random (DNS0x20) is off, as are the hosts file, search lists and rotation.
 * - A cut answer (TC) from a server that takes no TCP reads as "connection refused". A TCP socket
 *   opened since the question tells the two cases apart.
 * - Only raw answers are used: c-ares's parsers give no TTL and no SOA. Since 1.28 c-ares parses
 *   every message and refuses some; accepted messages are written out again for our parser.
 */
#include "cares.h"

#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define EDNS_SIZE 1232 /* fits every path unfragmented (DNS flag day 2020) */
#define CLASS_IN  1
#define ARES_1_28 0x011c00 /* the first with ares_query_dnsrec */
#define ARES_1_31 0x011f00 /* the first with a query cache */
#define ARES_1_34 0x012200 /* the first with socket functions that name their flags */

#define HAS_DNSREC       (ARES_VERSION >= ARES_1_28)
#define HAS_FUNCTIONS_EX (ARES_VERSION >= ARES_1_34)

struct cares {
    ares_channel ares;
    struct cares_config config;
    int udp;                       /* the last UDP socket; with datagrams */
    struct cares_question *asking; /* the one that is handed to c-ares just now, or NULL */
    uint32_t tcp_opened;           /* TCP sockets so far */
};

static enum err trouble(struct why *why, int status)
{
    enum err err = status == ARES_ENOMEM ? ERR_NOMEM : ERR_IO;
    return err == ERR_NOMEM ? why_set(why, err, "out of memory")
                            : why_set(why, err, "c-ares: %s", ares_strerror(status));
}

enum err cares_library_open(struct why *why)
{
    int loaded;
    const char *version = ares_version(&loaded);
    if (ARES_VERSION < ARES_1_31 && loaded >= ARES_1_31)
        return why_set(why, ERR_IO,
                       "c-ares %s remembers answers, and this program was built with %s, which has "
                       "no way to turn that off: install the package of this release, or build "
                       "the program anew",
                       version, ARES_VERSION_STR);
    int status = ares_library_init(ARES_LIB_INIT_ALL);
    return status ? trouble(why, status) : OK;
}

void cares_library_close(void)
{
    ares_library_cleanup();
}

/* c-ares reports a socket and the awaited events; a closed socket waits for none. */
static void on_socket_state(void *data, ares_socket_t fd, int readable, int writable)
{
    const struct cares_config *config = &((struct cares *)data)->config;
    config->on_socket(config->context, fd,
                      (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0)));
}

static int on_socket_made(ares_socket_t fd, int type, void *data)
{
    struct cares *c = data;
    (void)fd;
    c->tcp_opened += type == SOCK_STREAM;
    return ARES_SUCCESS;
}

/* System calls for many datagrams */

static ares_socket_t socket_make(int family, int type, int protocol, void *data)
{
    struct cares *c = data;
    const int on = 1;
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (fd >= 0 && type == SOCK_STREAM)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    else if (fd >= 0)
        c->udp = fd;
    return fd;
}

static int socket_end(ares_socket_t fd, void *data)
{
    struct cares *c = data;
    datagrams_forget(c->config.datagrams, fd);
    if (fd == c->udp)
        c->udp = -1;
    return close(fd);
}

static ares_ssize_t socket_read(ares_socket_t fd, void *bytes, size_t len, int flags,
                                struct sockaddr *from, ares_socklen_t *from_len, void *data)
{
    const struct cares *c = data;
    return fd == c->udp ? datagrams_receive(c->config.datagrams, fd, bytes, len, from, from_len)
                        : recvfrom(fd, bytes, len, flags, from, from_len);
}

/* A datagram: a question that is asked just now, or one that is asked again. */
static ares_ssize_t datagram_write(const struct cares *c, const struct iovec *parts, int len)
{
    return datagrams_send(c->config.datagrams, c->udp, parts, len,
                          c->asking ? &c->asking->unsent : NULL);
}

#if HAS_FUNCTIONS_EX
static int socket_option(ares_socket_t fd, ares_socket_opt_t option, const void *value,
                         ares_socklen_t len, void *data)
{
    (void)fd, (void)option, (void)value, (void)len, (void)data;
    errno = ENOSYS; /* no TCP Fast Open; nothing else is asked for */
    return -1;
}

static int socket_connect(ares_socket_t fd, const struct sockaddr *to, ares_socklen_t len,
                          unsigned flags, void *data)
{
    (void)flags, (void)data;
    return connect(fd, to, len);
}

static ares_ssize_t socket_write(ares_socket_t fd, const void *bytes, size_t len, int flags,
                                 const struct sockaddr *to, ares_socklen_t to_len, void *data)
{
    const struct cares *c = data;
    struct iovec whole = {(void *)(uintptr_t)bytes, len};
    return fd == c->udp ? datagram_write(c, &whole, 1) : sendto(fd, bytes, len, flags, to, to_len);
}

static int socket_name(ares_socket_t fd, struct sockaddr *own, ares_socklen_t *len, void *data)
{
    (void)data;
    return getsockname(fd, own, len);
}

static void datagrams_use(struct cares *c)
{
    static const struct ares_socket_functions_ex functions = {
        .version = 1,
        .flags = ARES_SOCKFUNC_FLAG_NONBLOCKING,
        .asocket = socket_make,
        .aclose = socket_end,
        .asetsockopt = socket_option,
        .aconnect = socket_connect,
        .arecvfrom = socket_read,
        .asendto = socket_write,
        .agetsockname = socket_name,
    };
    if (c->config.datagrams)
        ares_set_socket_functions_ex(c->ares, &functions, c);
}
#else
static int socket_connect(ares_socket_t fd, const struct sockaddr *to, ares_socklen_t len,
                          void *data)
{
    (void)data;
    return connect(fd, to, len);
}

static ares_ssize_t socket_write(ares_socket_t fd, const struct iovec *parts, int len, void *data)
{
    const struct cares *c = data;
    return fd == c->udp ? datagram_write(c, parts, len) : writev(fd, parts, len);
}

static void datagrams_use(struct cares *c)
{
    static const struct ares_socket_functions functions = {socket_make, socket_end, socket_connect,
                                                           socket_read, socket_write};
    if (c->config.datagrams)
        ares_set_socket_functions(c->ares, &functions, c);
}
#endif

/* From 1.22 until 1.34 a library with functions of ours reads one datagram for each event. */
static void unread_read(struct cares *c)
{
    int fd;
    for (unsigned left = 2 * DATAGRAMS_HELD_MAX;
         left > 0 && (fd = datagrams_unread(c->config.datagrams)) >= 0; left--)
        ares_process_fd(c->ares, fd, ARES_SOCKET_BAD);
}

void cares_flush(struct cares *c)
{
    if (!c->config.datagrams)
        return;
    unread_read(c);
    datagrams_flush(c->config.datagrams);
    unread_read(c); /* what could not leave */
}

enum err cares_open(struct cares **out, const struct cares_config *config, struct why *why)
{
    char server[SERVER_LEN];
    struct cares *c = calloc(1, sizeof *c);
    if (!c)
        return why_set(why, ERR_NOMEM, "out of memory");
    c->config = *config;
    c->udp = -1;
    /* Sets every option with a default of c-ares or a line in resolv.conf. */
    struct in_addr placeholder = {htonl(INADDR_LOOPBACK)};
    char lookups[] = "b"; /* DNS, not the hosts file */
    struct ares_options o = {
        /* Sockets of an authority are closed when nothing is out: there may be very many
         * authorities, and a new source port each time is one more secret. */
        .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP | ARES_FLAG_EDNS |
                 (c->config.recurse ? ARES_FLAG_STAYOPEN : ARES_FLAG_NORECURSE),
        .timeout = (int)c->config.timeout_ms,
        .tries = 1,
        .ndots = 1,
        .servers = &placeholder,
        .nservers = 1,
        .lookups = lookups,
        .ednspsz = EDNS_SIZE,
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = c,
#ifdef ARES_OPT_QUERY_CACHE
        .qcache_max_ttl = 0, /* no cache */
#endif
#ifdef ARES_OPT_MAXTIMEOUTMS
        .maxtimeout = (int)c->config.timeout_ms,
#endif
    };
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
               ARES_OPT_SERVERS | ARES_OPT_LOOKUPS | ARES_OPT_DOMAINS | ARES_OPT_SORTLIST |
               ARES_OPT_EDNSPSZ | ARES_OPT_NOROTATE | ARES_OPT_SOCK_STATE_CB;
#ifdef ARES_OPT_QUERY_CACHE
    mask |= ARES_OPT_QUERY_CACHE;
#endif
#ifdef ARES_OPT_MAXTIMEOUTMS
    mask |= ARES_OPT_MAXTIMEOUTMS;
#endif
    int status = ares_init_options(&c->ares, &o, mask);
    if (status != ARES_SUCCESS) {
        free(c);
        return trouble(why, status);
    }
    status = ares_set_servers_ports_csv(c->ares, server_format(&config->server, server));
    if (status != ARES_SUCCESS) {
        cares_close(c);
        return trouble(why, status);
    }
    ares_set_socket_callback(c->ares, on_socket_made, c);
    datagrams_use(c);
    *out = c;
    return OK;
}

void cares_close(struct cares *c)
{
    if (!c)
        return;
    ares_destroy(c->ares);
    free(c);
}

/* The servers of the system */

#if HAS_DNSREC
static int servers_take(ares_channel channel, struct servers *out)
{
    char *csv = ares_get_servers_csv(channel);
    struct text list = text_of(csv ? csv : "");
    out->len = 0;
    while (list.len && out->len < DNS_RESOLVERS_MAX) {
        struct servers one;
        struct why why;
        if (servers_parse(&one, text_cut(&list, ','), &why) == OK)
            out->at[out->len++] = one.at[0]; /* not one with a scope: "[fe80::1%eth0]:53" */
    }
    ares_free_string(csv);
    return csv ? ARES_SUCCESS : ARES_ENOMEM;
}
#else
static int servers_take(ares_channel channel, struct servers *out)
{
    struct ares_addr_port_node *first = NULL;
    int status = ares_get_servers_ports(channel, &first);
    out->len = 0;
    for (struct ares_addr_port_node *n = first; n && out->len < DNS_RESOLVERS_MAX; n = n->next) {
        struct dns_server *server = &out->at[out->len++];
        *server = (struct dns_server){.family = n->family == AF_INET ? 4 : 6, .port = 53};
        if (n->udp_port)
            server->port = (uint16_t)n->udp_port;
        memcpy(server->address, &n->addr, n->family == AF_INET ? 4 : 16);
    }
    ares_free_data(first);
    return status;
}
#endif

enum err cares_system_servers(struct servers *out, struct why *why)
{
    ares_channel channel;
    struct ares_options o = {.flags = ARES_FLAG_NOSEARCH};
    int status = ares_init_options(&channel, &o, ARES_OPT_FLAGS);
    if (status != ARES_SUCCESS)
        return trouble(why, status);
    status = servers_take(channel, out);
    ares_destroy(channel);
    if (status != ARES_SUCCESS)
        return trouble(why, status);
    return out->len ? OK : why_set(why, ERR_IO, "the system has no resolver with an address");
}

/* Questions */

static enum cares_outcome outcome_of(const struct cares_question *q, int status)
{
    if (q->unsent)
        return CARES_UNSENT;
    switch (status) {
    case ARES_ETIMEOUT: return CARES_SILENT;
    case ARES_ECONNREFUSED:
        return q->channel->tcp_opened != q->tcp_opened ? CARES_NO_TCP : CARES_UNREACHABLE;
    case ARES_EBADRESP: return CARES_BROKEN;
    case ARES_EDESTRUCTION:
    case ARES_ECANCELLED: return CARES_DROPPED;
    default: return CARES_FAILED;
    }
}

static void question_end(struct cares_question *q, int status, const unsigned char *bytes,
                         size_t len)
{
    struct cares_answer answer = {CARES_ANSWERED, bytes, len, ""};
    if (!bytes || len == 0 || q->unsent)
        answer =
            (struct cares_answer){.outcome = outcome_of(q, status),
                                  .words = q->unsent ? strerror(q->unsent) : ares_strerror(status)};
    q->on_answer(q->context, &answer);
}

#if HAS_DNSREC
static void on_record(void *data, ares_status_t status, size_t timeouts,
                      const ares_dns_record_t *record)
{
    unsigned char *bytes = NULL;
    size_t len = 0;
    (void)timeouts;
    if (record)
        status = ares_dns_write(record, &bytes, &len);
    question_end(data, (int)status, bytes, len);
    ares_free_string(bytes);
}

/* ares_query_dnsrec() does not know CD, so the message is made here, with its OPT record. */
static ares_status_t unchecked_make(ares_dns_record_t **message, const char *name, uint16_t type)
{
    ares_dns_rr_t *opt = NULL;
    ares_status_t status = ares_dns_record_create(message, 0, ARES_FLAG_RD | ARES_FLAG_CD,
                                                  ARES_OPCODE_QUERY, ARES_RCODE_NOERROR);
    if (status == ARES_SUCCESS)
        status =
            ares_dns_record_query_add(*message, name, (ares_dns_rec_type_t)type, ARES_CLASS_IN);
    if (status == ARES_SUCCESS)
        status = ares_dns_record_rr_add(&opt, *message, ARES_SECTION_ADDITIONAL, "",
                                        ARES_REC_TYPE_OPT, ARES_CLASS_IN, 0);
    if (status == ARES_SUCCESS)
        status = ares_dns_rr_set_u16(opt, ARES_RR_OPT_UDP_SIZE, EDNS_SIZE);
    return status;
}

static void unchecked_send(struct cares_question *q, const char *name, uint16_t type)
{
    ares_dns_record_t *message = NULL;
    ares_status_t status = unchecked_make(&message, name, type);
    if (status == ARES_SUCCESS)
        ares_send_dnsrec(q->channel->ares, message, on_record, q, NULL);
    else
        on_record(q, status, 0, NULL);
    ares_dns_record_destroy(message);
}

static void question_send(struct cares_question *q, const char *name, uint16_t type)
{
    ares_query_dnsrec(q->channel->ares, name, ARES_CLASS_IN, (ares_dns_rec_type_t)type, on_record,
                      q, NULL);
}
#else
static void on_bytes(void *data, int status, int timeouts, unsigned char *bytes, int len)
{
    (void)timeouts;
    question_end(data, status, bytes, len > 0 ? (size_t)len : 0);
}

#define CD_OCTET 3 /* of the header: RA, Z, AD, CD, RCODE (RFC 4035, section 3.1.6) */
#define CD_BIT   0x10

static void unchecked_send(struct cares_question *q, const char *name, uint16_t type)
{
    unsigned char *message = NULL;
    uint16_t id;
    int len = 0, status = ARES_ENOMEM;
    if (getrandom(&id, sizeof id, 0) == sizeof id)
        status = ares_create_query(name, CLASS_IN, type, id, 1, &message, &len, EDNS_SIZE);
    if (status == ARES_SUCCESS) {
        message[CD_OCTET] |= CD_BIT;
        ares_send(q->channel->ares, message, len, on_bytes, q);
    } else {
        on_bytes(q, status, 0, NULL, 0);
    }
    ares_free_string(message);
}

static void question_send(struct cares_question *q, const char *name, uint16_t type)
{
    ares_query(q->channel->ares, name, CLASS_IN, type, on_bytes, q);
}
#endif

void cares_ask(struct cares *c, struct cares_question *q, const char *name, uint16_t type,
               bool unchecked)
{
    q->channel = c;
    q->tcp_opened = c->tcp_opened;
    q->unsent = 0;
    c->asking = q;
    (unchecked ? unchecked_send : question_send)(q, name, type);
    c->asking = NULL;
}

void cares_work(struct cares *c, int fd, short events)
{
    /* POLLERR alone: a refused connection; reading tells c-ares so */
    bool readable = events & (POLLIN | POLLERR | POLLHUP);
    bool writable = events & POLLOUT;
    ares_process_fd(c->ares, readable ? fd : ARES_SOCKET_BAD, writable ? fd : ARES_SOCKET_BAD);
    cares_flush(c);
}
