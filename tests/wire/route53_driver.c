/*
 * One JSON line in, one JSON line out, for route53_oracle.py: a call becomes its signed request, or
 * the body of an answer becomes what the program understands. Goes through the room's front door.
 */
#include "base/count.h"
#include "base/json_out.h"
#include "providers/providers.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANGES_MAX 16
#define VALUES_MAX  16

static const char *member(const cJSON *line, const char *name)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItem(line, name));
    return value ? value : "";
}

static uint32_t number(const cJSON *line, const char *name)
{
    return (uint32_t)cJSON_GetNumberValue(cJSON_GetObjectItem(line, name));
}

static const enum call_kind kinds[] = {CALL_ZONES, CALL_ZONE, CALL_RECORDS, CALL_CHANGE};

/* Sets and values of one line. */
static struct record_change changes[CHANGES_MAX];
static struct record_value values[CHANGES_MAX][2][VALUES_MAX];
static char bytes[CHANGES_MAX][2][VALUES_MAX][1024];

/* Data is in hexadecimal digits: any octets. */
static struct text data_read(const char *hex, char out[1024])
{
    size_t len = strlen(hex) / 2;
    for (size_t i = 0; i < len; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        out[i] = (char)strtoul(pair, NULL, 16);
    }
    return (struct text){out, len};
}

static void set_read(struct record_set *set, const cJSON *line, struct record_value *v,
                     char (*data)[1024])
{
    const cJSON *value;
    *set = (struct record_set){.name = text_of(member(line, "name")),
                               .type = (uint16_t)number(line, "type"),
                               .ttl_s = number(line, "ttl"),
                               .values = v};
    cJSON_ArrayForEach(value, cJSON_GetObjectItem(line, "values"))
    {
        v[set->len] =
            (struct record_value){.preference = (uint16_t)number(value, "preference"),
                                  .data = data_read(member(value, "data"), data[set->len]),
                                  .verbatim = text_of(member(value, "verbatim"))};
        set->len++;
    }
}

static void call_read(struct call *c, const cJSON *line)
{
    const cJSON *change;
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (strcmp(call_action(kinds[i], API_ROUTE53), member(line, "action")) == 0)
            c->kind = kinds[i];
    c->api = API_ROUTE53;
    c->zone = text_of(member(line, "zone"));
    c->zone_id = text_of(member(line, "zone_id"));
    c->name = text_of(member(line, "name"));
    c->token = text_of(member(line, "token"));
    c->changes = changes;
    cJSON_ArrayForEach(change, cJSON_GetObjectItem(line, "changes"))
    {
        uint32_t i = c->changes_len++;
        changes[i].kind = (enum change_kind)number(change, "kind");
        set_read(&changes[i].set, cJSON_GetObjectItem(change, "set"), values[i][0], bytes[i][0]);
        set_read(&changes[i].old, cJSON_GetObjectItem(change, "old"), values[i][1], bytes[i][1]);
    }
}

static void request_tell(struct json_out *j, const struct call *c, const cJSON *line)
{
    struct provider_at at = {.kind = PROVIDER_ROUTE53};
    struct credentials cred = {.expires = WHEN_NEVER};
    struct endpoint_settings there = {.url = text_of(member(line, "endpoint_url"))};
    struct aws_request r;
    struct why why = {""};
    instant_us now = 0;
    aws_request_init(&r);
    snprintf(cred.access_key_id, sizeof cred.access_key_id, "%s", member(line, "key_id"));
    snprintf(cred.secret_access_key, sizeof cred.secret_access_key, "%s", member(line, "secret"));
    snprintf(cred.session_token, sizeof cred.session_token, "%s", member(line, "session_token"));
    when_parse(text_of(member(line, "at")), &now);
    if (endpoint_make(&at.endpoint, TEXT("route53"), text_of(member(line, "region")), &there,
                      &why) == OK)
        provider_request_make(&r, c, &at, &cred, now, &why);
    json_add_text(j, "error", text_of(why.text));
    json_add_word(j, "method", r.method);
    json_add_text(j, "url", buf_text(&r.url));
    json_add_text(j, "body", buf_text(&r.body));
    json_add_array(j, "headers");
    for (uint32_t i = 0; i < r.headers_len; i++)
        json_add_text(j, NULL, buf_text(&r.headers[i]));
    json_end(j);
    aws_request_clear(&r);
}

