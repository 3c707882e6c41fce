/*
 * The hashes of signatures and of names of cached tokens. For the family of this room.
 * Source: FIPS 180-4 (SHA), RFC 2104 (HMAC).
 */
#ifndef MF_SHA_H
#define MF_SHA_H

#include "base/text.h"

#define SHA256_BYTES 32
#define SHA_HEX_LEN  65 /* SHA-256 in lower-case hex, and a NUL; SHA-1 is shorter */

typedef unsigned char sha256_t[SHA256_BYTES];

void sha256_write(const sha256_t hash, char out[SHA_HEX_LEN]);
/* False: the crypto library said no. */
bool sha256_hex(struct text t, char out[SHA_HEX_LEN]);
/* For names only: SHA-1 protects nothing any more. */
bool sha1_hex(struct text t, char out[SHA_HEX_LEN]);
/* HMAC-SHA-256; out may be the key. */
bool sha256_hmac(const void *key, size_t key_len, struct text t, sha256_t out);

#endif
