/*
 * One JSON line in (a call, an endpoint, keys and an instant), one JSON line out (the signed
 * request), for sign_oracle.py. Goes through the room's front door, so that what is compared is
 * what would be sent.
 */
#include "aws/aws_request.h"
#include "base/escape.h"

#include "base/count.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum call_kind kind;
    enum api api;
} kinds[] = {
    {"GetIdentityVerificationAttributes", CALL_READ_VERIFICATION, API_V1},
    {"GetIdentityMailFromDomainAttributes", CALL_READ_MAIL_FROM, API_V1},
    {"GetIdentityNotificationAttributes", CALL_READ_NOTIFICATION, API_V1},
    {"ListIdentities", CALL_LIST, API_V1},
    {"SetIdentityMailFromDomain", CALL_SET, API_V1},
    {"GetAccountSendingEnabled", CALL_ACCOUNT, API_V1},
    {"GetSendQuota", CALL_QUOTA, API_V1},
    {"GetEmailIdentity", CALL_GET, API_V2},
    {"ListEmailIdentities", CALL_LIST, API_V2},
    {"PutEmailIdentityMailFromAttributes", CALL_SET, API_V2},
    {"GetAccount", CALL_ACCOUNT, API_V2},
    {"ListMultiRegionEndpoints", CALL_ENDPOINTS, API_V2},
    {"ListRecommendations", CALL_ADVICE, API_V2},
    {"GetCallerIdentity", CALL_CALLER, API_V1},
};

static const char *member(const cJSON *line, const char *name)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItem(line, name));
    return value ? value : "";
}

static void call_read(struct call *c, const cJSON *line)
{
    const cJSON *identity;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (strcmp(kinds[i].name, member(line, "action")) == 0) {
            c->kind = kinds[i].kind;
            c->api = kinds[i].api;
        }
    }
    cJSON_ArrayForEach(identity, cJSON_GetObjectItem(line, "identities"))
        c->identities[c->count++] = text_of(identity->valuestring);
    c->mail_from = text_of(member(line, "mail_from"));
    c->token = text_of(member(line, "next_token"));
    behavior_parse(text_of(member(line, "behavior")), &c->behavior);
}

static void answer(const struct aws_request *r, const struct why *why)
{
    struct buf out;
    buf_init(&out, 4u << 20);
    buf_add_str(&out, "{\"error\":");
    escape_json(&out, text_of(why->text));
    buf_add_fmt(&out, ",\"method\":\"%s\",\"url\":", r->method);
    escape_json(&out, buf_text(&r->url));
    buf_add_str(&out, ",\"body\":");
    escape_json(&out, buf_text(&r->body));
    buf_add_str(&out, ",\"headers\":[");
    for (uint32_t i = 0; i < r->headers_len; i++) {
        buf_add_str(&out, i ? "," : "");
        escape_json(&out, buf_text(&r->headers[i]));
    }
    buf_add_str(&out, "]}\n");
    fwrite(out.at, 1, out.len, stdout);
    buf_clear(&out);
}

static void line_sign(const cJSON *line)
{
    static struct call call;
    struct aws_endpoints at;
    struct credentials cred = {.expires = WHEN_NEVER};
    struct aws_request r;
    struct why why = {""};
    instant_us now = 0;
    memset(&call, 0, sizeof call);
    call_read(&call, line);
    aws_request_init(&r);
    snprintf(cred.access_key_id, sizeof cred.access_key_id, "%s", member(line, "key_id"));
    snprintf(cred.secret_access_key, sizeof cred.secret_access_key, "%s", member(line, "secret"));
    snprintf(cred.session_token, sizeof cred.session_token, "%s", member(line, "session_token"));
    when_parse(text_of(member(line, "at")), &now);
    struct text region = text_of(member(line, "region"));
    struct endpoint_settings there = {.url = text_of(member(line, "endpoint_url"))};
    if (endpoint_make(&at.ses, TEXT("ses"), region, &there, &why) == OK &&
        endpoint_make(&at.sts, TEXT("sts"), region, &there, &why) == OK) {
        at.sesv2 = at.ses;
        aws_request_make(&r, &call, &at, &cred, now, &why);
    }
    answer(&r, &why);
    aws_request_clear(&r);
}

int main(void)
{
    char *bytes = NULL;
    size_t cap = 0;
    while (getline(&bytes, &cap, stdin) > 0) {
        cJSON *line = cJSON_Parse(bytes);
        if (!line)
            return 1;
        line_sign(line);
        cJSON_Delete(line);
    }
    free(bytes);
    return 0;
}
