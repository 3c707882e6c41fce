/*
 * An outlet: one output of notifications, with a bounded queue and a thread that delivers one
 * message after the other. A slow or dead output so holds up nobody else. For the family of this
 * room.
 */
#ifndef MF_OUTLET_H
#define MF_OUTLET_H

#include "base/error.h"
#include "base/text.h"
#include "base/when.h"
#include "reports/event_line.h"
#include "sayings.h"

#include <stdatomic.h>

/* Shared by the queues of all outlets; whoever lets go of it last frees it. */
struct message {
    atomic_uint holders;
    char id[EVENT_ID_LEN]; /* of an event */
    const char *type;      /* of an event: a literal */
    instant_us told_at;    /* by the clock of the notifier */
    size_t len;
    char bytes[]; /* an event's line, or whatever the outlet is for */
};

struct message *message_new(struct text bytes); /* one holder; NULL: no memory */
void message_drop(struct message *m);
struct text message_text(const struct message *m);

enum delivery {
    DELIVERY_DONE,
    DELIVERY_LOST,   /* given up; *why says why */
    DELIVERY_ENDING, /* cut short, because the program is ending */
};

struct outlet;

struct outlet_config {
    const char *name; /* for sentences: "the hook notify.sh"; borrowed */
    void *ctx;
    /* By the outlet's thread. bytes: of the message, with the count of those lost before it. */
    enum delivery (*deliver)(void *ctx, struct outlet *o, const struct message *m,
                             struct text bytes, struct why *why);
    void (*release)(void *ctx); /* frees ctx, after the thread has ended */
    struct sayings *sayings;
    int ending_fd;     /* readable: no delivery may last any longer */
    bool takes_events; /* lines of events, in which losses are counted */
    bool wants_newest; /* a new message takes the place of one that waits */
};

/* Takes ctx over, also after an error. */
enum err outlet_open(struct outlet **out, const struct outlet_config *config, struct why *why);
/* Never blocks. Keeps the message, if there is room. An event that the outlet has already, waiting
 * or delivered (as far as OUTLET_KNOWS goes back), is not kept again. */
void outlet_push(struct outlet *o, struct message *m);
#define OUTLET_KNOWS 4096 /* ids of delivered events */
/* Nothing waits and nothing is being delivered. *lost: so many messages since the start were not
 * delivered. */
bool outlet_is_idle(struct outlet *o, uint64_t *lost);
/* By the outlet's thread, during a delivery that will be tried again: said once until a delivery
 * is done. */
void outlet_trouble(struct outlet *o, const char *reason);
bool outlet_is_ending(const struct outlet *o);

/* No message comes any more. The thread ends after those that wait. */
void outlet_finish(struct outlet *o);
bool outlet_has_finished(struct outlet *o);
/* Waits for the thread, frees. Returns how many messages were not delivered since the start;
 * *late: so many of them waited still. */
uint64_t outlet_close(struct outlet *o, uint64_t *late);

#endif
