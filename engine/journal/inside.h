/*
 * The journal from inside, for the files of this room and its tests. Everything here stands on a
 * store (store.h) and reaches no file.
 *
 *   store.c          the columns of the tables
 *   journal.c        open, close, transactions
 *   head_rows.c      the heads of runs
 *   fleet_rows.c     the fleet of a run
 *   record_rows.c    its records
 *   reopen.c         those that begin again in a shared run
 *   lane_rows.c      what is known of its lanes
 *   order_rows.c     the orders that people gave it
 *   publish_rows.c   the names that it publishes
 *   written_rows.c   what all runs have written
 *   asked_rows.c     since when the records of DNS have been asked for
 *   watch_rows.c     what watching remembers
 *   leases.c         who carries which lane
 *   fence.c          what a worker may keep
 *   shared_waves.c   the waves of a run that several workers carry
 *   rule_rows.c      the journal's own numbers of the finding rules
 *   findings_text.c  the column findings_json
 *   journal_copy.c, journal_compare.c, run_pairs.c  the runs of two journals
 *   loss.c           what the journal has lost
 */
#ifndef MF_JOURNAL_INSIDE_H
#define MF_JOURNAL_INSIDE_H

#include "scheduler/record_digest.h"
#include "scheduler/record_publish.h"
#include "store.h"

#include "base/arena.h"
#include "base/buf.h"

/* The journal's numbers of the finding rules, which are the bits of its sets, and the program's. A
 * set is stored as a signed integer, so bit 63 is not used. */
#define RULE_NUMBERS 63
#define RULE_NONE    0xff /* number_of: the journal has no number for it; rule_of: no such number */
#define RULE_UNKNOWN 0xfe /* rule_of: a rule that this program does not have */

struct rule_numbers {
    unsigned char number_of[FINDINGS_LEN], rule_of[RULE_NUMBERS];
    uint64_t digest_of[RULE_NUMBERS]; /* of the rules' names */
};

/* The newest record of a run, as known to its writer. */
struct tail {
    uint64_t run;            /* 0: none was asked for yet */
    uint64_t record, digest; /* no record yet: the digest before the first */
};

/* Where a job's story stands: numbers of records, counted from 1 at the run's first; 0: none. */
struct mark {
    uint32_t last; /* its newest record */
    uint32_t said; /* the newest one that brought findings */
};

/* The marks of the jobs of a run. */
struct outline {
    uint64_t run;   /* 0: of none yet */
    uint64_t first; /* the number of the run's first record, which marks count from */
    uint32_t jobs;
    struct mark *marks; /* owned */
};

struct journal {
    struct store *store;
    struct rule_numbers rules;
    struct buf notes;   /* of the record that is being appended, as text */
    struct tail tail;   /* of the run that records are kept of */
    struct why trouble; /* why the store has failed */
    enum err failed;    /* and how */
    bool together;      /* transactions are one, until journal_apart() */
    bool is_entered;    /* of that one */
    uint64_t begun;     /* a run that was begun together; 0: none */
    /* What fences the records of a run that several workers carry; fence.run 0: nothing. */
    struct fence fence;
    struct store_fence *fences; /* by lane, and once more: those of one journal_keep() */
    uint32_t fences_len;
    bool has_waves;
    struct outline outline; /* of the run that was vetted, where nobody can add to it */
};

/* Asserts what holds between two transactions. */
void journal_invariant(const struct journal *j);
/* Begins a transaction, unless the store is read-only (a program bug) or has failed. */
enum err journal_enter(struct journal *j, struct why *why);
/* Ends it: as `end` says when err is OK, else takes it back. After an error the store has failed
 * for good: the kernel may mark unwritten pages clean, so a second attempt would succeed without
 * effect. */
enum err journal_leave(struct journal *j, enum err err, enum store_end end, struct why *why);
enum err journal_put(struct journal *j, enum store_table table, uint64_t run,
                     const struct store_value *values, uint64_t *number, struct why *why);
enum err journal_each(struct journal *j, enum store_table table, uint64_t run,
                      bool (*fn)(void *ctx, const struct store_row *row), void *ctx,
                      struct why *why);

enum err journal_damaged(struct why *why, const char *what);
enum err journal_wrap(const struct journal *j, enum err err, struct why *why);

