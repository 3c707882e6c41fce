/* One signed GetCallerIdentity; its answer tells the owner of the keys and the service's clock. */
#include "key_vet.h"

#include "base/bounds.h"
#include "base/hash.h"
#include "calls/verdict.h"
#include "skew.h"

#include <stdlib.h>
#include <string.h>

#define STS_TIMEOUT_US SPAN_S(10) /* an answer takes STS a fraction of a second */

static enum err listening_ask(void *context, const struct aws_request *request,
                              const struct http_terms *terms, struct http_answer *answer,
                              struct why *why)
{
    struct key_vet *v = context;
    span_us skew;
    instant_us sent_at = os_clock_utc(v->clock);
    enum err err = v->inner.ask(v->inner.context, request, terms, answer, why);
    if (err == OK && skew_measure(sent_at, os_clock_utc(v->clock), answer->server_date, &skew)) {
        v->is_clock_told = true;
        v->skew = skew;
    }
    return err;
}

static bool listening_rest(void *context, span_us span)
{
    const struct key_vet *v = context;
    return v->inner.rest(v->inner.context, span);
}

void key_vet_init(struct key_vet *v, const struct http_exchange *exchange,
                  const struct wire_lane *lane, const struct os_clock *clock, bool is_clock_told,
                  span_us skew)
{
    *v = (struct key_vet){.inner = *exchange,
                          .lane = lane,
                          .clock = clock,
                          .is_clock_told = is_clock_told,
                          .skew = skew};
    v->exchange = (struct http_exchange){v, listening_ask, listening_rest, exchange->ending_fd};
}

static enum err caller_ask(struct key_vet *v, struct call *c, const struct credentials *fresh,
                           struct why *why)
{
    static const struct http_terms terms = {.timeout_us = STS_TIMEOUT_US,
                                            .body_max = HTTP_BODY_MAX};
    struct aws_request request;
    struct http_answer answer = {0};
    buf_init(&answer.body, HTTP_BODY_MAX);
    aws_request_init(&request);
    call_answer_reset(c);
    enum err err =
        aws_request_make(&request, c, &v->lane->at, fresh, os_clock_utc(v->clock) + v->skew, why);
    if (err == OK)
        err = v->exchange.ask(v->exchange.context, &request, &terms, &answer, why);
    if (err == OK)
        aws_reply_decode(
            c, &(struct aws_reply){.http_status = answer.status, .body = buf_text(&answer.body)});
    aws_request_clear(&request);
    buf_clear(&answer.body); /* without secrets */
    return err;
}

static enum err caller_judge(struct key_vet *v, const struct call *c,
                             const struct credentials *fresh, struct why *why)
{
    if (verdict_of(&c->reply, CALL_CALLER) != VERDICT_OK)
        return why_set(why, ERR_IO, "STS does not tell who owns the new credentials: %s%s%s",
                       c->reply.code, c->reply.code[0] ? ": " : "", c->reply.message);
    v->is_foreign = !text_eq(c->account.caller_account, text_of(v->account));
    if (v->is_foreign)
        return why_set(why, ERR_AUTH,
                       "the new credentials are of account " TEXT_FMT " (" TEXT_FMT
                       "), but the run was started in account %s: nothing more is sent",
                       TEXT_ARG(c->account.caller_account), TEXT_ARG(c->account.caller_arn),
                       v->account);
    v->id_hash = hash_bytes(fresh->access_key_id, strlen(fresh->access_key_id));
    return OK;
}

/* Asks once more when STS rejects the date of the signature: the rejection has told the right
 * time. */
enum err key_vet_ask(void *context, const struct credentials *fresh, struct why *why)
{
    struct key_vet *v = context;
    struct call *c = calloc(1, sizeof *c);
    if (!c)
        return why_set(why, ERR_NOMEM, "out of memory");
    c->kind = CALL_CALLER;
    arena_init(&c->arena, HTTP_BODY_MAX * 4);
    span_us skew = v->skew;
    enum err err = caller_ask(v, c, fresh, why);
    if (err == OK && verdict_of(&c->reply, CALL_CALLER) != VERDICT_OK && v->skew != skew)
        err = caller_ask(v, c, fresh, why);
    if (err == OK)
        err = caller_judge(v, c, fresh, why);
    arena_clear(&c->arena);
    free(c);
    return err;
}
