/* Route 53: answers in XML; and the same bytes as a value that is created. */
#include "fuzz.h"
#include "provider_answers.h"

#include "aws/xml.h"
#include "base/quoted.h"

/* What was written is what a reader finds. */
static void on_element(void *user, struct text path, struct text content)
{
    const struct text *data = user;
    struct buf raw;
    if (!text_ends(path, TEXT("/ResourceRecord/Value")))
        return;
    buf_init(&raw, 1u << 20);
    assert(quoted_read(&raw, content, QUOTED_OCTAL));
    assert(text_eq(buf_text(&raw), *data));
    buf_clear(&raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 2)
        return 0;
    struct text data = {(const char *)bytes + 2, len - 2};
    struct xml_sink sink = {&data, on_element};
    struct buf body;
    provider_answer_is_judged(API_ROUTE53, bytes, len);
    buf_init(&body, 1u << 20);
    if (provider_body_make(API_ROUTE53, data, &body))
        assert(xml_read(buf_text(&body), &sink, NULL) == OK);
    buf_clear(&body);
    return 0;
}
