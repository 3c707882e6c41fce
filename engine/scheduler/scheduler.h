/*
 * The scheduler: every job of a run, the queues of waiting jobs, the calls out, and the pace of
 * every lane. The scheduler takes events and gives back calls to send and records to keep, without
 * I/O and without blocking. One turn is:
 *
 *     scheduler_event() for each event, scheduler_decide(), keep the records, send the calls,
 * scheduler_turn_end()
 *
 * Reads are batched here: jobs of one lane wait a moment for company before a read, up to a hundred
 * to a call. After scheduler_init() only names and texts from SES or DNS are allocated, in bounded
 * arenas.
 */
#ifndef MF_SCHEDULER_H
#define MF_SCHEDULER_H

#include "calls/budget.h"
#include "calls/machine.h"
#include "calls/pace.h"
#include "calls/steering.h"
#include "model/fleet.h"
#include "model/own_names.h"
#include "model/recommendation.h"
#include "record.h"
#include "rules/judge.h"
#include "step.h"

struct scheduler;
struct waves; /* waves.h */

struct scheduler_options {
    struct step_rules rules;
    enum api read_api, write_api;
    bool read_falls_back;    /* a lane with reads by version 1 refused goes on by version 2 */
    bool authority_dns;      /* ask authoritative servers, not the resolver */
    bool detach;             /* drain as soon as every job only waits for DNS or for SES */
    uint16_t authority_port; /* 0: 53 */
    bool lane_survey;        /* look around in each lane first (lane_survey.h) */
    bool sweep;  /* a plan that is only looked at (run/watching.h): nothing is asked about other
                    identities, and what SES knows of verification comes beside the reads */
    bool advice; /* ask each lane for global endpoints and, where the Virtual Deliverability Manager
                    is enabled, for open recommendations. Not where write_api is version 1, which
                    has neither. Costs one call a lane, GetAccount, and a page for each hundred
                    recommendations */
    bool looks_closer;   /* survey_options.closer */
    bool surveys;        /* follow SPF to the end, and judge DMARC */
    enum dkim_wish dkim; /* of the first reads */
    double rate_per_s;   /* of every action; 0: the account's own, or 1 */
    const bool *lanes;   /* by lane: this process carries it. The rows of the others stay NEW: they
                            are never started, asked about or waited for, records of them are passed
                            over, and they count nowhere but in scheduler_totals.jobs. NULL: all
                            lanes. Borrowed */
    const uint8_t *carriers; /* by lane: which carrier has its calls (wire_carriers()); read by
                                scheduler_init() alone. NULL: one has them all */
    uint32_t transfers; /* so many calls a carrier has out at once; 0: any number. A call for which
                           there would be no connection is not handed over: what waits, waits where
                           it can be held back */
    bool shares_waves;  /* first writes need scheduler_grant(), and where the waves stand is told by
                           scheduler_waves_set(), since several processes carry the run */
    bool leaves_lanes;  /* a lane of which every call is denied, cannot be sent or finds no keys is
                           left to other processes, which may have what is missing here: no row of
                           it fails, and the scheduler drains (scheduler_lane_left()) */
    struct text feedback_host;           /* pattern (feedback.h); empty: SES's own. Borrowed */
    const struct own_names *own;         /* names set by earlier runs; may be NULL. Borrowed */
    const struct managed_index *managed; /* what Terraform sets; may be NULL. Borrowed */
    struct suffix_list *suffixes;        /* NULL: neither public-suffix nor the surveys */
};

struct scheduler_totals {
    uint32_t jobs, by_state[JOB_STATES], by_outcome[OUTCOMES];
    uint64_t calls[CALL_KINDS], throttled[CALL_KINDS];
    uint64_t writes;                 /* CALL_SET sent */
    uint16_t moves_made[JOB_STATES]; /* row: from, bit: to */
    uint32_t calls_out;
    instant_us earliest_deadline; /* WHEN_NEVER: none */
};

