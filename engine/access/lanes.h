/*
 * How each lane of a fleet is reached: endpoints and credentials, one credential source per
 * account. A lane is a failure domain of its own: one that cannot be reached says why, and the
 * others go on.
 */
#ifndef MF_LANES_H
#define MF_LANES_H

#include "access.h"
#include "base/notices.h"
#include "model/fleet.h"
#include "wire/wire.h"

struct lanes {
    struct wire_lane *list; /* as fleet.lanes */
    uint32_t len;
    struct credential_source **sources; /* as fleet.accounts; NULL where no lane uses it */
    uint32_t sources_len;
    struct secrets *secrets; /* what those use; NULL before lanes_open */
    const char **trouble;    /* as list: why nothing can be asked of the lane, or NULL */
    struct arena arena;      /* texts of the above */
};

/* Reads files and environment; nothing goes over the network. A lane that cannot be set up has
 * `trouble`, a sentence. Only when that is so for every lane is it an error:
 * the first one's. */
enum err lanes_open(struct lanes *l, const struct fleet *f, const struct access *a,
                    const struct notices *n, struct why *why);
void lanes_close(struct lanes *l);
/* Nothing is to be asked of the lane from now on. Keeps a copy of the sentence. */
void lanes_give_up(struct lanes *l, uint32_t lane, const char *sentence);
/* Fails with the trouble of the first lane and the name of its account. */
enum err lanes_lost(const struct lanes *l, const struct fleet *f, enum err err, struct why *why);
/* May STS be asked for the lane's caller? With SES elsewhere and STS at AWS, the keys are not for
 * AWS: it is asked only where the manifest has an account_id to compare. */
bool lanes_may_ask_caller(const struct lanes *l, uint32_t lane);
/* The number of lanes without trouble. */
uint32_t lanes_usable(const struct lanes *l);

/* The Region of those who name none: --region, AWS_REGION, AWS_DEFAULT_REGION, that of the profile
 * (empty: --profile, AWS_PROFILE or the default one); or "". Files that cannot be read are somebody
 * else's business. In *arena. */
struct text lanes_usual_region(const struct access *a, struct text profile, struct arena *arena);

#endif
