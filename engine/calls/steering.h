/*
 * What the orders of people have made of a run: is it paused, by whom, and at which pace it goes.
 * A machine holds one, asks it about each order, and does what has changed. Pure.
 */
#ifndef MF_STEERING_H
#define MF_STEERING_H

#include "model/order.h"

struct steering {
    bool is_paused;
    struct order pause; /* is_paused: the order that did it */
    double rate_per_s;  /* of the newest ORDER_PACE; 0: none was given */
    uint32_t taken;     /* orders that have changed something */
    struct order last;  /* taken > 0: the newest of these */
};

/* Decides about an order, and notes in order->answer and order->at what became of it. True: it
 * changes something, and is to be kept as a record. stopping: the machine is draining. */
bool steering_take(struct steering *s, struct order *order, bool stopping, instant_us now);

#endif
