/* The store of memory_store.h from inside: its rows, and its leases (memory_leases.c). */
#ifndef MF_MEMORY_INSIDE_H
#define MF_MEMORY_INSIDE_H

#include "memory_store.h"

#include <pthread.h>

#define MEMORY_CHANGES_MAX 256 /* rows that one transaction changes */

struct memory_row {
    uint64_t run, number;
    struct store_value *values; /* one block with the bytes of its texts */
};

struct memory_table {
    struct memory_row *at;
    size_t len, room;
};

/* Of a worker, as the database keeps it. */
struct memory_worker {
    char name[WORKER_NAME_MAX], host[128], version[32];
    uint32_t pid;
    instant_us begun, seen;
    bool has_ended;
};

struct memory_lease {
    char number[64], region[64]; /* empty: of one run */
    uint64_t run;                /* for which it is held, or was last */
    uint16_t lane;
    uint64_t worker, epoch; /* worker 0: nobody holds it */
    instant_us claimed, expires, quiet_until;
    span_us call_timeout, margin; /* of the last holder */
    bool resigned;
    instant_us next_call[LEASE_ACTIONS];
    span_us next_call_left[LEASE_ACTIONS]; /* when it was told */
    double rate_per_s[LEASE_ACTIONS];
};

struct memory_lane {
    uint64_t run;
    uint16_t lane;
    uint32_t lease;
    char account[128];
    enum lease_rest rest;
    uint32_t granted, granted_wave;
    char tried_by[WORKER_NAME_MAX], tried_why[256];
    instant_us tried_at;
};

struct memory_run {
    uint64_t run;
    struct shared_run view; /* without its state and counts */
};

#define MEMORY_WORKERS_MAX 256
#define MEMORY_LANES_MAX   1024
#define MEMORY_RUNS_MAX    32

struct memory_leases {
    struct memory_worker workers[MEMORY_WORKERS_MAX];
    struct memory_lease leases[MEMORY_LANES_MAX];
    struct memory_lane lanes[MEMORY_LANES_MAX];
    struct memory_run runs[MEMORY_RUNS_MAX];
    uint32_t workers_len, leases_len, lanes_len, runs_len;
};

struct memory_rows {
    struct memory_table tables[STORE_TABLES];
    uint64_t runs, numbers; /* the last ones given */
    bool exists, is_written;
    unsigned writes_left; /* until one fails, counting that; 0: none does */
    bool fails_kept;
    enum store_end last_end;
    struct store_loss loss;

    pthread_mutex_t lock; /* of a transaction, and of a read */
    bool is_shared;
    instant_us (*clock)(void *ctx);
    void *clock_ctx;
    enum memory_weather (*weather)(void *ctx, void *who);
    void *weather_ctx;
    struct memory_leases *leases,
        *leases_were; /* now, and before a transaction that changes them */
};

struct memory_change {
    enum store_table table;
    size_t row;
    struct store_value *was;
};

struct memory_store {
    struct store store;
    struct memory_rows *rows;
    void *who;
    bool is_entered;
    enum memory_weather weather; /* of the transaction */
    /* Of the transaction, to take it back. */
    size_t lens[STORE_TABLES];
    struct memory_change changes[MEMORY_CHANGES_MAX];
    unsigned changes_len;
    bool leases_changed; /* so they are to be taken back, too */
};

extern const struct lease_ops memory_lease_ops;

/* A transaction, or a read by itself. False: ERR_AWAY. */
bool memory_begin(struct memory_store *s);
enum err memory_end(struct memory_store *s, enum err err, struct why *why);
enum err memory_away(struct why *why);

unsigned memory_column(enum store_table table, const char *name);
struct memory_row *memory_find(struct memory_rows *m, enum store_table table, uint64_t run,
                               uint64_t number);
enum err memory_change(struct memory_store *s, struct memory_row *row,
                       const struct store_value *values, enum store_table table, struct why *why);

enum err memory_fence(struct memory_store *s, const struct store_fence *fence, struct why *why);
void memory_leases_undo(struct memory_store *s);
void memory_leases_keep(struct memory_store *s);

#endif
