#include "sts.h"

#include "query.h"
#include "reply.h"

#include <assert.h>

#define ACTION         "GetCallerIdentity"
#define ACCOUNT_DIGITS 12

enum err sts_encode(const struct call *c, struct buf *body, struct why *why)
{
    assert(c->kind == CALL_CALLER);
    query_begin(body, ACTION, "2011-06-15");
    return body->failed ? why_set(why, ERR_NOMEM, "out of memory") : OK;
}

static void on_member(void *user, struct text path, struct text content)
{
    struct call *c = user;
    if (text_eq(path, TEXT("Account")))
        c->account.caller_account = arena_text(&c->arena, content);
    if (text_eq(path, TEXT("Arn")))
        c->account.caller_arn = arena_text(&c->arena, content);
}

void sts_decode(struct call *c, int http_status, struct text body)
{
    uint64_t number;
    c->account = (struct account_facts){0};
    bool ok = query_decode(c, http_status, body, ACTION, on_member, c);
    struct text account = c->account.caller_account;
    if (ok && account.len == ACCOUNT_DIGITS && text_to_u64(account, &number))
        return;
    c->account = (struct account_facts){0}; /* members may have come before what broke the answer */
    if (ok)
        reply_garble(&c->reply, "the answer of " ACTION " has no account number");
}
