/*
 * Inside the control of a run. orders.c has the slots, which all threads share under one lock;
 * companion.c is called by the deciding thread; server.c is the thread of the socket.
 */
#ifndef MF_CONTROL_INTERNAL_H
#define MF_CONTROL_INTERNAL_H

#include "address.h"
#include "control.h"
#include "wire/wire.h"

#include <pthread.h>

#define CONTROL_ORDERS_MAX 32 /* waiting for an answer at once: people are few */
#define SLOT_NONE          UINT32_MAX

enum slot_state {
    SLOT_FREE,
    SLOT_GIVEN,    /* the deciding thread has not taken it: it may be withdrawn */
    SLOT_TAKEN,    /* order->answer is the deciding thread's */
    SLOT_ANSWERED, /* word and said hold */
};

struct slot {
    enum slot_state state;
    bool is_left; /* who gave it has gone, so it is free once it is answered */
    struct order order;
    enum control_word word;
    char said[CONTROL_SAID_MAX];
};

struct control {
    const char *journal;
    struct notices notices;
    char host[ORDER_HOST_MAX];

    pthread_mutex_t lock; /* of all below, up to the next blank line */
    pthread_cond_t answered;
    struct slot slots[CONTROL_ORDERS_MAX];
    uint64_t tickets;  /* given so far */
    struct wire *wire; /* NULL: no run is under way */
    uint64_t run;
    bool is_paused;
    struct order pause;
    bool ends; /* the server's thread is to end */

    struct address address; /* the server's */
    int listening, wakeup;  /* wakeup: an eventfd, readable when something was answered */
    pthread_t thread;
    bool is_serving;
};

/* orders.c. Puts an order into a slot and wakes the deciding thread. SLOT_NONE: it was answered at
 * once. */
uint32_t orders_give(struct control *c, uint64_t run, const struct order *order,
                     enum control_word *word, char said[CONTROL_SAID_MAX]);
/* Is there an answer? Then the slot is free again. */
bool orders_answer_take(struct control *c, uint32_t slot, enum control_word *word,
                        char said[CONTROL_SAID_MAX]);
/* Nobody waits for the answer any longer, and the slot is not the caller's any more. What nobody
 * has taken is withdrawn (CONTROL_LATE); what was taken may still be carried out (CONTROL_TAKEN).
 * An answer that has come by now is given. */
enum control_word orders_leave(struct control *c, uint32_t slot, char said[CONTROL_SAID_MAX]);

/* By the deciding thread. */
struct order *orders_next(void *control);
void orders_kept(struct control *c, const struct order *order);
void orders_decided(struct control *c);
void orders_end(struct control *c);

/* server.c. After an error there is no socket, and the rest goes on. */
enum err server_begin(struct control *c, struct why *why);
void server_end(struct control *c);
/* "alice", or "uid 1001". */
void server_user_name(uint32_t uid, char out[ORDER_USER_MAX]);

#endif
