/*
 * The control socket of a journal: "journal.db.sock" beside it. An address of a Unix socket holds
 * 107 bytes and a path 4096, so the folder is opened and named by its descriptor
 * (/proc/self/fd/N/NAME, proc(5)); a name that is too long even so is given by rename(2).
 *
 * The socket has mode 0600 from its creation on, whatever the umask is: Linux takes the mode of a
 * bound name from the descriptor (unix(7), fchmod before bind).
 */
#ifndef MF_CONTROL_ADDRESS_H
#define MF_CONTROL_ADDRESS_H

#include "base/error.h"
#include "base/when.h"

#include <linux/limits.h> /* PATH_MAX; <limits.h> would find our own */
#include <sys/types.h>

#define CONTROL_SOCKET_END ".sock"

struct address {
    char path[PATH_MAX]; /* absolute, of the socket */
    int folder;          /* -1: not open */
};

#define ADDRESS_NONE ((struct address){.folder = -1})

/* Of the journal that this file is. */
enum err address_open(struct address *a, const char *journal, struct why *why);
void address_close(struct address *a);
/* Listens. A socket that a dead process has left is replaced: only the holder of the journal's
 * writer lock may call this, so no living process listens there. ERR_IO: there is none to be had
 * on this file system; ERR_INPUT: something else has the name. */
enum err address_listen(const struct address *a, int *fd, struct why *why);
/* Removes the name, if it is still a socket. */
void address_remove(const struct address *a);

enum address_found {
    ADDRESS_OPEN,      /* *fd is connected */
    ADDRESS_NOBODY,    /* no socket, or nobody listens there */
    ADDRESS_FORBIDDEN, /* it belongs to another user: *owner */
    ADDRESS_SILENT,    /* nobody has accepted within the patience */
    ADDRESS_BROKEN,    /* errno says why */
};
enum address_found address_connect(const struct address *a, span_us patience, int *fd,
                                   uid_t *owner);

#endif
