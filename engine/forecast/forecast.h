/*
 * A rehearsal: the engine of apply in a simulated world, folded into a forecast on the way. Only
 * sums and a few words per identity are kept, so a million identities are an ordinary rehearsal.
 *
 * The assumed world: every identity of the manifest exists, is verified and has no MAIL FROM; SES
 * allows each lane exactly the rate of the manifest or --rate; DNS is seen as published, without
 * caches. With --publish, names in zones that a provider writes have no records before;
 * forecast_publish.c says what a zone is. Times are since the start of the run. A rehearsal ends
 * after REHEARSAL_SPAN, with unfinished identities counted.
 */
#ifndef MF_FORECAST_H
#define MF_FORECAST_H

#include "access/access.h"
#include "calls/budget.h"
#include "publish/publisher.h"
#include "rules/suffix.h"
#include "scheduler/scheduler.h"
#include "world/faults.h"

/* The causes of waiting, from the first read to the end. */
enum wait_cause {
    WAIT_TURN,   /* for a write or read in turn: the rate of calls is limited */
    WAIT_DNS,    /* for the owner of its DNS */
    WAIT_DETECT, /* for SES to see the MX and say Success */
    WAIT_CAUSES,
};

#define REHEARSAL_SPAN SPAN_H(24 * 366) /* longer than the longest timeout of a manifest */
#define FORECAST_MARKS 6

struct forecast {
    uint32_t identities, lanes, finals;
    uint32_t mark_at[FORECAST_MARKS]; /* so many identities final ... */
    span_us mark[FORECAST_MARKS];     /* ... after so long */
    uint32_t marks;                   /* so many marks were reached; the others never are */
    struct scheduler_totals totals;
    enum api apis[CALL_KINDS]; /* by which the calls were made, of a lane that made any */
    uint64_t lane_calls_min, lane_calls_max; /* of SES, per lane */
    span_us first_write, last_write;         /* sent; without writes: 0 */
    struct budget budget;
    double wait_us[WAIT_CAUSES];      /* sums over all identities */
    double tail_wait_us[WAIT_CAUSES]; /* over the last hundredth to become final */
    uint32_t tail;
    /* With config.publishes: */
    uint32_t names, zones_ours; /* MAIL FROM names; zones that some provider writes */
    struct publisher_totals published;
    span_us published_at; /* the last name was seen at every authority, or came to another end */
    char paused[REASON_LEN_MAX]; /* why identities were held back (waves, max_failures); or "" */
};

extern const double forecast_shares[FORECAST_MARKS]; /* 0.01 .. 1 */

/* The assumptions about the world. */
struct forecast_config {
    span_us delay_min, delay_max; /* when DNS owners publish, after the start; 0: not given */
    double published;             /* per cent of the names, from the start; below 0: not given */
    span_us detect_after;         /* 0: not given */
    const char *faults;           /* NULL: none */
    uint64_t seed;
    bool publishes; /* the record sets of zones under dns.publish are created in the same run */
};

struct rehearsal {
    const struct forecast_config *config; /* borrowed, as access is */
    const struct access *access;
    struct fleet fleet; /* for the caller to fill between init and play */
    struct suffix_list *suffixes;
    struct arena memory;
    struct faults faults;
    double published; /* 0 .. 1 */
    span_us detect_after;
    struct forecast forecast;
    struct rehearsed_publishing *publishing; /* NULL: nothing is published */
};

/* Fills in the config's open members; ERR_INPUT: unknown faults. */
enum err rehearsal_init(struct rehearsal *r, const struct forecast_config *config,
                        const struct access *access, struct why *why);
void rehearsal_clear(struct rehearsal *r);
enum err rehearsal_play(struct rehearsal *r, struct why *why);

/* Identities not done at the end of the rehearsal. */
uint32_t forecast_unfinished(const struct forecast *f);

#endif
