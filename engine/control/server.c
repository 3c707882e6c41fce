/*
 * The thread of the control socket: several clients at once, one order each. A client that is slow,
 * says too much, or belongs to another user is cut; an order whose giver has gone is withdrawn,
 * unless the run has taken it.
 * The thread decides nothing and never holds up the deciding thread.
 */
#include "control_internal.h"
#include "wire/os_clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_MAX  16
#define LINE_WITHIN  SPAN_S(2) /* from the connection on to the end of the line */
#define REPLY_WITHIN SPAN_S(3) /* from the line to an answer: clients wait for CONTROL_PATIENCE */
#define ACCEPT_REST  SPAN_S(1) /* without descriptors or memory for another connection */

struct client {
    int fd; /* -1: free */
    span_us until;
    uint32_t slot; /* SLOT_NONE: the line is not whole yet */
    uint32_t uid, pid;
    char line[CONTROL_LINE_MAX];
    size_t len;
};

struct server {
    struct control *control;
    struct client clients[CLIENTS_MAX];
    span_us accepts_at; /* no connection is taken before */
};

/* NSS may ask a directory over the network, and an answer must not wait for one. */
void server_user_name(uint32_t uid, char out[ORDER_USER_MAX])
{
    char line[1024];
    FILE *passwd = fopen("/etc/passwd", "re");
    snprintf(out, ORDER_USER_MAX, "uid %u", uid);
    while (passwd && fgets(line, sizeof line, passwd)) {
        struct text rest = text_of(line);
        uint64_t found;
        struct text name = text_cut(&rest, ':');
        text_cut(&rest, ':');
        if (text_to_u64(text_cut(&rest, ':'), &found) && found == uid && name.len) {
            order_name_copy(out, ORDER_USER_MAX, name);
            break;
        }
    }
    if (passwd)
        fclose(passwd);
}

/* ---- one client ---- */

static void client_close(struct server *s, struct client *c)
{
    char unheard[CONTROL_SAID_MAX];
    if (c->slot != SLOT_NONE)
        orders_leave(s->control, c->slot, unheard);
    close(c->fd);
    c->fd = -1;
    c->slot = SLOT_NONE;
}

