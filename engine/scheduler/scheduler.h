/*
 * The scheduler: every job of a run, the queues they wait in, the calls that are out, and the pace
 * of every lane. It is fed events and gives back calls to send and records to keep; it does no I/O
 * and cannot block. One turn is:
 *
 *     scheduler_event() for each event, scheduler_decide(), keep the records, send the calls,
 * scheduler_turn_end()
 *
 * Reads are batched here: jobs of one lane that want to look wait a moment for company, up to a
 * hundred to a call. Nothing is allocated after scheduler_init() except names and texts that SES or
 * DNS made up, which go to bounded arenas.
 */
#ifndef MF_SCHEDULER_H
#define MF_SCHEDULER_H

#include "calls/machine.h"
#include "calls/pace.h"
#include "model/fleet.h"
#include "model/own_names.h"
#include "record.h"
#include "rules/judge.h"
#include "step.h"

struct scheduler;

struct scheduler_options {
    struct step_rules rules;
    enum api read_api, write_api;
    bool read_falls_back;    /* a lane whose IAM refuses reads by version 1 goes on by version 2 */
    bool authority_dns;      /* ask authoritative servers, not the resolver */
    bool detach;             /* drain as soon as every job only waits for DNS or for SES */
    uint16_t authority_port; /* 0: 53 */
    bool lane_survey;        /* look around in each lane first (lane_survey.h) */
    bool surveys;            /* judge SPF to its end, and DMARC */
    double rate_per_s;       /* of every action; 0: the account's own, else 1 */
    struct text feedback_host;    /* pattern (feedback.h); empty: SES's own. Borrowed */
    const struct own_names *own;  /* what runs before this one have set; may be NULL. Borrowed */
    struct suffix_list *suffixes; /* NULL: neither public-suffix nor the surveys */
};

struct scheduler_totals {
    uint32_t jobs, by_state[JOB_STATES], by_outcome[OUTCOMES];
    uint64_t calls[CALL_KINDS], throttled[CALL_KINDS];
    uint64_t writes;                 /* CALL_SET sent */
    uint16_t moves_made[JOB_STATES]; /* row: from, bit: to */
    uint32_t calls_out;
    instant_us earliest_deadline; /* WHEN_NEVER: none */
};

/* The same of one lane. */
struct scheduler_lane_totals {
    uint32_t by_state[JOB_STATES];
    uint32_t bad; /* ended badly */
    uint64_t calls, throttled, writes;
};

/* All memory comes from *memory; NULL when it does not suffice. The fleet must outlive the
 * scheduler. */
struct scheduler *scheduler_init(struct arena *memory, const struct fleet *fleet,
                                 const struct scheduler_options *options);
void scheduler_clear(struct scheduler *d);

/* Before the first turn of a resumed run: gives a job back what its last record says of it, and
 * starts it unless it is final. What SES had taken is followed, what was on its way is looked at;
 * everything else begins with a look, a final one that is to be reopened too. */
void scheduler_restore(struct scheduler *d, const struct record *record, bool reopen,
                       instant_us now);
/* Before the first turn of a run that follows the plan that a person has just been shown: gives a
 * job what the plan's last record says of it (planned, waiting-dns or pending), so that nothing is
 * read twice. Final verdicts are given by scheduler_restore(). */
void scheduler_adopt(struct scheduler *d, const struct record *plan, instant_us now);
/* What the plan's lane survey of the lanes found, for a scheduler of the same fleet; both
 * schedulers' memory must outlive this one. */
void scheduler_survey_adopt(struct scheduler *d, struct scheduler *plan);
/* Starts every job that scheduler_restore() was not told of, and takes up the waves where they
 * were. */
void scheduler_start(struct scheduler *d, instant_us now);

/* Before the first turn: somebody else has made this call already, and the lane's pace goes on from
 * there. */
void scheduler_called(struct scheduler *d, uint16_t lane, enum call_kind kind, instant_us sent_at,
                      instant_us answered_at);
/* Nobody may do anything in this lane from now on: its jobs end as failed, with this reason, those
 * that wait for something when they would have gone on. The other lanes are not concerned. */
void scheduler_close_lane(struct scheduler *d, uint16_t lane, const char *reason, instant_us now);

/* What engine_run() drives: the functions below. */
struct machine scheduler_machine(struct scheduler *d);
bool scheduler_has_room(const struct scheduler *d); /* for the records of one more event */
void scheduler_event(struct scheduler *d, const struct event *event, instant_us now);
/* Fills calls (at most max) with what is to be sent now; returns how many. */
uint32_t scheduler_decide(struct scheduler *d, instant_us now, struct call **calls, uint32_t max);
/* The turn's records, in order; they must be durable before the turn's calls leave. */
const struct record *scheduler_records(const struct scheduler *d, uint32_t *len);
void scheduler_turn_end(struct scheduler *d);

instant_us scheduler_wake(const struct scheduler *d, instant_us now); /* when to decide again */
/* Nothing is left to do: every job is final, or the scheduler drains and no call is out. */
bool scheduler_is_finished(const struct scheduler *d);
bool scheduler_is_draining(const struct scheduler *d);
/* A name could not be remembered, so what the scheduler believes of a job may be wrong: its records
 * are not to be kept, nor its calls sent. */
bool scheduler_is_out_of_memory(const struct scheduler *d);
void scheduler_totals(const struct scheduler *d, struct scheduler_totals *totals);
void scheduler_lane_totals(const struct scheduler *d, uint16_t lane,
                           struct scheduler_lane_totals *totals);
const struct job *scheduler_job(const struct scheduler *d, uint32_t number);
/* By which API such calls of a lane go. It changes at most once, where reads fall back. */
enum api scheduler_api(const struct scheduler *d, uint16_t lane, enum call_kind kind);
/* How often something befell a lane that a person should be told: its reads fell back, it was
 * closed, or SES's hint to wait was cut to RETRY_AFTER_MAX (pace.hint_cut). */
uint32_t scheduler_lane_changes(const struct scheduler *d);
/* Pace of one action of a lane, for progress. */
const struct pace *scheduler_pace(const struct scheduler *d, uint16_t lane, enum call_kind kind);

/* Why no further identity was started (waves, max_failures); NULL: nothing was held back. */
const char *scheduler_pause_reason(const struct scheduler *d);
/* Why a lane was closed, or its writes were; NULL: they were not. */
const char *scheduler_lane_trouble(const struct scheduler *d, uint16_t lane);
bool scheduler_lane_is_closed(const struct scheduler *d,
                              uint16_t lane); /* and not only its writes */
/* What keeps a lane that is not closed from being asked, and since when; NULL: nothing does. */
#define TROUBLE_TOLD_AFTER SPAN_S(30) /* shorter trouble is nobody's business */
const char *scheduler_lane_waits(const struct scheduler *d, uint16_t lane, instant_us *since);
/* Was REJECT_MESSAGE given up in this lane, since it took an identity out of Success? */
bool scheduler_lane_stays_loose(const struct scheduler *d, uint16_t lane);
/* What the lane survey of a lane could not find out, why, and which rules were not judged for it.
 * There are SURVEY_GAPS_MAX kinds of gaps; NULL: not this one. */
#define SURVEY_GAPS_MAX 4
const char *scheduler_survey_gap(const struct scheduler *d, uint16_t lane, unsigned gap);

#endif
