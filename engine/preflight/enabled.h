/*
 * Regions that an account has not enabled: there STS and SES refuse keys that work in other
 * Regions. Source: AWS Account Management Reference Guide, "Enable or disable AWS Regions in your
 * account".
 */
#ifndef MF_ENABLED_H
#define MF_ENABLED_H

#include "access/lanes.h"
#include "model/fleet.h"
#include "probes.h"

/* What STS has said so far: of an account in the Region of one lane, and of lanes in their own. */
struct enabled {
    const struct fleet *fleet;
    struct lanes *lanes;
    struct probe *callers; /* as fleet.accounts */
    struct probe *regions; /* as fleet.lanes; attempts_max 0: not asked */
};

/* Is STS to be asked in the lane's own Region, beside the question of its account? At first where a
 * Region must be enabled; then, where an account was refused and no other Region has taken its
 * keys, in one lane more (is_second). */
bool enabled_wants(const struct enabled *e, uint16_t lane, bool is_second);

/* Gives up the lanes in whose Region STS refuses keys that it takes in another, each with a
 * sentence that names both; the account's caller is then the one of the other Region. */
void enabled_judge(const struct enabled *e);

/* For an account without any Region that takes its keys: a clause that names the other cause, or
 * "". */
const char *enabled_doubt(const struct enabled *e, uint32_t account);

#endif
