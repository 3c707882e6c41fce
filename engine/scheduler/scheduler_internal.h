/*
 * The scheduler's own structures, file by file:
 *
 *   scheduler.c        jobs and turns          reads.c    read batches of looks
 *   scheduler_open.c   memory, resuming        writes.c   writes and records
 *   scheduler_call.c   calls, queues           scheduler_dns.c     questions to DNS
 *   lane_survey.c what else is in a lane  scheduler_judge.c   what the rules are told
 *   waves.c  how many may start      lane.c    a lane's trouble, and its end
 *   starts.c whose first write that is, alone or among several processes
 *   reads_dkim.c  DKIM beside the first reads
 *   reads_single.c  what is read one by one where IAM refuses a batched read
 *   scheduler_audit.c  the whole structure, for tests
 *   ready.c  whose turn to write is near, and who must be read first
 *   ways.c   for how many calls there is a connection
 *   tighten.c one identity of a lane is tightened first
 *   lane_survey_masks.c  who masks a domain   lane_survey_verified.c  which rows are verified
 *   lane_survey_advice.c  global endpoints and recommendations
 */
#ifndef MF_SCHEDULER_INTERNAL_H
#define MF_SCHEDULER_INTERNAL_H

#include "base/heap.h"
#include "calls/batch_read.h"
#include "lane_survey.h"
#include "scheduler.h"
#include "survey/survey_pool.h"
#include "waves.h"

#define READ_BATCHES_MAX   256 /* batches of looks in flight or waiting for a token */
#define WORDS_RESTORED_MAX 32  /* from a journal, perhaps damaged; the rules have 20 */
#define GETS_REFUSED_MAX   20  /* by IAM in a row: then reads of single identities are in doubt */
#define RECORD_ROOM        (SES_BATCH_MAX + 8) /* one event moves a batch at most */
#define TOLD_FOR           SPAN_M(15) /* what SES has shown before a row is judged holds so long */

#define CARRIERS_SEEN_MAX 256 /* what scheduler_options.carriers can tell apart */

/* A queue of jobs, linked through job.next. */
struct queue {
    uint32_t first, last; /* job + 1; 0: empty */
    uint32_t len;
    instant_us since; /* when the queue last stopped being empty */
};

enum read_kind {
    READ_SINGLE,  /* first reads of one identity, by version 2: nothing else tells its verification
                     (reads_single.c) */
    READ_FIRST,   /* verification and MAIL FROM */
    READ_AGAIN,   /* MAIL FROM, after a write */
    READ_CONFIRM, /* MAIL FROM, before a write; shares read batches with READ_AGAIN */
    READ_KINDS,
};

/* May identities of a lane be tightened? AWS does not document whether setting REJECT_MESSAGE keeps
 * Success, so one identity goes first, and the others follow once it has stayed at Success. */
enum canary { CANARY_NEEDED, CANARY_OUT, CANARY_GOOD, CANARY_BAD };

struct tighten {
    enum canary canary;
    uint32_t job;          /* CANARY_OUT: the first job */
    instant_us settles_at; /* until when the first job must stay at Success; 0: not written yet */
};

/* Denying answers to one action with earlier success in this run. */
struct doubt {
    uint8_t count;    /* in a row, one probe each; 0: none */
    instant_us since; /* of the first */
    instant_us until; /* no call of this kind before this instant */
};

