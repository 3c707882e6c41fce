/*
 * What only SES knows beside the settings of identities: its global (multi-Region) endpoints, and
 * the open recommendations of the advisor of its Virtual Deliverability Manager (VDM).
 *
 * Sources: SES API v2 Reference, MultiRegionEndpoint and Recommendation; SES Developer Guide,
 * "Global endpoints" (traffic is split equally between the two Regions, and settings of identities
 * stay each Region's own) and "Virtual Deliverability Manager advisor".
 */
#ifndef MF_RECOMMENDATION_H
#define MF_RECOMMENDATION_H

#include "base/text.h"

#define ENDPOINT_REGIONS 2 /* a primary Region and a secondary one */

/* A global endpoint. Texts are borrowed from the answer, or from a copy of it. */
struct global_endpoint {
    struct text name;
    struct text status;                    /* SES's word: CREATING, READY, FAILED, DELETING */
    struct text regions[ENDPOINT_REGIONS]; /* the primary one first; empty: SES tells none */
};

/* Does mail go through it, or will it? Not where its set-up has failed or it is being deleted. */
bool global_endpoint_counts(const struct global_endpoint *e);
/* "us-east-1 and eu-west-1" has two Regions: the other one; empty: region is none of them. */
struct text global_endpoint_other(const struct global_endpoint *e, struct text region);

/* Types of recommendations. Others, such as BIMI or COMPLAINT, say nothing about the records of
 * an identity and are only counted. */
enum advisor_type { ADVISOR_SPF, ADVISOR_DMARC, ADVISOR_DKIM, ADVISOR_OTHER, ADVISOR_TYPES };

const char *advisor_type_name(enum advisor_type a); /* "SPF", ..., "other" */
enum advisor_type advisor_type_parse(struct text type);

/* An open recommendation; texts borrowed as above. */
struct recommendation {
    enum advisor_type type;
    bool is_high;            /* impact HIGH, not LOW */
    struct text identity;    /* of the resource; empty: the resource is no identity */
    struct text description; /* SES's words: "MAIL FROM record is not aligned." */
};

/* "arn:aws:ses:us-east-1:111122223333:identity/example.com": the identity; empty: of no identity.
 */
struct text recommendation_identity(struct text arn);

#endif
