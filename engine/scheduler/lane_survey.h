/*
 * The lane survey: the other identities of an account and Region. Taken once, before the lane's
 * first read, so every judgement has the facts:
 *
 *   ListIdentities, a thousand a page    identities at or below a MAIL FROM of the fleet (they send
 *                                        mail from it), and identities below one of its domains
 *                                        (they have a setting of their own); domains at or above
 *                                        that of an address (whose records can be published)
 *   GetIdentityNotificationAttributes    of the former: is feedback forwarding on?
 *   GetIdentityVerificationAttributes,   of the latter: are they verified, is their MAIL FROM
 *   GetIdentityMailFromDomainAttributes  another one? (lane_survey_masks.c)
 *   GetAccount                           may the account send, is it out of the sandbox?
 *   ListMultiRegionEndpoints             global endpoints: which other Region gets half of the mail?
 *                                        Of rows without a row there, that Region's lane asks for
 *                                        verification and MAIL FROM (lane_survey_advice.c)
 *   ListRecommendations                  where GetAccount says that the Virtual Deliverability
 *                                        Manager is enabled: the open ones. No row waits for these
 *
 * By version 2 each identity is asked about by a GetEmailIdentity of its own. A part refused by SES
 * is left out, and the lane goes on: the rules in need of the part are not judged, and the user is
 * told the rules and the reason.
 *
 * Sources: SES Developer Guide, "Using a custom MAIL FROM domain" (not a domain that you send
 * from) and "Creating and verifying identities" (the most specific identity wins).
 */
#ifndef MF_LANE_SURVEY_H
#define MF_LANE_SURVEY_H

#include "base/names.h"
#include "calls/paged_list.h"
#include "model/fleet_index.h"
#include "scheduler.h"

#define SURVEY_REASON_LEN 256

/* The gaps of a lane survey; each has a reason. */
enum lane_survey_gap {
    SURVEY_GAP_LIST,
    SURVEY_GAP_ACCOUNT,
    SURVEY_GAP_FORWARDING,
    SURVEY_GAP_MASKS,
    SURVEY_GAP_ENDPOINTS,
    SURVEY_GAP_ADVICE,
    SURVEY_GAPS,
};

/* Bits of the parts about possibly masking identities: verification, MAIL FROM. By version 2 the
 * first part asks for both. */
#define SURVEY_MASK_PARTS     0x18u
#define SURVEY_LIST_PART      0x01u
#define SURVEY_ENDPOINTS_PART 0x20u
#define SURVEY_ADVICE_PART    0x40u

/* An identity below a domain of the fleet; or a twin, an identity of a row of another Region that
 * shares a global endpoint with this one, and that has no row here. */
struct lane_survey_maybe {
    struct text identity, mail_from;
    uint32_t twin; /* the row + 1; 0: no twin */
    bool asked, answered, verified;
    bool exists;      /* a twin: SES knows it here */
    uint8_t behavior; /* of a twin: enum behavior */
};

struct lane_survey {
    uint8_t to_send, out; /* bits of parts */
    uint8_t attempts;     /* of the parts apart from the list */
    enum api api;
    uint32_t asked; /* of suspects, when asked about one by one (version 2) */
    struct paged_list list;
    instant_us wake;   /* of the other parts: not before */
    struct arena text; /* the token of the next page, the names to be asked about */
    struct text suspects[SES_BATCH_MAX]; /* identities sending from a MAIL FROM of the fleet */
    uint32_t suspects_len;
    struct lane_survey_maybe *maybe; /* possibly masking identities, and behind them twins in the
                                        order of their rows; in text */
    uint32_t twins_first, twins_len;
    bool twins_taken;
    uint32_t maybe_len, maybe_cap, masks_left; /* left: for want of memory */
    uint32_t batch[SES_BATCH_MAX], batch_len;  /* of maybe: asked about now */
    uint32_t batches;                          /* so far */
    bool account_known, can_send, in_sandbox;
    char status[32];
    bool has_advisor;
    struct paged_list endpoint_list, advice_list;
    struct global_endpoint *endpoints; /* whose primary Region is this one, and that count */
    uint32_t endpoints_len, endpoints_cap;
    bool endpoints_known, advice_known;
    struct lane_advice advice;
    uint8_t account_gaps; /* bits of gaps that SES's refusal makes, whatever the Region */
    char gaps[SURVEY_GAPS][SURVEY_REASON_LEN]; /* empty: none */
};

