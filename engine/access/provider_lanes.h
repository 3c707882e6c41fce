/*
 * How the providers of DNS are reached, as lanes after those of SES.
 */
#ifndef MF_PROVIDER_LANES_H
#define MF_PROVIDER_LANES_H

#include "base/error.h"
#include "model/dns_provider.h"

/* May url be the endpoint of such a provider? ERR_INPUT. For the vetting of manifests. */
enum err provider_endpoint_vet(enum provider_kind kind, struct text url, struct why *why);

#endif
