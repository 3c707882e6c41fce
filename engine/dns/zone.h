/*
 * A zone as a delegation shows it: its cut, its name servers and their addresses.
 */
#ifndef MF_DNS_ZONE_H
#define MF_DNS_ZONE_H

#include "base/bounds.h"
#include "question.h"

#define DNS_PORT           53
#define HOST_ADDRESSES_MAX 4 /* of one name server: more are the same machine to all we know */

struct host {
    struct text name;
    struct dns_server at[HOST_ADDRESSES_MAX];
    uint32_t at_len;
    bool asked_ipv6;
};

struct zone {
    struct text cut; /* empty: not known */
    struct host hosts[INQUIRY_HOSTS_MAX];
    uint32_t hosts_len;
};

/* The name servers of cut, from any section that may hold them. Addresses beside them are believed
 * only for names inside the zone. Names are copied into the arena; without memory there are fewer.
 */
void zone_read(struct zone *z, const struct dns_message *m, struct text cut, uint16_t port,
               struct arena *arena);
/* Is there an NS set of owner in that section? */
bool zone_is_in(const struct dns_message *m, struct text owner, enum dns_section section);
/* The owner of the SOA in a denial (RFC 2308, section 3), when that zone holds name; borrowed. */
struct text zone_of_denial(const struct dns_message *m, struct text name);
/* Adds the addresses of that type (A, AAAA) that the message gives for any (owner empty) name. */
void host_read(struct host *h, const struct dns_message *m, enum dns_section section,
               struct text owner, uint16_t type, uint16_t port);
/* "ns1.example.com (192.0.2.1)"; the port is shown unless it is 53. */
struct text host_label(const struct host *h, const struct dns_server *at, struct arena *arena);

#endif
