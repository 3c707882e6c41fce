/*
 * Before a run: the guard `account_id` of the manifest. Whose credentials are these?
 */
#ifndef MF_PREFLIGHT_H
#define MF_PREFLIGHT_H

#include "lanes.h"

/* Asks STS once per guarded account and compares. All accounts that differ are named, and are an
 * error. An account of which STS does not say whose it is has its lanes given up; only when no lane
 * is left is that an error. */
enum err preflight_accounts(const struct fleet *f, struct lanes *lanes, struct wire *wire,
                            struct why *why);

#endif
