/*
 * Manifests: YAML files (and CSV, states and templates named inside) become a vetted fleet, or a
 * list of all complaints. No half acceptance: with one complaint there is no fleet.
 */
#ifndef MF_MANIFEST_H
#define MF_MANIFEST_H

#include "base/error.h"
#include "model/fleet.h"
#include "model/organization.h"

struct complaint {
    struct text file;      /* as named by the user, or as resolved by the include */
    uint32_t line, column; /* from 1; 0: the file as a whole */
    struct text text;      /* the text found, the text expected, the remedy; safe to print */
    uint32_t order;        /* of the file, in reading order */
};

struct complaints {
    struct arena arena;
    struct complaint *list; /* in reading order, at most MANIFEST_COMPLAINTS_MAX */
    uint32_t len, cap;
    uint32_t more; /* how many did not fit */
};

void complaints_init(struct complaints *c);
void complaints_clear(struct complaints *c);

struct manifest_options {
    struct text region; /* --region: for identities without a Region; may be empty */
    bool *region_taken; /* set when an identity takes that Region; or NULL */
    /* Without --region: the Region of the environment or of the named AWS profile (empty: the
     * default profile); or empty. Never called when NULL. The text must outlive manifest_load(). An
     * error, such as a profile that is missing, ends the loading. */
    enum err (*region_of)(void *ctx, struct text profile, struct text *region, struct why *why);
    void *ctx;
    /* Is t a format of files for owners of DNS? NULL: any word is. */
    bool (*records_format_known)(struct text t);
    /* May this URL be the endpoint of a provider of DNS? NULL: any may. */
    enum err (*endpoint_vet)(enum provider_kind kind, struct text url, struct why *why);
    /* Asks an organization for its accounts, once, where accounts_from names one and nothing else
     * is to complain about. NULL: nothing is asked, and any twelve digits are an account. */
    organization_ask *members_of;
    void *members_ctx;
    /* Every account in each of its Regions is a lane, identities or not; a manifest of accounts
     * alone is complete. */
    bool every_account;
    bool no_lanes;    /* with every_account: the caller chooses the Regions, so no lane is made */
    bool allow_empty; /* no identities are fine: else that is a complaint, for a slip is likelier */
};

/* Reads and vets all files as one fleet, in order. *f must be fresh from fleet_init(). OK: the
 * fleet is whole. ERR_INPUT: see complaints. Others: *why has the reason for stopping. */
enum err manifest_load(struct fleet *f, const char *const *paths, size_t paths_len,
                       const struct manifest_options *options, struct complaints *complaints,
                       struct why *why);

#endif
