/* A sentence for each kind of order. */
#include "order_text.h"

#include "messages.h"

void order_tell(const struct order *o, uint64_t run)
{
    char who[ORDER_GIVER_MAX];
    unsigned long long id = run;
    order_giver(o, who);
    switch (o->kind) {
    case ORDER_PAUSE:
        message_note("%s has paused this run: no write begins, what is written is followed, and "
                     "deadlines run on. To go on: mailfrom resume %llu",
                     who, id);
        break;
    case ORDER_RESUME: message_note("%s lets this run go on", who); break;
    case ORDER_PACE:
        message_note("%s has set the pace: %g calls a second of each action", who, o->rate_per_s);
        break;
    case ORDER_STOP: message_note("%s has stopped this run: calls in flight finish", who); break;
    case ORDER_LEAVE:
    case ORDER_KINDS: message_note("%s has ended this run at once", who); break;
    }
}
