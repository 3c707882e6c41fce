/*
 * A model of Amazon SES for custom MAIL FROM: identities, settings, the states of a set-up, and one
 * token bucket per (account, Region, action). Pure: no I/O, no clock, one thread at a time. ses-sim
 * serves it over HTTP; simulations run it in virtual time with a million identities, so a record is
 * 32 bytes, every name is stored once, and all but names and lanes is allocated at init.
 *
 * The set-up states (SES Developer Guide, "Using a custom MAIL FROM domain"):
 *
 *             set                   right MX                    MX gone
 *   (none) ---------> Pending ------------------> Success ------------------> TemporaryFailure
 *                     |   ^ \                        ^                         |          |
 *     72 h, no MX, or |   |  \ several MX            +---- right MX -----------+          |
 *                     v   |   v                                                           |
 *                     Failed <------------------------- 72 h without the right MX --------+
 *
 * Setting the same name again restarts a Failed set-up and leaves every other state as it is,
 * unless the rules say set_restarts. An empty name clears the setting and resets the behaviour. SES
 * asks for the MX alone, never for SPF.
 *
 * The owner of a model looks MX records up: ses_model_next_check names the identity,
 * ses_model_mx_result takes the result.
 */
#ifndef MF_SES_MODEL_H
#define MF_SES_MODEL_H

#include "base/error.h"
#include "base/heap.h"
#include "base/names.h"
#include "model/facts.h"

/* Every action has a bucket of its own. AWS does not document whether v1 and v2 share a bucket at
 * the real SES; here v1 and v2 have separate buckets. */
enum ses_action {
    SES_SET_V1,
    SES_READ_MAIL_FROM,
    SES_READ_VERIFICATION,
    SES_READ_NOTIFICATION,
    SES_READ_DKIM,
    SES_LIST_V1,
    SES_SENDING_ENABLED,
    SES_SEND_QUOTA,
    SES_PUT_V2,
    SES_GET_V2,
    SES_LIST_V2,
    SES_ACCOUNT_V2,
    SES_ENDPOINTS_V2,
    SES_ADVICE_V2,
    SES_ACTIONS,
};

struct ses_rules {
    double rate_per_s, burst; /* of every bucket; burst is at least 1 */
    span_us detect_after;     /* from a set to the first look at the MX */
    span_us recheck_first;    /* then after so long, doubled each time ... */
    span_us recheck_max;      /* ... up to here */
    span_us watch_every;      /* interval of checks at Success */
    span_us give_up;          /* 72 hours */
    bool has_advice;   /* each account with several Regions has a global endpoint, and each lane a
                          recommendation (ses_door.h) */
    bool set_restarts; /* any set at Success returns to Pending: AWS documents neither behaviour */
};

struct ses_rules ses_rules_default(void);

struct ses_identity;
struct ses_lane;

struct ses_model {
    struct ses_rules rules;
    struct names names;
    struct ses_identity *identities;
    struct ses_lane *lanes;
    uint32_t *identity_slots, *lane_slots; /* open addressing: number + 1, or 0 */
    struct heap checks;                    /* identity -> time of the next MX look-up */
    uint32_t identities_len, identities_cap, identity_mask;
    uint32_t lanes_len, lanes_cap;
};

/* ERR_NOMEM, or ERR_LIMIT when identities_max is over IDENTITIES_MAX. */
enum err ses_model_init(struct ses_model *m, const struct ses_rules *rules, uint32_t identities_max,
                        struct why *why);
void ses_model_clear(struct ses_model *m);

/* Lanes: one account in one Region. */

/* Finds or adds; an account without identities in a Region is still an account. False: out of
 * memory, or LANES_MAX. */
bool ses_model_lane(struct ses_model *m, struct text account, struct text region, uint16_t *lane);
bool ses_model_has_account(const struct ses_model *m, struct text account);

/* Takes a token of the action's bucket; false: throttled. `now` may run on another clock than the
 * rest of the model, as long as the caller never changes clocks. */
