/*
 * The interface between a journal and its store. A store keeps rows durably, in order, by whole
 * transactions, and does not know the meaning of a row. The journal's side (journal.h) has
 * everything else once: fleets and records as rows, rules by name, digests, the newest record of
 * each job, and the consequences of a loss. So no two stores can differ there.
 *
 * One thread at a time. After an error of enter, put, set_state, add_loss or leave the journal only
 * reads and closes; one that several workers share goes on with the next transaction, since each
 * error leaves nothing of its own behind (ERR_AWAY of leave: or everything). Tests for a store:
 * docs/ARCHITECTURE.md, "A new journal store".
 */
#ifndef MF_STORE_H
#define MF_STORE_H

#include "journal.h"
#include "leases.h"

enum store_type {
    STORE_NULL, /* of an older program, or left out; as a number 0, as a text empty */
    STORE_INT,
    STORE_REAL,
    STORE_TEXT,  /* any bytes, NUL and what is no UTF-8 among them; nearly always UTF-8 */
    STORE_BYTES, /* a digest; may come back as STORE_TEXT */
};

struct store_value {
    enum store_type type;
    union {
        int64_t number;
        double real;
        struct text text; /* borrowed: for the length of one call, or of one callback */
    };
};

/* The tables, with the meaning of a row's number. Unless another order is named, rows are read by
 * number. */
enum store_table {
    TABLE_RUN,  /* its head. The store numbers runs 1, 2, ..., and gives no number twice, also not
                   that of a run that is lost. Given a number, a copy asks for that one or, where it
                   or  a greater one was given, for the next. Read from the newest to the oldest */
    TABLE_WAVE, /* from here on the fleet of a run: the place in its array, given by the journal */
    TABLE_ACCOUNT,
    TABLE_LANE,
    TABLE_POLICY,
    TABLE_FILE,
    TABLE_CHOICE,
    TABLE_EXPECTED,
    TABLE_PROVIDER,
    TABLE_TARGET,    /* the names that a run may publish: their number, given by the journal */
    TABLE_RECORD,    /* given by the store: greater than that of every record kept before */
    TABLE_PUBLISHED, /* given by the journal: that of the record that this row belongs to */
    TABLE_LANE_NOTE, /* given by the store, as TABLE_RECORD */
    TABLE_ORDER,     /* given by the store, as TABLE_RECORD */
    TABLE_RULE,      /* of all runs: the journal's number of a rule of findings */
    TABLE_ASKED,     /* of all runs: given by the store, as TABLE_RECORD */
    /* Of all runs: given by the journal. A row replaces the one that has its number. */
    TABLE_WATCHED,
    TABLE_WATCH_PROBLEM,
    TABLE_LOST, /* runs that have lost records: the run (add_loss); 0: runs that may be gone */
    STORE_TABLES,
    /* Views, only for reading. */
    VIEW_OUTLINE = STORE_TABLES, /* the records of a run that are of a job: of which, and whether it
                                    has notes */
    VIEW_MOVES, /* the same records as moves: of which, when, of what kind, from which state, to
                   which, and with what outcome */
    VIEW_SENT,  /* records of all runs, in the order of keeping, that are intents or answers or have
                   accepted > 0, and of whom they are */
    STORE_VIEWS,
};

struct store_columns {
    const char *name;    /* of the table */
    const char *columns; /* names with commas between them, beside run and number */
    unsigned len;
};

extern const struct store_columns store_columns[STORE_VIEWS];

#define STORE_VALUES_MAX 40 /* columns of a table */
#define RUN_PARENT       2  /* a column of TABLE_RUN */
/* Columns of TABLE_RECORD. */
#define RECORD_FINDINGS 20
#define RECORD_NOTES    21 /* findings_json */
#define RECORD_DIGEST   33

struct store_row {
    uint64_t number;
    const struct store_value *values; /* one for each column */
};

/* What a run's head changes to. */
struct store_state {
    enum run_state state;
    instant_us stopped, last;
    uint64_t last_record, last_digest; /* of its newest record; 0: none */
};

/* The newest record of a run, and the instant of that or of its newest note, whichever is later. */
struct store_tail {
    uint64_t record, digest; /* 0: there is none; or it has none */
    instant_us at;
};

/* A record that is wanted, and the one from which its notes are taken. */
struct store_pick {
    uint64_t record;
    uint64_t notes; /* 0: from none */
};

