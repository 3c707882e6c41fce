/*
 * c-ares for questions: a channel asks one server, once a question, and gives back the bytes of the
 * answer or the kind of failure. The resolver (resolver.c) chooses the next server and decides
 * about asking again. Differences between versions of c-ares end here; docs/ARCHITECTURE.md has the
 * list.
 *
 * All functions but the first two belong to the thread of the channel.
 */
#ifndef MF_CARES_H
#define MF_CARES_H

#include "base/error.h"
#include "datagrams.h"
#include "servers.h"

/* Once per process, before the first channel, and after the last. ERR_IO: a library that does not
 * fit the headers of the build. */
enum err cares_library_open(struct why *why);
void cares_library_close(void);

/* The servers of the system (resolv.conf), as many as fit. */
enum err cares_system_servers(struct servers *out, struct why *why);

enum cares_outcome {
    CARES_ANSWERED,    /* bytes of a message */
    CARES_SILENT,      /* no answer within the channel's time */
    CARES_UNREACHABLE, /* connection refused, no route */
    CARES_UNSENT,      /* the system did not let this question out; words say why */
    CARES_NO_TCP,      /* the answer was cut, and TCP led nowhere */
    CARES_BROKEN,      /* the bytes are no DNS message; since 1.28 also: no memory to read them */
    CARES_FAILED,      /* any other failure; words has the text */
    CARES_DROPPED,     /* the channel was closed */
};

struct cares_answer {
    enum cares_outcome outcome;
    const unsigned char *bytes; /* ANSWERED; borrowed for the callback */
    size_t len;
    const char *words; /* c-ares', to be shown and never compared; "" when ANSWERED */
};

struct cares_config {
    struct dns_server server;    /* family 4 or 6 */
    bool recurse;                /* RD; sockets are then kept open between questions */
    unsigned timeout_ms;         /* at most; newer c-ares waits less where a server is quick */
    struct datagrams *datagrams; /* NULL: each takes a system call of its own */
    /* A socket waits for these events of poll(2); 0: closed. */
    void (*on_socket)(void *context, int fd, short events);
    void *context;
};

struct cares;

/* One question out, in the caller's memory until its answer. */
struct cares_question {
    void (*on_answer)(void *context, const struct cares_answer *answer);
    void *context;
    struct cares *channel; /* set by cares_ask, with the members below */
    uint32_t tcp_opened;   /* TCP sockets of the channel so far */
    int unsent;            /* the errno that kept it in; 0: it left */
};

/* ERR_NOMEM, ERR_IO. */
enum err cares_open(struct cares **out, const struct cares_config *config, struct why *why);
/* Questions still out are answered with DROPPED; not from inside a callback. */
void cares_close(struct cares *c);

/* q->on_answer is called once, perhaps before this returns. The name: labels with dots, no NUL.
 * unchecked: with the CD bit. With datagrams a question leaves with the next flush; one flush for
 * each DATAGRAMS_HELD_MAX questions. */
void cares_ask(struct cares *c, struct cares_question *q, const char *name, uint16_t type,
               bool unchecked);
void cares_flush(struct cares *c);
/* fd has had these events; fd -1: only time has passed. */
void cares_work(struct cares *c, int fd, short events);

#endif
