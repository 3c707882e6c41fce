/*
 * The desk's own structures, for its four files: desk.c (jobs, turns), desk_look.c (sweeps),
 * desk_dns.c (inquiries), desk_write.c (writes and records).
 */
#ifndef MF_DESK_FAMILY_H
#define MF_DESK_FAMILY_H

#include "desk.h"
#include "heap.h"
#include "inquiry.h"
#include "pace.h"

#define SWEEPS_MAX  256                 /* batches of looks in flight or waiting for a token */
#define ASKS_MAX    (DNS_WINDOW / 2)    /* inquiries in flight: two questions each */
#define WORDS_MAX   64                  /* distinct verdict words of mx, spf and dmarc */
#define RECORD_ROOM (SES_BATCH_MAX + 8) /* one event moves a batch at most */

/* A queue of jobs, linked through job.next. */
struct queue {
    uint32_t first, last; /* job + 1; 0: empty */
    uint32_t len;
    instant_us since; /* when it last stopped being empty */
};

enum look_kind { LOOK_FIRST, LOOK_AGAIN, LOOK_KINDS };

struct lane_desk {
    struct queue look[LOOK_KINDS], write;
    uint32_t sweeps; /* those with a part to send: sweep + 1, linked through sweep.next */
    struct pace pace[CALL_KINDS];
    bool broken; /* nobody may do anything here: `reason` says why */
    char reason[REASON_LEN_MAX];
};

/* A sweep: up to a hundred jobs that look together, by one call for each thing to be known. */
struct sweep {
    uint32_t next; /* in the lane's list, or in the list of free ones: sweep + 1, 0 ends */
    uint16_t lane;
    enum look_kind kind;
    uint8_t to_send, out; /* bits of parts */
    uint8_t attempts;
    uint32_t count;
    uint32_t jobs[SES_BATCH_MAX];
    struct call *answers[2]; /* held until all parts are there */
    instant_us wake;         /* not before */
    bool failed;             /* one part has, and the other is still out: */
    uint8_t fail_verdict;    /* enum verdict */
    struct reply fail_reply;
};

struct ask {
    bool used;
    uint32_t job, out; /* questions on their way; the slot is free again when all are back */
    struct inquiry inquiry;
};

struct desk {
    const struct fleet *fleet;
    struct desk_options options;
    struct job *jobs;
    struct lane_desk *lanes;
    struct heap timers;
    struct queue dns, skipped; /* skipped: rows that end unasked, as records have room */
    struct names seen;         /* MAIL FROM names that SES told */
    uint8_t *mail_from_uses;   /* by name_id of the fleet, saturating */
    struct sweep *sweeps;
    uint32_t sweeps_free; /* list */
    struct ask *asks;
    uint32_t asks_used, questions_out;
    struct call *pool; /* free calls */
    struct call *all_calls;
    uint32_t calls_out; /* handed to the world and not back yet */
    uint64_t next_ticket;
    uint32_t lane_turn; /* where the round of lanes begins: fair between lanes */
    bool draining;
    struct text words[WORDS_MAX];
    uint32_t words_len;
    uint32_t by_state[JOB_STATES], by_outcome[OUTCOMES];
    struct record *records;
    uint32_t records_len;
    struct arena turn_text; /* texts of the records of this turn */
    struct buf json, json_dns;
};

/* desk.c */
void queue_push(struct desk *d, struct queue *q, uint32_t job, instant_us now);
void queue_push_front(struct desk *d, struct queue *q, uint32_t job, instant_us now);
uint32_t queue_pop(struct desk *d, struct queue *q); /* not empty */
struct lane_desk *desk_lane_of(struct desk *d, uint32_t job);
struct situation desk_situation(struct desk *d, uint32_t job, instant_us now);
struct call *desk_call_new(struct desk *d, enum call_kind kind); /* NULL: none free */
void desk_call_free(struct desk *d, struct call *call);
/* Carries a decision out: moves the job, queues it or sets its timer, keeps a record of the move.
 * findings_json: NULL, or what a judgement has just said. */
void desk_apply(struct desk *d, uint32_t job, const struct decision *decision, instant_us now,
                const struct buf *findings_json);
/* Everything of a lane ends with this reason. */
void desk_break_lane(struct desk *d, uint16_t lane, const char *reason, instant_us now);
uint8_t desk_word(struct desk *d, struct text word);

/* desk_write.c */
void desk_record(struct desk *d, uint32_t job, enum record_kind kind, enum job_state from,
                 instant_us now, const char *reason, const struct buf *findings_json);
uint32_t desk_writes(struct desk *d, struct lane_desk *lane, instant_us now, struct call **calls,
                     uint32_t max);
void desk_written(struct desk *d, struct call *call, instant_us now);

/* desk_look.c */
uint32_t desk_looks(struct desk *d, uint16_t lane, instant_us now, struct call **calls,
                    uint32_t max);
void desk_looked(struct desk *d, struct call *call, instant_us now);
instant_us desk_look_wake(const struct desk *d, uint16_t lane, instant_us now);
void sweeps_init(struct desk *d);

/* desk_dns.c */
uint32_t desk_asks(struct desk *d, struct call **calls, uint32_t max);
void desk_asked(struct desk *d, struct call *call, instant_us now);
/* Everything but DNS: the name, and what SES says. */
void desk_judge_ses(struct desk *d, uint32_t number, const struct ses_facts *facts,
                    struct judgement *j);

#endif
