/*
 * The inventory's own structures: inventory.c has accounts, listing and the turn, inventory_read.c
 * the batches of reads, inventory_dkim.c what is particular to DKIM, inventory_advice.c endpoints
 * and recommendations.
 */
#ifndef MF_INVENTORY_INTERNAL_H
#define MF_INVENTORY_INTERNAL_H

#include "calls/backoff.h"
#include "calls/batch_read.h"
#include "calls/paged_list.h"
#include "calls/retry.h"
#include "inventory.h"

#define READS               4   /* verification, MAIL FROM, notification, DKIM; or GET alone */
#define BATCHES             768 /* three per call: one out, one waiting, one half */
#define BATCHES_SPARE       256 /* new ones leave these for halves */
#define BLOCK_ROWS          1000u
#define ADVICE_ATTEMPTS_MAX 3 /* helpful, but not worth holding a lane up for long */

enum { ASK_ENDPOINTS, ASK_ACCOUNT, ASK_ADVICE, ASKS };

/* The private part of struct inventory_lane. A new generation drops read facts and calls on their
 * way: answers to an older generation do not count. */
struct lane_inventory {
    struct inventory_lane seen;
    struct pace pace[CALL_KINDS];
    struct inventory_row **blocks; /* of BLOCK_ROWS rows */
    uint32_t blocks_cap;
    uint32_t generation, again; /* again: batches to be sent, a list */
    uint32_t next_row[READS], batches_left[READS];
    struct paged_list list;
    bool told_something;
    enum dkim_wish dkim; /* options.dkim; less where IAM refuses that */
    uint8_t dkim_missed; /* batches in a row without it */
    unsigned asks_left;  /* bits of ASK_ENDPOINTS, ...: not answered to the end */
    struct paged_list asks[ASKS];
    uint32_t asks_generation; /* of their own: reads may begin again beside them */
    struct global_endpoint *endpoints;
    uint32_t endpoints_cap;
};

struct account_asking {
    struct inventory_account seen;
    uint16_t lane; /* the lane that asks */
    bool used, out, done;
    uint8_t attempts;
    instant_us wake;
};

struct inventory {
    const struct fleet *fleet;
    struct inventory_options options;
    struct arena *memory;
    struct lane_inventory *lanes;
    struct account_asking *accounts;
    struct call_pool calls;
    struct batch_reads reads; /* items: rows of the lane */
    bool no_memory;
    bool stopped; /* on request: no call is sent or waited for any more */
};

struct call *lane_inventory_call(struct inventory *v, uint16_t lane, enum call_kind kind);
struct inventory_row *lane_inventory_row(const struct lane_inventory *s, uint32_t i);
/* Tells the bucket about an answer. */
enum verdict lane_inventory_verdict(struct lane_inventory *s, const struct call *call,
                                    unsigned attempts, instant_us now);
/* Ends the lane. */
void lane_inventory_refuse(struct inventory *v, struct lane_inventory *s, const struct call *call);
/* IAM refuses version 1: the lane begins again by version 2. */
void lane_inventory_fall_back(struct inventory *v, struct lane_inventory *s,
                              const struct call *call);
void lane_inventory_reason(struct lane_inventory *s, const struct call *call);

/* A call about DKIM has come to nothing: its batch is done without. */
void lane_inventory_dkim_missed(struct lane_inventory *s, const struct call *call);
/* IAM refuses a GetEmailIdentity that is for DKIM alone: the lane reads by the batch. False: it is
 * for other things. */
bool lane_inventory_dkim_refused(struct inventory *v, struct lane_inventory *s,
                                 const struct call *call);
/* The lane is read: of addresses holds what their domains have. */
void lane_inventory_dkim_settle(struct inventory *v, struct lane_inventory *s);
/* Reads every row again. */
void batches_begin(struct inventory *v, struct lane_inventory *s);

void advice_begin(const struct inventory *v, struct lane_inventory *s); /* the lane is listed */
void advice_forget(struct lane_inventory *s);
bool advice_is_kind(enum call_kind kind);
bool advice_is_done(const struct lane_inventory *s);
uint32_t advice_send(struct inventory *v, uint16_t lane, instant_us now, struct call **calls,
                     uint32_t max);
instant_us advice_wake(const struct lane_inventory *s);
void advice_answered(struct inventory *v, struct call *call, instant_us now);

uint32_t batches_send(struct inventory *v, uint16_t lane, instant_us now, struct call **calls,
                      uint32_t max);
instant_us batches_wake(const struct inventory *v, const struct lane_inventory *s);
void batch_answered(struct inventory *v, struct call *call, instant_us now);
/* Every listed identity has been read. */
bool batches_are_done(const struct lane_inventory *s);

#endif
