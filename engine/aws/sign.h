/*
 * Signature Version 4 (SigV4), in the Authorization header.
 * Source: AWS, "Create a signed AWS API request"; held against the signing suite of aws-c-auth, and
 * against botocore with random SES requests.
 *
 * Written here because libcurl 7.88's own signing neither sorts nor encodes the query string.
 */
#ifndef MF_SIGN_H
#define MF_SIGN_H

#include "aws/credentials/credentials.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/when.h"
#include "crypto/sha256.h"

#define SIGN_SCOPE_LEN 128 /* day, Region (64 at most) and service (16) */

struct sign_header {
    struct text name, value;
};

/* The request before sending. Every header given here is signed: give Host and headers read by the
 * service, not headers a proxy may change. */
struct sign_request {
    struct text method;
    struct text path;  /* encoded for the wire; "" is "/" */
    struct text query; /* without the "?"; encoded for the wire or not, both are understood */
    const struct sign_header *headers;
    uint32_t headers_len;
    struct text body;
};

/* What signing remembers, of one thread: the hashes, which OpenSSL looks up by name, and of each
 * lane the key derived last, which holds for a day, a Region and a service. A remembered key is
 * used as long as day, Region, service and secret are the same; then the next one overwrites it. */
struct signer;

struct signer *signer_new(uint32_t lanes); /* NULL: out of memory */
void signer_free(struct signer *s);        /* wipes; NULL is fine */

struct sign_options {
    struct text region, service;
    instant_us at;
    struct signer *signer;   /* NULL: nothing is remembered */
    uint32_t lane;           /* of the signer's */
    bool keep_path;          /* true: no removal of dot segments and doubled slashes */
    bool sign_body;          /* true: adds x-amz-content-sha256 */
    bool omit_session_token; /* true: the token is sent but not signed */
};

/* The result of each step. Holds the session token: clear after use. */
struct signature {
    struct buf canonical_request;
    struct buf string_to_sign;
    char hex[SHA256_HEX_LEN];
    struct buf authorization; /* value of the Authorization header */

    /* Headers to send besides the request's own and Authorization. Values are borrowed from this
     * struct and from the credentials. */
    struct sign_header added[3];
    uint32_t added_len;
    char date[WHEN_LEN];
    char scope[SIGN_SCOPE_LEN]; /* "20150830/us-east-1/ses/aws4_request" */
    char body_hash[SHA256_HEX_LEN];
};

void signature_init(struct signature *s);
void signature_clear(struct signature *s); /* wipes */

/* s is init'ed. ERR_INPUT: more than SIGN_HEADERS_MAX headers, or no instant; ERR_LIMIT: too long;
 * ERR_NOMEM: the crypto library said no. */
enum err sign_request(struct signature *s, const struct sign_request *request,
                      const struct sign_options *options, const struct credentials *cred,
                      struct why *why);

#endif
