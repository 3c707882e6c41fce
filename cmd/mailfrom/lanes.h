/*
 * How each lane of a fleet is reached: endpoint and credentials, one credential source per account.
 */
#ifndef MF_LANES_H
#define MF_LANES_H

#include "fleet.h"
#include "options.h"
#include "wire.h"

struct lanes {
    struct wire_lane *list; /* as fleet.lanes */
    uint32_t len;
    struct credential_source **sources; /* as fleet.accounts; NULL where no lane uses it */
    uint32_t sources_len;
};

/* Reads files and environment; nothing goes over the network. The error names the account. */
enum err lanes_open(struct lanes *l, const struct fleet *f, const struct options *o,
                    struct why *why);
void lanes_close(struct lanes *l);

/* Requests per second and action of a lane: --rate, the account's own, or 1. */
double lanes_rate(const struct fleet *f, const struct options *o, uint32_t lane);
/* The Region for identities that name none: --region, AWS_REGION, AWS_DEFAULT_REGION; or "". */
struct text lanes_default_region(const struct options *o);
/* --ca-bundle, AWS_CA_BUNDLE; or "". */
struct text lanes_ca_bundle(const struct options *o);

#endif
