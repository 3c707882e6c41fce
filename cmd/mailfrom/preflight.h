/*
 * Before a run: the guard `account_id` of the manifest. Whose credentials are these?
 */
#ifndef MF_PREFLIGHT_H
#define MF_PREFLIGHT_H

#include "fleet.h"
#include "wire.h"

/* Asks STS once per guarded account and compares. All accounts that differ are named. */
enum err preflight_accounts(const struct fleet *f, struct wire *wire, struct why *why);

#endif
