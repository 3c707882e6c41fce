/*
 * The only file of this room that knows OpenSSL: SHA-256 over what was read.
 */
#include "raw.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct digest {
    EVP_MD_CTX *context;
};

struct digest *digest_new(void)
{
    struct digest *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->context = EVP_MD_CTX_new();
    if (d->context && EVP_DigestInit_ex(d->context, EVP_sha256(), NULL) == 1)
        return d;
    digest_free(d);
    return NULL;
}

void digest_free(struct digest *d)
{
    if (d)
        EVP_MD_CTX_free(d->context);
    free(d);
}

bool digest_add(struct digest *d, const void *bytes, size_t len)
{
    return EVP_DigestUpdate(d->context, bytes, len) == 1;
}

bool digest_take(struct digest *d, unsigned char out[DIGEST_LEN])
{
    return EVP_DigestFinal_ex(d->context, out, NULL) == 1 &&
           EVP_DigestInit_ex(d->context, EVP_sha256(), NULL) == 1;
}
