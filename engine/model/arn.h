/*
 * How AWS names accounts and roles.
 * Source: AWS General Reference, "Amazon Resource Names"; IAM User Guide, "IAM identifiers".
 */
#ifndef MF_ARN_H
#define MF_ARN_H

#include "base/text.h"

bool account_id_is(struct text t); /* twelve digits */
bool role_arn_is(struct text t);   /* arn:PARTITION:iam::ACCOUNT:role/NAME, path or none */

#endif
