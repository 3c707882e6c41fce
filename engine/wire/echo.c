/* Hides repeated parts of the signed request in an answer. */
#include "echo.h"

#include "base/redact.h"

/* The signature belongs to this request alone, so no shared list has the value. */
static struct text signature_of(const struct aws_request *r)
{
    const struct text mark = TEXT("Signature=");
    for (uint32_t i = 0; i < r->headers_len; i++) {
        struct text line = buf_text(&r->headers[i]);
        size_t at = text_find_text(line, mark);
        if (text_starts(line, TEXT("Authorization:")) && at < line.len)
            return text_from(line, at + mark.len);
    }
    return TEXT_NONE;
}

bool echo_hide(struct buf *body, const struct aws_request *request, struct secrets *secrets)
{
    struct redactor own;
    if (body->len < REDACT_MIN) /* "{}": no piece of a secret is as short */
        return true;
    redactor_init(&own);
    bool good = redactor_add(&own, signature_of(request));
    if (good) {
        body->len = secrets_hide(secrets, body->at, body->len);
        body->len = redact(&own, body->at, body->len);
    }
    redactor_clear(&own);
    return good;
}