struct lane_state {
    struct queue read[READ_KINDS];
    struct queue held;      /* ready for their first write, and their wave has not come */
    struct queue start;     /* ready for their first write, as waves allow */
    struct queue write;     /* ready for another one */
    struct queue tighten;   /* ready for REJECT_MESSAGE */
    struct queue confirmed; /* with a fresh read: written next */
    struct queue aside;     /* of a plan: read before the lane survey is done, judged then */
    struct queue judge;     /* want to ask DNS for the first time */
    uint32_t judge_next;    /* in scheduler.judge_turns: lane + 1 */
    uint32_t judge_most;    /* rows of `judge` in this turn of the lane */
    struct tighten tightening;
    uint32_t open;     /* jobs not final */
    uint32_t starts;   /* options.shares_waves: granted, and neither reserved nor used */
    uint32_t reserved; /* jobs with job.reserved */
    uint32_t
        read_batches; /* batches with a part to send: batch + 1, linked through batch_read.next */
    struct pace pace[CALL_KINDS];
    enum api read_api;
    uint32_t gets_refused; /* by IAM, since the last that was allowed */
    bool get_allowed;
    enum dkim_wish dkim; /* options.dkim; less where IAM refuses that */
    uint8_t dkim_missed; /* batches in a row without it */
    uint32_t read_batches_alive;
    uint32_t calls_out;  /* of this lane, lane survey included */
    uint32_t region;     /* the first lane with the Region: the calls of these share a host */
    uint8_t carrier;     /* options.carriers */
    bool unresponsive;   /* the last call came to nothing: not sent, or no whole answer */
    bool answered;       /* some call has had a whole answer */
    bool worked;         /* some call succeeded in this run: trouble is waited out */
    uint32_t allowed;    /* bits of 1 << enum call_kind: likewise, a call of the kind; of batched
                            reads since reads last began by version 1 */
    uint8_t refused;     /* bits of BATCH_KIND: batched reads that IAM refuses. Without
                            CALL_READ_MAIL_FROM read_api is version 2, without
                            CALL_READ_VERIFICATION alone some rows are READ_SINGLE */
    bool refused_on_way; /* not by IAM: by a proxy */
    char single_reason[REASON_LEN_MAX]; /* why these cannot be read either; empty: they can */
    bool v1_returns;                    /* refused batched reads are tried again every hour */
    bool write_worked;                  /* likewise a write */
    uint8_t sets_refused;               /* by IAM, since the last successful write */
    bool trouble_told;                  /* a record of the trouble was kept */
    struct doubt doubts[CALL_KINDS];
    instant_us throttled_since[CALL_KINDS]; /* without a served call since then; 0: not throttled */
    instant_us trouble_since;               /* calls fail since then; 0: no trouble */
    instant_us hold_until;                  /* no call is sent before */
    instant_us swept_at;                    /* the last search for jobs past their deadline */
    instant_us v1_again_at; /* next try of `refused` after a fall-back during a run; 0: none */
    uint32_t by_state[JOB_STATES], bad; /* jobs of the lane; bad: with a bad end */
    bool closed;                        /* all calls are refused: `reason` has the sentence */
    bool writes_closed;                 /* writes are refused: `reason` has the sentence */
    bool left; /* options.leaves_lanes: to other processes: `reason` has the sentence */
    char reason[REASON_LEN_MAX];
    char trouble[REASON_LEN_MAX]; /* the last, with trouble_since or a doubt */
};

/* Lanes with rows in lane_state.judge, and whose turn it is. */
struct judge_turns {
    uint32_t first, last; /* lane + 1, linked through lane_state.judge_next; 0: none */
    uint32_t left;        /* rows until the first lane's turn is over */
    uint32_t len;         /* rows of all lanes */
};

/* A denial (dns/inquiry.h) that a waiting row was shown, by a server with an IPv4 address: while it
 * stands, a look is one question. */
struct waiting_look {
    uint8_t address[4];
    uint32_t until_s; /* of UTC: then a look is whole again */
    uint16_t port;
    uint8_t type, state; /* type 0: none */
};

/* Calls out of the lanes of one carrier. */
struct carrier_out {
    uint32_t reads, writes;
};

