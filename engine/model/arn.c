/* Splits an ARN at its colons, and recognizes account numbers. */
#include "arn.h"

#include "base/bounds.h"

bool account_id_is(struct text t)
{
    uint64_t number;
    return t.len == 12 && text_to_u64(t, &number);
}

bool role_arn_is(struct text t)
{
    struct text rest = t, arn = text_cut(&rest, ':'), partition = text_cut(&rest, ':'),
                service = text_cut(&rest, ':'), region = text_cut(&rest, ':'),
                account = text_cut(&rest, ':');
    return t.len <= NAME_LEN_MAX && text_is_visible(t) && text_eq(arn, TEXT("arn")) &&
           text_starts(partition, TEXT("aws")) && text_eq(service, TEXT("iam")) &&
           region.len == 0 && account_id_is(account) && text_starts(rest, TEXT("role/")) &&
           rest.len > 5;
}