/* Progress of one lane. */
struct scheduler_lane_totals {
    uint32_t by_state[JOB_STATES];
    uint32_t bad; /* ended badly */
    uint64_t calls, throttled, writes;
};

/* All memory comes from *memory; NULL: not enough. The fleet must outlive the scheduler. */
struct scheduler *scheduler_init(struct arena *memory, const struct fleet *fleet,
                                 const struct scheduler_options *options);
void scheduler_clear(struct scheduler *d);

/* Before the first turn of a resumed run: restores a job from its last record, and starts the job
 * unless final. An accepted write is followed, an unanswered one is looked for by a read. Every
 * other job begins with a read, a reopened final job too. */
void scheduler_restore(struct scheduler *d, const struct record *record, bool reopen,
                       instant_us now);
/* Before the first turn of a run after a shown plan: restores a job from the plan's last record
 * (planned, waiting-dns or pending), so no job is read twice. scheduler_restore() is for final
 * outcomes. */
void scheduler_adopt(struct scheduler *d, const struct record *plan, instant_us now);
/* Before the first turn of a run of a plan file: a final row, as another process judged it. What
 * that process could do in the lane says nothing of what this one can. */
void scheduler_settle(struct scheduler *d, const struct record *verdict);
/* Takes over the results of the plan's lane surveys, and what IAM refused to its reads, for a
 * scheduler of the same fleet; the memory of both schedulers must outlive this one. */
void scheduler_survey_adopt(struct scheduler *d, struct scheduler *plan);
/* Before the start of a sweep: the verification of a row was read a short while ago, so SES is not
 * asked for it. */
void scheduler_verification_remember(struct scheduler *d, uint32_t row, enum verification v);
/* Likewise of DKIM, whatever SES told of the row itself: UNKNOWN too. Not fresh: it is shown until
 * SES, which is asked again, has told. */
void scheduler_dkim_remember(struct scheduler *d, uint32_t row, enum dkim_status own,
                             bool is_fresh);
/* Starts every job not given to scheduler_restore(), and continues the waves. */
void scheduler_start(struct scheduler *d, instant_us now);

/* Before the first turn: counts a call already made by preflight for the lane's pace. */
void scheduler_called(struct scheduler *d, uint16_t lane, enum call_kind kind, instant_us sent_at,
                      instant_us answered_at);
/* Likewise what it was answered, so that the lane survey need not ask again: the account, and the
 * first page of the list. */
void scheduler_told_account(struct scheduler *d, uint16_t lane, const struct account_facts *a);
void scheduler_told_list(struct scheduler *d, struct call *page, instant_us now);
/* Likewise that such calls are refused in a lane, by IAM or on the way to SES, or because SES does
 * not know them: they are not asked again, where there is another way. */
struct refused_call {
    uint16_t lane;
    enum call_kind kind;
    enum api api;
    bool is_on_way;
};
void scheduler_told_refused(struct scheduler *d, const struct refused_call *call, instant_us now);
/* Closes a lane: its jobs end as failed with this reason, a waiting job at its next step. Other
 * lanes go on. */
void scheduler_close_lane(struct scheduler *d, uint16_t lane, const char *reason, instant_us now);

/* Before the start: the record sets of a row are being published (publish/publisher.h). While it
 * waits for DNS its reason says so, and a run that detaches waits too. */
void scheduler_publishing(struct scheduler *d, uint32_t row);
/* That has come to an end, good or bad: a row that waits for DNS is looked at now. */
void scheduler_published(struct scheduler *d, uint32_t row, instant_us now);

/* The machine for engine_run(): the functions below. */
struct machine scheduler_machine(struct scheduler *d);
bool scheduler_has_room(const struct scheduler *d); /* for the records of one more event */
void scheduler_event(struct scheduler *d, const struct event *event, instant_us now);
/* Fills calls (at most max) with the calls to send now; returns the number. */
uint32_t scheduler_decide(struct scheduler *d, instant_us now, struct call **calls, uint32_t max);
/* The turn's records, in order, to be durable before the turn's calls leave. */
const struct record *scheduler_records(const struct scheduler *d, uint32_t *len);
void scheduler_turn_end(struct scheduler *d);