struct scheduler {
    const struct fleet *fleet;
    struct scheduler_options options;
    uint32_t rows; /* of the lanes carried here; the others stay NEW, and only the fleet has them */
    struct job *jobs;
    struct lane_state *lanes;
    instant_us *lane_wake; /* as lanes: nothing to do there before; 0: to be worked out anew */
    bool out_of_calls; /* calls, read batches or connections ran out: every lane is visited in the
                          next turn */
    bool lanes_may_start;   /* the value at the last computation of lane_wake */
    uint32_t lanes_company; /* likewise */
    struct heap timers;
    struct judge_turns to_judge; /* want to ask DNS for the first time */
    struct queue dns;            /* and again */
    bool to_judge_last;          /* these two take turns */
    struct queue skipped;        /* rows ending without a read, as records have room */
    struct names seen;           /* MAIL FROM names told by SES */
    bool out_of_memory;          /* something was not remembered: nothing is to be kept or sent */
    uint8_t *mail_from_uses;     /* by name_id of the fleet, saturating */
    struct batch_reads reads;    /* items: jobs */
    struct survey_pool *survey_pool; /* surveys under way; subjects are jobs */
    uint16_t *dns_shown; /* inquiry_digest() of what a job's sentences were made of; 0: none yet */
    uint8_t *dkim;       /* by job: enum dkim_status, and whether SES was asked */
    struct waiting_look *waiting; /* by job; NULL: recursive mode, or a plan */
    uint32_t *mx_denied_s;        /* recursive mode only: the second of UTC in a job's reason */
    struct lane_surveys surveys;
    struct waves waves;  /* options.shares_waves: as last looked at */
    bool waves_over;     /* options.shares_waves: the whole run may stop, by that look */
    uint32_t held_until; /* the wave when the held jobs were looked at last */
    struct call_pool calls;
    uint32_t *region_out; /* by the first lane of each Region: calls out */
    struct carrier_out carriers[CARRIERS_SEEN_MAX];
    uint32_t carriers_short; /* with lanes that wait for a connection, perhaps */
    uint32_t lane_turn;      /* where the round of lanes begins: fair between lanes */
    uint32_t lane_changes;   /* lanes closed, reads fallen back to version 2, hints to wait cut */
    bool draining;
    struct steering steering; /* people's orders */
    uint32_t unlooked;        /* jobs with this bit: a run that detaches looks at them first */
    uint32_t publishing;      /* jobs with this bit: a run that detaches waits for them */
    instant_us latest;        /* of the instants that it was given: time does not go backwards */
    uint32_t by_state[JOB_STATES], by_outcome[OUTCOMES];
    uint16_t moves_made[JOB_STATES]; /* row: from, bit: to */
    struct record *records;
    uint32_t records_len;
    struct arena turn_text; /* texts of the records of this turn */
    struct arena judging;   /* notes of the present judgement */
};

/* scheduler_call.c */
void queue_push(struct scheduler *d, struct queue *q, uint32_t job, instant_us now);
void queue_push_front(struct scheduler *d, struct queue *q, uint32_t job, instant_us now);
uint32_t queue_pop(struct scheduler *d, struct queue *q); /* not empty */
void queue_invariant(const struct queue *q);
struct lane_state *scheduler_lane_of(struct scheduler *d, uint32_t job);
/* Does this process carry the lane, or the lane of a row? (options.lanes) */
bool scheduler_carries(const struct scheduler *d, uint32_t lane);
bool scheduler_carries_row(const struct scheduler *d, uint32_t row);
/* Moves the job; the counts of the scheduler and of its lane follow. */
void scheduler_move(struct scheduler *d, uint32_t job, enum job_state to);
/* Puts a job into the queue of its state. */
void scheduler_enqueue(struct scheduler *d, uint32_t job, instant_us now);
/* SES has taken a write of the job. */
void scheduler_accept(struct scheduler *d, uint32_t job, instant_us now);
struct situation scheduler_situation(struct scheduler *d, uint32_t job, instant_us now);
/* A call for a lane, by the lane's API. A call must be free. */
struct call *scheduler_call_to(struct scheduler *d, uint16_t lane, enum call_kind kind);
/* The verdict on an answer; updates the lane's pace. */
enum verdict scheduler_call_paced(struct scheduler *d, const struct call *call, instant_us now);
/* Asserts what holds between two moves, of the job and of its lane. After every move. */
void scheduler_invariant(const struct scheduler *d, uint32_t job);
/* Ends the jobs of a queue, as far as there is room for their records. */
void scheduler_drop_queue(struct scheduler *d, struct queue *q, enum outcome outcome,
                          const char *reason, instant_us now);
