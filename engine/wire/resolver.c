/*
 * Duty: one question out, one reply back, through c-ares 1.18.
 *
 * Invariant: a channel is given up only while nothing is out on it, and never from inside one of
 * its own callbacks.
 *
 * What c-ares would hide is switched off or mended here:
 * - NOCHECKRESP: SERVFAIL and REFUSED are answers; by default both read as "connection refused".
 * - A channel takes no new servers while it is busy, so there is one per server and RD flag.
 * - Towards a server that answers EDNS with FORMERR, c-ares turns EDNS off for the channel and
 *   repeats that one question; others that were out at the time get the FORMERR. They are asked
 *   once more.
 * - A cut answer (TC) from a server that takes no TCP reads as "connection refused" too. That a TCP
 *   socket was opened tells it apart.
 * - Only its raw answers are used: its own parsers give no TTL and no SOA.
 */
#include "resolver.h"

#include <ares.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define TRIES     2
#define EDNS_SIZE 1232 /* fits every path unfragmented (DNS flag day 2020) */
#define CLASS_IN  1

struct channel {
    struct resolver *resolver;
    ares_channel ares; /* NULL: free slot */
    struct dns_server server;
    bool recurse;
    uint32_t out;
    uint32_t tcp_opened; /* TCP sockets so far */
    uint64_t used_at;    /* by resolver->turn */
    char name[SERVER_LEN + 32];
};

/* One question that is out. */
struct asking {
    struct asking *next_idle;
    struct channel *channel;
    struct call *call;
    uint32_t tcp_opened; /* of the channel, when the question went out */
    bool again;
};

struct watch {
    int fd;
    short events;
    struct channel *channel;
};

struct resolver {
    struct resolver_config config;
    resolver_done *done;
    void *context;
    uint64_t turn;
    uint32_t out, watches_len;
    struct asking *idle;
    struct watch watches[RESOLVER_FDS_MAX];
    struct channel channels[DNS_CHANNELS_MAX];
    struct asking askings[DNS_CARRIER_WINDOW];
};

enum err resolver_library_open(struct why *why)
{
    int status = ares_library_init(ARES_LIB_INIT_ALL);
    return status ? why_set(why, ERR_IO, "c-ares: %s", ares_strerror(status)) : OK;
}

void resolver_library_close(void)
{
    ares_library_cleanup();
}

/* c-ares says which sockets it has and what it waits for; closed ones wait for nothing. */
static void on_socket_state(void *data, ares_socket_t fd, int readable, int writable)
{
    struct channel *ch = data;
    struct resolver *r = ch->resolver;
    short events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
    uint32_t i = 0;
    while (i < r->watches_len && r->watches[i].fd != fd)
        i++;
    if (events == 0) {
        if (i < r->watches_len)
            r->watches[i] = r->watches[--r->watches_len];
        return;
    }
    if (i == r->watches_len) {
        assert(r->watches_len < RESOLVER_FDS_MAX);
        r->watches_len++;
    }
    r->watches[i] = (struct watch){fd, events, ch};
}

static int on_socket_made(ares_socket_t fd, int type, void *data)
{
    struct channel *ch = data;
    (void)fd;
    ch->tcp_opened += type == SOCK_STREAM;
    return ARES_SUCCESS;
}

static int channel_set_servers(struct channel *ch, const struct dns_server *servers, uint32_t len)
{
    struct ares_addr_port_node nodes[DNS_RESOLVERS_MAX] = {0};
    assert(len > 0 && len <= DNS_RESOLVERS_MAX);
    for (uint32_t i = 0; i < len; i++) {
        bool four = servers[i].family == 4;
        nodes[i].next = i + 1 < len ? &nodes[i + 1] : NULL;
        nodes[i].family = four ? AF_INET : AF_INET6;
        nodes[i].udp_port = nodes[i].tcp_port = servers[i].port;
        memcpy(&nodes[i].addr, servers[i].address, four ? 4 : 16);
    }
    return ares_set_servers_ports(ch->ares, nodes);
}

/* All is given that c-ares would else look up in resolv.conf, except the servers of the system. */
static int channel_make(struct channel *ch, bool system)
{
    struct in_addr placeholder = {htonl(INADDR_LOOPBACK)};
    char lookups[] = "b"; /* DNS, not the hosts file */
    bool many = ch->server.family == 0;
    struct ares_options o = {
        /* Sockets of an authority are closed when nothing is out: there may be very many
         * authorities, and a new source port each time is one more secret. */
        .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP | ARES_FLAG_EDNS |
                 (many ? ARES_FLAG_STAYOPEN : 0) | (ch->recurse ? 0 : ARES_FLAG_NORECURSE),
        .timeout = (int)ch->resolver->config.try_ms,
        .tries = TRIES,
        .ndots = 1,
        .servers = &placeholder,
        .nservers = 1,
        .lookups = lookups,
        .ednspsz = EDNS_SIZE,
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = ch,
    };
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
               ARES_OPT_LOOKUPS | ARES_OPT_DOMAINS | ARES_OPT_SORTLIST | ARES_OPT_EDNSPSZ |
               ARES_OPT_SOCK_STATE_CB | (system ? 0 : ARES_OPT_SERVERS);
    int status = ares_init_options(&ch->ares, &o, mask);
    if (status != ARES_SUCCESS)
        ch->ares = NULL;
    return status;
}

