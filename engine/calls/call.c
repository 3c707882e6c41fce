/* The names of each kind of call in both versions of the API, and whether it is a write. */
#include "call.h"

#include "base/bounds.h"

#include <string.h>

static const char *const actions[CALL_KINDS][2] = {
    [CALL_READ_VERIFICATION] = {"GetIdentityVerificationAttributes", "GetEmailIdentity"},
    [CALL_READ_MAIL_FROM] = {"GetIdentityMailFromDomainAttributes", "GetEmailIdentity"},
    [CALL_READ_NOTIFICATION] = {"GetIdentityNotificationAttributes", "GetEmailIdentity"},
    [CALL_GET] = {"GetEmailIdentity", "GetEmailIdentity"},
    [CALL_LIST] = {"ListIdentities", "ListEmailIdentities"},
    [CALL_SET] = {"SetIdentityMailFromDomain", "PutEmailIdentityMailFromAttributes"},
    [CALL_ACCOUNT] = {"GetAccountSendingEnabled", "GetAccount"},
    [CALL_QUOTA] = {"GetSendQuota", "GetAccount"},
    [CALL_CALLER] = {"GetCallerIdentity", "GetCallerIdentity"},
    [CALL_ASK] = {"DNS", "DNS"},
};

bool call_changes_world(enum call_kind kind)
{
    return kind == CALL_SET;
}

const char *call_action(enum call_kind kind, enum api api)
{
    return actions[kind][api];
}

void call_answer_reset(struct call *c)
{
    arena_reset(&c->arena);
    if (c->kind == CALL_ASK) { /* by far the most calls, and the least to clear */
        memset(&c->dns, 0, sizeof c->dns);
        return;
    }
    memset(&c->reply, 0, sizeof c->reply);
    memset(c->facts, 0, sizeof c->facts[0] * c->count);
    memset(&c->account, 0, sizeof c->account);
    c->listed = NULL;
    c->listed_len = 0;
    c->next_token = TEXT_NONE;
    c->tags = NULL;
    c->tags_len = 0;
}

bool list_is_endless(const struct call *call, uint32_t pages)
{
    return pages >= LIST_PAGES_MAX || text_eq(call->next_token, call->token);
}