/* Carries a decision out: moves the job, queues it or sets its timer, keeps a record of the move.
 * said: the deciding judgement, or NULL: earlier findings stay. */
void scheduler_apply(struct scheduler *d, uint32_t job, const struct decision *decision,
                     instant_us now, const struct judgement *said);
/* Remembers a name told by SES, or the lack of memory. */
name_id scheduler_name(struct scheduler *d, struct text name);

/* scheduler_dns.c */
void judge_push(struct scheduler *d, uint32_t job, instant_us now);

/* writes.c */
void scheduler_record(struct scheduler *d, uint32_t job, enum record_kind kind, enum job_state from,
                      instant_us now, const char *reason, const struct judgement *said);
uint32_t scheduler_writes(struct scheduler *d, uint16_t lane, instant_us now, struct call **calls,
                          uint32_t max);
void scheduler_written(struct scheduler *d, struct call *call, instant_us now);

/* A record of a person's order. */
void scheduler_record_order(struct scheduler *d, const struct order *order);

/* A record of a lane: trouble has begun, or is over (empty reason). */
void scheduler_record_lane(struct scheduler *d, uint16_t lane, const char *reason, instant_us now);

/* ready.c */

/* The queue of a READY job in its lane. */
struct queue *ready_queue(struct scheduler *d, uint32_t job, instant_us now);
/* DNS has shown the MX of a job to be tightened. */
void ready_mx_seen(struct scheduler *d, uint32_t job, instant_us now);
/* The job's turn had come, and the MX was asked for. */
bool ready_is_next(const struct scheduler *d, uint32_t job, instant_us now);
/* Reads SES ahead for jobs near their turn. */
void ready_confirm(struct scheduler *d, uint16_t lane, instant_us now);
/* Reads ahead now: a read leaves in any case, and takes the jobs along. */
void ready_along(struct scheduler *d, uint16_t lane, instant_us now);
/* Writes in doubt are probed one at a time, and a paused run writes nothing. */
bool ready_may_write(const struct scheduler *d, uint16_t lane, instant_us now);
/* The next job writable now. False: none. */
bool ready_next(struct scheduler *d, uint16_t lane, instant_us now, uint32_t *job);
instant_us ready_wake(const struct scheduler *d, uint16_t lane, instant_us now);

/* So many more first writes could be made ready by now; 0 while others last longer than the wait
 * for a start, which is in seconds: half of what is read ahead for rows with a fresh read. */
uint32_t ready_room(const struct scheduler *d, uint16_t lane, unsigned wait_s, instant_us now);

/* starts.c */

/* May one more job of the lane get its first write? */
bool starts_may(const struct scheduler *d, const struct lane_state *lane);
void starts_reserve(struct scheduler *d, uint32_t job);  /* a place for its first write */
void starts_call_off(struct scheduler *d, uint32_t job); /* it had one, and is not written */
void starts_use(struct scheduler *d, uint32_t job); /* if it has one: now of the running wave */
void starts_finish(struct scheduler *d, uint32_t job, enum outcome outcome);
bool starts_are_over(const struct scheduler *d); /* paused, and nobody started is open */
void starts_begin(struct scheduler *d);          /* every row is restored */

/* ways.c */

