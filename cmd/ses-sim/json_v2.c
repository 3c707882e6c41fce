/*
 * Duty: SES v2, REST and JSON of 2019-09-27. Invariant: texts of requests reach an answer only
 * through the writer of JSON.
 */
#include "base/count.h"
#include "base/json_out.h"
#include "sim.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#define PAGE_DEFAULT 100

/* An address is good for sending when its domain is. */
static bool can_send(const struct ses_model *m, uint16_t lane, uint32_t id)
{
    uint32_t domain;
    struct text name = ses_model_name(m, id);
    if (ses_model_facts(m, id).verification == VERIFICATION_SUCCESS)
        return true;
    return identity_type_of(name) == IDENTITY_EMAIL_ADDRESS &&
           ses_model_find(m, lane, identity_domain(name), &domain) &&
           ses_model_facts(m, domain).verification == VERIFICATION_SUCCESS;
}

/* Reading one */

static void get_identity(struct sim *s, struct exchange *x)
{
    uint32_t id;
    struct json_out j;
    if (!ses_model_find(&s->model, x->lane, x->identities[0], &id)) {
        exchange_fail(x, 404, "NotFoundException", "Email identity " TEXT_FMT " does not exist.",
                      TEXT_ARG(x->identities[0]));
        return;
    }
    struct ses_facts facts = setting_read(s, x, id);
    struct text name = ses_model_name(&s->model, id);
    bool sends = can_send(&s->model, x->lane, id);
    json_init(&j, &x->out);
    json_add_object(&j, NULL);
    json_add_word(&j, "IdentityType", identity_type_name(identity_type_of(name)));
    json_add_bool(&j, "FeedbackForwardingStatus", facts.forwarding);
    json_add_bool(&j, "VerifiedForSendingStatus", sends);
    json_add_word(&j, "VerificationStatus", verification_name(facts.verification));
    json_add_object(&j, "DkimAttributes");
    bool is_off = facts.dkim == DKIM_DISABLED, has_keys = identity_type_of(name) == IDENTITY_DOMAIN;
    json_add_bool(&j, "SigningEnabled", facts.dkim == DKIM_SUCCESS);
    json_add_word(&j, "Status", dkim_status_name(is_off ? DKIM_SUCCESS : facts.dkim));
    json_add_array(&j, "Tokens");
    for (int i = 0; has_keys && i < DKIM_TOKENS; i++)
        json_add_text(&j, NULL, text_of(dkim_tokens[i]));
    json_end(&j);
    json_add_word(&j, "SigningAttributesOrigin", "AWS_SES");
    json_end(&j);
    json_add_object(&j, "MailFromAttributes");
    if (facts.mail_from.len) {
        json_add_text(&j, "MailFromDomain", facts.mail_from);
        json_add_word(&j, "MailFromDomainStatus", mail_from_status_name(facts.status));
    }
    json_add_word(&j, "BehaviorOnMxFailure", behavior_name(facts.behavior));
    json_end(&j);
    json_add_object(&j, "Policies");
    json_end(&j);
    /* "team=shop;stage=prod" */
    struct text tags = s->tags[id];
    json_add_array(&j, "Tags");
    while (tags.len) {
        struct text value = text_cut(&tags, ';'), key = text_cut(&value, '=');
        json_add_object(&j, NULL);
        json_add_text(&j, "Key", key);
        json_add_text(&j, "Value", value);
        json_end(&j);
    }
    json_end(&j);
    json_end(&j);
}

/* Writing one */

/* An absent or null member is NULL; one of another type is an error. */
static bool string_read(struct exchange *x, const cJSON *json, const char *name, const char **out)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(json, name);
    *out = cJSON_GetStringValue(member);
    if (member && !*out && !cJSON_IsNull(member))
        exchange_fail(x, 400, "SerializationException", "%s can not be converted to a String",
                      name);
    return !x->is_error;
}

