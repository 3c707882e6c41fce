/*
 * The addresses of a host, within a limit of time. getaddrinfo() has none: where the resolver is
 * silent it takes half a minute. So a thread of its own asks, and tells by a socket; a thread that
 * is late finds the other end closed, and ends.
 */
#include "pg_parts.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct lookup {
    int fd; /* owned */
    char host[256];
};

bool pg_is_name(const char *host)
{
    struct in6_addr address;
    return *host && *host != '/' && *host != '@' && inet_pton(AF_INET, host, &address) != 1 &&
           inet_pton(AF_INET6, host, &address) != 1;
}

static void *lookup_run(void *ctx)
{
    struct lookup *l = ctx;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC}, *list = NULL;
    struct pg_addresses out = {.len = 0};
    out.error = getaddrinfo(l->host, NULL, &hints, &list);
    for (const struct addrinfo *a = list; a && out.len < PG_ADDRESSES; a = a->ai_next)
        out.len += getnameinfo(a->ai_addr, a->ai_addrlen, out.at[out.len], sizeof out.at[0], NULL,
                               0, NI_NUMERICHOST) == 0;
    if (list)
        freeaddrinfo(list);
    send(l->fd, &out, sizeof out, MSG_NOSIGNAL);
    close(l->fd);
    free(l);
    return NULL;
}

/* The end that hears of it; -1: no thread, or no memory. */
static int lookup_start(const char *host)
{
    int ends[2];
    pthread_t thread;
    pthread_attr_t attr;
    struct lookup *l = calloc(1, sizeof *l);
    if (!l || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        free(l);
        return -1;
    }
    l->fd = ends[1];
    snprintf(l->host, sizeof l->host, "%s", host);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    bool is_started = pthread_create(&thread, &attr, lookup_run, l) == 0;
    pthread_attr_destroy(&attr);
    if (is_started)
        return ends[0];
    close(ends[0]);
    close(ends[1]);
    free(l);
    return -1;
}

enum err pg_lookup(const char *host, struct pg_addresses *out, instant_us until, struct why *why)
{
    int fd = lookup_start(host);
    out->len = 0;
    if (fd < 0)
        return why_set(why, ERR_NOMEM, "out of memory");
    bool is_heard =
        pg_ready_wait(fd, POLLIN, until) && recv(fd, out, sizeof *out, 0) == sizeof *out;
    close(fd);
    if (!is_heard) {
        out->len = 0;
        return why_set(why, ERR_AWAY,
                       "the database cannot be reached: no answer for the address of %s in time",
                       host);
    }
    return out->len
               ? OK
               : why_set(why, ERR_AWAY, "the database cannot be reached: no address for %s: %s",
                         host, gai_strerror(out->error));
}
