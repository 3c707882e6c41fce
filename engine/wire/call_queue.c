/* A list of calls behind a mutex. */
#include "call_queue.h"

#include <assert.h>

void call_list_add(struct call_list *list, struct call *c)
{
    c->next = NULL;
    if (list->last)
        list->last->next = c;
    else
        list->first = c;
    list->last = c;
}

void call_list_join(struct call_list *list, struct call_list *more)
{
    if (!more->first)
        return;
    if (list->last)
        list->last->next = more->first;
    else
        list->first = more->first;
    list->last = more->last;
    *more = (struct call_list){0};
}

struct call *call_list_pop(struct call_list *list)
{
    struct call *c = list->first;
    if (!c)
        return NULL;
    list->first = c->next;
    if (!list->first)
        list->last = NULL;
    c->next = NULL;
    return c;
}

void call_queue_init(struct call_queue *m)
{
    m->calls = (struct call_list){0};
    int failed = pthread_mutex_init(&m->lock, NULL);
    assert(!failed);
}

void call_queue_clear(struct call_queue *m)
{
    m->calls = (struct call_list){0};
    pthread_mutex_destroy(&m->lock);
}

bool call_queue_put(struct call_queue *m, struct call_list *calls)
{
    if (!calls->first)
        return false;
    pthread_mutex_lock(&m->lock);
    bool was_empty = !m->calls.first;
    call_list_join(&m->calls, calls);
    pthread_mutex_unlock(&m->lock);
    return was_empty;
}

void call_queue_take(struct call_queue *m, struct call_list *calls)
{
    pthread_mutex_lock(&m->lock);
    call_list_join(calls, &m->calls);
    pthread_mutex_unlock(&m->lock);
}
