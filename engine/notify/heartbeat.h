/*
 * A heartbeat: a GET of a URL after each good sweep, of URL/start before one and of URL/fail after
 * a bad one, so that somebody else notices when the watcher itself is dead. A URL with a query has
 * no /start and no /fail: only its whole is known. For the family of this room.
 * Source: healthchecks.io, "Pinging API".
 */
#ifndef MF_HEARTBEAT_H
#define MF_HEARTBEAT_H

#include "notify.h"
#include "outlet.h"
#include "target.h"

struct heartbeat {
    struct target target;
    struct target_client client;
    uint64_t seed;
};

/* "", "/fail" or "/start"; the message of such a beat. */
const char *heartbeat_path(enum notify_beat beat);
enum delivery heartbeat_deliver(void *ctx, struct outlet *o, const struct message *m,
                                struct text bytes, struct why *why);
void heartbeat_free(void *ctx);

#endif
