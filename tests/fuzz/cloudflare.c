/* Cloudflare: answers in JSON; and the same bytes as a value that is created. */
#include "fuzz.h"
#include "provider_answers.h"

#include "aws/json.h"
#include "base/quoted.h"

/* What was written is what a reader finds. */
static void body_is_sound(struct text body, struct text data)
{
    struct json *json;
    struct text content;
    struct buf raw;
    assert(json_parse(&json, body, NULL) == OK);
    assert(json_text(json_member(json_first(json_member(json, "posts")), "content"), &content));
    buf_init(&raw, 1u << 20);
    assert(quoted_read(&raw, content, QUOTED_DECIMAL));
    assert(text_eq(buf_text(&raw), data));
    buf_clear(&raw);
    json_free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 2)
        return 0;
    struct text data = {(const char *)bytes + 2, len - 2};
    struct buf body;
    provider_answer_is_judged(API_CLOUDFLARE, bytes, len);
    buf_init(&body, 1u << 20);
    if (provider_body_make(API_CLOUDFLARE, data, &body))
        body_is_sound(buf_text(&body), data);
    buf_clear(&body);
    return 0;
}
