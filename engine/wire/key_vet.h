/*
 * Vets newly fetched keys before the first signature: STS GetCallerIdentity must name the expected
 * account. On the way, a vet takes the time from servers' answers. For the refresher; a vet belongs
 * to one fetch and one thread.
 */
#ifndef MF_KEY_VET_H
#define MF_KEY_VET_H

#include "aws/http_exchange.h"
#include "os_clock.h"
#include "wire.h"

#define KEY_VET_ACCOUNT_LEN 16 /* twelve digits */

struct key_vet {
    struct http_exchange exchange; /* to hand to the source: listens for dates */
    char account[KEY_VET_ACCOUNT_LEN];

    bool is_foreign;  /* STS named another account */
    uint64_t id_hash; /* of the keys with an account named by STS; 0: none */
    bool is_clock_told;
    span_us skew; /* a server's clock minus the system's */

    struct http_exchange inner; /* the thread's own */
    const struct wire_lane *lane;
    const struct os_clock *clock;
};

/* exchange, lane and clock are borrowed. Fill in account. */
void key_vet_init(struct key_vet *v, const struct http_exchange *exchange,
                  const struct wire_lane *lane, const struct os_clock *clock, bool is_clock_told,
                  span_us skew);

/* credential_terms.vet with a struct key_vet as its context. ERR_AUTH: the keys are of another
 * account (is_foreign). ERR_IO: STS does not name the owner; the trouble may pass. ERR_BUSY: the
 * program is ending. */
enum err key_vet_ask(void *context, const struct credentials *fresh, struct why *why);

#endif
