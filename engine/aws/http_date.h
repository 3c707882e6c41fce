/*
 * The Date header (RFC 9110, section 5.6.7). For the family of this room.
 */
#ifndef MF_HTTP_DATE_H
#define MF_HTTP_DATE_H

#include "base/when.h"

/* "Sun, 06 Nov 1994 08:49:37 GMT": the one form allowed for servers today. */
bool http_date_parse(struct text t, instant_us *out);

#endif
