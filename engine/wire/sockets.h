/*
 * The sockets of a carrier's connections, watched to notice a closed connection before a request
 * goes out. Since 8.22 libcurl checks an idle connection at most once a second; a request sent on a
 * dead connection is lost, with an unknown outcome. Used by one thread.
 */
#ifndef MF_SOCKETS_H
#define MF_SOCKETS_H

#include "base/bounds.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#define SOCKETS_MAX (2 * HTTPS_TRANSFERS_MAX) /* two addresses of a server may be tried at once */

/* How many connections there have been, for a person. */
struct connections_seen {
    uint64_t opened;
    uint32_t most; /* open at once to one host */
};

struct sockets {
    struct pollfd at[SOCKETS_MAX];
    uint64_t hosts[SOCKETS_MAX]; /* by socket: a number of the host that it was opened for */
    uint32_t len;
    struct connections_seen seen;
    unsigned timeout_ms; /* what the peer has not acknowledged by then is given up, by the system
                            alone where this process is stopped or killed; 0: the system's own */
};

/* As socket(2), closed on exec; -1 with errno. One beyond SOCKETS_MAX is opened and not watched. */
int sockets_open(struct sockets *list, uint64_t host, int family, int type, int protocol);
/* As close(2), but what the peer has not acknowledged is dropped, not sent in the background for
 * minutes: a request that was given up must not arrive later than its time-out. */
int sockets_close(struct sockets *list, int fd);
int socket_close(int fd); /* likewise, of one that is in no list */
/* Has the peer closed any of the connections, or is one broken? */
bool sockets_any_is_dead(struct sockets *list);

#endif
