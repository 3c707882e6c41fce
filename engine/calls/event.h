/*
 * Events of a run: an answer comes back, a signal asks to stop, or a person gives an order.
 */
#ifndef MF_EVENT_H
#define MF_EVENT_H

#include "call.h"
#include "model/order.h"

enum event_kind {
    EVENT_ANSWER,  /* call came back */
    EVENT_DRAIN,   /* asked to stop: no new writes, finish the calls out */
    EVENT_ABORT,   /* asked again: leave at once, the journal tells the truth */
    EVENT_CONTROL, /* a person's order */
};

struct event {
    enum event_kind kind;
    struct call *call;   /* EVENT_ANSWER; owned by the engine again */
    struct order *order; /* EVENT_CONTROL; the machine notes its answer. Borrowed for this call */
};

#endif
