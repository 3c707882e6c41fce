#include "ses_answers.h"
#include "fuzz.h"

#include "aws/aws_request.h"

static void facts_are_sound(const struct ses_facts *f)
{
    assert(f->verification <= VERIFICATION_NOT_STARTED && f->status <= MAIL_FROM_UNKNOWN);
    assert(f->behavior <= BEHAVIOR_REJECT_MESSAGE);
    assert(f->mail_from.len <= HTTP_BODY_MAX);
}

/* An answer that was not believed must leave no facts. */
static void call_is_sound(const struct call *c, int status)
{
    bool believed = c->reply.how == REPLY_HTTP && status == 200;
    assert(c->reply.how == REPLY_HTTP || c->reply.how == REPLY_GARBLED);
    assert(memchr(c->reply.code, '\0', sizeof c->reply.code));
    assert(memchr(c->reply.message, '\0', sizeof c->reply.message));
    assert(status != 200 || c->reply.how == REPLY_GARBLED || !c->reply.code[0]);
    assert(believed || (c->listed_len == 0 && c->next_token.len == 0));
    assert(believed || (c->endpoints_len == 0 && c->advice_len == 0));
    for (uint32_t i = 0; i < c->endpoints_len; i++)
        assert(c->endpoints[i].name.len == 0 || c->endpoints[i].name.at);
    for (uint32_t i = 0; i < c->advice_len; i++)
        assert(c->advice[i].type < ADVISOR_TYPES && c->advice[i].identity.len <= HTTP_BODY_MAX);
    for (uint32_t i = 0; i < c->count; i++) {
        assert(believed || c->facts[i].known == 0);
        facts_are_sound(&c->facts[i]);
    }
    for (uint32_t i = 0; i < c->listed_len; i++)
        assert(c->listed[i].at);
    assert(c->account.caller_account.len == 0 || c->account.caller_account.len == 12);
}

void answer_is_judged(enum call_kind kind, enum api api, int status, struct text body)
{
    struct call *c = calloc(1, sizeof *c);
    assert(c);
    struct text rest = body;
    struct text line = fuzz_line(&rest);
    c->kind = kind;
    c->api = api;
    c->count = 2;
    c->identities[0] = TEXT("example.com");
    c->identities[1] = TEXT("a@example.com");
    c->arena.limit_bytes = 1u << 20;
    call_answer_reset(c);
    struct aws_reply reply = {.http_status = status,
                              .date = line,
                              .retry_after = line,
                              .error_type = line,
                              .request_id = line,
                              .body = body};
    aws_reply_decode(c, &reply);
    call_is_sound(c, status);
    arena_clear(&c->arena);
    free(c);
}

bool is_percent_encoded(struct text t, const char *also)
{
    for (size_t i = 0; i < t.len; i++)
        if (!char_is_alnum(t.at[i]) && text_find(TEXT("-._~%"), t.at[i]) == 5 &&
            !strchr(also, t.at[i]))
            return false;
    return memchr(t.len ? t.at : "", '\0', t.len) == NULL;
}
