/*
 * AWS Organizations asked in the live world: the machine of members.h, driven by the engine,
 * over a wire of its own with one lane. Files and environment say how, as for any account.
 */
#ifndef MF_ORGANIZATION_FIND_H
#define MF_ORGANIZATION_FIND_H

#include "access/access.h"
#include "base/notices.h"
#include "model/organization.h"

/* Borrowed. */
struct organization_asking {
    const struct access *access;
    struct notices notices; /* what is asked before it is, what was found, and what fits nothing */
    struct arena *memory;   /* of what is found */
};

/* An organization_ask; ctx: struct organization_asking. Nothing but reads goes out, so a signal may
 * end the process meanwhile. */
enum err organization_find(void *ctx, const struct organization_wish *wish,
                           struct organization_found *found, struct why *why);

#endif
