/*
 * JSON that sources of credentials send or keep: programs, containers, instances, and the cache of
 * "aws sso login". The same bytes as each of them.
 */
#include "fuzz.h"

#include "aws/credentials/key_fields.h"
#include "aws/credentials/sso_token.h"
#include "aws/json.h"
#include "base/bounds.h"
#include "base/count.h"
#include "base/escape.h"

static void value_is_sound(const struct json *value, unsigned depth)
{
    static const char *const names[] = {"AccessKeyId", "SecretAccessKey", "Token", "Version", "a"};
    struct text text;
    double number;
    bool truth;
    unsigned kinds = json_is_object(value) + json_is_array(value);
    assert(depth <= JSON_DEPTH_MAX);
    if (json_text(value, &text)) {
        kinds++;
        assert(text.len == 0 || !memchr(text.at, '\0', text.len));
    }
    kinds += json_number(value, &number);
    kinds += json_bool(value, &truth);
    assert(kinds <= 1);
    for (const struct json *e = json_first(value); e; e = json_next(e))
        value_is_sound(e, depth + 1);
    for (size_t i = 0; i < COUNT(names); i++)
        if (json_member(value, names[i]))
            value_is_sound(json_member(value, names[i]), depth + 1);
}

static void document_is_sound(struct text document)
{
    struct json *json = NULL;
    struct why why = {""};
    if (json_parse(&json, document, &why) == OK)
        value_is_sound(json, 0);
    else
        assert(why.text[0] && !json);
    json_free(json);
}

/* They become HTTP headers. */
static bool is_visible(const char *t)
{
    for (; *t; t++)
        if (*t <= ' ' || *t > '~')
            return false;
    return true;
}

static void keys_are_sound(struct text document, const char *token_name)
{
    struct credentials *c = calloc(1, sizeof *c);
    struct why why = {""};
    assert(c);
    if (key_json_read(document, token_name, c, &why) == OK) {
        assert(c->access_key_id[0] && c->secret_access_key[0]);
        assert(is_visible(c->access_key_id) && is_visible(c->secret_access_key));
        assert(is_visible(c->session_token) && c->expires > 0);
    } else {
        assert(why.text[0] && fuzz_is_printable(text_of(why.text)));
    }
    credentials_wipe(c);
    free(c);
}

/* What was read is written so that it is read again. */
static void token_comes_back(const struct sso_token *t)
{
    struct sso_token again;
    struct buf out;
    struct why why = {""};
    sso_token_init(&again);
    buf_init(&out, 1u << 20);
    sso_token_write(t, &out);
    assert(!out.failed && sso_token_parse(&again, buf_text(&out), &why) == OK);
    assert(again.expires / SPAN_S(1) == t->expires / SPAN_S(1));
    for (unsigned i = 0; i < SSO_FIELDS; i++)
        assert(!utf8_is(buf_text(&t->texts[i])) ||
               text_eq(buf_text(&again.texts[i]), buf_text(&t->texts[i])));
    buf_clear(&out);
    sso_token_clear(&again);
}

static void token_is_sound(struct text document)
{
    struct sso_token t;
    struct why why = {""};
    sso_token_init(&t);
    if (sso_token_parse(&t, document, &why) == OK) {
        token_comes_back(&t);
        if (sso_token_renew(&t, document, SPAN_H(1), &why) == OK)
            assert(t.expires > SPAN_H(1));
    } else {
        assert(why.text[0] && fuzz_is_printable(text_of(why.text)));
    }
    sso_token_clear(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text document = {(const char *)bytes, len};
    document_is_sound(document);
    keys_are_sound(document, "Token");
    keys_are_sound(document, "SessionToken");
    token_is_sound(document);
    return 0;
}
