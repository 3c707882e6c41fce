/*
 * The desk's own structures, file by file:
 *
 *   desk.c        jobs and turns          desk_look.c   sweeps of looks
 *   desk_open.c   memory, resuming        desk_write.c  writes and records
 *   desk_call.c   calls, queues           desk_dns.c    questions to DNS
 *   desk_census.c what else is in a lane  desk_judge.c  what the rules are told
 *   desk_waves.c  how many may start
 */
#ifndef MF_DESK_FAMILY_H
#define MF_DESK_FAMILY_H

#include "desk.h"
#include "desk_census.h"
#include "desk_waves.h"
#include "dmarc.h"
#include "heap.h"
#include "inquiry.h"
#include "manners.h"
#include "memo.h"
#include "pace.h"
#include "spf.h"

#define SWEEPS_MAX       256              /* batches of looks in flight or waiting for a token */
#define ASKS_MAX         (DNS_WINDOW / 2) /* inquiries in flight: two questions each */
#define WORDS_MAX        64               /* distinct verdict words of mx, spf and dmarc */
#define GETS_REFUSED_MAX 20 /* by IAM, from the first on: then no look is allowed there */
#define RECORD_ROOM      (SES_BATCH_MAX + 8) /* one event moves a batch at most */

/* A queue of jobs, linked through job.next. */
struct queue {
    uint32_t first, last; /* job + 1; 0: empty */
    uint32_t len;
    instant_us since; /* when it last stopped being empty */
};

enum look_kind { LOOK_FIRST, LOOK_AGAIN, LOOK_KINDS };

struct lane_desk {
    struct queue look[LOOK_KINDS], write;
    struct queue start; /* ready for their first write, as waves allow */
    uint32_t open;      /* jobs that are not final */
    uint32_t sweeps;    /* those with a part to send: sweep + 1, linked through sweep.next */
    struct pace pace[CALL_KINDS];
    enum api read_api;
    uint32_t gets_refused; /* by IAM; counted while none was allowed */
    bool get_allowed;
    uint32_t sweeps_alive;
    bool silent;   /* the last call came to nothing: not sent, or no whole answer */
    bool answered; /* some call has had a whole answer */
    uint32_t by_state[JOB_STATES], bad; /* of its jobs; bad: ended badly */
    bool broken;                        /* nobody may do anything here: `reason` says why */
    char reason[REASON_LEN_MAX];
};

/* A sweep: up to a hundred jobs that look together, by one call for each thing to be known. */
struct sweep {
    uint32_t next; /* in the lane's list, or in the list of free ones: sweep + 1, 0 ends */
    uint16_t lane;
    enum look_kind kind;
    enum api api;
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

enum ask_stage { ASK_INQUIRY, ASK_SPF, ASK_DMARC };

/* What is being asked of DNS for one job. */
struct ask {
    bool used;
    uint32_t job, out; /* questions on their way; a stage ends when all are back */
    enum ask_stage stage;
    bool surveyed; /* spf and dmarc hold an outcome, or will */
    bool holding;  /* the question below waits for its server's manners */
    struct dns_question question;
    uint32_t number;
    instant_us held_until;
    struct inquiry inquiry;
    struct spf_survey spf;
    struct dmarc_survey dmarc;
};

struct desk {
    const struct fleet *fleet;
    struct desk_options options;
    struct job *jobs;
    struct lane_desk *lanes;
    instant_us *lane_wake;  /* as lanes: nothing to do there before; 0: to be worked out anew */
    bool starving;          /* calls or sweeps ran out: every lane is visited in the next turn */
    bool lanes_may_start;   /* what lane_wake was worked out with */
    uint32_t lanes_company; /* likewise */
    struct heap timers;
    struct queue judged, dns; /* want to ask DNS: for the first time, and again */
    bool judged_last;         /* they take turns */
    struct queue skipped;     /* rows that end unasked, as records have room */
    struct names seen;        /* MAIL FROM names that SES told */
    bool out_of_memory;       /* something was not remembered: nothing is to be kept or sent */
    uint8_t *mail_from_uses;  /* by name_id of the fleet, saturating */
    struct sweep *sweeps;
    uint32_t sweeps_free; /* list */
    struct ask *asks;
    uint32_t asks_used, questions_out;
    uint32_t silence; /* survey questions in a row that nobody answered */
    struct memo memo;
    struct manners *manners;
    struct census census;
    struct waves waves;
    struct call *pool; /* free calls */
    struct call *all_calls;
    uint32_t calls_out; /* handed to the world and not back yet */
    uint64_t next_ticket;
    uint32_t lane_turn; /* where the round of lanes begins: fair between lanes */
    uint32_t lane_news; /* lanes closed, or whose reads have fallen back to version 2 */
    bool draining;
    struct text words[WORDS_MAX];
    uint32_t words_len;
    uint32_t by_state[JOB_STATES], by_outcome[OUTCOMES];
    struct record *records;
    uint32_t records_len;
    struct arena turn_text; /* texts of the records of this turn */
    struct buf json;
};

/* desk_call.c */
void queue_push(struct desk *d, struct queue *q, uint32_t job, instant_us now);
void queue_push_front(struct desk *d, struct queue *q, uint32_t job, instant_us now);
uint32_t queue_pop(struct desk *d, struct queue *q); /* not empty */
struct lane_desk *desk_lane_of(struct desk *d, uint32_t job);
/* A job has moved: the counts of the desk and of its lane follow. */
void desk_count(struct desk *d, uint32_t job, enum job_state from, enum job_state to);
struct situation desk_situation(struct desk *d, uint32_t job, instant_us now);
struct call *desk_call_new(struct desk *d, enum call_kind kind); /* NULL: none free */
/* The same for a lane, by the API that goes with it. */
struct call *desk_call_to(struct desk *d, uint16_t lane, enum call_kind kind);
void desk_call_free(struct desk *d, struct call *call);
/* What the answer means; its lane's pace has learned from it. */
enum verdict desk_call_paced(struct desk *d, const struct call *call, instant_us now);
/* Carries a decision out: moves the job, queues it or sets its timer, keeps a record of the move.
 * findings_json: NULL, or what a judgement has just said. */
void desk_apply(struct desk *d, uint32_t job, const struct decision *decision, instant_us now,
                const struct buf *findings_json);
/* Remembers a name that SES told, or that there is no memory for it. */
name_id desk_name(struct desk *d, struct text name);
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
/* For how long a look of the lane that follows a write waits for company; so many are there. */
span_us looks_linger(const struct desk *d, const struct lane_desk *lane, uint32_t there);

/* desk_dns.c */
uint32_t desk_asks(struct desk *d, instant_us now, struct call **calls, uint32_t max);
void desk_asked(struct desk *d, struct call *call);
instant_us desk_asks_wake(const struct desk *d, instant_us now);
/* Everything but DNS: the name, and what SES says. */
void desk_judge_ses(struct desk *d, uint32_t number, const struct ses_facts *facts,
                    struct judgement *j);
/* The same from what the job remembers, for the sentences only: its errors were decided on. */
void desk_judge_again(struct desk *d, uint32_t number, struct judgement *j);

#endif
