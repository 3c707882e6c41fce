/*
 * Redaction: known secrets in text from outside are replaced by "[secret]" in every spelling: raw,
 * percent-encoded, as JSON or XML escapes, a mix of these, or in base64 together with neighbouring
 * bytes. A piece of REDACT_PIECE characters counts as the whole, since messages are cut. Pure; one
 * thread at a time, except that any number may redact at once.
 */
#ifndef MF_REDACT_H
#define MF_REDACT_H

#include "text.h"

#define REDACT_MARK   "[secret]"
#define REDACT_MIN    8  /* characters: a shorter secret is no secret, and would spoil every text */
#define REDACT_PIECE  16 /* a piece of so many characters is hidden wherever the piece stands */
#define REDACT_ANCHOR 8  /* bytes in the key of the look-up table */

struct redactor {
    char *pool; /* owned; the secrets as compared, each at a multiple of REDACT_ANCHOR and followed
                   by at least one NUL */
    size_t len, cap;
    uint32_t *table; /* owned; 0: free, else 1 + a place of the pool in anchors */
    unsigned char
        *triples; /* behind the table: a Bloom filter, a fixed number of bits for a slot */
    uint32_t slots, used;
};

void redactor_init(struct redactor *r);
void redactor_clear(struct redactor *r); /* wipes, then frees */
/* Hides the secret from now on. False: no memory, and nothing of the secret is hidden. */
bool redactor_add(struct redactor *r, struct text secret);

/* Replaces in place; the new length. */
size_t redact(const struct redactor *r, char *at, size_t len);
bool redactor_finds(const struct redactor *r, struct text t);

#endif
