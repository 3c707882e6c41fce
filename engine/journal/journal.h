/*
 * The journal: the only truth of a run. Records are appended and never changed. Reports, status,
 * resume and rollback read it and nothing else. A store (store.h) keeps the rows:
 * journal_open_file() of journal/store_sqlite/store_sqlite.h opens a journal in a file.
 */
#ifndef MF_JOURNAL_H
#define MF_JOURNAL_H

#include "base/error.h"
#include "model/fleet.h"
#include "model/order.h"
#include "model/publish_record.h"
#include "model/publish_target.h"
#include "model/watch_record.h"
#include "scheduler/record.h"

struct journal;
struct store;

#define JOURNAL_HOLDER_MAX 320
#define JOURNAL_LOSS_MAX   384

enum run_verb { RUN_APPLY, RUN_ROLLBACK, RUN_PLAN, RUN_PUBLISH, RUN_WITHDRAW, RUN_VERBS };
enum run_state {
    RUN_OPEN, /* without a live writer: the process crashed */
    RUN_STOPPED,
    RUN_ENDED,
    RUN_GIVEN_UP, /* ended with open rows: no run goes on with them unless it is asked to */
};

struct run_head {
    uint64_t id; /* 1, 2, ...; given by journal_begin */
    enum run_verb verb;
    enum run_state state;
    uint64_t parent; /* rollback, withdraw: the run to roll back; otherwise 0 */
    instant_us started, stopped;
    instant_us last; /* instant of the newest record; the clock of a resumed run starts there */
    uint64_t seed;   /* of the jitter */
    uint32_t jobs;
    struct text options; /* JSON object: the options for resume (endpoint, resolver, rate...) */
    struct text version; /* of the program that began the run */
};

enum journal_mode {
    JOURNAL_READ,   /* never writes, creates nothing */
    JOURNAL_WRITE,  /* creates a missing journal; one writer at a time, otherwise ERR_BUSY */
    JOURNAL_UPDATE, /* as WRITE, but creates nothing: ERR_GONE where there is none */
};

/* Takes the store over, in every case. */
enum err journal_open(struct journal **out, struct store *store, struct why *why);
void journal_close(struct journal *j);

enum journal_writer {
    JOURNAL_NO_WRITER, /* an open run was cut off */
    JOURNAL_HAS_WRITER,
    JOURNAL_WRITER_UNKNOWN, /* unknown: the lock file is gone */
};
/* Does another process carry out a run of *j (JOURNAL_READ) now? holder: "pid 7 on host", or ""
 * when unreadable. */
enum journal_writer journal_writer(const struct journal *j, uint64_t run,
                                   char holder[JOURNAL_HOLDER_MAX]);

/* Begins a run: head and every choice of the fleet, durable on return. Fills in head->id. */
enum err journal_begin(struct journal *j, struct run_head *head, const struct fleet *fleet,
                       struct why *why);
/* What is begun and kept from now on is durable at once, with journal_apart(), or not at all: a run
 * whose first rows are known by a plan never lies in a journal without them. No intents. */
void journal_together(struct journal *j);
/* OK where nothing was begun together, too. */
enum err journal_apart(struct journal *j, struct why *why);
/* Instead of that: as if nothing had been begun or kept since. */
void journal_undo(struct journal *j);
/* Appends, in one durable transaction. With an intent among the records, OK only while the
 * journal's name still leads to the opened journal, so a later reader finds the intent. Records of
 * kind RECORD_LANE are notes of their lane and come back by journal_lane_notes() alone, those of
 * kind RECORD_ORDER by journal_orders(); those of kind RECORD_PUBLISH, with their intents, by
 * journal_publish_replay() and journal_publish_rows().
 */
enum err journal_keep(struct journal *j, uint64_t run, const struct record *records, uint32_t len,
                      struct why *why);
