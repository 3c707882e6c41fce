/*
 * Orders for the run of this process, from any of its threads: the threads of the control socket
 * and of the live page take the same way. An order waits in a slot, the wire is woken, the deciding
 * thread takes it as EVENT_CONTROL, and it is acknowledged once the journal has it.
 */
#ifndef MF_CONTROL_ORDERS_H
#define MF_CONTROL_ORDERS_H

#include "line.h"

struct control;

/* Under the two seconds of usual liveness probes, since /healthz waits as long. */
#define ORDER_PAGE_WITHIN SPAN_MS(1500)

/* Gives an order and waits for its acknowledgement. Any thread but the deciding one. run 0: the one
 * under way. order: kind, rate and who gave it; bounds are checked here. The sentence goes to said.
 * CONTROL_LATE too when nobody has taken the order within the patience: it is withdrawn, and will
 * not be done. CONTROL_TAKEN: it was taken within the patience, and is not kept yet. */
enum control_word control_order(struct control *c, uint64_t run, const struct order *order,
                                span_us patience, char said[CONTROL_SAID_MAX]);
/* An order given through the live page by a holder of its token: who is "page", or a name that the
 * page knows. verb: "pause", "resume", "pace", "stop"; value: the rate of pace, otherwise empty.
 * Waits for ORDER_PAGE_WITHIN at most: the thread that asks serves nobody meanwhile. */
enum control_word control_order_of_page(struct control *c, struct text verb, struct text value,
                                        struct text who, char said[CONTROL_SAID_MAX]);

#endif
