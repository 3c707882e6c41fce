/*
 * A zone as shown by a delegation: the cut, the name servers and the addresses of the servers.
 */
#ifndef MF_DNS_ZONE_H
#define MF_DNS_ZONE_H

#include "base/bounds.h"
#include "question.h"

#define DNS_PORT 53
#define HOST_ADDRESSES_MAX                                                                         \
    4 /* of one name server: further addresses most likely reach one machine */

struct host {
    struct text name;
    struct dns_server at[HOST_ADDRESSES_MAX];
    uint32_t at_len;
    bool is_hidden; /* a question for its addresses stayed without an answer */
    bool asked_ipv6;
};

struct zone {
    struct text cut; /* empty: not known */
    struct host hosts[INQUIRY_HOSTS_MAX];
    uint32_t hosts_len;
};

/* The name servers of cut, from any section with NS records. Glue addresses are believed only for
 * names inside the zone. Names are copied into the arena; without memory the list is shorter.
 */
void zone_read(struct zone *z, const struct dns_message *m, struct text cut, uint16_t port,
               struct arena *arena);
/* Is there an NS set of owner in the section? */
bool zone_is_in(const struct dns_message *m, struct text owner, enum dns_section section);
/* The owner of the SOA in a denial (RFC 2308, section 3), when the SOA's zone holds name;
   borrowed. */
struct text zone_of_denial(const struct dns_message *m, struct text name);
/* The mailbox of that SOA as an address, "hostmaster@example.com"; in the arena. Empty: there is
 * none, or none that a person could write to. */
struct text zone_contact(const struct dns_message *m, struct text name, struct arena *arena);
/* Adds the message's addresses of the type (A, AAAA) for owner; an empty owner means any name. */
void host_read(struct host *h, const struct dns_message *m, enum dns_section section,
               struct text owner, uint16_t type, uint16_t port);
/* "ns1.example.com (192.0.2.1)"; the port is shown unless it is 53. */
struct text host_label(const struct host *h, const struct dns_server *at, struct arena *arena);

#endif
