/* The giver of an order: another process on the same machine, which knows the journal. */
#ifndef MF_CONTROL_CLIENT_H
#define MF_CONTROL_CLIENT_H

#include "line.h"

#include <sys/types.h>

#define CONTROL_PATIENCE                                                                           \
    SPAN_S(5) /* a living run acknowledges within one, and says so after three                     \
                 that its journal has not kept the order */

enum control_found {
    CONTROL_ANSWERED,  /* word, run and said hold */
    CONTROL_NOBODY,    /* nobody listens beside the journal */
    CONTROL_FORBIDDEN, /* the socket belongs to another user: owner */
    CONTROL_SILENT,    /* no answer within the patience: the process is stopped, or too busy. What
                          has become of the order is not known. A run that had not taken it drops
                          it, for who gave it has gone */
    CONTROL_BROKEN,    /* said holds the system's words */
};

struct control_reply {
    enum control_found found;
    enum control_word word;
    uint64_t run; /* that is under way */
    uid_t owner;
    char said[CONTROL_SAID_MAX]; /* printable ASCII */
};

/* run 0: the one under way. Blocks at most for twice the patience. */
void control_ask(const char *journal, uint64_t run, const struct order *order, span_us patience,
                 struct control_reply *reply);

/* Who gives an order that goes no way of this page, such as a row of a shared journal: this user,
 * this host and this process. */
void control_giver(struct order *order);

#endif
