/*
 * The journal: the only truth of a run. Records are appended and never changed. Reports, status,
 * resume and rollback read it and nothing else. Where it is kept is a store's business (store.h):
 * journal_open_file() of journal/store_sqlite/store_sqlite.h opens one in a file.
 */
#ifndef MF_JOURNAL_H
#define MF_JOURNAL_H

#include "base/error.h"
#include "model/fleet.h"
#include "scheduler/record.h"

struct journal;
struct store;

#define JOURNAL_HOLDER_MAX 320
#define JOURNAL_LOSS_MAX   384

enum run_verb { RUN_APPLY, RUN_ROLLBACK, RUN_PLAN };
enum run_state { RUN_OPEN, RUN_STOPPED, RUN_ENDED }; /* OPEN without a live writer: it crashed */

struct run_head {
    uint64_t id; /* 1, 2, ...; given by journal_begin */
    enum run_verb verb;
    enum run_state state;
    uint64_t parent; /* rollback: the run that is taken back; else 0 */
    instant_us started, stopped;
    instant_us last; /* instant of the newest record; the clock of a resumed run starts there */
    uint64_t seed;   /* of the jitter */
    uint32_t jobs;
    struct text
        options; /* JSON object: what resume must know again (endpoint, resolver, rate...) */
    struct text version; /* of the program that began it */
};

enum journal_mode {
    JOURNAL_READ,   /* never writes, creates nothing */
    JOURNAL_WRITE,  /* creates it where there is none; one writer at a time, else ERR_BUSY */
    JOURNAL_UPDATE, /* as WRITE, but creates nothing: ERR_GONE where there is none */
};

/* Takes the store over, whatever it returns. */
enum err journal_open(struct journal **out, struct store *store, struct why *why);
void journal_close(struct journal *j);

enum journal_writer {
    JOURNAL_NO_WRITER, /* a run that is open was cut off */
    JOURNAL_HAS_WRITER,
    JOURNAL_WRITER_UNKNOWN, /* nobody can tell: the lock file is gone */
};
/* Does another process carry a run of *j (JOURNAL_READ) just now? holder: "pid 7 on host", or ""
 * where that cannot be read. */
enum journal_writer journal_writer(const struct journal *j, uint64_t run,
                                   char holder[JOURNAL_HOLDER_MAX]);

/* Begins a run: head and every choice of the fleet, durable on return. Fills in head->id. */
enum err journal_begin(struct journal *j, struct run_head *head, const struct fleet *fleet,
                       struct why *why);
/* Appends, in one durable transaction. With an intent among the records it is OK only while the
 * journal is still what was opened: whoever reads it by that name finds the intent.
 * Records of kind RECORD_LANE are notes of their lane and come back by journal_lane_notes() alone.
 */
enum err journal_keep(struct journal *j, uint64_t run, const struct record *records, uint32_t len,
                      struct why *why);
/* RUN_OPEN: a run that stopped goes on (resume). After an error of begin, keep or stop the journal
 * takes nothing more: what is on the disk is not known until it is opened again. */
enum err journal_stop(struct journal *j, uint64_t run, enum run_state state, instant_us at,
                      struct why *why);

/* What the journal was found to have lost when it was opened just now, as a sentence without its
 * end that names the run; "": nothing. *run: whose records they were; 0: that is not known. Lives
 * as long as the journal. */
const char *journal_loss(const struct journal *j, uint64_t *run);
/* True: what, a sentence of this page about a loss, is a suspicion. The proof that nothing was lost
 * is gone. */
bool journal_may_have_lost(struct text what);
/* Every run that was known before to have lost records, by its number. is_gone: its head too; run 0
 * stands for runs that may be gone, how many is not known. */
enum err journal_losses(struct journal *j,
                        bool (*fn)(void *ctx, uint64_t run, struct text what, bool is_gone),
                        void *ctx, struct why *why);
/* What a run has lost of its records. */
struct run_loss {
    char what[JOURNAL_LOSS_MAX]; /* part of a sentence; "": nothing */
    uint64_t kept; /* how many records there were when that was found; later ones are newer */
};

/* Are the records of a run whole? Reads all of them and compares their running digest. What was
 * found once stays known: a writer writes it into the journal. */
enum err journal_vet(struct journal *j, uint64_t run, struct run_loss *lost, struct why *why);

/* run 0: the newest. Texts of *head live in *arena. ERR_GONE: no such run. */
enum err journal_run(struct journal *j, uint64_t run, struct run_head *head, struct arena *arena,
                     struct why *why);
/* Newest first; returning false from fn ends it. */
enum err journal_runs(struct journal *j, bool (*fn)(void *ctx, const struct run_head *head),
                      void *ctx, struct why *why);
/* The fleet as journal_begin was given it. *fleet must be fresh from fleet_init(). */
enum err journal_fleet(struct journal *j, uint64_t run, struct fleet *fleet, struct why *why);
/* Every record in the order of keeping, without the notes of its findings. */
enum err journal_replay(struct journal *j, uint64_t run,
                        bool (*fn)(void *ctx, const struct record *record), void *ctx,
                        struct why *why);
/* What a run of the journal has sent, and what stood there before. */
enum journal_word {
    JOURNAL_TAKEN,   /* SES took it: it is known to stand there */
    JOURNAL_SENT,    /* and no answer is known yet: it may stand there */
    JOURNAL_REFUSED, /* the one that was sent last took no effect */
};
struct journal_accepted {
    enum journal_word word;
    uint64_t run;
    struct text account, region, identity;
    struct text mail_from, mail_from_before;
    enum behavior behavior, behavior_before;
    instant_us at;
};
/* All of them, in the order of keeping, the same identity more than once; texts are borrowed for
 * the length of one callback. fn returns false: out of memory. */
enum err journal_accepted(struct journal *j,
                          bool (*fn)(void *ctx, const struct journal_accepted *accepted), void *ctx,
                          struct why *why);
/* Every custom MAIL FROM that some run of the journal has sent to SES, in the order of keeping,
 * with doubles; texts are borrowed for the length of one callback. fn returns false: out of memory.
 */
enum err journal_written(struct journal *j,
                         bool (*fn)(void *ctx, struct text account, struct text region,
                                    struct text identity, struct text mail_from),
                         void *ctx, struct why *why);
/* The last record of every job, in the order of the fleet; jobs without a record are left out. */
enum err journal_rows(struct journal *j, uint64_t run,
                      bool (*fn)(void *ctx, const struct record *record), void *ctx,
                      struct why *why);

/* What befell a lane last: a trouble since `at`, or its end (reason is empty). */
struct lane_note {
    uint16_t lane; /* row of fleet.lanes */
    instant_us at;
    struct text reason; /* borrowed for the length of the callback */
};

/* The newest note of every lane that has one, in the order of the lanes. */
enum err journal_lane_notes(struct journal *j, uint64_t run,
                            bool (*fn)(void *ctx, const struct lane_note *note), void *ctx,
                            struct why *why);

const char *journal_verb_name(enum run_verb verb);    /* "apply" */
const char *journal_state_name(enum run_state state); /* "open" */

#endif
