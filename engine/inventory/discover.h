/*
 * discover: the identities of some accounts and Regions, as a manifest. Three steps: choose the
 * lanes (discover_lanes.c), read them (discover_read.c), and pick the entries of the manifest
 * (discover_pick.c); then a writer per format (discover_formats.h), and a summary.
 *
 * The output depends on SES alone, not on the time or speed of reading: lanes in the order given,
 * identities by name. Two runs without a change in between give equal bytes.
 */
#ifndef MF_DISCOVER_H
#define MF_DISCOVER_H

#include "access/lanes.h"
#include "inventory.h"
#include "manifests/manifest.h"
#include "reports/csv_line.h"
#include "reports/sink.h"
#include "rules/selection.h"

/* Patterns or tags, each option repeatable; texts borrowed. */
#define DISCOVER_LIST_MAX 16

struct discover_list {
    const char *items[DISCOVER_LIST_MAX];
    size_t len;
};

/* The selection of identities, and the proposals for them. */
struct discover_config {
    const char
        *manifest; /* the accounts of this manifest; NULL: of the profiles, or of the AWS chain */
    const struct selection *selection; /* its Regions are those that are read, not a choice of the
                                          manifest's */
    const char *mail_from;             /* proposed for identities without one; NULL: no proposal */
    bool replace;                      /* proposed also for identities with one */
    bool all_profiles;                 /* every profile of the AWS configuration */
    struct discover_list tags, profiles;
    size_t format;          /* an index into discover_formats[] (discover_formats.h) */
    struct csv_dialect csv; /* of the format csv */
};

/* The place of an identity in a manifest. */
enum found_how {
    FOUND_AS_IS,      /* an entry without a change for plan */
    FOUND_PROPOSED,   /* an entry with a change for plan */
    FOUND_UNVERIFIED, /* comments, from here on: plan would refuse the identity, */
    FOUND_FAILED,     /* ... plan would restart the set-up, */
    FOUND_UNREAD,     /* ... SES gives no answer about the identity, */
    FOUND_UNFIT,      /* ... no manifest can hold the name, */
    FOUND_SAME,       /* ... the name is a second spelling of another entry, */
    FOUND_FOREIGN,    /* ... or only the owner of the domain can publish records */
    FOUND_HOWS,
};

struct found {
    const struct inventory_row *row;
    uint16_t lane;
    uint8_t how;        /* enum found_how */
    bool names_its_own; /* MAIL FROM, since the one of the defaults is another */
};

/* A lane's part of the list, with sums. */
struct found_lane {
    uint32_t first, len;
    uint32_t verified, custom; /* custom: has a custom MAIL FROM */
    uint32_t forwarding, forwarding_known;
    uint32_t by_status[MAIL_FROM_UNKNOWN + 1];
    uint32_t by_how[FOUND_HOWS];
    bool is_twin; /* account and Region of an earlier lane: left out */
};

struct discover {
    const struct discover_config *config; /* borrowed, like the members below */
    const struct access *access;
    struct notices notices;
    struct wire_owner owner;
    /* Called once a turn while SES is read; NULL: no observer. */
    void (*progress)(void *ctx, const struct discover *d, instant_us now);
    void *progress_ctx;
    struct fleet fleet; /* accounts and lanes, without rows */
    struct lanes lanes;
    struct arena memory;
    struct inventory *inventory;
    struct selection_found met; /* of each pattern, how many of the listed identities it fits */
    span_us took;
    bool stopped; /* on request */
    struct found *found;
    struct found_lane *by_lane;
    uint32_t found_len;
};

/* Accounts and lanes of the manifest, of the profiles, or of the AWS chain, into d->fleet.
 * *complaints: about the manifest, for the caller to show. */
enum err discover_lanes(struct discover *d, struct complaints *complaints, struct why *why);
/* Reads all identities, until done or asked to stop. */
enum err discover_read(struct discover *d, struct why *why);
/* Is the identity selected? For struct inventory_options; ctx is struct discover. */
bool discover_wants(void *ctx, struct text identity);
/* Sorts, sums, and gives each identity its enum found. */
enum err discover_pick(struct discover *d, struct why *why);
/* Checks patterns, tags and the template. */
enum err discover_vet(const struct discover_config *c, struct why *why);
/* Is every Region of the lane's account asked, since all were wished for? */
bool discover_asks_every_region(const struct discover *d, uint32_t lane);
/* Was every Region asked, and does this one of an account that was read not know the keys? Then the
 * account has not enabled the Region, and nothing is missing. */
bool discover_is_disabled(const struct discover *d, uint32_t lane);
/* Why a refused lane could not be read; of a Region that is not enabled, how to enable it. */
void discover_refusal(const struct discover *d, uint32_t lane, struct why *why);

/* Is the lane read, and no twin? */
bool discover_has_lane(const struct discover *d, uint32_t lane);
/* Is it, and worth a line? Of every Region only those with identities are. */
bool discover_shows_lane(const struct discover *d, uint32_t lane);
/* Has a file a line for the lane? Not for a Region that the account has not enabled, and one for
 * all lanes of an account that could not be read for the same reason. */
bool discover_tells_lane(const struct discover *d, uint32_t lane);
/* Of such a lane, what follows its account in a comment: ", Region us-east-1" where it is read,
 * ", Regions us-east-1, us-east-2, us-west-1 and 24 more: could not be read: ..." where not. */
void discover_lane_add(const struct discover *d, uint32_t lane, struct buf *out);
bool found_is_entry(const struct found *f);
struct text discover_account(const struct discover *d, uint32_t lane); /* the account's name */
struct text discover_region(const struct discover *d, uint32_t lane);
/* The MAIL FROM of the entry: the identity's own or the proposed one; empty: the default. Perhaps
   in out. */
struct text found_mail_from(const struct discover *d, const struct found *f,
                            char out[NAME_LEN_MAX + 1]);
/* "not verified: PENDING"; "" for an entry. Returns out. */
#define FOUND_REASON_LEN 256
const char *found_reason(const struct found *f, char out[FOUND_REASON_LEN]);

/* A global endpoint with both Regions read: identities of both whose MAIL FROM or behaviour is not
 * the same, and the first few of them. False: one of the Regions was not read. */
#define ENDPOINT_NAMES 3
struct endpoint_differences {
    uint32_t len;
    struct text names[ENDPOINT_NAMES];
};
bool discover_endpoint(const struct discover *d, uint32_t lane, const struct global_endpoint *e,
                       struct endpoint_differences *out);

/* Could a spreadsheet take the name for a formula? Such an identity is left out of a CSV. */
bool discover_csv_refuses(const struct discover *d, const struct found *f);

#endif