/* RUN_OPEN: a stopped run goes on (resume). After an error of begin, keep or stop the journal takes
 * no more records: the state on disk is unknown until the journal is opened again. */
enum err journal_stop(struct journal *j, uint64_t run, enum run_state state, instant_us at,
                      struct why *why);

/* The loss found while opening the journal, as a sentence with the run and without a full stop; "":
 * none. *run: the run of the lost records; 0: unknown. Lives as long as the journal. */
const char *journal_loss(const struct journal *j, uint64_t *run);
/* True: `what`, a sentence of this page about a loss, is a suspicion: the proof of completeness is
 * gone. */
bool journal_may_have_lost(struct text what);
/* True: `why`, the sentence of an error of this page, says that what lies in the store is damaged,
 * so no later try can read it. */
bool journal_is_damaged(struct text why);
/* Every run already known to have lost records, by number. is_gone: the head is lost too; run 0
 * stands for an unknown number of runs possibly gone. */
enum err journal_losses(struct journal *j,
                        bool (*fn)(void *ctx, uint64_t run, struct text what, bool is_gone),
                        void *ctx, struct why *why);
/* The lost records of a run. */
struct run_loss {
    char what[JOURNAL_LOSS_MAX]; /* part of a sentence; "": nothing */
    uint64_t kept;               /* the number of records of jobs when the loss was found */
};

/* Are the records of a run whole? Reads all records and compares the running digest. A loss stays
 * known: a writer writes the loss into the journal. */
enum err journal_vet(struct journal *j, uint64_t run, struct run_loss *lost, struct why *why);

/* run 0: the newest. Texts of *head live in *arena. ERR_GONE: no such run. */
enum err journal_run(struct journal *j, uint64_t run, struct run_head *head, struct arena *arena,
                     struct why *why);
/* Newest first; returning false from fn ends it. */
enum err journal_runs(struct journal *j, bool (*fn)(void *ctx, const struct run_head *head),
                      void *ctx, struct why *why);
/* The fleet given to journal_begin. *fleet must be fresh from fleet_init(). */
enum err journal_fleet(struct journal *j, uint64_t run, struct fleet *fleet, struct why *why);
/* Every record in the order of keeping, without the notes of its findings. */
enum err journal_replay(struct journal *j, uint64_t run,
                        bool (*fn)(void *ctx, const struct record *record), void *ctx,
                        struct why *why);
/* The same records as moves: of *record only job, at, kind, from, row.state and row.outcome are
 * read, which is a fraction of the time for a large run. */
enum err journal_moves(struct journal *j, uint64_t run,
                       bool (*fn)(void *ctx, const struct record *record), void *ctx,
                       struct why *why);
/* A write sent by a run of the journal, and the value before. */
enum journal_word {
    JOURNAL_TAKEN,   /* accepted by SES: known to stand there */
    JOURNAL_SENT,    /* without a known answer: may stand there */
    JOURNAL_REFUSED, /* the last write took no effect */
};
struct journal_accepted {
    enum journal_word word;
    uint64_t run;
    struct lane_name lane;
    struct text identity, mail_from, mail_from_before;
    enum behavior behavior, behavior_before;
    instant_us at;
};
/* All writes, in the order of keeping, an identity perhaps more than once; texts are borrowed for
 * one callback. fn returns false: out of memory. */
enum err journal_accepted(struct journal *j,
                          bool (*fn)(void *ctx, const struct journal_accepted *accepted), void *ctx,
                          struct why *why);
/* Every custom MAIL FROM sent to SES by a run of the journal, in the order of keeping, with
 * doubles; texts are borrowed for the length of one callback. fn returns false: out of memory.
 */
enum err journal_written(struct journal *j,
                         bool (*fn)(void *ctx, const struct lane_name *lane, struct text identity,
                                    struct text mail_from),
                         void *ctx, struct why *why);