/* The results of the lane surveys of all lanes. */
struct lane_surveys {
    bool wanted;
    struct lane_survey *lanes; /* as fleet.lanes */
    struct fleet_index index;
    struct text *masking; /* per job: an identity below the job's domain; in arena */
    uint8_t *senders;     /* per name_id of the fleet: bits below */
    uint32_t *mask_batch; /* per job: the last batch with a question for the job */
    struct names owners;  /* of the domains of the fleet's addresses and those above, by lane */
    bool *is_owner;       /* per id of owners: SES lists it; in arena */
    uint16_t *next_lane;  /* per lane: the next of the same account, in a ring */
    uint8_t *advice;      /* per job: bits of enum advisor_type; in arena */
};

enum lane_survey_sender { SENDER_EXISTS = 1, SENDER_FORWARDS = 2, SENDER_UNASKED = 4 };

struct scheduler;

#define SURVEY_OWNER UINT32_MAX /* call.owner of the survey's calls */

void lane_survey_invariant(const struct lane_survey *l);
bool lane_survey_init(struct scheduler *d, struct arena *memory);
void lane_survey_clear(struct scheduler *d);
enum api lane_survey_api(const struct scheduler *d, uint16_t lane);
bool lane_survey_is_done(const struct scheduler *d, uint16_t lane);
uint32_t lane_survey_send(struct scheduler *d, uint16_t lane, instant_us now, struct call **calls,
                          uint32_t max);
void lane_survey_answered(struct scheduler *d, struct call *call, instant_us now);
instant_us lane_survey_wake(const struct scheduler *d, uint16_t lane);

/* lane_survey_masks.c */
void masks_seen(struct scheduler *d, uint16_t lane, struct text identity); /* in the list */
/* The list is complete, or a batch is: the next one. Bits of parts to send; 0: no more. */
uint8_t masks_next(struct scheduler *d, uint16_t lane);
uint32_t masks_identities(const struct lane_survey *l, struct text identities[SES_BATCH_MAX]);
void masks_taken(struct scheduler *d, const struct call *call); /* one part of the batch */
void masks_judge(struct scheduler *d, uint16_t lane);           /* all parts are there */
/* lane_survey_owners.c */
bool owners_init(struct scheduler *d,
                 struct arena *memory); /* owners_clear() is due all the same */
void owners_clear(struct scheduler *d);
void owners_seen(struct scheduler *d, uint16_t lane, struct text identity); /* in the list */
/* Is the job's identity an address at a domain that is not in the list, nor is one above it? */
bool owners_is_foreign(const struct scheduler *d, uint32_t job);

/* lane_survey_advice.c */
bool advice_init(struct scheduler *d, struct arena *memory);
bool advice_is_wanted(const struct scheduler *d);
void endpoints_seen(struct scheduler *d, const struct call *call); /* one page */
void endpoints_end(struct scheduler *d, uint16_t lane);            /* the last page is there */
void recommendations_seen(struct scheduler *d, const struct call *call);
/* Once the account's endpoints and the lane's identities are listed: rows of other Regions to be
 * asked about here. */
void twins_take(struct scheduler *d, uint16_t lane);
/* Must the lane's first reads wait for another Region of its account? */
bool endpoints_hold(const struct scheduler *d, uint16_t lane);
void endpoints_wake(struct scheduler *d, uint16_t lane); /* the lanes of the account go on */
/* Is a list of recommendations under way, in a lane that answers? */
bool advice_is_due(const struct scheduler *d);
/* What the other Region of a global endpoint has for a job. False: it is the same, or not known. */
bool endpoint_differs(const struct scheduler *d, uint32_t job, struct endpoint_view *out);

void masks_again(struct lane_survey *l); /* by another API: the batch goes back to the others */

#endif
