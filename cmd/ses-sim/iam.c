/*
 * Duty: the part of IAM that a policy can be seen from outside by: which actions are refused.
 * A word of a key's `deny` is "v1:Get*", "v2:*", "sts:AssumeRole" or, for both versions, "ses:...";
 * a star at the end stands for any rest.
 */
#include "sim.h"

static bool word_applies(struct text word, enum protocol protocol, struct text action)
{
    struct text pattern = word, prefix = text_cut(&pattern, ':');
    bool both = text_eq(prefix, TEXT("ses")) && protocol != PROTOCOL_STS;
    if (!both && !text_eq(prefix, text_of(protocol_name(protocol))))
        return false;
    if (text_ends(pattern, TEXT("*")))
        return text_starts(action, text_slice(pattern, 0, pattern.len - 1));
    return text_eq(pattern, action);
}

bool iam_check(struct exchange *x)
{
    struct text words = x->deny;
    while (words.len) {
        if (word_applies(text_cut(&words, ' '), x->protocol, text_of(x->action))) {
            const char *prefix = x->protocol == PROTOCOL_STS ? "sts" : "ses";
            struct text message =
                arena_fmt(&x->arena, "User: " TEXT_FMT " is not authorized to perform: %s:%s",
                          TEXT_ARG(x->caller_arn), prefix, x->action);
            if (x->protocol == PROTOCOL_V2 && x->identities_len)
                message =
                    arena_fmt(&x->arena,
                              TEXT_FMT " on resource: arn:aws:ses:" TEXT_FMT ":" TEXT_FMT
                                       ":identity/" TEXT_FMT
                                       " because no identity-based policy allows the ses:%s action",
                              TEXT_ARG(message), TEXT_ARG(x->region), TEXT_ARG(x->account),
                              TEXT_ARG(x->identities[0]), x->action);
            exchange_trouble(x, TROUBLE_ACCESS_DENIED, message.at);
            return false;
        }
    }
    return true;
}
