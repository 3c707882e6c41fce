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
 *   ListMultiRegionEndpoints             global endpoints: which other Region gets half of the
 * mail? Of rows without a row there, that Region's lane asks for verification and MAIL FROM
 * (lane_survey_advice.c) ListRecommendations                  where GetAccount says that the
 * Virtual Deliverability Manager is enabled: the open ones. No row waits for these
 *
 * In a lane with many rows the list is ListEmailIdentities, which tells verification as well, so
 * the reads of the rows need not ask for it (lane_survey_verified.c):
 *
 *   ListEmailIdentities, a thousand a page   which rows are verified
 *   GetIdentityVerificationAttributes        of the rows that the list does not show as verified:
 *                                            this answer counts
 *
 * A plan of such a lane reads MAIL FROM meanwhile, each action by its own bucket.
 *
 * A sweep (run/watching.h) asks for the account and for verification alone.
 *
 * By version 2 each identity is asked about by a GetEmailIdentity of its own. A part refused by
 * SES, or throttled too often in a row, is left out, and the lane goes on: the rules in need of the
 * part are not judged, and the user is told the rules and the reason.
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

#define SURVEY_REASON_LEN 512
#define SURVEY_PARTS      8 /* questions of a survey */

/* The gaps of a lane survey; each has a reason. */
enum lane_survey_gap {
    SURVEY_GAP_LIST,
    SURVEY_GAP_ACCOUNT,
    SURVEY_GAP_FORWARDING,
    SURVEY_GAP_MASKS,
    SURVEY_GAP_VERIFICATION, /* of a sweep */
    SURVEY_GAP_ENDPOINTS,
    SURVEY_GAP_ADVICE,
    SURVEY_GAP_DKIM, /* of the reads (reads_dkim.c) */
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
    uint8_t to_send, out;            /* bits of parts */
    uint8_t attempts;                /* of the parts apart from the list */
    uint8_t throttles[SURVEY_PARTS]; /* since an answer; of parts that are no list */
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
    bool lists_verified;                       /* the list is by version 2, for its verification */
    bool is_told;                /* rows without a verification here have none in the list either */
    instant_us told_at;          /* when the list was complete */
    uint32_t rows_unknown;       /* rows of the lane whose verification is still to be known */
    uint32_t rows_told;          /* of them, by the list: verified */
    uint32_t row_first, row_end; /* the lane's rows lie in between */
    uint32_t row_next;           /* asked about by attributes up to here */
    bool is_doubted;             /* rows are to be asked about after all: verified_doubt() */
    uint32_t rows[SES_BATCH_MAX], rows_len; /* asked about now */
    bool account_known, can_send, in_sandbox;
    char status[32];
    bool has_advisor;
    struct paged_list endpoint_list, advice_list;
    struct global_endpoint *endpoints; /* whose primary Region is this one, and that count */
    uint32_t endpoints_len, endpoints_cap;
    bool endpoints_known, advice_known;
    bool advice_spared; /* by a sweep: neither is asked for this time */
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
    uint8_t *verified;    /* per job: enum verification + 1, 0: not known; with VERIFIED_SURELY */
    uint16_t *next_lane;  /* per lane: the next of the same account, in a ring */
    uint8_t *advice;      /* per job: bits of enum advisor_type; in arena */
};

enum lane_survey_sender { SENDER_EXISTS = 1, SENDER_FORWARDS = 2, SENDER_UNASKED = 4 };

struct scheduler;

#define VERIFIED_SURELY     0x80u /* by attributes, or remembered: not asked again */
#define VERIFIED_REMEMBERED 0x40u /* not told in this run */

#define SURVEY_OWNER UINT32_MAX /* call.owner of the survey's calls */

