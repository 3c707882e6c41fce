/* Version 2 of the SES API: answers in JSON; and the same bytes as parts of a request. */
#include "fuzz.h"
#include "ses_answers.h"

#include "aws/json.h"
#include "aws/ses_v2.h"
#include "base/escape.h"

/* What was written is what a reader finds. */
static void body_is_sound(const struct call *c, struct text body)
{
    struct json *json;
    struct text found;
    assert(json_parse(&json, body, NULL) == OK);
    if (json_text(json_member(json, "MailFromDomain"), &found))
        assert(text_eq(found, c->mail_from));
    json_free(json);
}

static void request_make(enum call_kind kind, struct text name)
{
    struct call *c = calloc(1, sizeof *c);
    struct buf path, query, body;
    const char *method;
    struct why why;
    assert(c);
    buf_init(&path, REQUEST_BODY_MAX);
    buf_init(&query, REQUEST_BODY_MAX);
    buf_init(&body, REQUEST_BODY_MAX);
    c->kind = kind;
    c->api = API_V2;
    c->count = 1;
    c->identities[0] = c->token = c->mail_from = text_slice(name, 0, NAME_LEN_MAX);
    if (ses_v2_encode(c, &method, &path, &query, &body, &why) == OK) {
        assert(path.len > 0 && path.at[0] == '/' && is_percent_encoded(buf_text(&path), "/"));
        assert(is_percent_encoded(buf_text(&query), "=&"));
        if (body.len && utf8_is(c->mail_from))
            body_is_sound(c, buf_text(&body));
    }
    buf_clear(&path);
    buf_clear(&query);
    buf_clear(&body);
    free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 2)
        return 0;
    struct text body = {(const char *)bytes + 2, len - 2};
    enum call_kind kind = (enum call_kind)(bytes[0] % CALL_ASK);
    answer_is_judged(kind, API_V2, bytes[1] % 2 ? 200 : 400, body);
    request_make(kind, body);
    return 0;
}
