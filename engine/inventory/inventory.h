/*
 * The inventory: every identity of some lanes, with SES's facts about each. Without a fleet there
 * is no judgement: `discover` makes manifests of the facts.
 *
 *   GetCallerIdentity, once per account   whose credentials are these? An account whose number is
 *                                         not the one that is wanted is not read at all
 *   ListIdentities                        a thousand a page
 *   Get...Attributes, four actions        a hundred identities a call, as soon as a hundred are
 *                                         listed: listing and reading go on side by side, since
 *                                         each action has a bucket of its own. Without the answer
 *                                         about feedback forwarding or DKIM a lane goes on
 *   GetEmailIdentity instead of those     one identity a call: for tags, which no other call tells,
 *                                         for DKIM where that is wished, and where IAM refuses
 *                                         version 1. It begins once the lane
 *                                         is listed, so that its cost can be told before
 *
 *   ListMultiRegionEndpoints, GetAccount, and where the Virtual Deliverability Manager is enabled,
 *   ListRecommendations                   with_advice, once the lane is listed and has identities
 *
 * Example: 10,000 identities at one call a second are 10 + 4 x 100 calls in 100 seconds, or, with
 * tags, 10 + 10,000 calls in 2 h 47 min.
 *
 * A pure state machine like the scheduler: answers in, calls out, `now` an argument. A refused lane
 * keeps its reason and stops no other lane.
 *
 * Sources: SES API Reference v1 (ListIdentities, GetIdentity...Attributes) and v2
 * (ListEmailIdentities, GetEmailIdentity); STS API Reference (GetCallerIdentity).
 */
#ifndef MF_INVENTORY_H
#define MF_INVENTORY_H

#include "calls/machine.h"
#include "calls/pace.h"
#include "model/fleet.h"
#include "model/recommendation.h"

struct inventory_options {
    double rate_per_s;  /* of every bucket; 0: the account's own, or 1 */
    enum api read_api;  /* API_V2: one by one */
    bool may_fall_back; /* to version 2 where IAM refuses version 1 */
    bool with_tags;     /* one by one, whatever read_api says */
    enum dkim_wish dkim;
    bool with_advice; /* global endpoints and recommendations too */
    /* Selects the listed identities to read; NULL: all. */
    bool (*wanted)(void *ctx, struct text identity);
    void *ctx;
    uint64_t seed; /* of the jitter */
};

/* One identity. Texts live as long as the inventory's memory. */
struct inventory_row {
    struct text identity, mail_from;
    const struct ses_tag *tags; /* with_tags */
    uint32_t tags_len;
    uint8_t known; /* bits of enum ses_known; 0: SES refused to tell, see the lane's reason */
    uint8_t verification, status, behavior; /* as in struct ses_facts */
    uint8_t dkim; /* enum dkim_status; UNKNOWN: not asked, or refused. Of an address, once its lane
                     is done, its domain's where that holds */
    bool forwarding;
};

enum inventory_phase {
    INVENTORY_CALLER,  /* whose credentials are these? */
    INVENTORY_LISTING, /* and reading, where a hundred are there */
    INVENTORY_READING, /* everything is listed */
    INVENTORY_DONE,
    INVENTORY_REFUSED, /* with a reason; the lane's rows do not count */
};

#define INVENTORY_REASON_LEN 640

struct inventory_lane {
    enum inventory_phase phase;
    enum api api;        /* of the listing; after a fall-back, version 2 */
    bool one_by_one;     /* read by GetEmailIdentity */
    bool fell_back;      /* `denied` says why */
    const char *no_keys; /* of a refused lane: how the Region said that it does not know the keys */
    bool sts_refused;    /* it was STS that said so */
    bool blind;          /* SES does not tell about feedback forwarding; reason says why */
    uint32_t listed, rows_len, read, unread; /* unread: refused by SES, one by one */
    const struct global_endpoint *endpoints; /* whose primary Region is the lane's */
    uint32_t endpoints_len;
    uint32_t advice[ADVISOR_TYPES]; /* open recommendations, by type */
    bool endpoints_known, advice_known;
    char endpoints_gap[INVENTORY_REASON_LEN]; /* why they are not known; "": not asked for, or the
                                                 service has none */
    char advice_gap[INVENTORY_REASON_LEN];
    char reason[INVENTORY_REASON_LEN];   /* the newest */
    char dkim_gap[INVENTORY_REASON_LEN]; /* why DKIM is not read as wished, and what of it is not
                                            known; "": it is, or was not asked for, or the service
                                            has none */
    char denied[INVENTORY_REASON_LEN];   /* how IAM refused version 1 */
};

struct inventory_account {
    char number[16]; /* twelve digits; "": STS does not say */
    char reason[INVENTORY_REASON_LEN];
};

struct inventory;

/* fleet: accounts and lanes; rows are ignored. The inventory lives in *memory; NULL: not enough.
 * Call inventory_clear() before freeing *memory, when no call is out. */
struct inventory *inventory_new(struct arena *memory, const struct fleet *fleet,
                                const struct inventory_options *options);
void inventory_clear(struct inventory *v);

/* Refuses a lane with a reason; no question is sent. Before the first call. */
void inventory_close_lane(struct inventory *v, uint32_t lane, const char *sentence);
/* Before anything is decided: STS is not asked for the account, unless the manifest has an
 * account_id to compare; the sentence says why. */
void inventory_ask_no_caller(struct inventory *v, uint32_t account, const char *sentence);
/* The machine for engine_run(). It ends when every lane is done or refused, and at once when asked
 * to stop: calls may be out then, harmlessly, since all are reads. */
struct machine inventory_machine(struct inventory *v);
/* The calls to send now; at most max. */
uint32_t inventory_decide(struct inventory *v, instant_us now, struct call **calls, uint32_t max);
void inventory_answered(struct inventory *v, struct call *call, instant_us now);
/* The next instant with a decision due, apart from answers; WHEN_NEVER: only answers help. */
instant_us inventory_wake(const struct inventory *v);
bool inventory_is_done(const struct inventory *v);
uint32_t inventory_calls_out(const struct inventory *v);
bool inventory_is_out_of_memory(const struct inventory *v);

const struct inventory_lane *inventory_lane(const struct inventory *v, uint32_t lane);
const struct inventory_account *inventory_account(const struct inventory *v, uint32_t account);
/* In SES's order of listing. */
const struct inventory_row *inventory_row(const struct inventory *v, uint32_t lane, uint32_t i);
const struct pace *inventory_pace(const struct inventory *v, uint32_t lane, enum call_kind kind);

#endif