static void put_with(struct sim *s, struct exchange *x, const cJSON *json)
{
    const char *domain, *word;
    enum behavior behavior = BEHAVIOR_USE_DEFAULT_VALUE;
    struct why why;
    if (!string_read(x, json, "MailFromDomain", &domain) ||
        !string_read(x, json, "BehaviorOnMxFailure", &word))
        return;
    x->is_write = true;
    x->mail_from = arena_text(&x->arena, text_of(domain));
    if (word && (!behavior_parse(text_of(word), &behavior) ||
                 !text_eq(text_of(word), text_of(behavior_name(behavior))))) {
        exchange_fail(x, 400, "BadRequestException",
                      "1 validation error detected: Value '%s' at 'behaviorOnMxFailure' failed to "
                      "satisfy constraint: Member must satisfy enum value set: [USE_DEFAULT_VALUE, "
                      "REJECT_MESSAGE]",
                      word);
        return;
    }
    x->behavior = behavior_name(behavior);
    enum ses_refusal refusal = setting_write(s, x, x->identities[0], behavior, &why);
    if (refusal == SES_NO_ROOM)
        exchange_trouble(x, TROUBLE_INTERNAL, why.text);
    else if (refusal != SES_ACCEPTED)
        exchange_fail(x, 400, "BadRequestException", "%s", why.text);
    else
        buf_add_str(&x->out, "{}");
}

static void put_mail_from(struct sim *s, struct exchange *x)
{
    struct text body = x->body.len ? x->body : TEXT("{}");
    cJSON *json = cJSON_ParseWithLength(body.at, body.len);
    if (cJSON_IsObject(json))
        put_with(s, x, json);
    else
        exchange_fail(x, 400, "SerializationException", "The body is not a JSON object.");
    cJSON_Delete(json);
}

/* Listing */

static void list_identities(struct sim *s, struct exchange *x)
{
    struct text size = query_get(x, "PageSize"), from = query_get(x, "NextToken");
    uint64_t max = 0;
    uint32_t cursor = 0, ids[SES_LIST_PAGE];
    char token[SES_TOKEN_LEN];
    struct json_out j;
    if (size.len && (!text_to_u64(size, &max) || max > SES_LIST_PAGE)) {
        exchange_fail(x, 400, "BadRequestException", "PageSize must be between 0 and 1000.");
        return;
    }
    if (from.len && !ses_token_parse(&s->model, x->lane, SES_ALL, from, &cursor)) {
        exchange_fail(x, 400, "InvalidNextTokenException", "The next token is not valid.");
        return;
    }
    uint32_t len = ses_model_list(&s->model, x->lane, SES_ALL, &cursor, ids,
                                  max ? (uint32_t)max : PAGE_DEFAULT);
    json_init(&j, &x->out);
    json_add_object(&j, NULL);
    json_add_array(&j, "EmailIdentities");
    for (uint32_t i = 0; i < len; i++) {
        uint32_t id = ids[i];
        struct text name = ses_model_name(&s->model, id);
        json_add_object(&j, NULL);
        json_add_word(&j, "IdentityType", identity_type_name(identity_type_of(name)));
        json_add_text(&j, "IdentityName", name);
        json_add_bool(&j, "SendingEnabled", can_send(&s->model, x->lane, id));
        json_add_word(&j, "VerificationStatus",
                      verification_name(ses_model_facts(&s->model, id).verification));
        json_end(&j);
    }
    json_end(&j);
    if (cursor)
        json_add_word(&j, "NextToken", ses_token_make(x->lane, SES_ALL, cursor, token));
    json_end(&j);
}

static void get_account(struct sim *s, struct exchange *x)
{
    bool in_sandbox = text_eq(x->state, TEXT("sandbox"));
    struct json_out j;
    json_init(&j, &x->out);
    json_add_object(&j, NULL);
    json_add_bool(&j, "DedicatedIpAutoWarmupEnabled", false);
    json_add_word(&j, "EnforcementStatus", "HEALTHY");
    json_add_bool(&j, "ProductionAccessEnabled", !in_sandbox);
    json_add_object(&j, "SendQuota");
    json_add_fixed(&j, "Max24HourSend", in_sandbox ? 200 : 50000, 1);
    json_add_fixed(&j, "MaxSendRate", in_sandbox ? 1 : 14, 1);
    json_add_fixed(&j, "SentLast24Hours", 0, 1);
    json_end(&j);
    json_add_bool(&j, "SendingEnabled", !text_eq(x->state, TEXT("disabled")));
    json_add_object(&j, "VdmAttributes");
    json_add_word(&j, "VdmEnabled", advice_has_advisor(s, x) ? "ENABLED" : "DISABLED");
    json_end(&j);
    json_end(&j);
}

/* Recommendations */

