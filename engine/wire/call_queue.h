/*
 * Hand-over of calls between threads: lists go in, the whole content comes out at once. The taker
 * of a call owns the call; the queue copies no call and cannot fail.
 */
#ifndef MF_CALL_QUEUE_H
#define MF_CALL_QUEUE_H

#include "calls/call.h"

#include <pthread.h>

/* Calls in order, linked by call->next. {0} is the empty list. One thread at a time. */
struct call_list {
    struct call *first, *last;
};

void call_list_add(struct call_list *list, struct call *c);
void call_list_join(struct call_list *list, struct call_list *more); /* *more is empty afterwards */
struct call *call_list_pop(struct call_list *list);                  /* NULL when empty */

struct call_queue {
    pthread_mutex_t lock;
    struct call_list calls;
};

void call_queue_init(struct call_queue *m);
void call_queue_clear(struct call_queue *m); /* forgets the content */
/* Moves all of *calls in. True: the queue was empty before, so the caller has to wake the owner. */
bool call_queue_put(struct call_queue *m, struct call_list *calls);
/* Moves the whole content to the end of *calls. */
void call_queue_take(struct call_queue *m, struct call_list *calls);

#endif
