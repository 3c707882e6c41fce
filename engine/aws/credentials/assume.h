/*
 * One role assumed at STS, with keys or with a web identity token. For the family of this folder.
 */
#ifndef MF_ASSUME_H
#define MF_ASSUME_H

#include "aws/sts.h"
#include "provider.h"

/* keys NULL: with role->web_token. who: whose keys these are, for the error: 'profile "base"'. */
enum err role_assume(const struct provider_input *in, const struct sts_role *role,
                     const struct credentials *keys, const char *who, struct credentials *out,
                     struct why *why);

#define ROLE_SESSION_NAME TEXT("mailfrom") /* unless the user names it; for CloudTrail */

/* The bounds of STS: what is wrong with the role is said before anything is sent. */
enum err role_vet(const struct sts_role *role, struct why *why);

#endif
