/* A file with a key for TSIG, in any of the three ways to write one. */
#include "fuzz.h"

#include "providers/tsig_key.h"

#include <stdio.h>

static void base64_write(const uint8_t *at, size_t len, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        uint32_t three = (uint32_t)at[i] << 16 | (i + 1 < len ? (uint32_t)at[i + 1] << 8 : 0) |
                         (i + 2 < len ? at[i + 2] : 0);
        for (unsigned j = 0; j < 4; j++)
            *out++ = i + j <= len ? digits[three >> (18 - 6 * j) & 63] : '=';
    }
    *out = '\0';
}

/* What was read is the same key when it is written in one line. */
static void key_is_sound(const struct tsig_key *key)
{
    char line[600], secret[4 * TSIG_SECRET_MAX / 3 + 5];
    struct tsig_key again;
    struct why why = {""};
    assert(key->secret_len >= 1 && key->secret_len <= TSIG_SECRET_MAX);
    assert(key->name[0] && text_is_visible(text_of(key->name)));
    assert(text_starts(text_of(key->algorithm), TEXT("hmac-sha")));
    if (strpbrk(key->name, ":{};\"#/")) /* which no word of a line holds */
        return;
    base64_write(key->secret, key->secret_len, secret);
    snprintf(line, sizeof line, "%s:%s:%s\n", key->algorithm, key->name, secret);
    assert(tsig_key_parse(&again, TEXT("line"), text_of(line), &why) == OK);
    assert(memcmp(key, &again, sizeof again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct tsig_key nothing;
    struct tsig_key key;
    struct why why = {""};
    if (tsig_key_parse(&key, TEXT("tsig.key"), (struct text){(const char *)bytes, len}, &why) ==
        OK) {
        key_is_sound(&key);
    } else {
        assert(memcmp(&key, &nothing, sizeof key) == 0);
        assert(text_starts(text_of(why.text), TEXT("tsig.key:")) &&
               fuzz_is_printable(text_of(why.text)));
    }
    return 0;
}
