/*
 * The hash that lets a page's one script run and no other (CSP Level 3, section 2.3.1).
 */
#ifndef MF_REPORT_DIGEST_H
#define MF_REPORT_DIGEST_H

#include "base/text.h"

#define DIGEST_BASE64_LEN 45 /* 32 bytes as base64, and a NUL */

bool digest_base64(struct text bytes, char out[DIGEST_BASE64_LEN]); /* SHA-256; false: no memory */

#endif
