/*
 * Duty: the part of IAM that a policy can be seen from outside by: which actions are refused, and
 * what of zones is allowed. A word of a key's `deny` is "v1:Get*", "v2:*", "sts:AssumeRole",
 * "route53:Change*", "cloudflare:*" or, for both versions of SES, "ses:..."; a star at the end
 * stands for any rest. `only` has the condition keys of Route 53, and the zones of a resource or a
 * token: "zones=Z1|Z2 actions=CREATE types=MX|TXT names=bounce.*", each with ForAllValues and
 * StringLike.
 */
#include "sim.h"

#include "base/glob.h"

static bool word_applies(struct text word, enum protocol protocol, struct text action)
{
    struct text pattern = word, prefix = text_cut(&pattern, ':');
    bool both =
        text_eq(prefix, TEXT("ses")) && (protocol == PROTOCOL_V1 || protocol == PROTOCOL_V2);
    if (!both && !text_eq(prefix, text_of(protocol_name(protocol))))
        return false;
    if (text_ends(pattern, TEXT("*")))
        return text_starts(action, text_slice(pattern, 0, pattern.len - 1));
    return text_eq(pattern, action);
}

void iam_refuse(struct exchange *x)
{
    const char *service = protocol_service(x->protocol);
    struct text message =
                    arena_fmt(&x->arena, "User: " TEXT_FMT " is not authorized to perform: %s:%s",
                              TEXT_ARG(x->caller_arn), service, x->action),
                resource = TEXT_NONE;
    if (x->protocol == PROTOCOL_V2 && x->identities_len)
        resource = arena_fmt(&x->arena, "arn:aws:ses:" TEXT_FMT ":" TEXT_FMT ":identity/" TEXT_FMT,
                             TEXT_ARG(x->region), TEXT_ARG(x->account), TEXT_ARG(x->identities[0]));
    else if (x->protocol == PROTOCOL_ROUTE53 && x->zone_id.len)
        resource =
            arena_fmt(&x->arena, "arn:aws:route53:::hostedzone/" TEXT_FMT, TEXT_ARG(x->zone_id));
    if (resource.len)
        message = arena_fmt(&x->arena,
                            TEXT_FMT " on resource: " TEXT_FMT
                                     " because no identity-based policy allows the %s:%s action",
                            TEXT_ARG(message), TEXT_ARG(resource), service, x->action);
    exchange_trouble(x, TROUBLE_ACCESS_DENIED,
                     x->protocol == PROTOCOL_CLOUDFLARE ? NULL : message.at);
}

bool iam_allows(const struct exchange *x, const char *what, struct text value)
{
    struct text patterns = words_value(x->only, what);
    if (!patterns.at)
        return true;
    while (patterns.len)
        if (glob_fits(text_cut(&patterns, '|'), value))
            return true;
    return false;
}

bool iam_check(struct exchange *x)
{
    struct text words = x->deny;
    bool refused = x->zone_id.len && !iam_allows(x, "zones", x->zone_id);
    while (words.len && !refused)
        refused = word_applies(text_cut(&words, ' '), x->protocol, text_of(x->action));
    if (refused)
        iam_refuse(x);
    return !refused;
}
