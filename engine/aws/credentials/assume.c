/*
 * Asks STS for the keys of a role. After a refusal the sentence names the caller, the role, STS's
 * words and the remedy.
 */
#include "assume.h"

#include "model/arn.h"
#include "service.h"

#include <stdio.h>
#include <string.h>

#define DURATION_S_MIN   900
#define DURATION_S_MAX   43200
#define EXTERNAL_ID_MAX  1224
#define SESSION_NAME_MAX 64
#define SKEW_US          SPAN_M(4) /* SigV4 allows five minutes */
#define CALLER_UNKNOWN   "an unknown caller"

/* Checking */

static bool is_made_of(struct text t, const char *more)
{
    for (size_t i = 0; i < t.len; i++)
        if (!char_is_alnum(t.at[i]) && (t.at[i] == '\0' || !strchr(more, t.at[i])))
            return false;
    return true;
}

enum err role_vet(const struct sts_role *role, struct why *why)
{
    uint64_t seconds;
    if (!role_arn_is(role->arn))
        return why_set(why, ERR_AUTH,
                       "role_arn \"" TEXT_FMT
                       "\" is not of the form arn:aws:iam::111122223333:role/NAME",
                       TEXT_ARG(text_slice(role->arn, 0, 200)));
    if (role->duration_s.len && (!text_to_u64(role->duration_s, &seconds) ||
                                 seconds < DURATION_S_MIN || seconds > DURATION_S_MAX))
        return why_set(why, ERR_AUTH, "duration_seconds must be a number from %d to %d",
                       DURATION_S_MIN, DURATION_S_MAX);
    if (role->session_name.len < 2 || role->session_name.len > SESSION_NAME_MAX ||
        !is_made_of(role->session_name, "_+=,.@-"))
        return why_set(why, ERR_AUTH,
                       "role_session_name must be 2 to %d letters, digits or _+=,.@-",
                       SESSION_NAME_MAX);
    if (role->external_id.len &&
        (role->external_id.len < 2 || role->external_id.len > EXTERNAL_ID_MAX ||
         !is_made_of(role->external_id, "_+=,.@:/-")))
        return why_set(why, ERR_AUTH, "external_id must be 2 to %d letters, digits or _+=,.@:/-",
                       EXTERNAL_ID_MAX);
    return OK;
}

/* Asking */

static bool is_of_idp(const struct http_answer *answer)
{
    struct text body = buf_text(&answer->body);
    return answer->status == 400 &&
           text_find_text(body, TEXT("<Code>IDPCommunicationError</Code>")) < body.len;
}

static enum err sts_ask(const struct provider_input *in, const struct endpoint *sts,
                        const struct buf *body, const struct credentials *keys, instant_us now,
                        struct http_answer *answer, struct why *why)
{
    struct aws_request request;
    struct service_tries tries = service_tries_aws;
    tries.is_transient = is_of_idp;
    aws_request_init(&request);
    buf_add_text(&request.body, buf_text(body));
    enum err err = body->failed ? why_set(why, ERR_NOMEM, "out of memory")
                                : aws_request_form(&request, sts, keys, now, why);
    if (!err)
        err = service_ask(in, &request, &tries, answer, why);
    aws_request_clear(&request);
    return err ? why_wrap(why, err, "STS at %.200s", sts->host) : OK;
}

struct errand {
    const struct provider_input *in;
    const struct sts_role *role;
    const struct credentials *keys;
    struct endpoint sts;
    struct buf body;
    struct http_answer answer;
    struct reply reply;
    instant_us clock;
    bool is_refused; /* STS has answered, and not with keys: reply says how */
};

static enum err errand_run(struct errand *e, struct credentials *out, struct why *why)
{
    const instant_us now = e->in->now;
    e->clock = now;
    for (;;) {
        enum err err = sts_ask(e->in, &e->sts, &e->body, e->keys, e->clock, &e->answer, why);
        if (err)
            return err;
        if (sts_role_decode(e->role, e->answer.status, buf_text(&e->answer.body), out, &e->reply))
            return OK;
        /* The clock of STS when ours is too far off for a signature; otherwise now. */
        span_us difference = e->answer.server_date - now;
        bool is_far = difference > SKEW_US || difference < -SKEW_US;
        instant_us theirs = e->answer.server_date && is_far ? e->answer.server_date : now;
        e->is_refused = !e->keys || e->answer.status < 400 || theirs == now || e->clock != now;
        if (e->is_refused)
            return ERR_AUTH;
        e->clock = theirs;
    }
}

/* Refused */

static const char *way_out(const struct errand *e)
{
    struct text code = text_of(e->reply.code);
    if (text_eq(code, TEXT("AccessDenied")))
        return e->role->web_token.len
                   ? "; let the role's trust policy name the token's issuer and subject"
                   : "; allow the caller sts:AssumeRole, and name it (and external_id, if any) in "
                     "the role's trust policy";
    if (text_eq(code, TEXT("RegionDisabledException")))
        return "; activate STS for that Region in the account, or use another Region";
    if (text_starts(code, TEXT("ExpiredToken")))
        return "; get new ones and resume";
    return "";
}

static enum err refused(struct errand *e, const char *who, struct why *why)
{
    char caller[256] = "";
    const struct reply *r = &e->reply;
    if (r->how != REPLY_HTTP)
        return why_set(why, ERR_IO, "role " TEXT_FMT ": STS at %.200s: %s", TEXT_ARG(e->role->arn),
                       e->sts.host, r->message);
    if (e->keys) {
        /* Asks for the owner of the keys. GetCallerIdentity needs no permission. */
        size_t out_len = sizeof caller;
        struct buf body;
        snprintf(caller, out_len, CALLER_UNKNOWN);
        buf_init(&body, 256);
        sts_caller_encode(&body);
        if (sts_ask(e->in, &e->sts, &body, e->keys, e->clock, &e->answer, NULL) == OK)
            sts_caller_decode(e->answer.status, buf_text(&e->answer.body), caller, out_len);
        if (!caller[0])
            snprintf(caller, out_len, CALLER_UNKNOWN);
        buf_clear(&body);
    }
    return why_set(why, ERR_AUTH,
                   "role " TEXT_FMT " cannot be assumed by %s%s%s: STS says %s%s%.300s%s",
                   TEXT_ARG(e->role->arn), caller, caller[0] ? ", " : "", who, r->code,
                   r->code[0] ? ": " : "", r->message, way_out(e));
}

enum err role_assume(const struct provider_input *in, const struct sts_role *role,
                     const struct credentials *keys, const char *who, struct credentials *out,
                     struct why *why)
{
    struct errand e = {.in = in, .role = role, .keys = keys};
    enum err err = service_endpoint(in, CLIENT_STS, in->request->region, &e.sts, why);
    if (err)
        return err;
    err = provider_secret(in, role->external_id, why);
    if (!err)
        err = provider_secret(in, role->web_token, why);
    if (err)
        return err;
    http_answer_init(&e.answer);
    buf_init(&e.body, REQUEST_BODY_MAX);
    sts_role_encode(role, &e.body);
    err = errand_run(&e, out, why);
    if (e.is_refused)
        err = refused(&e, who, why);
    else if (err)
        why_wrap(why, err, "role " TEXT_FMT, TEXT_ARG(role->arn));
    buf_wipe(&e.body);
    http_answer_clear(&e.answer);
    return err;
}