instant_us scheduler_wake(const struct scheduler *d, instant_us now); /* when to decide again */
/* Nothing is left to do: every job is final, or the scheduler drains and no call is out. */
bool scheduler_is_finished(const struct scheduler *d);
bool scheduler_is_draining(const struct scheduler *d);
/* True: out of memory for a name, so the state of some job may be wrong: keep no record and send no
 * call. */
bool scheduler_is_out_of_memory(const struct scheduler *d);
void scheduler_totals(const struct scheduler *d, struct scheduler_totals *totals);
void scheduler_lane_totals(const struct scheduler *d, uint16_t lane,
                           struct scheduler_lane_totals *totals);
/* Asserts that every open job is in one place, and much else: after a start, between two turns.
 * Looks at all jobs, so it is for tests. */
void scheduler_audit(const struct scheduler *d);
const struct job *scheduler_job(const struct scheduler *d, uint32_t number);
/* The custom MAIL FROM that SES showed last; empty: none, or not read. Borrowed. */
struct text scheduler_mail_from_seen(const struct scheduler *d, uint32_t number);
/* What SES has told of a row's verification, by a read or a list of this run. False: nothing. */
bool scheduler_verification(const struct scheduler *d, uint32_t row, enum verification *v);
/* What is known of a row's DKIM: by reads of this run, restored or remembered; of an address also
 * by its domain's row. Has SES been asked for the row itself in this run, or since its records were
 * kept, whatever it told? */
enum dkim_status scheduler_dkim(const struct scheduler *d, uint32_t row);
enum dkim_status scheduler_dkim_own(const struct scheduler *d, uint32_t row); /* without it */
bool scheduler_dkim_is_asked(const struct scheduler *d, uint32_t row);
/* May the account of a lane send? False: SES did not tell. */
bool scheduler_account_sends(const struct scheduler *d, uint16_t lane, bool *can_send);
/* The API of such calls in a lane. Changes when reads fall back. */
enum api scheduler_api(const struct scheduler *d, uint16_t lane, enum call_kind kind);
/* How the rows of a lane were read, and would be again. */
struct lane_reading scheduler_lane_reading(const struct scheduler *d, uint16_t lane);
/* Counts changes of lanes to be told to a person: reads fell back, a lane was closed, or SES's hint
 * to wait was cut to RETRY_AFTER_MAX (pace.hint_cut). */
uint32_t scheduler_lane_changes(const struct scheduler *d);
/* Pace of one action of a lane, for progress. */
const struct pace *scheduler_pace(const struct scheduler *d, uint16_t lane, enum call_kind kind);

/* Why no further identity was started (waves, max_failures); NULL: nothing was held back. The run
 * ends so, once those that were started are final. */
const char *scheduler_pause_reason(const struct scheduler *d);
/* With options.shares_waves: so many more rows of the lane may get their first write. The waves of
 * an instant after the grant have been set before: rows get the number of the running wave. Also
 * before the start, for starts granted to an earlier process: those that rows of the wave have used
 * are taken off. */
void scheduler_grant(struct scheduler *d, uint16_t lane, uint32_t starts, instant_us now);
/* How many more the lane could use by now, beyond those it has; 0 while the waves are paused. */
uint32_t scheduler_starts_wanted(const struct scheduler *d, uint16_t lane, instant_us now);
/* Takes back those that the lane has no use for now: nothing of it may start, or the waves are
 * paused. A drained lane gives back its places of rows that are not written, too. How many there
 * were; they are to be given back before the lane is. */
uint32_t scheduler_starts_return(struct scheduler *d, uint16_t lane, instant_us now);
/* Where the waves of the whole run stand: before the start, and then by each look. Taken over as
 * they are, but for failures of this process that the look may not have seen. */
void scheduler_waves_set(struct scheduler *d, const struct waves *waves, instant_us now);
/* As who has carried the lane before left it: its next call of an action comes not before this
 * instant, and goes at the rate learned (0: none was). Of SES; before the start, or later. */