/* Readers of values. A value of another type than written counts as missing: 0, empty.
 */
static inline int64_t value_int(const struct store_value *v)
{
    return v->type == STORE_INT ? v->number : 0;
}

static inline double value_real(const struct store_value *v)
{
    return v->type == STORE_REAL ? v->real : (double)value_int(v);
}

static inline struct text value_text(const struct store_value *v)
{
    return v->type == STORE_TEXT || v->type == STORE_BYTES ? v->text : TEXT_NONE;
}

/* A number that must lie in 0..max; otherwise 0 and *ok = false. */
static inline uint64_t value_number(const struct store_value *v, uint64_t max, bool *ok)
{
    int64_t value = value_int(v);
    bool is_number = v->type == STORE_INT || v->type == STORE_NULL;
    if (is_number && value >= 0 && (uint64_t)value <= max)
        return (uint64_t)value;
    *ok = false;
    return 0;
}

/* head_rows.c */

/* The fleet's part of a head: max_failures, its percent and guarded follow the digest. */
enum head_column {
    HEAD_STATE = 1,
    HEAD_PARENT = RUN_PARENT,
    HEAD_STOPPED = 4,
    HEAD_LAST = 5,
    HEAD_JOBS = 7,
    HEAD_DIGEST = 10,
    HEAD_UNDIGESTED = 14,
    HEAD_LAST_RECORD = 15,
    HEAD_LAST_DIGEST = 16
};

struct head {
    struct run_head head;
    uint64_t undigested;  /* records up to this number were kept without a digest */
    uint64_t last_record; /* when the run stopped last; 0: it never did, or had none */
    uint64_t last_digest;
};

/* run 0: the newest. Texts go to the arena; NULL: they are left out. ERR_GONE without a sentence:
 * there is none. */
enum err head_find(struct journal *j, uint64_t run, struct head *head, struct arena *arena,
                   struct why *why);
/* As head_find, of a run that must be there. */
enum err head_of_run(struct journal *j, uint64_t run, struct head *head, struct why *why);
/* The digest before the run's first record. */
uint64_t head_digest(const struct head *head);

/* Inside a transaction. */
enum err head_set_state(struct journal *j, uint64_t run, enum run_state state, instant_us at,
                        struct why *why);

/* fleet_rows.c; inside a transaction. */
enum err fleet_store(struct journal *j, uint64_t run, const struct fleet *fleet, struct why *why);
/* Of a fleet only what the sizes of waves need: waves, max_failures, and how many choices there are
 * (choices is NULL). *fleet is fresh from fleet_init(), and is to be cleared. */
enum err fleet_waves_load(struct journal *j, uint64_t run, struct fleet *fleet, struct why *why);

/* rule_rows.c. Reads the numbers; a writer then adds those of rules that have none yet. */
enum err rule_numbers_load(struct journal *j, struct why *why);
enum err rule_numbers_add(struct journal *j, struct why *why);
/* The journal's number of a rule by this name, which is given now where there is none yet; inside a
 * transaction. */
enum err rule_numbers_name(struct journal *j, struct text name, unsigned char *number,
                           struct why *why);
uint64_t rule_numbers_to_row(const struct journal *j, finding_set findings);
/* Findings of unknown rules are left out. *ok = false: damage. An error: the numbers that another
 * worker has added could not be read; those that were known stay. */
enum err rule_numbers_from_row(struct journal *j, const struct store_value *value, finding_set *out,
                               bool *ok, struct why *why);
/* Asserts that the numbers lead back and forth. */
void rule_numbers_invariant(const struct rule_numbers *rules);
/* The digest of a set of rules by the journal's numbers: record_digest.h. */
uint64_t rule_numbers_digest(const struct journal *j, uint64_t set);

/* findings_text.c: [{"rule","severity","text"[,"accepted":true]}...]. */
void findings_write(const struct finding_notes *notes, struct buf *out);
/* Into the arena. Text not written by findings_write() gives no notes, and unknown rules are left
 * out. False: out of memory. */
bool findings_read(struct text json, struct arena *arena, struct finding_notes *out);

/* record_rows.c. How a record lies in the journal. */
struct kept {
    uint64_t number;           /* greater than that of the record before */
    uint64_t digest;           /* 0: kept without one, by a program before version 3 */
    struct record_words words; /* as they lie in the columns; for the length of one callback */
    const struct store_value *values; /* the columns; likewise */
};

