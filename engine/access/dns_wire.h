/*
 * The wire of a verb that asks DNS only, as it is to be reached.
 */
#ifndef MF_DNS_WIRE_H
#define MF_DNS_WIRE_H

#include "access.h"
#include "wire/wire.h"

enum err dns_wire_open(struct wire **wire, const struct access *a, struct why *why);

#endif
