/*
 * The view of a lagging copy of SES. SES promises no read-after-write consistency, so the model
 * keeps recently replaced settings for a while. One thread at a time.
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
    uint64_t len; /* of all changes ever remembered */
};

bool ses_past_init(struct ses_past *p, uint32_t cap); /* false: out of memory */
void ses_past_clear(struct ses_past *p);
/* To be called before a change of the identity at `now`. `now` never goes back. */
void ses_past_remember(struct ses_past *p, const struct ses_model *m, uint32_t id, instant_us now);
/* The state of the identity at `then`, from the remembered changes. False: unchanged since. */
bool ses_past_facts(const struct ses_past *p, uint32_t id, instant_us then,
                    struct ses_facts *facts);

#endif
