/*
 * The wire of a verb that asks DNS only, as the options want it.
 */
#ifndef MF_DNS_WIRE_H
#define MF_DNS_WIRE_H

#include "dns/inquiry.h"
#include "options.h"
#include "wire/wire.h"

enum inquiry_mode dns_wire_mode(const struct options *o); /* --dns, or what fits --resolver */
enum err dns_wire_open(struct wire **wire, const struct options *o, struct why *why);

#endif
