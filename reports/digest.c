#include "digest.h"

#include <openssl/evp.h>

bool digest_base64(struct text bytes, char out[DIGEST_BASE64_LEN])
{
    unsigned char digest[32];
    if (!EVP_Digest(bytes.at, bytes.len, digest, NULL, EVP_sha256(), NULL))
        return false;
    return EVP_EncodeBlock((unsigned char *)out, digest, sizeof digest) == DIGEST_BASE64_LEN - 1;
}