/* journal_replay() with the place of each record. */
enum err record_walk(struct journal *j, uint64_t run,
                     bool (*fn)(void *ctx, const struct record *record, const struct kept *kept),
                     void *ctx, struct why *why);
/* Of a run that begins; to be cleared in every case. ERR_NOMEM. */
enum err outline_begin(struct outline *o, uint64_t run, uint32_t jobs, struct why *why);
void outline_clear(struct outline *o);
/* Of a record of a job, in the order of keeping. False: there is no such job. */
bool outline_take(struct outline *o, uint64_t job, uint64_t number, bool has_notes);
/* Inside a transaction. Not of RECORD_LANE or RECORD_ORDER. */
enum err record_store(struct journal *j, uint64_t run, const struct record *record,
                      struct why *why);
/* reopen.c; inside a transaction: the rows with a bad end begin again. */
enum err rows_reopen(struct journal *j, uint64_t run, instant_us at, struct why *why);
/* Inside a transaction: j->tail is that of run from here on. */
enum err tail_of_run(struct journal *j, uint64_t run, struct why *why);

/* publish_rows.c; inside a transaction. What a record of kind RECORD_PUBLISH says; its number. */
enum err publish_store(struct journal *j, uint64_t run, const struct publish_record *p,
                       uint64_t number, struct why *why);

/* What the digests of records of kind RECORD_PUBLISH are over, in the order of their numbers. */
struct publish_link {
    uint64_t number, digest; /* of publish_digest() */
};
struct publish_links {
    struct publish_link *at;
    uint32_t len, taken;
    struct arena arena; /* the caller's to init and to clear */
};
enum err publish_links_read(struct journal *j, uint64_t run, struct publish_links *links,
                            struct why *why);
/* The digest of the next one; 0: that is of another record. */
uint64_t publish_links_take(struct publish_links *links, uint64_t number);

/* lane_rows.c; inside a transaction. A record of kind RECORD_LANE. */
enum err lane_note_store(struct journal *j, uint64_t run, const struct record *record,
                         struct why *why);

/* order_rows.c; inside a transaction. A record of kind RECORD_ORDER. */
enum err order_store(struct journal *j, uint64_t run, const struct order *order, struct why *why);

/* fence.c; inside a transaction of journal_keep() in a shared journal. Before the records: may they
 * be kept? Then of each, before it is put (NULL: after the last): its fence. */
bool fence_is_of(const struct journal *j, uint64_t run);
enum err fence_begin(struct journal *j, uint64_t run, const struct record *records, uint32_t len,
                     struct why *why);
void fence_next(struct journal *j, uint64_t run, const struct record *record);
bool record_is_intent(const struct record *r);

/* leases.c. Within their bounds are all numbers of the row of a run. */
enum err shared_run_vet(const struct shared_run *view, struct why *why);

/* shared_waves.c; inside a transaction. */
/* Counts the identities that these records make final. */
enum err shared_waves_count(struct journal *j, uint64_t run, const struct record *records,
                            uint32_t len, struct why *why);
/* Where the waves of a run stand by its rows: as a single process restores it. */
enum err shared_waves_restore(struct journal *j, uint64_t run, const struct fleet *fleet,
                              struct waves *waves, struct why *why);
/* What lanes that have just been opened have used of the running wave's starts: granted to them.
 */
enum err shared_starts_restore(struct journal *j, uint64_t run, const struct fleet *fleet,
                               const struct waves *waves, struct why *why);
/* So many starts more, or fewer; how many it is. */
int32_t shared_waves_start(struct waves *w, int32_t wanted);
int32_t shared_waves_return(struct waves *w, int32_t unneeded, const struct fleet *fleet);

/* loss.c: what is written down of a run's loss, or was found when the journal was opened; "":
 * nothing. Run 0: of runs that may be gone, how many is not known. */
enum err loss_of_run(struct journal *j, uint64_t run, struct run_loss *lost, struct why *why);
/* The error for a missing run: never there (ERR_GONE), or lost (ERR_IO). run 0: the newest. */
enum err run_gone(struct journal *j, uint64_t run, struct why *why);

#endif
