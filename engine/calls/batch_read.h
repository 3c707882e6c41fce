/*
 * Batched reads: identities read together, by one call for each kind of fact. Version 1 of the API
 * takes a hundred in a call, version 2 one.
 *
 *   batch_read_new, items --batch_read_want--> in a list --batch_reads_send--> out
 *   out --batch_read_answered--> BATCH_WAITS   other calls are out, or the batch is listed again
 *                                BATCH_DONE    every answer has come
 *                                BATCH_FAILED  failed_next has the next step (retry.h)
 *
 * A done or failed batch is the owner's: to be freed, split, or asked for again. The owner knows
 * the meaning of items and lists. Pure; deciding thread only.
 */
#ifndef MF_BATCH_READ_H
#define MF_BATCH_READ_H

#include "call_pool.h"
#include "retry.h"

#define BATCH_KINDS      (CALL_GET + 1) /* kinds of calls for reading identities */
#define BATCH_KIND(kind) (1u << (kind))

struct batch_read {
    uint32_t next; /* in a list, or among the free ones: batch + 1, 0 ends */
    uint16_t lane;
    enum api api;
    uint8_t kinds;             /* bits of BATCH_KIND: facts to read */
    uint8_t to_send, out;      /* of kinds; with any to send the batch is in the list */
    uint8_t attempts;          /* failures of its calls, in a row */
    uint8_t optional;          /* of kinds: the batch is done without, where they go on failing */
    uint8_t missed;            /* of optional: given up, without an answer */
    uint8_t optional_attempts; /* throttled ones too */
    uint32_t generation;       /* the owner's */
    uint32_t count;
    uint32_t items[SES_BATCH_MAX];     /* the owner's numbers of the identities */
    instant_us wake;                   /* no call of the batch is sent before ... */
    instant_us optional_wake;          /* ... apart from optional ones */
    struct call *answers[BATCH_KINDS]; /* held until the batch is freed or split */
    uint8_t denied;                    /* of kinds: the lane may not ask them */
    bool failed;                       /* one call has, and another one is still out: */
    enum retry failed_next;            /* never RETRY_BY_PACE or RETRY_BACKOFF */
    struct reply failed_reply;
};

struct batch_reads {
    struct batch_read *batches;
    uint32_t free, free_len; /* list */
    struct call_pool *calls;
};

/* Takes room for len batches from *memory. False: out of memory. */
bool batch_reads_init(struct batch_reads *r, struct arena *memory, uint32_t len,
                      struct call_pool *calls);

uint32_t batch_read_max(enum api api); /* identities in one batch */
/* Empty, and due at once. NULL: none is free. */
struct batch_read *batch_read_new(struct batch_reads *r, uint16_t lane, enum api api, uint8_t kinds,
                                  instant_us now);
void batch_read_free(struct batch_reads *r,
                     struct batch_read *b); /* of a batch in no list; frees the answers too */
struct batch_read *batch_read_of(const struct batch_reads *r, const struct call *call);

/* Asks for these kinds: puts the batch at the end of the list. */
void batch_read_want(struct batch_reads *r, uint32_t *list, struct batch_read *b, uint8_t kinds);
/* Takes a waiting batch without calls out from its list. */
void batch_read_unlist(struct batch_reads *r, uint32_t *list, struct batch_read *b);
/* Frees the batches waiting in the list for one of these kinds; how many. */
uint32_t batch_reads_drop(struct batch_reads *r, uint32_t *list, uint8_t kinds);

/* How calls of a list are made. */
struct batch_sender {
    struct pace *pace; /* of the lane, by kind of call */
    void *ctx;
    /* Fills in the identities; count is set. */
    void (*fill)(void *ctx, const struct batch_read *b, struct call *call);
};

/* The calls of the list to send now, as buckets and the pool allow; at most max. */
uint32_t batch_reads_send(struct batch_reads *r, uint32_t *list, const struct batch_sender *by,
                          instant_us now, struct call **calls, uint32_t max);
/* When one may leave; WHEN_NEVER: the list is empty. */
instant_us batch_reads_wake(const struct batch_reads *r, uint32_t list, const struct pace *pace);

enum batch_state { BATCH_WAITS, BATCH_DONE, BATCH_FAILED };

#define OPTIONAL_ATTEMPTS_MAX 5 /* helpful, but not worth holding a batch up for long */
#define OPTIONAL_MISSED_MAX   3 /* batches in a row that missed it: the others would, too */

/* A call of the batch has come back. One of an optional kind fails no batch: it is sent
 * OPTIONAL_ATTEMPTS_MAX times in all, by the pace or after a while, and then its kind is missed: at
 * once where no batch is free. With VERDICT_OK the batch keeps the call; otherwise the caller gives
 * the call back to the pool. */
enum batch_state batch_read_answered(struct batch_reads *r, uint32_t *list, struct call *call,
                                     enum verdict verdict, const struct retry_rules *rules,
                                     uint64_t seed, instant_us now);
/* Halves the batch, and asks for all of both. Returns the other half; NULL: none is free. */
struct batch_read *batch_read_split(struct batch_reads *r, uint32_t *list, struct batch_read *b,
                                    instant_us now);

#endif
