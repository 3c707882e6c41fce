/*
 * TXT data as providers and zone files write it: character-strings of at most 255 octets in double
 * quotes (RFC 1035, sections 3.3 and 5.1). Everything but printable ASCII is a backslash and three
 * digits: decimal in zone files and at Cloudflare, octal at Route 53.
 */
#ifndef MF_QUOTED_H
#define MF_QUOTED_H

#include "buf.h"

#define QUOTED_STRING_MAX 255 /* octets of one string */

enum quoted_digits { QUOTED_OCTAL = 8, QUOTED_DECIMAL = 10 };

/* One string in quotes, however long. */
void quoted_add_string(struct buf *out, struct text t, enum quoted_digits digits);
/* The data in strings of QUOTED_STRING_MAX octets, separated by `between`. Empty data is one empty
 * string. */
void quoted_add(struct buf *out, struct text data, enum quoted_digits digits, const char *between);
/* All strings of t joined, their escapes undone. False: t is not a sequence of quoted strings with
 * nothing but blanks between them; *out may have a part. */
bool quoted_read(struct buf *out, struct text t, enum quoted_digits digits);

#endif
