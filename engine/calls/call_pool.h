/*
 * The pool of calls of one machine, made once, so a run of days cannot run out of memory for a
 * question.
 *
 *   in the pool --call_pool_take--> out --call_pool_returned--> read --call_pool_give--> in the
 * pool
 *
 * The machine owns calls in the pool and read calls, the world owns calls out. A call may stay read
 * as long as its answer is needed. Deciding thread only.
 */
#ifndef MF_CALL_POOL_H
#define MF_CALL_POOL_H

#include "call.h"

struct call_pool {
    struct call *calls, *free; /* free: list through call.next; NULL: all are out or read */
    uint32_t len, out;
    uint64_t last_ticket;
};

/* Takes len calls from *memory, which must outlive the pool; an answer has room for HTTP_BODY_MAX *
 * 4 bytes. False: out of memory. */
bool call_pool_init(struct call_pool *pool, struct arena *memory, uint32_t len);
/* Frees the answers, once the world touches no call any more. A pool of zeros is fine. */
void call_pool_clear(struct call_pool *pool);

/* A call without identities, MAIL FROM or token, for its first attempt; counts as out from now on.
 * lane: for CALL_ASK 0. NULL: none is free. */
struct call *call_pool_take(struct call_pool *pool, enum call_kind kind, uint16_t lane,
                            enum api api);
void call_pool_returned(struct call_pool *pool); /* a call out has come back */
void call_pool_give(struct call_pool *pool, struct call *call);
bool call_pool_has(const struct call_pool *pool, const struct call *call); /* is it its own? */

#endif
