/*
 * Inside a rehearsal: forecast.c plays it, forecast_publish.c has the part of the record sets.
 */
#ifndef MF_FORECAST_INTERNAL_H
#define MF_FORECAST_INTERNAL_H

#include "forecast.h"
#include "publish/beside.h"
#include "world/provider_model.h"

struct rehearsed_publishing {
    struct provider_model model;
    struct publish_target *targets; /* names in zones that some provider writes */
    uint32_t targets_len;
    struct publish_beside beside;
};

/* Targets, zones and providers, before the world is made: r->publishing. ERR_INPUT: no provider. */
enum err rehearsal_publish_open(struct rehearsal *r, struct why *why);
/* Before the scheduler starts: *machine becomes both. */
enum err rehearsal_publish_join(struct rehearsal *r, struct scheduler *scheduler,
                                struct machine *machine, instant_us now, struct why *why);
/* The engine has ended: totals into the forecast. The world must hold no call any more. */
void rehearsal_publish_end(struct rehearsal *r);
void rehearsal_publish_clear(struct rehearsal *r);

#endif
