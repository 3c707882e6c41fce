/*
 * The providers' door for calls of the engine: a call becomes questions to the model of providers
 * and changes of it, and the outcome the call's answer, in the words of each kind of provider.
 */
#ifndef MF_PROVIDER_DOOR_H
#define MF_PROVIDER_DOOR_H

#include "calls/call.h"
#include "faults.h"
#include "provider_model.h"

/* A change on the wire: a copy, since it outlives its sender. */
struct provider_change {
    struct arena arena;
    uint32_t provider;
    struct text zone, zone_id;
    struct record_change *changes;
    uint32_t len;
};

struct provider_change *provider_change_of(const struct call *call, uint32_t provider);
void provider_change_free(struct provider_change *c); /* NULL is fine */

/* What becomes of a change that is taken. */
enum door_share { DOOR_ALL, DOOR_SOME, DOOR_NONE };

/* Serves the call at `now`: takes a token, reads or changes, and fills in the answer. change: of
 * CALL_CHANGE, or NULL. stale: reads show what was there a while ago. */
void provider_door_serve(struct provider_model *m, uint32_t provider, struct call *call,
                         const struct provider_change *change, enum door_share share, bool stale,
                         instant_us now);
/* A change whose sender is gone, or that comes late. */
void provider_door_change(struct provider_model *m, const struct provider_change *change,
                          instant_us now);

#endif
