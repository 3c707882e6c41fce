/* Version 1 of the SES API and STS: answers in XML; and the same bytes as parts of a request. */
#include "fuzz.h"
#include "ses_answers.h"

#include "ses_v1.h"
#include "sts.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 2)
        return 0;
    struct text body = {(const char *)bytes + 2, len - 2};
    enum call_kind kind = (enum call_kind)(bytes[0] % CALL_ASK);
    answer_is_judged(kind, API_V1, bytes[1] % 2 ? 200 : 400, body);
    request_make(kind, body);
    return 0;
}
