/*
 * The accounts of an organization, asked of AWS Organizations: a pure state machine, like the
 * inventory.
 *
 *   GetCallerIdentity                  whose credentials are these? No role leads to their account
 *   ListAccounts                       without units: twenty a page, and pages may be short
 *   ListRoots, ListOrganizational-     with units: down each path of names, then each chosen unit
 *   UnitsForParent, ListAccounts-      and every unit below it, side by side; what lies in two
 *   ForParent                          chosen units counts once
 *   ListTagsForResource                with tags: one account a call, of those that are left. It
 *                                      begins once all are listed, so its cost can be told before
 *
 * Example: 200 accounts are 1 + 10 calls, with tags 1 + 10 + 200 in 40 seconds.
 *
 * Every action has a bucket of its own. A page that fails is asked for again (retry.h); any other
 * refusal ends the whole with a sentence, for half an organization is none.
 */
#ifndef MF_MEMBERS_H
#define MF_MEMBERS_H

#include "base/arena.h"
#include "calls/machine.h"
#include "model/organization.h"

#define ORGANIZATION_TAGS_MAX   50  /* of a wish: an account has no more */
#define ORGANIZATION_RATE       5.0 /* calls a second of each action; AWS grants 8 or more */
#define ORGANIZATION_UNIT_DEPTH 16  /* AWS allows five units below one another */

enum organization_phase {
    ORGANIZATION_CALLER,
    ORGANIZATION_LISTING,
    ORGANIZATION_TAGGING,
    ORGANIZATION_DONE,
    ORGANIZATION_FAILED, /* organization_why() */
};

struct organization;

/* wish is borrowed. The machine, and what it finds, live in *memory; NULL: not enough. Call
 * organization_clear() before freeing *memory, when no call is out. */
struct organization *organization_new(struct arena *memory, const struct organization_wish *wish,
                                      uint64_t seed);
void organization_clear(struct organization *o); /* NULL is fine */
/* Ends when it is done or has failed, and at once when asked to stop: all calls are reads. */
struct machine organization_machine(struct organization *o);

enum organization_phase organization_phase(const struct organization *o);
/* In the phase DONE. Of FAILED only unit_missing counts. */
const struct organization_found *organization_found(const struct organization *o);
const struct why *organization_why(const struct organization *o);
/* Accounts whose tags are read, once the phase has been reached. */
uint32_t organization_tag_calls(const struct organization *o);
/* Has this pattern of wish.excluded left out any account? */
bool organization_has_excluded(const struct organization *o, uint32_t pattern);
uint64_t organization_calls(const struct organization *o); /* made so far */

#endif