bool ways_init(struct scheduler *d, struct arena *memory);
void way_taken(struct scheduler *d, uint16_t lane, enum call_kind kind); /* it is handed over */
void way_given(struct scheduler *d, uint16_t lane, enum call_kind kind); /* it has come back */
/* For so many calls of the lane there is a connection. kind: CALL_SET, or any other: a read. */
uint32_t ways_for(const struct scheduler *d, uint16_t lane, enum call_kind kind);
/* The same of reads, at most max. */
uint32_t ways_within(const struct scheduler *d, uint16_t lane, uint32_t max);
/* Does some lane wait for a connection, perhaps? Then every lane is visited in the next turn. */
bool ways_are_short(const struct scheduler *d);

/* lane.c */

/* A lane that cannot be carried from here is closed, or left to others: true. */
bool lane_leave(struct scheduler *d, uint16_t lane, const char *reason);
/* IAM refuses the call, and has not allowed one like it: does that wait until it is known whether
 * others are refused, too? (options.leaves_lanes) */
bool lane_refusal_waits(const struct scheduler *d, const struct call *call, enum verdict verdict);

void lane_invariant(const struct lane_state *lane);
/* Updates a lane's trouble from the answer to a call. */
void lane_learn(struct scheduler *d, const struct call *call, enum verdict verdict, instant_us now);
/* Must the lane send no call now? Lasting trouble is probed by one call at a time. */
bool lane_is_held(const struct lane_state *lane, instant_us now);
instant_us lane_held_until(const struct lane_state *lane);
/* Must the lane send no call of this action now, because the action is in doubt? */
instant_us lane_doubted_until(const struct lane_state *lane, enum call_kind kind);
/* An answer denies an action with earlier success in this run: is the denial to be believed by
   now? */
bool lane_is_sure(const struct scheduler *d, const struct lane_state *lane, enum call_kind kind,
                  instant_us now);
instant_us lane_doubted_since(const struct lane_state *lane); /* 0: nothing is in doubt */
/* Since when SES has throttled every call of some kind; 0: no such kind. */
instant_us lane_starved_since(const struct lane_state *lane, instant_us now);
/* Nobody waits for calls of this kind any more: that they were throttled is no trouble. */
void lane_unasked(struct scheduler *d, uint16_t lane, enum call_kind kind);
/* During trouble: ends waiting jobs past their deadline. */
void lane_end_overdue(struct scheduler *d, uint16_t lane, instant_us now);
/* Is the job past its deadline? Starts the job's time, unless started. */
bool lane_is_overdue(struct scheduler *d, uint32_t job, instant_us now);
/* IAM has refused a write. */
void lane_write_refused(struct scheduler *d, const struct call *call, instant_us now);
/* This answer denies what has worked in the run. Refusals of calls out together count as one. */
void lane_doubt(struct scheduler *d, const struct call *call, instant_us now);

/* tighten.c */

void tighten_invariant(const struct tighten *t);
/* May this job be tightened now? */
bool tighten_may(const struct lane_state *lane, uint32_t job);
bool tighten_has_turn(const struct lane_state *lane); /* the first in the queue may */
void tighten_take(struct lane_state *lane, uint32_t job);
void tighten_written(struct lane_state *lane, uint32_t job, instant_us now);
/* The job is tightened, and must stay at Success for a moment: no run ends in between. */
bool tighten_settles(const struct lane_state *lane, uint32_t job, instant_us now);
void tighten_fell_back(struct scheduler *d, uint32_t job);
void tighten_ended(struct scheduler *d, uint32_t job);
/* An earlier process was tightening the job: the job goes first, unless another one does. */
void tighten_resume(struct lane_state *lane, uint32_t job, instant_us now);
/* As a record of an earlier process says. */
void tighten_restore(struct scheduler *d, uint32_t job);

/* reads.c */
uint32_t scheduler_reads(struct scheduler *d, uint16_t lane, instant_us now, struct call **calls,
                         uint32_t max);