static void hex_tell(struct json_out *j, const char *key, struct text t)
{
    struct buf hex;
    buf_init(&hex, 4u << 20);
    for (size_t i = 0; i < t.len; i++)
        buf_add_fmt(&hex, "%02x", (unsigned char)t.at[i]);
    json_add_text(j, key, buf_text(&hex));
    buf_clear(&hex);
}

static void sets_tell(struct json_out *j, const struct call *c)
{
    json_add_array(j, "sets");
    for (uint32_t i = 0; i < c->sets_len; i++) {
        const struct record_set *set = &c->sets[i];
        json_add_object(j, NULL);
        json_add_text(j, "name", set->name);
        json_add_u64(j, "type", set->type);
        json_add_u64(j, "ttl", set->ttl_s);
        json_add_bool(j, "special", set->is_special);
        json_add_array(j, "values");
        for (uint32_t k = 0; k < set->len; k++) {
            json_add_object(j, NULL);
            json_add_u64(j, "preference", set->values[k].preference);
            hex_tell(j, "data", set->values[k].data);
            hex_tell(j, "verbatim", set->values[k].verbatim);
            json_end(j);
        }
        json_end(j);
        json_end(j);
    }
    json_end(j);
}

static void zones_tell(struct json_out *j, const struct call *c)
{
    json_add_array(j, "zones");
    for (uint32_t i = 0; i < c->zones_len; i++) {
        const struct hosted_zone *zone = &c->zones[i];
        json_add_object(j, NULL);
        json_add_text(j, "id", zone->id);
        json_add_text(j, "name", zone->name);
        json_add_u64(j, "bar", zone->bar);
        json_add_array(j, "hosts");
        for (uint32_t k = 0; k < zone->hosts_len; k++)
            json_add_text(j, NULL, zone->hosts[k]);
        json_end(j);
        json_end(j);
    }
    json_end(j);
}

static void answer_tell(struct json_out *j, struct call *c, const cJSON *line)
{
    struct aws_reply reply = {.http_status = (int)number(line, "status"),
                              .body = text_of(member(line, "body"))};
    call_answer_reset(c);
    provider_reply_decode(c, &reply);
    json_add_bool(j, "garbled", c->reply.how == REPLY_GARBLED);
    json_add_text(j, "code", text_of(c->reply.code));
    json_add_text(j, "message", text_of(c->reply.message));
    json_add_text(j, "next", c->next_token);
    json_add_array(j, "faults");
    for (uint32_t i = 0; i < c->faults_len; i++)
        json_add_number(j, NULL, (int32_t)c->faults[i].change);
    json_end(j);
    sets_tell(j, c);
    zones_tell(j, c);
}

int main(void)
{
    static struct call call;
    char *at = NULL;
    size_t cap = 0;
    arena_init(&call.arena, HTTP_BODY_MAX * 4);
    while (getline(&at, &cap, stdin) > 0) {
        cJSON *line = cJSON_Parse(at);
        struct buf out;
        struct json_out j;
        if (!line)
            return 1;
        call.changes_len = 0;
        call_read(&call, line);
        buf_init(&out, 16u << 20);
        json_init(&j, &out);
        json_add_object(&j, NULL);
        if (cJSON_HasObjectItem(line, "body"))
            answer_tell(&j, &call, line);
        else
            request_tell(&j, &call, line);
        json_end(&j);
        buf_add_char(&out, '\n');
        fwrite(out.at, 1, out.len, stdout);
        buf_clear(&out);
        cJSON_Delete(line);
    }
    arena_clear(&call.arena);
    free(at);
    return 0;
}
