/* GetCallerIdentity, AssumeRole and AssumeRoleWithWebIdentity, asked and read. */
#include "sts.h"

#include "aws/credentials/key_fields.h"
#include "base/count.h"
#include "model/arn.h"
#include "query.h"
#include "reply.h"

#include <assert.h>

#define CALLER  "GetCallerIdentity"
#define VERSION "2011-06-15"

void sts_caller_encode(struct buf *body)
{
    query_begin(body, CALLER, VERSION);
}

enum err sts_encode(const struct call *c, struct buf *body, struct why *why)
{
    assert(c->kind == CALL_CALLER);
    sts_caller_encode(body);
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
    c->account = (struct account_facts){0};
    bool ok = query_decode(&c->reply, http_status, body, CALLER, on_member, c);
    if (ok && account_id_is(c->account.caller_account))
        return;
    c->account = (struct account_facts){0}; /* members before the fault may have been stored */
    if (ok)
        reply_garble(&c->reply, "the answer of " CALLER " has no account number");
}

struct caller_arn {
    char *out;
    size_t out_len;
};

static void on_arn(void *user, struct text path, struct text content)
{
    const struct caller_arn *arn = user;
    if (text_eq(path, TEXT("Arn")))
        reply_put(arn->out, arn->out_len, content);
}

void sts_caller_decode(int http_status, struct text body, char *out, size_t out_len)
{
    struct caller_arn arn = {out, out_len};
    struct reply reply;
    out[0] = '\0';
    query_decode(&reply, http_status, body, CALLER, on_arn, &arn);
}

/* Roles */

static const char *action_of(const struct sts_role *role)
{
    return role->web_token.len ? "AssumeRoleWithWebIdentity" : "AssumeRole";
}

static void add_if(struct buf *body, const char *name, struct text value)
{
    if (value.len)
        query_add(body, name, value);
}

void sts_role_encode(const struct sts_role *role, struct buf *body)
{
    query_begin(body, action_of(role), VERSION);
    add_if(body, "RoleArn", role->arn);
    add_if(body, "RoleSessionName", role->session_name);
    add_if(body, "ExternalId", role->external_id);
    add_if(body, "DurationSeconds", role->duration_s);
    add_if(body, "WebIdentityToken", role->web_token);
}

static void on_key(void *user, struct text path, struct text content)
{
    static const struct {
        const char *path;
        enum key_field field;
    } fields[] = {
        {"Credentials/AccessKeyId", KEY_FIELD_ID},
        {"Credentials/SecretAccessKey", KEY_FIELD_SECRET},
        {"Credentials/SessionToken", KEY_FIELD_TOKEN},
        {"Credentials/Expiration", KEY_FIELD_EXPIRATION},
    };
    for (size_t i = 0; i < COUNT(fields); i++)
        if (text_eq(path, text_of(fields[i].path)))
            key_fields_put(user, fields[i].field, content);
}

bool sts_role_decode(const struct sts_role *role, int http_status, struct text body,
                     struct credentials *out, struct reply *reply)
{
    struct key_fields fields;
    struct why why = {""};
    key_fields_init(&fields);
    bool good = query_decode(reply, http_status, body, action_of(role), on_key, &fields);
    if (good && (key_fields_take(&fields, out, &why) != OK || out->expires == WHEN_NEVER ||
                 !out->session_token[0])) {
        reply_garble(reply, "the answer of %s has no whole credentials%s%s", action_of(role),
                     why.text[0] ? ": " : "", why.text);
        good = false;
    }
    key_fields_clear(&fields);
    return good;
}
