/*
 * One question out, one reply back, over channels of c-ares to one server each.
 *
 * Only this file chooses the next server, by one rule for every version of c-ares. The resolvers of
 * the run are asked in order, each once; an answer ends the question, "no such name" included.
 * SERVFAIL, REFUSED and similar, a broken message, an absent or silent server send the question to
 * the next server. A question to all goes on after an answer, and ends with SERVFAIL: one resolver
 * that validates DNSSEC is heard beside others. Silent servers are then asked once more, with a
 * doubled timeout. A single authority is a list of one. The engine sees one resolver: the health of
 * a server is no fact about a name.
 *
 * Invariants: a channel is closed only while no question is out on the channel; no question is sent
 * from inside a callback, where closing is not allowed, but only from the list of questions to
 * send.
 *
 * - Since 1.32 c-ares measures a server and waits as little as 250 ms. So the second try has a new
 *   channel of its own each time, without measurements, and waits in full.
 * - After a FORMERR to EDNS, c-ares asks without EDNS. Before 1.22 c-ares turns EDNS off for the
 *   channel, and other questions out at the time get the FORMERR. The resolver asks these again.
 */
#include "resolver.h"

#include "cares.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 2

struct channel {
    struct resolver *resolver;
    struct cares *cares; /* NULL: free slot */
    struct dns_server server;
    bool recurse, patient;
    bool failing; /* a question could not leave: its route may be gone, and a new socket has one */
    uint32_t out;
    uint64_t used_at; /* by resolver->turn */
};

/* One question out, or about to be sent. */
struct resolver_asking {
    struct resolver_asking *next; /* in the list of idle slots, or of slots to send */
    struct resolver *resolver;
    struct channel *channel; /* NULL: not out at this moment */
    struct call *call;
    struct cares_question question;
    uint32_t servers_len, start; /* the servers to ask, and the first one to ask */
    uint32_t step;   /* step % servers_len behind start; step / servers_len: the round */
    uint32_t silent; /* bit i: the server at i was */
    bool again;
    bool has_said;         /* a server has sent a message, and others are asked: */
    struct dns_reply said; /* the best of such messages */
};

struct socket_watch {
    int fd;
    short events;
    struct channel *channel;
};

struct resolver {
    struct resolver_config config; /* servers: the system's by name, too */
    resolver_done *done;
    void *context;
    uint64_t turn;
    uint32_t first; /* index of the next server; silent and absent ones lie before */
    uint32_t out, watches_len;
    struct resolver_asking *idle, *to_send, **to_send_last;
    struct datagrams *datagrams;
    struct channel *sending; /* whose questions are held back, to leave together; or NULL */
    struct socket_watch watches[RESOLVER_FDS_MAX];
    struct channel channels[DNS_CHANNELS_MAX];
    struct resolver_asking askings[DNS_CARRIER_WINDOW];
};

static_assert(DNS_RESOLVERS_MAX <= 32, "asking.silent has a bit for each");

/* Channels */

static void on_socket(void *context, int fd, short events)
{
    struct channel *ch = context;
    struct resolver *r = ch->resolver;
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
    r->watches[i] = (struct socket_watch){fd, events, ch};
}

static void channel_close(struct channel *ch)
{
    if (ch->cares && ch->resolver->sending == ch)
        ch->resolver->sending = NULL;
    cares_close(ch->cares);
    ch->cares = NULL;
}

/* A patient channel has measured its server, and is not asked again once it has answered. */
static bool channel_has_rested(const struct channel *ch)
{
    return ch->cares && (ch->patient || ch->failing) && ch->out == 0;
}

/* The slot for a new server: one that will not be used again, for its socket is open still; a free
 * slot; or the slot idle for longest. */
static struct channel *channel_oldest(struct resolver *r)
{
    struct channel *oldest = NULL, *free_one = NULL;
    for (uint32_t i = 0; i < DNS_CHANNELS_MAX; i++) {
        struct channel *ch = &r->channels[i];
        if (channel_has_rested(ch))
            return ch;
        if (!ch->cares)
            free_one = ch;
        else if (ch->out == 0 && (!oldest || ch->used_at < oldest->used_at))
            oldest = ch;
    }
    assert(free_one || oldest); /* there are more channels than questions out */
    return free_one ? free_one : oldest;
}

/* NULL: *why says why there is none. */
static struct channel *channel_for(struct resolver *r, const struct channel *wanted,
                                   struct why *why)
{
    struct channel *found = NULL;
    for (uint32_t i = 0; i < DNS_CHANNELS_MAX && !found; i++) {
        struct channel *ch = &r->channels[i];
        if (ch->cares && !channel_has_rested(ch) && ch->recurse == wanted->recurse &&
            ch->patient == wanted->patient && server_eq(&ch->server, &wanted->server))
            found = ch;
    }
    if (!found) {
        found = channel_oldest(r);
        channel_close(found);
        *found = *wanted;
        unsigned try_ms = found->resolver->config.try_ms;
        struct cares_config config = {.server = found->server,
                                      .recurse = found->recurse,
                                      .timeout_ms = found->patient ? 2 * try_ms : try_ms,
                                      .datagrams = found->resolver->datagrams,
                                      .on_socket = on_socket,
                                      .context = found};
        if (cares_open(&found->cares, &config, why) != OK)
            return NULL;
    }
    found->used_at = ++r->turn;
    return found;
}