void lane_survey_invariant(const struct lane_survey *l);
bool lane_survey_init(struct scheduler *d, struct arena *memory);
void lane_survey_start(struct scheduler *d); /* of a sweep: once it is known what is remembered */
void lane_survey_clear(struct scheduler *d);
enum api lane_survey_api(const struct scheduler *d, uint16_t lane);
enum api lane_survey_list_api(const struct scheduler *d, uint16_t lane);
bool lane_survey_is_done(const struct scheduler *d, uint16_t lane);
/* May a plan read MAIL FROM beside a survey that is not done, since the list tells verification?
 * Its rows are judged when the survey is. The first page has shown that IAM allows the list. */
bool lane_survey_has_company(const struct scheduler *d, uint16_t lane);
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
/* lane_survey_verified.c */
bool verified_init(struct scheduler *d, struct arena *memory);
/* What a sweep asks in a lane at the start: PART_LIST, PART_VERIFICATION or nothing. */
enum verified_way { VERIFIED_KNOWN, VERIFIED_BY_LIST, VERIFIED_BY_ATTRIBUTES };
enum verified_way verified_way(const struct scheduler *d, uint16_t lane);
void verified_listed(struct scheduler *d, const struct call *call, uint32_t i); /* one of a page */
/* Is it dearer to list on than to ask for attributes, or is nothing left to be told? */
bool verified_list_is_dear(const struct scheduler *d, uint16_t lane);
/* The list is complete: a plan of rows mostly not verified asks for them in its reads. */
void verified_list_ends(struct scheduler *d, uint16_t lane, instant_us now);
bool verified_next(struct scheduler *d, uint16_t lane); /* the next rows to ask about, if any */
void verified_split(struct lane_survey *l);             /* half of them first: SES refuses a name */
uint32_t verified_identities(const struct scheduler *d, const struct lane_survey *l,
                             struct text identities[SES_BATCH_MAX]);
void verified_read(struct scheduler *d, uint32_t row, enum verification v); /* by attributes */
void verified_taken(struct scheduler *d, const struct call *call);
/* Of a sweep: a read shows no MAIL FROM of a row where one is wanted. If its verification was only
 * remembered, SES is asked once the lane's reads are done: it may not know the identity. */
void verified_doubt(struct scheduler *d, uint32_t row);
/* Those rows, if it is time for them; true: verified_next() has some. */
bool verified_doubted(struct scheduler *d, uint16_t lane);
/* Need a first read now not ask for verification? */
bool verified_is_told(const struct scheduler *d, uint16_t lane, instant_us now);
/* Likewise, where it counts for a first read: by attributes, or by a list that is complete. */
bool verified_surely(const struct scheduler *d, uint32_t row, enum verification *v);
/* The verification of a row, as far as the survey knows it. */
bool verified_of(const struct scheduler *d, uint32_t row, enum verification *v);
/* Attributes are refused in the lane: what the list has told counts, as far as it is Success. */
void verified_refuse(struct scheduler *d, uint16_t lane);
/* Does a GetEmailIdentity alone tell the row's verification, since IAM refuses attributes? */
bool verified_by_get(const struct scheduler *d, uint32_t row, instant_us now);
/* Rows of the lane that a list by version 2 does not show as verified. */
uint32_t verified_untold(const struct scheduler *d, uint16_t lane);

/* lane_survey_owners.c */
bool owners_init(struct scheduler *d,
                 struct arena *memory); /* owners_clear() is due all the same */
void owners_clear(struct scheduler *d);
void owners_seen(struct scheduler *d, uint16_t lane, struct text identity); /* in the list */
/* Is a domain looked out for, and in the list? */
bool owners_lists(const struct scheduler *d, uint16_t lane, struct text domain);
/* Is the job's identity an address at a domain that is not in the list, nor is one above it? */
bool owners_is_foreign(const struct scheduler *d, uint32_t job);

/* lane_survey_advice.c */
bool advice_init(struct scheduler *d, struct arena *memory);
bool advice_is_wanted(const struct scheduler *d);
/* Of a sweep: asked for as seldom as verification, in each account, so that no sweep is dear. */
void advice_spare(struct scheduler *d);
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