/* The servers of the system, cut to as many as we watch sockets for. */
static int system_servers(struct channel *ch, struct servers *out)
{
    struct ares_addr_port_node *first = NULL;
    int status = ares_get_servers_ports(ch->ares, &first);
    out->len = 0;
    for (struct ares_addr_port_node *n = first; n && out->len < DNS_RESOLVERS_MAX; n = n->next) {
        struct dns_server *server = &out->at[out->len++];
        *server = (struct dns_server){.family = n->family == AF_INET ? 4 : 6, .port = 53};
        if (n->udp_port)
            server->port = (uint16_t)n->udp_port;
        memcpy(server->address, &n->addr, n->family == AF_INET ? 4 : 16);
    }
    ares_free_data(first);
    return status == ARES_SUCCESS && out->len == 0 ? ARES_ENODATA : status;
}

static void channel_set_name(struct channel *ch, const struct servers *servers)
{
    char first[SERVER_LEN];
    server_format(&servers->at[0], first);
    if (servers->len > 1)
        snprintf(ch->name, sizeof ch->name, "%s and %u more", first, servers->len - 1);
    else
        snprintf(ch->name, sizeof ch->name, "%s", first);
}

static void channel_close(struct channel *ch)
{
    if (ch->ares)
        ares_destroy(ch->ares);
    ch->ares = NULL;
}

static int channel_open(struct channel *ch, struct resolver *r, const struct dns_question *q)
{
    struct servers servers = r->config.servers;
    bool system = q->server.family == 0 && servers.len == 0;
    *ch = (struct channel){.resolver = r, .server = q->server, .recurse = q->recurse};
    if (q->server.family != 0)
        servers = (struct servers){.at = {q->server}, .len = 1};
    int status = channel_make(ch, system);
    if (status == ARES_SUCCESS && system)
        status = system_servers(ch, &servers);
    if (status == ARES_SUCCESS)
        status = channel_set_servers(ch, servers.at, servers.len);
    if (status != ARES_SUCCESS) {
        channel_close(ch);
        return status;
    }
    ares_set_socket_callback(ch->ares, on_socket_made, ch);
    channel_set_name(ch, &servers);
    return ARES_SUCCESS;
}

/* The slot for a server that is not known yet: a free one, or the one that rested longest. */
static struct channel *channel_oldest(struct resolver *r)
{
    struct channel *oldest = NULL;
    for (uint32_t i = 0; i < DNS_CHANNELS_MAX; i++) {
        struct channel *ch = &r->channels[i];
        if (!ch->ares)
            return ch;
        if (ch->out == 0 && (!oldest || ch->used_at < oldest->used_at))
            oldest = ch;
    }
    assert(oldest); /* there are more channels than questions out */
    return oldest;
}

static struct channel *channel_for(struct resolver *r, const struct dns_question *q, int *status)
{
    struct channel *found = NULL;
    *status = ARES_SUCCESS;
    for (uint32_t i = 0; i < DNS_CHANNELS_MAX && !found; i++) {
        struct channel *ch = &r->channels[i];
        if (ch->ares && ch->recurse == q->recurse && server_eq(&ch->server, &q->server))
            found = ch;
    }
    if (!found) {
        found = channel_oldest(r);
        channel_close(found);
        *status = channel_open(found, r, q);
    }
    found->used_at = ++r->turn;
    return found;
}

enum err resolver_open(struct resolver **out, const struct resolver_config *config,
                       resolver_done *done, void *context, struct why *why)
{
    struct resolver *r = calloc(1, sizeof *r);
    if (!r)
        return why_set(why, ERR_NOMEM, "out of memory");
    r->config = *config;
    r->done = done;
    r->context = context;
    unsigned questions = config->questions ? config->questions : DNS_CARRIER_WINDOW;
    assert(questions <= DNS_CARRIER_WINDOW);
    for (uint32_t i = 0; i < questions; i++) {
        r->askings[i].next_idle = r->idle;
        r->idle = &r->askings[i];
    }
    int status;
    channel_for(r, &(struct dns_question){.recurse = true}, &status);
    if (status != ARES_SUCCESS) {
        resolver_close(r);
        return why_set(why, ERR_IO, "DNS resolver: %s", ares_strerror(status));
    }
    *out = r;
    return OK;
}

void resolver_close(struct resolver *r)
{
    if (!r)
        return;
    for (uint32_t i = 0; i < DNS_CHANNELS_MAX; i++)
        channel_close(&r->channels[i]);
    free(r);
}

bool resolver_has_room(const struct resolver *r)
{
    return r->idle != NULL;
}

bool resolver_is_busy(const struct resolver *r)
{
    return r->out > 0;
}

/* What does not fit is cut. */
static void reply_trouble(struct dns_reply *reply, enum dns_outcome outcome, const char *server,
                          const char *what)
{
    char *out = reply->trouble;
    *reply = (struct dns_reply){.outcome = outcome};
    int used = snprintf(out, sizeof reply->trouble, "%.63s: ", server);
    snprintf(out + used, sizeof reply->trouble - (size_t)used, "%.62s", what);
}

