/* Turns a call into a function call of the SES model, and the result into a reply. */
#include "ses_door.h"

#include "ses_internal.h"

#include <stdio.h>

static enum ses_action action_of(const struct call *call)
{
    bool v2 = call->api == API_V2;
    switch (call->kind) {
    case CALL_READ_VERIFICATION: return SES_READ_VERIFICATION;
    case CALL_READ_MAIL_FROM: return SES_READ_MAIL_FROM;
    case CALL_READ_NOTIFICATION: return SES_READ_NOTIFICATION;
    case CALL_READ_DKIM: return SES_READ_DKIM;
    case CALL_GET: return SES_GET_V2;
    case CALL_LIST: return v2 ? SES_LIST_V2 : SES_LIST_V1;
    case CALL_ACCOUNT: return v2 ? SES_ACCOUNT_V2 : SES_SENDING_ENABLED;
    case CALL_QUOTA: return SES_SEND_QUOTA;
    case CALL_ENDPOINTS: return SES_ENDPOINTS_V2;
    case CALL_ADVICE: return SES_ADVICE_V2;
    default: return v2 ? SES_PUT_V2 : SES_SET_V1;
    }
}

void ses_door_refuse(struct call *call, unsigned status, const char *code, const char *message)
{
    call->reply.how = REPLY_HTTP;
    call->reply.http_status = (uint16_t)status;
    snprintf(call->reply.code, sizeof call->reply.code, "%s", code);
    snprintf(call->reply.message, sizeof call->reply.message, "%s", message);
}

static void get(struct ses_model *m, uint16_t lane, struct call *call)
{
    uint32_t id;
    if (ses_model_find(m, lane, call->identities[0], &id))
        call->facts[0] = ses_model_facts(m, id);
    else
        ses_door_refuse(call, 404, "NotFoundException", "Email identity does not exist.");
}

static void set(struct ses_model *m, uint16_t lane, struct call *call, instant_us now)
{
    struct why why = {""};
    enum ses_refusal refusal =
        ses_model_set(m, lane, call->identities[0], call->mail_from, call->behavior, now, &why);
    if (refusal != SES_ACCEPTED)
        ses_door_refuse(call, 400,
                        call->api == API_V2 ? "BadRequestException" : "InvalidParameterValue",
                        why.text);
}

static void list(struct ses_model *m, uint16_t lane, struct call *call)
{
    uint32_t cursor = 0, ids[SES_LIST_PAGE];
    char token[SES_TOKEN_LEN];
    if (call->token.len && !ses_token_parse(m, lane, SES_ALL, call->token, &cursor)) {
        ses_door_refuse(call, 400, "InvalidNextTokenException", "The token is not valid.");
        return;
    }
    call->listed_len = ses_model_list(m, lane, SES_ALL, &cursor, ids, SES_LIST_PAGE);
    call->listed = ARENA_ARRAY(&call->arena, struct text, call->listed_len + 1);
    if (call->api == API_V2)
        call->listed_verified = ARENA_ARRAY(&call->arena, uint8_t, call->listed_len + 1);
    for (uint32_t i = 0; i < call->listed_len; i++) {
        call->listed[i] = ses_model_name(m, ids[i]);
        if (call->listed_verified)
            call->listed_verified[i] = (uint8_t)(ses_model_facts(m, ids[i]).verification + 1);
    }
    if (cursor)
        call->next_token =
            arena_text(&call->arena, text_of(ses_token_make(lane, SES_ALL, cursor, token)));
}

/* Each account with several Regions has one global endpoint, through its first two. */
static void endpoints(const struct ses_model *m, uint16_t lane, struct call *call)
{
    uint32_t first = 0, second = lane + 1u;
    while (m->lanes[first].account != m->lanes[lane].account)
        first++;
    while (second < m->lanes_len && m->lanes[second].account != m->lanes[lane].account)
        second++;
    call->endpoints = ARENA_ARRAY(&call->arena, struct global_endpoint, 1);
    if (!m->rules.has_advice || first != lane || second >= m->lanes_len || !call->endpoints)
        return;
    call->endpoints[call->endpoints_len++] =
        (struct global_endpoint){.name = TEXT("simulated"),
                                 .status = TEXT("READY"),
                                 .regions = {names_text(&m->names, m->lanes[first].region),
                                             names_text(&m->names, m->lanes[second].region)}};
}

/* The first identity has something to be mended. */
static void recommendations(struct ses_model *m, uint16_t lane, struct call *call)
{
    uint32_t cursor = 0, id;
    call->advice = ARENA_ARRAY(&call->arena, struct recommendation, 1);
    if (call->advice && ses_model_list(m, lane, SES_ALL, &cursor, &id, 1))
        call->advice[call->advice_len++] = (struct recommendation){
            .type = ADVISOR_SPF, .identity = ses_model_name(m, id), .description = TEXT("SPF1")};
}

void ses_door_serve(struct ses_model *m, uint16_t lane, struct call *call, instant_us now)
{
    call->reply.how = REPLY_HTTP;
    call->reply.http_status = 200;
    if (call->kind == CALL_CALLER) {
        /* STS is no part of SES and has no bucket here. The name of an account is its number. */
        struct text account = names_text(&m->names, m->lanes[lane].account);
        call->account.caller_account = account;
        call->account.caller_arn =
            arena_fmt(&call->arena, "arn:aws:iam::" TEXT_FMT ":user/simulated", TEXT_ARG(account));
        return;
    }
    if (!ses_model_admit(m, lane, action_of(call), now)) {
        bool v2 = call->api == API_V2;
        ses_door_refuse(call, v2 ? 429 : 400, v2 ? "TooManyRequestsException" : "Throttling",
                        "Rate exceeded");
        return;
    }
    switch (call->kind) {
    case CALL_SET: set(m, lane, call, now); break;
    case CALL_GET: get(m, lane, call); break;
    case CALL_LIST: list(m, lane, call); break;
    case CALL_ENDPOINTS: endpoints(m, lane, call); break;
    case CALL_ADVICE: recommendations(m, lane, call); break;
    case CALL_READ_VERIFICATION:
    case CALL_READ_MAIL_FROM:
    case CALL_READ_NOTIFICATION:
    case CALL_READ_DKIM:
        for (uint32_t i = 0; i < call->count; i++) {
            static const unsigned known[] = {[CALL_READ_VERIFICATION] = KNOWN_VERIFICATION,
                                             [CALL_READ_MAIL_FROM] = KNOWN_MAIL_FROM,
                                             [CALL_READ_NOTIFICATION] = KNOWN_FORWARDING,
                                             [CALL_READ_DKIM] = KNOWN_DKIM};
            uint32_t id;
            call->facts[i] = (struct ses_facts){0};
            if (ses_model_find(m, lane, call->identities[i], &id))
                call->facts[i] = ses_model_facts(m, id);
            else
                call->facts[i].left_out = call->kind == CALL_READ_MAIL_FROM;
            call->facts[i].known = known[call->kind];
        }
        break;
    default:
        call->account =
            (struct account_facts){.sending_enabled = true,
                                   .production_access = true,
                                   .has_advisor = m->rules.has_advice && call->api == API_V2};
        break;
    }
}
