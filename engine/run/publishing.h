/*
 * Publishing as a run: targets from a gathering of records, or from the run that is taken back; the
 * publisher in the live world; the end in the journal. publish, withdraw and their resume differ in
 * the config.
 *
 * Or as a part of an apply, whose run.publishing it is: the publisher joins the scheduler in one
 * engine loop, and identities wait for their record sets as they wait for people.
 */
#ifndef MF_PUBLISHING_H
#define MF_PUBLISHING_H

#include "handoff/gather.h"
#include "publish/beside.h"

#include "run.h"

/* The observer of a publishing. The deciding thread calls both; each may be NULL. */
struct publishing_observer {
    void *ctx;
    void (*turn)(void *ctx, const struct publisher *publisher, instant_us now);
    instant_us (*wake)(void *ctx, instant_us now);
    /* Of a dry run: the body of a request that would be sent, or the octets of an update in
     * hexadecimal digits. */
    void (*change)(void *ctx, const struct call *call, struct text body);
};

struct publishing {
    struct run *run; /* its journal, fleet and access; verb: RUN_PUBLISH, RUN_WITHDRAW, RUN_APPLY */
    bool is_dry;     /* nothing is changed; the journal is in memory */
    struct publishing_observer observer;
    struct publish_target *targets; /* in run->arena */
    uint32_t targets_len;
    const struct reviewed_name **reviewed; /* by target, of a plan file; or NULL */
    struct text *barred; /* by target: why it is left to a person; empty: it is not. Or NULL */
    struct publisher_totals totals;
    /* While the engine runs: */
    struct publisher *publisher;
    struct publish_beside beside; /* of an apply; it has the publisher */
};

/* One target for each name of the gathering, arranged and made without DNS. */
enum err publishing_gather(struct publishing *p, struct records_gather *g, uint32_t ttl_s,
                           struct why *why);
/* Only what the reviewed plan has: other targets go, *left of them. ERR_INPUT: the fleet wants
 * other records now than then. */
enum err publishing_review(struct publishing *p, const struct reviewed *plan, uint32_t *left,
                           struct why *why);
/* The dry run in p->run's journal is the reviewed plan: nothing beyond it is changed. */
enum err publishing_as_shown(struct publishing *p, struct why *why);
/* What was reviewed or shown becomes the whole list of targets, for a run that another process
 * carries out: it knows the list by the journal, and nothing of the review. *merges: a change of
 * the list adds to an SPF record that is there. */
void publishing_narrow(struct publishing *p, bool *merges);
/* The targets of run r->head.id, for its resume or to be shown: row is FLEET_LEFT_OUT where the
 * view of the run leaves it out. */
enum err publishing_recall(struct publishing *p, struct why *why);
/* What run `published` is known to have created or may have created, as targets to take back. */
enum err publishing_created(struct publishing *p, uint64_t published, struct why *why);
/* Of an apply, before the scheduler starts: the publisher joins it. *machine, the scheduler's,
 * becomes both. */
enum err publishing_join(struct publishing *p, struct scheduler *scheduler, struct machine *machine,
                         instant_us now, struct why *why);
/* The wire is closed: no call is out any more. NULL is fine. */
void publishing_part(struct publishing *p);
/* At so many names has the run created something, or may have. */
enum err publishing_count(struct journal *journal, uint64_t run, uint32_t *names, struct why *why);
/* Carries it out: begins (or resumes) in the journal, runs the engine, stops. */
enum err publishing_carry_out(struct publishing *p, struct why *why);

#endif
