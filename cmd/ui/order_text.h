/* Orders of people, told on the terminal of the run that has taken them. */
#ifndef MF_ORDER_TEXT_H
#define MF_ORDER_TEXT_H

#include "model/order.h"

/* One note: who has paused the run, and how it goes on. */
void order_tell(const struct order *order, uint64_t run);

#endif
