/* The only file of this room that knows OpenSSL. */
#include "sha.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static void hex_write(const unsigned char *hash, unsigned len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (unsigned i = 0; i < len; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[2 * len] = '\0';
}

void sha256_write(const sha256_t hash, char out[SHA_HEX_LEN])
{
    hex_write(hash, SHA256_BYTES, out);
}

static bool hex_of(struct text t, const EVP_MD *md, char out[SHA_HEX_LEN])
{
    sha256_t hash;
    unsigned len = 0;
    if (EVP_Digest(t.len ? t.at : "", t.len, hash, &len, md, NULL) != 1)
        return false;
    hex_write(hash, len, out);
    return true;
}

bool sha256_hex(struct text t, char out[SHA_HEX_LEN])
{
    return hex_of(t, EVP_sha256(), out);
}

bool sha1_hex(struct text t, char out[SHA_HEX_LEN])
{
    return hex_of(t, EVP_sha1(), out);
}

bool sha256_hmac(const void *key, size_t key_len, struct text t, sha256_t out)
{
    assert(key_len <= INT32_MAX);
    unsigned len = SHA256_BYTES;
    return HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)t.at, t.len, out, &len);
}