void scheduler_read_done(struct scheduler *d, struct call *call, instant_us now);
/* Puts the jobs of a waiting batch back into their queues when one is past its deadline. */
void reads_release_overdue(struct scheduler *d, uint16_t lane, instant_us now);
/* Judges the rows that were read beside the lane survey, as far as there is room for records. */
void reads_settle(struct scheduler *d, uint16_t lane, instant_us now);
/* Is it time for that? */
bool reads_may_settle(const struct scheduler *d, uint16_t lane);
instant_us scheduler_reads_wake(const struct scheduler *d, uint16_t lane, instant_us now);
/* How long a read after a write waits for company, with so many jobs waiting. */
span_us reads_linger(const struct scheduler *d, const struct lane_state *lane, uint32_t there);

/* reads_single.c */

/* Puts a row at the head of the wrong queue of first reads into the other one. */
void reads_sort(struct scheduler *d, uint16_t lane, instant_us now);
/* IAM, or with is_on_way somebody on the way to SES, refuses these batched reads (bits of
 * BATCH_KIND) in the lane. */
void reads_fall_back(struct scheduler *d, uint16_t lane, unsigned refused, bool is_on_way,
                     instant_us now);
/* It is time to try them again: after refusals of what had worked. */
void reads_try_again(struct scheduler *d, uint16_t lane, instant_us now);
/* Are first reads of the lane batched, without CALL_READ_VERIFICATION? */
bool reads_lack_verification(const struct lane_state *lane);
/* IAM refuses single identities, too: their rows end, and the lane goes on. */
void singles_close(struct scheduler *d, uint16_t lane, const struct reply *reply);
void singles_end(struct scheduler *d, uint16_t lane, instant_us now); /* as there is room */

/* reads_dkim.c */

/* Nothing is known of UNKNOWN unless SES was asked. */
void dkim_know(struct scheduler *d, uint32_t row, enum dkim_status status, bool is_asked);
/* As a record has it. Of an address that is what held, perhaps by its domain: SES is asked again.
 */
void dkim_restore(struct scheduler *d, uint32_t row, enum dkim_status held);
/* Is the first read of a row a GetEmailIdentity for DKIM alone? */
bool dkim_by_get(const struct scheduler *d, uint16_t lane, uint32_t row);
/* What a first batch asks beside: a bit of BATCH_KIND, or none. */
uint8_t dkim_kind(const struct scheduler *d, const struct batch_read *b);
void dkim_taken(struct scheduler *d, const struct batch_read *b); /* the batch is done */
/* An answer of CALL_READ_DKIM: the verdict for its batch. */
enum verdict dkim_answered(struct scheduler *d, const struct call *call, enum verdict verdict);
void dkim_missed(struct scheduler *d, const struct call *call); /* its batch goes on without */
/* The lane is read by GetEmailIdentity from now on, which tells DKIM: none of it is missing. */
void dkim_fell_back(struct scheduler *d, uint16_t lane);
/* IAM refuses a GetEmailIdentity that was for DKIM alone: then by the batch. False: it was not. */
bool dkim_get_refused(struct scheduler *d, const struct batch_read *b, instant_us now);

/* scheduler_dns.c */
bool scheduler_asks_init(struct scheduler *d, struct arena *memory);
uint32_t scheduler_asks(struct scheduler *d, instant_us now, struct call **calls, uint32_t max);
void scheduler_asked(struct scheduler *d, struct call *call, instant_us now);
/* Shall receivers be asked about after the name itself? (survey_pool.h) */
bool scheduler_survey_goes_on(void *ctx, uint32_t job, const struct survey *s, instant_us now);
instant_us scheduler_asks_wake(const struct scheduler *d, instant_us now);
/* Judges everything but DNS: the name, and SES's facts. */
void scheduler_judge_ses(struct scheduler *d, uint32_t number, const struct ses_facts *facts,
                         struct judgement *j);
/* Judges likewise after REJECT_MESSAGE has taken the identity out of Success. */
void scheduler_judge_fall_back(struct scheduler *d, uint32_t number, struct judgement *j);
/* Judges from the job's memory, for the sentences only: errors were decided on before. */
void scheduler_judge_again(struct scheduler *d, uint32_t number, struct judgement *j);

#endif
