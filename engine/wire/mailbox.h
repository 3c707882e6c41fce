/*
 * Hand-over of calls between threads: lists go in, the whole content comes out at once. Whoever
 * takes a call owns it; nothing is copied and nothing can fail.
 */
#ifndef MF_MAILBOX_H
#define MF_MAILBOX_H

#include "call.h"

#include <pthread.h>

/* Calls in order, linked by call->next. {0} is the empty list. One thread at a time. */
struct call_list {
    struct call *first, *last;
};

void call_list_add(struct call_list *list, struct call *c);
void call_list_join(struct call_list *list, struct call_list *more); /* *more is empty afterwards */
struct call *call_list_pop(struct call_list *list);                  /* NULL when empty */

struct mailbox {
    pthread_mutex_t lock;
    struct call_list calls;
};

void mailbox_init(struct mailbox *m);
void mailbox_clear(struct mailbox *m); /* forgets what is in it */
/* Moves all of *calls in. True: the mailbox was empty before, so its owner has to be woken. */
bool mailbox_put(struct mailbox *m, struct call_list *calls);
/* Moves everything that is there to the end of *calls. */
void mailbox_take(struct mailbox *m, struct call_list *calls);

#endif
