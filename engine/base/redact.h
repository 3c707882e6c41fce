/*
 * Redaction: known secrets are found in text from outside and replaced by "[secret]", however they
 * are written there: raw, percent-encoded, as JSON or XML escapes, a mix of these, or in base64
 * together with what stood around them. A piece of REDACT_PIECE characters counts as the whole,
 * since messages are cut. Pure; one thread at a time, except that any number may redact at once.
 */
#ifndef MF_REDACT_H
#define MF_REDACT_H

#include "text.h"

#define REDACT_MARK   "[secret]"
#define REDACT_MIN    8  /* characters: a shorter secret is no secret, and would spoil every text */
#define REDACT_PIECE  16 /* characters of a longer one that are hidden wherever they stand */
#define REDACT_ANCHOR 8  /* bytes by which a place in a secret is looked up */

struct redactor {
    char *pool; /* owned; the secrets as they are compared, each at a multiple of REDACT_ANCHOR and
                   followed by one NUL at least */
    size_t len, cap;
    uint32_t *table; /* owned; 0: free, else 1 + a place of the pool in anchors */
    uint32_t slots, used;
};

void redactor_init(struct redactor *r);
void redactor_clear(struct redactor *r); /* wipes, then frees */
/* Hides it from now on. False: no memory, and then nothing of it is hidden. */
bool redactor_add(struct redactor *r, struct text secret);

/* Replaces in place; the new length. */
size_t redact(const struct redactor *r, char *at, size_t len);
bool redactor_finds(const struct redactor *r, struct text t);

#endif
