/*
 * Events of a run: an answer comes back, or a signal asks to stop.
 */
#ifndef MF_EVENT_H
#define MF_EVENT_H

#include "call.h"

enum event_kind {
    EVENT_ANSWER, /* call came back */
    EVENT_DRAIN,  /* asked to stop: no new writes, finish the calls out */
    EVENT_ABORT,  /* asked again: leave at once, the journal tells the truth */
};

struct event {
    enum event_kind kind;
    struct call *call; /* EVENT_ANSWER; owned by the engine again */
};

#endif
