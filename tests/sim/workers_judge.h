/*
 * The judge of a simulation with several workers. It sees what takes effect: records when they are
 * durable, calls when they leave and when they reach SES, and holds beside all that the watcher
 * holds of a run (watcher.h), whoever carries it:
 *
 *   a lane has one writer at an instant: nothing of a holder arrives once a later one has begun
 *   an intent is kept by the epoch that has the lease just then, and the lease has not ended
 *   a write that leaves has its intent          no identity is lost
 *   calls of a lane and action keep the rate, over all workers
 *   waves and max_failures hold for the whole run; a run that a person has paused soon writes
 * nothing
 */
#ifndef MF_SIM_WORKERS_JUDGE_H
#define MF_SIM_WORKERS_JUDGE_H

#include "watcher.h"
#include "workers_database.h"

#define JUDGED_LANES_MAX 8
#define RATES_KEPT       16

/* A client of the world: a carriage, and the epochs of its lanes (0: not its lane). */
struct judged_client {
    uint64_t epochs[JUDGED_LANES_MAX];
    uint64_t life; /* of its process */
};

struct judged_lane {
    uint64_t begun;  /* epoch of the newest holder that has begun */
    uint64_t called; /* epoch of the newest holder of which a call has left */
    uint64_t passed; /* holders so far */
    instant_us decided[CALL_KINDS];
};

struct judge {
    const struct scene *scene;
    struct database *database;
    struct watcher watcher;
    struct link link;
    struct journal *journal; /* that looks on */
    uint64_t run;
    struct judged_client *clients; /* by number */
    size_t clients_len, clients_cap;
    struct judged_lane lanes[JUDGED_LANES_MAX];
    bool sets_clock;      /* the database's clock is set now and then */
    instant_us paused_at; /* by a person; 0: not */
    struct {
        instant_us at;
        double per_s;
    } rates[RATES_KEPT]; /* a ring */
    uint32_t rates_len;
    uint64_t intents, refused; /* kept, and not kept because they were stale */
};

bool judge_init(struct judge *j, const struct scene *scene, struct world *world,
                struct database *database);
void judge_clear(struct judge *j);
void judge_complain(struct judge *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool judge_has_complaint(const struct judge *j);

/* A carriage begins with these lanes (epochs by lane). */
bool judge_begins(struct judge *j, uint64_t client, uint64_t life, const uint64_t *epochs);
/* Records take effect just now. epochs: by lane, of who keeps them. */
void judge_keeps(struct judge *j, const uint64_t *epochs, const struct record *records,
                 uint32_t len);
/* A carriage hands a call over to the world. Its pace is by the instant at which it was decided on,
 * since a commit may lie in between. */
void judge_hands(struct judge *j, uint64_t client, const struct call *call, instant_us decided);
/* For world_options. */
void judge_left(void *ctx, const struct world_sent *sent, const struct call *call);
void judge_arrived(void *ctx, const struct world_sent *sent, instant_us now);
/* A carriage hears an answer. */
void judge_hears(struct judge *j, uint64_t client, const struct call *call);
/* A person's order has taken effect. */
void judge_ordered(struct judge *j, const struct order *order);
/* A person has opened the run again. */
void judge_reopens(struct judge *j, bool reopens);
void judge_end(struct judge *j);

#endif