enum store_end {
    STORE_UNDO,   /* as if it had not been begun */
    STORE_COMMIT, /* durable on return */
    /* An intent is among the rows: OK only while this process may go on to send it, and whoever
     * opens the journal hereafter finds it. */
    STORE_COMMIT_INTENT,
};

/* A store that cannot tell whether it has lost anything, and has found nothing else, ends its
 * sentence with this; the sentences of several losses have "; " between them. */
#define STORE_NOT_KNOWN ", so whether its newest records are there is not known"

/* What a store was found to have lost when it was opened. */
struct store_loss {
    bool found;
    uint64_t run;      /* whose records were lost; 0: that is not known */
    uint64_t runs;     /* how many there were, as far as that is known */
    bool runs_unknown; /* there may have been more, how many is not known: 0 in TABLE_LOST */
    char what[JOURNAL_LOSS_MAX];
};

/* The lease that a row needs to be put: held by an epoch that is still the lease's own. */
struct store_fence {
    uint64_t run, epoch;
    uint16_t lane;  /* or LEASE_RUN */
    bool is_intent; /* the lease has not ended, too */
    bool is_start;  /* likewise the waves of the run are not paused: it is an identity's first write
                     */
};

/* Each store's own struct begins with this one. */
struct store {
    const struct store_ops *ops;
    const struct lease_ops *leases; /* NULL: one process at a time writes */
    /* Of the rows of TABLE_RECORD and TABLE_LANE_NOTE that are put now; NULL: none. Where the lease
     * is not held so, put or leave is ERR_FENCED. It stays held by that epoch until leave. */
    const struct store_fence *fence;
    /* Of the run that is put now, in a store with leases: whose it is, "": everybody's. NULL: as
     * the store was opened, or otherwise as its parent. */
    const char *team;
    const char *name; /* for messages; lives as long as the store */
    bool is_read_only;
    bool has_failed; /* the journal's word, after an error: it is not known what was written */
    struct store_loss loss;
};

struct store_ops {
    void (*close)(struct store *store);

    /* A transaction: enter, any number of the three below, leave. STORE_UNDO cannot fail. */
    enum err (*enter)(struct store *store, struct why *why);
    /* Adds a row, or replaces one, but none of TABLE_LOST. *number: what the journal or the store
     * gives it, as the table says. An intent that this process has no right to keep any more is an
     * error. */
    enum err (*put)(struct store *store, enum store_table table, uint64_t run,
                    const struct store_value *values, uint64_t *number, struct why *why);
    enum err (*set_state)(struct store *store, uint64_t run, const struct store_state *state,
                          struct why *why);
    /* Adds to what is known of a run's loss, unless that says so already. The run need not be there
     * any more. `kept` of the first one is how many records of jobs it has now, and stays. */
    enum err (*add_loss)(struct store *store, uint64_t run, struct text what, struct why *why);
    enum err (*leave)(struct store *store, enum store_end end, struct why *why);

    /* The rows of a run, or of all (0); until fn returns false. fn may read more of the store. OK
     * where there are none. */
    enum err (*rows)(struct store *store, enum store_table table, uint64_t run,
                     bool (*fn)(void *ctx, const struct store_row *row), void *ctx,
                     struct why *why);
    /* These records of a run, in this order. ERR_GONE: one of them is not there. */
    enum err (*fetch)(struct store *store, uint64_t run, const struct store_pick *picks,
                      uint32_t len, bool (*fn)(void *ctx, const struct store_row *row), void *ctx,
                      struct why *why);
    enum err (*tail)(struct store *store, uint64_t run, struct store_tail *tail, struct why *why);
    /* Does a process that is not this one carry the run now? Its name goes to holder. */
    enum journal_writer (*writer)(struct store *store, uint64_t run,
                                  char holder[JOURNAL_HOLDER_MAX]);
};

/*
 * What a store has beside, if several workers share it (leases.h says what it is for). Time is the
 * store's own. A lease is found by a run and a lane of it; runs whose lane has the same account
 * number and Region have one lease in common.
 *
 * Transactions of several workers go on at the same time. Locks are taken in one order, so no two
 * wait for each other: alone; leases, by a number of theirs; the run; its lanes. Each is held until
 * leave.
 */
