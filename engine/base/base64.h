/*
 * Base64 (RFC 4648, section 4) read strictly: the alphabet alone, in groups of four with their
 * padding, without line ends.
 */
#ifndef MF_BASE64_H
#define MF_BASE64_H

#include "text.h"

/* False: t is no base64, or has more than max bytes. The rest of out is left alone. */
bool base64_read(struct text t, void *out, size_t max, size_t *len);

#endif
