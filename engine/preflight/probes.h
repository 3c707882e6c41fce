/*
 * Questions asked before a run begins, all at once, each tried again a few times while nothing
 * speaks against it. They change nothing.
 */
#ifndef MF_PROBES_H
#define MF_PROBES_H

#include "calls/call_pool.h"
#include "calls/retry.h"
#include "io.h"

struct probe {
    /* the question */
    uint16_t lane;
    enum call_kind kind;
    enum api api;
    struct text identity;  /* of kinds that ask about one; else empty */
    unsigned attempts_max; /* 1 .. */

    /* the answer; texts in the arena that was given */
    enum verdict verdict;
    struct reply reply;
    struct account_facts account;
    instant_us sent_at, answered_at; /* of the last try */
    uint64_t signed_with;            /* these two as in struct call */
    span_us skew_us;

    unsigned attempts;
    instant_us due; /* not before; for whoever asks */
};

/* What carries the probes. It outlives the world where a second signal has cut probes_ask() short:
 * then calls are still out. False: out of memory. */
bool probes_pool_init(struct call_pool *calls, struct arena *memory);

/* Is it without an answer only for now? Whoever asked may ask again later. */
bool probe_may_pass(const struct probe *p);

/* Returns when every probe is answered for good. ERR_BUSY: interrupted, and probes without an
 * answer have no answered_at; after a first signal it still waits for those that are out. */
enum err probes_ask(struct probe *probes, uint32_t len, const struct io *io,
                    struct call_pool *calls, struct arena *arena, struct why *why);

#endif
