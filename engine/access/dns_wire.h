/*
 * The wire of a verb with questions to DNS only.
 */
#ifndef MF_DNS_WIRE_H
#define MF_DNS_WIRE_H

#include "access.h"
#include "wire/wire.h"

enum err dns_wire_open(struct wire **wire, const struct access *a, struct why *why);

#endif
