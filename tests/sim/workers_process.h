/*
 * A process of a simulation with several: its threads are coroutines, and between any two of its
 * steps it may be killed or frozen. A frozen one does nothing for a while and then goes on,
 * believing what it believed. A killed one is dead at once for everybody else: nothing that its
 * coroutines do from then on has an effect, and they find their way out by the errors that they
 * get.
 */
#ifndef MF_SIM_WORKERS_PROCESS_H
#define MF_SIM_WORKERS_PROCESS_H

#include "coroutine.h"
#include "world/world.h"

/* What all processes of a simulation share. */
struct machine_room {
    struct coroutines *all;
    struct world *world;
    uint64_t seed;
    bool has_trouble;                  /* processes are killed and frozen, until ... */
    instant_us calm_at;                /* ... this instant, ... */
    uint32_t kills_left, freezes_left; /* ... and no more often than this */
    uint64_t lives;                    /* processes so far */
    uint64_t kills, freezes;
};

/* The likelier trouble is, the more depends on the instant. */
enum step {
    STEP_DATABASE, /* before a call of the database, and after it */
    STEP_DECIDED,  /* before a turn's records are kept */
    STEP_ALLOWED,  /* its leases are good, and its records are not kept */
    STEP_KEPT,     /* they are kept, and its calls are not sent */
    STEP_SENT,
};

struct process {
    struct machine_room *room;
    uint64_t life; /* from 1; no two have the same */
    uint64_t steps;
    span_us skew;      /* of its clock */
    instant_us frozen; /* until then */
    bool is_dead;
    bool is_spared;                     /* by all trouble */
    void (*stopped)(struct process *p); /* it has just been frozen or killed */
};

void process_init(struct process *p, struct machine_room *room, void (*stopped)(struct process *p));
instant_us process_now(const struct process *p); /* by its own clock */
void process_kill(struct process *p);
/* The coroutine that runs sleeps until then, by the world's clock, or until it is woken; longer if
 * the process is frozen. False: the process is dead. */
bool process_sleep(struct process *p, instant_us until);
/* A step: now and then the last one, or one that takes long. False: the process is dead. */
bool process_step(struct process *p, enum step step);

#endif
