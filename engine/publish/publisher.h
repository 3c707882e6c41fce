/*
 * The publisher: creates the record sets of a run's targets, or takes them back, as a machine of
 * the engine (calls/machine.h).
 *
 * Each name is looked at by a survey of the authorities, the zone that is in force is found at its
 * provider, and a batch of names of one zone leaves as one change, all or none. A change is kept
 * before it is sent; one without a known answer is looked at, never repeated blindly. Then the
 * authorities are asked until each shows the records: a provider's success is not success.
 *
 * One call of a zone is out at a time (Route 53 answers PriorRequestNotComplete otherwise, and two
 * changes of one zone do not race). A refused batch is halved, so that one bad name does not stop
 * the others; a refused zone does not stop its provider, a denied provider not the run.
 *
 * Pure: no I/O, no clock. Deciding thread only.
 */
#ifndef MF_PUBLISHER_H
#define MF_PUBLISHER_H

#include "calls/machine.h"
#include "calls/steering.h"
#include "model/fleet.h"
#include "model/publish_record.h"
#include "model/publish_target.h"
#include "reviewed.h"
#include "survey/survey.h"

#define PUBLISH_LOOK_AGE    SPAN_S(60) /* a look this old is taken again before a change */
#define PUBLISH_LINGER      SPAN_S(2)  /* a small batch waits for more names of its zone */
#define PUBLISH_SEEN_WITHIN SPAN_M(15) /* until every authority shows the records */

/* Texts, fleet and targets are borrowed for the life of the publisher. */
struct publisher_options {
    const struct fleet *fleet;
    const struct publish_target *targets;
    uint32_t targets_len;
    struct survey_options surveys; /* mode is INQUIRY_AUTHORITY */
    struct text feedback_host;
    const struct text *barred; /* by target: why it is left to a person from the start; or NULL */
    /* By target: what a reviewed plan has of it, whose list it is in; NULL entries: nothing. NULL:
     * there is no plan. A target with another zone or another SPF record is left to a person. */
    const struct reviewed_name *const *reviewed;
    const char *const *trouble; /* by row of fleet.providers: why it cannot be asked; or NULL */
    double rate_per_s; /* calls a second to each provider, at most; 0: as many as it takes */
    uint64_t seed;
    bool is_dry;     /* nothing is changed: READY is the end of a target with a possible change */
    bool merges_spf; /* --merge-spf */
    bool withdraws;  /* the sets of the targets are taken back */
    /* A target has come to its end just now; or NULL. */
    void (*ended)(void *ctx, uint32_t target, instant_us now);
    void *ctx;
};

struct publisher_totals {
    uint32_t by_state[PUBLISH_STATES];
    uint64_t calls[CALL_KINDS], throttled;
    uint64_t questions; /* of DNS */
    bool iam_denies;    /* at Route 53 the credentials may not do what is needed */
    bool is_stopped;    /* by fleet.max_failures */
};

struct publisher;

struct publisher *publisher_init(const struct publisher_options *options); /* NULL: no memory */
void publisher_clear(struct publisher *p);                                 /* NULL is fine */
/* Before the start: the newest record of a target of a resumed run. reopen: a bad end begins again.
 */
void publisher_restore(struct publisher *p, const struct publish_record *record, bool reopen);
void publisher_start(struct publisher *p, instant_us now);
struct machine publisher_machine(struct publisher *p);
/* The first provider of the same account, token or server: these share one bucket. */
uint32_t publisher_bucket(const struct fleet *f, uint32_t provider);
bool publisher_owns(const struct publisher *p, const struct call *call);
bool publisher_has_ended(const struct publisher *p, uint32_t target);
/* Of a dry run that has ended: each change that would be sent, a CALL_CHANGE; until fn returns
 * false. The call is borrowed. */
void publisher_changes(struct publisher *p, bool (*fn)(void *ctx, const struct call *call),
                       void *ctx);
/* As scheduler_paused_by(): while the publisher is paused, no change is sent; looks go on. */
const struct order *publisher_paused_by(const struct publisher *p);
const struct steering *publisher_steering(const struct publisher *p);
void publisher_totals(const struct publisher *p, struct publisher_totals *totals);

#endif
