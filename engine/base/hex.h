/*
 * Bytes as lower-case hexadecimal digits (RFC 4648, section 8, in lower case), and back.
 */
#ifndef MF_HEX_H
#define MF_HEX_H

#include "text.h"

/* Writes 2 * len digits and a NUL. */
void hex_write(const unsigned char *bytes, size_t len, char *out);
/* Reads exactly len bytes. False: hex is of another length, or has another character. */
bool hex_read(struct text hex, unsigned char *out, size_t len);

#endif
