/*
 * The opening of lanes from inside: what the lanes of SES (lanes.c) and of the providers of DNS
 * (provider_lanes.c) share.
 */
#ifndef MF_LANES_INTERNAL_H
#define MF_LANES_INTERNAL_H

#include "lanes.h"

#include "aws/settings.h"

/* The settings of the last account: lanes of an account mostly come in a row. */
struct lane_opening {
    const struct fleet *fleet;
    const struct access *access;
    const struct notices *notices;
    const bool *wanted; /* lanes_open_some() */
    struct aws_settings settings;
    uint32_t account; /* owner of the settings; UINT32_MAX: none yet */
    enum err err;     /* the result of reading the settings */
    bool is_unread_told, is_open_told;
};

/* What an account's credentials are asked for; o->settings become those of the account. */
enum err lane_settings(struct lane_opening *o, uint16_t account, struct credential_request *request,
                       struct why *why);
/* After lane_settings() and the lane's endpoints: the lane's credentials, trust anchors and clock.
 * open: an endpoint by plain http to a host elsewhere; NULL: none is. */
enum err lane_keys(struct lanes *l, struct wire_lane *lane, struct lane_opening *o,
                   uint16_t account, struct credential_request *request,
                   const struct endpoint *open, struct why *why);

/* provider_lanes.c: the lane of a row of fleet.providers. */
enum err provider_lane_open(struct lanes *l, uint32_t row, struct lane_opening *o, struct why *why);
/* Wipes the keys of the provider; the lane of none is left alone. */
void provider_lane_wipe(struct wire_lane *lane);

#endif
