/* Version 1 of the SES API and STS: answers in XML; and the same bytes as parts of a request. */
#include "fuzz.h"
#include "ses_answers.h"

#include "aws/ses_v1.h"
#include "aws/sts.h"

/* Whatever a name is, it stays inside its parameter. */
static void request_make(enum call_kind kind, struct text name)
{
    struct call *c = calloc(1, sizeof *c);
    struct buf body;
    struct why why;
    assert(c);
    buf_init(&body, REQUEST_BODY_MAX);
    c->kind = kind;
    c->count = 1;
    c->identities[0] = c->token = c->mail_from = text_slice(name, 0, NAME_LEN_MAX);
    enum err err = kind == CALL_CALLER ? sts_encode(c, &body, &why) : ses_v1_encode(c, &body, &why);
    assert(err != OK || (body.len > 0 && is_percent_encoded(buf_text(&body), "=&")));
    buf_clear(&body);
    free(c);
}

/* A role that is assumed: keys that can be sent come out, or none. */
static void role_is_judged(struct text answer, int status)
{
    struct sts_role role = {.arn = TEXT("arn:aws:iam::111122223333:role/r"),
                            .session_name = TEXT("mailfrom"),
                            .external_id = text_slice(answer, 0, NAME_LEN_MAX),
                            .web_token = answer.len % 2 ? TEXT("token") : TEXT_NONE};
    struct credentials *keys = calloc(1, sizeof *keys);
    struct reply reply;
    struct buf body;
    char arn[256];
    assert(keys);
    buf_init(&body, REQUEST_BODY_MAX);
    sts_role_encode(&role, &body);
    assert(!body.failed && is_percent_encoded(buf_text(&body), "=&"));
    if (sts_role_decode(&role, status, answer, keys, &reply))
        assert(status == 200 && keys->access_key_id[0] && keys->secret_access_key[0]);
    sts_caller_decode(status, answer, arn, sizeof arn);
    assert(memchr(arn, '\0', sizeof arn));
    buf_reset(&body);
    sts_caller_encode(&body);
    assert(is_percent_encoded(buf_text(&body), "=&"));
    credentials_wipe(keys);
    free(keys);
    buf_clear(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 2)
        return 0;
    struct text body = {(const char *)bytes + 2, len - 2};
    enum call_kind kind = (enum call_kind)(bytes[0] % CALL_ASK);
    int status = bytes[1] % 2 ? 200 : 400;
    answer_is_judged(kind, API_V1, status, body);
    request_make(kind, body);
    if (kind == CALL_CALLER)
        role_is_judged(body, status);
    return 0;
}
