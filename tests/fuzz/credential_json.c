/* JSON from outside, as the sources of credentials and version 2 of SES send it. */
#include "fuzz.h"

#include "json.h"
#include "limits.h"

static void value_is_sound(const struct json *value, unsigned depth)
{
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
    static const char *const names[] = {"AccessKeyId", "SecretAccessKey", "Token", "Version", "a"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (json_member(value, names[i]))
            value_is_sound(json_member(value, names[i]), depth + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct json *json = NULL;
    struct why why = {""};
    if (json_parse(&json, (struct text){(const char *)bytes, len}, &why) == OK)
        value_is_sound(json, 0);
    else
        assert(why.text[0] && !json);
    json_free(json);
    return 0;
}
