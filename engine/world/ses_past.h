/*
 * What a copy of SES that lags behind still shows. SES promises no read that shows every write, so
 * the settings that the latest changes have replaced are kept for a while. One thread at a time.
 */
#ifndef MF_SES_PAST_H
#define MF_SES_PAST_H

#include "ses_model.h"

struct ses_past_change {
    uint32_t id;
    instant_us at;
    struct ses_facts before; /* texts are the model's */
};

struct ses_past {
    struct ses_past_change *changes; /* a ring of cap: the oldest gives way */
    uint32_t cap;
    uint64_t len; /* of all that were ever remembered */
};

bool ses_past_init(struct ses_past *p, uint32_t cap); /* false: out of memory */
void ses_past_clear(struct ses_past *p);
/* To be called before the identity is changed at `now`, which never goes back. */
void ses_past_remember(struct ses_past *p, const struct ses_model *m, uint32_t id, instant_us now);
/* How the identity stood at `then`, as far as changes are remembered. False: as it stands now. */
bool ses_past_facts(const struct ses_past *p, uint32_t id, instant_us then,
                    struct ses_facts *facts);

#endif
