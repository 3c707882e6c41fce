/*
 * The database of a simulation with several processes: one store in memory with PostgreSQL's
 * semantics, and connections to it that take their time, break, and may lose the answer to a
 * transaction that took effect. The database is away now and then, and its clock is set.
 *
 * A transaction takes effect at one instant, and none is between another's enter and leave.
 */
#ifndef MF_SIM_WORKERS_DATABASE_H
#define MF_SIM_WORKERS_DATABASE_H

#include "workers_process.h"

#include "journal/leases.h"

#define DATABASE_LIMIT SPAN_S(10) /* of one call */
#define DATABASE_AWAYS 4
#define DATABASE_STEPS 8

struct memory_rows;

struct database {
    struct machine_room *room;
    struct memory_rows *rows;
    bool has_trouble; /* until room->calm_at */
    double breaks;    /* share of the calls whose connection breaks */
    double slow;      /* share of the calls that take seconds */
    struct {
        instant_us from, until;
    } aways[DATABASE_AWAYS];
    struct {
        instant_us at;
        span_us by;
    } steps[DATABASE_STEPS]; /* of its clock */
    span_us offset;          /* of its clock, by now */
    uint64_t calls;
    uint64_t version; /* grows with everything that another process may wait for */
};

/* A connection, for one coroutine of a process. */
struct link {
    struct database *database;
    struct process *process;   /* NULL: of a person who watches, without any trouble */
    void (*effect)(void *ctx); /* a transaction takes effect just now, whatever is answered */
    void *effect_ctx;
};

bool database_init(struct database *d, struct machine_room *room);
void database_clear(struct database *d);
/* Draws when it is away, and when its clock is set. */
void database_trouble(struct database *d, uint64_t seed, instant_us start, bool sets_clock);
instant_us database_now(const struct database *d);
/* link lives as long as the journal. */
enum err database_open(struct database *d, struct link *link, struct journal **out,
                       struct why *why);

#endif
