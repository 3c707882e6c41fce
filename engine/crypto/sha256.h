/*
 * The hashes of the program: SHA-256 of manifests, plan files and requests, HMAC-SHA-256 of
 * signatures, HMAC-SHA-2 of updates of DNS, SHA-1 of names. Source: FIPS 180-4 (SHA), RFC 2104
 * (HMAC). Thread: any; a struct sha256 belongs to one thread at a time.
 */
#ifndef MF_SHA256_H
#define MF_SHA256_H

#include "base/text.h"

#define SHA256_BYTES      32
#define SHA256_HEX_LEN    65 /* in lower-case hex, and a NUL */
#define SHA256_BASE64_LEN 45 /* as base64, and a NUL */
#define SHA1_HEX_LEN      41

typedef unsigned char sha256_t[SHA256_BYTES];

/* A hash of bytes added in pieces. A failure of the crypto library sticks until the hash is
 * taken. */
struct sha256;
struct sha256 *sha256_new(void);    /* NULL: out of memory */
void sha256_free(struct sha256 *s); /* accepts NULL */
void sha256_add(struct sha256 *s, struct text bytes);
bool sha256_take(struct sha256 *s, sha256_t out); /* and starts afresh; false: the library failed */
/* The hash and the HMAC of one text by an object whose algorithms have been looked up: who needs
 * many saves the look-ups, which take longer than the hashes. Nothing of it stays in the object but
 * the last key, until the next one or sha256_free(). False: the library failed. out may be key. */
bool sha256_take_hex(struct sha256 *s, struct text bytes, char out[SHA256_HEX_LEN]);
bool sha256_take_hmac(struct sha256 *s, const void *key, size_t key_len, struct text bytes,
                      sha256_t out);

/* The hash of one text. False: the crypto library failed. */
bool sha256_hex(struct text bytes, char out[SHA256_HEX_LEN]);
bool sha256_base64(struct text bytes, char out[SHA256_BASE64_LEN]);
bool sha256_hmac(const void *key, size_t key_len, struct text bytes,
                 sha256_t out); /* out may be key */
/* HMAC by SHA-2 of 256, 384 or 512 bits, which is bits / 8 octets. False: the crypto library
 * failed. */
#define SHA2_BYTES_MAX 64
bool sha2_hmac(unsigned bits, const void *key, size_t key_len, struct text bytes,
               unsigned char out[SHA2_BYTES_MAX]);
/* Are both equal? Takes as long wherever they differ. */
bool mac_is_equal(const void *a, const void *b, size_t len);
/* For names only: SHA-1 protects nothing any more. */
bool sha1_hex(struct text bytes, char out[SHA1_HEX_LEN]);

#endif
