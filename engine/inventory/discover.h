/*
 * discover: what lives in some accounts and Regions, as a manifest. Three steps: which lanes
 * (discover_lanes.c), reading them (discover_read.c), and what of it stands in a manifest
 * (discover_pick.c); then a writer per format, and a summary.
 *
 * What is written depends on SES alone, not on when or how fast it was read: lanes as they were
 * asked for, identities by name. Two runs with nothing between them give the same bytes.
 */
#ifndef MF_DISCOVER_H
#define MF_DISCOVER_H

#include "access/lanes.h"
#include "inventory.h"
#include "manifests/manifest.h"
#include "reports/sink.h"

/* Patterns or tags that may be given several times; texts borrowed. */
#define DISCOVER_LIST_MAX 64

struct discover_list {
    const char *items[DISCOVER_LIST_MAX];
    size_t len;
};

/* What is listed, and what is made of it. */
enum discover_format { DISCOVER_YAML, DISCOVER_CSV, DISCOVER_JSON };

struct discover_config {
    const char *manifest;  /* whose accounts; NULL: those of the profiles, or of the AWS chain */
    const char *regions;   /* "us-east-1,eu-west-1" */
    const char *mail_from; /* proposed for identities that have none; NULL: nothing is */
    bool replace;          /* and for those that have one */
    struct discover_list only, exclude, tags;
    enum discover_format format;
};

/* What an identity is for a manifest. */
enum found_how {
    FOUND_AS_IS,      /* an entry in which plan finds nothing to change */
    FOUND_PROPOSED,   /* an entry in which plan finds a change */
    FOUND_UNVERIFIED, /* these are left as comments: plan would refuse it, */
    FOUND_FAILED,     /* ... would start its set-up again, */
    FOUND_UNREAD,     /* ... SES does not tell about it, */
    FOUND_UNFIT,      /* ... no manifest can hold its name, */
    FOUND_SAME,       /* ... it is another's name, written otherwise, */
    FOUND_FOREIGN,    /* ... or its domain is another owner's, who alone can publish records */
    FOUND_HOWS,
};

struct found {
    const struct inventory_row *row;
    uint16_t lane;
    uint8_t how;        /* enum found_how */
    bool names_its_own; /* MAIL FROM, since the one of the defaults is another */
};

/* A lane's part of the list, and its sums. */
struct found_lane {
    uint32_t first, len;
    uint32_t verified, forwarding, custom; /* custom: has a custom MAIL FROM */
    uint32_t by_status[MAIL_FROM_UNKNOWN + 1];
    uint32_t by_how[FOUND_HOWS];
    bool is_twin; /* the same account and Region as an earlier lane: left out */
};

struct discover {
    const struct discover_config *config; /* these are borrowed */
    const struct access *access;
    struct notices notices;
    struct wire_owner owner;
    /* Called once a turn while SES is read; NULL: nobody watches. */
    void (*progress)(void *ctx, const struct discover *d, instant_us now);
    void *progress_ctx;
    struct fleet fleet; /* accounts and lanes, without rows */
    struct lanes lanes;
    struct arena memory;
    struct inventory *inventory;
    span_us took;
    bool stopped; /* somebody asked to */
    struct found *found;
    struct found_lane *by_lane;
    uint32_t found_len;
};

/* Accounts and lanes: those of the manifest, of the profiles, or of the AWS chain, into d->fleet.
 * *complaints: about the manifest; the caller shows them. */
enum err discover_lanes(struct discover *d, struct complaints *complaints, struct why *why);
/* Reads everything, until it is done or somebody asks to stop. */
enum err discover_read(struct discover *d, struct why *why);
/* Does the user want this one? For struct inventory_options; ctx is struct discover_config. */
bool discover_wants(const void *ctx, struct text identity);
/* Sorts, sums, and says for each identity what it is. */
enum err discover_pick(struct discover *d, struct why *why);
/* Are patterns, tags and the template what they must be? */
enum err discover_vet(const struct discover_config *c, const struct access *access,
                      struct why *why);

/* Is the lane read, and no twin? */
bool discover_has_lane(const struct discover *d, uint32_t lane);
bool found_is_entry(const struct found *f);
struct text discover_account(const struct discover *d, uint32_t lane); /* its name */
struct text discover_region(const struct discover *d, uint32_t lane);
/* The MAIL FROM of the entry: its own, or the proposed one; empty: the default. In out, perhaps. */
struct text found_mail_from(const struct discover *d, const struct found *f,
                            char out[NAME_LEN_MAX + 1]);
/* "not verified: PENDING"; "" for an entry. Returns out. */
#define FOUND_REASON_LEN 256
const char *found_reason(const struct found *f, char out[FOUND_REASON_LEN]);

/* Writers; each is a deliver_writer whose ctx is struct discover. */
enum err discover_yaml(void *ctx, struct sink *out, struct why *why);
enum err discover_csv(void *ctx, struct sink *out, struct why *why);
enum err discover_json(void *ctx, struct sink *out, struct why *why);
/* Could a spreadsheet take it for a formula? Such an identity does not go into a CSV. */
bool discover_csv_refuses(const struct discover *d, const struct found *f);

#endif
