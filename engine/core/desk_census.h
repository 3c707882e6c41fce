/*
 * The census of a lane: what else lives in that account and Region? Taken once, before the lane's
 * first look, so that every judgement knows it:
 *
 *   ListIdentities, a thousand a page    identities at or below a MAIL FROM of the fleet (they send
 *                                        mail from it), and identities below one of its domains
 *                                        (they have a setting of their own)
 *   GetIdentityNotificationAttributes    of the former: is feedback forwarding on?
 *   GetAccount                           may the account send, is it out of the sandbox?
 *
 * By version 2 each suspect is asked about by a GetEmailIdentity of its own. A census that SES
 * refuses is left out, and the lane goes on: what it would have told is then not judged, and the
 * reason is there for the user.
 *
 * Sources: SES Developer Guide, "Using a custom MAIL FROM domain" (not a domain that you send
 * from) and "Creating and verifying identities" (the most specific identity wins).
 */
#ifndef MF_DESK_CENSUS_H
#define MF_DESK_CENSUS_H

#include "call.h"
#include "fleet.h"

#define CENSUS_REASON_LEN 256

struct census_lane {
    uint8_t to_send, out; /* bits of parts */
    uint8_t attempts;
    enum api api;
    uint32_t pages;    /* listed so far */
    uint32_t asked;    /* of suspects, where they are asked about one by one (version 2) */
    bool listed;       /* the last page is here */
    instant_us wake;   /* not before */
    struct arena text; /* the token of the next page, the names to be asked about */
    struct text token;
    struct text suspects[SES_BATCH_MAX]; /* identities that send from a MAIL FROM of the fleet */
    uint32_t suspects_len;
    bool account_known, can_send, in_sandbox;
    char status[32];
    char reason[CENSUS_REASON_LEN]; /* why the census is incomplete; empty: it is not */
};

/* What the censuses of all lanes know. */
struct census {
    bool wanted;
    struct census_lane *lanes; /* as fleet.lanes */
    uint32_t *slots;           /* (lane, identity) -> job + 1, open addressing */
    uint32_t slot_mask;
    struct text *masking; /* per job: an identity below its domain; in arena */
    uint8_t *senders;     /* per name_id of the fleet: bits below */
    struct arena names;   /* of masking */
};

enum census_sender { SENDER_EXISTS = 1, SENDER_FORWARDS = 2 };

struct desk;

#define CENSUS_OWNER UINT32_MAX /* call.owner of its calls */

bool census_init(struct desk *d, struct arena *memory);
void census_clear(struct desk *d);
enum api census_api(const struct desk *d, uint16_t lane);
bool census_is_done(const struct desk *d, uint16_t lane);
uint32_t census_send(struct desk *d, uint16_t lane, instant_us now, struct call **calls,
                     uint32_t max);
void census_answered(struct desk *d, struct call *call, instant_us now);
instant_us census_wake(const struct desk *d, uint16_t lane);

#endif
