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

#endif