bool ses_model_admit(struct ses_model *m, uint16_t lane, enum ses_action action, instant_us now);

/* Identities. */

/* Adds an identity in its state at `now`: a Pending set-up has the full 72 hours left, and Success
 * is checked again within watch_every. facts->known is ignored; DKIM that is UNKNOWN becomes what
 * is usual: a verified domain signs. ERR_INPUT: a known identity, or
 * facts impossible in SES; ERR_LIMIT: full. */
enum err ses_model_add(struct ses_model *m, uint16_t lane, struct text identity,
                       const struct ses_facts *facts, instant_us now, struct why *why);
/* Domains in any case; addresses exactly as they were added. */
bool ses_model_find(const struct ses_model *m, uint16_t lane, struct text identity, uint32_t *id);
/* Actions of other operators. A deleted identity is no longer found; the number stays taken. */
void ses_model_delete(struct ses_model *m, uint32_t id);
void ses_model_unverify(struct ses_model *m, uint32_t id);
void ses_model_verify(struct ses_model *m, uint32_t id);
/* A deleted one is created again: verified, and without a MAIL FROM. */
void ses_model_create_again(struct ses_model *m, uint32_t id, instant_us now);
struct text ses_model_name(const struct ses_model *m, uint32_t id);
/* Texts are borrowed from the model and live as long. facts.known has every bit. */
struct ses_facts ses_model_facts(const struct ses_model *m, uint32_t id);

/* Why SES refuses. */
enum ses_refusal {
    SES_ACCEPTED,
    SES_IDENTITY_UNKNOWN,
    SES_NOT_SUBDOMAIN,
    SES_NAME_INVALID,
    SES_NO_ROOM, /* of this model, not of SES */
};

/* mail_from empty: clears. *why gets SES's own sentence on refusal. The identity need not be
 * verified. */
enum ses_refusal ses_model_set(struct ses_model *m, uint16_t lane, struct text identity,
                               struct text mail_from, enum behavior behavior, instant_us now,
                               struct why *why);

/* Listing, in the order of adding. */

enum ses_filter { SES_ALL, SES_DOMAINS, SES_ADDRESSES };

#define SES_TOKEN_LEN 40

/* One page: at most max ids from *cursor on (0: from the first). Moves *cursor behind the page; 0:
 * the last page. */
uint32_t ses_model_list(const struct ses_model *m, uint16_t lane, enum ses_filter filter,
                        uint32_t *cursor, uint32_t *ids, uint32_t max);
/* A cursor as a client sees it: opaque, and good for this lane and filter only. */
char *ses_token_make(uint16_t lane, enum ses_filter filter, uint32_t cursor,
                     char out[SES_TOKEN_LEN]);
bool ses_token_parse(const struct ses_model *m, uint16_t lane, enum ses_filter filter,
                     struct text token, uint32_t *cursor);

/* Checks of the MX. */

/* One look-up to make. The setting may change meanwhile; the result is then for nothing and is
 * dropped. */
struct ses_check {
    uint32_t id, generation;
    struct text mail_from;
};

enum ses_mx {
    SES_MX_RIGHT,   /* exactly one MX, the feedback host of an SES Region */
    SES_MX_SEVERAL, /* several MX */
    SES_MX_NONE,    /* none, or one foreign MX */
    SES_MX_TROUBLE, /* no answer: says nothing */
};

enum ses_mx ses_mx_judge(const struct mx_fact *mx, uint32_t len);

/* The next one due at `now`; each must be answered by exactly one ses_model_mx_result. */
bool ses_model_next_check(struct ses_model *m, instant_us now, struct ses_check *check);
instant_us ses_model_next_due(const struct ses_model *m); /* WHEN_NEVER: none is waited for */
void ses_model_mx_result(struct ses_model *m, const struct ses_check *check, enum ses_mx found,
                         instant_us now);

#endif
