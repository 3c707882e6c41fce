/*
 * An order: what a person tells a run while it goes on, from another terminal or from the live
 * page. Each order that changes something is a record of the run (RECORD_ORDER), kept before it is
 * acknowledged, so the journal says who paused a run, when, and who let it go on.
 */
#ifndef MF_MODEL_ORDER_H
#define MF_MODEL_ORDER_H

#include "base/text.h"
#include "base/when.h"

#define ORDER_USER_MAX 64
#define ORDER_HOST_MAX 128

/* Their numbers are in journals. */
enum order_kind {
    ORDER_PAUSE,  /* no write begins; what is written is followed, and deadlines run on */
    ORDER_RESUME, /* the pause is over */
    ORDER_PACE,   /* calls a second of every action of every lane, at most */
    ORDER_STOP,   /* as the first SIGTERM: calls on their way are awaited, then the run ends */
    ORDER_LEAVE,  /* as the second SIGTERM: the process leaves at once */
    ORDER_KINDS,
};

enum order_answer {
    ORDER_WAITS,    /* nobody has decided yet */
    ORDER_TAKEN,    /* something has changed, and a record says so */
    ORDER_IDLE,     /* it is so already: paused, not paused, at that rate, stopping */
    ORDER_TOO_LATE, /* the run is stopping, or has ended */
    ORDER_ANSWERS,
};

struct order {
    enum order_kind kind;
    double rate_per_s; /* ORDER_PACE; otherwise 0 */
    instant_us at;     /* when it was taken */
    /* Who gave it. Printable ASCII, and NUL at the end. */
    char user[ORDER_USER_MAX]; /* "alice"; "uid 1001" without an entry in /etc/passwd */
    char host[ORDER_HOST_MAX];
    uint32_t uid, pid;
    /* While the run goes on: */
    uint64_t ticket; /* of the giver; 0: read from a journal */
    enum order_answer answer;
};

const char *order_kind_name(enum order_kind k); /* "pause", "resume", "pace", "stop", "leave" */
/* "alice (pid 7 on host)"; *out holds ORDER_GIVER_MAX. */
#define ORDER_GIVER_MAX (ORDER_USER_MAX + ORDER_HOST_MAX + 32)
const char *order_giver(const struct order *o, char out[ORDER_GIVER_MAX]);
/* A clean copy of a name from outside: what is not printable ASCII becomes '?'. */
void order_name_copy(char *out, size_t size, struct text name);

#endif
