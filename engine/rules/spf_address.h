/*
 * IP addresses as SPF sees them: parsed strictly, compared by prefix, written for macros.
 */
#ifndef MF_SPF_ADDRESS_H
#define MF_SPF_ADDRESS_H

#include "base/text.h"

#define SPF_ADDRESS_LEN 64 /* the dotted form of an IPv6 address has 63 characters */

struct spf_address {
    uint8_t family; /* 4, 6; 0: no address, never a match */
    uint8_t bytes[16];
};

/* Four decimal octets without leading zeros (RFC 7208, section 12: qnum). */
bool spf_address_parse_ip4(struct text t, struct spf_address *out);
/* RFC 4291, section 2.2, all three forms. A mapped IPv4 address stays an IPv6 address. */
bool spf_address_parse_ip6(struct text t, struct spf_address *out);
/* A client's address: either family; a mapped IPv4 address counts as IPv4 (RFC 7208, section 5). */
bool spf_address_parse(struct text t, struct spf_address *out);

/* Do the first prefix_bits of both agree? Different families never match. */
bool spf_address_matches(const struct spf_address *a, const struct spf_address *b,
                         unsigned prefix_bits);

/* "192.0.2.3"; "2001:db8::cb01" (RFC 5952). NUL-terminated; the length is returned in the text. */
struct text spf_address_format(const struct spf_address *a, char out[SPF_ADDRESS_LEN]);
/* "192.0.2.3"; for IPv6 32 nibbles in upper case with dots between (RFC 7208, section 7.3). */
struct text spf_address_dotted(const struct spf_address *a, char out[SPF_ADDRESS_LEN]);

#endif
