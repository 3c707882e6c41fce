/*
 * The structures shared by the files of the SES model. For the family of ses_model.h.
 */
#ifndef MF_SES_INTERNAL_H
#define MF_SES_INTERNAL_H

#include "ses_model.h"

#include <assert.h>

struct ses_bucket {
    double tokens;
    instant_us at; /* 0: never used, hence full */
};

struct ses_lane {
    name_id account, region;
    uint32_t first, last; /* identity + 1; 0: the lane has none */
    struct ses_bucket buckets[SES_ACTIONS];
};

struct ses_identity {
    instant_us since; /* Pending, TemporaryFailure: the beginning */
    name_id name, mail_from;
    uint32_t next;       /* of the lane: identity + 1, or 0 */
    uint32_t generation; /* grows with every change of the setting */
    uint16_t lane;
    uint8_t verification, status, behavior; /* enums of model/ses.h */
    uint8_t reads;                          /* since `since`, saturating */
    uint8_t dkim : 3;                       /* enum dkim_status */
    bool forwarding : 1;
    bool gone : 1; /* deleted */
};

static_assert(sizeof(struct ses_identity) == 32, "as ses_model.h says");
static_assert(DKIM_STATUSES <= 8, "three bits");

/* Begins the set-up at `now`, or ends the set-up of an identity without MAIL FROM. */
void ses_setup_start(struct ses_model *m, uint32_t id, instant_us now);
/* Schedules the check for the identity's state, if any. */
void ses_setup_watch(struct ses_model *m, uint32_t id, instant_us now);

#endif