/* Open and close */

enum err resolver_open(struct resolver **out, const struct resolver_config *config,
                       resolver_done *done, void *context, struct why *why)
{
    struct resolver *r = calloc(1, sizeof *r);
    if (r)
        r->datagrams = datagrams_new();
    if (!r || !r->datagrams) {
        free(r);
        return why_set(why, ERR_NOMEM, "out of memory");
    }
    r->config = *config;
    r->to_send_last = &r->to_send;
    r->done = done;
    r->context = context;
    unsigned questions = config->questions ? config->questions : DNS_CARRIER_WINDOW;
    assert(questions <= DNS_CARRIER_WINDOW);
    for (uint32_t i = 0; i < questions; i++) {
        r->askings[i].next = r->idle;
        r->idle = &r->askings[i];
    }
    if (r->config.servers.len == 0) {
        enum err err = cares_system_servers(&r->config.servers, why);
        if (err != OK) {
            datagrams_free(r->datagrams);
            free(r);
            return err == ERR_NOMEM ? err : why_wrap(why, err, "DNS resolver");
        }
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
    datagrams_free(r->datagrams);
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

/* Replies */

static uint32_t server_index(const struct resolver_asking *a)
{
    return (a->start + a->step) % a->servers_len;
}

static const struct dns_server *server_of(const struct resolver_asking *a)
{
    const struct dns_server *server = &a->call->question.server;
    return server->family ? server : &a->resolver->config.servers.at[server_index(a)];
}

/* Cuts to the room. */
static void reply_trouble(struct resolver_asking *a, enum dns_outcome outcome, const char *what)
{
    struct dns_reply *reply = &a->call->dns;
    char server[SERVER_LEN], others[32] = "";
    *reply = (struct dns_reply){.outcome = outcome};
    if (a->servers_len > 1)
        snprintf(others, sizeof others, " and %u more", a->servers_len - 1);
    snprintf(reply->trouble, sizeof reply->trouble, "%s%s: %.62s",
             server_format(server_of(a), server), others, what);
}

/* The next step */

static void asking_queue(struct resolver_asking *a)
{
    struct resolver *r = a->resolver;
    a->next = NULL;
    *r->to_send_last = a;
    r->to_send_last = &a->next;
}

static void asking_end(struct resolver_asking *a)
{
    struct resolver *r = a->resolver;
    struct call *call = a->call;
    r->out--;
    a->call = NULL;
    a->next = r->idle;
    r->idle = a;
    r->done(r->context, call);
}

/* An answer ends the question, "no such name" included; a server's trouble does not. */
static bool reply_is_answer(const struct dns_reply *reply)
{
    return reply->outcome == DNS_ANSWERED && (reply->message.rcode == DNS_RCODE_NOERROR ||
                                              reply->message.rcode == DNS_RCODE_NXDOMAIN);
}

/* With of_all, an answer leaves the others to be heard, and SERVFAIL outweighs every answer. */
static bool reply_ends(const struct resolver_asking *a, const struct dns_reply *reply)
{
    return a->call->question.of_all
               ? reply->outcome == DNS_ANSWERED && reply->message.rcode == DNS_RCODE_SERVFAIL
               : reply_is_answer(reply);
}

/* False: there is no server left to ask. Who has an answer waits for no silent server again. */
static bool step_next(struct resolver_asking *a)
{
    bool has_answer = a->has_said && reply_is_answer(&a->said);
    while (++a->step < ROUNDS * a->servers_len)
        if (a->step < a->servers_len || (!has_answer && a->silent & 1u << server_index(a)))
            return true;
    return false;
}

/* Of the replies that do not end the question an answer is the best, and then the first message. */
static void reply_keep(struct resolver_asking *a, const struct dns_reply *reply)
{
    bool better = !a->has_said || (reply_is_answer(reply) && !reply_is_answer(&a->said));
    if (reply->outcome != DNS_ANSWERED || !better)
        return;
    a->has_said = true;
    a->said = *reply;
}

/* Takes one server's reply: the reply to the question, or a reason to ask the next server. */
static void asking_decide(struct resolver_asking *a)
{
    struct dns_reply *reply = &a->call->dns;
    struct resolver *r = a->resolver;
    bool of_resolvers = a->call->question.server.family == 0;
    if (!reply_ends(a, reply)) {
        reply_keep(a, reply);
        if (reply->outcome == DNS_TIMED_OUT)
            a->silent |= 1u << server_index(a);
        bool gone = reply->outcome == DNS_TIMED_OUT || reply->outcome == DNS_UNREACHABLE;
        if (of_resolvers && gone && r->first == server_index(a))
            r->first = (r->first + 1) % a->servers_len;
        if (step_next(a)) {
            asking_queue(a);
            return;
        }
        if (a->has_said)
            *reply = a->said;
    }
    asking_end(a);
}

static void on_answer(void *context, const struct cares_answer *answer)
{
    struct resolver_asking *a = context;
    struct dns_reply *reply = &a->call->dns;
    if (answer->outcome == CARES_DROPPED)
        return; /* resolver_close */
    a->channel->out--;
    a->channel->failing |= answer->outcome == CARES_UNSENT;
    a->channel = NULL;
    if (answer->outcome == CARES_ANSWERED) {
        struct why why;
        *reply = (struct dns_reply){
            .outcome = DNS_ANSWERED, .by = *server_of(a), .has_others = a->servers_len > 1};
        enum err err =
            dns_message_parse(&reply->message, answer->bytes, answer->len, &a->call->arena, &why);
        if (err != OK)
            reply_trouble(a, DNS_GARBLED, why.text);
    } else {
        static const struct {
            enum dns_outcome outcome;
            const char *words; /* NULL: c-ares' own */
        } outcomes[] = {
            [CARES_SILENT] = {DNS_TIMED_OUT, "no answer"},
            [CARES_UNREACHABLE] = {DNS_UNREACHABLE, "connection refused or no route"},
            [CARES_UNSENT] = {DNS_UNREACHABLE, "the question cannot leave: "},
            [CARES_NO_TCP] = {DNS_UNREACHABLE, "cut its answer and takes no TCP connection"},
            [CARES_BROKEN] = {DNS_GARBLED, "a broken message"},
            [CARES_FAILED] = {DNS_UNREACHABLE, NULL},
        };
        const char *words = outcomes[answer->outcome].words;
        char said[64];
        snprintf(said, sizeof said, "%s%s", words ? words : "",
                 !words || answer->outcome == CARES_UNSENT ? answer->words : "");
        reply_trouble(a, outcomes[answer->outcome].outcome, said);
    }
    if (reply->outcome == DNS_ANSWERED && reply->message.rcode == DNS_RCODE_FORMERR && !a->again) {
        a->again = true;
        asking_queue(a);
        return;
    }
    asking_decide(a);
}

/* Asking */

/* c-ares knows "\." but not "\DDD": a name with \DDD would silently become another name. */
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

/* What is held back leaves. A question that cannot leave fails, and is asked elsewhere. */
static void held_send(struct resolver *r)
{
    if (r->sending)
        cares_flush(r->sending->cares);
    r->sending = NULL;
}

static void asking_send(struct resolver_asking *a)
{
    const struct dns_question *q = &a->call->question;
    struct channel wanted = {.resolver = a->resolver,
                             .server = *server_of(a),
                             .recurse = q->recurse,
                             .patient = a->step >= a->servers_len};
    char name[NAME_LEN_MAX + 1];
    struct why why;
    struct channel *ch = channel_for(a->resolver, &wanted, &why);
    if (!ch) {
        reply_trouble(a, DNS_UNREACHABLE, why.text);
        asking_decide(a);
        return;
    }
    if (q->name.len)
        memcpy(name, q->name.at, q->name.len);
    name[q->name.len] = '\0';
    a->channel = ch;
    ch->out++;
    if (ch != a->resolver->sending || datagrams_are_full(a->resolver->datagrams))
        held_send(a->resolver);
    a->resolver->sending = ch;
    a->question = (struct cares_question){.on_answer = on_answer, .context = a};
    cares_ask(ch->cares, &a->question, name, q->type, q->unchecked);
}

void resolver_send(struct resolver *r)
{
    while (r->to_send) {
        for (struct resolver_asking *a; (a = r->to_send) != NULL;) {
            r->to_send = a->next;
            if (!r->to_send)
                r->to_send_last = &r->to_send;
            asking_send(a);
        }
        held_send(r);
    }
}

void resolver_ask(struct resolver *r, struct call *call)
{
    struct resolver_asking *a = r->idle;
    bool one = call->question.server.family != 0;
    assert(a);
    r->idle = a->next;
    *a = (struct resolver_asking){.resolver = r,
                                  .call = call,
                                  .servers_len = one ? 1 : r->config.servers.len,
                                  .start = one ? 0 : r->first};
    r->out++;
    if (name_can_be_asked(call->question.name)) {
        asking_queue(a);
        return;
    }
    reply_trouble(a, DNS_UNREACHABLE, "this name cannot be asked for");
    asking_end(a);
}

/* The loop's turns */

uint32_t resolver_fds(const struct resolver *r, struct pollfd *fds)
{
    for (uint32_t i = 0; i < r->watches_len; i++)
        fds[i] = (struct pollfd){.fd = r->watches[i].fd, .events = r->watches[i].events};
    return r->watches_len;
}

/* The channel with this socket now: answers to other questions may have closed the socket. */
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
        if (ch)
            cares_work(ch->cares, fds[i].fd, fds[i].revents);
    }
    resolver_send(r);
}

void resolver_tick(struct resolver *r)
{
    for (uint32_t i = 0; i < DNS_CHANNELS_MAX; i++)
        if (r->channels[i].out > 0)
            cares_work(r->channels[i].cares, -1, 0);
    resolver_send(r);
}