static void reply_failed(struct asking *a, int status)
{
    struct dns_reply *reply = &a->call->dns;
    const char *server = a->channel->name;
    if (status == ARES_ETIMEOUT)
        reply_trouble(reply, DNS_TIMED_OUT, server, "no answer");
    else if (status == ARES_ECONNREFUSED && a->channel->tcp_opened != a->tcp_opened)
        reply_trouble(reply, DNS_UNREACHABLE, server, "cut its answer and takes no TCP connection");
    else if (status == ARES_ECONNREFUSED)
        reply_trouble(reply, DNS_UNREACHABLE, server, "connection refused or no route");
    else
        reply_trouble(reply, DNS_UNREACHABLE, server, ares_strerror(status));
}

static void reply_message(struct asking *a, const unsigned char *bytes, size_t len)
{
    struct dns_reply *reply = &a->call->dns;
    struct why why;
    enum err err = dns_message_parse(&reply->message, bytes, len, &a->call->arena, &why);
    if (err == OK)
        reply->outcome = DNS_ANSWERED;
    else
        reply_trouble(reply, DNS_GARBLED, a->channel->name, why.text);
}

static void asking_end(struct resolver *r, struct asking *a)
{
    struct call *call = a->call;
    a->channel->out--;
    r->out--;
    a->call = NULL;
    a->next_idle = r->idle;
    r->idle = a;
    r->done(r->context, call);
}

static void asking_send(struct asking *a);

static void on_answer(void *data, int status, int timeouts, unsigned char *bytes, int len)
{
    struct asking *a = data;
    (void)timeouts;
    if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED)
        return; /* resolver_close */
    if (bytes && len > 0)
        reply_message(a, bytes, (size_t)len);
    else
        reply_failed(a, status);
    const struct dns_reply *reply = &a->call->dns;
    if (reply->outcome == DNS_ANSWERED && reply->message.rcode == DNS_RCODE_FORMERR && !a->again) {
        a->again = true;
        call_answer_reset(a->call);
        asking_send(a);
        return;
    }
    asking_end(a->channel->resolver, a);
}

/* c-ares knows "\." but not "\DDD": such a name would silently become another one. */
static bool name_can_be_asked(struct text name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == '\0')
            return false;
        if (name.at[i] == '\\' && (++i == name.len || char_is_digit(name.at[i])))
            return false;
    }
    return name.len <= NAME_LEN_MAX;
}

static void asking_send(struct asking *a)
{
    const struct dns_question *q = &a->call->question;
    char name[NAME_LEN_MAX + 1];
    if (q->name.len)
        memcpy(name, q->name.at, q->name.len);
    name[q->name.len] = '\0';
    a->tcp_opened = a->channel->tcp_opened;
    ares_query(a->channel->ares, name, CLASS_IN, q->type, on_answer, a);
}

void resolver_ask(struct resolver *r, struct call *call)
{
    struct dns_question *q = &call->question;
    char server[SERVER_LEN];
    int status = ARES_EBADNAME;
    struct channel *ch = name_can_be_asked(q->name) ? channel_for(r, q, &status) : NULL;
    if (status != ARES_SUCCESS) {
        reply_trouble(&call->dns, DNS_UNREACHABLE, server_format(&q->server, server),
                      ares_strerror(status));
        r->done(r->context, call);
        return;
    }
    struct asking *a = r->idle;
    assert(a);
    r->idle = a->next_idle;
    *a = (struct asking){.channel = ch, .call = call};
    ch->out++;
    r->out++;
    asking_send(a);
}

uint32_t resolver_fds(const struct resolver *r, struct pollfd *fds)
{
    for (uint32_t i = 0; i < r->watches_len; i++)
        fds[i] = (struct pollfd){.fd = r->watches[i].fd, .events = r->watches[i].events};
    return r->watches_len;
}

/* The channel that has this socket now: answers to others may have closed it meanwhile. */
static struct channel *channel_of_fd(struct resolver *r, int fd)
{
    for (uint32_t i = 0; i < r->watches_len; i++)
        if (r->watches[i].fd == fd)
            return r->watches[i].channel;
    return NULL;
}

void resolver_work(struct resolver *r, const struct pollfd *fds, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        struct channel *ch = fds[i].revents ? channel_of_fd(r, fds[i].fd) : NULL;
        /* POLLERR alone: a refused connection; reading tells c-ares so */
        bool readable = fds[i].revents & (POLLIN | POLLERR | POLLHUP);
        bool writable = fds[i].revents & POLLOUT;
        if (ch)
            ares_process_fd(ch->ares, readable ? fds[i].fd : ARES_SOCKET_BAD,
                            writable ? fds[i].fd : ARES_SOCKET_BAD);
    }
}

void resolver_tick(struct resolver *r)
{
    for (uint32_t i = 0; i < DNS_CHANNELS_MAX; i++)
        if (r->channels[i].out > 0)
            ares_process_fd(r->channels[i].ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}
