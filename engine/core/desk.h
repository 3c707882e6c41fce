/*
 * The desk: every job of a run, the queues they wait in, the calls that are out, and the pace of
 * every lane. It is fed events and gives back calls to send and records to keep; it does no I/O and
 * cannot block. One turn is:
 *
 *     desk_event() for each event, desk_decide(), keep the records, send the calls, desk_turn_end()
 *
 * Reads are batched here: jobs of one lane that want to look wait a moment for company, up to a
 * hundred to a call. Nothing is allocated after desk_init() except names and texts that SES or DNS
 * made up, which go to bounded arenas.
 */
#ifndef MF_DESK_H
#define MF_DESK_H

#include "event.h"
#include "fleet.h"
#include "judge.h"
#include "own_names.h"
#include "pace.h"
#include "record.h"
#include "step.h"

struct desk;

struct desk_options {
    struct step_rules rules;
    enum api read_api, write_api;
    bool read_falls_back;    /* a lane whose IAM refuses reads by version 1 goes on by version 2 */
    bool authority_dns;      /* ask authoritative servers, not the resolver */
    bool detach;             /* drain as soon as every job only waits for DNS or for SES */
    uint16_t authority_port; /* 0: 53 */
    bool census;             /* look around in each lane first (desk_census.h) */
    bool surveys;            /* judge SPF to its end, and DMARC */
    double rate_per_s;       /* of every action; 0: the account's own, else 1 */
    struct text feedback_host;    /* pattern (feedback.h); empty: SES's own. Borrowed */
    const struct own_names *own;  /* what runs before this one have set; may be NULL. Borrowed */
    struct suffix_list *suffixes; /* NULL: neither public-suffix nor the surveys */
};

struct desk_totals {
    uint32_t jobs, by_state[JOB_STATES], by_outcome[OUTCOMES];
    uint64_t calls[CALL_KINDS], throttled[CALL_KINDS];
    uint64_t writes;                 /* CALL_SET sent */
    uint16_t moves_made[JOB_STATES]; /* row: from, bit: to */
    uint32_t calls_out;
    instant_us earliest_deadline; /* WHEN_NEVER: none */
};

/* The same of one lane. */
struct desk_lane_totals {
    uint32_t by_state[JOB_STATES];
    uint32_t bad; /* ended badly */
    uint64_t calls, throttled, writes;
};

/* All memory comes from *memory; NULL when it does not suffice. The fleet must outlive the desk. */
struct desk *desk_init(struct arena *memory, const struct fleet *fleet,
                       const struct desk_options *options);
void desk_clear(struct desk *d);

/* Before the first turn of a resumed run: gives a job back what its last record says of it, and
 * starts it unless it is final. What SES had taken is followed, what was on its way is looked at;
 * everything else begins with a look, a final one that is to be reopened too. */
void desk_restore(struct desk *d, const struct record *record, bool reopen, instant_us now);
/* Before the first turn of a run that follows the plan that a person has just been shown: gives a
 * job what the plan's last record says of it (planned, waiting-dns or pending), so that nothing is
 * read twice. Final verdicts are given by desk_restore(). */
void desk_adopt(struct desk *d, const struct record *plan, instant_us now);
/* What the plan's census of the lanes found, for a desk of the same fleet; both desks' memory must
 * outlive this one. */
void desk_census_adopt(struct desk *d, struct desk *plan);
/* Starts every job that desk_restore() was not told of, and takes up the waves where they were. */
void desk_start(struct desk *d, instant_us now);

/* Before the first turn: somebody else has made this call already, and the lane's pace goes on from
 * there. */
void desk_called(struct desk *d, uint16_t lane, enum call_kind kind, instant_us sent_at,
                 instant_us answered_at);
/* Nobody may do anything in this lane from now on: its jobs end as failed, with this reason, those
 * that wait for something when they would have gone on. The other lanes are not concerned. */
void desk_close_lane(struct desk *d, uint16_t lane, const char *reason, instant_us now);

bool desk_has_room(const struct desk *d); /* for the records of one more event */
void desk_event(struct desk *d, const struct event *event, instant_us now);
/* Fills calls (at most max) with what is to be sent now; returns how many. */
uint32_t desk_decide(struct desk *d, instant_us now, struct call **calls, uint32_t max);
/* The turn's records, in order; they must be durable before the turn's calls leave. */
const struct record *desk_records(const struct desk *d, uint32_t *len);
void desk_turn_end(struct desk *d);

instant_us desk_wake(const struct desk *d, instant_us now); /* when to decide again */
/* Nothing is left to do: every job is final, or the desk drains and no call is out. */
bool desk_is_finished(const struct desk *d);
bool desk_is_draining(const struct desk *d);
/* A name could not be remembered, so what the desk believes of a job may be wrong: its records are
 * not to be kept, nor its calls sent. */
bool desk_is_out_of_memory(const struct desk *d);
void desk_totals(const struct desk *d, struct desk_totals *totals);
void desk_lane_totals(const struct desk *d, uint16_t lane, struct desk_lane_totals *totals);
const struct job *desk_job(const struct desk *d, uint32_t number);
/* By which API such calls of a lane go. It changes at most once, where reads fall back. */
enum api desk_api(const struct desk *d, uint16_t lane, enum call_kind kind);
/* How often something befell a lane that a person should be told: its reads fell back, it was
 * closed, or SES's hint to wait was cut to RETRY_AFTER_MAX (pace.hint_cut). */
uint32_t desk_lane_news(const struct desk *d);
/* Pace of one action of a lane, for progress. */
const struct pace *desk_pace(const struct desk *d, uint16_t lane, enum call_kind kind);

/* Why no further identity was started (waves, max_failures); NULL: nothing was held back. */
const char *desk_pause_reason(const struct desk *d);
/* Why a lane was closed, or its writes were; NULL: they were not. */
const char *desk_lane_trouble(const struct desk *d, uint16_t lane);
bool desk_lane_is_closed(const struct desk *d, uint16_t lane); /* and not only its writes */
/* What keeps a lane that is not closed from being asked, and since when; NULL: nothing does. */
#define TROUBLE_TOLD_AFTER SPAN_S(30) /* shorter trouble is nobody's business */
const char *desk_lane_waits(const struct desk *d, uint16_t lane, instant_us *since);
/* Was REJECT_MESSAGE given up in this lane, since it took an identity out of Success? */
bool desk_lane_stays_loose(const struct desk *d, uint16_t lane);
/* What the census of a lane could not find out, why, and which rules were not judged for it. There
 * are DESK_CENSUS_GAPS kinds of gaps; NULL: not this one. */
#define DESK_CENSUS_GAPS 4
const char *desk_census_gap(const struct desk *d, uint16_t lane, unsigned gap);

#endif