static bool filter_read(struct exchange *x, const cJSON *filter, struct advice_wish *w)
{
    const struct {
        const char *key, **value;
    } keys[] = {{"TYPE", &w->type},
                {"IMPACT", &w->impact},
                {"STATUS", &w->status},
                {"RESOURCE_ARN", &w->resource}};
    int known = 0;
    for (size_t i = 0; i < COUNT(keys); i++) {
        *keys[i].value =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(filter, keys[i].key));
        known += *keys[i].value != NULL;
    }
    bool is_pair = !w->resource && w->status && (w->impact || w->type);
    bool is_good = known <= 1 || (known == 2 && is_pair);
    if (filter && (!is_good || known == 0 || known != cJSON_GetArraySize(filter)))
        exchange_fail(x, 400, "BadRequestException",
                      "The filter must be one of TYPE, IMPACT, STATUS and RESOURCE_ARN, or STATUS "
                      "with IMPACT or TYPE.");
    return !x->is_error;
}

static bool wish_read(struct exchange *x, const cJSON *body, struct advice_wish *w)
{
    const cJSON *size = cJSON_GetObjectItemCaseSensitive(body, "PageSize");
    const char *token = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "NextToken"));
    *w = (struct advice_wish){.max = SES_ADVICE_PAGE};
    if (size &&
        (!cJSON_IsNumber(size) || size->valuedouble < 1 || size->valuedouble > SES_ADVICE_PAGE)) {
        exchange_fail(x, 400, "BadRequestException", "PageSize must be between 1 and 100.");
        return false;
    }
    if (size)
        w->max = (uint64_t)size->valuedouble;
    return filter_read(x, cJSON_GetObjectItemCaseSensitive(body, "Filter"), w) &&
           advice_token(x, text_of(token), &w->from);
}

static void list_recommendations(struct sim *s, struct exchange *x)
{
    struct text bytes = x->body.len ? x->body : TEXT("{}");
    cJSON *body = cJSON_ParseWithLength(bytes.at, bytes.len);
    struct advice_wish w;
    if (!cJSON_IsObject(body))
        exchange_fail(x, 400, "SerializationException", "The body is not a JSON object.");
    else if (wish_read(x, body, &w))
        advice_write(s, x, &w);
    cJSON_Delete(body);
}

/* Routes */

static const struct route put_route = {"PutEmailIdentityMailFromAttributes", put_mail_from,
                                       SES_PUT_V2};
static const struct route get_route = {"GetEmailIdentity", get_identity, SES_GET_V2};
static const struct route list_route = {"ListEmailIdentities", list_identities, SES_LIST_V2};
static const struct route account_route = {"GetAccount", get_account, SES_ACCOUNT_V2};
static const struct route endpoints_route = {"ListMultiRegionEndpoints", list_endpoints,
                                             SES_ENDPOINTS_V2};
static const struct route advice_route = {"ListRecommendations", list_recommendations,
                                          SES_ADVICE_V2};

static const struct route *route_find(struct exchange *x)
{
    struct text rest = x->path;
    bool get = text_eq(x->method, TEXT("GET")), put = text_eq(x->method, TEXT("PUT"));
    if (get && text_eq(rest, TEXT("/v2/email/account")))
        return &account_route;
    if (get && text_eq(rest, TEXT("/v2/email/identities")))
        return &list_route;
    if (get && text_eq(rest, TEXT("/v2/email/multi-region-endpoints")))
        return &endpoints_route;
    if (text_eq(x->method, TEXT("POST")) && text_eq(rest, TEXT("/v2/email/vdm/recommendations")))
        return &advice_route;
    if (!text_starts(rest, TEXT("/v2/email/identities/")))
        return NULL;
    rest = text_from(rest, sizeof "/v2/email/identities/" - 1);
    struct text label = text_cut(&rest, '/');
    /* {identity} of the path, decoded: one label, whatever slashes it has when encoded. */
    struct text *identity = ARENA_NEW(&x->arena, struct text);
    if (!identity)
        return NULL;
    *identity = percent_decode(label, false, &x->arena);
    exchange_names(x, identity, 1);
    if (identity->len == 0)
        return NULL;
    if (get && !rest.at)
        return &get_route;
    return put && text_eq(rest, TEXT("mail-from")) ? &put_route : NULL;
}

const struct route *v2_route(struct exchange *x)
{
    const struct route *route = route_find(x);
    x->content_type = "application/json";
    if (route)
        x->action = route->action;
    else
        exchange_fail(x, 404, "UnknownOperationException", "There is nothing here.");
    return route;
}
