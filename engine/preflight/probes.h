/*
 * Questions before a run, all at once, each tried again a few times while another try can help. All
 * are reads.
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
    struct text identity;  /* for kinds about an identity; otherwise empty */
    unsigned attempts_max; /* 1 .. */
    bool is_kept;          /* a good answer stays as it is, in the pool of the calls */

    /* the answer; texts in the given arena */
    enum verdict verdict;
    struct reply reply;
    struct account_facts account;
    struct call *kept;               /* is_kept; NULL: no good answer */
    instant_us sent_at, answered_at; /* of the last try */
    uint64_t signed_with;            /* as in struct call, like the member below */
    span_us skew_us;

    unsigned attempts;
    instant_us due; /* earliest time; private */
};

/* The calls of the probes, and of PREFLIGHT_PAGES_MAX kept answers. They outlive the world after a
 * second signal cut probes_ask() short: calls are still out then. False: out of memory. */
bool probes_pool_init(struct call_pool *calls, struct arena *memory);

/* Is the probe unanswered only for now? The caller may ask again later. */
/* A refusal without a code of AWS is a proxy's word, and passes. */
bool probe_may_pass(const struct probe *p);

/* Returns when every probe has a final answer. ERR_BUSY: interrupted, and unanswered probes have no
 * answered_at; after a first signal the function still waits for probes out. */
enum err probes_ask(struct probe *probes, uint32_t len, const struct io *io,
                    struct call_pool *calls, struct arena *arena, struct why *why);

#endif
