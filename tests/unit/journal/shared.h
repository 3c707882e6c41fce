/*
 * A journal that several workers share, for tests: each is listed once for each store that can be
 * shared (ON_SHARED_STORES). Time is the store's, and the test lets it pass.
 */
#ifndef MF_SHARED_H
#define MF_SHARED_H

#include "journal/leases.h"
#include "model/fleet.h"

#include "unit.h"

#define SHARED_WORKERS 4
#define SHARED_LANES   8

struct shared {
    struct memory_rows *rows;                        /* NULL: in PostgreSQL */
    instant_us now;                                  /* of the memory's clock */
    char url[200], schema[32];                       /* of PostgreSQL */
    struct journal *journals[SHARED_WORKERS];        /* one of each worker */
    uint64_t workers[SHARED_WORKERS];                /* their numbers */
    struct fleet fleet;                              /* of the run that was begun last */
    struct lease held[SHARED_WORKERS][SHARED_LANES]; /* what fences each one */
    struct arena arena;
    struct why why;
};

/* Fails the test if err is not `want`. */
void shared_is(struct shared *s, enum err err, enum err want);
#define assert_ok(call)     shared_is(s, (call), OK)
#define assert_fenced(call) shared_is(s, (call), ERR_FENCED)

/* What a run is begun with. */
struct shared_fleet {
    uint32_t lanes, jobs; /* in turn: job 0 is of lane 0, job 1 of lane 1, ... */
    const char *waves;    /* numbers with a comma between them; NULL: none */
    double max_failures;  /* 0: no bound */
    bool is_numbered;     /* identities of the first lane have wave 1 */
    enum run_verb verb;
};
/* Begins it, open to workers. */
uint64_t shared_begin(struct shared *s, const struct shared_fleet *f);
/* So much time passes for the store. */
void shared_pass(struct shared *s, span_us span);
/* Claims one lane of a run; epoch 0: it is not to be had. */
struct lease_claim shared_claim(struct shared *s, unsigned worker, uint64_t run, uint16_t lane);
/* Keeps a record of a job with the leases that the worker has claimed of its run. */
enum err shared_keep(struct shared *s, unsigned worker, uint64_t run, const struct record *r);
struct record shared_intent(uint32_t job, uint32_t wave);
struct record shared_end(uint32_t job, uint32_t wave, enum outcome outcome);
struct shared_run shared_look(struct shared *s, uint64_t run);
/* A lane as leases_each() tells it; texts are in the arena. */
struct lease_view shared_view(struct shared *s, uint64_t run, uint16_t lane);
/* Carries a statement out in PostgreSQL, where "@" is the schema; of the memory: nothing. */
void shared_sql(struct shared *s, const char *statement);
/* A worker's journal is opened anew by a role of the database, a member of the groups ("@": the
 * schema), which is made. PostgreSQL alone. */
void shared_as(struct shared *s, unsigned worker, const char *role, const char *groups);
/* Closes a worker's journal and opens it again: as a process begun anew. */
void shared_restart(struct shared *s, unsigned worker);

/* Gives a lane back. */
enum err shared_resign(struct shared *s, unsigned worker, const struct lease *lease,
                       enum lease_rest rest);
/* False: the lease is lost. */
bool shared_renew(struct shared *s, unsigned worker, const struct lease *lease);
/* How many starts were granted. */
uint32_t shared_starts(struct shared *s, unsigned worker, const struct lease *lease,
                       int32_t wanted);

extern const struct lease_terms shared_terms;
extern const struct shared_fleet shared_two_lanes;

enum shared_kind { SHARED_IN_MEMORY, SHARED_IN_POSTGRES, SHARED_KINDS };
extern enum shared_kind shared_kinds[SHARED_KINDS];
int shared_set_up(void **state);
int shared_tear_down(void **state);

#define ON_SHARED_STORE(kind, name_of, function)                                                   \
    {                                                                                              \
        name_of ": " #function, function, shared_set_up, shared_tear_down, &shared_kinds[kind]     \
    }
#define ON_SHARED_STORES(function)                                                                 \
    ON_SHARED_STORE(SHARED_IN_MEMORY, "memory", function),                                         \
        ON_SHARED_STORE(SHARED_IN_POSTGRES, "postgres", function)

#endif
