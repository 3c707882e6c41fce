#include "seal.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct seal {
    EVP_MD_CTX *context;
    bool failed;
};

struct seal *seal_new(void)
{
    struct seal *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->context = EVP_MD_CTX_new();
    if (s->context && EVP_DigestInit_ex(s->context, EVP_sha256(), NULL) == 1)
        return s;
    seal_free(s);
    return NULL;
}

void seal_free(struct seal *s)
{
    if (s)
        EVP_MD_CTX_free(s->context);
    free(s);
}

void seal_add(struct seal *s, struct text bytes)
{
    if (bytes.len && EVP_DigestUpdate(s->context, bytes.at, bytes.len) != 1)
        s->failed = true;
}

void seal_take(struct seal *s, char hex[SEAL_HEX_LEN])
{
    unsigned char digest[32];
    if (EVP_DigestFinal_ex(s->context, digest, NULL) == 1 && !s->failed)
        hex_write(digest, sizeof digest, hex);
    else
        hex[0] = '\0';
}

void hex_write(const unsigned char *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_read(struct text hex, unsigned char *out, size_t len)
{
    if (hex.len != 2 * len)
        return false;
    for (size_t i = 0; i < len; i++) {
        int high = digit_of(hex.at[2 * i]), low = digit_of(hex.at[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}