struct lease_ops {
    /* Each is a transaction of its own. */
    enum err (*worker_begin)(struct store *store, const struct worker_self *self, uint64_t *worker,
                             struct why *why);
    enum err (*worker_end)(struct store *store, uint64_t worker, struct why *why);
    enum err (*workers)(struct store *store, bool (*fn)(void *ctx, const struct worker_view *view),
                        void *ctx, struct why *why);
    enum err (*lanes)(struct store *store, uint64_t run,
                      bool (*fn)(void *ctx, const struct lease_view *view), void *ctx,
                      struct why *why);
    enum err (*renew)(struct store *store, uint64_t worker, const struct lease *held, uint32_t len,
                      const struct lease_terms *terms, const struct lease_left *left, bool *lost,
                      struct why *why);
    enum err (*tried)(struct store *store, uint64_t worker, uint64_t run, uint16_t lane,
                      struct text sentence, struct why *why);
    /* ERR_GONE without a sentence: no workers carry such a run. */
    enum err (*look)(struct store *store, uint64_t run, struct shared_run *view, struct why *why);

    /* Records of a lane that was claimed before are put from here on. */
    void (*fenced)(struct store *store);

    /* Between enter and leave. */

    enum err (*now)(struct store *store, instant_us *now, struct why *why);
    /* Only one transaction at a time goes beyond this. */
    enum err (*alone)(struct store *store, struct why *why);
    /* A run becomes one that workers carry: the members that change_run() changes are given. */
    enum err (*open_run)(struct store *store, uint64_t run, const struct shared_run *first,
                         struct why *why);
    /* Its lanes, by their row of the fleet; none: it has one, LEASE_RUN. */
    enum err (*open_lanes)(struct store *store, uint64_t run, const struct lane_name *names,
                           uint32_t len, struct why *why);
    /* Locks these leases, each for all that only look at it. ERR_FENCED: one of them is not held
     * so. */
    enum err (*hold)(struct store *store, const struct store_fence *list, uint32_t len,
                     struct why *why);
    /* As leases_claim(). Locks the run for all that only look at it. */
    enum err (*claim)(struct store *store, uint64_t worker, uint64_t run, const uint16_t *lanes,
                      uint32_t len, const struct lease_terms *terms, struct lease_claim *claims,
                      uint32_t *claimed, struct why *why);
    /* Gives the lease up and sets the lane's rest. *held false: it was lost, and nothing was done.
     */
    enum err (*resign)(struct store *store, uint64_t worker, const struct lease *lease,
                       const struct lease_left *left, bool *held, struct why *why);
    /* Locks the leases of these runs, and takes those that have ended away from their holders, with
     * the next epoch: whoever claims one waits as if its holder had been killed. *held: how many
     * lanes of them the others hold, until leave. */
    enum err (*take_ended)(struct store *store, uint64_t first, uint64_t last, uint32_t *held,
                           struct why *why);
    /* As look(), and locks the run. */
    enum err (*lock_run)(struct store *store, uint64_t run, struct shared_run *view,
                         struct why *why);
    /* Pause, stops, rate and waves of a locked run. */
    enum err (*change_run)(struct store *store, uint64_t run, const struct shared_run *view,
                           struct why *why);
    /* Of a locked run: lanes with one of these rests (bits: 1 << enum lease_rest), or only those of
     * them that nobody holds, after take_ended(). LEASE_OPEN: their granted starts are 0 from here
     * on. */
    enum err (*rest_lanes)(struct store *store, uint64_t run, unsigned from, bool only_unheld,
                           enum lease_rest to, struct why *why);
    /* Of a locked run: the starts granted to a lane in a wave, changed by so many. */
    enum err (*grant)(struct store *store, uint64_t run, uint16_t lane, uint32_t wave,
                      int32_t change, uint32_t *granted, struct why *why);
    /* The caller of a lane, in TABLE_LANE: kept where there is none yet, otherwise told. *number:
     * the lane's account. Both are borrowed until the next call. */
    enum err (*caller)(struct store *store, uint64_t run, uint16_t lane, struct lane_caller *caller,
                       struct text *number, struct why *why);

    /* Anywhere. Whose run it is: only members of the team see it. "": everybody's. ERR_GONE without
     * a sentence: there is no such run. */
    enum err (*team)(struct store *store, uint64_t run, char team[TEAM_LEN_MAX], struct why *why);
};

static inline struct store_value store_null(void)
{
    return (struct store_value){.type = STORE_NULL};
}

static inline struct store_value store_int(int64_t number)
{
    return (struct store_value){.type = STORE_INT, .number = number};
}

static inline struct store_value store_real(double real)
{
    return (struct store_value){.type = STORE_REAL, .real = real};
}

static inline struct store_value store_text(struct text text)
{
    return (struct store_value){.type = STORE_TEXT, .text = text};
}

#endif
