/* Gathers the parts of temporary keys, and wipes them. */
#include "key_fields.h"

#include "aws/json.h"
#include "aws/slip.h"

#include <string.h>

void credentials_wipe(struct credentials *c)
{
    explicit_bzero(c, sizeof *c);
}

static enum err field_fill(char *out, size_t out_len, struct text t, const char *what,
                           struct why *why)
{
    if (t.len >= out_len)
        return why_set(why, ERR_AUTH, "%s is longer than %zu characters", what, out_len - 1);
    if (slip_of(t))
        return why_set(why, ERR_AUTH, "%s: %s", what, slip_of(t));
    if (!text_is_visible(t))
        return why_set(why, ERR_AUTH,
                       "%s contains blanks or other characters that are not allowed in a key",
                       what);
    if (t.len)
        memcpy(out, t.at, t.len);
    out[t.len] = '\0';
    return OK;
}

enum err credentials_fill(struct credentials *out, struct text id, struct text secret,
                          struct text token, struct why *why)
{
    if (id.len == 0 || secret.len == 0)
        return why_set(why, ERR_AUTH, "%s without %s", id.len ? "an access key id" : "a secret key",
                       id.len ? "its secret access key" : "its access key id");
    enum err err =
        field_fill(out->access_key_id, sizeof out->access_key_id, id, "the access key id", why);
    if (!err)
        err = field_fill(out->secret_access_key, sizeof out->secret_access_key, secret,
                         "the secret access key", why);
    if (!err)
        err = field_fill(out->session_token, sizeof out->session_token, token, "the session token",
                         why);
    return err;
}

void key_fields_init(struct key_fields *f)
{
    for (unsigned i = 0; i < KEY_FIELDS; i++)
        buf_init(&f->texts[i], CREDENTIAL_TOKEN_LEN);
}

void key_fields_clear(struct key_fields *f)
{
    for (unsigned i = 0; i < KEY_FIELDS; i++)
        buf_wipe(&f->texts[i]);
}

void key_fields_put(struct key_fields *f, enum key_field field, struct text value)
{
    buf_reset(&f->texts[field]);
    buf_add_text(&f->texts[field], value);
}

enum err key_fields_take(const struct key_fields *f, struct credentials *out, struct why *why)
{
    struct text expiration = buf_text(&f->texts[KEY_FIELD_EXPIRATION]);
    for (unsigned i = 0; i < KEY_FIELDS; i++)
        if (f->texts[i].failed)
            return why_set(why, ERR_AUTH, "a part is longer than %d characters",
                           CREDENTIAL_TOKEN_LEN - 1);
    if (f->texts[KEY_FIELD_ID].len == 0 && f->texts[KEY_FIELD_SECRET].len == 0)
        return why_set(why, ERR_AUTH, "contains neither an access key id nor a secret key");
    out->expires = WHEN_NEVER;
    if (expiration.len && !when_parse(expiration, &out->expires))
        return why_set(why, ERR_AUTH, "the expiration is not a time like 2026-05-20T08:30:00Z");
    return credentials_fill(out, buf_text(&f->texts[KEY_FIELD_ID]),
                            buf_text(&f->texts[KEY_FIELD_SECRET]),
                            buf_text(&f->texts[KEY_FIELD_TOKEN]), why);
}

enum err key_json_read(struct text document, const char *token_name, struct credentials *out,
                       struct why *why)
{
    const char *const names[KEY_FIELDS] = {"AccessKeyId", "SecretAccessKey", token_name,
                                           "Expiration"};
    struct json *json = NULL;
    struct key_fields fields;
    struct text value;
    enum err err = json_parse(&json, document, why);
    key_fields_init(&fields);
    for (unsigned i = 0; !err && i < KEY_FIELDS; i++)
        if (json_text(json_member(json, names[i]), &value))
            key_fields_put(&fields, (enum key_field)i, value);
    if (!err)
        err = key_fields_take(&fields, out, why);
    key_fields_clear(&fields);
    json_wipe(json);
    return err;
}