void scheduler_hold(struct scheduler *d, uint16_t lane, enum call_kind kind, instant_us until);
void scheduler_teach(struct scheduler *d, uint16_t lane, enum call_kind kind, double rate_per_s,
                     instant_us now);

/* Where the run stands in its waves; only after the start. */
const struct waves *scheduler_waves(const struct scheduler *d);
/* The order by which a person has paused the run, until another one lets it go on; NULL: the run is
 * not paused. While it is, no write begins: reads, questions and deadlines go on. */
const struct order *scheduler_paused_by(const struct scheduler *d);
/* What people's orders have made of the run (calls/steering.h). */
const struct steering *scheduler_steering(const struct scheduler *d);
/* Why a lane, or its writes, are closed; NULL: open. */
const char *scheduler_lane_trouble(const struct scheduler *d, uint16_t lane);
bool scheduler_lane_is_closed(const struct scheduler *d,
                              uint16_t lane); /* the whole lane, not only its writes */
/* With options.leaves_lanes: why the lane has to be left to others; NULL: it has not. */
const char *scheduler_lane_left(const struct scheduler *d, uint16_t lane);
/* Its rows are final, and no call about the lane is out or will be made. */
bool scheduler_lane_is_over(const struct scheduler *d, uint16_t lane);
/* The present trouble of an open lane, and since when; NULL: none. */
#define TROUBLE_TOLD_AFTER SPAN_S(30) /* shorter trouble is not told */
const char *scheduler_lane_waits(const struct scheduler *d, uint16_t lane, instant_us now,
                                 instant_us *since);
/* Has tightening ended in this lane, because REJECT_MESSAGE took an identity out of Success? */
bool scheduler_lane_stays_loose(const struct scheduler *d, uint16_t lane);
/* A gap of the lane survey of a lane: the reason, and the rules not judged. There are
 * SURVEY_GAPS_MAX kinds of gaps; NULL: no gap of this kind. */
#define SURVEY_GAPS_MAX 8
const char *scheduler_survey_gap(const struct scheduler *d, uint16_t lane, unsigned gap);
/* Is such a gap the same for each Region of an account, since IAM refuses the account? */
bool scheduler_survey_gap_is_of_account(const struct scheduler *d, uint16_t lane, unsigned gap);

/* With options.advice: what only SES knows about a row. Bits: 1 << enum advisor_type of its open
 * recommendations, without ADVISOR_OTHER, and ROW_ENDPOINT_DIFFERS: the two Regions of a global
 * endpoint have another MAIL FROM, or another behaviour, for the identity, as they are wanted or as
 * SES shows them by now. */
#define ROW_ENDPOINT_DIFFERS (1u << ADVISOR_TYPES)
unsigned scheduler_row_advice(const struct scheduler *d, uint32_t row);
/* What the other Region has, with ROW_ENDPOINT_DIFFERS; false: nothing differs. */
bool scheduler_row_endpoint(const struct scheduler *d, uint32_t row, struct endpoint_view *out);
/* Was the lane asked, and did it answer? False: its rows' bits say nothing. Of endpoints, all lanes
 * of the account. A sweep asks as seldom as it reads verification. */
bool scheduler_lane_endpoints_known(const struct scheduler *d, uint16_t lane);
bool scheduler_lane_advice_known(const struct scheduler *d, uint16_t lane);

/* The open recommendations of a lane. */
#define ADVICE_EXAMPLES 3
struct lane_advice {
    uint32_t of_rows[ADVISOR_TYPES];                 /* about identities of the fleet */
    uint32_t of_others[ADVISOR_TYPES];               /* about others of the account and Region */
    struct recommendation examples[ADVICE_EXAMPLES]; /* of_rows, without ADVISOR_OTHER */
    uint32_t examples_len;
};
/* NULL: not asked, or not answered. */
const struct lane_advice *scheduler_lane_advice(const struct scheduler *d, uint16_t lane);

#endif
