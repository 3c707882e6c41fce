/*
 * The structures shared by the files of the SES model. For the family of ses_model.h.
 */
#ifndef MF_SES_INTERNAL_H
#define MF_SES_INTERNAL_H

#include "ses_model.h"

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
    bool forwarding;
    bool gone; /* deleted */
};

/* Begins the set-up at `now`, or ends the set-up of an identity without MAIL FROM. */
void ses_setup_start(struct ses_model *m, uint32_t id, instant_us now);
/* Schedules the check for the identity's state, if any. */
void ses_setup_watch(struct ses_model *m, uint32_t id, instant_us now);

#endif
