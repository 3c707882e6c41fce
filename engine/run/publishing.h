/*
 * Publishing as a run: targets from a gathering of records, or from the run that is taken back; the
 * publisher in the live world; the end in the journal. publish, withdraw and their resume differ in
 * the config.
 */
#ifndef MF_PUBLISHING_H
#define MF_PUBLISHING_H

#include "handoff/gather.h"
#include "publish/publisher.h"

#include "run.h"

/* The observer of a publishing. The deciding thread calls both; each may be NULL. */
struct publishing_observer {
    void *ctx;
    void (*turn)(void *ctx, const struct publisher *publisher, instant_us now);
    instant_us (*wake)(void *ctx, instant_us now);
};

struct publishing {
    struct run *run; /* its journal, fleet and access; head.verb is RUN_PUBLISH or RUN_WITHDRAW */
    bool is_dry;     /* nothing is changed; the journal is in memory */
    bool merges_spf;
    struct publishing_observer observer;
    struct publish_target *targets; /* in run->arena */
    uint32_t targets_len;
    const struct reviewed_name **reviewed; /* by target, of a plan file; or NULL */
    struct text *barred; /* by target: why it is left to a person; empty: it is not. Or NULL */
    struct publisher_totals totals;
};

/* One target for each name of the gathering, arranged and made without DNS. */
enum err publishing_gather(struct publishing *p, struct records_gather *g, uint32_t ttl_s,
                           struct why *why);
/* Only what the reviewed plan has: other targets go, *left of them. ERR_INPUT: the fleet wants
 * other records now than then. */
enum err publishing_review(struct publishing *p, const struct reviewed *plan, uint32_t *left,
                           struct why *why);
/* The targets of run r->head.id, for its resume. */
enum err publishing_recall(struct publishing *p, struct why *why);
/* What run `published` is known to have created or may have created, as targets to take back. */
enum err publishing_created(struct publishing *p, uint64_t published, struct why *why);
/* Carries it out: begins (or resumes) in the journal, runs the engine, stops. */
enum err publishing_carry_out(struct publishing *p, struct why *why);

#endif
