/* SHA-256 by OpenSSL; no other file of the program hashes with OpenSSL. */
#include "sha256.h"

#include "base/hex.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

struct sha256 {
    EVP_MD_CTX *context;
    EVP_MAC_CTX *mac; /* made at first use */
    bool failed;
};

/* A context that is started again without an algorithm keeps the one that it has looked up. */
static void start(struct sha256 *s, const EVP_MD *md)
{
    s->failed = EVP_DigestInit_ex(s->context, md, NULL) != 1;
}

struct sha256 *sha256_new(void)
{
    struct sha256 *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->context = EVP_MD_CTX_new();
    if (s->context)
        start(s, EVP_sha256());
    if (s->context && !s->failed)
        return s;
    sha256_free(s);
    return NULL;
}

void sha256_free(struct sha256 *s)
{
    if (s) {
        EVP_MD_CTX_free(s->context);
        EVP_MAC_CTX_free(s->mac); /* wipes its key */
    }
    free(s);
}

void sha256_add(struct sha256 *s, struct text bytes)
{
    if (bytes.len && EVP_DigestUpdate(s->context, bytes.at, bytes.len) != 1)
        s->failed = true;
}

bool sha256_take(struct sha256 *s, sha256_t out)
{
    bool ok = EVP_DigestFinal_ex(s->context, out, NULL) == 1 && !s->failed;
    start(s, NULL);
    return ok;
}

bool sha256_take_hex(struct sha256 *s, struct text bytes, char out[SHA256_HEX_LEN])
{
    sha256_t hash;
    sha256_add(s, bytes);
    if (!sha256_take(s, hash))
        return false;
    hex_write(hash, sizeof hash, out);
    return true;
}

static EVP_MAC_CTX *hmac_new(void)
{
    char name[] = OSSL_DIGEST_NAME_SHA2_256;
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                 OSSL_PARAM_construct_end()};
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
    EVP_MAC_CTX *context = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    EVP_MAC_free(hmac); /* the context holds on to it */
    if (context && EVP_MAC_CTX_set_params(context, params) == 1)
        return context;
    EVP_MAC_CTX_free(context);
    return NULL;
}

bool sha256_take_hmac(struct sha256 *s, const void *key, size_t key_len, struct text bytes,
                      sha256_t out)
{
    size_t len = 0;
    if (!s->mac)
        s->mac = hmac_new();
    return s->mac && EVP_MAC_init(s->mac, key, key_len, NULL) == 1 &&
           EVP_MAC_update(s->mac, (const unsigned char *)(bytes.len ? bytes.at : ""), bytes.len) ==
               1 &&
           EVP_MAC_final(s->mac, out, &len, SHA256_BYTES) == 1 && len == SHA256_BYTES;
}

static bool hash_of(struct text bytes, const EVP_MD *md, unsigned char *out)
{
    return EVP_Digest(bytes.len ? bytes.at : "", bytes.len, out, NULL, md, NULL) == 1;
}

bool sha256_hex(struct text bytes, char out[SHA256_HEX_LEN])
{
    sha256_t hash;
    if (!hash_of(bytes, EVP_sha256(), hash))
        return false;
    hex_write(hash, sizeof hash, out);
    return true;
}

bool sha256_base64(struct text bytes, char out[SHA256_BASE64_LEN])
{
    sha256_t hash;
    return hash_of(bytes, EVP_sha256(), hash) &&
           EVP_EncodeBlock((unsigned char *)out, hash, sizeof hash) == SHA256_BASE64_LEN - 1;
}

bool sha1_hex(struct text bytes, char out[SHA1_HEX_LEN])
{
    unsigned char hash[(SHA1_HEX_LEN - 1) / 2];
    if (!hash_of(bytes, EVP_sha1(), hash))
        return false;
    hex_write(hash, sizeof hash, out);
    return true;
}

bool sha2_hmac(unsigned bits, const void *key, size_t key_len, struct text bytes,
               unsigned char out[SHA2_BYTES_MAX])
{
    assert(key_len <= INT32_MAX && (bits == 256 || bits == 384 || bits == 512));
    const EVP_MD *md = bits == 256 ? EVP_sha256() : bits == 384 ? EVP_sha384() : EVP_sha512();
    unsigned len = SHA2_BYTES_MAX;
    return HMAC(md, key, (int)key_len, (const unsigned char *)bytes.at, bytes.len, out, &len) &&
           len == bits / 8;
}

bool sha256_hmac(const void *key, size_t key_len, struct text bytes, sha256_t out)
{
    unsigned char mac[SHA2_BYTES_MAX] = {0};
    bool ok = sha2_hmac(256, key, key_len, bytes, mac);
    memcpy(out, mac, SHA256_BYTES);
    OPENSSL_cleanse(mac, sizeof mac); /* signing keys of SigV4 are such codes */
    return ok;
}

bool mac_is_equal(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}
