/*
 * The digest at the end of a plan file: SHA-256 of all bytes before its own line.
 */
#ifndef MF_PLAN_SEAL_H
#define MF_PLAN_SEAL_H

#include "base/text.h"

#define SEAL_HEX_LEN 65 /* with a NUL */

struct seal;

struct seal *seal_new(void); /* NULL: out of memory */
void seal_free(struct seal *s);
void seal_add(struct seal *s, struct text bytes);
void seal_take(struct seal *s, char hex[SEAL_HEX_LEN]); /* once, at the end; "" when it failed */

void hex_write(const unsigned char *bytes, size_t len, char *out); /* 2 * len and a NUL */
bool hex_read(struct text hex, unsigned char *out, size_t len);    /* exactly len bytes */

#endif