/* An answer fits into the empty buffer of a socket; a client for whom it does not is cut. */
static void client_answer(struct server *s, struct client *c, enum control_word word,
                          const char *said)
{
    char line[CONTROL_SAID_MAX];
    size_t len = control_answer_write(line, s->control->run, word, said);
    ssize_t sent = send(c->fd, line, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent;
    client_close(s, c);
}

/* What it has not read of the line would reset the connection, and the answer with it. */
static void client_refuse(struct server *s, struct client *c, const char *said)
{
    char rest[CONTROL_LINE_MAX];
    ssize_t got = recv(c->fd, rest, sizeof rest, MSG_DONTWAIT);
    (void)got;
    client_answer(s, c, CONTROL_BAD, said);
}

/* Whoever waits is told in time what has become of the order; whoever has given none is cut. */
static void client_expire(struct server *s, struct client *c)
{
    char said[CONTROL_SAID_MAX];
    if (c->slot == SLOT_NONE) {
        client_close(s, c);
        return;
    }
    enum control_word word = orders_leave(s->control, c->slot, said);
    c->slot = SLOT_NONE;
    client_answer(s, c, word, said);
}

static bool has_gone(const struct client *c)
{
    char more;
    return recv(c->fd, &more, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void client_order(struct server *s, struct client *c, struct text line)
{
    uint64_t run;
    const char *wrong;
    enum control_word word;
    struct order order;
    char said[CONTROL_SAID_MAX];
    if (!control_line_read(line, &run, &order, &wrong)) {
        client_answer(s, c, CONTROL_BAD, wrong);
        return;
    }
    if (has_gone(c)) { /* while this process was asleep */
        client_close(s, c);
        return;
    }
    server_user_name(c->uid, order.user);
    memcpy(order.host, s->control->host, sizeof order.host);
    order.uid = c->uid;
    order.pid = c->pid;
    c->slot = orders_give(s->control, run, &order, &word, said);
    c->until = os_clock_boot() + REPLY_WITHIN;
    if (c->slot == SLOT_NONE)
        client_answer(s, c, word, said);
}

static void client_read(struct server *s, struct client *c)
{
    char beyond;
    bool is_full = c->len == sizeof c->line || c->slot != SLOT_NONE;
    ssize_t got = is_full ? recv(c->fd, &beyond, 1, MSG_DONTWAIT)
                          : recv(c->fd, c->line + c->len, sizeof c->line - c->len, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0 || is_full) { /* gone, or more than one line */
        client_close(s, c);
        return;
    }
    c->len += (size_t)got;
    const char *newline = memchr(c->line, '\n', c->len);
    if (newline)
        client_order(s, c, (struct text){c->line, (size_t)(newline - c->line)});
    else if (c->len == sizeof c->line)
        client_refuse(s, c, "this is no order for a run: the line is too long");
}

static void client_accept(struct server *s)
{
    struct client *c = s->clients;
    struct ucred who = {0};
    socklen_t len = sizeof who;
    while (c < s->clients + CLIENTS_MAX && c->fd >= 0)
        c++;
    if (c == s->clients + CLIENTS_MAX)
        return; /* waits until one is served or cut */
    int fd = accept4(s->control->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
            s->accepts_at = os_clock_boot() + ACCEPT_REST;
        return;
    }
    *c = (struct client){.fd = fd, .slot = SLOT_NONE, .until = os_clock_boot() + LINE_WITHIN};
    bool is_known = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0;
    c->uid = (uint32_t)who.uid;
    c->pid = (uint32_t)who.pid;
    if (!is_known || (who.uid != geteuid() && who.uid != 0))
        client_refuse(s, c,
                      "this run belongs to another user: give the order as that user or as root");
}

static void answers_give(struct server *s)
{
    enum control_word word;
    char said[CONTROL_SAID_MAX];
    for (struct client *c = s->clients; c < s->clients + CLIENTS_MAX; c++)
        if (c->fd >= 0 && c->slot != SLOT_NONE &&
            orders_answer_take(s->control, c->slot, &word, said)) {
            c->slot = SLOT_NONE;
            client_answer(s, c, word, said);
        }
}

/* ---- the loop ---- */

static bool is_to_end(struct control *c)
{
    pthread_mutex_lock(&c->lock);
    bool ends = c->ends;
    pthread_mutex_unlock(&c->lock);
    return ends;
}

static void *serve(void *arg)
{
    struct control *control = arg;
    struct server s = {.control = control};
    struct pollfd fds[2 + CLIENTS_MAX];
    for (struct client *c = s.clients; c < s.clients + CLIENTS_MAX; c++)
        *c = (struct client){.fd = -1, .slot = SLOT_NONE};
    while (!is_to_end(control)) {
        span_us now = os_clock_boot(), until = now + SPAN_S(3600);
        bool has_room = false;
        for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
            struct client *c = &s.clients[i];
            fds[2 + i] = (struct pollfd){.fd = c->fd, .events = POLLIN};
            has_room |= c->fd < 0;
            if (c->fd >= 0 && c->until < until)
                until = c->until;
        }
        fds[0] = (struct pollfd){.fd = control->wakeup, .events = POLLIN};
        bool rests = s.accepts_at > now;
        if (rests && s.accepts_at < until)
            until = s.accepts_at;
        fds[1] =
            (struct pollfd){.fd = has_room && !rests ? control->listening : -1, .events = POLLIN};
        poll(fds, 2 + CLIENTS_MAX, until > now ? (int)((until - now) / 1000) + 1 : 0);
        uint64_t count;
        ssize_t got = fds[0].revents ? read(control->wakeup, &count, sizeof count) : 0;
        (void)got;
        answers_give(&s);
        for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
            struct client *c = &s.clients[i];
            if (c->fd >= 0 && c->fd == fds[2 + i].fd && fds[2 + i].revents)
                client_read(&s, c);
            if (c->fd >= 0 && os_clock_boot() >= c->until)
                client_expire(&s, c);
        }
        if (fds[1].revents)
            client_accept(&s);
    }
    answers_give(&s);
    for (struct client *c = s.clients; c < s.clients + CLIENTS_MAX; c++)
        if (c->fd >= 0)
            client_close(&s, c);
    return NULL;
}

enum err server_begin(struct control *c, struct why *why)
{
    c->ends = false;
    enum err err = address_open(&c->address, c->journal, why);
    if (err == OK && c->wakeup < 0)
        err = why_set(why, ERR_IO, "no eventfd");
    if (err == OK)
        err = address_listen(&c->address, &c->listening, why);
    int failed = err == OK ? pthread_create(&c->thread, NULL, serve, c) : 0;
    if (failed)
        err = why_set(why, ERR_IO, "cannot start the control thread: %s", strerror(failed));
    c->is_serving = err == OK;
    if (err != OK && c->listening >= 0)
        address_remove(&c->address);
    if (err != OK)
        server_end(c);
    return err;
}

void server_end(struct control *c)
{
    uint64_t one = 1;
    if (c->is_serving) {
        address_remove(&c->address);
        pthread_mutex_lock(&c->lock);
        c->ends = true;
        pthread_mutex_unlock(&c->lock);
        ssize_t written = write(c->wakeup, &one, sizeof one);
        (void)written; /* fails only when full, and a full eventfd is readable */
        pthread_join(c->thread, NULL);
    }
    if (c->listening >= 0)
        close(c->listening);
    c->listening = -1;
    c->is_serving = false;
    address_close(&c->address);
}