/* The last record of every job, in the order of the fleet; jobs without a record are left out. */
enum err journal_rows(struct journal *j, uint64_t run,
                      bool (*fn)(void *ctx, const struct record *record), void *ctx,
                      struct why *why);

/* The last note of a lane: a trouble since `at`, or the end of a trouble (empty reason). */
struct lane_note {
    uint16_t lane; /* row of fleet.lanes; beyond: of fleet.providers */
    instant_us at;
    struct text reason; /* borrowed for the length of the callback */
};

/* The newest note of every lane with one, in the order of the lanes. */
enum err journal_lane_notes(struct journal *j, uint64_t run,
                            bool (*fn)(void *ctx, const struct lane_note *note), void *ctx,
                            struct why *why);

/* The orders that people gave to a run (records of kind RECORD_ORDER), in the order of keeping;
 * borrowed for one callback. fn returns false: enough. */
enum err journal_orders(struct journal *j, uint64_t run,
                        bool (*fn)(void *ctx, const struct order *order), void *ctx,
                        struct why *why);

/* The names that a run may publish: once, before the run's first record of one. Durable on return.
 */
enum err journal_targets_begin(struct journal *j, uint64_t run,
                               const struct publish_target *targets, uint32_t len, struct why *why);
/* In the order in which they were given. Texts are borrowed for one callback, here and below. */
enum err journal_targets(struct journal *j, uint64_t run,
                         bool (*fn)(void *ctx, const struct publish_target *target), void *ctx,
                         struct why *why);
/* Every record of a target, in the order of keeping. */
enum err journal_publish_replay(struct journal *j, uint64_t run,
                                bool (*fn)(void *ctx, const struct publish_record *record),
                                void *ctx, struct why *why);
/* The newest record of each target that has one, in the order of keeping. */
enum err journal_publish_rows(struct journal *j, uint64_t run,
                              bool (*fn)(void *ctx, const struct publish_record *record), void *ctx,
                              struct why *why);

/* What a look at DNS found of a record that an owner of DNS has been asked for. */
enum journal_asked_state {
    ASKED_MISSING,
    ASKED_WRONG,
    ASKED_BLOCKED,   /* a person has to decide first */
    ASKED_PUBLISHED, /* it is there, and had been asked for */
    ASKED_LOOK,      /* a look was taken, of no record: without a name */
};
#define JOURNAL_ASKED_TYPES 2

struct journal_asked {
    struct text name; /* of the record */
    uint8_t type;     /* enum records_type */
    enum journal_asked_state state;
    instant_us at;
};

/* Every change that looks have found, whatever run or manifest it was of, in the order of keeping;
 * texts are borrowed for one callback. fn returns false: out of memory. */
enum err journal_asked_each(struct journal *j,
                            bool (*fn)(void *ctx, const struct journal_asked *asked), void *ctx,
                            struct why *why);
/* Appends, in one durable transaction. */
enum err journal_asked_keep(struct journal *j, const struct journal_asked *list, size_t len,
                            struct why *why);

/* What watching remembers, in a journal of its own beside that of the runs: every identity and
 * lane, then every problem, by number. Of a row that cannot be read the number alone is told, of
 * nobody (watch_learn_identity() leaves it out and counts it). A callback returns false: out of
 * memory. */
enum err journal_watch_each(struct journal *j,
                            bool (*identity)(void *ctx, const struct watch_identity_record *r),
                            bool (*problem)(void *ctx, const struct watch_problem_record *r),
                            void *ctx, struct why *why);
/* In one durable transaction; each row replaces the one that has its number. */
enum err journal_watch_keep(struct journal *j, const struct watch_rows *rows, struct why *why);

const char *journal_verb_name(enum run_verb verb);    /* "apply" */
bool journal_verb_publishes(enum run_verb verb);      /* its rows are targets, not jobs */
const char *journal_state_name(enum run_state state); /* "open" */
bool run_is_over(enum run_state state);               /* ended, or given up */

#endif
