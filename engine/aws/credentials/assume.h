/*
 * One role assumed at STS, with keys or with a web identity token. For the family of this folder.
 */
#ifndef MF_ASSUME_H
#define MF_ASSUME_H

#include "aws/sts.h"
#include "key_provider.h"

/* keys NULL: with role->web_token. who: the owner of the keys, for the error: 'profile "base"'. */
enum err role_assume(const struct provider_input *in, const struct sts_role *role,
                     const struct credentials *keys, const char *who, struct credentials *out,
                     struct why *why);

#define ROLE_SESSION_NAME TEXT("mailfrom") /* unless named by the user; for CloudTrail */

/* Checks the role against STS's bounds before any request. */
enum err role_vet(const struct sts_role *role, struct why *why);

#endif
