/*
 * The simulated world: a virtual clock, the model of SES behind its door, the models of DNS and of
 * its providers, and faults by seed, behind the engine's port. Hours pass in microseconds: the
 * clock jumps to the next event instead of waiting.
 *
 * A call arrives half a round trip after sending and takes effect then; the answer comes half a
 * round trip later. A crash leaves behind the calls and answers on their way.
 */
#ifndef MF_WORLD_H
#define MF_WORLD_H

#include "dns_model.h"
#include "faults.h"
#include "io.h"
#include "model/fleet.h"
#include "operator.h"
#include "provider_model.h"
#include "ses_model.h"

/* A call of one among several clients. */
struct world_sent {
    uint64_t client; /* its number */
    uint16_t lane;   /* of the fleet */
    enum call_kind kind;
    uint32_t row;  /* the owner of a write */
    instant_us at; /* when its request left */
};

struct world_options {
    instant_us start;
    uint64_t seed;
    span_us round_trip, time_out; /* a lost answer is given up after time_out */
    span_us dns_grain; /* DNS hears and answers at multiples of the grain; 0: at any instant */
    struct ses_rules ses;
    struct dns_model_options dns;
    struct faults faults;
    struct operator_options operator;
    uint32_t identities_max;
    uint64_t v1_refused;         /* lanes of the fleet (bit by number) where IAM refuses reads by */
    instant_us v1_refused_since; /* version 1, from this instant on */
    uint64_t dkim_refused;       /* lanes where IAM refuses GetIdentityDkimAttributes */
    double leaves_late; /* share of the calls that leave up to time_out after they were handed over,
                           and never after their not_after: a connection that is slow to come about.
                           Without several clients, of those to services alone */
    /* Several clients (below). 0: one, by world_io(). */
    uint32_t clients; /* so many may have as many calls out as an engine ever has */
    void *arrived_ctx;
    void (*left)(void *ctx, const struct world_sent *sent, const struct call *call); /* or NULL */
    /* Or NULL. Also of a client that has gone; late effects a second time. */
    void (*arrived)(void *ctx, const struct world_sent *sent, instant_us now);
    struct provider_model *providers; /* borrowed; NULL: DNS alone, without providers. Their numbers
                                         are the rows of fleet.providers */
};

/* Keeping is the owner's: a journal in memory, a fold, or nothing. */
struct world_keeper {
    void *ctx;
    enum err (*keep)(void *ctx, const struct record *records, uint32_t len, struct why *why);
};

struct world;

struct world *world_new(const struct world_options *options, const struct fleet *fleet,
                        struct world_keeper keeper, struct why *why);
void world_free(struct world *w);

struct ses_model *world_ses(struct world *w);
/* The model's number of a lane of the fleet. */
uint16_t world_lane(const struct world *w, uint16_t lane);
struct dns_model *world_dns(struct world *w);
/* Another operator's last action on a row of the fleet; at 0: none. */
struct operator_trace world_operator(const struct world *w, uint32_t row);
struct io world_io(struct world *w);
instant_us world_now(const struct world *w);

/* The engine is gone: answers on their way go nowhere, requests on their way still arrive. */
void world_crash(struct world *w);
/* From now on everything works: no faults. */
void world_heal(struct world *w);
/* Was the world asked to wait for ever with nothing on its way? Then the engine has lost a job. */
bool world_is_stuck(const struct world *w);

/* Several clients: processes that share SES and DNS and nothing else. Each has a port of its own,
 * and its calls come back to it alone. Whoever drives the clients moves the clock by world_go():
 * `wait` of a client's port only takes what has come. What has been handed over leaves at once or
 * later, by options.leaves_late, and never after its not_after. */
struct world_client;
struct world_client *world_join(struct world *w); /* NULL: out of memory */
/* As world_crash(), for one; what has not left never leaves. NULL is fine. */
void world_leave(struct world_client *c);
uint64_t world_client_number(const struct world_client *c); /* from 1; no two have the same */
struct io world_client_io(struct world_client *c);          /* without keep */
bool world_client_has_answers(const struct world_client *c);
/* Until then nothing of it leaves. */
void world_client_freeze(struct world_client *c, instant_us until);
/* When the next thing happens by itself; WHEN_NEVER: nothing will. */
instant_us world_next(const struct world *w);
/* Everything that happens until then, and at that instant. */
void world_go(struct world *w, instant_us until);

#endif
